"""What was tried for the default model beside what its recipes hold, on frozen networks' vectors.

    GENREEL_DATA=… python benchmarks/tried.py [--only GROUP …]

Heads on vectors of MobileNetV2 (posters of 192 × 128) and all-MiniLM-L6-v2 (plots) learn in a
minute, where the networks themselves take an hour; what does nothing here is not worth that hour.
Rows of benchmarks/results/tried.csv, on the valid part of $GENREEL_DATA/movies:

- fusion: one network with both towers, fused by gates (Arevalo et al. 2017) or side by side, each
  with its inputs dropped in training, against two networks whose logits are summed (late fusion).
- noise: a head on posters that learns from labels as they are; from labels smoothed towards the
  genre's share; and from labels mixed with what the default says of the film's plot (cross-modal
  distillation, Gupta et al. 2016), in the known cells or the unknown ones. Means of two seeds.
- teacher: heads on plots, all-mpnet-base-v2 frozen beside the default and alone; and frozen
  all-MiniLM-L6-v2, which learns from labels, or from what that teacher says out of fold (Hinton
  et al. 2015), in every cell. 8,000 training plots; the larger encoder takes 20 minutes for them.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from genreel.bundle import read_bundle
from genreel.catalogue import Catalogue, Movie
from genreel.features import collate, load_feature, readable_rows
from genreel.graph import Graph
from genreel.graph_vectors import with_outputs
from genreel.lab.evaluation.rules import cases_of
from genreel.lab.examples import Examples, presume_absent, read_examples
from genreel.lab.frozen import extracted_rows
from genreel.lab.metrics import average_precision, macro_roc_auc
from genreel.lab.model import Place, fit_logistics
from genreel.lab.networks.backbone import Backbone, BackboneSettings
from genreel.lab.recipe import load_recipe
from genreel.lab.splits import read_split
from genreel.lab.train import build_model, fit_features, parts_of
from genreel.lab.weights import encoder_folder
from genreel.paths import cache_folder
from genreel.predictor import Predictor
from genreel.vocabulary import Vocabulary

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "tried.csv"
COLUMNS = ("group", "tried", "inputs", "films", "roc_auc", "average_precision")

HEAD = """source = "genreel's own"
command = "python benchmarks/tried.py"
cost = "minutes"
[data]
presumed = 0.3
"""
PLOT = """[features.pieces]
kind = "pieces"
input = "plot"
encoder = "all-MiniLM-L6-v2"
length = 160
"""
POSTER = """[features.poster]
kind = "pixels"
height = 192
width = 128
"""
PLOT_TOWER = """[model.towers.plot]
kind = "sentence"
feature = "pieces"
frozen = true
"""
POSTER_TOWER = """[model.towers.poster]
kind = "backbone"
feature = "poster"
frozen = true
"""
TRAINING = """[model.training]
epochs = 12
batch_size = 64
optimizer = "adamw"
learning_rate = 2e-3
schedule = "onecycle"
weight_decay = 0.02
average = 0.99
patience = 3
"""


def main() -> None:
    """Tries the groups that are named, or all, and writes their rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--out", type=Path, default=Path("out/tried"), help="for checkpoints")
    arguments = parser.parse_args()
    kept: list[Mapping[str, Any]] = []
    if RESULTS.is_file():
        with RESULTS.open(newline="") as file:
            kept = [row for row in csv.DictReader(file) if row["group"] not in arguments.only]
    for group in arguments.only:
        for row in GROUPS[group](arguments.out):
            kept.append({"group": group, **row})
            print(kept[-1], flush=True)
            with RESULTS.open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(kept)


def _row(tried: str, inputs: str, labels: Any, known: Any, scores: Any) -> dict[str, Any]:
    return {
        "tried": tried,
        "inputs": inputs,
        "films": len(labels),
        "roc_auc": f"{macro_roc_auc(labels, known, scores):.4f}",
        "average_precision": f"{np.nanmean(average_precision(labels, known, scores)):.4f}",
    }


# Fusion


