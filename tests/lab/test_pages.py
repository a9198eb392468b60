"""Pages and figures: one style, every word escaped, nothing needed but the file itself."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from genreel.lab.decades import ALL, AS_FEW, Cell, _page
from genreel.lab.evaluation import charts
from genreel.lab.evaluation.compare import COLUMNS, FIGURES
from genreel.lab.evaluation.figures import HEADINGS, figure_text
from genreel.lab.evaluation.pages import plots
from genreel.lab.evaluation.pages.render import render

LAB = Path(plots.__file__).parents[2]
EPOCHS = [
    {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "valid_loss": 0.4, "valid_accuracy": 0.9},
    {"epoch": 2, "loss": 0.3, "accuracy": 0.85, "valid_loss": None, "valid_accuracy": 0.95},
]
EVIL = '</style><script>alert("x")</script>'


def leaderboard() -> str:
    row = {**dict.fromkeys(COLUMNS), "recipe": EVIL, "changed": EVIL, "error": EVIL}
    figures = {name: 0.75 for figure in FIGURES for name in (figure, f"{figure}_low")}
    figures |= {f"{figure}_high": 0.8 for figure in FIGURES}
    about = {"case": EVIL, "movies": 1234, "reported": EVIL, "reported_on": EVIL, "source": EVIL}
    sizes = {"parameters": 5, "bundle_bytes": 2_500_000, "training_seconds": 61.2}
    whole = {**row, "error": None, **figures, **about, **sizes, "movies_per_second": 9.6}
    rows = [{**whole, "reported_roc_auc": 0.9}, whole, {**whole, "macro_roc_auc_low": None}, row]
    headings = {name: HEADINGS[name] for name in FIGURES[1:]}
    values = {"rows": rows, "headings": headings, "seen": EVIL, "colours": {EVIL: "red"}}
    values["learning"] = {EVIL: charts.learning({EVIL: EPOCHS, "other": EPOCHS})}
    return render("leaderboard.html", values)


def decades() -> str:
    places = [(a, b) for a in (EVIL, "1990s", ALL, AS_FEW) for b in (EVIL, "1990s")]
    return _page([Cell(a, b, 30, 20, 3, 0.7, 0.6, 0.8) for a, b in places], EVIL)


@pytest.mark.parametrize("page", [leaderboard(), decades()])
def test_no_word_breaks_a_page_that_needs_nothing_else(page: str) -> None:
    assert "<script" not in page and page.count("<style") == page.count("</style>") == 1
    without_svg_names = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"http|@import|url\(", without_svg_names)


def test_a_leaderboard_row_shows_the_interval_and_the_figure_of_the_source() -> None:
    page = leaderboard()
    assert page.count("95 % interval 0.750 to 0.800; the source reports 0.900") == 2  # both labels
    assert page.count("95 % interval 0.750 to 0.800") == 4
    assert page.count('left:50.0%;right:calc(100% - 60.0%)"') == 2
    assert page.count('<u style="left:80.0%">') == 1
    assert "61&nbsp;s" in page and "2.5&nbsp;MB" in page and ">1,234<" in page


def test_there_is_one_style() -> None:
    templates = [*LAB.rglob("*.html"), *LAB.rglob("*.py")]
    styles = [path.name for path in templates if "<style" in path.read_text(encoding="utf-8")]
    assert styles == ["base.html"]


def test_a_figure_of_its_own_file_brings_its_colours_along() -> None:
    sheet = ET.fromstring(plots.sheet(100, 50, EVIL, [plots.strip([("#ff0000", 0.5)], 0, 0, 9, 9)]))
    texts = {element.tag.partition("}")[2]: element.text for element in sheet.iter()}
    assert texts["text"] == EVIL and "--paper" in str(texts["style"])
    assert texts["title"] == "#ff0000 · 50%"


def test_elements_are_escaped_once() -> None:
    inner = plots.element("title", "a < b & c")
    assert inner == "<title>a &lt; b &amp; c</title>"
    assert plots.element("g", inner, class_='"', x=1.5, y=2) == (
        f'<g class="&quot;" x="1.5" y="2">{inner}</g>'
    )


def test_how_figures_are_written() -> None:
    assert [figure_text(0.12345), figure_text(0.5, 2), figure_text(None)] == ["0.123", "0.50", "—"]
