"""What each part of the default says of movies that it did not learn from, computed once."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.bundle import read_bundle
from genreel.calibration import logit
from genreel.catalogue import Movie
from genreel.features import collate, readable_rows
from genreel.graph import Graph
from genreel.graph_vectors import with_outputs
from genreel.lab.recipe import load_recipe
from genreel.lettering import Lettering, parse_lettering
from genreel.vocabulary import Vocabulary
from trials.measure import DATA, movies_by_part

PLOT = ("words", "sentence", "languages")
POSTER = ("poster", "poster-small")
PRINTED = ("lettering", "lettering-words", "lettering-sentence")
"""Parts of the default by what they read."""


@dataclass(frozen=True)
class Part:
    """Movies of the parts valid or test; arrays have a row for each.

    Attributes:
        movies: with what was read on their posters, where it was read.
        labels, known: shape (n, genres).
        logits: part of the default → shape (n, genres), without meaning where its input is missing.
    """

    movies: list[Movie]
    labels: NDArray[Any]
    known: NDArray[np.bool_]
    logits: dict[str, NDArray[np.float64]]

    def having(self, *inputs: str) -> NDArray[np.int64]:
        """Which movies have all these inputs."""
        return np.flatnonzero([all(m.has(name) for name in inputs) for m in self.movies])

    def stack(self, parts: tuple[str, ...], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Logits of these parts, shape (rows, parts, genres)."""
        return np.stack([self.logits[name][rows] for name in parts], axis=1)


def read_valid_part(out: Path) -> Part:
    """The valid part and its logits, which are kept in `out` by the bundle that they are of."""
    return _read_part("valid", movies_by_part(has_extra=False)["valid"], out)


def read_test_posters(out: Path) -> Part:
    """The movies of the test part whose posters were read."""
    texts = letterings()
    movies = [one for one in movies_by_part(has_extra=False)["test"] if one.id in texts]
    return _read_part("test", movies, out)


def letterings() -> dict[str, Lettering]:
    """Id of a movie → what was read on its poster."""
    with (DATA / "lettering.jsonl").open() as file:
        rows = map(json.loads, file)
        return {row["id"]: parse_lettering(json.dumps(row["lines"])) for row in rows}


def _read_part(name: str, movies: list[Movie], out: Path) -> Part:
    texts = letterings()
    movies = [replace(one, lettering=texts.get(one.id)) for one in movies]
    labels, known = Vocabulary().encode(movie.genres for movie in movies)
    bundle = read_bundle("default")
    parts = list(load_recipe("default").model.parts)
    path = out / f"default-{str(bundle.config['sha256'])[:12]}-{name}.npy"
    if not path.is_file():
        tensors = [f"part_{number}" for number in range(len(parts))]
        graph = Graph(with_outputs(bundle.model, tensors))
        batches = []
        for at in range(0, len(movies), 16):
            some = movies[at : at + 16]
            rows = {name: readable_rows(f, some) for name, f in bundle.features.items()}
            batches.append(np.stack(graph.run(collate(bundle.features, rows), tensors), axis=1))
        out.mkdir(parents=True, exist_ok=True)
        np.save(path, np.concatenate(batches))
    scores = np.load(path).astype(np.float64).clip(1e-6, 1 - 1e-6)
    logits = dict(zip(parts, np.moveaxis(logit(scores), 1, 0), strict=True))
    return Part(movies, labels, known, logits)
