"""Networks on posters: the last blocks of two backbones tuned, and posters shown larger."""

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
from torch import Tensor, nn

from genreel.bundle import read_bundle
from genreel.catalogue import Movie
from genreel.features.image import Pixels, PixelSettings
from genreel.graph import load_session
from genreel.graph_cut import cut_graph
from genreel.lab.networks.backbone import load_backbone
from genreel.vocabulary import Vocabulary
from trials.measure import (
    DATA,
    FOLDS,
    Row,
    cell_loss,
    figures,
    folds_of,
    movies_by_part,
    start_tuning,
)

BACKBONES = ("mobilenetv2_100", "tf_efficientnet_lite0")
COUNT, EPOCHS, SIZE = 2000, 3, 64
"""Training posters; epochs; posters a step."""

CUT = 5
"""Blocks that stay as they are, of seven; what they give is computed once."""

SIZES = ((192, 128), (300, 200))
"""Height and width of posters in pixels."""


def backbones(out: Path) -> Iterator[Row]:
    """Each backbone's last blocks and a layer on top, learnt from the same posters."""
    parts = movies_by_part(has_extra=False)
    valid = [movie for movie in parts["valid"] if movie.has("poster")]
    train = [movie for movie in parts["train"] if movie.has("poster")]
    train = [train[i] for i in np.random.default_rng(0).permutation(len(train))[:COUNT]]
    labels, known = Vocabulary().encode(movie.genres for movie in train)
    cells = Vocabulary().encode(movie.genres for movie in valid)
    for name in BACKBONES:
        net, mean, std = load_backbone(name, "imagenet")
        path = out / f"{name}-{CUT}-{COUNT}.pt"
        if not path.is_file():
            below = nn.Sequential(net.conv_stem, net.bn1, *net.blocks[:CUT])
            torch.save(_outputs(below.eval(), (mean, std), [*train, *valid], SIZES[0]), path)
        maps = torch.load(path, weights_only=True)
        above = nn.Sequential(*net.blocks[CUT:], net.conv_head, net.bn2, net.global_pool)
        logits = _tuned_logits(above.eval(), maps[:COUNT], (labels, known), maps[COUNT:])
        yield figures(f"{name}, last blocks tuned", "poster only", *cells, logits)


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
    net, mean, std = load_backbone(BACKBONES[0], "imagenet")
    for size in SIZES:
        path = out / f"large-{size[0]}.npy"
        if not path.is_file():
            vectors = _outputs(net.eval(), (mean, std), large, size)
            np.save(path, vectors.float().numpy())
        name = f"{BACKBONES[0]} frozen, {size[0]} × {size[1]}"
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


def _tuned_logits(
    above: nn.Sequential,
    maps: Tensor,
    cells: tuple[NDArray[Any], NDArray[Any]],
    valid: Tensor,
) -> NDArray[Any]:
    """Batch normalisation keeps its statistics, as those of folded weights are no real ones."""
    torch.manual_seed(0)
    goal, weight = (torch.from_numpy(np.asarray(a, np.float32)) for a in cells)
    with torch.inference_mode():
        width = above(maps[:1].float()).shape[1]
    head = nn.Sequential(nn.Dropout(0.4), nn.Linear(width, goal.shape[1]))
    steps = len(maps) // SIZE
    optimizer, schedule = start_tuning({above: 4e-4, head: 2e-3}, steps * EPOCHS)
    for _ in range(EPOCHS):
        order = torch.randperm(len(maps))
        for at in order[: steps * SIZE].reshape(-1, SIZE):
            with torch.autocast("cpu", torch.bfloat16):
                vectors = above(maps[at].to(memory_format=torch.channels_last))
            cell_loss(head(vectors.float()), goal[at], weight[at]).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    head.eval()
    with torch.inference_mode():
        return np.concatenate([head(above(x.float())).numpy() for x in valid.split(64)])


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
