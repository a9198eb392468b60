"""What the posters are drawn with: a little geometry, and a canvas of shapes and light.

Lengths are in poster pixels: x runs 0-500 to the right, y runs 0-750 downwards. Colours are
"#rrggbb" or "#rrggbbaa".
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

WIDTH, HEIGHT = 500, 750  # of a finished poster
SCALE = 2  # drawn this many times larger, then reduced, which smooths every edge
RIM = 255 / math.sqrt(2)  # of Image.radial_gradient at the middle of a side; 255 is its corner

Point = tuple[float, float]
Fill = str | tuple[str, str]  # one colour, or top and bottom of a gradient


def curve(points: Sequence[Point], closed: bool = False, steps: int = 10) -> list[Point]:
    """A smooth line through every point (a Catmull-Rom spline), `steps` points to a segment."""
    ends = [points[-1], *points, points[0], points[1]]
    if not closed:
        ends = [points[0], *points, points[-1]]
    line: list[Point] = []
    for p, q, r, s in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            t = step / steps
            line.append((_spline(p[0], q[0], r[0], s[0], t), _spline(p[1], q[1], r[1], s[1], t)))
    return line if closed else [*line, points[-1]]


def _spline(p: float, q: float, r: float, s: float, t: float) -> float:
    bend = (2 * p - 5 * q + 4 * r - s) * t + (3 * q - p - 3 * r + s) * t * t
    return q + 0.5 * t * ((r - p) + bend)


def put(
    points: Iterable[Point],
    x: float,
    y: float,
    size: float = 1,
    turn: float = 0,
    flip: bool = False,
) -> list[Point]:
    """`points` enlarged by `size`, mirrored, turned `turn` degrees clockwise, moved to (x, y)."""
    cos, sin = math.cos(math.radians(turn)) * size, math.sin(math.radians(turn)) * size
    mirror = -1 if flip else 1
    return [(x + mirror * a * cos - b * sin, y + mirror * a * sin + b * cos) for a, b in points]


def around(x: float, y: float, radius: float, angle: float) -> Point:
    """The point `radius` away from (x, y), `angle` degrees clockwise from the right."""
    return x + radius * math.cos(math.radians(angle)), y + radius * math.sin(math.radians(angle))


def star(spikes: int, inner: float) -> list[Point]:
    """A star of radius 1 with `spikes` points, its notches at radius `inner`."""
    turn = 180 / spikes
    return [around(0, 0, inner if i % 2 else 1, i * turn - 90) for i in range(2 * spikes)]


class Canvas:
    """A poster being drawn, with chance of its own: the same `seed` always draws the same."""

    def __init__(self, seed: str) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
        self.chance = random.Random(seed)

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """Draws in image pixels, and blends colours that have an alpha."""
        return ImageDraw.Draw(self.image, "RGBA")

    def sky(self, *colours: str, top: float = 0, bottom: float = HEIGHT) -> None:
        """Fill a full-width band with a gradient through `colours`, evenly spaced."""
        strip = gradient(colours, round((bottom - top) * SCALE))
        self.image.paste(strip.resize((WIDTH * SCALE, strip.height)), (0, round(top * SCALE)))

    def shape(self, points: Iterable[Point], fill: str) -> None:
        """Fill a polygon."""
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def blob(self, points: Sequence[Point], fill: str) -> None:
        """Fill the smooth outline through `points`."""
        self.shape(curve(points, closed=True), fill)

    def line(self, points: Sequence[Point], fill: str, width: float = 1) -> None:
        """Draw straight lines from point to point."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.line(scaled, fill=fill, width=max(1, round(width * SCALE)), joint="curve")

    def limb(self, points: Sequence[Point], thick: float, thin: float, fill: str) -> None:
        """Draw a smooth tapering stroke, its radius going from `thick` to `thin`; opaque only."""
        path = curve(points, steps=24)
        for i, (x, y) in enumerate(path):
            radius = thick + (thin - thick) * i / (len(path) - 1)
            self.disc(x, y, radius, fill)
            self.line(path[i : i + 2], fill, 2 * radius)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        """Fill a rectangle."""
        self.shape([(left, top), (right, top), (right, bottom), (left, bottom)], fill)

    def disc(self, x: float, y: float, rx: float, fill: str, ry: float | None = None) -> None:
        """Fill a circle of radius `rx`, or an ellipse when `ry` is given."""
        ry = rx if ry is None else ry
        edges = [v * SCALE for v in (x - rx, y - ry, x + rx, y + ry)]
        self.pen.ellipse(edges, fill=fill)

    def ring(self, x: float, y: float, radius: float, fill: str, width: float = 2) -> None:
        """Draw a circle `width` wide, inside `radius`."""
        edges = [v * SCALE for v in (x - radius, y - radius, x + radius, y + radius)]
        self.pen.ellipse(edges, outline=fill, width=round(width * SCALE))

    def glow(self, x: float, y: float, radius: float, fill: str, strength: float = 1) -> None:
        """Lay light of one colour around (x, y), fading to nothing at `radius`."""
        size = round(2 * radius * SCALE)
        fade = [round(strength * 255 * max(0, 1 - d / RIM) ** 1.7) for d in range(256)]
        mask = Image.radial_gradient("L").resize((size, size)).point(fade)
        corner = round((x - radius) * SCALE), round((y - radius) * SCALE)
        self.image.paste(Image.new("RGB", mask.size, fill), corner, mask)

    def shade_ball(self, x: float, y: float, radius: float, fill: str, strength: float) -> None:
        """Darken a disc towards its lower right, as if lit from the upper left."""
        size = round(2 * radius * SCALE)
        disc = Image.new("L", (size, size))
        ImageDraw.Draw(disc).ellipse((0, 0, size - 1, size - 1), fill=255)
        fade = [round(255 * strength * min(1, d / 255) ** 1.6) for d in range(256)]
        dark = Image.radial_gradient("L").resize((size * 2, size * 2)).point(fade)
        corner = round(size * 0.68)
        dark = dark.crop((corner, corner, corner + size, corner + size))
        self.stamp(ImageChops.multiply(disc, dark), x - radius, y - radius, fill)

    def rays(self, x: float, y: float, count: int, fill: str, turn: float = 0) -> None:
        """Fill every other one of 2 x `count` wedges that reach from (x, y) past every edge."""
        step = 180 / count
        for i in range(count):
            angle = turn + 2 * i * step
            self.shape([(x, y), around(x, y, 999, angle), around(x, y, 999, angle + step)], fill)

    def ridge(self, y: float, rise: float, fill: str, peaks: int = 9, smooth: bool = False) -> None:
        """Fill from a chance skyline of hills, at most `rise` above `y`, down to the bottom."""
        span = WIDTH + 80
        top = [(i * span / peaks - 40, y - self.chance.uniform(0, rise)) for i in range(peaks + 1)]
        self.shape([*(curve(top) if smooth else top), (540, 760), (-40, 760)], fill)

    def scatter(self, count: int, top: float, bottom: float) -> list[Point]:
        """Chance points across the poster between two heights."""
        draw = self.chance.uniform
        return [(draw(0, WIDTH), draw(top, bottom)) for _ in range(count)]

    def stipple(self, top: float, bottom: float, fill: str, upwards: bool = False) -> None:
        """Spray dots over a band, densest at its bottom (or top), as lithographers shaded."""
        size = round(WIDTH / 1.5), round((bottom - top) / 1.5)  # a dot is 1.5 pixels wide
        fade = gradient(("#ffffff", "#000000") if upwards else ("#000000", "#ffffff"), size[1])
        mask = ImageChops.subtract(fade.convert("L").resize(size), noise(self.chance, size))
        mask = mask.point([0] + [255] * 255)
        mask = mask.resize((WIDTH * SCALE, round((bottom - top) * SCALE)))
        self.image.paste(Image.new("RGB", mask.size, fill), (0, round(top * SCALE)), mask)

    def fade_out(self, top: float, bottom: float, fill: str) -> None:
        """Let everything turn into `fill` between two heights, and be `fill` below."""
        fade = gradient(("#000000", "#ffffff"), round((bottom - top) * SCALE)).convert("L")
        self.stamp(fade.resize((WIDTH * SCALE, fade.height)), 0, top, fill)
        self.box(0, bottom, WIDTH, HEIGHT, fill)

    def blur(self, radius: float) -> None:
        """Soften everything drawn so far."""
        self.image = self.image.filter(ImageFilter.GaussianBlur(radius * SCALE))

    def stamp(self, mask: Image.Image, x: float, y: float, fill: Fill) -> None:
        """Paint `mask` (mode L, in image pixels) with its top left corner at (x, y)."""
        colours = (fill,) if isinstance(fill, str) else fill
        paint = gradient(colours, mask.height).resize(mask.size)
        self.image.paste(paint, (round(x * SCALE), round(y * SCALE)), mask)


def gradient(colours: Sequence[str], height: int) -> Image.Image:
    """One column of `height` pixels that runs through `colours` from top to bottom."""
    stops = Image.new("RGB", (1, len(colours)))
    for i, colour in enumerate(colours):
        stops.putpixel((0, i), ImageColor.getrgb(colour)[:3])
    if len(colours) == 1:
        return stops.resize((1, height))
    middles = (0, 0.5, 1, len(colours) - 0.5)
    return stops.resize((1, height), Image.Resampling.BILINEAR, box=middles)


def noise(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    """Grey static, mode L."""
    return Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
