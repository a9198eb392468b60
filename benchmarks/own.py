"""Genres of one's own: how well they are ranked, from a name alone to 32 examples of each kind.

    python benchmarks/own.py [--work DIR] [--minilm] [--only PART]

left-out: each of the 18 genres that all sources share is left out in turn, and learnt by
`genreel.own` as a person would teach it. No encoder was tuned on any genre: plots are read by
USE multilingual as it comes (extra [languages]), with --minilm by all-MiniLM-L6-v2 as well (extra
[lab]); the scores of the other 17 genres are logistic regressions on these vectors. Examples are
drawn from train, figures are macro ROC AUC on test.

bundle: the bundle that comes along teaches half of the test part, and is measured on the other
half. Its networks were tuned on all 22 genres; only the score of the one that is left out is hidden
from what is learnt. "by keyword" are genres that no source names: movies whose plot has a word,
such as vampire, told from the poster alone.

speed: a refit with 10,000 films and 200 examples of each kind.

Writes benchmarks/results/own.csv. With what is kept in DIR it takes minutes; USE reads 30 plots a
second.
"""

from __future__ import annotations

import argparse
import csv
import functools
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel import Catalogue, Movie, Predictor, Vocabulary
from genreel.features import Array
from genreel.own.describing import DESCRIPTIONS, SPOKEN
from genreel.own.genre import OwnGenre, texts_of
from genreel.own.learning import Words
from genreel.own.predicting import read_words
from genreel.own.teaching import Verdicts, teach
from genreel.own.traits import Traits, take, traits_of
from genreel.reading.languages import sentence_vectors
from genreel.vocabulary import TAXONOMIES

DATA = Path(os.environ.get("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "own.csv"
GENRES = tuple(sorted(TAXONOMIES["mixed"].expresses))
EXAMPLES = ((0, 0), (4, 4), (8, 8), (16, 16), (32, 32))
KEYWORDS = {
    "Vampires": ("vampires?", "Horror", "Dracula and other bloodsuckers rise from the grave."),
    "Heist": ("heist|bank robbery|thieves", "Crime", "A gang plans the robbery of a bank."),
    "Zombies": ("zombies?|undead", "Horror", "The dead rise and eat the living."),
    "Christmas": ("christmas", "Family", "Santa Claus, snow and a family that comes together."),
    "Martial Arts": ("kung.fu|samurai|karate|martial arts?", "Action", "Kung fu and samurai."),
    "Space": ("spaceship|outer space|astronauts?|aliens?", "Sci-Fi", "Spaceships and planets."),
}
Labels = NDArray[np.bool_]


def auc(labels: Labels, scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve, by ranks."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    positives = int(labels.sum())
    pairs = positives * (len(labels) - positives)
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / pairs)


def verdicts(labels: Labels, known: Labels, yes: int, no: int, seed: int) -> Verdicts:
    """What a person says of movies who picks that many of each kind at random."""
    random = np.random.default_rng(seed)
    rows: list[bool | None] = [None] * len(labels)
    for kind, number in ((True, yes), (False, no)):
        candidates = np.flatnonzero(known & (labels == kind))
        for row in random.choice(candidates, min(number, len(candidates)), replace=False):
            rows[row] = kind
    return rows


def spoken(genre: str) -> str:
    """What a genre is called in a sentence."""
    return SPOKEN.get(genre, genre.lower())


# Each genre left out, no encoder tuned


def kept(work: Path, name: str, texts: Sequence[str], read: Callable[..., Array]) -> Array:
    """Vectors of texts, kept in a file."""
    path = work / f"{name}.npy"
    if path.is_file():
        rows: Array = np.load(path)
        if len(rows) == len(texts):
            return rows
    rows = np.concatenate([read(texts[i : i + 64]) for i in range(0, len(texts), 64)])
    np.save(path, rows)
    return rows


def minilm(texts: Sequence[str]) -> Array:
    """Mean of the last layer of all-MiniLM-L6-v2 over 128 pieces, of length 1."""
    import torch

    tokenizer, model = _minilm()
    tokens = tokenizer(
        list(texts), padding=True, truncation=True, max_length=128, return_tensors="pt"
    )
    with torch.inference_mode():
        states = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None].float()
    means = ((states * mask).sum(1) / mask.sum(1)).numpy()
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))


@functools.cache
def _minilm() -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer

    from genreel.lab.weights import encoder_folder

    folder = str(encoder_folder("all-MiniLM-L6-v2"))
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)


