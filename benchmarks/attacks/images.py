"""Damaged and adversarial posters, given to the predictor as bytes."""

from __future__ import annotations

import contextlib
import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from PIL import Image, ImageCms

from attacks.case import Attack, Case
from attacks.mutate import cut_at, damaged
from genreel import Movie, Predictor
from genreel.errors import PosterError
from genreel.posters import suffix_of

PNG = b"\x89PNG\r\n\x1a\n"
SMALL, POSTER = (64, 96), (400, 600)


@functools.cache
def predictor() -> Predictor:
    """The model that comes along, on one thread."""
    return Predictor(threads=1)


def attempt(case: Case) -> bool:
    """Whether the poster gives pixels; otherwise its prediction will say what is in error."""
    [data] = case.files.values()
    with contextlib.suppress(PosterError):
        suffix_of(data)
    rows, [problems] = predictor().readers.read([Movie("film", poster=data)])
    read = any(row is not None for [row] in rows.values())
    assert read != bool(problems), problems
    return read


def case(random: Random, number: int) -> Case:
    """An attack written by hand, or a seed with drawn damage."""
    if number < len(ATTACKS):
        name, make = ATTACKS[number]
        return Case(name, {"poster": make()})
    name, data = random.choice(seeds())
    how, data = random.choice(_DAMAGES)(random, data)
    return Case(f"{name}, {how}", {"poster": data})


# Seeds: what Pillow itself writes, in every form that it knows


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


@functools.cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of whole images."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x8769] = 6, "x" * 300, {0x9003: "1999:01:01 00:00:00"}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = [noise(mode="RGB").rotate(90 * k) for k in range(1, 4)]
    palette = noise().quantize(64)
    deep = Image.frombytes("I;16", SMALL, Random("deep").randbytes(2 * SMALL[0] * SMALL[1]))
    found = [
        ("jpeg", encode(noise(), "JPEG")),
        ("jpeg, large", encode(noise(POSTER), "JPEG", quality=50)),
        ("jpeg, progressive", encode(noise(), "JPEG", progressive=True)),
        ("jpeg, CMYK", encode(noise(mode="CMYK"), "JPEG")),
        ("jpeg, grey", encode(noise(mode="L"), "JPEG", optimize=True)),
        ("jpeg, EXIF and ICC", encode(noise(), "JPEG", exif=exif, icc_profile=profile)),
        ("jpeg, restarts", encode(noise(), "JPEG", restart_marker_blocks=2, subsampling=2)),
        ("png", encode(noise(), "PNG")),
        ("png, RGBA", encode(noise(mode="RGBA"), "PNG", exif=exif)),
        ("png, 1 bit", encode(noise(mode="L").convert("1"), "PNG")),
        ("png, 16 bits", encode(deep, "PNG")),
        ("png, palette", encode(palette, "PNG", transparency=bytes(range(64)), bits=8)),
        ("png, ICC", encode(noise(), "PNG", icc_profile=profile)),
        ("png, interlaced", png(64, 96, 8, 2, interlaced=True)),
        ("apng", encode(noise(), "PNG", save_all=True, append_images=more)),
        ("webp", encode(noise(), "WEBP")),
        ("webp, lossless", encode(noise(mode="RGBA"), "WEBP", lossless=True, exif=exif)),
        ("webp, animated", encode(noise(), "WEBP", save_all=True, append_images=more)),
        ("gif", encode(palette, "GIF", transparency=3, comment=b"a comment")),
        ("gif, animated", encode(noise(), "GIF", save_all=True, append_images=more, disposal=2)),
    ]
    return tuple(found)


# Drawn damage


def _anywhere(random: Random, data: bytes) -> tuple[str, bytes]:
    return "damaged", damaged(random, data)


def _at_a_mark(random: Random, data: bytes) -> tuple[str, bytes]:
    return "cut at a mark", cut_at(random, data, marks(data))


