"""Counts the parts of an image file before it is decoded.

Pillow reads chunks, segments and comments one by one in Python, and libjpeg goes through the whole
image for every scan, so a small hostile file can keep them busy for minutes. Ordinary files have
far fewer parts than these limits.
"""

from __future__ import annotations

from genreel.errors import PosterError

MAX_CHUNKS = 20_000
"""Chunks of a PNG; a file of 128 MiB in the usual 8 KiB has 16,384."""

MAX_OTHER_CHUNKS = 256
"""Chunks of a PNG that hold neither pixels nor frames; Pillow may unpack each."""

MAX_SEGMENTS = 1_000
"""Segments of a JPEG before its pixels; the longest colour profile has 255."""

MAX_SCANS = 20
"""Scans of a JPEG; progressive ones have about 10, in CMYK 18."""

MAX_BLOCKS = 4_000
"""Blocks, each of 255 bytes at most, before a GIF's first frame."""

_PIXELS = (b"IDAT", b"fdAT", b"fcTL")
_TOO_MANY = "is made of too many parts; save it anew"


def check_parts(data: bytes) -> bool:
    """Whether a JPEG has several scans, so that its decoder holds it whole at any size.

    Args:
        data: an image file of any kind.

    Raises:
        PosterError: it has more parts than a decoder should go through.
    """
    if data.startswith(b"\xff\xd8"):
        return _check_jpeg(data)
    if data.startswith(b"\x89PNG"):
        _check_png(data)
    elif data.startswith(b"GIF8"):
        _check_gif(data)
    return False


def _check_png(data: bytes) -> None:
    at, chunks, others = 8, 0, 0
    while at + 8 <= len(data):
        chunks += 1
        others += data[at + 4 : at + 8] not in _PIXELS
        if chunks > MAX_CHUNKS or others > MAX_OTHER_CHUNKS:
            raise PosterError(_TOO_MANY)
        at += 12 + int.from_bytes(data[at : at + 4])


def _check_jpeg(data: bytes) -> bool:
    at, segments, progressive, components = 2, 0, False, 0
    while at + 10 <= len(data):
        segments += 1
        if segments > MAX_SEGMENTS:
            raise PosterError(_TOO_MANY)
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, 0xFF):  # the decoder looks for the next one
            at += 1
        elif marker == 0xDA:  # a scan and its number of components; pixels never hold this marker
            several = progressive or data[at + 4] < components
            if several and data.count(b"\xff\xda", at) > MAX_SCANS:
                raise PosterError(_TOO_MANY)
            return several
        elif marker == 0x01 or 0xD0 <= marker <= 0xD9:  # these have no content
            at += 2
        else:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                progressive, components = marker & 3 == 2, data[at + 9]
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return False


def _check_gif(data: bytes) -> None:
    at, blocks = 13, 0
    if len(data) > 10 and data[10] & 0x80:
        at += 3 << (data[10] & 7) + 1
    while at < len(data) and data[at] != 0x2C:  # where a frame begins
        extension = data[at] == 0x21
        at += 2 if extension else 1
        while blocks <= MAX_BLOCKS and extension and at < len(data) and data[at]:
            at += 1 + data[at]
            blocks += 1
        at += extension
        blocks += 1
        if blocks > MAX_BLOCKS:
            raise PosterError(_TOO_MANY)
