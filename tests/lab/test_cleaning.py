"""Findings about films of our own making: each kind once, and a cleaned copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from genreel.catalogue import Movie
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
    table.write_text(findings_table(findings), encoding="utf-8")
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