def _between(random: Random, data: bytes) -> tuple[str, bytes]:
    """A part is left out, doubled, or comes from another file."""
    places = [0, *marks(data), len(data)]
    k = random.randrange(len(places) - 1)
    part = data[places[k] : places[k + 1]]
    other = random.choice(seeds())[1]
    theirs = [*marks(other), len(other)]
    j = random.randrange(len(theirs) - 1) if len(theirs) > 1 else 0
    new = random.choice((b"", part * 2, part * 40, other[theirs[j] : theirs[-1]]))
    return "parts exchanged", data[: places[k]] + new + data[places[k + 1] :]


def _with_checksums(random: Random, data: bytes) -> tuple[str, bytes]:
    """Damage that a PNG's checksums do not tell, so that it reaches the decoder's inside."""
    if not data.startswith(PNG):
        return _sizes(random, data)
    chunks = list(png_chunks(data))
    for _ in range(random.choice((1, 1, 2, 4))):
        k = random.randrange(len(chunks))
        name, content = chunks[k]
        if name == b"IDAT" and random.random() < 0.7:
            content = _rows_damaged(random, content)
        else:
            content = damaged(random, content)
        chunks[k] = name, content
    return "damaged, its checksums right", PNG + b"".join(chunk(*one) for one in chunks)


def _rows_damaged(random: Random, content: bytes) -> bytes:
    """A PNG's packed rows with some bytes exchanged, inside where they can be unpacked."""
    try:
        rows, packed = bytearray(zlib.decompress(content)), True
    except zlib.error:  # part of them, or damaged already
        rows, packed = bytearray(content), False
    for _ in range(8 if rows else 0):
        rows[random.randrange(len(rows))] = random.randrange(256)
    return zlib.compress(bytes(rows)) if packed else bytes(rows)


def _sizes(random: Random, data: bytes) -> tuple[str, bytes]:
    """Other width and height are declared."""
    big = random.choice((0, 1, 15, 16, 255, 4096, 16383, 30_000, 65_535, 2**24 - 1, 2**31 - 1))
    out = bytearray(data)
    if data.startswith(PNG):
        out[16:20] = struct.pack(">I", big)
        if random.random() < 0.5:
            out[20:24] = struct.pack(">I", big)
        out[29:33] = struct.pack(">I", zlib.crc32(out[12:29]))
    elif data.startswith(b"GIF"):
        at = random.choice((6, 8, data.find(b",") + 5, data.find(b",") + 7))
        out[at : at + 2] = struct.pack("<H", big & 0xFFFF)
    elif data.startswith(b"RIFF"):
        at = random.choice((24, 27))
        out[at : at + 3] = (big & 0xFFFFFF).to_bytes(3, "little")
    else:
        at = next((k for k in marks(data) if data[k + 1] in (0xC0, 0xC1, 0xC2)), 0)
        out[at + 5 : at + 7] = struct.pack(">H", big & 0xFFFF)
        if random.random() < 0.5:
            out[at + 7 : at + 9] = struct.pack(">H", big & 0xFFFF)
    return f"a side of {big}", bytes(out)


_DAMAGES: tuple[Callable[[Random, bytes], tuple[str, bytes]], ...] = (
    *(_anywhere, _anywhere, _at_a_mark, _between, _with_checksums, _sizes),
)


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


