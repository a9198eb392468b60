"""A poster as its dominant colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genreel.catalogue import Movie
from genreel.features.checks import check_types, check_whole
from genreel.features.feature import FeatureKind, present_rows
from genreel.posters import Limits, open_poster

Floats = NDArray[np.float32]

_SIZE = (32, 48)  # pixels; a colour of less than a thousandth of a poster does not dominate it
_ROUNDS = 12  # of k-means; centres hardly move after that

# Björn Ottosson 2020, "A perceptual color space for image processing".
_TO_LMS = np.array(
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


def oklab(rgb: NDArray[np.uint8]) -> Floats:
    """sRGB, shape (…, 3), as Oklab: L in [0, 1], a and b within ±0.4; equal steps look equal."""
    s = rgb.astype(np.float64) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T, np.float32)


def from_oklab(lab: Floats) -> NDArray[np.uint8]:
    """The nearest sRGB colours, shape (…, 3); the inverse of `oklab`."""
    linear = (np.asarray(lab, np.float64) @ np.linalg.inv(_TO_LAB).T) ** 3
    linear = np.clip(linear @ np.linalg.inv(_TO_LMS).T, 0, 1)
    s = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(s * 255), np.uint8)


def dominant(lab: Floats, count: int, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """The centres of k-means, the largest cluster first (Lloyd 1982).

    The first centres are not random, so that equal pixels give equal colours: the mean, then each
    time the pixel that is farthest from all centres so far (Gonzalez 1985).

    Args:
        lab: pixels, shape (n, 3), n at least 1.
        count: how many colours.
        weights: of the pixels, above 0, shape (n,); None: all alike.

    Returns:
        colours, shape (count, 3), and their shares of the pixels, shape (count,), descending. Where
        a poster has fewer colours, the last shares are 0.
    """
    mass = np.ones(len(lab), np.float32) if weights is None else weights.astype(np.float32)
    centres = np.empty((count, 3), np.float32)
    centres[0] = np.average(lab, axis=0, weights=mass)
    nearest = ((lab - centres[0]) ** 2).sum(axis=1)
    for k in range(1, count):
        centres[k] = lab[nearest.argmax()]
        nearest = np.minimum(nearest, ((lab - centres[k]) ** 2).sum(axis=1))
    for _ in range(_ROUNDS):
        distance = ((lab[:, None] - centres[None]) ** 2).sum(axis=2)
        member = np.eye(count, dtype=np.float32)[distance.argmin(axis=1)] * mass[:, None]
        size = member.sum(axis=0)
        means = (member.T @ lab) / np.maximum(size, 1e-12)[:, None]
        centres = np.where(size[:, None] > 0, means, centres).astype(np.float32)
    order = np.argsort(-size, kind="stable")
    return centres[order], (size[order] / mass.sum()).astype(np.float32)


@dataclass(frozen=True)
class ColourSettings:
    """Settings of `Colours`: their `count`."""

    count: int = 5

    def __post_init__(self) -> None:
        check_types(self)
        check_whole("count", self.count, _SIZE[0] * _SIZE[1] // 4)


class Colours(FeatureKind):
    """Dominant colours in Oklab with their shares, the largest first.

    Arrays hold only the movies that have a poster: `colours` float32, shape (m, 4 · count), L, a,
    b and share of each; `rows` int64, shape (m,), each one's row in the batch.
    """

    kind = "colours"
    input = "poster"
    slow = True
    poster_size = _SIZE
    array = "colours"
    Settings = ColourSettings

    def __init__(self, settings: ColourSettings, limits: Limits | None = None):
        self._settings = settings
        self.limits = limits or Limits()

    @classmethod
    def fit(cls, settings: ColourSettings, movies: Any) -> Self:
        """Nothing is learnt."""
        return cls(settings)

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """From `settings()`."""
        return cls(ColourSettings(**settings))

    def settings(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self._settings)

    def state(self) -> dict[str, Any]:
        """Nothing is learnt."""
        return {}

    @property
    def width(self) -> int:
        """Numbers a poster."""
        return 4 * self._settings.count

    def read(self, movie: Movie) -> Floats | None:
        """float32, shape (4 · count,); raises PosterError."""
        if movie.poster is None:
            return None
        image = open_poster(movie.poster, _SIZE, self.limits)
        pixels = np.asarray(image.resize(_SIZE, Image.Resampling.BOX)).reshape(-1, 3)
        colours, shares = dominant(oklab(pixels), self._settings.count)
        return np.concatenate([colours, shares[:, None]], axis=1).ravel()

    def collate(self, rows: Sequence[Floats | None]) -> dict[str, Any]:
        """`colours` and `rows` of the movies that have a poster."""
        present = present_rows(rows)
        colours = np.empty((len(present), self.width), np.float32)
        for k, i in enumerate(present):
            colours[k] = rows[i]
        return {"colours": colours, "rows": present}
