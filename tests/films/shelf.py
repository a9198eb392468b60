"""Invented films, and invented lettering on their posters."""

from __future__ import annotations

from pathlib import Path

from genreel.films.building import Builder
from genreel.films.film import Film
from genreel.lettering import Lettering, Line

FILMS = (
    Film("tt9000001", "The Quince Orchard", 1951, {"imdb": ("Drama",)}, "Two sisters.", votes=900),
    Film("tt9000002", "Lanterns over Brill", 1974, {"imdb": ("Horror", "Mystery")}),
    Film("tt9000003", "Lanterns over Brill II", 1978, {"imdb": ("Horror",)}),
    Film("tt9000004", "A Marsh in B Flat", 1988, {"imdb": ("Comedy", "Music")}),
    Film("tt9000005", "Å", 1999, {"imdb": ("Drama",)}),
    Film(
        "tt9000006", "Perihelion Six", 2012, {"imdb": ("Sci-Fi",)}, people=("Ottoline Vane-Marr",)
    ),
    Film("tt9000007", "Tallow Hill", 1966, other_titles=("The House on Tallow Hill",)),
    Film("tt9000008", "城と月", 1961, {"imdb": ("War",)}),
    *(
        Film(f"tt91000{year}", "The Ferryman", year, {"imdb": ("Drama",)})
        for year in range(1950, 2050, 10)
    ),
)


def write_index(path: Path, films: tuple[Film, ...] = FILMS) -> Path:
    with Builder(path) as builder:
        builder.add(films, "shelf")
    return path


def poster(*lines: tuple[str, float, float]) -> Lettering:
    """Lettering of lines as (text, top, height), each in the middle of the poster."""
    return Lettering(
        tuple(
            Line(text, 0.98, 0.1, top, min(0.8, len(text) * height), height)
            for text, top, height in lines
        )
    )
