"""What tells a genre: a plot that is one, a title with words of content."""

from __future__ import annotations

import pytest

from genreel.catalogue import Movie
from genreel.evidence import content_words, plot_languages, readable
from genreel.placeholders import is_placeholder


@pytest.mark.parametrize(
    "text",
    [
        "We don't have an overview translated in English. Help us expand our database by adding "
        "one.",
        "We do not have any synopsis for this movie yet",
        "Plot unknown.",
        "The plot is unknown.",
        "The plot is currently unknown.",
        "Plot details are being kept under wraps.",
        "Plot kept under wraps",
        "Add a Plot",
        "N/A",
        "It looks like we don't have a Plot Summary for this title yet.",
        "No overview found.",
        "There is no synopsis available.",
        "Keine Beschreibung verfügbar.",
        "Aucun résumé disponible",
        "<p>No overview.</p>",
        "Not Available",
        "TBA",
        "none",
        "…",
        "Synopsis coming soon!",
    ],
)
def test_placeholders(text: str) -> None:
    assert is_placeholder(text)
    assert is_placeholder(text.upper())


@pytest.mark.parametrize(
    "text",
    [
        "A man of unknown origin.",
        "The plot thickens.",
        "The plot is to kill the king.",
        "Plot details of a coup are found in a cellar.",
        "No plot of land is available, so they dig at sea.",
        "We don't have an island, says the captain, and sails.",
        "Nobody found the overview of the mine.",
        "Unknown soldiers rise.",
        "Sin city.",
        "No summary justice: a judge keeps his word.",
    ],
)
def test_short_plots_are_plots(text: str) -> None:
    assert not is_placeholder(text)


def test_words_of_content() -> None:
    assert content_words("The Far Bank of It") == "Far Bank"
    assert content_words("None") == content_words("Up") == content_words("of the") == ""
    assert content_words("Un&#233;e 羅生門") == "Unée 羅生門"


ENGLISH = "A sheriff returns to the village by the sea and finds that her brother is gone."
GERMAN = "Eine Frau kehrt in das Dorf am Meer zurück und erfährt, dass ihr Bruder nicht da ist."


def test_readable() -> None:
    movie = Movie("a", "Bank", plot=GERMAN, problem="year 3 is none")
    [seen] = readable([movie], ("en",))
    assert (seen.plot, seen.title, seen.language) == ("", "Bank", "de")
    assert seen.problem == (
        "year 3 is none; plot is in German, which this model does not read; give it in English, or "
        "--language en if it is English"
    )
    assert readable([movie], ("de", "en")) == [
        Movie("a", "Bank", plot=GERMAN, problem="year 3 is none", language="de")
    ]
    others = [Movie("a", plot="Rosa"), Movie("b", plot="N/A", language="es")]
    assert readable(others, ("en",)) == [Movie("a", plot="Rosa"), Movie("b")]


def test_languages_of_plots() -> None:
    english = [Movie("e", plot=ENGLISH)] * 30
    assert plot_languages([]) == plot_languages([Movie("a", plot="Rosa")]) == ("en",)
    assert plot_languages([*english, Movie("g", plot=GERMAN)]) == ("en",)
    assert plot_languages([*english, *[Movie("g", plot=GERMAN)] * 2]) == ("en", "de")
    assert plot_languages([Movie("g", plot=GERMAN, language="nl")]) == ("nl",)
