"""The report: what it shows is what was measured, and it needs nothing but itself."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genreel.bundle import read_bundle
from genreel.cases import AS_GIVEN
from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError
from genreel.formats.names import find_names
from genreel.lab.evaluation import charts
from genreel.lab.evaluation.evaluate import Outcome, outcomes
from genreel.lab.evaluation.mistakes import doubtful_labels, surest_mistakes
from genreel.lab.evaluation.pages import plots
from genreel.lab.evaluation.recalibrate import recalibrate
from genreel.lab.evaluation.report import write_report
from genreel.lab.evaluation.tables import decision_rows, pair_rows
from genreel.predictor import Predictor

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(SAMPLES)


@pytest.fixture(scope="module")
def predictor(tiny: Predictor) -> Predictor:
    return tiny


@pytest.fixture(scope="module")
def written(
    predictor: Predictor, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("report")
    against = ("the same again", predictor)
    return write_report(predictor, list(catalogue), catalogue, out, against), out


class Page(HTMLParser):
    """Notes tags that are left open, addresses, and what is written in `nav`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.addresses += [v for k, v in values.items() if k in ("src", "href") and v]
        self.ids |= {v for k, v in values.items() if k == "id" and v}
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_no_other(written: tuple[dict[str, Any], Path]) -> None:
    text = (written[1] / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    inside = {"#" + name for name in page.ids}
    others = [a for a in page.addresses if not a.startswith("data:") and a not in inside]
    assert others == []
    assert {"#headline", "#genres", "#against", "#decades", "#mistakes", "#labels"} <= inside
    assert not re.search(r"@import|url\(|<script", text)


def test_its_figures_are_those_of_the_metrics(written: tuple[dict[str, Any], Path]) -> None:
    metrics, out = written
    assert json.loads((out / "metrics.json").read_bytes()) == metrics
    text = (out / "report.html").read_text(encoding="utf-8")
    for figures in metrics.values():
        for name in ("macro_roc_auc", "macro_f1", "micro_f1", "hamming_loss", "log_loss"):
            assert f"{figures[name]:.3f}" in text
    for genre, figures in metrics["both"]["genres"].items():
        row = re.search(rf'<th scope="row">{re.escape(genre)}</th><td>([\d,]+)</td>', text)
        assert row and int(row[1].replace(",", "")) == figures["positive"]


def test_a_bundle_against_itself_changes_nothing(
    predictor: Predictor, catalogue: Catalogue
) -> None:
    found = outcomes(predictor, list(catalogue))["both"]
    for row in pair_rows(found, found):
        assert all(before == after for before, after in row["figures"])


def test_two_bundles_are_compared_on_the_films_that_both_answered() -> None:
    films = [Movie(name) for name in "abcdef"]
    labels = np.array([[1], [0], [1], [0], [1], [0]], np.float32)
    known, genres = np.ones(labels.shape, np.bool_), ("Horror",)
    right = labels * 0.8 + 0.1
    ours = Outcome(AS_GIVEN, films, labels, known, right, right >= 0.5, genres)
    theirs = Outcome(AS_GIVEN, films, labels, known, 1 - right, right < 0.2, genres)
    theirs = theirs.take(np.array([5, 4, 3, 2]))  # other order, fewer films
    [row] = pair_rows(ours, theirs)
    assert row["genre"] == "Horror" and row["films"] == 2
    precision, recall_at_half = row["figures"][0], row["figures"][1]
    assert precision[1] == 1.0 and precision[0] < 0.6
    assert recall_at_half == (0.0, 1.0)


def outcome(scores: list[list[float]], labels: list[list[int]], unknown: Any = ()) -> Outcome:
    known = np.ones((len(labels), len(labels[0])), np.bool_)
    for cell in unknown:
        known[cell] = False
    films = [Movie(str(i)) for i in range(len(labels))]
    values = np.array(scores)
    genres = ("Horror", "Comedy")[: values.shape[1]]
    marks = np.array(labels, np.float32)
    return Outcome(AS_GIVEN, films, marks, known, values, values >= 0.5, genres)


def test_the_surest_mistakes_come_first_and_once_a_film() -> None:
    found = outcome(
        [[0.9, 0.8], [0.7, 0.1], [0.95, 0.2], [0.99, 0.0]],
        [[0, 0], [0, 0], [1, 0], [0, 0]],
        [(3, 0)],
    )
    said = surest_mistakes(found, 5, label=False)
    assert [(c.movie.id, c.genre, c.score) for c in said] == [
        ("0", "Horror", 0.9),
        ("1", "Horror", 0.7),
    ]
    assert surest_mistakes(found, 1, label=False) == said[:1]
    assert surest_mistakes(found, 5, label=True) == []


def test_labels_that_the_scores_gainsay_are_doubted() -> None:
    rng = np.random.default_rng(0)
    labels = (np.arange(60) % 2)[:, None]
    scores = np.where(labels, rng.uniform(0.7, 0.9, (60, 1)), rng.uniform(0.1, 0.3, (60, 1)))
    scores[7], scores[10] = 0.02, 0.97  # film 7 is labelled Horror, film 10 is not
    found = outcome(scores.tolist(), labels.tolist())
    assert [(c.movie.id, c.label) for c in doubtful_labels(found, 9)] == [
        ("7", True),
        ("10", False),
    ]
    assert doubtful_labels(outcome(scores[:8].tolist(), labels[:8].tolist()), 9) == []  # too few


def test_ways_to_decide_by_hand() -> None:
    found = outcome([[0.9, 0.2], [0.4, 0.6], [0.3, 0.8]], [[1, 0], [1, 0], [0, 1]])
    promise = {"0.9": {"Horror": 0.35, "Comedy": None}}
    rows = decision_rows(
        {"both": found}, {"both": {"global": 0.35, "top_k": 1, "promise": promise}}
    )
    ways = {row["way"]: row for row in rows}
    half = ways[
        "0.5 for every genre"
    ]  # right: two; wrong: Comedy of the second; missed: its Horror
    assert half["precision"] == pytest.approx(2 / 3) and half["covered"] == pytest.approx(2 / 3)
    promised = ways["promise: 90% right"]
    assert promised["precision"] == 1.0 and promised["covered"] == pytest.approx(2 / 3)
    assert promised["films"] == pytest.approx(2 / 3)
    assert ways["the 1 highest"]["films"] == 1.0


def test_nothing_to_compare_with(
    predictor: Predictor, catalogue: Catalogue, tmp_path: Path
) -> None:
    films = [replace(movie, genres={}) for movie in catalogue]
    with pytest.raises(CatalogueError, match="no movie has genres to compare with"):
        write_report(predictor, films, catalogue, tmp_path)
    assert not list(tmp_path.iterdir())


def test_genres_that_the_bundle_does_not_know_are_said(
    predictor: Predictor, catalogue: Catalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films = list(catalogue)
    films[0] = replace(films[0], genres={"genreel": ("Slapstick",)})
    films[1] = replace(films[1], unknown_genres=("Heist",))
    write_report(predictor, films, catalogue, tmp_path)
    assert "the bundle does not know 'Slapstick' (1 movie): these genres are left out" in (
        told := capsys.readouterr().err
    )
    assert "unknown genres 'Heist' (1 movie) are left out; train --genres learns" in told


def test_the_page_calls_genres_by_a_persons_words(
    predictor: Predictor, catalogue: Catalogue, tmp_path: Path
) -> None:
    metrics = write_report(predictor, list(catalogue), catalogue, tmp_path, names=find_names("de"))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Komödie" in text and "Comedy" not in text
    assert all("Comedy" in figures["genres"] for figures in metrics.values())


def test_words_of_a_film_cannot_break_the_page(
    predictor: Predictor, catalogue: Catalogue, tmp_path: Path
) -> None:
    evil = '</title><script>alert("x")</script>'
    films = [
        replace(m, title=evil, plot=f"{evil} {m.plot}", id=f"{i}{evil}")
        for i, m in enumerate(catalogue)
    ]
    write_report(predictor, films, catalogue, tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text and not Page(text).open


@pytest.mark.parametrize("label", ["plain", '"><script>', "Ärger & Co"])
def test_plots_escape_every_word(label: str) -> None:
    whisker = plots.Whisker(label, 0.7, 0.6, 0.8)
    for drawn in (
        plots.whiskers([whisker], 0.5, 1, label),
        plots.panel(label, label, {"red": [(0, 0), (1, 1)]}, (label, label), True),
        plots.heatmap([label], [label], [[0.5]], label),
        plots.columns([(label, 3, [whisker])], 0.5, 1, label),
    ):
        assert "<script" not in drawn
        page = Page(drawn)
        assert not page.open


def test_a_figure_by_epoch_fills_its_scale_and_leaves_gaps() -> None:
    drawing = ET.fromstring(plots.epochs("loss", {"red": [0.5, None, 0.3], "blue": [0.4]}, 2))
    words = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["loss", "0.50", "0.30", "1", "3", "epoch"]
    lines = drawing.iter("{http://www.w3.org/2000/svg}polyline")
    assert [line.get("points") for line in lines] == ["38.0,22.0 188.0,132.0", "38.0,77.0"]


def test_networks_show_how_they_learnt(tiny: Predictor) -> None:
    epochs = [{"epoch": 1, "loss": 0.5, "valid_loss": 0.4}]
    panels = charts.learning({"a <b>": epochs, "c": epochs})
    assert len(panels) == 4 and "a &lt;b&gt;: loss" in panels[0]
    assert charts.learning({}) == []


def test_a_whisker_stands_where_its_value_is() -> None:
    drawn = plots.whiskers([plots.Whisker("a", 0.75, 0.5, 1.0)], 0.5, 1.0, "x")
    left, right = map(float, re.findall(r'd="M([\d.]+) 19.0H([\d.]+)"', drawn)[0])
    [dot] = re.findall(r'cx="([\d.]+)"', drawn)
    assert float(dot) == pytest.approx((left + right) / 2)


def test_calibration_remembers_what_a_bundle_was_trained_and_tuned_on(
    trained_bundle: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    movies = list(catalogue)  # 17 to train on, 6 to tune on, 6 to measure on
    metrics = recalibrate(trained_bundle, tmp_path / "new", movies[15:25], movies[24:], "")
    assert (metrics["movies"]["valid"], metrics["movies"]["test"]) == (8, 4)
    seen = read_bundle(tmp_path / "new").seen
    assert seen is not None
    parts = [seen.part_of(movie) for movie in movies]
    assert parts == ["train"] * 17 + ["valid"] * 8 + ["test"] * 4
    with pytest.raises(CatalogueError, match="no valid movie has genres"):
        recalibrate(trained_bundle, tmp_path / "none", movies[:17], movies[23:], "")


def test_rules_are_chosen_anew_without_touching_the_graph(
    trained_bundle: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    # None of them was trained on.
    films = [replace(m, id=f"{m.id}-2", title=f"{m.title} II") for m in catalogue]
    metrics = recalibrate(trained_bundle, tmp_path / "new", films[:16], films[16:], "by hand")
    new = Predictor(tmp_path / "new")
    assert new.bundle.model == read_bundle(trained_bundle).model
    assert metrics["calibrated_by"] == "by hand"
    assert metrics["movies"]["valid"] == 16 and metrics["movies"]["test"] == len(films) - 16
    assert {"both", "plot only", "poster only"} <= set(metrics["decisions"])
    with pytest.raises(CatalogueError, match="no valid movie has genres"):
        recalibrate(trained_bundle, tmp_path / "none", [replace(films[0], genres={})], films, "")
    assert not (tmp_path / "none").exists()
