"""Trains every published system on one protocol and writes the comparison to results/.

    GENREEL_DATA=... python benchmarks/reproduce.py plots posters decades two-genres

Protocols:

plots        the class table, "closed": train and test as the sources split it (a third is
             tested, random_state 42), a tenth of the train rows chooses settings; plots alone.
posters      the same, but for the films that have a poster.
decades      posters of the 2010s, TMDb's 19 genres; tested on the 2010s and on the 1970s.
two-genres   single-genre films: Action against Drama, or against Comedy and Drama.

A backbone whose weights cannot be had offline is replaced by MobileNetV2, frozen; the column
`changed` of the results says so, as it says of every setting that was changed to fit a CPU.
A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from sklearn.model_selection import train_test_split

from genreel.catalogue import Catalogue, Movie
from genreel.formats.class_table import read_class_table
from genreel.lab.evaluation.compare import COLUMNS, compare
from genreel.lab.evaluation.evaluate import evaluate
from genreel.lab.recipe import Recipe, load_recipe, recipe_files
from genreel.lab.splits import Split, read_split, stratified_split
from genreel.lab.train import train
from genreel.predictor import Predictor
from genreel.vocabulary import VOCABULARIES

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results"

PLOTS = (
    *("gomez-forest-tfidf", "gomez-mlp-counts", "gomez-forest-counts", "gomez-forest-counts-stop"),
    *("castelblanco-ngrams", "castelblanco-tree-plot", "castelblanco-forest-plot"),
    *("castelblanco-conv1d", "castelblanco-word2vec-conv1d", "castelblanco-lstm"),
    *("solano-word2vec-lstm", "solano-onehot-lstm", "zhang-lstm", "gomez-lstm"),
    "castelblanco-boosting-plot",
)
POSTERS = (
    *("gomez-extratrees-pca", "gomez-forest-pca", "castelblanco-tree-poster"),
    *("castelblanco-forest-poster", "castelblanco-vgg16-colour", "castelblanco-vgg16-grey"),
    *("castelblanco-vgg19", "castelblanco-inceptionv3", "solano-vgg16-colour"),
    *("solano-vgg16-grey", "zhang-resnet18", "solano-word2vec-lstm"),
    *("castelblanco-word2vec-conv1d", "solano-stack", "castelblanco-stack-ml"),
    *("castelblanco-stack-dl", "zhang-lstm", "zhang-cnn", "zhang-cnn-lstm", "zhang-add"),
    *("zhang-product", "zhang-max", "zhang-sigmoid", "zhang-finetuned", "zhang-frozen"),
    *("gomez-cnn-grey", "gomez-forest-tfidf", "gomez-mlp-counts", "gomez-average"),
    *("castelblanco-cnn3-grey", "castelblanco-cnn3-colour", "castelblanco-boosting-poster"),
)
DECADES = ("dealer-resnet50-svm", "dealer-resnet50-svm-balanced", "dealer-resnet50-mlp")
TWO_GENRES = (
    *("dealer-resnet50-svm-two", "dealer-pca-knn", "dealer-pca-logistic", "dealer-pca-forest"),
    "dealer-cnn3",
)

LARGE = (
    *("zhang-lstm", "zhang-cnn", "zhang-frozen", "zhang-add", "zhang-cnn-lstm", "zhang-product"),
    *("zhang-max", "zhang-sigmoid", "zhang-finetuned"),
)

STAND_IN = "mobilenetv2_100"
HEAVY = ("vgg16", "vgg19", "inception_v3", "resnet18", "resnet50")


SMALLER: dict[str, list[str]] = {
    "gomez-cnn-grey": ["model.training.epochs=2"],
    "gomez-average": ["parts.cnn.training.epochs=2"],
    "castelblanco-cnn3-grey": ["training.epochs=2"],
    "castelblanco-cnn3-colour": ["training.epochs=2"],
    "dealer-cnn3": ["training.epochs=2"],
    **{
        name: ["training.epochs=5", "features.poster.height=96", "features.poster.width=64"]
        for name in POSTERS
        if name.startswith("zhang-")
    },
    "zhang-lstm": ["training.epochs=5"],
    "solano-word2vec-lstm": ["training.epochs=8"],
}
"""What a CPU would need hours for."""


def recipe_for_cpu(name: str, protocol: str) -> Recipe:
    """The recipe, with a stand-in for what cannot be had offline, or made smaller."""
    recipe = load_recipe(name)
    changes = []
    if any(f'"{heavy}"' in recipe.text for heavy in HEAVY):
        if recipe.model.kind == "classic":
            changes = [f"model.backbone={STAND_IN}"]
        else:
            changes = ["parts.plot.training.epochs=8"] if name == "solano-stack" else []
            changes += [f"towers.poster.name={STAND_IN}", "towers.poster.frozen=true"]
    elif name in SMALLER and protocol == "posters":
        changes = SMALLER[name]
    return load_recipe(name, changes)


def class_catalogue(folder: Path) -> Catalogue:
    """The class table as a catalogue, with the posters that belong to it."""
    if not (folder / "movies.jsonl").is_file():
        (folder / "posters").mkdir(parents=True, exist_ok=True)
        posters = {}
        with (DATA / "kaggle" / "posters.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                source = DATA / "movies" / "posters" / f"{row['id']}.jpg"
                if source.is_file():
                    posters[row["kaggle_index"]] = f"posters/{row['id']}.jpg"
                    shutil.copy(source, folder / posters[row["kaggle_index"]])
        with (folder / "movies.part").open("w", encoding="utf-8") as file:
            for movie in read_class_table(DATA / "kaggle" / "dataTraining.zip"):
                record = {"id": movie.id, "title": movie.title, "year": movie.year}
                record |= {"plot": movie.plot, "poster": posters.get(movie.id)}
                record["genres"] = list(movie.genres["genreel"])
                file.write(json.dumps(record) + "\n")
        (folder / "movies.part").rename(folder / "movies.jsonl")
    return Catalogue(folder)


def class_split(movies: Mapping[str, Movie], with_poster: bool) -> Split:
    """The sources' own thirds; a tenth of the train rows, stratified, chooses settings."""
    rest, tested = train_test_split(range(len(movies)), test_size=0.33, random_state=42)
    rows = list(movies.values())
    rest, tested = (
        [rows[i] for i in part if not with_poster or rows[i].has("poster")]
        for part in (rest, tested)
    )
    # Its test part takes no films from the rest: it goes back to the train part.
    inner = stratified_split(rest, VOCABULARIES["mmimdb"], seed=0, valid=0.1, test=0.1)
    return Split(inner.train + inner.test, inner.valid, tuple(m.id for m in tested))


