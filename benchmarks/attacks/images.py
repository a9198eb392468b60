"""Damaged and adversarial posters, given to the predictor as bytes."""

from __future__ import annotations

import contextlib
import functools
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from PIL import Image, ImageCms

from attacks.case import Attack, Case
from attacks.mutate import cut_at, damaged
from attacks.shapes import (
    PNG,
    POSTER,
    SMALL,
    adobe,
    archive_of,
    bomb,
    chunk,
    cut_progressive,
    encode,
    exif_of,
    exif_segment,
    flat,
    frames,
    gif_blocks,
    hollow_gif,
    hollow_webp,
    jpeg_scans,
    layers,
    marks,
    noise,
    png,
    png_chunks,
    segments,
)
from genreel import Movie, Predictor
from genreel.errors import PosterError
from genreel.posters import suffix_of


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
        ("jpeg, CMYK, progressive", encode(noise(mode="CMYK"), "JPEG", progressive=True)),
        ("png, narrow, interlaced", png(17, 400, 16, 6, interlaced=True)),
        ("png, palette too short", png(64, 96, 8, 3, fill=b"\x07\xc8", palette=2)),
        ("webp, lossless palette", encode(palette.convert("RGB"), "WEBP", lossless=True)),
        ("webp, lossy, transparent", encode(noise(mode="RGBA"), "WEBP", exif=exif)),
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


_JS = b"GIF89a/*" + encode(noise().quantize(16), "GIF")[8:] + b"*/=1;alert(1)"
_FOREIGN = ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "EPS", "PDF", "ICNS", "JPEG2000", "DDS")

# Sides at and around the limits: what may be decoded whole, and what only as a fraction.
# A WebP has three quarters of it, 16 bits and an interlaced PNG half.
_EDGE, _WHOLE, _HALF = (11_300, 11_300), (6_300, 6_300), (4_400, 4_500)
_LOSSLESS: dict[str, Any] = {"lossless": True, "method": 0, "quality": 0}
_INDICES = bytes(range(256))
_COSTLY, _NARROW, _WEBP = (5_400, 5_500), (1333, 29_999), (1831, 16_383)


def _narrow(depth: int, interlaced: bool) -> tuple[int, int]:
    """As large as an image of this kind may be."""
    return 666 if interlaced or depth == 16 else 1333, 29_999


