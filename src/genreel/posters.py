"""Opens a poster safely: anything wrong with an image becomes one PosterError."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import (
    ExifTags,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from genreel.errors import PosterError
from genreel.image_parts import check_parts

PosterSource = str | Path | bytes | Image.Image

SUFFIXES = (".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".gif")
"""Ends of file names that are taken for posters in a folder."""

OTHER_SUFFIXES = (
    *(".avif", ".bmp", ".dib", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".tif", ".tiff"),
)
"""File names of images that are not read: a folder of posters names them, one by one."""


@dataclass(frozen=True)
class Limits:
    """What a poster may cost to open. A person may raise any of the limits.

    Attributes:
        max_bytes: size of the file.
        max_pixels: width × height. A 27 × 41 inch one-sheet scanned at 300 dpi has 99.6 million.
        max_side: width or height, in pixels.
        min_side: width and height, in pixels; on a smaller one nothing can be seen.
        max_whole: width × height of an image that must be decoded at full size, which takes up to
            16 bytes a pixel; three quarters of it for a WebP, half for 16 bits or an interlaced
            PNG, which take longer. A JPEG of one scan is decoded at a fraction of its size instead.
    """

    max_bytes: int = 128 * 2**20
    max_pixels: int = 128_000_000
    max_side: int = 30_000
    min_side: int = 16
    max_whole: int = 40_000_000


# First bytes of a file, end of its name, decoder. Calling the decoder directly, not Image.open,
# keeps the list closed whatever plug-ins another library registers, and does without Pillow's pixel
# limit for the whole process: `Limits` decides here.
_Decoder = Callable[[io.BytesIO], Image.Image]
_DECODERS: tuple[tuple[bytes, str, _Decoder], ...] = (
    (b"\xff\xd8\xff", ".jpg", lambda file: JpegImagePlugin.JpegImageFile(file)),
    (b"\x89PNG\r\n\x1a\n", ".png", lambda file: PngImagePlugin.PngImageFile(file)),
    (b"RIFF", ".webp", lambda file: WebPImagePlugin.WebPImageFile(file)),
    (b"GIF8", ".gif", lambda file: GifImagePlugin.GifImageFile(file)),
)

# What begins images of other kinds → what they are called. Pillow's readers of AVIF and TIFF decode
# whole pictures, with tiles and directories of any number, before `Limits` is asked.
_OTHERS = (
    (r"....ftypavi[fs]", "an AVIF"),
    (r"....ftyp(hei[cfmsx]|hev[cmsx]|mif1|msf1)", "a HEIC"),
    (r"II[*+]\0|MM\0[*+]", "a TIFF"),
    (r"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "a BMP"),
    (r"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL"),
    (r"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000"),
    (r"8BPS", "a Photoshop"),
)

_END = b"\xff\xd9"  # of a JPEG

# EXIF orientation → what brings the image upright (Exif 2.3, tag 274).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# A JPEG is decoded at 1/2, 1/4 or 1/8 of its size if that is still this many times the size asked
# for, so that the final resampling hides which of them it was.
_DRAFT_MARGIN = 3

# Long side by short side up to which a poster keeps as much detail as any.
_MAX_RATIO = 4

_STRIP = 2**20  # pixels that are converted at a time

_AVERAGED = ("L", "LA", "RGB", "RGBA", "CMYK")  # modes whose pixels can be reduced as they are


def detail(size: tuple[int, int]) -> int:
    """Pixels that the shorter side of a large poster keeps when it is opened for `size` (width,
    height): 2ⁿ or 1.5 · 2ⁿ, so that similar sizes share one decoding.
    """
    target = _DRAFT_MARGIN * max(size)
    power: int = 1 << (target - 1).bit_length()
    return power * 3 // 4 if target <= power * 3 // 4 else power


def open_poster(
    source: PosterSource, size: tuple[int, int], limits: Limits | None = None
) -> Image.Image:
    """Decodes a poster, upright and in RGB.

    Args:
        source: a path, the bytes of a file, or a PIL image (left as it is).
        size: (width, height) in pixels that the caller will resize to; a large JPEG is decoded
            no finer than that needs.
        limits: what the poster may cost.

    Returns:
        An RGB image without EXIF: a file's first frame, upright, transparency over white,
        16 bits brought to 8. Not yet resized. A JPEG without its end marker is read as every
        viewer reads it, if it holds all of its pixels; one that is cut shorter is damaged.

    Raises:
        PosterError: for anything wrong with it, naming the poster and the remedy.
    """
    limits = limits or Limits()
    name = name_of(source)
    try:
        image, several_scans = _open(source, limits)
        _check_size(image, limits)
        whole = image.width * image.height
        if isinstance(image, JpegImagePlugin.JpegImageFile) and image is not source:
            # The orientation may swap the sides, so both must suffice for either.
            image.draft("RGB", (detail(size), detail(size)))
            if not several_scans:
                whole = image.width * image.height
        most = _max_whole(image, limits)
        if whole > most and image is not source:
            raise PosterError(
                f"{whole:,} pixels to be decoded whole are more than {most:,}; "
                "shrink it, save it as a baseline JPEG or raise max_whole"
            )
        try:
            image.load()
        except OSError:
            whole_again = None if image is source else _with_end(image, size)
            if whole_again is None:
                raise
            image = whole_again
        turn = _turn(image)
        rgb = _to_rgb(image, _factor(image, size))
        if turn is not None:
            rgb = rgb.transpose(turn)
        image = rgb.copy() if rgb is image else rgb
        image.info.clear()  # or the orientation would be applied again
        return image
    except PosterError as error:
        raise PosterError(f"poster {name}: {error}") from None
    except Image.DecompressionBombError:  # Pillow's own limit, for WebP and GIF
        raise PosterError(f"poster {name}: has too many pixels; shrink it") from None
    except MemoryError:
        raise PosterError(f"poster {name}: not enough memory; make it smaller") from None
    except Exception as error:  # Pillow's decoders fail in more ways than it documents
        reason = str(error) or type(error).__name__
        raise PosterError(f"poster {name}: damaged image ({reason}); replace it") from None


def name_of(source: PosterSource) -> str:
    """What an error calls a poster."""
    if isinstance(source, bytes):
        return f"of {len(source)} bytes"
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or f"image of {source.width}×{source.height}"
    return str(source)


def _open(source: PosterSource, limits: Limits) -> tuple[Image.Image, bool]:
    """The image, and whether it is a JPEG of several scans."""
    if isinstance(source, Image.Image):
        data = _file_of(source)
        return (source, False) if data is None else _decode(data)
    if isinstance(source, bytes):
        _check_bytes(len(source), limits)
        return _decode(source)
    return _decode(_read(Path(source), limits))


def _read(path: Path, limits: Limits) -> bytes:
    try:
        if not path.is_file():
            raise PosterError(
                "is not a file; check the path"
                if path.exists()
                else "does not exist; check the path"
            )
        _check_bytes(path.stat().st_size, limits)
        return path.read_bytes()
    except OSError as error:
        raise PosterError(f"cannot be read ({error.strerror}); check its permissions") from None


def _file_of(image: Image.Image) -> bytes | None:
    """The file of a JPEG that PIL has opened but not decoded; None for any other image. It is then
    decoded as a path would be, and the caller's image stays as it is.
    """
    file = getattr(image, "fp", None)
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or file is None or not image.tile:
        return None
    position = file.tell()
    file.seek(0)
    data: bytes = file.read()
    file.seek(position)
    return data


def _decode(data: bytes) -> tuple[Image.Image, bool]:
    _, decoder = _kind(data)
    several_scans = check_parts(data)
    return decoder(io.BytesIO(data)), several_scans


def _with_end(image: Image.Image, size: tuple[int, int]) -> Image.Image | None:
    """A JPEG that lacks its end, with one; None where more is missing, or something else.

    It is decoded with the end and with noise before the end: pixels that the noise changes are
    those that the file does not hold.
    """
    file = getattr(image, "fp", None)
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or not isinstance(file, io.BytesIO):
        return None
    data = file.getvalue().rstrip(b"\0")  # of a file whose room was taken before it was filled
    if data.endswith(_END):
        return None
    data = data.removesuffix(_END[:1])
    images = []
    for factor in (0, 37, 91):
        noise = bytes((factor * n * n + n) % 251 for n in range(1, 512)) if factor else b""
        decoder = JpegImagePlugin.JpegImageFile(io.BytesIO(data + noise + _END))
        decoder.draft("RGB", (detail(size), detail(size)))
        decoder.load()
        images.append(decoder)
    whole, *noisy = images
    return whole if all(one.tobytes() == whole.tobytes() for one in noisy) else None


def _kind(data: bytes) -> tuple[str, _Decoder]:
    if not data:
        raise PosterError("is empty; replace it")
    for magic, suffix, decoder in _DECODERS:
        if data.startswith(magic):
            return suffix, decoder
    for pattern, name in _OTHERS:
        if re.match(pattern.encode("latin-1"), data, re.DOTALL):
            raise PosterError(f"is {name} image, which is not read; save it as JPEG or PNG")
    raise PosterError("is not a JPEG, PNG, WebP or GIF image; convert or replace it")


def suffix_of(data: bytes) -> str:
    """The file name's end that belongs to an image file, such as ".jpg", by its first bytes.

    Raises:
        PosterError: it is of no kind that genreel opens.
    """
    try:
        return _kind(data)[0]
    except PosterError as error:
        raise PosterError(f"poster of {len(data)} bytes: {error}") from None


def _check_bytes(size: int, limits: Limits) -> None:
    if size > limits.max_bytes:
        raise PosterError(
            f"{size:,} bytes are more than {limits.max_bytes:,}; shrink it or raise max_bytes"
        )


def _check_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if min(width, height) < limits.min_side:
        raise PosterError(
            f"{width}×{height} pixels show nothing; both sides need at least {limits.min_side}"
        )
    if max(width, height) > limits.max_side:
        raise PosterError(
            f"{width}×{height} pixels: a side is over {limits.max_side:,}; "
            "shrink it or raise max_side"
        )
    if width * height > limits.max_pixels:
        raise PosterError(
            f"{width}×{height} pixels are more than {limits.max_pixels:,}; "
            "shrink it or raise max_pixels"
        )


def _max_whole(image: Image.Image, limits: Limits) -> int:
    """Pixels that may be decoded whole: fewer where each costs more."""
    if isinstance(image, WebPImagePlugin.WebPImageFile):
        return limits.max_whole * 3 // 4
    is_deep = any(str(tile[3]).endswith("16B") for tile in getattr(image, "tile", ()))
    is_interlaced = isinstance(image, PngImagePlugin.PngImageFile) and "interlace" in image.info
    return limits.max_whole // 2 if is_deep or is_interlaced else limits.max_whole


def _factor(image: Image.Image, size: tuple[int, int]) -> int:
    """By what a very large image is reduced, or a long and narrow one: a whole number."""
    short, long = sorted(image.size)
    least = detail(size)
    narrow = min(long // (_MAX_RATIO * 2 * least), short // max(size))
    return max(1, short // (2 * least), narrow)


def _turn(image: Image.Image) -> Image.Transpose | None:
    with contextlib.suppress(Exception):  # damaged EXIF says nothing against the pixels
        return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return None


def _to_rgb(image: Image.Image, factor: int) -> Image.Image:
    """The image in RGB, reduced by a factor; strip by strip, as conversions copy what they get."""
    if factor > 1 and image.mode in _AVERAGED:
        image, factor = image.reduce(factor), 1
    if image.mode == "RGB" and factor == 1 and not image.has_transparency_data:
        return image
    width, height = image.size
    rows = max(1, _STRIP // (width * factor)) * factor
    whole = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        whole.paste(_strip_to_rgb(strip, factor), (0, top // factor))
    return whole


def _strip_to_rgb(image: Image.Image, factor: int) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel: keep the upper eight
        values = np.asarray(image) >> 8
        image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if factor > 1:
        if image.mode not in _AVERAGED:
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image = image.reduce(factor)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")
