"""A poster as pixels of one size."""

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

PixelRow = NDArray[np.uint8]

MAX_SIDE = 4096
"""Pixels of a side at most."""

HEIGHT, WIDTH = 192, 128
"""Pixels of a poster unless a recipe says otherwise: 2 : 3, as nearly all posters are, with sides
that a network can halve six times without a remainder (3 · 2⁶ and 2 · 2⁶).
"""


@dataclass(frozen=True)
class PixelSettings:
    """Settings of `Pixels`: height and width in pixels, `grey` for one channel, not three."""

    height: int = HEIGHT
    width: int = WIDTH
    grey: bool = False

    def __post_init__(self) -> None:
        check_types(self)
        check_whole("height", self.height, MAX_SIDE)
        check_whole("width", self.width, MAX_SIDE)


class Pixels(FeatureKind):
    """Raw pixels, resized (bicubic, antialiased) without keeping the aspect ratio.

    A size near 2 : 3 hardly distorts a poster. Arrays hold only the movies that have one: `pixels`
    uint8 in [0, 255], shape (m, channels, height, width), and `rows` int64, shape (m,), each one's
    row in the batch. A missing poster is thus never a zero image, and costs nothing. Networks scale
    the values themselves.
    """

    kind = "pixels"
    input = "poster"
    slow = True
    array = "pixels"
    Settings = PixelSettings

    def __init__(self, settings: PixelSettings, limits: Limits | None = None):
        self._settings = settings
        self.limits = limits or Limits()
        self.poster_size = (settings.width, settings.height)
        self.shape = (1 if settings.grey else 3, settings.height, settings.width)

    @classmethod
    def fit(cls, settings: PixelSettings, movies: Any) -> Self:
        """Nothing is learnt."""
        return cls(settings)

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """From `settings()`."""
        return cls(PixelSettings(**settings))

    def settings(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self._settings)

    def state(self) -> dict[str, Any]:
        """Nothing is learnt."""
        return {}

    def read(self, movie: Movie) -> PixelRow | None:
        """uint8, shape (channels, height, width); raises PosterError."""
        if movie.poster is None:
            return None
        _, height, width = self.shape
        image = open_poster(movie.poster, (width, height), self.limits)
        image = image.convert("L") if self._settings.grey else image
        pixels = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
        return np.ascontiguousarray(pixels.reshape(height, width, -1).transpose(2, 0, 1))

    def collate(self, rows: Sequence[PixelRow | None]) -> dict[str, Any]:
        """`pixels` and `rows` of the movies that have a poster."""
        present = present_rows(rows)
        pixels = np.empty((len(present), *self.shape), np.uint8)
        if len(present):
            np.stack([row for row in rows if row is not None], out=pixels)
        return {"pixels": pixels, "rows": present}
