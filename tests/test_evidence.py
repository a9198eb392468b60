"""What tells a genre: a plot that is one, a title with words of content."""

from __future__ import annotations

import pytest

from genreel.evidence import content_words, is_placeholder


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
        "",
        " ",
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
