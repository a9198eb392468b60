"""Findings about a library of invented movies."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from genreel.audit.checks import duplicate_findings, name_findings, poster_findings
from genreel.audit.findings import Finding
from genreel.audit.page import page_of
from genreel.audit.report import Report, audit
from genreel.audit.table import COLUMNS, read_accepted, table_rows
from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.table import csv_text
from genreel.predictor import Predictor

PLANTED = "perihelion-six"


@pytest.fixture(scope="module")
def report(movies: list[Movie]) -> Report:
    """The samples; one has a genre that is not its own, one has none, one lost one."""
    changed = []
    for movie in movies:
        names = movie.genres.get("genreel", ())
        if movie.id == PLANTED:
            names = (*names, "Western")
        elif movie.id == "dust-over-carrow":
            names = tuple(name for name in names if name != "Western") or ("Drama",)
        elif movie.id == "emberfell":
            names = ()
        changed.append(replace(movie, genres={"genreel": names} if names else {}))
    names_there = {"a": ["Sci-Fi", "Schmonzette"], "b": ["Science Fiction"], "c": ["Sci-Fi"]}
    return audit(Predictor("fast"), changed, names=names_there, least=0.3)


def kinds(report: Report, kind: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.kind == kind]


def test_a_wrong_genre_comes_first(report: Report) -> None:
    first = kinds(report, "wrong genre")[0]
    assert (first.id, first.genre) == (PLANTED, "Western")
    assert first.sure > 0.6
    assert "Western" in first.genres
    assert first.why.startswith("the model gives it ")


def test_the_movie_that_lost_a_genre_is_doubted_most_for_it(report: Report) -> None:
    judgement = report.judgement
    ids = [movie.id for movie in judgement.movies]
    western = judgement.genres.index("Western")
    absent = judgement.labels[:, western] == 0
    doubts = judgement.wrong[:, western] * absent
    assert ids[int(doubts.argmax())] == "dust-over-carrow"
    assert all(finding.sure >= 0.3 for finding in kinds(report, "missing genre"))


def test_a_movie_without_genres_gets_an_offer_and_no_other_finding(report: Report) -> None:
    [finding] = [f for f in report.findings if f.id == "emberfell"]
    assert finding.kind == "no genres"
    assert finding.why.startswith("the model offers ")


def test_names_of_one_genre(report: Report) -> None:
    [two] = kinds(report, "two names")
    assert (two.genre, two.other) == ("Sci-Fi", "Sci-Fi")
    assert two.why == "'Sci-Fi' in 2, 'Science Fiction' in 1"
    [unknown] = kinds(report, "unknown name")
    assert unknown.genre == "Schmonzette"
    assert "1 movies, such as a" in unknown.why


def test_counts_are_in_the_order_of_the_findings(report: Report) -> None:
    counts = report.counts()
    assert sum(counts.values()) == len(report.findings)
    order = [finding.kind for finding in report.findings]
    assert list(dict.fromkeys(order)) == list(counts)


def test_one_name_is_no_finding() -> None:
    assert list(name_findings({"a": ["Drama", " Drama "], "b": []}, "tmdb")) == []


def test_entries_that_are_one_movie() -> None:
    plot = "A ferryman finds a door at the bottom of the river and nobody believes a word of it."
    movies = [
        Movie("a", "Lantern Street", 1954, plot),
        Movie("b", "LANTERN STREET", 1954),
        Movie("c", "Lantern Street", 1955),
        Movie("d", plot=plot.upper()),
        Movie("e", extra={"imdb_id": "tt9000001"}),
        Movie("f", extra={"imdb_id": "tt9000001"}),
        Movie("g", plot="Short."),
        Movie("h", plot="Short."),
    ]
    pairs = [(f.id, f.other, f.why) for f in duplicate_findings(movies)]
    assert pairs == [
        ("b", "a", "title and year of a"),
        ("d", "a", "the plot of a"),
        ("f", "e", "the IMDB id of e"),
    ]


def test_a_poster_of_another_film(tmp_path: Path) -> None:
    pytest.importorskip("rapidfuzz", reason="the extra 'read' is not installed")
    from genreel.films.building import Builder
    from genreel.films.film import Film
    from genreel.films.films import Films
    from genreel.lettering import Lettering, Line

    index = tmp_path / "films.db"
    with Builder(index) as builder:
        names = ("The Quince Orchard", "Lanterns over Brill", "A Marsh in B Flat")
        builder.add([Film(f"tt900000{n}", name, 1951) for n, name in enumerate(names)], "shelf")
    films = Films(index)
    title = Line("THE QUINCE ORCHARD", 0.99, 0.1, 0.6, 0.8, 0.09)
    lettering = Lettering((title, Line("Color by TECHNICOLOR", 0.9, 0.3, 0.9, 0.4, 0.02)))
    movies = [
        Movie("a", "Lanterns over Brill", 1951, lettering=lettering),
        Movie("b", "The Quince Orchard", 1951, lettering=lettering),
        Movie("c", "Quince", lettering=lettering),
        Movie("d", "Lanterns over Brill", 1951),
    ]
    [finding] = poster_findings(movies, films)
    assert (finding.id, finding.kind, finding.other) == ("a", "other film's poster", "tt9000000")
    assert "The Quince Orchard (1951)" in finding.why
    assert films.named("lanterns OVER brill", 1952) == films.get("tt9000001")
    assert films.named("Lanterns over Brill", 1960) is None


def test_a_table_comes_back_with_a_persons_answers(report: Report, tmp_path: Path) -> None:
    lines = list(map(csv_text, table_rows(report.findings)))
    assert lines[0].strip().split(",") == list(COLUMNS)
    accepted = [f"yes{line}" if PLANTED in line or "+" in line else line for line in lines[1:]]
    file = tmp_path / "audit.csv"
    file.write_text("".join([lines[0], *accepted]), encoding="utf-8")
    answers = read_accepted(file)
    assert answers[PLANTED]["Western"] is False
    assert set(answers) == {PLANTED}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id,kind\na,b\n", "no columns accept, id, kind and genre"),
        ("accept,id,kind,genre\nperhaps,a,wrong genre,Drama\n", "row 1: accept is 'perhaps'"),
    ],
)
def test_a_table_that_is_no_answer(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    file.write_text(text)
    with pytest.raises(CatalogueError, match=reason):
        read_accepted(file)
    with pytest.raises(CatalogueError, match="cannot be read"):
        read_accepted(tmp_path / "none.csv")


class Tags(HTMLParser):
    """Counts tags, and holds that they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in ("meta", "img"):
            self.open.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing(report: Report) -> None:
    judgement = report.judgement
    evil = replace(judgement.movies[0], id="x", title="<script>alert(1)</script>")
    judgement = replace(judgement, movies=[evil, *judgement.movies[1:]])
    odd = Finding("x", "wrong genre", evil.title, genre="<b>", genres=("<b>",), why='"><i>')
    text = page_of(Report(judgement, [odd, *report.findings]), "<Movies>")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "script" not in tags.counts
    assert tags.counts["h1"] == 1
    assert tags.counts["img"] >= 1
    assert "default-src 'none'" in text
    assert "http://" not in text
    assert "https://" not in text


def test_a_page_of_nothing(report: Report) -> None:
    assert "Nothing looks wrong." in page_of(Report(report.judgement, []), "Movies")
