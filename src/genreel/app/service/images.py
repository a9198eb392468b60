"""Posters as they are kept and shown: always encoded by us, never as they were sent."""

from __future__ import annotations

import io
import math
import operator
import threading
from collections import OrderedDict
from typing import NamedTuple

from PIL import Image

from genreel.errors import PosterError
from genreel.posters import Limits, PosterSource, open_poster

LARGE = (780, 1170)
"""Width and height, in pixels, that a kept poster fits into."""

SMALL = (240, 360)


class Pictures(NamedTuple):
    """A poster as it is kept.

    Attributes:
        large: a JPEG that fits into LARGE.
        full: a larger JPEG, to look at closely; None where that would show no more.
    """

    large: bytes
    full: bytes | None


def encode_both(poster: PosterSource, limits: Limits | None, max_pixels: int) -> Pictures:
    """A poster as a JPEG that fits into LARGE, and one of up to `max_pixels`.

    Raises:
        PosterError: it cannot be used, or could not be once it is as small as that.
    """
    image = open_poster(poster, LARGE, limits)
    scale = min(1.0, math.sqrt(max_pixels / (image.width * image.height)))
    size = (round(scale * image.width), round(scale * image.height))
    full = None
    if min(size) > 0 and any(map(operator.gt, size, LARGE)):
        larger = image if scale == 1 else image.resize(size, reducing_gap=3.0)
        full = _jpeg(larger)
    return Pictures(_encode(image, limits), full)


def encode(poster: PosterSource, limits: Limits | None = None) -> bytes:
    """A poster as a JPEG that fits into LARGE; raises PosterError as `encode_both`."""
    return _encode(open_poster(poster, LARGE, limits), limits)


def _encode(image: Image.Image, limits: Limits | None) -> bytes:
    image.thumbnail(LARGE)
    least = (limits or Limits()).min_side
    if min(image.size) < least:
        raise PosterError(
            f"is too narrow: kept as {image.width}×{image.height} pixels it shows nothing, as both "
            f"sides need at least {least}; crop it"
        )
    return _jpeg(image)


class Thumbnails:
    """The small pictures that were asked for last, by the digest of the poster.

    Args:
        size: how many; 1,024 take about 15 MB.
    """

    def __init__(self, size: int = 1024) -> None:
        self.size = size
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str, poster: bytes) -> bytes:
        """A kept poster as a JPEG that fits into SMALL; raises PosterError."""
        with self._lock:
            picture = self._pictures.get(digest)
            if picture is not None:
                self._pictures.move_to_end(digest)
                return picture
        image = open_poster(poster, SMALL)
        image.thumbnail(SMALL)
        picture = _jpeg(image)
        with self._lock:
            self._pictures[digest] = picture
            while len(self._pictures) > self.size:
                self._pictures.popitem(last=False)
        return picture


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=86, optimize=True)
    return file.getvalue()
