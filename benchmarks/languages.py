"""Is a plot in another language noticed, and one in English left alone: the answers.

False alarms: the share of English plots that are said to be in another language. Noticed: the
share of plots of at least 60 characters in another language that are not taken for English, or
for a text that does not tell. Cost: the time to tell a plot's language, as a ratio to the time
that the default bundle takes to predict the same plot, in the same run.

    GENREEL_DATA=FOLDER python benchmarks/languages.py    → benchmarks/results/languages.csv
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from genreel.catalogue import Movie
from genreel.evidence import is_placeholder
from genreel.language import NAMES, language_of
from genreel.predictor import Predictor

DATA = Path(os.environ.get("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "languages.csv"
SHORTEST = 60
"""Characters of a plot that is to be noticed."""

TIMED = 300
"""English plots whose time is taken, three times over."""


def main() -> None:
    """Measures, writes the table and prints it."""
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
    rows.append(cost(english[:: len(english) // TIMED]))
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sys.stdout.write(RESULTS.read_text())


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


def cost(sample: list[str]) -> dict[str, object]:
    """Seconds to tell languages over seconds to predict, the best of three runs each."""
    predictor = Predictor(threads=1)
    movies = [Movie("a", plot=plot, language="en") for plot in sample]
    telling = best(lambda: [language_of(plot) for plot in sample])
    predicting = best(lambda: list(predictor.predict_many(movies)))
    print(f"{telling / len(sample) * 1e6:.0f} µs a plot to tell its language", file=sys.stderr)
    value = f"{telling / predicting:.4f}"
    return {"figure": "cost", "language": "English", "plots": len(sample), "value": value}


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