def left_out(work: Path, with_minilm: bool) -> Iterator[dict[str, Any]]:
    """Each genre in turn, on plots."""
    from sklearn.linear_model import LogisticRegression

    split = _split()
    movies = [m for m in Catalogue(DATA / "movies" / "movies.csv", "mixed") if m.has("plot")]
    parts = [split.get(movie.id, "") for movie in movies]
    for movie in Catalogue(DATA / "plots.csv", "mixed"):
        if movie.has("plot"):
            movies.append(movie)
            parts.append(movie.split or "train")
    part = np.array(parts)
    train, test = np.flatnonzero(part == "train"), np.flatnonzero(part == "test")
    plots = [movie.plot for movie in movies]
    readers: dict[str, Callable[..., Array]] = {"use": sentence_vectors}
    if with_minilm:
        readers["minilm"] = minilm
        train = np.random.default_rng(1).permutation(train)[:8000]
    rows = np.r_[train, test]
    vectors = np.zeros((len(movies), 0), np.float32)
    names = {(g, d): np.zeros((4 if d else 2, 0)) for g in GENRES for d in (False, True)}
    for name, read in readers.items():
        some = kept(work, f"{name}-{len(rows)}", [plots[i] for i in rows], read)
        block = np.zeros((len(movies), some.shape[1]), np.float32)
        block[rows] = some
        vectors = np.concatenate([vectors, block / np.sqrt(len(readers))], 1, dtype=np.float32)
        for genre, is_described in names:
            texts = texts_of(spoken(genre), DESCRIPTIONS[genre] if is_described else "")
            more = read(texts) / np.sqrt(len(readers))
            names[genre, is_described] = np.concatenate([names[genre, is_described], more], 1)
    labels, known = Vocabulary(GENRES).encode([movie.genres for movie in movies])
    truth, is_known = labels > 0, known.astype(bool)
    logits = np.zeros((len(movies), len(GENRES)), np.float32)
    for j in range(len(GENRES)):
        use = train[is_known[train, j]]
        model = LogisticRegression(C=10, max_iter=200).fit(vectors[use], truth[use, j])
        logits[:, j] = model.decision_function(vectors)

    pool = np.random.default_rng(0).choice(train, 3000, replace=False)
    for yes, no in (("name", 0), *EXAMPLES):
        is_described = yes != "name"
        number = 0 if yes == "name" else int(yes)
        values, pairs = [], range(3 if number else 1)
        for j, genre in enumerate(GENRES):
            others = [k for k in range(len(GENRES)) if k != j]
            words = Words(
                {"plot": names[genre, is_described]},
                {"plot": np.stack([names[GENRES[k], is_described].mean(0) for k in others])},
            )

            def traits(rows: NDArray[Any], others: list[int] = others) -> Traits:
                return {"scores": logits[rows][:, others], "plot": vectors[rows]}

            for seed in pairs:
                # The pool, and whatever was drawn from all of train.
                drawn = verdicts(truth[train, j], is_known[train, j], number, no, 100 * seed + j)
                picked = np.array([i for i, v in enumerate(drawn) if v is not None], int)
                members = np.r_[pool, train[picked]]
                said: Verdicts = [None] * len(pool) + [drawn[i] for i in picked]
                learnt = teach(OwnGenre(genre), words, traits(members), said)
                use = test[is_known[test, j]]
                values.append(auc(truth[use, j], learnt.scores(traits(use))))
        yield {
            "part": "left out",
            "reads": " + ".join(readers),
            "input": "plot",
            "given": "name" if not is_described else "name and description",
            "yes": number,
            "no": no,
            "macro_roc_auc": f"{np.mean(values):.4f}",
        }


# The bundle that comes along


def bundle() -> Iterator[dict[str, Any]]:
    """Half of the test part teaches, the other half is told."""
    split = _split()
    movies = [
        movie
        for movie in Catalogue(DATA / "movies" / "movies.csv", "mixed")
        if split.get(movie.id) == "test" and movie.poster and movie.has("plot")
    ]
    np.random.default_rng(0).shuffle(movies)  # type: ignore[arg-type]
    predictor = Predictor("default")
    labels, known = predictor.bundle.vocabulary.encode([movie.genres for movie in movies])
    for name, hides in (("plot", ["poster"]), ("poster", ["plot", "title", "year"])):
        stream = predictor.predict_many([m.without(hides) for m in movies], vectors=True)
        traits = traits_of(stream, predictor.genres)
        yield from _rows(predictor, name, "left out", traits, _left_out(predictor, labels, known))
        if name == "poster":
            yield from _rows(predictor, name, "by keyword", traits, _by_keyword(movies))


_Task = tuple[OwnGenre, int | None, Labels, Labels]
"""A genre, the score that is hidden, and labels with what is known of them."""


