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
from genreel.errors import CatalogueError, InputError
from genreel.files import write_whole
from genreel.posters import open_poster
from genreel.progress import progress, say

Floats = NDArray[np.float64]

SIDE = 32  # pixels; a poster's colours need no more
GREY = 0.04
"""A colour of less chroma than this counts as grey."""

COLOURS = 5
FEWEST_FILMS = 10
"""A genre, or a genre in a period, with fewer posters is left out."""

_CLUSTERS_OF_A_POSTER = 4
_ROUNDS = 30

# Oklab's two matrices, for linear sRGB.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


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


def oklab(rgb: NDArray[np.uint8]) -> Floats:
    """sRGB, uint8, shape (..., 3) → Oklab: lightness in [0, 1], a and b in about [-0.4, 0.4]."""
    c = rgb / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T)


def srgb(lab: Floats) -> NDArray[np.uint8]:
    """The inverse of `oklab`; what no screen shows is clipped."""
    linear = (lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T
    linear = np.clip(linear, 0, 1)
    c = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(c * 255), np.uint8)


def clusters(points: Floats, weights: Floats, k: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Weighted k-means (Lloyd 1982), started by k-means++ (Arthur & Vassilvitskii 2007).

    Args:
        points, weights: shape (n, 3) and (n,).
        k: how many clusters, at most.

    Returns:
        Centres, shape (at most k, 3), and their shares of the weight; the largest first.
    """
    rng = np.random.default_rng(seed)
    centres = points[[rng.choice(len(points), p=weights / weights.sum())]]
    while len(centres) < k:
        chance = weights * ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        if not chance.sum() > 0:  # there are no more different colours
            break
        centres = np.vstack([centres, points[rng.choice(len(points), p=chance / chance.sum())]])
    for _ in range(_ROUNDS):
        nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        mass = np.bincount(nearest, weights, len(centres))
        sums = [np.bincount(nearest, weights * points[:, d], len(centres)) for d in range(3)]
        moved = np.where(
            mass[:, None] > 0, np.stack(sums, 1) / np.maximum(mass, 1e-12)[:, None], centres
        )
        done = np.allclose(moved, centres, atol=1e-5)
        centres = moved
        if done:
            break
    order = np.argsort(-mass, kind="stable")
    order = order[mass[order] > 0]
    return centres[order], mass[order] / weights.sum()


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
    centres, shares = clusters(coloured, np.ones(len(coloured)), _CLUSTERS_OF_A_POSTER)
    return centres, shares * len(coloured) / len(lab)


def palettes(movies: Iterable[Movie], years: int = 10) -> list[Palette]:
    """Palettes of every genre over all years, and of every genre and period.

    A genre's palette over all years is made of the one dominant colour of each poster; that of a
    period of the five (or fewer) dominant colours of its posters together.

    Args:
        movies: with posters and genres; others are left out.
        years: length of a period.

    Raises:
        CatalogueError: no genre has enough coloured posters.
    """
    groups: dict[tuple[str, str], list[tuple[Floats, Floats]]] = {}
    for movie in movies:
        named = {genre for names in movie.genres.values() for genre in names}
        found = poster_colours(movie) if named else None
        if found is None:
            continue
        start = None if movie.year is None else movie.year // years * years
        for genre in named:
            groups.setdefault((genre, ""), []).append((found[0][:1], np.ones(1)))
            if start is not None:
                period = f"{start}s" if years == 10 else f"{start}–{start + years - 1}"
                groups.setdefault((genre, period), []).append(found)
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
        for rgb, share in zip(srgb(centres), shares, strict=True)
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
