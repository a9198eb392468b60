"""Which colours the posters of a genre, and of a genre in a period, are made of.

Colours are compared in Oklab (Ottosson 2020), where equal distances look about equally far apart.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.decade import decade_name, decade_of
from genreel.errors import CatalogueError, InputError
from genreel.features.colours import dominant, from_oklab, oklab
from genreel.files import write_whole
from genreel.lab.evaluation.pages import plots
from genreel.posters import open_poster
from genreel.progress import progress, say

Floats = NDArray[np.float32]

SIDE = 32  # pixels; a poster's colours need no more
GREY = 0.04
"""A colour of less chroma than this counts as grey."""

COLOURS = 5
FEWEST_POSTERS = 10
"""A genre, or a genre in a period, with fewer posters is left out."""

_CLUSTERS_OF_A_POSTER = 4


@dataclass(frozen=True)
class Swatch:
    """A colour of a group of posters: `#rrggbb`, and its share of their coloured pixels."""

    colour: str
    share: float


@dataclass(frozen=True)
class Palette:
    """The dominant colours of the posters of a genre, in one period or in all (""); with the greys
    among them, or without.
    """

    genre: str
    period: str
    posters: int
    swatches: tuple[Swatch, ...]
    greys: bool = False

    @property
    def shares(self) -> list[tuple[str, float]]:
        """(colour, share) of each swatch."""
        return [(swatch.colour, swatch.share) for swatch in self.swatches]


def clusters(points: Floats, weights: Floats, k: int) -> tuple[Floats, Floats]:
    """The dominant ones of weighted colours, the largest share first.

    Args:
        points: colours in Oklab, shape (n, 3).
        weights: shape (n,).
        k: how many colours at most.

    Returns:
        Colours, shape (≤ k, 3), and their shares, shape (≤ k,).
    """
    centres, shares = dominant(points, k, weights)
    return centres[shares > 0], shares[shares > 0]


Colours = tuple[Floats, Floats]


def poster_colours(movie: Movie, greys: bool = False) -> Colours | None:
    """A poster's dominant colours, and their shares of its pixels.

    Args:
        movie: whose poster.
        greys: count them too.

    Returns:
        Colours in Oklab, shape (k, 3), the largest share first, and shares in [0, 1], shape (k,);
        None for a poster that is missing, unreadable or, unless they count, all grey.
    """
    if movie.poster is None:
        return None
    try:
        image = open_poster(movie.poster, (SIDE, SIDE))
    except InputError:
        return None
    lab = oklab(np.asarray(image.resize((SIDE, SIDE))).reshape(-1, 3))
    colours = lab if greys else lab[np.hypot(lab[:, 1], lab[:, 2]) >= GREY]
    if not len(colours):
        return None
    centres, shares = clusters(colours, np.ones(len(colours), np.float32), _CLUSTERS_OF_A_POSTER)
    return centres, (shares * len(colours) / len(lab)).astype(np.float32)


def palettes(movies: Iterable[Movie]) -> list[Palette]:
    """Palettes of every genre over all years, with greys and without, and of each of its periods.

    A genre's palette over all years is made of the one dominant colour of each poster; that of a
    period of the five (or fewer) dominant colours of its posters together, without greys.

    Args:
        movies: with posters and genres; others are left out.

    Raises:
        CatalogueError: no genre has enough coloured posters.
    """
    groups: dict[tuple[str, str, bool], list[Colours]] = {}
    for movie in movies:
        genres = {genre for names in movie.genres.values() for genre in names}
        every, bright = (
            poster_colours(movie, greys) if genres else None for greys in (True, False)
        )
        decade = decade_of(movie.year)
        for genre in genres:
            if every is not None:
                groups.setdefault((genre, "", True), []).append(_first(every))
            if bright is not None:
                groups.setdefault((genre, "", False), []).append(_first(bright))
            if bright is not None and decade is not None:
                groups.setdefault((genre, decade_name(decade), False), []).append(bright)
    result = [
        Palette(genre, period, len(group), _swatches(group), greys)
        for (genre, period, greys), group in sorted(groups.items())
        if len(group) >= FEWEST_POSTERS
    ]
    if not result:
        raise CatalogueError(
            f"no genre has {FEWEST_POSTERS} posters in colour; "
            "give a catalogue with posters and genres"
        )
    return result


def _first(colours: Colours) -> Colours:
    """The dominant one alone, whatever its share."""
    return colours[0][:1], np.ones(1, np.float32)


def _swatches(group: Sequence[Colours]) -> tuple[Swatch, ...]:
    centres, shares = clusters(
        np.concatenate([c for c, _ in group]), np.concatenate([s for _, s in group]), COLOURS
    )
    return tuple(
        Swatch("#" + bytes(rgb).hex(), round(float(share), 4))
        for rgb, share in zip(from_oklab(centres), shares, strict=True)
    )


def write_colours(movies: Sequence[Movie], out: Path) -> list[Palette]:
    """Writes colours.csv, genres.svg, genres-with-greys.svg and periods.svg into a folder."""
    result = palettes(progress(movies, "posters", len(movies)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["genre", "period", "greys", "posters", "rank", "colour", "share"])
    for palette in result:
        for rank, swatch in enumerate(palette.swatches, 1):
            grey_pixels = "with" if palette.greys else "without"
            about = (palette.genre, palette.period, grey_pixels, palette.posters)
            writer.writerow([*about, rank, swatch.colour, swatch.share])
    write_whole(out / "colours.csv", text.getvalue().encode())
    for greys, name in ((False, "genres.svg"), (True, "genres-with-greys.svg")):
        palettes_of = [p for p in result if not p.period and p.greys == greys]
        write_whole(out / name, _genre_figure(palettes_of, greys).encode())
    write_whole(out / "periods.svg", _period_figure([p for p in result if p.period]).encode())
    say(f"{len(result)} palettes written to {out}")
    return result


def _genre_figure(palettes: Sequence[Palette], greys: bool) -> str:
    """Each genre's dominant colours over all years."""
    parts: list[str] = []
    for i, palette in enumerate(palettes):
        y = 64 + i * 36
        parts += [
            plots.text(118, y + 19, palette.genre, "end"),
            plots.text(772, y + 19, f"{palette.posters:,}", kind="muted"),
            plots.strip(palette.shares, 132, y, 628, 28),
        ]
    title = f"The dominant colour of every poster, by genre{'' if greys else ', greys left out'}"
    return plots.sheet(830, 76 + 36 * len(palettes), title, parts)


def _period_figure(palettes: Sequence[Palette]) -> str:
    """Genres down, periods across: five colours each."""
    width, gap = 96, 8
    genres = dict.fromkeys(palette.genre for palette in palettes)
    rows = {genre: 92 + r * 40 for r, genre in enumerate(genres)}
    periods = sorted({palette.period for palette in palettes})
    columns = {period: 132 + c * (width + gap) for c, period in enumerate(periods)}
    parts = [plots.text(x + width / 2, 78, name, "middle", "name") for name, x in columns.items()]
    for genre, y in rows.items():
        parts.append(plots.text(118, y + 21, genre, "end"))
        row = [palette for palette in palettes if palette.genre == genre]
        parts += [plots.strip(p.shares, columns[p.period], y, width, 32) for p in row]
    title = "Five dominant colours by genre and period, greys left out"
    size = max(830, 150 + (width + gap) * len(periods)), 104 + 40 * len(rows)
    return plots.sheet(*size, title, parts)
