"""Trains every published system as its source did, and writes tables and pages of docs/.

    GENREEL_DATA=... python benchmarks/reproduce.py plots posters three-genres across large
    GENREEL_DATA=... python benchmarks/reproduce.py large --only zhang-add --out out/reproduce
    GENREEL_DATA=... python benchmarks/reproduce.py large --collect --out out/reproduce
    python benchmarks/reproduce.py page

Protocols:

plots         the class table, "closed": train and test as the sources split it (a third is
              tested, random_state 42), a tenth of the train rows chooses settings; plots alone.
posters       the same, but for the films that have a poster.
decades       posters of the 2010s, TMDb's 19 genres.
across        the same systems trained on the 2010s and on the 1970s, each tested on both.
two-genres    films of one genre of two, Action or Drama, as many of each.
three-genres  films of 2016 of one genre of three, as many of each: ten draws, five sixths to
              learn from.
large         14,072 films of all years with a poster, TMDb's 19 genres, at the sources' epochs:
              hours to days on two cores. A run that was stopped goes on from its last whole epoch.
again         some of `plots` and `posters` that take minutes, trained anew from nothing.
order         of the systems of `large` that are trained: each against the next, paired bootstrap.
page          nothing is trained: both pages anew from the tables.

A backbone whose weights cannot be had offline is replaced by another, frozen: MobileNetV2, or one
of --stand-in, such as tf_efficientnet_lite0. Such rows go to stand-ins.csv, one a network and
stand-in. Every other row is of the recipe as it stands.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import re
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from protocols import DATA, PROTOCOLS, THREE_GENRES, catalogue_of, first_genres
from reproduction import write_pages

from genreel.catalogue import Catalogue
from genreel.lab.evaluation.bootstrap import difference
from genreel.lab.evaluation.compare import COLUMNS, compare
from genreel.lab.evaluation.evaluate import evaluate, outcomes
from genreel.lab.examples import read_examples
from genreel.lab.metrics import macro_roc_auc
from genreel.lab.model import Place
from genreel.lab.models.estimators import PerGenre
from genreel.lab.networks.backbone import LITE
from genreel.lab.recipe import Recipe, load_recipe, recipe_files
from genreel.lab.splits import Split
from genreel.lab.train import build_model, fit_features, train
from genreel.paths import cache_folder
from genreel.predictor import Predictor

RESULTS = Path(__file__).parent / "results"

STAND_INS = ("mobilenetv2_100", *LITE)
BACKBONES = ("vgg16", "vgg19", "inception_v3", "resnet18", "resnet50")
ONE_GENRE = ("data.main_genre=false", "data.one_genre=true")
"""The order of a film's genres is lost in these data, so its main genre is unknown."""


def recipe_here(name: str, stand_in: str = STAND_INS[0]) -> Recipe:
    """The recipe, with a stand-in for a backbone that cannot be had, on films as they are here."""
    recipe = load_recipe(name)
    changes = list(ONE_GENRE) if recipe.head.data.main_genre else []
    if any(f'"{backbone}.' in recipe.text for backbone in BACKBONES):
        if recipe.model.kind == "classic":
            changes.append(f"model.backbone={stand_in}")
        else:
            changes += [f"towers.poster.name={stand_in}", "towers.poster.frozen=true"]
    return load_recipe(name, changes)


def trainer(
    protocol: str, catalogue: Catalogue, split: Split, folder: Path
) -> Callable[[Recipe, Path], Mapping[str, Any]]:
    """What trains a recipe on the films of a protocol."""

    def trained(recipe: Recipe, bundle: Path) -> Mapping[str, Any]:
        marker = folder / "running" / recipe.head.id
        marker.parent.mkdir(exist_ok=True)
        if not marker.is_file():  # a run that was stopped began when it first did
            marker.touch()
        metrics = train(
            recipe,
            catalogue,
            bundle,
            split=split,
            command=f"python benchmarks/reproduce.py {protocol}",
            checkpoints=folder / "checkpoints",
        )
        marker.unlink()
        return metrics

    return trained