def run(
    protocol: str,
    names: Sequence[str],
    catalogue: Catalogue,
    split: Split,
    out: Path,
) -> list[dict[str, Any]]:
    """The leaderboard of one protocol; its rows go among those of results/PROTOCOL.csv."""
    folder = out / protocol
    folder.mkdir(parents=True, exist_ok=True)
    movies = catalogue.by_id()
    command = f"python benchmarks/reproduce.py {protocol}"

    def trained(recipe: Recipe, bundle: Path) -> Mapping[str, Any]:
        return train(
            recipe,
            catalogue,
            bundle,
            split=split,
            command=command,
            checkpoints=folder / "checkpoints",
        )

    recipes = [recipe_for_cpu(name, protocol) for name in names]
    rows = compare(recipes, trained, split.part("test", movies), split, folder)
    keep(folder / "leaderboard.csv", RESULTS / f"{protocol}.csv")
    return rows


def keep(measured: Path, results: Path) -> None:
    """Puts what was measured in the place of its older rows; recipes not run now stay."""
    rows: dict[str, dict[str, str]] = {}
    for path in (results, measured):
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows |= {row["recipe"]: row for row in csv.DictReader(file) if not row["error"]}
    ordered = sorted(rows.values(), key=lambda row: -float(row["macro_roc_auc"]))
    with results.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)


