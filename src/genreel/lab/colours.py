"""Which colours the posters of a genre, and of a genre in a period, are made of.

Colours are compared in Oklab (Ottosson 2020), where equal distances look about equally far apart.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.decade import decade_name, decade_of
from genreel.errors import CatalogueError, InputError
from genreel.features.colours import dominant, from_oklab, oklab
from genreel.files import write_whole
from genreel.posters import open_poster
from genreel.progress import progress, say

Floats = NDArray[np.float32]

SIDE = 32  # pixels; a poster's colours need no more
GREY = 0.04
"""A colour of less chroma than this counts as grey."""

COLOURS = 5
FEWEST_FILMS = 10
"""A genre, or a genre in a period, with fewer posters is left out."""

_CLUSTERS_OF_A_POSTER = 4


@dataclass(frozen=True)
class Swatch:
    """A colour of a group of posters: `#rrggbb`, and its share of their coloured pixels."""

    colour: str
    share: float


@dataclass(frozen=True)
class Palette:
    """The dominant colours of the posters of a genre, in one period or in all ("")."""

    genre: str
    period: str
    posters: int
    swatches: tuple[Swatch, ...]


def clusters(points: Floats, weights: Floats, k: int) -> tuple[Floats, Floats]:
    """The dominant of weighted colours, at most k, and their shares; the largest first."""
    centres, shares = dominant(points, k, weights)
    return centres[shares > 0], shares[shares > 0]


def poster_colours(movie: Movie) -> tuple[Floats, Floats] | None:
    """A poster's few colours in Oklab, greys left out, and the share of its pixels of each.

    None for a poster that is missing, unreadable or all grey.
    """
    if movie.poster is None:
        return None
    try:
        image = open_poster(movie.poster, (SIDE, SIDE))
    except InputError:
        return None
    lab = oklab(np.asarray(image.resize((SIDE, SIDE))).reshape(-1, 3))
    coloured = lab[np.hypot(lab[:, 1], lab[:, 2]) >= GREY]
    if not len(coloured):
        return None
    centres, shares = clusters(coloured, np.ones(len(coloured), np.float32), _CLUSTERS_OF_A_POSTER)
    return centres, (shares * len(coloured) / len(lab)).astype(np.float32)


def palettes(movies: Iterable[Movie]) -> list[Palette]:
    """Palettes of every genre over all years, and of every genre and period.

    A genre's palette over all years is made of the one dominant colour of each poster; that of a
    period of the five (or fewer) dominant colours of its posters together.

    Args:
        movies: with posters and genres; others are left out.

    Raises:
        CatalogueError: no genre has enough coloured posters.
    """
    groups: dict[tuple[str, str], list[tuple[Floats, Floats]]] = {}
    for movie in movies:
        named = {genre for names in movie.genres.values() for genre in names}
        found = poster_colours(movie) if named else None
        if found is None:
            continue
        decade = decade_of(movie.year)
        for genre in named:
            groups.setdefault((genre, ""), []).append((found[0][:1], np.ones(1, np.float32)))
            if decade is not None:
                groups.setdefault((genre, decade_name(decade)), []).append(found)
    made = [
        Palette(genre, period, len(group), _swatches(group))
        for (genre, period), group in sorted(groups.items())
        if len(group) >= FEWEST_FILMS
    ]
    if not made:
        raise CatalogueError(
            f"no genre has {FEWEST_FILMS} posters in colour; "
            "give a catalogue with posters and genres"
        )
    return made


def _swatches(group: Sequence[tuple[Floats, Floats]]) -> tuple[Swatch, ...]:
    centres, shares = clusters(
        np.concatenate([c for c, _ in group]), np.concatenate([s for _, s in group]), COLOURS
    )
    return tuple(
        Swatch("#" + bytes(rgb).hex(), round(float(share), 4))
        for rgb, share in zip(from_oklab(centres), shares, strict=True)
    )


def write_colours(movies: Sequence[Movie], out: Path) -> list[Palette]:
    """Writes colours.csv, genres.svg and periods.svg into the folder `out`."""
    made = palettes(progress(movies, "posters", len(movies)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["genre", "period", "posters", "rank", "colour", "share"])
    for palette in made:
        for rank, swatch in enumerate(palette.swatches, 1):
            row = (palette.genre, palette.period, palette.posters, rank, *_cells(swatch))
            writer.writerow(row)
    write_whole(out / "colours.csv", text.getvalue().encode())
    write_whole(out / "genres.svg", _bars([p for p in made if not p.period]).encode())
    write_whole(out / "periods.svg", _grid([p for p in made if p.period]).encode())
    say(f"{len(made)} palettes written to {out}")
    return made


def _cells(swatch: Swatch) -> tuple[str, float]:
    return swatch.colour, swatch.share


_FONT = "font-family='system-ui, sans-serif'"


def _strip(swatches: Sequence[Swatch], x: float, y: float, width: float, height: float) -> str:
    """Colours side by side, as wide as their shares."""
    parts, at = [], x
    for swatch in swatches:
        w = width * swatch.share / sum(s.share for s in swatches)
        hint = f"<title>{swatch.colour} · {swatch.share:.0%}</title>"
        parts.append(
            f"<rect x='{at:.2f}' y='{y}' width='{w + 0.3:.2f}' height='{height}' "
            f"fill='{swatch.colour}'>{hint}</rect>"
        )
        at += w
    return "".join(parts)


def _sheet(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' {_FONT} "
        f"font-size='13'><style>svg{{background:#faf9f6;color:#1d1c1a}}text{{fill:currentColor}}"
        "@media(prefers-color-scheme:dark){svg{background:#161513;color:#ece8e1}}</style>"
        f"<text x='24' y='40' font-size='22' font-weight='600' "
        f"font-family='Georgia, serif'>{html.escape(title)}</text>{''.join(parts)}</svg>\n"
    )


def _bars(made: Sequence[Palette]) -> str:
    """Each genre's dominant colours over all years."""
    parts = []
    for i, palette in enumerate(made):
        y = 64 + i * 36
        parts.append(
            f"<text x='118' y='{y + 19}' text-anchor='end'>{html.escape(palette.genre)}</text>"
            f"<text x='772' y='{y + 19}' font-size='11' opacity='.6'>{palette.posters:,}</text>"
            + _strip(palette.swatches, 132, y, 628, 28)
        )
    title = "The dominant colour of every poster, by genre"
    return _sheet(830, 76 + 36 * len(made), title, parts)


def _grid(made: Sequence[Palette]) -> str:
    """Genres down, periods across: five colours each."""
    genres = list(dict.fromkeys(p.genre for p in made))
    periods = sorted({p.period for p in made})
    table: Mapping[tuple[str, str], Palette] = {(p.genre, p.period): p for p in made}
    parts = [
        f"<text x='{132 + c * 104 + 48}' y='78' text-anchor='middle' font-weight='600'>"
        f"{html.escape(period)}</text>"
        for c, period in enumerate(periods)
    ]
    for r, genre in enumerate(genres):
        y = 92 + r * 40
        parts.append(f"<text x='118' y='{y + 21}' text-anchor='end'>{html.escape(genre)}</text>")
        for c, period in enumerate(periods):
            if (genre, period) in table:
                swatches = table[genre, period].swatches
                parts.append(_strip(swatches, 132 + c * 104, y, 96, 32))
    title = "Five dominant colours by genre and period, greys left out"
    return _sheet(max(830, 150 + 104 * len(periods)), 104 + 40 * len(genres), title, parts)
