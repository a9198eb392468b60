"""How well an audit finds wrong and missing genres.

    python benchmarks/audit.py [figures|fit|speed]

figures, on movies of the part test that TMDb and IMDb both label: what one of them says stands in
the library, and the audit is to find the cells in which the other disagrees (ROC AUC over the 18
genres that both have; with and without posters, with and without MovieLens as the lookup). Then a
share of 3 % of all cells is turned round, once in the parts valid and test, which the default
bundle was not trained on, once in movies of the part train: how many of the 200 surest findings
were planted. → benchmarks/results/audit.csv

fit: learns src/genreel/audit/doubts.toml from the part valid.

speed: seconds for 5,000 movies without posters. → benchmarks/results/audit-speed.csv

Real films come from $GENREEL_DATA (default ../shared/data).
"""

from __future__ import annotations

import csv
import json
import os
import random
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.audit.doubts import TABLE, load_doubts
from genreel.audit.folds import Floats, sigmoid
from genreel.audit.judgement import combine, judge
from genreel.catalogue import Catalogue, Movie
from genreel.memo import predict_vectors
from genreel.predictor import Predictor
from genreel.vocabulary import GENRES, TAXONOMIES, Vocabulary

RESULTS = Path(__file__).parent / "results"
SOURCES = {"tmdb": "genres_tmdb", "imdb": "genres_imdb", "movielens": "genres_ml"}
PLANTED, SUREST, TRAINED = 0.03, 200, 3000
SHARED = np.array([genre in TAXONOMIES["tmdb"].expresses for genre in GENRES])
PENALTY = 3.0  # of the squares of the genres' weights
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sample:
    """Movies with what the model says of them."""

    movies: Sequence[Movie]
    scores: Floats
    vectors: Sequence[NDArray[np.float16]]

    def encode(self, *sources: str) -> tuple[Floats, Mask]:
        """Labels and known cells of some sources alone."""
        rows = [{s: m.genres[s] for s in sources if m.genres.get(s)} for m in self.movies]
        return Vocabulary().encode(rows)

    def take(self, mask: Mask) -> Sample:
        """Some of them."""
        places = np.flatnonzero(mask).tolist()
        return Sample(
            [self.movies[i] for i in places], self.scores[mask], [self.vectors[i] for i in places]
        )


def main(part: str = "figures") -> None:
    """Measures or fits, and writes."""
    {"figures": measure, "fit": fit, "speed": measure_speed}[part]()


def data_folder() -> Path:
    """Where the real films are."""
    return Path(os.environ.get("GENREEL_DATA", "../shared/data"))


def read_sample(part: str, *, has_posters: bool, most: int = 0) -> Sample:
    """The movies of a part that have a plot; `most` of them, drawn at random."""
    folder = data_folder() / "movies"
    ids = json.loads((folder / "split.json").read_text())[part]
    if most:
        ids = random.Random(0).sample(ids, most)
    wanted = set(ids)
    movies = [m for m in Catalogue(folder) if m.id in wanted and m.plot]
    if not has_posters:
        movies = [movie.without(["poster"]) for movie in movies]
    predictor = Predictor()
    pairs = list(predict_vectors(predictor, movies))
    scores = [[p.scores.get(genre, 0.5) for genre in GENRES] for _, p in pairs]
    vectors = [p.vectors.get("plot", np.zeros(0)).astype(np.float16) for _, p in pairs]
    return Sample([m for m, _ in pairs], np.array(scores, np.float32), vectors)


def cells_of(sample: Sample, stands: str, other: str) -> tuple[Floats, Floats, Mask, Mask]:
    """Labels, logits, cells that count, and those in which `other` disagrees with `stands`."""
    labels, known = sample.encode(stands)
    contrary, told = sample.encode(other)
    logits = combine(sample.scores, sample.vectors, labels, known)
    return labels, logits, known & told & SHARED, labels != contrary


def measure() -> None:
    """The table of figures."""
    rows: list[dict[str, Any]] = []
    for has_posters in (False, True):
        test = read_sample("test", has_posters=has_posters)
        inputs = "plot, title, year" + ", poster" * has_posters
        for stands, other in (("tmdb", "imdb"), ("imdb", "tmdb")):
            for lookup in ("", "movielens"):
                labels, logits, cells, disagree = cells_of(test, stands, other)
                said, told = test.encode(lookup) if lookup else (None, None)
                wrong = load_doubts().probabilities(GENRES, labels, logits, said, told)
                rows.append(
                    {
                        "task": f"{stands} stands, {other} disagrees",
                        "inputs": inputs,
                        "lookup": lookup,
                        "movies": int(cells.any(axis=1).sum()),
                        "cells": int(cells.sum()),
                        "errors": int(disagree[cells].sum()),
                        "roc_auc": round(roc_auc(wrong[cells], disagree[cells]), 4),
                    }
                )
        rows += measure_planted("not trained on", ("valid", "test"), inputs, has_posters)
        rows += measure_planted("trained on", ("train",), inputs, has_posters)
    write("audit.csv", rows)


