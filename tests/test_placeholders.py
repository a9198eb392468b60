"""Plots that say that there is none, and those that only look so."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from genreel.catalogue import Movie
from genreel.placeholders import is_placeholder
from genreel.predictor import Predictor

PLACEHOLDERS = """
We do not have an overview yet.
We don\u2019t have a summary translated into English. Please add one.
TMDb doesn't have an overview for this movie.|Plot not known|The plot has not been disclosed.
Plot kept under wraps.|Details are currently under wraps|Story details are being kept secret.
The storyline is being kept secret.|Plot TBA|PLOT: TBD|Synopsis coming soon|Synopsis pending
Description to be announced.|Storyline to be determined|Plot is unknown at this time.
Add a plot \u00bb|Write a synopsis|Be the first to contribute!|Add Synopsis
It looks like we don't have any plot summaries for this title yet. Be the first to contribute!
n.a.|N / A|-|?|...|null|None|Unknown|Unavailable|TBA|&nbsp;|<br/>|<p><i>No description.</i></p>
[No synopsis]|(no plot)|No plot summary|No overview has been added yet.|No information available
There is no overview available.|Overview not available in English|Summary unavailable
No description available for this title.|Information not available|Currently no plot.
Keine Inhaltsangabe vorhanden|Es wurde noch keine deutsche Beschreibung hinzugef\u00fcgt.
Pas de r\u00e9sum\u00e9 disponible.|Aucun synopsis|Sin sinopsis.|No hay descripci\u00f3n disponible
Nessuna trama disponibile|Sinopse n\u00e3o dispon\u00edvel|Geen beschrijving beschikbaar.
Ingen beskrivning|Brak opisu.|\u041d\u0435\u0442 \u043e\u043f\u0438\u0441\u0430\u043d\u0438\u044f
\u6682\u65e0\u7b80\u4ecb|\u3042\u3089\u3059\u3058\u306f\u3042\u308a\u307e\u305b\u3093
Lorem ipsum dolor sit amet, consectetur.
"""

PLOTS = """
No plot against the king has ever worked, until now.|This film has a plot that thickens.
There is no plot in this film, only light and water.|Unknown men take a child.
The plot to kill a queen is unknown to her maid.|A village keeps its past under wraps.
Nothing is known of the man who walks into town.|This movie has no plot, only rain.
We don't have a choice, says the captain, and turns the ship.|Missing a wife, a man drives north.
To be found, one must be lost.|Coming soon to a quiet town: a circus.|No one knows.
Details of a murder are revealed.|Not given a name, the girl picks her own.
Add a friend, lose a friend.|Keine Zeit f\u00fcr die Liebe hat eine \u00c4rztin.|No.
A description of a thief is found in a drawer.|Kein Plan \u00fcberlebt den Morgen.
"""


def texts(block: str) -> list[str]:
    return [text for line in block.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", texts(PLACEHOLDERS))
def test_a_placeholder(text: str) -> None:
    assert is_placeholder(text) and is_placeholder(f"  {text.capitalize()}\n")
    assert not Movie("a", plot=text).has("plot")


@pytest.mark.parametrize("text", texts(PLOTS))
def test_a_plot(text: str) -> None:
    assert not is_placeholder(text)
    assert Movie("a", plot=text).has("plot")


def test_real_plots_are_plots(data: Path) -> None:
    with (data / "movies" / "movies.csv").open(encoding="utf-8", newline="") as file:
        plots = [row["plot"] for row in csv.DictReader(file) if row["plot"].strip()]
    found = {plot for plot in plots if is_placeholder(plot)}
    assert len(plots) > 14_000
    assert {plot for plot in found if any(map(str.isalnum, plot))} == {"Overview Coming Soon..."}


def test_a_placeholder_predicts_nothing(tiny: Predictor) -> None:
    [without] = tiny.predict_many([Movie("a", plot="Plot details are kept under wraps.")])
    assert without.error and not without.genres
    titled = [Movie("a", "Rain", plot=plot) for plot in ("", "No plot yet.")]
    first, second = tiny.predict_many(titled)
    assert first.scores == second.scores


def test_it_takes_no_time() -> None:
    start = time.perf_counter()
    for text in ("no plot " * 60, "the " * 120, "we don't have a " + "plot " * 60, "<" * 490,
                 "plot is" + " is" * 150, "x" * 10**6, "keine " * 80):  # fmt: skip
        is_placeholder(text)
    assert time.perf_counter() - start < 0.5
