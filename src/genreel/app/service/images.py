"""Posters as they are kept and shown: always encoded by us, never as they were sent."""

from __future__ import annotations

import functools
import io

from PIL import Image

from genreel.posters import Limits, PosterSource, open_poster

LARGE = (780, 1170)
"""Width and height, in pixels, that a kept poster fits into."""

SMALL = (240, 360)


def encode(poster: PosterSource, limits: Limits | None = None) -> bytes:
    """A poster as a JPEG that fits into LARGE; raises PosterError."""
    return _jpeg(open_poster(poster, LARGE, limits), LARGE)


@functools.lru_cache(maxsize=1024)  # about 15 MB
def thumbnail(data: bytes) -> bytes:
    """A kept poster as a JPEG that fits into SMALL."""
    return _jpeg(open_poster(data, SMALL), SMALL)


def _jpeg(image: Image.Image, size: tuple[int, int]) -> bytes:
    image.thumbnail(size)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=86, optimize=True)
    return file.getvalue()
