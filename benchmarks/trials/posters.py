"""Posters shown larger, to the default's network and to a frozen one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from genreel.bundle import read_bundle
from genreel.catalogue import Movie
from genreel.features.image import Pixels, PixelSettings
from genreel.graph import load_session
from genreel.graph_cut import cut_graph
from genreel.lab.networks.backbone import load_backbone
from genreel.vocabulary import Vocabulary
from trials.measure import DATA, FOLDS, Row, figures, folds_of, movies_by_part

BACKBONE = "mobilenetv2_100"
SIZES = ((192, 128), (300, 200))
"""Height and width of posters in pixels."""


def sizes(out: Path) -> Iterator[Row]:
    """The same 600 valid posters, small and large ones, shown in several sizes."""
    movies = []
    for movie in movies_by_part(has_extra=False)["valid"]:
        file = DATA / "large" / f"{movie.id}.jpg"
        if file.is_file():
            movies.append((movie, replace(movie, poster=file)))
    small, large = ([pair[side] for pair in movies] for side in (0, 1))
    cells = Vocabulary().encode(movie.genres for movie in small)
    for name, posters, size in (
        ("the default's larger network, 224 × 152", small, (224, 152)),
        ("the same, from posters of 300 px", large, (224, 152)),
        ("the same, shown 264 × 180", large, (264, 180)),
        ("the same, shown 300 × 204", large, (300, 204)),
    ):
        yield figures(name, "poster only", *cells, _default_scores(posters, size))
    net, mean, std = load_backbone(BACKBONE, "imagenet")
    for size in SIZES:
        path = out / f"large-{size[0]}.npy"
        if not path.is_file():
            vectors = _outputs(net.eval(), (mean, std), large, size)
            np.save(path, vectors.float().numpy())
        name = f"{BACKBONE} frozen, {size[0]} × {size[1]}"
        yield figures(name, "poster only", *cells, _by_folds(np.load(path), *cells))


def _pixels(movies: Sequence[Movie], size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """Batches of 32, shape (m, 3, height, width)."""
    feature = Pixels(PixelSettings(*size))
    for at in range(0, len(movies), 32):
        rows = [feature.read(movie) for movie in movies[at : at + 32]]
        yield feature.collate(rows)["pixels"]


def _outputs(
    net: Any, scale: tuple[Tensor, Tensor], movies: Sequence[Movie], size: tuple[int, int]
) -> Tensor:
    """What a network makes of posters, bfloat16."""
    net = net.to(memory_format=torch.channels_last)
    mean, std = scale
    rows = []
    for pixels in _pixels(movies, size):
        x = (torch.from_numpy(pixels).float() / 255 - mean) / std
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            rows.append(net(x.to(memory_format=torch.channels_last)).to(torch.bfloat16))
    return torch.cat(rows)


def _default_scores(movies: Sequence[Movie], size: tuple[int, int]) -> NDArray[Any]:
    """Logits of the default's larger poster network for posters of any size."""
    names = ["poster.pixels", "poster.rows", "present"]
    piece = cut_graph(read_bundle("default").model)["part_6"]
    part = onnx.load_from_string(b"".join(piece.content))
    for value in part.graph.input:
        if value.name == names[0]:
            for axis, length in zip((2, 3), size, strict=True):
                value.type.tensor_type.shape.dim[axis].dim_value = length
    del part.graph.value_info[:]
    session = load_session(part.SerializeToString())
    inputs_of_part = {value.name for value in session.get_inputs()}
    scores = []
    for pixels in _pixels(movies, size):
        count = len(pixels)
        present = np.zeros((count, 6), np.float32)
        present[:, 0] = 1
        arrays = dict(zip(names, (pixels, np.arange(count), present), strict=True))
        inputs = {name: array for name, array in arrays.items() if name in inputs_of_part}
        scores.append(session.run(["part_6"], inputs)[0])
    return np.concatenate(scores)


def _by_folds(vectors: NDArray[Any], labels: NDArray[Any], known: NDArray[Any]) -> NDArray[Any]:
    """A logistic regression a genre, each movie by one that the others taught."""
    folds, logits = folds_of(len(vectors)), np.zeros(labels.shape)
    x = (vectors - vectors.mean(axis=0)) / (vectors.std(axis=0) + 1e-3)
    for fold in range(FOLDS):
        for g in range(labels.shape[1]):
            use = known[:, g] & (folds != fold)
            model = LogisticRegression(C=0.001, max_iter=500)
            if labels[use, g].sum() > 0:
                model.fit(x[use], labels[use, g])
                logits[folds == fold, g] = model.decision_function(x[folds == fold])
    return logits
