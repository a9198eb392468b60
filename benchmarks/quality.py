"""How good the models that come along are, against what one would put together instead.

    python benchmarks/quality.py [--only GROUP …] [--checkpoints FOLDER] [--named TEXT]

Groups of rows of benchmarks/results/quality.csv, all on films that nothing here learnt from:

- genreel: the bundles `default` and `fast` on the test part of $GENREEL_DATA/movies, in every
  input case and for each rare genre; of the tags that each decision of `default` gives, how many
  are right (decisions.csv).
- read: posters of the test part in `large`, by their picture alone and with what RapidOCR read on
  them (lettering.jsonl).
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
from alternatives import ALTERNATIVES
from decisions import write_decisions
from numpy.typing import NDArray
from protocols import class_catalogue, class_split
from published_f1 import f1_row, write_f1

from genreel.cases import REPORT_CASES
from genreel.catalogue import Catalogue, Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.eras import enough
from genreel.lab.evaluation.evaluate import Outcome, outcomes
from genreel.lab.metrics import average_precision, macro_roc_auc, roc_auc
from genreel.lab.recipe import load_recipe
from genreel.lab.splits import read_split
from genreel.lab.train import parts_of, train
from genreel.lettering import Lettering, parse_lettering
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
        if name == "default":
            write_decisions(found)
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
    """Models that were trained for one input, of the default's own networks."""
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
                reuse="default",
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
    write_f1([f1_row(case, found[case]) for case in ("plot only", "both")])
    for case in ("plot only", "both"):
        yield _row("default", "class table, its own third, open", case, found[case])


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


GROUPS: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
    "genreel": ours,
    "read": read,
    "eras": of_eras,
    "alone": alone,
    "class": class_table,
    "alternatives": alternatives,
}

if __name__ == "__main__":
    main()
