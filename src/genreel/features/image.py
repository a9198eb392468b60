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
from genreel.posters import Limits, open_poster

PixelRow = NDArray[np.uint8]

MAX_SIDE = 4096
"""Pixels of a side at most."""


@dataclass(frozen=True)
class PixelSettings:
    """Settings of `Pixels`: height and width in pixels, `grey` for one channel, not three."""

    height: int = 192
    width: int = 128
    grey: bool = False

    def __post_init__(self) -> None:
        check_types(self)
        check_whole("height", self.height, MAX_SIDE)
        check_whole("width", self.width, MAX_SIDE)


class Pixels:
    """Raw pixels, resized (bicubic, antialiased) without keeping the aspect ratio.

    Posters are nearly all 2 : 3, so a size near that hardly distorts them. Arrays hold only
    the movies that have a poster: `pixels` uint8, shape (m, channels, height, width), and
    `rows` int64, shape (m,), each one's row in the batch. A missing poster is thus never a
    zero image, and costs nothing. Networks scale the values themselves.
    """

    kind = "pixels"
    input = "poster"
    slow = True
    Settings = PixelSettings

    def __init__(self, settings: PixelSettings, limits: Limits | None = None):
        self._settings = settings
        self.limits = limits or Limits()

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

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        s = self._settings
        return (1 if s.grey else 3, s.height, s.width)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return (self._settings.width, self._settings.height)

    def read(self, movie: Movie) -> PixelRow | None:
        """uint8, shape (channels, height, width); raises PosterError."""
        if movie.poster is None:
            return None
        s = self._settings
        image = open_poster(movie.poster, self.size, self.limits)
        image = image.convert("L") if s.grey else image
        pixels = np.asarray(image.resize(self.size, Image.Resampling.BICUBIC))
        return np.ascontiguousarray(pixels.reshape(s.height, s.width, -1).transpose(2, 0, 1))

    def collate(self, rows: Sequence[PixelRow | None]) -> dict[str, Any]:
        """Only the posters that are there, and their rows."""
        there = [i for i, row in enumerate(rows) if row is not None]
        pixels = np.empty((len(there), *self.shape), np.uint8)
        if there:
            np.stack([row for row in rows if row is not None], out=pixels)
        return {"pixels": pixels, "rows": np.array(there, np.int64)}