def fill_in(rows: Sequence[Mapping[str, Any]], protocol: str, data: str) -> None:
    """Writes our figures into the table `ours` of the recipes."""
    for row in rows:
        if row["error"]:
            continue
        path = recipe_files()[row["recipe"]]
        ours = {"data": data, "inputs": row["case"], "movies": row["movies"]}
        ours |= {"command": f"python benchmarks/reproduce.py {protocol}"}
        ours |= {"changed": row["changed"]} if row["changed"] else {}
        ours |= {"roc_auc": round(row["macro_roc_auc"], 4)}
        ours |= {n: round(row[n], 4) for n in ("weighted_f1", "label_accuracy", "log_loss")}
        text = re.sub(r"\n\[ours\]\n(.+\n)*", "", path.read_text(encoding="utf-8"))
        block = "\n" + tomli_w.dumps({"ours": ours}) + "\n"
        at = min(i for i in (text.find("\n[features"), text.find("\n[model")) if i >= 0)
        path.write_text(text[:at] + block.rstrip() + "\n" + text[at:], encoding="utf-8")


def decade(catalogue: Catalogue, split: Split, out: Path) -> None:
    """What was trained on the 2010s, measured on the 1970s: results/decades-1970s.csv."""
    movies = split.part("test", catalogue.by_id())
    seventies = [m for m in movies if m.year is not None and 1970 <= m.year <= 1979]
    figures = ("macro_roc_auc", "macro_f1", "micro_f1", "weighted_f1", "samples_f1")
    rows = []
    for name in DECADES:
        bundle = out / "decades" / "bundles" / name
        if bundle.is_dir():
            found = evaluate(Predictor(bundle), seventies)["poster only"]
            rows.append(
                {"recipe": name, "movies": found["movies"]} | {f: found[f] for f in figures}
            )
    with (RESULTS / "decades-1970s.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ("recipe", "movies", *figures), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


CLOSED = "films of the class table, {}its own third tested, closed"
ABOUT = {
    "plots": CLOSED.format(""),
    "posters": CLOSED.format("those with a poster, "),
    "decades": "posters of the 2010s, TMDb's 19 genres",
    "two-genres": "posters of films with one of these genres",
    "large": "films with a poster, of all years, TMDb's 19 genres",
}


def main() -> None:
    """Runs the protocols that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("protocols", nargs="*", default=list(ABOUT), metavar="PROTOCOL")
    parser.add_argument("--out", type=Path, default=Path("out/reproduce"), help="for the bundles")
    parser.add_argument("--only", nargs="*", metavar="RECIPE", help="these recipes alone")
    arguments = parser.parse_args()
    if not (DATA / "kaggle").is_dir():
        parser.exit(1, f"{DATA} is not there; set GENREEL_DATA\n")
    unknown = set(arguments.protocols) - set(ABOUT)
    if unknown:
        parser.error(f"unknown protocol {min(unknown)!r}; choose from {', '.join(ABOUT)}")
    for protocol in arguments.protocols:
        names = {
            "plots": PLOTS,
            "posters": POSTERS,
            "decades": DECADES,
            "two-genres": TWO_GENRES,
            "large": LARGE,
        }
        if protocol in ("plots", "posters"):
            catalogue = class_catalogue(arguments.out / "class")
            split = class_split(catalogue.by_id(), protocol == "posters")
        else:
            catalogue = Catalogue(DATA / "movies")
            split = read_split(DATA / "movies" / "split.json")
        chosen = [n for n in names[protocol] if not arguments.only or n in arguments.only]
        rows = run(protocol, chosen, catalogue, split, arguments.out)
        fill_in(rows, protocol, ABOUT[protocol])
        if protocol == "decades":
            decade(catalogue, split, arguments.out)


if __name__ == "__main__":
    main()
