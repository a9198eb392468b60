"""Letters cut from Pillow's own font: thickened, slanted, shaken and stretched to fit."""

from __future__ import annotations

import random
from dataclasses import dataclass

from canvas import SCALE, WIDTH, Canvas, Fill
from PIL import Image, ImageDraw, ImageFilter, ImageFont


@dataclass(frozen=True)
class Face:
    """How letters are cut; everything but the angle `bounce` is in parts of the letter size."""

    weight: float = 0  # added all round each stroke
    tracking: float = 0  # added between letters
    slant: float = 0  # the top moved right
    bounce: float = 0  # letters turned and lifted by chance, at most this many degrees
    square: bool = False  # thickened with sharp corners instead of round ones


FACES = {
    "plain": Face(weight=0.008, tracking=0.03),
    "thin": Face(tracking=0.2),
    "bold": Face(weight=0.035, tracking=0.04, square=True),
    "heavy": Face(weight=0.05, tracking=0.075, square=True),
    "slant": Face(weight=0.045, tracking=0.06, slant=0.22, square=True),
    "bounce": Face(weight=0.06, tracking=0.12, bounce=7),
}
EM = 160  # image pixels; letters are cut at this size and then scaled


def letters(text: str, face: Face, chance: random.Random) -> Image.Image:
    """`text` in one line as a mask (mode L), one EM high, trimmed at its left and right."""
    font = ImageFont.load_default(size=EM * 0.74)
    gap, weight = face.tracking * EM, round(face.weight * EM)
    stroke = 0 if face.square else weight
    length = sum(font.getlength(letter) + gap for letter in text)
    mask = Image.new("L", (round(length) + EM, EM))
    pen, x = ImageDraw.Draw(mask), EM / 4
    for letter in text:
        if face.bounce:
            tile = Image.new("L", (EM, EM))
            ImageDraw.Draw(tile).text((EM / 4, 0), letter, 255, font, stroke_width=stroke)
            tile = tile.rotate(chance.uniform(-1, 1) * face.bounce, Image.Resampling.BICUBIC)
            lift = round(chance.uniform(-1, 1) * face.bounce * EM / 160)
            mask.paste(255, (round(x - EM / 4), lift), tile)
        else:
            pen.text((x, 0), letter, 255, font, stroke_width=stroke)
        x += font.getlength(letter) + gap
    for _ in range(weight - stroke):
        mask = mask.filter(ImageFilter.MaxFilter(3))
    shear = (1, face.slant, -face.slant * EM / 2, 0, 1, 0)
    mask = mask.transform(mask.size, Image.Transform.AFFINE, shear, Image.Resampling.BICUBIC)
    left, _, right, _ = mask.getbbox() or (0, 0, 1, 1)
    return mask.crop((left, 0, right, EM))


def small_print(
    canvas: Canvas, text: str, y: float, size: float, fill: str, squeeze: float = 1
) -> None:
    """Write one centred line, `size` high with its middle at `y`, `squeeze` of its usual width.

    A line wider than 430 is narrowed to that.
    """
    mask = letters(text, FACES["plain"], canvas.chance)
    width = min(mask.width * size / EM * squeeze, 430)
    mask = mask.resize((round(width * SCALE), round(size * SCALE)), Image.Resampling.LANCZOS)
    canvas.stamp(mask, (WIDTH - width) / 2, y - size / 2, fill)


@dataclass(frozen=True)
class Title:
    """A film's title: each line takes the next `words` of it and fills its box exactly."""

    lines: tuple[tuple[int, float, float, float, float], ...]  # words, left, top, width, height
    face: str = "bold"
    fill: Fill = "#ffffff"
    shade: str = ""  # colour behind the letters; none when empty
    depth: int = 0  # pixels the shade goes down and right; 0 makes it a soft halo


def write_title(canvas: Canvas, title: Title, text: str) -> None:
    """Letter `text` in capitals."""
    words = text.upper().split()
    for count, left, top, width, height in title.lines:
        mask = letters(" ".join(words[:count]), FACES[title.face], canvas.chance)
        del words[:count]
        mask = mask.crop(mask.getbbox())
        size = round(width * SCALE), round(height * SCALE)
        mask = mask.resize(size, Image.Resampling.LANCZOS)
        if title.shade and not title.depth:
            halo = Image.new("L", (size[0] + 40 * SCALE, size[1] + 40 * SCALE))
            halo.paste(mask, (20 * SCALE, 20 * SCALE))
            halo = halo.filter(ImageFilter.GaussianBlur(7 * SCALE))
            halo = halo.point([min(255, 2 * v) for v in range(256)])
            canvas.stamp(halo, left - 20, top - 20, title.shade)
        for step in range(title.depth * SCALE, 0, -1):
            canvas.stamp(mask, left + step / SCALE, top + step / SCALE, title.shade)
        canvas.stamp(mask, left, top, title.fill)