def run(protocol: str, names: Sequence[str], out: Path, stand_in: str = STAND_INS[0]) -> None:
    """Trains what is not trained yet; its rows and curves go among those of results/."""
    usual = stand_in == STAND_INS[0]
    folder = out / (protocol if usual else f"{protocol}-{stand_in}")
    folder.mkdir(parents=True, exist_ok=True)
    catalogue, split = catalogue_of(protocol, out)
    recipes = [recipe_here(name, stand_in) for name in names]
    test = split.part("test", catalogue.by_id())
    trained = trainer(protocol, catalogue, split, folder)
    rows = [row for row in compare(recipes, trained, test, split, folder) if not row["error"]]
    by_name = {recipe.head.id: recipe for recipe in recipes}
    for row in rows:
        recipe = by_name[row["recipe"]]
        metrics = json.loads((folder / "bundles" / row["recipe"] / "metrics.json").read_bytes())
        row |= {"protocol": protocol, "seed": recipe.head.seed, "machine": machine()}
        if stand_in in row["changed"]:
            row |= {"network": network_of(recipe, protocol), "stand_in": stand_in}
        elif not usual:
            raise SystemExit(f"{row['recipe']} has no backbone for {stand_in} to stand in for")
        keep_row(row)
        if usual:
            keep_curves(protocol, row["recipe"], metrics.get("history", {}))
            fill_in(row, PROTOCOLS[protocol].about)


def machine() -> str:
    """What it ran on."""
    return f"{os.cpu_count()} cores, {platform.machine()}"


def network_of(recipe: Recipe, protocol: str) -> str:
    """What a recipe is once another network stands in: the same words for the same network, and
    whether it tells only two genres apart.
    """
    table = tomllib.loads(recipe.text)
    poster = table["features"]["poster"]
    colour = "grey" if poster.get("grey") else "colour"
    network = f"{poster['height']} × {poster['width']} {colour}, {_top(table['model'])}"
    return network + (", two genres" if protocol == "two-genres" else "")


def _top(model: Mapping[str, Any]) -> str:
    if model["kind"] == "classic":
        options = " ".join(f"{key} {value}" for key, value in model.get("options", {}).items())
        return f"{model['estimator']} {options}".strip()
    if model["kind"] == "stack":
        words = model["parts"]["plot"]["towers"]["plot"]["kind"]
        return f"stacked with a {words} by {model['estimator']}"
    hidden = "-".join(map(str, model.get("head", {}).get("hidden", [])))
    dropout = model["towers"]["poster"].get("dropout", 0)
    return f"head {hidden or 'linear'}" + (f", dropout {dropout:g}" if dropout else "")


EXTRA = ("protocol", "seed", "machine")


def keep_row(row: Mapping[str, Any]) -> None:
    """Puts a row in the place of its older one: in the table of its protocol, or among stand-ins,
    in the order of their networks, which is no ranking.
    """
    is_stand_in = "network" in row
    path = RESULTS / ("stand-ins.csv" if is_stand_in else f"{row['protocol']}.csv")
    columns = [*(["network", "stand_in"] if is_stand_in else []), *COLUMNS, *EXTRA]
    rows = {(r["recipe"], r.get("stand_in")): r for r in [*read_table(path), dict(row)]}
    write_table(
        path,
        columns,
        sorted(rows.values(), key=lambda r: (r["network"], STAND_INS.index(r["stand_in"])))
        if is_stand_in
        else sorted(rows.values(), key=lambda r: -float(r["macro_roc_auc"])),
    )


CURVE = ("epoch", "loss", "accuracy", "valid_loss", "valid_accuracy", "valid_roc_auc", "seconds")


