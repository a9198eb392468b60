"""Image files that no program would write, byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any

from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"
SMALL, POSTER = (64, 96), (400, 600)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(size: tuple[int, int] = SMALL, mode: str = "RGB") -> Image.Image:
    """An image without a pattern, always the same."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    data = Random("noise").randbytes(size[0] * size[1] * bands)
    return Image.frombytes(mode, size, data)


def marks(data: bytes) -> list[int]:
    """Where a file's markers or chunks begin."""
    if data.startswith(PNG):
        found, at = [], 8
        while at + 8 <= len(data):
            found.append(at)
            at += 12 + int.from_bytes(data[at : at + 4])
        return found
    if data.startswith(b"RIFF"):
        found, at = [], 12
        while at + 8 <= len(data):
            found.append(at)
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            at += 8 + size + size % 2
        return found
    if data.startswith(b"GIF"):
        return [k for k in range(13, len(data)) if data[k] in (0x21, 0x2C, 0x3B)][:200]
    return [k for k in range(len(data) - 1) if data[k] == 0xFF and data[k + 1] not in (0, 0xFF)]


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of a PNG's chunks."""
    for at in marks(data):
        size = int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]


def png(
    width: int,
    height: int,
    depth: int,
    colour: int,
    *,
    interlaced: bool = False,
    before: bytes = b"",
    after: bytes = b"",
    fill: bytes = b"\0",
    how: int = 0,
    palette: int = 16,
) -> bytes:
    """A whole PNG, each line the same bytes, that is a thousandth of what it unpacks to.

    `how` is the filter of its lines (4 takes longest to undo), `palette` the number of colours.
    """
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(width, height)]
    if interlaced:
        starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4))
        starts += ((1, 0, 2, 2), (0, 1, 1, 2))
        passes = [(-((x - width) // dx), -((y - height) // dy)) for x, y, dx, dy in starts]
    packer = zlib.compressobj(1)
    data = b""
    for w, h in passes:
        long = -(-w * bits // 8)
        line = bytes([how]) + (fill * (long // len(fill) + 1))[:long]
        block = max(1, min(h, 2**20 // len(line)))
        data += b"".join(packer.compress(line * min(block, h - k)) for k in range(0, h, block) if w)
    data += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    colours = chunk(b"PLTE", bytes(k % 256 for k in range(3 * palette))) if colour == 3 else b""
    parts = chunk(b"IHDR", header) + colours + before + chunk(b"IDAT", data) + after
    return PNG + parts + chunk(b"IEND", b"")


def jpeg_scans(size: tuple[int, int], times: int, mode: str = "RGB") -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encode(Image.new(mode, size), "JPEG", progressive=True, quality=50)
    last = data.rfind(b"\xff\xda")
    return data[:-2] + data[last:-2] * times + b"\xff\xd9"


def cut_progressive(mode: str, part: float) -> bytes:
    """A progressive JPEG that ends early."""
    data = encode(noise(POSTER, mode), "JPEG", progressive=True)
    return data[: int(len(data) * part)]


def adobe(transform: int) -> bytes:
    """A JPEG in CMYK whose Adobe marker names this transform."""
    data = encode(noise(mode="CMYK"), "JPEG")
    at = data.index(b"Adobe")
    return data[: at + 11] + bytes([transform]) + data[at + 12 :]


def segments(number: int, marker: bytes = b"\xff\xfe", content: bytes = b"") -> bytes:
    """A JPEG with so many segments in front."""
    data = encode(noise(), "JPEG")
    one = marker + struct.pack(">H", len(content) + 2) + content
    return data[:2] + one * number + data[2:]


def exif_segment(content: bytes) -> bytes:
    """A JPEG with an EXIF segment of these bytes."""
    return segments(1, b"\xff\xe1", b"Exif\0\0" + content)


def gif_blocks(kind: bytes, number: int) -> bytes:
    """A GIF with an extension of so many sub-blocks before its only frame."""
    data = encode(noise().quantize(16), "GIF")
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    return data[:at] + kind + (b"\xff" + b"x" * 255) * number + b"\0" + data[at:]


def hollow_gif(width: int, height: int) -> bytes:
    """A GIF of a few bytes, its frame of any size."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00;"
    return screen + frame


def hollow_webp(width: int, height: int) -> bytes:
    """A WebP of a few bytes: a small animation on a canvas of any size."""

    def part(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data

    def sides(width: int, height: int) -> bytes:
        return (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")

    still = encode(noise(), "WEBP", lossless=True)[12:]
    body = b"WEBP" + part(b"VP8X", b"\x02\0\0\0" + sides(width, height))
    body += part(b"ANIM", bytes(6)) + part(b"ANMF", bytes(6) + sides(*SMALL) + bytes(4) + still)
    return part(b"RIFF", body)


def frames(kind: str, number: int) -> bytes:
    """An animation of so many frames."""
    size = (16, 24)
    images = [Image.new("RGB", size, (k % 256, k // 256, 77)) for k in range(number)]
    return encode(images[0], kind, save_all=True, append_images=images[1:], duration=1)


def archive_of(data: bytes) -> bytes:
    """A zip archive with a script and a poster in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index.html", "<script>alert(1)</script>")
        archive.writestr("poster.jpg", data)
    return file.getvalue()


def exif_of(mib: int, kind: str) -> bytes:
    """An image with so many MiB of EXIF."""
    exif = Image.Exif()
    exif[0x010E] = "x" * (mib * 2**20)
    return encode(noise(), kind, exif=exif)


def layers(number: int, size: tuple[int, int], kind: str) -> bytes:
    """An animation of so many large frames."""
    more = (Image.new("RGB", size, (k, k, k)) for k in range(1, number))
    return encode(Image.new("RGB", size), kind, save_all=True, append_images=more, duration=1)


def bomb(mib: int) -> bytes:
    """So many MiB of zeros, compressed."""
    return zlib.compress(bytes(mib * 2**20), 9)


def flat(mode: str, size: tuple[int, int], kind: str, **options: Any) -> bytes:
    """A file of one colour."""
    return encode(Image.new(mode, size), kind, **options)