# Files made by hand


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
) -> bytes:
    """A whole PNG, all its pixels 0, that is a thousandth of what it unpacks to."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(width, height)]
    if interlaced:
        starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4))
        starts += ((1, 0, 2, 2), (0, 1, 1, 2))
        passes = [(-((x - width) // dx), -((y - height) // dy)) for x, y, dx, dy in starts]
    size = sum(h * (1 + -(-w * bits // 8)) for w, h in passes if w and h)
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(min(2**20, size - k))) for k in range(0, size, 2**20))
    data += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    palette = chunk(b"PLTE", bytes(range(48))) if colour == 3 else b""
    parts = chunk(b"IHDR", header) + palette + before + chunk(b"IDAT", data) + after
    return PNG + parts + chunk(b"IEND", b"")


def jpeg_scans(size: tuple[int, int], times: int, mode: str = "RGB") -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encode(Image.new(mode, size), "JPEG", progressive=True, quality=50)
    last = data.rfind(b"\xff\xda")
    return data[:-2] + data[last:-2] * times + b"\xff\xd9"


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


def bomb(mib: int) -> bytes:
    """So many MiB of zeros, compressed."""
    return zlib.compress(bytes(mib * 2**20), 9)


def flat(mode: str, size: tuple[int, int], kind: str, **options: Any) -> bytes:
    """A file of one colour."""
    return encode(Image.new(mode, size), kind, **options)


_JS = b"GIF89a/*" + encode(noise().quantize(16), "GIF")[8:] + b"*/=1;alert(1)"
_FOREIGN = ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "EPS", "PDF", "ICNS", "JPEG2000", "DDS")

# Sides at and around the limits: what may be decoded whole, and what only as a fraction.
_EDGE, _WHOLE = (11_300, 11_300), (6_300, 6_300)

ATTACKS: tuple[Attack, ...] = (
    ("nothing", lambda: b""),
    ("HTML", lambda: b"<!DOCTYPE html><script>alert(1)</script>"),
    ("SVG", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/x"/></svg>'),
    *((kind, lambda kind=kind: flat("RGB", SMALL, kind)) for kind in _FOREIGN),
    ("JPEG and ZIP", lambda: encode(noise(), "JPEG") + archive_of(encode(noise(), "JPEG"))),
    ("ZIP and JPEG", lambda: archive_of(encode(noise(), "JPEG")) + encode(noise(), "JPEG")),
    ("GIF and script", lambda: _JS),
    ("PNG and HTML", lambda: encode(noise(), "PNG") + b"<html><script>alert(1)</script>"),
    ("PDF and JPEG", lambda: b"%PDF-1.7\n" + encode(noise(), "JPEG")),
    ("JPEG in RIFF", lambda: b"RIFF\0\0\0\0WEBP" + encode(noise(), "JPEG")),
    (
        "PNG of 2**31 pixels a side",
        lambda: png(16, 16, 8, 2).replace(
            struct.pack(">II", 16, 16), struct.pack(">II", 2**31 - 1, 2**31 - 1)
        ),
    ),
    *(
        (
            f"PNG at the limit, depth {d}, colour {c}, {sides}",
            lambda d=d, c=c, s=sides: png(*s, d, c),
        )
        for sides in (_EDGE, _WHOLE)
        for d, c in ((1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (8, 3), (8, 4), (8, 6), (16, 6))
    ),
    *(
        (
            f"PNG at the limit, transparent palette, {sides}",
            lambda s=sides: png(*s, 8, 3, before=chunk(b"tRNS", bytes(range(16)))),
        )
        for sides in (_EDGE, _WHOLE)
    ),
    ("PNG at the limit, interlaced", lambda: png(*_WHOLE, 8, 6, interlaced=True)),
    ("PNG, transparent colour", lambda: png(*_WHOLE, 8, 2, before=chunk(b"tRNS", bytes(6)))),
    ("PNG of one line", lambda: png(30_000, 16, 8, 6)),
    ("PNG of 200,000 chunks", lambda: png(64, 96, 8, 2, before=chunk(b"abCd", b"") * 200_000)),
    ("PNG, 200,000 chunks behind", lambda: png(64, 96, 8, 2, after=chunk(b"abCd", b"") * 200_000)),
    ("PNG of 300,000 empty IDAT", lambda: png(64, 96, 8, 2, before=chunk(b"IDAT", b"") * 300_000)),
    (
        "PNG, 2,000 profiles of 1 MiB",
        lambda: png(
            64, 96, 8, 2, before=chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(2**20 - 1))) * 2000
        ),
    ),
    (
        "PNG, a profile of 50 MiB",
        lambda: png(64, 96, 8, 2, before=chunk(b"iCCP", b"x\0\0" + bomb(50))),
    ),
    (
        "PNG, a text of 50 MiB",
        lambda: png(64, 96, 8, 2, before=chunk(b"zTXt", b"x\0\0" + bomb(50))),
    ),
    (
        "PNG, 2,000 texts of 1 MiB",
        lambda: png(
            64, 96, 8, 2, before=chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(2**20 - 1))) * 2000
        ),
    ),
    (
        "PNG, an iTXt of 50 MiB behind",
        lambda: png(64, 96, 8, 2, after=chunk(b"iTXt", b"x\0\1\0\0\0" + bomb(50))),
    ),
    (
        "PNG, animation of 2**32 frames",
        lambda: png(64, 96, 8, 2, before=chunk(b"acTL", b"\xff\xff\xff\xff\0\0\0\0")),
    ),
    ("APNG of 3,000 frames", lambda: frames("PNG", 3000)),
    ("GIF of 5,000 frames", lambda: frames("GIF", 5000)),
    ("WebP of 2,000 frames", lambda: frames("WEBP", 2000)),
    *((f"GIF screen of {n}", lambda n=n: hollow_gif(n, n)) for n in (65_535, 11_000, 6_300)),
    ("GIF, whole, at the limit", lambda: flat("P", _EDGE, "GIF")),
    ("GIF, whole, transparent", lambda: flat("P", _WHOLE, "GIF", transparency=0)),
    ("GIF, a comment of 10 MB", lambda: gif_blocks(b"\x21\xfe", 40_000)),
    ("GIF, an application's 10 MB", lambda: gif_blocks(b"\x21\xff\x0bXMP DataXMP", 40_000)),
    ("GIF, 100,000 comments", lambda: gif_blocks(b"\x21\xfe\x01x\0" * 100_000 + b"\x21\xfe", 1)),
    *((f"WebP canvas of {n}", lambda n=n: hollow_webp(n, n)) for n in (16_383, 11_000, 6_300)),
    ("WebP, lossless, at the limit", lambda: flat("RGBA", (11_000, 11_000), "WEBP", lossless=True)),
    ("WebP, lossless, as large as is decoded", lambda: flat("RGBA", _WHOLE, "WEBP", lossless=True)),
    ("WebP, lossy, as large as is decoded", lambda: flat("RGB", _WHOLE, "WEBP", method=0)),
    ("JPEG at the limit", lambda: flat("L", (8100, 12_300), "JPEG")),
    ("JPEG at the limit, colour", lambda: flat("RGB", _EDGE, "JPEG")),
    ("JPEG at the limit, CMYK", lambda: flat("CMYK", _EDGE, "JPEG")),
    ("JPEG at the limit, progressive", lambda: jpeg_scans(_EDGE, 0)),
    ("JPEG at the limit, progressive, CMYK", lambda: jpeg_scans(_EDGE, 0, "CMYK")),
    ("JPEG, progressive, as large as is decoded", lambda: jpeg_scans(_WHOLE, 0)),
    ("JPEG, progressive, 20 scans more", lambda: jpeg_scans(_WHOLE, 20)),
    ("JPEG of 2,000 scans", lambda: jpeg_scans((2000, 3000), 2000)),
    ("JPEG of 50,000 scans", lambda: jpeg_scans((400, 600), 50_000)),
    ("JPEG of 300,000 segments", lambda: segments(300_000)),
    ("JPEG of 400 application segments", lambda: segments(400, b"\xff\xe2", b"x" * 60_000)),
    (
        "JPEG, Photoshop's resources",
        lambda: segments(300, b"\xff\xed", b"Photoshop 3.0\0" + b"8BIM\0\0\0\0\0\0\0\0" * 5000),
    ),
    (
        "JPEG, a loop in its EXIF",
        lambda: exif_segment(b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"),
    ),
    (
        "JPEG, 65,535 EXIF entries",
        lambda: exif_segment(b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 60_000),
    ),
    (
        "JPEG, an EXIF value of 4 GB",
        lambda: exif_segment(
            b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\xff\x08\0\0\0\0\0\0\0"
        ),
    ),
    (
        "JPEG, 255 parts of a profile",
        lambda: segments(255, b"\xff\xe2", b"ICC_PROFILE\0\x01\xff" + bytes(60_000)),
    ),
    (
        "JPEG of 10,000 frame headers",
        lambda: segments(10_000, b"\xff\xc0", b"\x08\x00\x60\x00\x40\x01\x01\x11\0"),
    ),
)