def keep_curves(
    protocol: str, name: str, history: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Puts the curves of a recipe's networks in the place of its older ones, in curves.csv."""
    path = RESULTS / "curves.csv"
    rows = [r for r in read_table(path) if (r["protocol"], r["recipe"]) != (protocol, name)]
    for network, epochs in history.items():
        for epoch in epochs:
            about = {"protocol": protocol, "recipe": name, "network": network}
            rows.append(about | {key: _short(epoch.get(key)) for key in CURVE})
    rows.sort(key=lambda r: (r["protocol"], r["recipe"], r["network"], int(r["epoch"])))
    write_table(path, ("protocol", "recipe", "network", *CURVE), rows)


def _short(value: float | int | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.4f}"


def read_table(path: Path) -> list[dict[str, Any]]:
    """Rows of a table; none if it is not there."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a table; what a row lacks stays empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def fill_in(row: Mapping[str, Any], data: str) -> None:
    """Writes our figures into the table `ours` of the recipe."""
    path = recipe_files()[row["recipe"]]
    ours = {"data": data, "inputs": row["case"], "movies": row["movies"]}
    ours |= {"command": f"python benchmarks/reproduce.py {row['protocol']}"}
    ours |= {"changed": row["changed"]} if row["changed"] else {}
    ours |= {"roc_auc": round(row["macro_roc_auc"], 4)}
    ours |= {n: round(row[n], 4) for n in ("weighted_f1", "label_accuracy", "log_loss")}
    text = re.sub(r"\n\[ours\]\n(.+\n)*", "", path.read_text(encoding="utf-8"))
    block = "\n" + tomli_w.dumps({"ours": ours}) + "\n"
    at = min(i for i in (text.find("\n[features"), text.find("\n[model")) if i >= 0)
    path.write_text(text[:at] + block.rstrip() + "\n" + text[at:], encoding="utf-8")


def across(out: Path) -> None:
    """Trained on one decade, measured on it and on the other: results/across.csv."""
    run("decades", PROTOCOLS["decades"].recipes, out)
    by_genre(out)
    catalogue, split = catalogue_of("across", out)
    test = split.part("test", catalogue.by_id())
    rows = read_table(RESULTS / "across.csv")
    for name in PROTOCOLS["decades"].recipes:
        for first in (2010, 1970):
            recipe = recipe_here(name)
            bundle = out / "decades" / "bundles" / name
            if first != 2010:
                years = f"data.years=[{first}, {first + 9}]"
                recipe = load_recipe(name, [*recipe.overrides, years])
                bundle = out / "across" / f"{name}-{first}s"
                if not (bundle / "metrics.json").is_file():
                    trainer("across", catalogue, split, out / "across")(recipe, bundle)
            metrics = json.loads((bundle / "metrics.json").read_bytes())
            keep_curves("across", f"{name} {first}s", metrics.get("history", {}))
            for other in (2010, 1970):
                movies = [m for m in test if m.year is not None and 0 <= m.year - other <= 9]
                movies = first_genres(recipe, movies)
                figures = evaluate(Predictor(bundle), movies)["poster only"]
                about = {"recipe": name, "trained_on": f"{first}s", "tested_on": f"{other}s"}
                about |= {"films": metrics["movies"]["train"], "tested": figures["movies"]}
                about |= {n: round(figures[n], 4) for n in ACROSS}
                key = ("recipe", "trained_on", "tested_on")
                rows = [r for r in rows if any(r[k] != about[k] for k in key)] + [about]
            write_table(RESULTS / "across.csv", tuple(rows[-1]), rows)


def by_genre(out: Path) -> None:
    """Precision, recall and F1 of each genre, the source's and ours: results/dealer-genres.csv."""
    rows = []
    for name in ("dealer-resnet50-svm", "dealer-resnet50-svm-balanced"):
        metrics = json.loads((out / "decades" / "bundles" / name / "metrics.json").read_bytes())
        ours = metrics["test"]["poster only"]["genres"]
        for genre, printed in load_recipe(name).head.reported["genres"].items():
            row = {"recipe": name, "genre": genre}
            row |= dict(zip(PRINTED, printed, strict=True))
            own = [round(ours[genre][n], 2) for n in ("precision", "recall", "f1")]
            rows.append(row | dict(zip(OWN, [*own, ours[genre]["positive"]], strict=True)))
    write_table(RESULTS / "dealer-genres.csv", ("recipe", "genre", *PRINTED, *OWN), rows)


OWN = ("precision", "recall", "f1", "films")
PRINTED = tuple(f"reported_{name}" for name in OWN)

ACROSS = (
    *("weighted_precision", "weighted_recall", "weighted_f1", "macro_roc_auc", "label_accuracy"),
)


DRAWS = 10


def three_genres() -> None:
    """The accuracy of one class of three, over draws of films: results/three-genres.csv."""
    recipes = [load_recipe(name, ONE_GENRE) for name in THREE_GENRES]
    start = time.monotonic()
    vocabulary, [first, last] = recipes[0].vocabulary, recipes[0].head.data.years
    movies = [
        m for m in Catalogue(DATA / "movies") if m.year and first <= m.year <= last and m.genres
    ]
    labels, _ = vocabulary.encode(movie.genres for movie in movies)
    classes = [
        [m for m, row in zip(movies, labels, strict=True) if row.sum() == 1 and row[g]]
        for g in range(len(vocabulary))
    ]
    most = min(map(len, classes))
    found: dict[str, list[float]] = {name: [] for name in (*THREE_GENRES, "variance")}
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        films = [m for group in classes for m in rng.permutation(np.array(group, object))[:most]]
        films = [films[i] for i in rng.permutation(len(films))]
        at = len(films) * 5 // 6
        features = fit_features(recipes[0], films[:at])
        model: Any = build_model(recipes[0].model, features)
        learn, test = (
            read_examples(part, features, vocabulary, cache_folder())
            for part in (films[:at], films[at:])
        )
        model.fit(learn, learn, Place(Path(), draw))
        found["variance"].append(float(model.pca.explained_variance_ratio_.sum()))
        x, y = (model._reduce(model._matrix(part)) for part in (learn, test))
        for recipe in recipes:
            core = PerGenre(recipe.model.settings)
            core.fit(x, learn.labels, learn.counts(), draw)
            right = core.scores(y).argmax(axis=1) == test.labels.argmax(axis=1)
            found[recipe.head.id].append(float(right.mean()))
    rows = []
    for recipe in recipes:
        values, shares = found[recipe.head.id], found["variance"]
        rows.append(
            {
                "recipe": recipe.head.id,
                "films": most * len(classes),
                "draws": DRAWS,
                "class_accuracy": round(float(np.mean(values)), 4),
                "lowest": round(min(values), 4),
                "highest": round(max(values), 4),
                "reported": recipe.head.reported["class_accuracy"],
                "variance": round(float(np.mean(shares)), 4),
                "reported_variance": recipe.head.reported["variance"],
                "seconds": round(time.monotonic() - start),
                "seed": f"0 to {DRAWS - 1}",
                "machine": machine(),
            }
        )
    write_table(RESULTS / "three-genres.csv", tuple(rows[0]), rows)


AGAIN = {
    "plots": (
        *("gomez-forest-tfidf", "gomez-forest-counts", "castelblanco-ngrams", "gomez-lstm"),
        *("castelblanco-tree-plot", "castelblanco-conv1d", "castelblanco-word2vec-conv1d"),
        *("solano-number-lstm", "solano-onehot-lstm"),
    ),
    "posters": ("gomez-extratrees-pca", "castelblanco-tree-poster"),
}
"""Some of each kind that take minutes."""


def again(out: Path) -> None:
    """Trained a second time, beside the first figure: results/again.csv."""
    rows = []
    for protocol, names in AGAIN.items():
        folder = out / "again" / protocol
        folder.mkdir(parents=True, exist_ok=True)
        catalogue, split = catalogue_of(protocol, out)
        test = split.part("test", catalogue.by_id())
        trained = trainer("again", catalogue, split, folder)
        first = {row["recipe"]: row for row in read_table(RESULTS / f"{protocol}.csv")}
        for row in compare([recipe_here(n) for n in names], trained, test, split, folder):
            figures = [float(first[row["recipe"]]["macro_roc_auc"]), row["macro_roc_auc"]]
            about = {"protocol": protocol, "recipe": row["recipe"], "movies": row["movies"]}
            about |= dict(
                zip(("macro_roc_auc", "again"), (round(f, 4) for f in figures), strict=True)
            )
            about |= {"difference": round(abs(figures[0] - figures[1]), 4)}
            about |= {"training_seconds": row["training_seconds"]}
            about |= {"seed": load_recipe(row["recipe"]).head.seed, "machine": machine()}
            rows.append(about)
    write_table(RESULTS / "again.csv", tuple(rows[0]), rows)


def order(out: Path) -> None:
    """Each system of the protocol `large` against the next one: results/order.csv."""
    catalogue, split = catalogue_of("large", out)
    test = [m for m in split.part("test", catalogue.by_id()) if m.has("plot") and m.has("poster")]
    answers = {
        name: outcomes(Predictor(out / "large" / "bundles" / name), test)["as they are"]
        for name in PROTOCOLS["large"].recipes
        if (out / "large" / "bundles" / name / "metrics.json").is_file()
    }
    everywhere = set.intersection(*({m.id for m in a.movies} for a in answers.values()))
    is_common = {n: [m.id in everywhere for m in a.movies] for n, a in answers.items()}
    scores = {n: a.scores[is_common[n]] for n, a in answers.items()}
    name, first = next(iter(answers.items()))
    labels, known = first.labels[is_common[name]], first.known[is_common[name]]
    auc = {n: macro_roc_auc(labels, known, scores[n]) for n in answers}
    rows = []
    for one, other in pairwise(sorted(auc, key=lambda name: -auc[name])):
        figures = difference(labels, known, scores[one], scores[other])
        row = {"recipe": one, "next": other, "films": len(labels), "roc_auc": auc[one]}
        row |= dict(zip(("above_next", "low", "high"), figures, strict=True))
        rows.append({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
    if rows:
        write_table(RESULTS / "order.csv", tuple(rows[0]), rows)


def collect(protocol: str, out: Path) -> None:
    """Rows of what is trained, and the curve so far of what is in training."""
    folder = out / protocol
    names = PROTOCOLS[protocol].recipes
    run(protocol, [n for n in names if (folder / "bundles" / n / "metrics.json").is_file()], out)
    for marker in (folder / "running").glob("*"):
        began = marker.stat().st_mtime
        states = [p for p in (folder / "checkpoints").glob("*.pt") if p.stat().st_mtime > began]
        if states:
            import torch

            newest = max(states, key=lambda path: path.stat().st_mtime)
            state = torch.load(newest, map_location="cpu", weights_only=True)
            keep_curves(protocol, marker.name, {"model": state["history"]})


def main() -> None:
    """Runs the protocols that are named."""
    known = [*PROTOCOLS, "across", "three-genres", "again", "order", "page"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("protocols", nargs="+", choices=known, metavar="PROTOCOL")
    parser.add_argument("--out", type=Path, default=Path("out/reproduce"), help="for the bundles")
    parser.add_argument("--stand-in", choices=STAND_INS, default=STAND_INS[0])
    parser.add_argument("--only", nargs="*", metavar="RECIPE", help="these recipes alone")
    parser.add_argument(
        "--collect", action="store_true", help="train nothing: rows of what is done"
    )
    arguments = parser.parse_args()
    if arguments.protocols != ["page"] and not (DATA / "kaggle").is_dir():
        parser.exit(1, f"{DATA} is not there; set GENREEL_DATA\n")
    for protocol in arguments.protocols:
        if protocol == "across":
            across(arguments.out)
        elif protocol == "again":
            again(arguments.out)
        elif protocol == "order":
            order(arguments.out)
        elif protocol == "three-genres":
            three_genres()
        elif protocol != "page" and arguments.collect:
            collect(protocol, arguments.out)
        elif protocol != "page":
            names = PROTOCOLS[protocol].recipes
            chosen = [n for n in names if not arguments.only or n in arguments.only]
            run(protocol, chosen, arguments.out, arguments.stand_in)
    write_pages(RESULTS)


if __name__ == "__main__":
    main()
