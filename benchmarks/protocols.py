"""The films on which published systems are measured, and which systems on which."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sklearn.model_selection import train_test_split

from genreel.catalogue import Catalogue, Movie
from genreel.formats.class_table import read_class_table
from genreel.lab.recipe import Recipe
from genreel.lab.splits import Split, read_split, stratified_split
from genreel.vocabulary import VOCABULARIES

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))

CLOSED = "films of the class table, {}its own third tested, closed"


class Protocol(NamedTuple):
    """Which recipes are measured on which films."""

    about: str
    recipes: tuple[str, ...]


PROTOCOLS = {
    "plots": Protocol(
        CLOSED.format(""),
        (
            *("gomez-forest-tfidf", "gomez-mlp-counts", "gomez-forest-counts"),
            *("gomez-forest-counts-stop", "castelblanco-ngrams", "castelblanco-tree-plot"),
            *("castelblanco-forest-plot", "castelblanco-conv1d", "castelblanco-glove-conv1d"),
            *("castelblanco-word2vec-conv1d", "castelblanco-lstm", "solano-word2vec-lstm"),
            *("solano-glove-lstm", "solano-number-lstm", "solano-onehot-lstm", "gomez-lstm"),
            "castelblanco-boosting-plot",
        ),
    ),
    "posters": Protocol(
        CLOSED.format("those with a poster, "),
        (
            *("gomez-extratrees-pca", "gomez-forest-pca", "castelblanco-tree-poster"),
            *("castelblanco-forest-poster", "castelblanco-vgg16-colour"),
            *("castelblanco-vgg16-grey", "castelblanco-inceptionv3", "solano-vgg16-colour"),
            *("solano-vgg16-grey", "zhang-resnet18", "castelblanco-stack-dl"),
            *("castelblanco-stack-ml", "solano-stack", "gomez-cnn-grey", "gomez-average"),
            *("castelblanco-cnn3-grey", "castelblanco-cnn3-colour", "castelblanco-boosting-poster"),
        ),
    ),
    "decades": Protocol(
        "posters of the 2010s, TMDb's 19 genres",
        ("dealer-resnet50-svm", "dealer-resnet50-svm-balanced", "dealer-resnet50-mlp"),
    ),
    "two-genres": Protocol(
        "posters of films of Action or Drama alone, as many of each",
        ("dealer-resnet50-svm-two", "dealer-cnn3"),
    ),
    "large": Protocol(
        "films with a poster, of all years, TMDb's 19 genres",
        (
            *("zhang-lstm", "zhang-cnn", "zhang-frozen", "zhang-add", "zhang-cnn-lstm"),
            *("zhang-product", "zhang-max", "zhang-sigmoid", "zhang-finetuned"),
        ),
    ),
}
THREE_GENRES = ("dealer-pca-knn", "dealer-pca-logistic", "dealer-pca-forest")


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


def catalogue_of(protocol: str, out: Path) -> tuple[Catalogue, Split]:
    """The films of a protocol, and its split."""
    if protocol in ("plots", "posters"):
        catalogue = class_catalogue(out / "class")
        return catalogue, class_split(catalogue.by_id(), protocol == "posters")
    return Catalogue(DATA / "movies"), read_split(DATA / "movies" / "split.json")


def first_genres(recipe: Recipe, movies: Sequence[Movie]) -> list[Movie]:
    """Movies with the genres that the recipe counts, of any year."""
    count = recipe.head.data.first_genres
    return [replace(m, genres={k: v[:count] for k, v in m.genres.items()}) for m in movies]