def recipes(folder: Path) -> dict[str, Path]:
    """Name → recipe file, written into the folder."""
    dense = "[model.head]\nhidden = [512]\ndropout = 0.5\n"

    def network(features: str, *tables: str) -> str:
        return f'[model]\nkind = "network"\nfeatures = {features}\n' + "".join(tables) + TRAINING

    def fused(kind: str) -> str:
        fusion = f'[model.fusion]\nkind = "{kind}"\nwidth = 512\n[model.head]\ndropout = 0.5\n'
        both = network('["pieces", "poster"]', PLOT_TOWER, POSTER_TOWER, fusion)
        return PLOT + POSTER + both.replace("[model]\n", "[model]\ndrop_input = 0.5\n")

    texts = {
        "plot-alone": PLOT + network('["pieces"]', PLOT_TOWER, dense),
        "poster-alone": POSTER + network('["poster"]', POSTER_TOWER, dense),
        "late-fusion": '[model]\nkind = "late-fusion"\n'
        + "".join(
            f'[model.parts.{part}]\nrecipe = "{folder}/{part}-alone.toml"\n'
            for part in ("plot", "poster")
        ),
        "gates": fused("gmu"),
        "side by side": fused("concatenate"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, text in texts.items():
        found[name] = folder / f"{name.replace(' ', '-')}.toml"
        about = f'id = "{found[name].stem}"\ntitle = "{name}"\n'
        found[name].write_text(about + HEAD + text, encoding="utf-8")
    return found


def fusion(out: Path) -> Iterator[dict[str, Any]]:
    """Late fusion against one network."""
    catalogue, extra = Catalogue(DATA / "movies", "mixed"), Catalogue(DATA / "plots.csv", "mixed")
    split = read_split(DATA / "movies" / "split.json")
    parts = parts_of(catalogue.by_id(), split, extra)
    files = recipes(out.absolute())
    for name in ("late-fusion", "gates", "side by side"):
        recipe = load_recipe(files[name])
        features = fit_features(recipe, parts["train"])
        films = {
            part: read_examples(parts[part], features, recipe.vocabulary, cache_folder())
            for part in ("train", "valid")
        }
        train = presume_absent(films["train"], parts["train"], recipe.head.data.presumed)
        model = build_model(recipe.model, features)
        model.fit(train, films["valid"], Place(out / "checkpoints", recipe.head.seed))
        for case, shown in cases_of(films["valid"], model.inputs).items():
            yield _row(name, case, shown.labels, shown.known, model.scores(shown))


# Noise in the labels


def noise(out: Path) -> Iterator[dict[str, Any]]:
    """Labels as they are, smoothed, and mixed with a teacher's."""
    movies = Catalogue(DATA / "movies", "mixed").by_id()
    parts = parts_of(movies, read_split(DATA / "movies" / "split.json"), None)
    teacher = Predictor("default")
    found = {}
    for part in ("train", "valid"):
        films = [movie for movie in parts[part] if movie.has("poster")]
        examples = _vectors(films)
        found[part] = (np.stack(examples.read("poster")), examples.labels, examples.known)
        if part == "train":
            said = _said(teacher, films)
    (x, labels, known), (y, wanted, measured) = found["train"], found["valid"]
    has, unknown = ~np.isnan(said), ~known & ~np.isnan(said)
    soft = np.nan_to_num(said)
    share = (labels * known).sum(axis=0) / known.sum(axis=0)
    tried = {
        "labels as they are": (labels, known),
        "smoothed by 0.05": (0.95 * labels + 0.05 * share, known),
        "teacher 0.3": (np.where(has, 0.7 * labels + 0.3 * soft, labels), known),
        "teacher 0.5": (np.where(has, 0.5 * labels + 0.5 * soft, labels), known),
        "teacher in unknown cells": (
            np.where(unknown, soft, labels),
            np.where(unknown, 0.5, known),
        ),
    }
    for name, (targets, weights) in tried.items():
        logits = np.mean([_head(x, targets, weights, y, seed) for seed in (0, 1)], axis=0)
        yield _row(name, "poster only", wanted, measured, logits)


def _vectors(films: Sequence[Movie]) -> Examples:
    """The films with ImageNet's vectors of their posters."""
    feature = load_feature("pixels", {"height": 192, "width": 128}, {})
    examples = read_examples(films, {"poster": feature}, Vocabulary(), cache_folder())
    backbone = Backbone(BackboneSettings("poster", frozen=True), feature, examples)  # type: ignore[arg-type]
    return extracted_rows(examples, "poster", backbone, cache_folder())


def _said(teacher: Predictor, films: Sequence[Movie]) -> NDArray[np.float64]:
    """What the teacher says of the plots, shape (n, genres); NaN where there is none."""
    plots = (film.without(["poster"]) for film in films)
    nothing = [np.nan] * len(teacher.genres)
    return np.array([list(p.scores.values()) or nothing for p in teacher.predict_many(plots)])


def _head(
    x: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any], y: NDArray[Any], seed: int
) -> NDArray[Any]:
    """Logits of a network of 512 hidden units for vectors `y`, having learnt from `x`."""
    torch.manual_seed(seed)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    train_x, test_x = (torch.from_numpy((a - mean) / spread).float() for a in (x, y))
    goal, weight = (torch.from_numpy(np.asarray(a, np.float32)) for a in (targets, weights))
    genres = goal.shape[1]
    net = nn.Sequential(
        *(nn.Dropout(0.3), nn.Linear(x.shape[1], 512), nn.ReLU()),
        *(nn.Dropout(0.5), nn.Linear(512, genres)),
    )
    epochs, size = 15, 128
    steps = len(train_x) // size
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-3, total_steps=epochs * steps, pct_start=0.15
    )
    for _ in range(epochs):
        order = torch.randperm(len(train_x))
        for at in order[: steps * size].reshape(steps, size):
            losses = nn.functional.binary_cross_entropy_with_logits(
                net(train_x[at]), goal[at], reduction="none"
            )
            loss = (losses * weight[at]).sum() / weight[at].sum()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    with torch.inference_mode():
        return np.asarray(net.eval()(test_x).numpy())


# A larger encoder as a teacher


