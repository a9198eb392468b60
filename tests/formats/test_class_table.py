"""The class competition's table, from an archive of our own making."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from genreel.errors import CatalogueError
from genreel.formats.class_table import read_class_table

HEAD = ",year,title,plot,genres,rating\n"


def archive(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / "table.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, text)
    return path


def test_rows_become_movies_in_order(tmp_path: Path) -> None:
    text = (
        HEAD + "31,1953,Long Ride,a sheriff rides alone,\"['Western', 'Short']\",6.1\n"
        '7,2001,Été,"rain, again","[\'Sci-Fi\']",5.0\n'
    )
    first, second = read_class_table(archive(tmp_path, text))
    assert (first.id, first.title, first.year) == ("31", "Long Ride", 1953)
    assert first.genres == {"genreel": ("Western", "Short")}
    assert (second.id, second.plot, second.genres) == ("7", "rain, again", {"genreel": ("Sci-Fi",)})


def test_rows_without_labels(tmp_path: Path) -> None:
    [movie] = read_class_table(
        archive(tmp_path, ",year,title,plot\n3,1999,Elsewhere,a door opens\n")
    )
    assert not movie.genres and not movie.problem


@pytest.mark.parametrize("cell", ["[__import__('os')]", "[1]", "['Drahma']"])
def test_genres_that_cannot_be_read_are_a_problem_of_their_row(tmp_path: Path, cell: str) -> None:
    text = HEAD + f'1,1990,A,b,"{cell}",5\n' + "2,1991,C,d,\"['Drama']\",5\n"
    bad, good = read_class_table(archive(tmp_path, text))
    assert "genre" in bad.problem and not bad.genres
    assert good.genres == {"genreel": ("Drama",)} and not good.problem


def test_what_is_no_class_table(tmp_path: Path) -> None:
    (tmp_path / "plain.zip").write_text("no archive")
    for path in (
        tmp_path / "absent.zip",
        tmp_path / "plain.zip",
        archive(tmp_path, "a,b\n1,2\n"),
    ):
        with pytest.raises(CatalogueError, match=r"not the class table .* zip|does not exist"):
            list(read_class_table(path))
