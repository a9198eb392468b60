"""Learns which evidence tells a poster's film, from the lettering of real posters.

    python benchmarks/ranker.py    → src/genreel/films/ranker.npz

Reads $GENREEL_DATA (default ../shared/data): posters of the parts train and valid of
lettering.jsonl, never of test, against MovieLens and the titles of movies.csv. A share of the
posters is shown a second time with their film taken out of the index, so that none of them is an
answer. A ridge regression learns the year of a poster from its words. Boosted trees of
scikit-learn judge each film by itself; slope and the logit of none are fitted to answers for
posters that trees and regression did not see (four folds). The probability from which a film is
accepted is that at which WRONG of such posters whose film was taken out are accepted, both by their
lettering and with the opinion of the default bundle. About 15 minutes on one core.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Catalogue, Movie
from genreel.films.building import Builder
from genreel.films.dating import run_counts
from genreel.films.evidence import FEATURES, FINALISTS, find_candidates
from genreel.films.film import Film
from genreel.films.index import Index
from genreel.films.opinions import genre_bonus
from genreel.films.ranker import FILE, Ranker
from genreel.films.sources import FilmSource, add_source
from genreel.lettering import Lettering, parse_lettering
from genreel.paths import cache_folder
from genreel.vocabulary import GENRES, Vocabulary

ROOT = Path(__file__).parent.parent
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

ABSENT = 0.4  # share of posters that are shown with their film taken out as well
FOLDS = 4
NEGATIVES = 10  # of a poster, the likeliest; of the others one in ten
WRONG = 0.02  # share of posters whose film is not in the index that are accepted all the same
YEAR_ALPHA = 1.0  # of the ridge regression
TREES = {"max_iter": 250, "learning_rate": 0.06, "max_leaf_nodes": 24, "min_samples_leaf": 40}


@dataclass(frozen=True)
class Posters:
    """Posters to learn from, with the films that each may be of.

    Attributes:
        ids: of the posters; one that is shown twice has its id twice.
        is_absent: whether its film was taken out of the index, shape (n,).
        evidence: shape (n, FINALISTS, features); 0 where a poster has fewer films.
        is_film: where it has one, shape (n, FINALISTS).
        is_right: which film is its, shape (n, FINALISTS).
        films: of the posters of the part valid, by their place in `ids`.
        letterings: of the posters of the part valid, by their ids.
    """

    ids: tuple[str, ...]
    is_absent: Mask
    evidence: Floats
    is_film: Mask
    is_right: Mask
    films: dict[int, tuple[Film, ...]]
    letterings: dict[str, Lettering]


def main() -> None:
    """Learns, and writes the ranker."""
    index = Index(real_index())
    letterings = read_known(index, data_folder())
    dating, years = learn_years(letterings)
    learn(read_posters(index, letterings, years), dating)


def learn(posters: Posters, dating: Mapping[str, NDArray[Any]]) -> None:
    """Learns from posters, prints how well, and writes the ranker."""
    sums = held_out(posters)
    slope, none = fit_two(posters, sums)
    print(f"slope {slope:.3f}, none {none:.3f}", flush=True)
    rates = genre_rates(data_folder())
    chosen, gains = model_gains(posters, rates)
    right, absent = posters.is_right[chosen], posters.is_absent[chosen]
    opinion = fit_opinion(slope * sums[chosen], none, gains, right)
    accept = max(
        choose_accept(shares(slope * sums, none), posters.is_right, posters.is_absent),
        choose_accept(shares(slope * sums[chosen] + opinion * gains, none), right, absent),
    )
    print(f"opinion {opinion:.3f}, accept {accept:.3f}", flush=True)
    trees = fit(posters, np.ones(len(posters.ids), bool))
    settings = {"slope": slope, "none": none, "opinion": opinion, "rates": rates, "accept": accept}
    arrays = arrays_of(trees) | {n: np.array(v, np.float32) for n, v in settings.items()}
    arrays |= dating
    example = posters.evidence[:50][posters.is_film[:50]]
    difference = Ranker(**arrays).scores(example) - trees.decision_function(example)
    assert np.abs(difference).max() < 1e-4
    np.savez_compressed(FILE, allow_pickle=False, **arrays)
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


def data_folder() -> Path:
    """Where the real films are."""
    return Path(os.environ.get("GENREEL_DATA", ROOT.parent / "shared" / "data"))


def real_index() -> Path:
    """An index of MovieLens and of all titles of movies.csv."""
    data = data_folder()
    sources = FilmSource(data / "films", "movielens"), FilmSource(data / "movies", "catalogue")
    return build_once("films.db", *((source, source.movies()) for source in sources))


def build_once(name: str, *films: tuple[FilmSource, Iterable[Movie]]) -> Path:
    """An index in the user's cache, made where it is not there yet.

    Never in the working folder: an index holds the data that it was made from.
    """
    path = cache_folder() / "benchmarks" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with Builder(path) as builder:
            for source, movies in films:
                add_source(builder, source, movies)
    return path


def read_lettering(data: Path, *parts: str) -> Iterator[tuple[str, str, Lettering]]:
    """Id, part and lettering of the posters of some parts."""
    with (data / "lettering.jsonl").open() as file:
        for line in file:
            row = json.loads(line)
            if row["part"] in parts:
                yield row["id"], row["part"], parse_lettering(json.dumps(row["lines"]))


@dataclass(frozen=True)
class Known:
    """A poster of train or valid whose film the index has.

    Attributes:
        id, part: of the poster.
        lettering: what is printed on it.
        number: of its film in the index.
        year: of its film; None: the index has none.
    """

    id: str
    part: str
    lettering: Lettering
    number: int
    year: int | None


def read_known(index: Index, data: Path) -> list[Known]:
    """The posters of train and valid whose film the index has."""
    posters = []
    for poster_id, part, lettering in read_lettering(data, "train", "valid"):
        number = index.number_of(poster_id)
        if number is not None:
            year = index.read_films([number])[number].year
            posters.append(Known(poster_id, part, lettering, number, year))
    return posters


def learn_years(posters: list[Known]) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """Weights that tell a poster's year from its words, and for each poster the year by weights
    that were learnt from others.
    """
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import Ridge

    chosen = [one for one in posters if one.year is not None]
    counts = csr_matrix(np.array([run_counts(one.lettering) for one in chosen]))
    truth = np.array([one.year for one in chosen], np.float64)
    folds = folds_of([one.id for one in chosen])

    # A poster of a decade with few posters counts more, or all would look like those of today.
    _, decades, shares = np.unique(truth // 10, return_inverse=True, return_counts=True)
    weights = np.sqrt(len(truth) / shares[decades])

    def fit_ridge(places: Mask) -> Any:
        ridge = Ridge(YEAR_ALPHA, solver="sparse_cg")
        return ridge.fit(counts[places], truth[places], weights[places] / weights.mean())

    guesses = np.zeros(len(chosen))
    for number in range(FOLDS):
        guesses[folds == number] = fit_ridge(folds != number).predict(counts[folds == number])
    error = np.abs(guesses - truth).mean()
    explained = 1 - ((guesses - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
    print(f"years: {error:.1f} off on average, R² {explained:.2f}", flush=True)
    ridge = fit_ridge(np.ones(len(chosen), bool))
    arrays = {
        "year_weights": ridge.coef_.astype(np.float16),
        "year_base": np.array(ridge.intercept_, np.float32),
    }
    years = dict(zip([one.id for one in chosen], guesses.tolist(), strict=True))
    return arrays, years


def folds_of(ids: Sequence[str]) -> NDArray[np.int64]:
    """The fold of each poster; those of one id are in the same."""
    order = {one: n for n, one in enumerate(sorted(set(ids), key=lambda one: one[::-1]))}
    return np.array([order[one] % FOLDS for one in ids])


def read_posters(index: Index, known: list[Known], years: Mapping[str, float]) -> Posters:
    """What speaks for the films of posters, of which a share is shown twice."""
    chance = random.Random(0)
    ids: list[str] = []
    is_absent, evidence, is_film, is_right = [], [], [], []
    films, letterings = {}, {}
    for one in known:
        for absent in (None, one.number) if chance.random() < ABSENT else (None,):
            candidates = find_candidates(index, one.lettering, years.get(one.id), absent)
            count = len(candidates.films)
            if one.part == "valid":
                films[len(ids)] = candidates.films
                letterings[one.id] = one.lettering
            ids.append(one.id)
            is_absent.append(absent is not None)
            row = np.zeros((FINALISTS, len(FEATURES)), np.float32)
            row[:count] = candidates.evidence
            evidence.append(row)
            is_film.append(np.arange(FINALISTS) < count)
            numbers = np.array([*candidates.numbers, *[-1] * (FINALISTS - count)])
            is_right.append(numbers == one.number)
    masks = (np.array(is_absent), np.array(evidence), np.array(is_film), np.array(is_right))
    return Posters(tuple(ids), *masks, films, letterings)


def fit(posters: Posters, chosen: Mask) -> Any:
    """Boosted trees that tell a right film from a wrong one, learnt on the chosen posters."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    draw = np.random.default_rng(0).random(posters.is_film.shape) < 1 / NEGATIVES
    is_example = draw | posters.is_right | (np.arange(FINALISTS) < NEGATIVES)
    is_example &= posters.is_film & chosen[:, None]
    trees = HistGradientBoostingClassifier(**TREES, early_stopping=False, random_state=0)
    return trees.fit(posters.evidence[is_example], posters.is_right[is_example])


