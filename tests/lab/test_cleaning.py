"""Findings about films of our own making: each kind once, and a cleaned copy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genreel.catalogue import Catalogue, Movie
from genreel.formats.table import csv_text
from genreel.lab.cleaning import KINDS, cleaned, find, findings_table, read_alike

DRAMA = {"genreel": ("Drama",)}


def drawn(seed: int, width: int = 100, height: int = 150) -> Image.Image:
    """A picture of coloured patches, another for each seed."""
    patches = np.random.default_rng(seed).integers(0, 256, (8, 6, 3)).astype(np.uint8)
    return Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)


def film(name: str, poster: Image.Image | None, plot: str = "", **facts: object) -> Movie:
    told = {"title": name, "genres": DRAMA, "plot": plot or f"The story of {name}."} | facts
    return Movie(name, poster=poster, **told)  # type: ignore[arg-type]


def test_every_kind_is_found_once(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    movies = [
        film("good", drawn(1)),
        film("wrong", drawn(2), problem="row 2: year 'x'"),
        film("bare", None),
        film("broken", broken),  # type: ignore[arg-type]
        film("tiny", drawn(3, 40, 60)),
        film("grey", drawn(4).convert("L").convert("RGB")),
        film("flat", Image.new("RGB", (100, 150), (10, 90, 20))),
        film("again", drawn(1, 90, 135)),
        film("silent", drawn(5), plot=" "),
        film("later", drawn(6), plot="No overview found."),
        film("echo", drawn(7), plot="the STORY of good"),
        film("lost", drawn(8), plot="An ?l?ve and a caf\ufffd."),
        film("blank", drawn(9), genres={}),
    ]
    findings = find(movies)
    assert {(f.id, f.kind) for f in findings} == {
        ("wrong", "problem"), ("bare", "no poster"), ("broken", "unreadable poster"),
        ("tiny", "tiny poster"), ("grey", "grey poster"), ("flat", "placeholder poster"),
        ("again", "duplicate poster"), ("silent", "no plot"), ("later", "placeholder plot"),
        ("echo", "duplicate plot"), ("lost", "damaged plot"), ("blank", "no genres"),
    }  # fmt: skip
    assert len(findings) == len(KINDS)
    assert {f.id: f.other for f in findings if f.other} == {"again": "good", "echo": "good"}

    table = tmp_path / "findings.csv"
    table.write_text("".join(map(csv_text, findings_table(findings))), encoding="utf-8")
    assert read_alike(table) == [("again", "good")]

    kept = {movie.id: movie for movie in cleaned(movies, findings)}
    assert [m.id for m in movies if m.id not in kept] == []
    assert [i for i, m in kept.items() if m.poster is None] == ["bare", "broken", "tiny", "flat"]
    assert [i for i, m in kept.items() if not m.plot.strip()] == ["silent", "later"]


def test_a_picture_of_many_films_is_a_placeholder() -> None:
    movies = [film(name, drawn(1)) for name in "abc"]
    findings = find(movies)
    assert [(f.id, f.kind) for f in findings] == [(name, "placeholder poster") for name in "abc"]
    assert all(movie.poster is None for movie in cleaned(movies, findings))


def test_a_film_that_comes_twice_is_kept_once() -> None:
    movies = [film("a", drawn(1), title="Alba"), film("b", drawn(1), title="alba")]
    assert [m.id for m in cleaned(movies, find(movies))] == ["a"]
    others = [movies[0], film("b", drawn(1), title="Brume")]
    assert len(list(cleaned(others, find(others)))) == 2


def titled(picture: Image.Image, shade: tuple[int, int, int], words: int = 1) -> Image.Image:
    """The picture with a title: short bars of one colour near its lower edge."""
    picture = picture.copy()
    for word in range(words):
        top = picture.height * 9 // 10 - 9 * word
        picture.paste(shade, (picture.width // 3, top, picture.width * 3 // 5, top + 5))
    return picture


def test_another_title_makes_no_other_picture() -> None:
    movies = [film("a", drawn(1)), film("b", titled(drawn(1, 150, 225), (255, 255, 255)))]
    assert [(f.id, f.kind, f.other) for f in find(movies)] == [("b", "duplicate poster", "a")]


def test_titles_on_black_are_different_pictures() -> None:
    black = Image.new("RGB", (100, 150), (8, 4, 4))
    shown = [(255, 255, 255), (240, 20, 20)]
    movies = [film("a", titled(black, shown[0], 2)), film("b", titled(black.rotate(180), shown[1]))]
    movies.append(film("c", titled(black, shown[1], 5).rotate(180)))
    assert not [f for f in find(movies) if f.kind.startswith("duplicate")]


def test_grey_is_what_has_no_colours() -> None:
    grey = drawn(1).convert("L").convert("RGB")
    dark = drawn(2).point(lambda value: value // 8)
    dark.paste((120, 160, 20), (0, 40, 100, 60))  # a mean of little colour, and a coloured band
    movies = [film("grey", titled(grey, (250, 10, 10))), film("dark", dark)]
    assert [(f.id, f.kind) for f in find(movies)] == [("grey", "grey poster")]


@pytest.mark.slow
def test_real_films(data: Path) -> None:
    kinds = Counter(f.kind for f in find(Catalogue(data / "movies")))
    assert kinds["unreadable poster"] == kinds["tiny poster"] == 0
    assert (kinds["grey poster"], kinds["duplicate poster"], kinds["placeholder poster"]) == (
        334,
        12,
        5,
    )
