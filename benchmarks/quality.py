"""How good the models that come along are, against what one would put together instead.

    python benchmarks/quality.py [--only GROUP …] [--checkpoints FOLDER] [--named TEXT]

Groups of rows of benchmarks/results/quality.csv, all on films that nothing here learnt from:

- genreel: the bundles `default` and `fast` on the test part of $GENREEL_DATA/movies, in every
  input case and for each rare genre.
- read: posters of the test part in `large`, by their picture alone and with what RapidOCR read on
  them (lettering.jsonl).
- decisions: of the tags that each decision gives, how many are right, in each case.
- eras: the default on posters from before 1980 and from the 2000s, in the genres that both have.
- alone: models of the default's own parts that are trained for plots alone and for posters alone.
  Training takes about four hours where --checkpoints has none of the default's networks.
- class: the default on the class table's own test third (the sources' protocol), open: it learnt
  from other films. The 22 genres it shares with the table's 24, every cell known.
- alternatives, trained in this run on the same films and known cells: tf-idf with logistic
  regression and with a random forest (scikit-learn); all-MiniLM-L6-v2 through sentence-transformers
  with logistic regression; SetFit, on eight plots a genre; Ludwig's default text encoder with a set
  of genres, to which what is unknown is absent; MobileNetV2 through timm, frozen, with logistic
  regression. Those of texts read "title (year). plot". --named takes only those whose name holds
  the text.

sentence-transformers, setfit and ludwig are no part of genreel: `pip install` them, Ludwig in an
environment of its own (it wants an old rich); without them their rows are left as they are.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from protocols import class_catalogue, class_split
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from genreel.calibration import DECISIONS
from genreel.cases import REPORT_CASES
from genreel.catalogue import LETTERING, Catalogue, Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.eras import enough
from genreel.lab.evaluation.evaluate import Outcome, outcomes
from genreel.lab.metrics import average_precision, macro_roc_auc, roc_auc, summary
from genreel.lab.recipe import load_recipe
from genreel.lab.splits import read_split
from genreel.lab.train import parts_of, train
from genreel.lab.weights import encoder_folder, weights_folder
from genreel.lettering import Lettering, parse_lettering
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.progress import say
from genreel.vocabulary import Vocabulary

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "quality.csv"
RARE = ("Film-Noir", "Musical", "Sport", "Biography")
FIGURES = ("macro_roc_auc", "macro_average_precision")
COLUMNS = ("group", "system", "data", "inputs", "films", "genres")
COLUMNS += ("roc_auc", "roc_auc_low", "roc_auc_high")
COLUMNS += ("average_precision", "average_precision_low", "average_precision_high")
ENCODER = "all-MiniLM-L6-v2"
FEW = 8
"""Plots a genre that SetFit learns from; it is made for few."""
LUDWIG_EPOCHS = 3
"""What it holds out it tells best after two; it keeps the best."""

ALONE = """id = "alone"
title = "Those parts of the default that read one input"
source = "genreel's own"
command = "python benchmarks/quality.py --only alone"
cost = "hours"
precision = "int8"
[data]
presumed = 0.3
[model]
kind = "late-fusion"
"""
ALONE_PARTS = {"plot only": ("words", "sentence"), "poster only": ("poster", "poster-small")}


def main() -> None:
    """Measures the groups that are named, or all, and puts them in the place of older rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--checkpoints", type=Path, help="of networks that are trained already")
    parser.add_argument("--named", default="", help="only alternatives whose name holds this")
    arguments = parser.parse_args()
    for group in arguments.only:
        say(f"{group} …")
        for row in GROUPS[group](arguments):
            row = {"group": group, **row}
            print("  ".join(f"{name}: {value}" for name, value in row.items()), flush=True)
            _keep(row)


def _keep(new: Mapping[str, Any]) -> None:
    """Rows are told apart by their first four columns."""
    rows: dict[tuple[str, ...], Mapping[str, Any]] = {}
    if RESULTS.is_file():
        with RESULTS.open(newline="") as file:
            rows = {tuple(row[n] for n in COLUMNS[:4]): row for row in csv.DictReader(file)}
    rows[tuple(str(new[n]) for n in COLUMNS[:4])] = new
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())