def _left_out(predictor: Predictor, labels: Array, known: Array) -> list[_Task]:
    return [
        (
            OwnGenre(spoken(genre), DESCRIPTIONS[genre]),
            (j := predictor.genres.index(genre)),
            labels[:, j] > 0,
            known[:, j].astype(bool),
        )
        for genre in GENRES
    ]


def _by_keyword(movies: Sequence[Movie]) -> list[_Task]:
    return [
        (
            OwnGenre(name, description, parent),
            None,
            np.array([bool(re.search(rf"\b({words})\b", m.plot.lower())) for m in movies]),
            np.ones(len(movies), bool),
        )
        for name, (words, parent, description) in KEYWORDS.items()
    ]


def _rows(
    predictor: Predictor, reads: str, part: str, traits: Traits, tasks: Sequence[_Task]
) -> Iterator[dict[str, Any]]:
    half = len(next(iter(traits.values()))) // 2
    for yes, no in EXAMPLES:
        values, precisions, recalls, speaking = [], [], [], 0
        for genre, place, labels, known in tasks:
            if labels[:half].sum() < yes or not labels[half:].any():
                continue
            others = [k for k in range(len(predictor.genres)) if k != place]
            words = read_words(predictor, genre)
            words = Words(words.genre, take(words.others, others), words.parent)
            some = {**traits, "scores": traits["scores"][:, others]}
            said = verdicts(labels[:half], known[:half], yes, no, 7)
            learnt = teach(genre, words, take(some, slice(0, half)), said)
            scores, truth = learnt.scores(take(some, slice(half, None))), labels[half:]
            use = known[half:]
            values.append(auc(truth[use], scores[use]))
            if learnt.threshold is not None:
                speaking += 1
                gives = use & (scores >= learnt.threshold)
                precisions.append((gives & truth).sum() / max(1, gives.sum()))
                recalls.append((gives & truth).sum() / truth[use].sum())
        if len(values) < _LEAST_GENRES:
            continue
        yield {
            "part": f"bundle, {part}",
            "reads": "default",
            "input": reads,
            "given": "name and description",
            "yes": yes,
            "no": no,
            "genres": len(values),
            "macro_roc_auc": f"{np.mean(values):.4f}",
            "speaking": speaking,
            "precision": f"{np.mean(precisions):.3f}" if precisions else "",
            "recall": f"{np.mean(recalls):.3f}" if recalls else "",
        }


_LEAST_GENRES = 4  # of which a mean says something


def speed() -> Iterator[dict[str, Any]]:
    """A refit of one genre with 10,000 films, and the scores of all of them."""
    random = np.random.default_rng(0)
    traits = {
        name: random.normal(size=(10_000, width)).astype(np.float32)
        for name, width in (("scores", 22), ("plot", 896), ("poster", 2560))
    }
    said: list[bool | None] = [None] * 10_000
    said[:400] = [True, False] * 200
    words = Words({"plot": traits["plot"][:4]}, {"plot": traits["plot"][:22]})
    start = time.perf_counter()
    teach(OwnGenre("Heist"), words, traits, said).scores(traits)
    seconds = f"{time.perf_counter() - start:.2f}"
    yield {"part": "speed", "input": "both", "yes": 200, "no": 200, "seconds": seconds}


def _split() -> dict[str, str]:
    import json

    parts = json.loads((DATA / "movies" / "split.json").read_text(encoding="utf-8"))
    return {i: part for part, ids in parts.items() if isinstance(ids, list) for i in ids}


COLUMNS = (
    *("part", "reads", "input", "given", "yes", "no", "genres", "macro_roc_auc"),
    *("speaking", "precision", "recall", "seconds"),
)


def main() -> None:
    """Writes the rows of the parts that are asked for; others stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("/tmp/genreel-own"))
    parser.add_argument("--minilm", action="store_true")
    parser.add_argument("--only", choices=("left-out", "bundle", "speed"))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
        "left-out": lambda: left_out(arguments.work, arguments.minilm),
        "bundle": bundle,
        "speed": speed,
    }
    new = []
    for name, rows in parts.items():
        if arguments.only in (None, name):
            for row in rows():
                print(row, flush=True)
                new.append({column: str(row.get(column, "")) for column in COLUMNS})
    old: list[dict[str, str]] = []
    if RESULTS.is_file():
        with RESULTS.open(encoding="utf-8", newline="") as file:
            old = list(csv.DictReader(file))
    asked = {(row["part"], row["reads"]) for row in new}
    rows = [row for row in old if (row["part"], row["reads"]) not in asked] + new
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