_NARROW_CASES: tuple[Attack, ...] = tuple(
    (
        f"PNG, narrow, {'interlaced, ' * interlaced}depth {d}, colour {c}",
        lambda d=d, c=c, i=interlaced: png(*_narrow(d, i), d, c, interlaced=i, how=4),
    )
    for interlaced in (False, True)
    for d, c in ((1, 0), (16, 0), (8, 2), (16, 2), (1, 3), (8, 3), (16, 4), (8, 6), (16, 6))
)

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
        for sides, depths in ((_EDGE, (1, 8, 16)), (_WHOLE, (1, 8, 16)), (_HALF, (16,)))
        for d, c in ((1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (8, 3), (8, 4), (8, 6), (16, 6))
        if d in depths
    ),
    *(
        (
            f"PNG at the limit, transparent palette, {sides}",
            lambda s=sides: png(*s, 8, 3, before=chunk(b"tRNS", bytes(range(16)))),
        )
        for sides in (_EDGE, _WHOLE)
    ),
    ("PNG, interlaced, too large", lambda: png(*_WHOLE, 8, 6, interlaced=True)),
    ("PNG at the limit, interlaced", lambda: png(*_HALF, 16, 6, interlaced=True, how=4)),
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
    (
        "WebP, lossless, as large as is decoded",
        lambda: flat("RGBA", _COSTLY, "WEBP", **_LOSSLESS),
    ),
    ("WebP, lossy, as large as is decoded", lambda: flat("RGB", _COSTLY, "WEBP", method=0)),
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
    *_NARROW_CASES,
    ("PNG, wide, interlaced", lambda: png(29_999, 666, 16, 6, interlaced=True, how=4)),
    (
        "PNG, narrow, transparent colour",
        lambda: png(666, 29_999, 16, 2, before=chunk(b"tRNS", bytes(6))),
    ),
    *(
        (
            f"PNG, narrow, transparent palette of {n}",
            lambda n=n: png(*_NARROW, 8, 3, palette=n, before=chunk(b"tRNS", bytes(n))),
        )
        for n in (1, 16, 256)
    ),
    *(
        (
            f"PNG, palette of {n}, indices beyond it",
            lambda n=n: png(640, 960, 8, 3, palette=n, fill=_INDICES),
        )
        for n in (1, 2, 128, 255)
    ),
    ("PNG, no palette", lambda: png(640, 960, 8, 3, palette=0)),
    ("PNG, a palette of 300 colours", lambda: png(640, 960, 8, 3, palette=300)),
    (
        "PNG, more transparency than palette",
        lambda: png(64, 96, 8, 3, palette=2, before=chunk(b"tRNS", bytes(256)), fill=b"\xff"),
    ),
    ("PNG, one pixel wide, 16 bits", lambda: png(1, 30_000, 16, 0)),
    ("PNG of 16 by 30,000, 16 bits", lambda: png(16, 30_000, 16, 6, interlaced=True)),
    ("GIF, narrow", lambda: flat("P", _NARROW, "GIF")),
    ("GIF, narrow, transparent", lambda: flat("P", _NARROW, "GIF", transparency=0)),
    ("WebP of 34 bytes", lambda: flat("RGBA", _WEBP, "WEBP", **_LOSSLESS)),
    ("WebP of 34 bytes, over the limit", lambda: flat("RGBA", (2441, 16_383), "WEBP", **_LOSSLESS)),
    ("WebP, narrow, lossless", lambda: flat("RGB", _WEBP, "WEBP", **_LOSSLESS)),
    ("WebP, narrow, lossy, transparent", lambda: flat("RGBA", _WEBP, "WEBP", method=0)),
    ("WebP, lossless, noise", lambda: encode(noise((2400, 3600), "RGBA"), "WEBP", **_LOSSLESS)),
    ("WebP, 20 large frames", lambda: layers(20, (2000, 3000), "WEBP")),
    ("GIF, 20 large frames", lambda: layers(20, (2000, 3000), "GIF")),
    ("APNG, 20 large frames", lambda: layers(20, (2000, 3000), "PNG")),
    ("WebP, EXIF of 50 MiB", lambda: exif_of(50, "WEBP")),
    ("PNG, EXIF of 50 MiB", lambda: exif_of(50, "PNG")),
    ("WebP, a profile of 50 MiB", lambda: encode(noise(), "WEBP", icc_profile=bytes(50 * 2**20))),
    ("JPEG, CMYK, progressive, narrow", lambda: jpeg_scans(_NARROW, 0, "CMYK")),
    ("JPEG, CMYK, progressive, as many scans", lambda: jpeg_scans(_NARROW, 2, "CMYK")),
    ("JPEG, progressive, narrow, as many scans", lambda: jpeg_scans(_NARROW, 10)),
    ("JPEG, grey, progressive, as many scans", lambda: jpeg_scans(_NARROW, 14, "L")),
    ("JPEG, CMYK, narrow", lambda: flat("CMYK", (1333, 29_999), "JPEG")),
    *((f"JPEG, Adobe's transform {n}", lambda n=n: adobe(n)) for n in (0, 1, 2, 3, 255)),
    *(
        (
            f"JPEG, progressive, {mode}, {part:.0%} of it",
            lambda m=mode, p=part: cut_progressive(m, p),
        )
        for mode in ("RGB", "CMYK", "L")
        for part in (0.1, 0.5, 0.9, 0.999)
    ),
    (
        "JPEG of 10,000 frame headers",
        lambda: segments(10_000, b"\xff\xc0", b"\x08\x00\x60\x00\x40\x01\x01\x11\0"),
    ),
)