def _row(system: str, data: str, case: str, outcome: Outcome) -> dict[str, Any]:
    """The macro figures with their 95 % intervals."""
    arrays = outcome.labels, outcome.known, outcome.scores
    overall, _ = intervals(*arrays, outcome.decisions)
    found = (macro_roc_auc(*arrays), float(np.nanmean(average_precision(*arrays))))
    row: dict[str, Any] = {"system": system, "data": data, "inputs": case}
    row |= {"films": len(outcome.movies)}
    row |= {"genres": int(np.isfinite(roc_auc(*arrays)).sum())}
    for name, value in zip(FIGURES, found, strict=True):
        column = name.removeprefix("macro_")
        low, high = overall[name]
        row |= {column: f"{value:.4f}", f"{column}_low": f"{low:.4f}"}
        row |= {f"{column}_high": f"{high:.4f}"}
    return row


def _genre_row(system: str, genre: str, case: str, outcome: Outcome) -> dict[str, Any]:
    """As `_row`, of one genre; its films are those that have it."""
    only = _of(outcome, np.array([name == genre for name in outcome.genres]))
    row = _row(system, f"test part, {genre}", case, only)
    return row | {"films": int((only.labels * only.known).sum())}


def _parts() -> dict[str, list[Movie]]:
    """Train (with plots.csv), valid and test."""
    lettering = _lettering()
    movies = {
        movie.id: replace(movie, lettering=lettering.get(movie.id))
        for movie in Catalogue(DATA / "movies", "mixed")
    }
    split = read_split(DATA / "movies" / "split.json")
    return parts_of(movies, split, Catalogue(DATA / "plots.csv", "mixed"))