def held_out(posters: Posters) -> NDArray[np.float64]:
    """The trees' sums, of trees that learnt from other posters; minus infinity where no film is."""
    folds = folds_of(posters.ids)
    sums = np.full(posters.is_film.shape, -np.inf)
    for number in range(FOLDS):
        trees = fit(posters, folds != number)
        places = posters.is_film & (folds == number)[:, None]
        sums[places] = trees.decision_function(posters.evidence[places])
    return sums


def shares(logits: NDArray[np.float64], none: float) -> NDArray[np.float64]:
    """`softmax_with_none` of each row."""
    most = np.maximum(logits.max(1, keepdims=True), none)
    weights = np.exp(logits - most)
    result: NDArray[np.float64] = weights / (weights.sum(1, keepdims=True) + np.exp(none - most))
    return result


def log_loss(logits: NDArray[np.float64], none: float, is_right: Mask) -> float:
    """Minus the mean log-probability of the right answer."""
    probabilities = shares(logits, none)
    right = np.where(is_right.any(1), (probabilities * is_right).sum(1), 1 - probabilities.sum(1))
    return float(-np.log(np.maximum(right, 1e-9)).mean())


def fit_two(posters: Posters, sums: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and the logit of none, of the least log loss."""
    from scipy.optimize import minimize

    def loss(values: NDArray[np.float64]) -> float:
        return log_loss(values[0] * sums, values[1], posters.is_right)

    slope, none = minimize(loss, [1.0, 0.0], method="Nelder-Mead").x.tolist()
    return slope, none


def model_gains(
    posters: Posters, rates: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places of the posters of the part valid that have a picture, shape (n,), and `genre_bonus`
    of what the default bundle says of picture and lettering, shape (n, FINALISTS).
    """
    from genreel.predictor import Predictor

    folder = data_folder() / "large"
    movies = [
        Movie(one, poster=folder / f"{one}.jpg", lettering=lettering)
        for one, lettering in posters.letterings.items()
        if (folder / f"{one}.jpg").is_file()
    ]
    scores = {one.id: one.scores for one in Predictor().predict_many(movies)}
    chosen, gains = [], []
    for place, films in posters.films.items():
        poster_id = posters.ids[place]
        if films and poster_id in scores:
            row = np.zeros(FINALISTS)
            row[: len(films)] = genre_bonus(films, scores[poster_id], rates)
            chosen.append(place)
            gains.append(row)
    return np.array(chosen), np.array(gains)


def fit_opinion(
    logits: NDArray[np.float64], none: float, gains: NDArray[np.float64], is_right: Mask
) -> float:
    """Weight of what the default bundle says."""
    from scipy.optimize import minimize_scalar

    def loss(weight: float) -> float:
        return log_loss(logits + weight * gains, none, is_right)

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


def choose_accept(probabilities: NDArray[np.float64], is_right: Mask, is_absent: Mask) -> float:
    """The least probability at which WRONG of the posters whose film was taken out are accepted."""
    best = probabilities.max(1)
    is_first = np.take_along_axis(is_right, probabilities.argmax(1)[:, None], 1)[:, 0]
    accept = float(np.quantile(best[is_absent], 1 - WRONG))
    accepted = best >= accept
    print(f"first {is_first[~is_absent].mean():.4f} of {(~is_absent).sum():,}")
    print(f"accepted from {accept:.4f} {accepted[~is_absent].mean():.4f}")
    print(f"of these right {is_first[accepted & ~is_absent].mean():.4f}")
    return accept


def genre_rates(data: Path) -> NDArray[np.float64]:
    """How often each genre applies, over known cells of movies.csv."""
    labels, known = Vocabulary(GENRES).encode([m.genres for m in Catalogue(data / "movies")])
    rates: NDArray[np.float64] = (labels * known).sum(0, dtype=np.float64) / known.sum(0)
    return rates


def arrays_of(trees: Any) -> dict[str, NDArray[Any]]:
    """The trees of scikit-learn as the arrays of a `Ranker`."""
    nodes = [stage[0].nodes for stage in trees._predictors]
    roots = np.cumsum([0, *map(len, nodes[:-1])])
    joined = np.concatenate(nodes)
    shift = np.repeat(roots, list(map(len, nodes)))
    is_leaf = joined["is_leaf"].astype(bool)
    return {
        "roots": roots.astype(np.int16),
        "feature": np.where(is_leaf, -1, joined["feature_idx"]).astype(np.int16),
        "threshold": rounded_down(joined["num_threshold"]),
        "left": np.where(is_leaf, 0, joined["left"] + shift).astype(np.int16),
        "right": np.where(is_leaf, 0, joined["right"] + shift).astype(np.int16),
        "value": np.where(is_leaf, joined["value"], 0).astype(np.float32),
        "base": np.array(trees._baseline_prediction, np.float32).reshape(()),
    }


def rounded_down(values: NDArray[np.float64]) -> Floats:
    """As float32, and never larger, so that evidence in float32 goes to the same side."""
    result = values.astype(np.float32)
    result[result > values] = np.nextafter(result[result > values], np.float32(-np.inf))
    return result


if __name__ == "__main__":
    main()
