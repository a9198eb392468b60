"""Whatever a poster file holds, it becomes the right pixels or one line that says what to do."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from genreel import posters
from genreel.errors import PosterError
from genreel.posters import SUFFIXES, Limits, PosterSource, open_poster

SIZE = (128, 192)  # what the callers of these tests will resize to
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def noise(size: tuple[int, int] = (24, 36), mode: str = "RGB") -> Image.Image:
    """An image that no decoder can guess the end of."""
    shape = (size[1], size[0], len(mode)) if len(mode) > 1 else (size[1], size[0])
    values = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    return Image.fromarray(values)


def corners(size: tuple[int, int] = (64, 96)) -> Image.Image:
    """Quarters: red and green above, blue and white below."""
    width, height = size
    image = Image.new("RGB", size, WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(source: PosterSource, limits: Limits | None = None) -> np.ndarray[Any, Any]:
    image = open_poster(source, SIZE, limits)
    assert image.mode == "RGB"
    return np.asarray(image).astype(int)


def refusal(source: PosterSource, limits: Limits | None = None) -> str:
    """The one line with which a poster is refused."""
    with pytest.raises(PosterError) as caught:
        open_poster(source, SIZE, limits)
    line = str(caught.value)
    assert line.startswith("poster ")
    assert "\n" not in line
    return line


def quarters(source: PosterSource) -> list[str]:
    """The nearest of the four colours amid each quarter: top left, top right, bottom …"""
    image = open_poster(source, SIZE)
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}

    def nearest(x: float, y: float) -> str:
        found = np.array(image.getpixel((int(x * image.width), int(y * image.height))))
        return min(names, key=lambda name: int(np.abs(found - names[name]).sum()))

    return [nearest(x, y) for y in (0.25, 0.75) for x in (0.25, 0.75)]


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def hollow_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that declares any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(64)))
    return b"\x89PNG\r\n\x1a\n" + data + png_chunk(b"IEND", b"")


def hollow_webp(width: int, height: int) -> bytes:
    """A WebP of a few bytes: an animation of 24 × 36 pixels on a canvas of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return kind + struct.pack("<I", len(data)) + data

    def sides(width: int, height: int) -> bytes:
        return (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")

    still = encode(noise(), "WEBP", lossless=True)[12:]
    body = b"WEBP" + chunk(b"VP8X", b"\x02\0\0\0" + sides(width, height))
    body += chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", bytes(6) + sides(24, 36) + bytes(4) + still)
    return chunk(b"RIFF", body)


def hollow_gif(width: int, height: int) -> bytes:
    """A GIF of a few bytes whose only frame is of any size, and is to be disposed of."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    control = b"\x21\xf9\x04\x08\x00\x00\x00\x00"
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00;"
    return screen + control + frame


# What works


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_lossless_formats_keep_every_pixel(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(corners(), kind, **options)
    assert np.array_equal(pixels(data), np.asarray(corners()))


def test_jpeg_keeps_the_colours() -> None:
    assert np.abs(pixels(encode(corners(), "JPEG")) - np.asarray(corners())).mean() < 2


@pytest.mark.parametrize("kind", FORMATS)
def test_path_text_bytes_and_opened_image_give_the_same_pixels(kind: str, tmp_path: Path) -> None:
    # Large enough that a JPEG is decoded at a fraction of its size.
    data = encode(corners((1400, 2100)), kind)
    path = tmp_path / "poster.jpg"  # the name does not matter
    path.write_bytes(data)
    expected = pixels(path)
    assert quarters(path) == ["red", "green", "blue", "white"]
    assert np.array_equal(pixels(str(path)), expected)
    assert np.array_equal(pixels(data), expected)
    with Image.open(path) as image:
        assert np.array_equal(pixels(image), expected)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(pixels(image), expected)


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("kind", [*FORMATS, "oriented"])
def test_an_opened_image_is_left_as_it_was(kind: str, loaded: bool) -> None:
    source = corners((1200, 1800))  # large enough that a JPEG is decoded at half its size
    if kind == "oriented":
        exif = Image.Exif()
        exif[0x0112] = 6
        data = encode(source, "JPEG", exif=exif)
    else:
        data = encode(source, kind)
    with Image.open(io.BytesIO(data)) as untouched, Image.open(io.BytesIO(data)) as image:
        if loaded:
            image.load()
        before, info = (image.size, image.mode, image.tell()), dict(image.info)
        open_poster(image, SIZE).putpixel((0, 0), (1, 2, 3))
        assert (image.size, image.mode, image.tell()) == before
        assert image.info | info == image.info  # decoding may add to it
        assert np.array_equal(np.asarray(image), np.asarray(untouched))


def test_the_result_is_never_the_callers_own_image() -> None:
    image = corners()
    open_poster(image, SIZE).paste(BLUE, (0, 0, 64, 96))
    assert image == corners()


def test_a_closed_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    corners().save(path)
    with Image.open(path) as image:
        pass
    assert refusal(image).startswith(f"poster {path}: damaged image (")


def test_an_image_keeps_its_place_in_the_file() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, GREEN, BLUE)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1)
        assert pixels(image)[0, 0].tolist() == [*GREEN]
        assert image.tell() == 1
        image.seek(2)
        assert image.convert("RGB").getpixel((0, 0)) == BLUE


def expected_upright(orientation: int) -> list[str]:
    """Where the quarters of a file come to lie when it is shown, by the table of Exif 2.3."""
    a, b, c, d = "red", "green", "blue", "white"
    return {
        1: [a, b, c, d],
        2: [b, a, d, c],  # the file's left is the picture's right
        3: [d, c, b, a],
        4: [c, d, a, b],
        5: [a, c, b, d],  # its first row is the picture's left column
        6: [c, a, d, b],  # its first row is the picture's right column
        7: [d, b, c, a],
        8: [b, d, a, c],
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(corners(), kind, exif=exif, quality=95)
    assert quarters(data) == expected_upright(orientation)
    size = (64, 96) if orientation < 5 else (96, 64)
    assert open_poster(data, SIZE).size == size
    with Image.open(io.BytesIO(data)) as image:
        assert quarters(image) == expected_upright(orientation)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_exif_orientation_of_a_poster_that_is_reduced(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = open_poster(encode(corners((2400, 3600)), kind, exif=exif), (32, 48))
    assert image.width > image.height
    assert image.width < 3600 / 2
    assert quarters(image) == expected_upright(6)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0junk"])
def test_damaged_exif_says_nothing_against_the_pixels(exif: bytes) -> None:
    assert quarters(encode(corners(), "JPEG", exif=exif)) == ["red", "green", "blue", "white"]
    assert quarters(encode(corners(), "PNG", exif=exif)) == ["red", "green", "blue", "white"]


@pytest.mark.parametrize("orientation", [0, 9, 274, 65535])
def test_an_unknown_orientation_is_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(corners(), "JPEG", exif=exif)
    assert quarters(data) == ["red", "green", "blue", "white"]


def test_cmyk_jpeg() -> None:
    data = encode(corners().convert("CMYK"), "JPEG", quality=95)
    assert Image.open(io.BytesIO(data)).mode == "CMYK"
    assert np.abs(pixels(data) - np.asarray(corners())).mean() < 3


def test_palette_with_transparency_is_laid_over_white() -> None:
    image = Image.new("P", (32, 32), 0)
    image.putpalette([*RED, *GREEN, *BLUE])
    image.paste(1, (0, 16, 32, 32))
    image.paste(2, (16, 16, 32, 32))
    half = encode(image, "PNG", transparency=bytes([0, 255, 128]))
    for data in (half, encode(image, "GIF", transparency=0)):
        assert pixels(data)[0, 0].tolist() == [*WHITE]
        assert pixels(data)[20, 0].tolist() == [*GREEN]
    assert pixels(half)[20, 20].tolist() == [127, 127, 255]


def test_a_palette_that_itself_is_transparent_is_laid_over_white() -> None:
    image = Image.new("P", (32, 32), 0)
    image.putpalette([*RED, 0, *GREEN, 255], "RGBA")
    image.paste(1, (0, 16, 32, 32))
    assert pixels(image)[0, 0].tolist() == [*WHITE]
    assert pixels(image)[20, 0].tolist() == [*GREEN]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (255, 0, 0, 0), [255, 255, 255]),
        ("RGBA", (255, 0, 0, 255), [255, 0, 0]),
        ("RGBA", (255, 0, 0, 51), [255, 204, 204]),
        ("LA", (0, 0), [255, 255, 255]),
        ("LA", (0, 51), [204, 204, 204]),
        ("LA", (77, 255), [77, 77, 77]),
    ],
)
@pytest.mark.parametrize("size", [(32, 48), (1600, 1600)], ids=["small", "reduced"])
def test_transparency_is_laid_over_white(
    mode: str, colour: tuple[int, ...], expected: list[int], size: tuple[int, int]
) -> None:
    image = open_poster(encode(Image.new(mode, size, colour), "PNG"), (32, 48))
    assert image.getextrema() == tuple((value, value) for value in expected)


def test_a_transparent_colour_is_laid_over_white() -> None:
    data = encode(corners(), "PNG", transparency=GREEN)
    assert quarters(data) == ["red", "white", "blue", "white"]


@pytest.mark.parametrize("mode", ["L", "1"])
def test_greyscale_becomes_three_equal_channels(mode: str) -> None:
    grey = noise(mode="L").convert(mode)
    found = pixels(encode(grey, "PNG"))
    assert np.array_equal(found, np.repeat(np.asarray(grey.convert("L"))[..., None], 3, axis=2))


def test_greyscale_jpeg() -> None:
    found = pixels(encode(Image.new("L", (64, 96), 77), "JPEG"))
    assert found.min() == found.max() == 77


def test_sixteen_bit_greyscale_keeps_its_upper_eight() -> None:
    values = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) * 64
    values[-1, -1] = 65535
    found = pixels(encode(Image.fromarray(values), "PNG"))
    assert np.array_equal(found[..., 0], values // 256)
    assert np.array_equal(found[..., 0], found[..., 2])
    assert found.max() == 255


def test_sixteen_bit_integers_of_an_image_are_clipped() -> None:
    values = np.full((32, 32), -5, np.int32)
    values[0, 0], values[0, 1] = 0x1234, 1_000_000
    found = pixels(Image.fromarray(values))
    assert (found[0, 0, 0], found[0, 1, 0], found[9, 9, 0]) == (0x12, 255, 0)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (32, 48), colour) for colour in (BLUE, RED, GREEN)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(data)).n_frames == 3
    assert (pixels(data) == BLUE).all()


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size(progressive: bool) -> None:
    data = encode(corners((1600, 2400)), "JPEG", progressive=progressive)
    assert open_poster(data, (64, 96)).size == (400, 600)  # a quarter: 3 times 96 and more
    assert open_poster(data, (512, 768)).size == (1600, 2400)
    assert quarters(data) == ["red", "green", "blue", "white"]


def test_a_large_png_is_reduced_to_no_less_than_it_takes() -> None:
    image = open_poster(encode(corners((1600, 2400)), "PNG"), (64, 96))
    assert image.size == (800, 1200)  # a half: the next step would leave less than 6 times 96
    assert quarters(image) == ["red", "green", "blue", "white"]


def test_a_long_and_narrow_poster_is_reduced_to_no_less_than_it_takes() -> None:
    image = open_poster(encode(corners((500, 20_000)), "PNG"), (64, 96))
    assert image.size == (100, 4000)  # each side at least 96, and the long one some 40 times it
    assert quarters(image) == ["red", "green", "blue", "white"]
    assert open_poster(encode(corners((90, 20_000)), "PNG"), (64, 96)).size == (90, 20_000)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(40, 61), (301, 613)], ids=["small", "reduced"])
def test_strips_are_converted_as_the_whole_is(
    mode: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = noise(size, "L").convert(mode) if mode != "RGBA" else noise(size, mode)
    data = encode(image, "PNG", **({"transparency": 7} if mode == "P" else {}))
    images = []
    for strip in (2**30, 2000):
        monkeypatch.setattr(posters, "_STRIP", strip)
        images.append(open_poster(data, (8, 12)))
    assert images[0] == images[1]
    assert (images[0].size == size) == (size == (40, 61))


MEASURE = """
import resource, sys, time
from pathlib import Path
from genreel import posters
from genreel.errors import PosterError
from genreel.posters import open_poster
def peak():  # MiB
    per_mib = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_mib
before = peak()
try:
    outcome = open_poster(Path(sys.argv[1]), (128, 192)).size
except PosterError as error:
    outcome = error
print(peak() - before)
print(outcome)
"""


def cost(path: Path) -> tuple[float, str]:
    """The MiB that a fresh process takes to open a poster, and what came of it."""
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, path], capture_output=True, text=True, timeout=60
    )
    assert not done.stderr
    grown, outcome = done.stdout.splitlines()
    return float(grown), outcome


def test_a_hundred_megapixel_jpeg_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "one-sheet.jpg"
    Image.new("L", (8100, 12300), 77).save(path, quality=10)
    grown, outcome = cost(path)
    assert outcome == str((8100 // 8 + 1, 12300 // 8 + 1))
    assert grown < 60  # its 99.6 million pixels would take 95 MiB in grey, 380 in RGB


# What is refused


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["", "progressive"])
def test_truncated_anywhere_it_is_refused_or_whole(kind: str, options: dict[str, bool]) -> None:
    data = encode(noise(), kind, **options)
    whole = pixels(data)
    refused = 0
    for length in [*range(1, len(data), 23), *range(len(data) - 12, len(data))]:
        try:
            found = pixels(data[:length])
        except PosterError as error:
            refused += 1
            assert f"poster of {length} bytes: " in str(error)
        else:  # only what follows the last pixel was lost
            assert np.array_equal(found, whole), length
            assert length > len(data) - 24
    assert refused > len(data) // 30


@pytest.mark.parametrize("kind", FORMATS)
def test_truncated_opened_image(kind: str) -> None:
    data = encode(noise((200, 300)), kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data[: len(data) // 2]))
        except OSError:
            return  # PIL itself says no
    assert refusal(image).startswith("poster image of 200×300: damaged image (")


def test_a_file_that_its_decoder_cannot_open_is_damaged(tmp_path: Path) -> None:
    data = bytearray(encode(noise(), "WEBP", lossless=True, exif=b"Exif\0\0"))
    data[24:27] = b"\xff\xff\0"  # a canvas that the still on it does not fill
    path = tmp_path / "poster.webp"
    path.write_bytes(data)
    assert refusal(path).startswith(f"poster {path}: damaged image (")


def test_a_damaged_image_says_so(tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    path.write_bytes(encode(noise(), "PNG")[:900])
    line = refusal(path)
    assert line.startswith(f"poster {path}: damaged image (")
    assert line.endswith("); replace it")


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from((b"", b"\xff\xd8\xff", b"RIFF", b"GIF89a")))
def test_random_bytes_give_one_line(tail: bytes, head: bytes) -> None:
    refusal(head + tail)


@settings(deadline=None)
@given(st.sampled_from(FORMATS), st.data())
def test_flipped_bytes_give_pixels_or_one_line(kind: str, draw: st.DataObject) -> None:
    data = bytearray(encode(noise((20, 20)), kind))
    places = draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=6))
    for place in places:
        data[place] ^= draw.draw(st.integers(1, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of EXIF and palettes that it mends
        try:
            assert pixels(bytes(data), Limits(max_pixels=1_000_000)).shape[2] == 3
        except PosterError as error:
            assert "\n" not in str(error)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    assert refusal(path) == f"poster {path}: is empty; replace it"
    assert refusal(b"") == "poster of 0 bytes: is empty; replace it"


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><title>404 Not Found</title>",
        b"not a poster at all",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="900"/>',
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7",
        b"\0" * 5000,
        b"\xff\xd8",
        b"\xef\xbb\xbf",
        encode(corners(), "BMP"),
        encode(corners(), "TIFF"),
        encode(corners(), "ICO"),
        encode(corners(), "PPM"),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_image_of_ours_is_refused_whatever_its_name(
    content: bytes, tmp_path: Path
) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"poster{suffix}"
        path.write_bytes(content)
        line = f"poster {path}: is not a JPEG, PNG, WebP or GIF image; convert or replace it"
        for start, name in ((b"BM", "BMP"), (b"II*", "TIFF")):
            if content.startswith(start) and len(content) > 20:
                line = (
                    f"poster {path}: is a {name} image, which is not read; save it as JPEG or PNG"
                )
        assert refusal(path) == line


def test_other_riff_files_are_refused() -> None:
    assert "not a WEBP file" in refusal(b"RIFF\x24\0\0\0WAVEfmt " + bytes(64))


def test_missing_file_directory_and_odd_names(tmp_path: Path) -> None:
    missing = tmp_path / "gone.jpg"
    assert refusal(missing) == f"poster {missing}: does not exist; check the path"
    assert refusal(str(missing)) == f"poster {missing}: does not exist; check the path"
    assert refusal(tmp_path) == f"poster {tmp_path}: is not a file; check the path"
    assert refusal("two\nlines.jpg") == "poster two lines.jpg: does not exist; check the path"
    assert "check the path" in refusal("nul\0.jpg")
    assert "cannot be read (" in refusal("x" * 5000)
    link = tmp_path / "dangling.jpg"
    link.symlink_to(missing)
    assert "does not exist" in refusal(link)
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    assert "check the path" in refusal(loop)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    assert refusal(path).endswith("is not a file; check the path")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_no_permission_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(encode(corners(), "JPEG"))
    path.chmod(0)
    line = f"poster {path}: cannot be read (Permission denied); check its permissions"
    assert refusal(path) == line


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(encode(corners(), "JPEG"))

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    line = f"poster {path}: cannot be read (Permission denied); check its permissions"
    assert refusal(path) == line


def test_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "transpose", fail)
    monkeypatch.setattr(Image.Image, "copy", fail)
    assert "not enough memory; make it smaller" in refusal(encode(corners(), "PNG"))


# Limits


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (400, 15)])
def test_too_small(size: tuple[int, int]) -> None:
    line = refusal(encode(Image.new("RGB", size), "PNG"))
    assert f"{size[0]}×{size[1]} pixels show nothing; both sides need at least 16" in line
    assert pixels(Image.new("RGB", size), Limits(min_side=1)).shape == (size[1], size[0], 3)


def test_smallest_that_is_taken() -> None:
    assert pixels(Image.new("RGB", (16, 16), RED)).shape == (16, 16, 3)


def test_sixty_thousand_pixels_wide() -> None:
    data = encode(Image.new("L", (60_000, 20)), "PNG")
    assert "60000×20 pixels: a side is over 30,000; shrink it or raise max_side" in refusal(data)
    assert pixels(data, Limits(max_side=60_000)).shape == (20, 60_000, 3)


def test_too_many_pixels() -> None:
    data = encode(corners((100, 150)), "JPEG")
    few = Limits(max_pixels=14_999)
    assert "100×150 pixels are more than 14,999; shrink it or raise max_pixels" in refusal(
        data, few
    )
    assert "raise max_pixels" in refusal(corners((100, 150)), few)
    assert pixels(data, Limits(max_pixels=15_000)).shape == (150, 100, 3)


def test_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(noise(), "PNG")
    path = tmp_path / "heavy.png"
    path.write_bytes(data)
    limits = Limits(max_bytes=len(data) - 1)
    line = f"{len(data):,} bytes are more than {len(data) - 1:,}; shrink it or raise max_bytes"
    assert refusal(data, limits) == f"poster of {len(data)} bytes: {line}"
    assert np.array_equal(pixels(path, Limits(max_bytes=len(data))), np.asarray(noise()))
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("read it all the same"))
    assert refusal(path, limits) == f"poster {path}: {line}"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("side.png", hollow_png(2**31 - 1, 2**31 - 1), "a side is over 30,000"),
        ("area.png", hollow_png(30_000, 30_000), "more than 128,000,000"),
        ("canvas.webp", hollow_webp(16_383, 16_383), "has too many pixels; shrink it"),
        ("canvas.webp", hollow_webp(12_000, 12_000), "more than 128,000,000"),
        ("screen.gif", hollow_gif(65_535, 65_535), "has too many pixels; shrink it"),
    ],
)
def test_a_bomb_is_refused_before_it_takes_memory(
    name: str, data: bytes, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert len(data) < 5000
    grown, outcome = cost(path)
    assert expected in outcome
    assert grown < 20  # MiB; its pixels would take 500 to 10^13


@pytest.mark.parametrize("side", [30_000, 2**31 - 1])
def test_an_opened_bomb_is_refused(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as some programs do
    with Image.open(io.BytesIO(hollow_png(side, side))) as image:
        assert "shrink it or raise max_" in refusal(image)


def test_a_bomb_in_the_comments_is_refused() -> None:
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50 * 2**20)))
    data = encode(corners(), "PNG")
    assert "damaged image (" in refusal(data[:33] + text + data[33:])


def test_pillows_own_pixel_limit_is_left_alone() -> None:
    before = Image.MAX_IMAGE_PIXELS
    refusal(hollow_png(30_000, 30_000))
    assert before == Image.MAX_IMAGE_PIXELS


def a_jpeg(size: tuple[int, int] = (200, 300), **options: Any) -> bytes:
    """A picture of noise, whose every block counts."""
    pixels = np.random.default_rng(7).integers(0, 256, (size[1] // 4, size[0] // 4, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 95},
                                     {"restart_marker_rows": 1}])  # fmt: skip
@pytest.mark.parametrize("size", [(200, 300), (900, 1400), (64, 96)])
def test_a_jpeg_that_lacks_its_end_is_read(size: tuple[int, int], options: dict[str, Any]) -> None:
    data = a_jpeg(size, **options)
    assert data.endswith(b"\xff\xd9")
    whole = np.asarray(open_poster(data, (64, 96)))
    for cut in (data[:-1], data[:-2], data[:-2] + bytes(700)):
        assert np.array_equal(np.asarray(open_poster(cut, (64, 96))), whole)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1},
                                     {"restart_marker_blocks": 3}])  # fmt: skip
@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.9])
def test_a_jpeg_that_is_cut_short_is_damaged(share: float, options: dict[str, Any]) -> None:
    data = a_jpeg((400, 600), **options)
    with pytest.raises(PosterError, match="damaged image"):
        open_poster(data[: int(len(data) * (1 - share))], (64, 96))


@pytest.mark.parametrize(
    ("kind", "name"), [("AVIF", "an AVIF"), ("TIFF", "a TIFF"), ("BMP", "a BMP"),
                       ("JPEG2000", "a JPEG 2000")])  # fmt: skip
def test_images_of_other_kinds_are_named(kind: str, name: str) -> None:
    file = io.BytesIO()
    try:
        Image.new("RGB", (64, 96)).save(file, kind)
    except (OSError, KeyError):
        pytest.skip(f"this Pillow writes no {kind}")
    with pytest.raises(PosterError, match=f"is {name} image, which is not read; save it as JPEG"):
        open_poster(file.getvalue(), (64, 96))