def ours(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Bundles that come along, on the test part."""
    test = _parts()["test"]
    for name in ("default", "fast"):
        found = outcomes(Predictor(name), test)
        for case, outcome in found.items():
            yield _row(name, "test part", case, outcome)
        for genre in RARE:
            yield _genre_row(name, genre, "both", found["both"])


def _lettering() -> dict[str, Lettering]:
    """What RapidOCR read on posters, by the movies' ids."""
    with (DATA / "lettering.jsonl").open(encoding="utf-8") as file:
        rows = list(map(json.loads, file))
    return {row["id"]: parse_lettering(json.dumps(row["lines"])) for row in rows}


def _large(movies: Sequence[Movie]) -> list[Movie]:
    """Those whose poster was read, with the large one."""
    pairs = [(movie, DATA / "large" / f"{movie.id}.jpg") for movie in movies if movie.lettering]
    return [replace(movie, poster=poster) for movie, poster in pairs if poster.is_file()]


def read(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Bundles that come along, on posters that were read."""
    movies = [movie.without(("plot", "title", "year")) for movie in _large(_parts()["test"])]
    for name in ("default", "fast"):
        found = outcomes(Predictor(name), movies)
        for case in ("poster only", "poster read"):
            yield _row(name, "test part, large posters", case, found[case])


def decisions(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What each decision gives; needs no row of its own in quality.csv, see decisions.csv."""
    predictor = Predictor("default")
    rows = []
    for case in ("poster only", "poster read", "plot only", "both", "both, read"):
        shown = REPORT_CASES[case]
        members = [shown.view(movie) for movie in _parts()["test"] if shown.is_met_by(movie)]
        labels, known = predictor.bundle.vocabulary.encode(movie.genres for movie in members)
        answers = list(predictor.predict_many(members))
        for decide in DECISIONS:
            tags = [_given(predictor, *pair, decide) for pair in zip(members, answers, strict=True)]
            given = known & np.array(tags)
            right, true = (given & (labels > 0)).sum(), (known & (labels > 0)).sum()
            row = {
                "case": case,
                "decision": decide,
                "films": len(members),
                "tags": int(given.sum()),
            }
            row |= {"right": f"{right / given.sum():.3f}", "found": f"{right / true:.3f}"}
            row |= {"films_with_a_tag": f"{given.any(axis=1).mean():.3f}"}
            rows.append(row)
            say(str(row))
    with RESULTS.with_name("decisions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    yield from ()


def _given(predictor: Predictor, movie: Movie, answer: Prediction, decide: str) -> list[bool]:
    """Which genres a decision gives, from the scores of a prediction, in the bundle's order."""
    lacks = (*answer.missing, *(() if movie.lettering else (LETTERING,)))
    # Those that decided must be found the same way; a foreign plot is the rare other case.
    if not answer.scores or predictor.thresholds(lacks) != answer.thresholds:
        [answer] = predictor.predict_batch([movie], decide)
        return [genre in answer.genres for genre in predictor.genres]
    limits = predictor.thresholds(lacks, decide)
    return [answer.scores[genre] >= limits[genre] for genre in predictor.genres]


def of_eras(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The default on posters of two eras."""
    test = _parts()["test"]
    predictor = Predictor("default")
    eras = {"before 1980": (1, 1979), "2000s": (2000, 2009)}
    taken = {}
    for era, (first, last) in eras.items():
        of_era = [movie for movie in test if first <= (movie.year or 0) <= last]
        posters = [movie.without(("plot", "title", "year")) for movie in of_era]
        taken[era] = outcomes(predictor, posters)["poster only"]
    use = np.logical_and.reduce([enough(o.labels, o.known) for o in taken.values()])
    for era, outcome in taken.items():
        yield _row("default", f"test part, {era}, genres of both", "poster only", _of(outcome, use))


def _of(outcome: Outcome, genres: NDArray[np.bool_]) -> Outcome:
    return replace(
        outcome,
        labels=outcome.labels[:, genres],
        known=outcome.known[:, genres],
        scores=outcome.scores[:, genres],
        decisions=outcome.decisions[:, genres],
        genres=tuple(g for g, use in zip(outcome.genres, genres, strict=True) if use),
    )


def alone(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Models that were trained for one input."""
    movies = Catalogue(DATA / "movies", "mixed")
    split = read_split(DATA / "movies" / "split.json")
    extra = Catalogue(DATA / "plots.csv", "mixed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, parts in ALONE_PARTS.items():
            recipe = folder / f"{case}.toml"
            named = "".join(f'[model.parts.{part}]\nrecipe = "{part}"\n' for part in parts)
            recipe.write_text(ALONE + named, encoding="utf-8")
            bundle = folder / case
            checkpoints = arguments.checkpoints or folder / "checkpoints"
            train(
                load_recipe(recipe),
                movies,
                bundle,
                split=split,
                extra=extra,
                checkpoints=checkpoints,
            )
            test = split.part("test", movies.by_id())
            outcome = outcomes(Predictor(bundle), test)[case]
            yield _row("trained for this input alone", "test part", case, outcome)


def class_table(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The sources' protocol."""
    with tempfile.TemporaryDirectory() as folder:
        movies = class_catalogue(Path(folder)).by_id()
        test = class_split(movies, with_poster=False).part("test", movies)
        found = outcomes(Predictor("default"), test)
    _keep_f1([_f1_row(case, found[case]) for case in ("plot only", "both")])
    for case in ("plot only", "both"):
        yield _row("default", "class table, its own third, open", case, found[case])


F1_COLUMNS = (
    "system",
    "inputs",
    "test",
    "films",
    "genres",
    "weighted",
    "samples",
    "micro",
    "macro",
)
OFFICIAL = "MM-IMDb, official split"
_GMU = "Arevalo et al. 2017"
PUBLISHED = (
    (f"GMU, {_GMU}", "plot and poster", 0.617, 0.630, 0.630, 0.541),
    (f"linear sum, {_GMU}", "plot and poster", 0.600, 0.607, 0.607, 0.530),
    (f"max-out on word2vec, {_GMU}", "plot", 0.588, 0.592, 0.595, 0.488),
    ("BM-NAS, Yin et al. 2022", "plot and poster", 0.629, None, None, None),
    ("MM-GATBT, Seo et al. 2022", "plot, poster and a graph", None, None, 0.685, 0.645),
    ("CoMM on BLIP-2, Dufumier et al. 2025", "plot and poster", 0.674, None, None, 0.620),
)
"""System, inputs, and F1 as its source has it: weighted, samples, micro, macro; None: not said."""


def _f1_row(case: str, outcome: Outcome) -> dict[str, Any]:
    """The default's F1, by its own thresholds."""
    rest = outcome.scores, outcome.decisions
    figures = summary(outcome.genres, outcome.labels, outcome.known, *rest)
    row = {"system": "default, trained on other films", "inputs": case}
    row |= {"test": "class table, its own third", "films": len(outcome.movies)}
    row |= {"genres": sum(g["positive"] > 0 for g in figures["genres"].values())}
    return row | {name: f"{figures[f'{name}_f1']:.3f}" for name in F1_COLUMNS[5:]}


def _keep_f1(ours: Sequence[Mapping[str, Any]]) -> None:
    """Writes published-f1.csv: ours beside what others say."""
    theirs = [
        dict(zip(F1_COLUMNS, (name, inputs, OFFICIAL, 7799, 23, *figures), strict=True))
        for name, inputs, *figures in PUBLISHED
    ]
    with RESULTS.with_name("published-f1.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, F1_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*ours, *theirs])


def alternatives(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What one would put together instead."""
    parts = _parts()
    vocabulary = Vocabulary()
    for name, (case, needs, scores_of) in ALTERNATIVES.items():
        if arguments.named not in name:
            continue
        if needs and not importlib.util.find_spec(needs):
            say(f"{needs} is not installed: its row stays as it is")
            continue
        train_part, test = (
            [m for m in parts[p] if m.genres and REPORT_CASES[case].is_met_by(m)]
            for p in ("train", "test")
        )
        labels, known = vocabulary.encode(m.genres for m in train_part)
        scores = scores_of(train_part, labels, known, test)
        truth = vocabulary.encode(m.genres for m in test)
        outcome = Outcome(
            REPORT_CASES[case], test, *truth, scores, scores >= 0.5, vocabulary.genres
        )
        yield _row(name, "test part", case, outcome)


def text(movie: Movie) -> str:
    """What the alternatives read."""
    return f"{movie.title or ''} ({movie.year or ''}). {movie.plot}"


def _tfidf(train_part: Sequence[Movie], test: Sequence[Movie]) -> Any:
    vectoriser = TfidfVectorizer(sublinear_tf=True, min_df=3, ngram_range=(1, 2))
    return vectoriser.fit_transform(map(text, train_part)), vectoriser.transform(map(text, test))


def _sentences(train_part: Sequence[Movie], test: Sequence[Movie]) -> Any:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(encoder_folder(ENCODER)), device="cpu")
    return tuple(encoder.encode([text(m) for m in part]) for part in (train_part, test))


def _setfit(
    train_part: Sequence[Movie], labels: Any, known: Any, test: Sequence[Movie]
) -> NDArray[np.float64]:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from setfit.modeling import OneVsRestClassifier

    rng = np.random.default_rng(0)
    told = known.sum(axis=1) >= 18
    chosen = {
        int(i)
        for g in range(labels.shape[1])
        for i in rng.permutation(np.flatnonzero((labels[:, g] > 0) & told))[:FEW]
    }
    rows = sorted(chosen)
    few = Dataset.from_dict(
        {
            "text": [text(train_part[i]) for i in rows],
            "label": labels[rows].astype(int).tolist(),
        }
    )
    body = SentenceTransformer(str(encoder_folder(ENCODER)), device="cpu")
    head = OneVsRestClassifier(LogisticRegression(max_iter=1000))
    model = SetFitModel(model_body=body, model_head=head, multi_target_strategy="one-vs-rest")
    settings = TrainingArguments(num_epochs=1, num_iterations=5, batch_size=16)
    Trainer(model=model, args=settings, train_dataset=few).train()
    return np.asarray(model.predict_proba([text(m) for m in test], as_numpy=True), np.float64)


def _ludwig(
    train_part: Sequence[Movie], labels: Any, known: Any, test: Sequence[Movie]
) -> NDArray[np.float64]:
    import pandas as pd
    from ludwig.api import LudwigModel

    genres = Vocabulary().genres
    names = [genre.replace(" ", "_") for genre in genres]  # a set is words with spaces between
    sets = [" ".join(np.array(names)[row > 0]) for row in labels]
    rows = pd.DataFrame({"text": [text(movie) for movie in train_part], "genres": sets})
    config = {
        "input_features": [{"name": "text", "type": "text", "encoder": {"type": "parallel_cnn"}}],
        # With a threshold it would give the scores of what is over it alone.
        "output_features": [{"name": "genres", "type": "set", "threshold": 0.0}],
        "trainer": {"epochs": LUDWIG_EPOCHS, "batch_size": 64, "validation_metric": "loss"},
    }
    with tempfile.TemporaryDirectory() as folder:
        model = LudwigModel(config, backend={"type": "local", "cache_dir": folder})
        options = {"output_directory": folder, "skip_save_processed_input": True}
        model.train(dataset=rows, random_seed=0, **options)
        asked = pd.DataFrame({"text": [text(movie) for movie in test]})
        found, _ = model.predict(dataset=asked, output_directory=folder)
    told = model.training_set_metadata["genres"]["str2idx"]
    scores = np.stack(found["genres_probabilities"].to_numpy())
    return np.asarray(scores[:, [told[name] for name in names]], np.float64)


def _vectors(train_part: Sequence[Movie], test: Sequence[Movie]) -> Any:
    """MobileNetV2's, the eager way: PIL, torchvision's resizing, timm."""
    import timm
    import torch
    from PIL import Image
    from safetensors.torch import load_file
    from torchvision import transforms

    net = timm.create_model("mobilenetv2_100", pad_type="same", num_classes=0)
    state = load_file(weights_folder() / "mobilenetv2_100.safetensors")
    net.load_state_dict({k: v for k, v in state.items() if not k.startswith("classifier")})
    net.eval()
    prepare = transforms.Compose(
        [transforms.Resize((224, 224)), transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]
    )

    def of(movies: Sequence[Movie]) -> NDArray[np.float32]:
        found = []
        with torch.inference_mode():
            for i in range(0, len(movies), 64):
                images = [Image.open(m.poster).convert("RGB") for m in movies[i : i + 64]]
                found.append(net(torch.stack([prepare(image) for image in images])).numpy())
        return np.concatenate(found)

    return of(train_part), of(test)


def _logistic(C: float = 4.0) -> Any:
    return LogisticRegression(C=C, max_iter=300)


def _each_genre(features: Any, model: Callable[[], Any]) -> Scorer:
    """An estimator a genre on the same features."""

    def scores(
        train_part: Sequence[Movie], labels: Any, known: Any, test: Sequence[Movie]
    ) -> NDArray[np.float64]:
        x, y = features(train_part, test)
        columns = [
            model().fit(x[cells], positive[cells]).predict_proba(y)[:, 1]
            for positive, cells in zip(labels.T, known.T, strict=True)
        ]
        return np.stack(columns, axis=1)

    return scores


Scorer = Callable[[Sequence[Movie], Any, Any, Sequence[Movie]], NDArray[np.float64]]
ALTERNATIVES: dict[str, tuple[str, str, Scorer]] = {
    "scikit-learn: tf-idf, logistic regression": ("plot only", "", _each_genre(_tfidf, _logistic)),
    "scikit-learn: tf-idf, random forest": (
        "plot only",
        "",
        _each_genre(
            _tfidf,
            lambda: RandomForestClassifier(60, min_samples_leaf=3, n_jobs=-1, random_state=0),
        ),
    ),
    "sentence-transformers, logistic regression": (
        "plot only",
        "sentence_transformers",
        _each_genre(_sentences, _logistic),
    ),
    f"SetFit, {FEW} plots a genre": ("plot only", "setfit", _setfit),
    f"Ludwig: its text encoder, {LUDWIG_EPOCHS} epochs": ("plot only", "ludwig", _ludwig),
    "timm: MobileNetV2 frozen, logistic regression": (
        "poster only",
        "",
        _each_genre(_vectors, lambda: _logistic(0.01)),
    ),
}
"""Name → input case, a module that it needs, its scores of the test films."""

GROUPS: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
    "genreel": ours,
    "read": read,
    "decisions": decisions,
    "eras": of_eras,
    "alone": alone,
    "class": class_table,
    "alternatives": alternatives,
}

if __name__ == "__main__":
    main()
