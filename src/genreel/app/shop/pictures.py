"""Posters in the sizes that a page asks for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from genreel.files import read_file
from genreel.posters import Limits, PosterSource, open_poster

WIDTHS = (240, 480)
"""Pixels of the smaller pictures: a card, and a card on a screen of two pixels a point."""

LARGEST = (1000, 1500)
"""Width and height, in pixels, that the largest picture fits into."""

_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Picture:
    """A poster in several sizes.

    Attributes:
        name: that its files share.
        width, height: of the largest, in pixels.
    """

    name: str
    width: int
    height: int

    def widths(self) -> tuple[int, ...]:
        """Of all its files, in pixels, the largest last; none is nearly as wide as another."""
        return (*(width for width in WIDTHS if width < 0.8 * self.width), self.width)

    def path(self, width: int = 0) -> str:
        """A file inside the shop: the smallest that is as wide, or the largest."""
        for size in self.widths():
            if size >= width > 0:
                return f"picture/{self.name}-{size}.jpg"
        return f"picture/{self.name}-{self.width}.jpg"

    @property
    def is_upright(self) -> bool:
        """Whether it has about the shape of a poster, two to three."""
        return 0.6 <= self.width / self.height <= 0.75


def name_of(data: bytes) -> str:
    """What the files of a poster are called: the same for the same bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def write_picture(
    data: bytes, write: Callable[[str, bytes], None], limits: Limits | None = None
) -> Picture:
    """Writes a poster in all its sizes, without what its file says beside the picture.

    Args:
        data: the bytes of an image file.
        write: gets a path inside the shop, and the bytes of a JPEG.
        limits: what it may cost to open.

    Raises:
        PosterError: it cannot be used.
    """
    image = open_poster(data, LARGEST, limits)
    image.thumbnail(LARGEST)
    picture = Picture(name_of(data), *image.size)
    for width in reversed(picture.widths()):  # each is made of the next larger one
        if width < image.width:
            height = max(1, round(picture.height * width / picture.width))
            image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
        write(picture.path(width), file.getvalue())
    return picture


def bytes_of(poster: PosterSource, limits: Limits | None = None) -> bytes:
    """A poster's file.

    Raises:
        InputError: it is no regular file, or too large.
        OSError: it cannot be read.
    """
    if isinstance(poster, bytes):
        return poster
    if isinstance(poster, str | Path):
        return read_file(Path(poster), (limits or Limits()).max_bytes)
    file = io.BytesIO()
    poster.convert("RGB").save(file, "PNG")
    return file.getvalue()