def teacher(out: Path) -> Iterator[dict[str, Any]]:
    """The larger encoder beside the default, and its answers for the smaller one."""
    catalogue, extra = Catalogue(DATA / "movies", "mixed"), Catalogue(DATA / "plots.csv", "mixed")
    split = read_split(DATA / "movies" / "split.json")
    parts = parts_of(catalogue.by_id(), split, extra)
    valid = [movie for movie in parts["valid"] if movie.has("plot")]
    learnt = [movie for movie in parts["train"] if movie.has("plot")]
    learnt = [learnt[i] for i in np.random.default_rng(0).permutation(len(learnt))[:8000]]
    wanted, measured = Vocabulary().encode(movie.genres for movie in valid)
    examples = presume_absent(read_examples(learnt, {}, Vocabulary(), cache_folder()), learnt, 0.3)
    labels, weights = examples.labels, np.where(examples.known, 1, examples.presumed)
    large, large_valid = _meanings("all-mpnet-base-v2", learnt, valid, out)
    small, small_valid = _meanings("all-MiniLM-L6-v2", learnt, valid, out)
    folds = np.random.default_rng(0).permutation(len(learnt)) % 5
    soft = np.zeros_like(labels)
    for fold in range(5):
        rest = folds != fold
        logits = _head(large[rest], labels[rest], weights[rest], large[~rest], 0)
        soft[~rest] = 1 / (1 + np.exp(-logits))

    parts_of_default = _plot_parts(valid)
    answers = _head(large, labels, weights, large_valid, 0)
    yield _row("all-mpnet-base-v2", "plot only", wanted, measured, answers)
    fused = _fused(parts_of_default, wanted, measured)
    yield _row("words, sentence, languages", "plot only", wanted, measured, fused)
    four = np.concatenate([parts_of_default, answers[:, None]], axis=1)
    fused = _fused(four, wanted, measured)
    yield _row("the same and all-mpnet-base-v2", "plot only", wanted, measured, fused)
    half = np.where(weights > 0, 0.5 * labels + 0.5 * soft, soft)
    for name, targets, counts in (
        ("all-MiniLM-L6-v2, labels as they are", labels, weights),
        ("all-MiniLM-L6-v2, teacher 0.5", half, np.maximum(weights, 0.5)),
        ("all-MiniLM-L6-v2, teacher alone", soft, np.ones_like(weights)),
    ):
        logits = _head(small, targets, counts, small_valid, 0)
        yield _row(name, "plot only", wanted, measured, logits)


def _meanings(
    name: str, learnt: Sequence[Movie], valid: Sequence[Movie], out: Path
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors of plots from a frozen encoder of the hub, 128 pieces each; kept in `out`."""
    from transformers import AutoModel, AutoTokenizer

    path = out / f"{name}.npy"
    if not path.is_file():
        folder = encoder_folder(name)
        texts = [movie.plot for movie in (*learnt, *valid)]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        encoder: Any = AutoModel.from_pretrained(folder).to(torch.bfloat16).eval()
        vectors = np.zeros((len(texts), encoder.config.hidden_size), np.float32)
        for rows in (order[at : at + 16] for at in range(0, len(order), 16)):
            pieces = tokenizer(
                [texts[i] for i in rows],
                padding=True,
                truncation=True,
                max_length=128,
                return_tensors="pt",
            )
            with torch.inference_mode():
                states = encoder(**pieces).last_hidden_state.float()
            mask = pieces["attention_mask"][..., None].float()
            means = nn.functional.normalize((states * mask).sum(1) / mask.sum(1))
            vectors[rows] = means.numpy()
        out.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    vectors = np.load(path)
    return vectors[: len(learnt)], vectors[len(learnt) :]


def _plot_parts(films: Sequence[Movie]) -> NDArray[Any]:
    """Logits of the default's parts that read plots, shape (n, 3, genres)."""
    bundle, parts = read_bundle("default"), ["part_0", "part_1", "part_2"]
    graph = Graph(with_outputs(bundle.model, parts))
    found = []
    for at in range(0, len(films), 16):
        some = [film.without(["poster"]) for film in films[at : at + 16]]
        rows = {name: readable_rows(f, some) for name, f in bundle.features.items()}
        found.append(np.stack(graph.run(collate(bundle.features, rows), parts), axis=1))
    scores = np.concatenate(found).astype(np.float64).clip(1e-6, 1 - 1e-6)
    return np.log(scores / (1 - scores))


def _fused(logits: NDArray[Any], labels: NDArray[Any], known: NDArray[Any]) -> NDArray[Any]:
    """Late fusion of parts, shape (n, parts, genres), each movie by weights that others taught."""
    folds = np.random.default_rng(0).permutation(len(labels)) % 5
    result = np.zeros(labels.shape)
    for fold in range(5):
        rest = folds != fold
        weights, bias = fit_logistics(logits[rest], labels[rest], known[rest], 30)
        result[~rest] = (logits[~rest] * weights).sum(axis=1) + bias
    return result


GROUPS = {"fusion": fusion, "noise": noise, "teacher": teacher}

if __name__ == "__main__":
    main()