def measure_planted(
    task: str, parts: Sequence[str], inputs: str, has_posters: bool
) -> Iterable[dict[str, Any]]:
    """How many of the surest findings were planted."""
    samples = [
        read_sample(p, has_posters=has_posters, most=TRAINED * (p == "train")) for p in parts
    ]
    sample = Sample(
        [m for s in samples for m in s.movies],
        np.concatenate([s.scores for s in samples]),
        [v for s in samples for v in s.vectors],
    )
    labels, known = sample.encode(*SOURCES)
    known &= SHARED
    planted = known & (np.random.default_rng(0).random(labels.shape) < PLANTED)
    labels = np.where(planted, 1 - labels, labels)
    logits = combine(sample.scores, sample.vectors, labels, known)
    wrong = load_doubts().probabilities(GENRES, labels, logits) * known
    surest = np.argsort(-wrong, axis=None, kind="stable")[:SUREST]
    yield {
        "task": f"planted, {task}",
        "inputs": inputs,
        "lookup": "",
        "movies": len(sample.movies),
        "cells": int(known.sum()),
        "errors": int(planted.sum()),
        "roc_auc": round(roc_auc(wrong[known], planted[known]), 4),
        f"precision_at_{SUREST}": float(planted.ravel()[surest].mean()),
    }


def fit() -> None:
    """Writes doubts.toml."""
    valid = read_sample("valid", has_posters=True)
    said, told = valid.encode("movielens")
    columns, targets = [], []
    for stands, other in (("tmdb", "imdb"), ("imdb", "tmdb")):
        labels, logits, cells, disagree = cells_of(valid, stands, other)
        for is_told in (told & False, told):
            columns.append(design(labels, logits, said, is_told)[cells])
            targets.append(disagree[cells])
    weights = newton(np.concatenate(columns), np.concatenate(targets).astype(np.float64))
    count = len(GENRES)
    slope, against, agreement = weights[:3]
    lines = [
        "# Made by benchmarks/audit.py fit; what it means stands in doubts.py.",
        f"slope = {slope:.4f}",
        f"lookup_against = {against:.4f}",
        f"lookup_for = {agreement:.4f}",
    ]
    for name, start in (("wrong", 3), ("missing", 3 + count)):
        lines += ["", f"[{name}]"]
        lines += [
            f'"{genre}" = {weights[start + i] + weights[-1]:.4f}' for i, genre in enumerate(GENRES)
        ]
    TABLE.write_text("\n".join(lines) + "\n")
    print(TABLE.read_text(), end="")


def design(labels: Floats, logits: Floats, said: Floats, told: Mask) -> NDArray[np.float64]:
    """Columns of the regression for each cell, shape (n, genres, columns)."""
    stands = labels > 0
    genres = np.broadcast_to(np.eye(len(GENRES)), (*labels.shape, len(GENRES)))
    against = told & ((said > 0) != stands)
    parts = [
        np.where(stands, -logits, logits)[..., None],
        against[..., None],
        (told & ~against)[..., None],
        genres * stands[..., None],
        genres * ~stands[..., None],
        np.ones((*labels.shape, 1)),
    ]
    return np.concatenate(parts, axis=2)


def newton(columns: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of a logistic regression; those of genres are kept small."""
    penalty = np.full(columns.shape[1], PENALTY)
    penalty[:3] = penalty[-1] = 0.01
    weights = np.zeros(columns.shape[1])
    for _ in range(15):
        share = sigmoid(columns @ weights).astype(np.float64)
        gradient = columns.T @ (share - targets) + penalty * weights
        curvature = (columns * (share * (1 - share))[:, None]).T @ columns + np.diag(penalty)
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def measure_speed() -> None:
    """Seconds for 5,000 movies; nothing is taken from the cache."""
    movies = [m.without(["poster"]) for m in Catalogue(data_folder() / "movies") if m.plot][:5000]
    os.environ["GENREEL_CACHE"] = os.devnull
    predictor = Predictor()
    start = time.perf_counter()
    judgement = judge(predictor, movies, has_posters=False)
    seconds = time.perf_counter() - start
    row = {"movies": len(judgement.movies), "threads": predictor.threads}
    write("audit-speed.csv", [{**row, "seconds": round(seconds, 1)}])


def roc_auc(scores: Floats, truth: Mask) -> float:
    """Area under the ROC curve; ties count half."""
    _, places = np.unique(scores, return_inverse=True)
    counts = np.bincount(places)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    positives = int(truth.sum())
    total = float(ranks[places][truth].sum()) - positives * (positives + 1) / 2
    return total / (positives * (len(truth) - positives))


def write(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a table of benchmarks/results and prints it."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (RESULTS / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print((RESULTS / name).read_text(), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
