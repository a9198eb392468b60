"""What is written as a table is read again as it was, whatever the movies."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError
from genreel.formats.table import safe_cell, write_catalogue
from genreel.tables import COLUMNS, MARK
from genreel.vocabulary import GENRES, TAXONOMIES

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
STRIPPED = TEXT.map(str.strip)
NAMES = (
    st.text("abcdefgXY_ ", min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda name: name and name.lower() not in (*COLUMNS, MARK))
)


def movies(extra: st.SearchStrategy[object]) -> st.SearchStrategy[list[Movie]]:
    """Movies with ids of their own; the columns of `extra` hold one type each."""
    movie = st.builds(
        Movie,
        id=STRIPPED.filter(bool),
        title=STRIPPED,
        year=st.none() | st.integers(1870, 2100),
        plot=STRIPPED,
        poster=st.none() | st.sampled_from(["posters/a.jpg", "posters/b c.png"]),
        genres=st.dictionaries(
            st.sampled_from(sorted(TAXONOMIES)),
            st.lists(st.sampled_from(GENRES), min_size=1, unique=True).map(tuple),
        ),
        split=st.sampled_from(["", "train", "valid", "test"]),
        extra=st.dictionaries(NAMES, extra, max_size=3),
    )
    return st.lists(movie, max_size=6, unique_by=lambda m: m.id)


def again(given: list[Movie], suffix: str) -> tuple[list[Movie], list[Movie]]:
    """The movies in a folder, and as they come back from its table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"movies{suffix}")
        placed = [
            Movie(m.id, m.title, m.year, m.plot, m.poster and Path(folder, m.poster), m.genres,
                  m.split, extra=m.extra)
            for m in given
        ]  # fmt: skip
        assert write_catalogue(placed, path) == len(placed)
        return placed, list(Catalogue(path, extra=True))


FILLED = STRIPPED.filter(bool)


@settings(deadline=None, phases=(Phase.explicit, Phase.generate), max_examples=30)
@given(
    movies(
        FILLED | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_json_lines_come_back(given: list[Movie]) -> None:
    placed, back = again(given, ".jsonl")
    assert back == placed


@settings(deadline=None, phases=(Phase.explicit, Phase.generate), max_examples=30)
@given(movies(TEXT.filter(bool)))
def test_csv_comes_back(given: list[Movie]) -> None:
    placed, back = again(given, ".csv")
    assert back == placed


@settings(deadline=None, phases=(Phase.explicit, Phase.generate), max_examples=30)
@given(movies(FILLED))
def test_parquet_comes_back(given: list[Movie]) -> None:
    placed, back = again(given, ".parquet")
    assert back == placed


def test_a_poster_elsewhere_is_refused_and_nothing_written(tmp_path: Path) -> None:
    for poster in (Path("/elsewhere/a.jpg"), b"bytes"):
        with pytest.raises(CatalogueError, match="put it there first"):
            write_catalogue([Movie("a", poster=poster)], tmp_path / "movies.csv")
    with pytest.raises(CatalogueError, match=r"\.csv, \.jsonl or \.parquet"):
        write_catalogue([], tmp_path / "movies.xlsx")
    assert not list(tmp_path.iterdir())


def test_cells_that_a_spreadsheet_would_run(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    plots = ["=1+1", "+49", "-3", "@SUM(A1)", "\tx", "plain", "'quoted"]
    rows = [Movie(str(i), plot=plot) for i, plot in enumerate(plots)]
    write_catalogue(rows, path, safe_cells=True)
    with path.open(newline="") as file:
        cells = [row["plot"] for row in csv.DictReader(file)]
    assert cells == ["'=1+1", "'+49", "'-3", "'@SUM(A1)", "'\tx", "plain", "'quoted"]
    write_catalogue(rows, path)
    assert "'=1+1" not in path.read_text()
    assert safe_cell(3) == 3


def test_what_genreel_wrote_is_no_label(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    path.write_text(
        'id,title,genres,genreel\n1,A,Drama|War,"{""genres"": {""War"": 0.9}}"\n2,B,War,\n'
    )
    assert [m.genres for m in Catalogue(path)] == [{"genreel": ("Drama",)}, {"genreel": ("War",)}]
