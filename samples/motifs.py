"""The pictures on the posters, a function each; `MOTIFS` names them all.

They are tables of points more than programs, and set as such: the formatter leaves them alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from canvas import SCALE, WIDTH, Canvas, Point, around, curve, put, star
from lettering import FACES, letters
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

# fmt: off

# --- figures that several motifs share ----------------------------------------------------------


def person(
    canvas: Canvas, x: float, y: float, height: float, fill: str, *,
    hat: bool = False, coat: bool = False, skirt: bool = False, stride: float = 5,
) -> None:
    """A standing figure seen from the front, with its feet at (x, y)."""
    unit = height / 100

    def at(*points: Point) -> list[Point]:
        return put(points, x, y, unit)

    canvas.disc(x, y - 91 * unit, 5.6 * unit, fill, 7.5 * unit)
    canvas.blob(at((-3, -86), (3, -86), (13, -79), (14, -72), (9, -48), (-9, -48), (-14, -72),
            (-13, -79)), fill)
    for side in (-1, 1):
        canvas.limb(at((side * 12, -77), (side * 16, -62), (side * 15, -46)),
                3.4 * unit, 2.4 * unit, fill)
        canvas.limb(at((side * 4.5, -48), (side * stride, -24), (side * (stride + 1), -2)),
                5.5 * unit, 2.6 * unit, fill)
        canvas.disc(x + side * (stride + 2.4) * unit, y - 1.5 * unit, 4 * unit, fill, 2 * unit)
    if coat or skirt:
        hem = 19 if skirt else 15
        canvas.shape(at((-8, -60), (8, -60), (hem, -24), (-hem, -24)), fill)
    if hat:
        canvas.disc(x, y - 96 * unit, 11.5 * unit, fill, 2.3 * unit)
        canvas.blob(at((-7, -96), (-6, -104), (0, -103), (6, -104), (7, -96)), fill)


def cloud(canvas: Canvas, x: float, y: float, size: float, fill: str) -> None:
    """A heap of cloud about 2 x `size` wide with a flat foot at `y`."""
    for dx, lift, radius in ((-0.7, 0.1, 0.32), (-0.25, 0.3, 0.45), (0.3, 0.22, 0.4),
            (0.75, 0.05, 0.28)):
        canvas.disc(x + dx * size, y - lift * size, radius * size, fill)
    canvas.disc(x, y - 0.02 * size, size, fill, 0.16 * size)


HORSE: list[Point] = [(2, 31), (5, 25), (12, 15), (15, 9), (18, 13), (26, 20), (34, 31), (42, 36),
        (55, 37), (68, 34), (77, 37), (84, 46), (87, 62), (84, 78), (80, 66), (78, 52), (76, 60),
        (77, 70), (79, 84), (80, 97), (73, 97), (73, 86), (68, 72), (62, 62), (50, 65), (41, 63),
        (42, 76), (41, 97), (34, 97), (35, 78), (31, 62), (27, 48), (23, 36), (17, 31), (9, 34),
        (4, 36)]


# --- motifs: one picture each -------------------------------------------------------------------


def caravan(c: Canvas) -> None:
    """Camels crossing a salt lake before an enormous sun."""
    c.sky("#20586a", "#4d8a8c", "#e8c98e", "#f1dcae", bottom=470)
    c.stipple(0, 230, "#123a4a", upwards=True)
    for radius, fill in ((190, "#f0c986"), (172, "#eda457"), (152, "#e0692d")):
        c.disc(250, 330, radius, fill)
    c.stipple(300, 470, "#f0b160")
    c.ridge(470, 50, "#8a5a4a", peaks=6)
    c.sky("#f3e4c3", "#d9c39a", "#b38d68", top=462)
    for i in range(-9, 10):
        c.line([(250 + i * 30, 462), (250 + i * 190, 760)], "#a5805a80", 1.5)
    for y in (470, 482, 500, 528, 570, 632, 720):
        c.line([(0, y), (500, y)], "#a5805a80", 1.5)
    for x, size in ((110, 1.05), (235, 1.0), (352, 0.92), (448, 0.8)):
        camel(c, x, 490, size, "#3a2018")
        c.disc(x + 5, 494, 60 * size, "#3a201850", 5)


def camel(c: Canvas, x: float, y: float, size: float, fill: str) -> None:
    """A camel and its rider walking left, feet at `y`."""
    body = [(-52, -77), (-47, -84), (-38, -84), (-33, -74), (-30, -60), (-24, -56), (-17, -66),
            (-8, -80), (2, -84), (12, -76), (18, -66), (30, -62), (36, -52), (34, -42), (20, -38),
            (-10, -38), (-26, -42), (-36, -52), (-40, -66), (-42, -73)]
    c.blob(put(body, x, y, size), fill)
    for foot, knee, hip in ((-30, -22, -20), (-8, -12, -14), (14, 24, 22), (38, 32, 28)):
        c.limb(put([(hip, -44), (knee, -22), (foot, -1)], x, y, size), 5 * size, 2 * size, fill)
    c.blob(put([(-9, -70), (-8, -96), (0, -108), (8, -96), (12, -68)], x, y, size), fill)
    c.disc(x, y - 108 * size, 6 * size, fill)


def biplanes(c: Canvas) -> None:
    """A biplane banking out of the clouds, two more behind it."""
    c.sky("#1e3d58", "#5b8796", "#ecc37a", "#e7873f")
    c.rays(250, 620, 12, "#fff1c522", 4)
    c.stipple(60, 250, "#14293d", upwards=True)
    c.box(0, 0, 500, 60, "#14293d")
    for x, y, size in ((60, 540, 120), (430, 580, 150), (240, 640, 190)):
        cloud(c, x, y, size, "#f6e3bb")
        cloud(c, x + 12, y + 14, size * 0.92, "#e9c48f")
    c.stipple(560, 640, "#93401f")
    c.box(0, 640, 500, 750, "#93401f")
    biplane(c, 292, 262, 0.2, -24)
    biplane(c, 90, 285, 0.24, -14)
    biplane(c, 245, 415, 1, -17)


def biplane(c: Canvas, x: float, y: float, size: float, turn: float) -> None:
    """A biplane head on, 420 x `size` wide."""
    red, dark, pale = "#b3301f", "#2a1a17", "#f0d9a6"

    def at(*points: Point) -> list[Point]:
        return put(points, x, y, size, turn)

    for px in (-150, -80, 80, 150):
        c.line(at((px, -70), (px * 0.96, 30)), dark, 4 * size)
    c.line(at((-150, -70), (-80, 30)), dark, 1.5 * size)
    c.line(at((150, -70), (80, 30)), dark, 1.5 * size)
    c.blob(at((-210, -76), (-190, -84), (0, -82), (190, -84), (210, -76), (190, -66), (0, -66),
            (-190, -66)), red)
    c.blob(at((-195, 28), (-170, 22), (0, 26), (170, 22), (195, 28), (170, 38), (0, 42),
            (-170, 38)), red)
    for side in (-1, 1):
        c.line(at((side * 120, -82), (side * 120, -67)), pale, 30 * size)
        c.line(at((side * 12, 30), (side * 40, 88)), dark, 5 * size)
        c.blob(at((side * 36, 66), (side * 48, 68), (side * 48, 108), (side * 36, 106)), dark)
        c.line(at((side * 20, -20), (side * 34, -66)), dark, 4 * size)
    c.line(at((-42, 88), (42, 88)), dark, 4 * size)
    c.disc(*at((0, -38))[0], 15 * size, dark)
    c.disc(*at((0, 4))[0], 46 * size, red)
    c.disc(*at((0, 4))[0], 38 * size, dark)
    for i in range(9):
        c.disc(*put([around(0, 4, 25, i * 40)], x, y, size, turn)[0], 8 * size, "#6d5a4c")
    c.disc(*at((0, 4))[0], 11 * size, pale)
    c.disc(*at((0, 4))[0], 92 * size, "#fff4d233")
    c.blob(put([(-92, -4), (0, -7), (92, -4), (92, 4), (0, 7), (-92, 4)], *at((0, 4))[0],
            size, turn + 62), "#5d3a22")


def stairwell(c: Canvas) -> None:
    """A spiral staircase seen from the top, and someone at the foot of it."""
    c.sky("#b8b8b8", "#6a6a6a")
    steps, shrink = 64, 0.962
    for i in range(steps):
        outer = 560 * shrink**i
        a, b = i * 15 - 70, i * 15 - 54.6
        light = (235 - 2 * i) if i % 2 else (60 - i // 2)
        tone = f"#{light:02x}{light:02x}{light:02x}"
        c.shape([around(250, 300, outer, a), around(250, 300, outer, b),
                around(250, 300, outer * 0.36, b), around(250, 300, outer * 0.36, a)], tone)
    rail = [around(250, 300, 320 * 0.962 ** (i / 4), i * 3.75 - 70) for i in range(240)]
    c.line([(x + 6, y + 9) for x, y in rail], "#00000090", 12)
    c.line(rail, "#0c0c0c", 9)
    c.line(rail, "#d8d8d8", 2)
    c.glow(250, 300, 90, "#ffffff", 0.9)
    c.shape([(247, 305), (253, 305), (338, 402), (300, 420)], "#000000a0")
    person(c, 250, 312, 40, "#000000", hat=True, coat=True)
    c.sky("#101010", "#000000", top=560)


def lamplight(c: Canvas) -> None:
    """A detective under a street lamp, the bars of a blind falling across the wall."""
    c.sky("#16181a", "#34373a", "#0c0d0e")
    c.shape([(300, 0), (500, 0), (500, 600), (300, 520)], "#222426")
    for row in range(26):
        for col in range(9):
            x, y = col * 62 - 20 + row % 2 * 30, row * 22
            c.box(x, y, x + 58, y + 19, f"#{'ffffff' if (row * 7 + col * 5) % 4 else '000000'}0c")
    for i in range(9):
        y = 150 + i * 26
        c.shape([(20, y), (235, y + 26), (235, y + 40), (20, y + 13)], "#e8ecef44")
    c.shape([(372, 96), (404, 96), (560, 640), (110, 640)], "#f5f5f03c")
    c.shape([(380, 96), (396, 96), (480, 640), (200, 640)], "#f5f5f03c")
    c.disc(330, 622, 215, "#f1f1ec70", 36)
    c.disc(330, 622, 160, "#f6f6f080", 25)
    c.line([(388, 70), (388, 52), (470, 40), (470, 640)], "#050505", 7)
    c.shape([(366, 98), (410, 98), (398, 70), (378, 70)], "#050505")
    c.glow(388, 104, 110, "#ffffff", 0.95)
    c.shape([(300, 628), (338, 628), (200, 790), (40, 790)], "#000000d0")
    person(c, 318, 632, 345, "#070707", hat=True, coat=True, stride=7)
    c.shape([(318, 366), (300, 356), (292, 372), (308, 420)], "#1d1e1f")
    c.shape([(318, 366), (336, 356), (344, 372), (328, 420)], "#1d1e1f")
    c.disc(336, 334, 2.4, "#ffffff")
    smoke = [(337, 330), (352, 300), (336, 268), (356, 232), (342, 190), (366, 150)]
    c.limb(smoke, 1.2, 5, "#85898c")
    c.limb([(x + 3, y) for x, y in smoke], 0.6, 2.4, "#b4b8ba")
    c.sky("#0c0d0e", "#000000", top=660)


def dancers(c: Canvas) -> None:
    """A couple dancing down a lit staircase under crossing spotlights."""
    c.sky("#0f6f86", "#1fa6b0", "#8ed6c8")
    for x, far in ((40, 330), (460, 170), (250, 250)):
        c.shape([(x - 6, 0), (x + 6, 0), (far + 130, 600), (far - 130, 600)], "#fffbd03c")
    for i in range(8):
        y = 470 + i * 28
        c.box(90 - i * 26, y, 410 + i * 26, y + 28, "#f7e9d0" if i % 2 else "#f2a7b5")
        c.box(90 - i * 26, y, 410 + i * 26, y + 5, "#ffffff")
    for u, v in c.scatter(38, 190, 470):
        size = c.chance.uniform(3, 9)
        c.shape(put(star(5, 0.42), u, v, size, u), c.chance.choice(["#ffe066", "#ffffff",
                "#f6869b"]))
    c.disc(250, 584, 150, "#c2607a66", 14)
    ink, skin, red = "#16202e", "#f3c9a5", "#d9203c"
    for hip, knee, foot in ((196, 186, 166), (206, 222, 214)):
        c.limb([(hip, 440), (knee, 505), (foot, 574)], 17, 8, ink)
        c.disc(foot - 8, 580, 17, ink, 7)
    c.blob([(176, 330), (200, 318), (226, 330), (228, 400), (222, 452), (182, 452), (176, 395)],
            ink)
    c.shape([(198, 322), (214, 322), (208, 372)], "#ffffff")
    c.limb([(224, 338), (262, 352), (296, 346)], 11, 8, ink)
    c.limb([(180, 340), (138, 306), (112, 258)], 11, 8, ink)
    c.disc(109, 250, 9, skin)
    c.disc(206, 290, 20, skin, 25)
    c.blob([(184, 286), (188, 264), (208, 258), (228, 268), (226, 280), (204, 276)], ink)
    c.limb([(300, 470), (340, 530), (338, 570)], 10, 5, skin)
    c.limb([(296, 470), (280, 520), (262, 574)], 10, 5, skin)
    c.disc(256, 579, 12, red, 5)
    c.disc(334, 577, 12, red, 5)
    c.limb([(322, 356), (374, 330), (414, 282)], 8, 6, skin)
    c.limb([(288, 360), (250, 372), (224, 362)], 8, 6, skin)
    c.blob([(290, 346), (306, 352), (324, 344), (328, 380), (318, 414), (356, 466), (420, 520),
            (372, 530), (330, 520), (290, 534), (252, 512), (280, 460), (296, 414), (286, 380)],
            red)
    c.blob([(318, 414), (400, 510), (372, 528), (340, 516)], "#a80f2d")
    c.disc(304, 312, 17, skin, 22)
    c.blob([(286, 300), (298, 284), (322, 288), (340, 316), (334, 336), (320, 320), (310, 298)],
            "#7a3b14")


def mesa(c: Canvas) -> None:
    """A rider on a ledge above a valley of mesas at sunset."""
    c.sky("#7e2f35", "#c9512f", "#f08c3a", "#f9cd6c", "#fbe3a2", bottom=520)
    c.disc(330, 400, 74, "#fff0bd")
    c.stipple(0, 220, "#4f1d2b", upwards=True)
    for y, left, right in ((262, 40, 250), (286, 210, 470), (226, 300, 440), (318, 20, 160)):
        c.blob([(left, y), ((left + right) / 2, y - 7), (right, y), ((left + right) / 2, y + 6)],
                "#ffdf9a70")
    for x, top, wide, fill in ((60, 330, 84, "#b05436"), (420, 348, 110, "#b05436"),
            (200, 402, 60, "#c26b40")):
        c.shape([(x - wide, 520), (x - wide * 0.72, top + 60), (x - wide * 0.6, top),
                (x + wide * 0.6, top), (x + wide * 0.7, top + 64), (x + wide, 520)], fill)
        c.shape([(x + wide * 0.15, top), (x + wide * 0.6, top), (x + wide * 0.7, top + 64),
                (x + wide, 520), (x + wide * 0.3, 520)], "#7d352b90")
    c.sky("#d98a4a", "#8a4430", top=490)
    c.stipple(500, 620, "#5e2a26")
    c.box(0, 620, 500, 750, "#5e2a26")
    c.blob([(-60, 800), (-40, 640), (60, 600), (170, 566), (300, 560), (372, 580), (410, 640),
            (470, 690), (560, 820)], "#24120f")
    rider(c, 158, 368, 2.02, "#1b0d0b")
    for x, y, size in ((60, 610, 1.0), (420, 668, 0.7)):
        c.limb([(x, y), (x, y - 70 * size)], 8 * size, 7 * size, "#1b0d0b")
        c.limb([(x, y - 25 * size), (x - 20 * size, y - 30 * size), (x - 22 * size, y - 55 * size)],
                5 * size, 5 * size, "#1b0d0b")
        c.limb([(x, y - 35 * size), (x + 18 * size, y - 40 * size), (x + 20 * size, y - 60 * size)],
                5 * size, 5 * size, "#1b0d0b")


def rider(c: Canvas, x: float, y: float, size: float, fill: str) -> None:
    """A rider on a standing horse that faces left; 90 x `size` wide, hooves 97 x `size` below y."""

    def at(*points: Point) -> list[Point]:
        return put(points, x, y, size)

    c.blob(put(HORSE, x, y, size), fill)
    c.limb(at((70, 60), (65, 76), (66, 94)), 4 * size, 2.6 * size, fill)
    c.limb(at((36, 60), (28, 74), (30, 94)), 3.6 * size, 2.4 * size, fill)
    c.blob(at((45, 36), (43, 18), (46, 6), (54, 5), (60, 12), (60, 36)), fill)
    c.limb(at((52, 34), (45, 48), (46, 62)), 4.6 * size, 2.6 * size, fill)
    c.disc(*at((43.5, 64))[0], 4.6 * size, fill, 2 * size)
    c.limb(at((50, 12), (44, 24), (35, 27)), 2.8 * size, 2 * size, fill)
    c.line(at((35, 27), (8, 32)), fill, 0.8 * size)
    c.disc(*at((50, 0))[0], 4.6 * size, fill, 5.6 * size)
    c.blob(at((38, -2), (44, -4), (57, -4), (63, -3), (56, -1.5), (44, -1.5)), fill)
    c.blob(at((45, -3), (45.5, -9), (50, -8.5), (55, -9), (56, -3)), fill)


def rocket(c: Canvas) -> None:
    """A finned rocket leaving a ringed planet, two figures watching from a moon."""
    c.sky("#0a1230", "#15306b", "#2f6f9f", "#7fc3b4")
    for u, v in c.scatter(150, 0, 620):
        c.disc(u, v, c.chance.choice([0.7, 0.9, 1.6]), "#ffffffd0")
    ringed_planet(c, 175, 400, 122)
    trail = [(250, 640), (300, 560), (350, 460), (382, 352)]
    for width, fill in ((26, "#e8552b"), (17, "#f7a531"), (8, "#fff3b8")):
        c.limb(trail, 2, width, fill)

    def at(*points: Point) -> list[Point]:
        return put(points, 395, 300, 1.15, 14)

    for side in (-1, 1):
        c.shape(at((side * 14, 20), (side * 44, 58), (side * 40, 84), (side * 14, 52)), "#c4261d")
    c.blob(at((0, -110), (14, -80), (23, -30), (21, 30), (12, 58), (-12, 58), (-21, 30), (-23, -30),
            (-14, -80)), "#e9eef0")
    c.blob(at((0, -110), (14, -80), (23, -30), (21, 30), (12, 58), (6, 56), (10, 0), (6, -80)),
            "#93a9b5")
    c.blob(at((0, -112), (14, -78), (0, -70), (-14, -78)), "#c4261d")
    c.shape(at((-4, 10), (4, 10), (5, 84), (-5, 84)), "#8d1712")
    c.disc(*at((0, -32))[0], 11, "#c4261d")
    c.disc(*at((0, -32))[0], 7.5, "#9ff0e6")
    c.blob([(-60, 780), (-30, 600), (110, 560), (280, 566), (420, 590), (560, 570), (560, 800)],
            "#d8a24a")
    c.blob([(-60, 800), (-30, 622), (140, 588), (300, 596), (560, 606), (560, 820)], "#a86a35")
    for x, y, r in ((70, 628, 34), (380, 640, 46), (220, 610, 20), (470, 612, 20)):
        c.disc(x, y, r, "#6d3f26", r * 0.3)
        c.disc(x + 3, y + 3, r * 0.9, "#8c5630", r * 0.24)
    for x in (110, 146):
        person(c, x, 606, 50, "#38211f")
        c.disc(x, 606 - 45, 6.4, "#e9eef0")


def ringed_planet(c: Canvas, x: float, y: float, radius: float) -> None:
    """A striped planet with its ring, the near half of the ring in front."""
    oval = [(2.05 * math.cos(math.radians(a)),
            0.42 * math.sin(math.radians(a))) for a in range(0, 361, 5)]

    def arc(points: Sequence[Point]) -> None:
        for scale, width, fill in ((1.0, 13, "#f6d98a"), (0.86, 7, "#e0863d"),
                (0.76, 3, "#f6d98a")):
            c.line(put(points, x, y, radius * scale, -18), fill, width)

    arc(oval[36:])
    c.disc(x, y, radius, "#c9492c")
    for dy, fill in ((-0.7, "#e9a04e"), (-0.35, "#f3c773"), (0.05, "#e07e3c"), (0.4, "#f0b25c"),
            (0.7, "#c9492c")):
        half = math.sqrt(1 - dy * dy)
        edge = [around(0, 0, 1, a) for a in range(360)]
        c.shape(put([p for p in edge if p[1] >= dy] or [(half, dy)], x, y, radius), fill)
    c.shade_ball(x, y, radius, "#2a1030", 1)
    arc(oval[:37])


def crown(c: Canvas) -> None:
    """A queen in profile before the rose and lines of an old map."""
    c.sky("#efdcae", "#e2c284", "#c9944f")
    centre = (250, 345)
    for i in range(32):
        c.line([centre, around(*centre, 700, i * 11.25)], "#7a4a2a60", 1 if i % 4 else 2)
    coast = [(-20, 220), (60, 190), (50, 260), (110, 300), (70, 380), (120, 460), (40, 520),
            (-20, 500)]
    for i in range(5):
        c.line(curve([(x + 7 * i, y + 2 * i) for x, y in coast]), f"#5f6f5b{150 - 28 * i:02x}", 2.5)
    c.blob([*coast, (-80, 360)], "#a9935a90")
    c.blob([(520, 150), (440, 180), (420, 260), (466, 320), (430, 420), (520, 480)], "#a9935a90")
    for turn, inner, size, fill in ((11.25, 0.25, 205, "#b9793a"), (45, 0.3, 222, "#8c3a24"),
            (0, 0.2, 250, "#6b1a1a")):
        c.shape(put(star(8 if turn == 11.25 else 4, inner), *centre, size, turn), fill)
    c.disc(*centre, 168, "#d9ae58")
    c.disc(*centre, 160, "#5a1218")
    c.glow(*centre, 160, "#a8342a", 0.8)
    profile = [(182, 494), (196, 450), (222, 430), (224, 412), (208, 414), (196, 408), (197, 396),
            (192, 390), (195, 384), (191, 377), (195, 370), (184, 360), (192, 342), (194, 322),
            (204, 300), (232, 282), (266, 284), (290, 304), (300, 334), (294, 364), (282, 388),
            (284, 424), (316, 446), (334, 490), (300, 504), (250, 508), (210, 504)]
    c.blob(profile, "#150707")
    c.disc(302, 352, 27, "#150707", 30)
    band = [(200, 306), (292, 300), (296, 280), (198, 286)]
    c.shape([(198, 288), (180, 226), (214, 258), (226, 208), (248, 252), (272, 208), (282, 254),
            (312, 222), (296, 286)], "#e8c15c")
    c.shape(band, "#c9942f")
    for x, y in ((180, 226), (226, 208), (272, 208), (312, 222)):
        c.disc(x, y, 6, "#f8e9b4")
    for i in range(5):
        c.disc(212 + i * 18, 294 - i, 4.5, "#a11a24" if i % 2 else "#2d5f6b")
    for i in range(9):
        c.disc(226 + i * 7.5, 436 + 9 * math.sin(i / 8 * math.pi), 3.4, "#f8e9b4")
    c.sky("#5a1218", "#2b070b", top=545)
    c.box(0, 541, 500, 546, "#d9ae58")


def keyhole(c: Canvas) -> None:
    """A masked canary perched in a keyhole over bold stripes."""
    colours = ("#f7c51e", "#ef4b7c", "#18a2a8", "#f3ead6")
    for i in range(14):
        x = -380 + i * 75
        c.shape([(x, 0), (x + 75, 0), (x + 455, 750), (x + 380, 750)], colours[i % 4])
    c.disc(285, 385, 156, "#f3ead6")
    c.shape([(230, 440), (340, 440), (396, 664), (174, 664)], "#f3ead6")
    c.disc(285, 385, 138, "#141414")
    c.shape([(236, 440), (334, 440), (374, 648), (196, 648)], "#141414")
    c.line([(190, 520), (380, 520)], "#8a5a2b", 9)
    c.shape([(250, 462), (290, 456), (238, 600), (212, 592)], "#d99a10")
    c.blob([(226, 352), (256, 306), (304, 296), (344, 326), (352, 380), (338, 446), (300, 500),
            (260, 502), (238, 462), (228, 410)], "#ffd42e")
    c.blob([(244, 400), (276, 392), (300, 424), (288, 470), (258, 496), (242, 452)], "#f0b314")
    for x, dx in ((276, -12), (306, 12)):
        c.line([(x, 498), (x, 520)], "#e8792b", 4)
        for toe in (-9, 0, 9):
            c.line([(x, 518), (x + toe, 530)], "#e8792b", 4)
        c.disc(x + dx, 506, 1, "#e8792b")
    c.shape([(342, 352), (392, 366), (344, 382)], "#f07a22")
    c.shape([(344, 366), (392, 366), (344, 382)], "#c95a12")
    c.blob([(258, 348), (284, 328), (318, 334), (350, 328), (360, 346), (344, 366), (318, 360),
            (288, 370)], "#141414")
    for x in (290, 332):
        c.disc(x, 348, 12, "#ffffff", 10)
        c.disc(x + 4, 349, 5, "#141414")
    for dx in (-8, 4, 16):
        c.limb([(290 + dx, 302), (284 + dx * 1.6, 276)], 4, 2, "#ffd42e")
    c.limb([(262, 440), (226, 448), (196, 420)], 19, 12, "#f0b314")
    c.limb([(208, 434), (190, 414)], 17, 17, "#ffffff")
    c.line([(220, 412), (194, 436)], "#b9b2a2", 2.4)
    c.disc(184, 402, 19, "#ffffff")
    for dx, dy in ((-30, -12), (-21, -31), (-2, -40)):
        c.limb([(182, 402), (184 + dx, 402 + dy)], 9, 8, "#ffffff")
    c.limb([(192, 404), (214, 388)], 8, 7, "#ffffff")
    for dx in (-8, 0, 8):
        c.line([(182 + dx, 400 - dx * 0.5), (178 + dx, 410 - dx * 0.5)], "#b9b2a2", 1.8)
    c.box(0, 664, 500, 750, "#f3ead6")


def standoff(c: Canvas) -> None:
    """Between a gunman's boots, another waits before a huge sun."""
    c.sky("#f2b31f", "#f08a1c", "#e4571f")
    c.rays(250, 470, 18, "#d83c1b", 5)
    for radius, fill in ((196, "#1a0f0d"), (184, "#c81e1a"), (150, "#e2381d"), (112, "#f26a21")):
        c.disc(250, 470, radius, fill)
    c.shape([(0, 560), (500, 560), (500, 750), (0, 750)], "#1a0f0d")
    c.shape([(200, 560), (300, 560), (470, 750), (30, 750)], "#e4571f")
    c.shape([(238, 566), (262, 566), (300, 640), (200, 640)], "#1a0f0d60")
    person(c, 250, 572, 118, "#1a0f0d", hat=True, stride=10)
    ink = "#0e0807"
    for side in (-1, 1):
        c.shape(put([(40, 190), (170, 190), (196, 420), (206, 600), (206, 716), (116, 716),
                (120, 600), (96, 430), (30, 250)], 250, 0, 1, 0, side < 0), ink)
        c.blob(put([(110, 690), (200, 690), (226, 716), (212, 728), (84, 728), (88, 708)],
                250, 0, 1, 0, side < 0), ink)
        c.shape(put(star(8, 0.45), 250 + side * 222, 664, 17, 10), "#f2b31f")
        c.disc(250 + side * 222, 664, 4, ink)
        for i in range(6):
            c.shape(put([(196 + i, 440 + i * 36), (222 + i, 452 + i * 36), (198 + i, 462 + i * 36)],
                    250, 0, 1, 0, side < 0), ink)
    c.shape([(60, 186), (440, 186), (424, 262), (290, 262), (250, 250), (210, 262), (76, 262)], ink)
    c.shape([(60, 196), (440, 196), (438, 216), (62, 216)], "#4a2113")
    for i in range(9):
        c.box(84 + i * 38, 192, 92 + i * 38, 220, "#f2b31f")
    c.shape([(404, 210), (466, 214), (452, 330), (418, 334)], "#4a2113")
    c.blob([(420, 190), (446, 184), (456, 198), (446, 232), (424, 228)], ink)
    c.limb([(530, 190), (498, 224), (464, 268)], 24, 13, ink)
    for dx in (-12, -3, 6, 14):
        c.limb([(460 + dx, 268), (454 + dx * 1.3, 300)], 6, 4, ink)
    c.box(0, 684, 500, 750, ink)


def guitar(c: Canvas) -> None:
    """Rainbow rings spreading from a guitar over a lake."""
    bands = ("#f4e6c1", "#f2b632", "#e8742c", "#d4354a", "#7a2d6f", "#25527a")
    for i in range(22):
        c.disc(250, 350, 620 - i * 27, bands[i % 6])
    for i in range(6):
        c.box(0, 526 + i * 5, 500, 527 + i * 5 + i * 0.7, "#25140f")
    c.box(0, 554, 500, 750, "#25140f")

    def at(*points: Point) -> list[Point]:
        return put(points, 236, 412, 1.02, 24)

    c.shape(at((-13, -150), (13, -150), (11, -318), (-11, -318)), "#3b1d14")
    c.blob(at((-16, -312), (16, -312), (22, -380), (0, -372), (-22, -380)), "#3b1d14")
    for i in range(9):
        c.line(at((-12, -160 - 17 * i), (12, -160 - 17 * i)), "#f4e6c1", 1.6)
    for side in (-1, 1):
        for i in range(3):
            c.disc(*at((side * 24, -328 - 16 * i))[0], 4.5, "#f4e6c1")
    body = [(0, -158), (48, -150), (70, -108), (56, -64), (62, -34), (94, 10), (88, 74), (46, 108),
            (0, 114), (-46, 108), (-88, 74), (-94, 10), (-62, -34), (-56, -64), (-70, -108),
            (-48, -150)]
    c.blob(at(*[(x * 1.07, y * 1.05) for x, y in body]), "#3b1d14")
    c.blob(at(*body), "#f2b632")
    c.blob(at(*[(x * 0.86, y * 0.88) for x, y in body]), "#e8742c")
    for radius, fill in ((44, "#f4e6c1"), (38, "#d4354a"), (31, "#25140f")):
        c.disc(*at((0, -34))[0], radius, fill)
    c.shape(at((-34, 54), (34, 54), (34, 68), (-34, 68)), "#3b1d14")
    for i in range(6):
        c.line(at((-9 + 3.6 * i, 60), (-7 + 2.8 * i, -330)), "#fff6dc", 0.9)
    c.shape(at((-11, -150), (11, -150), (11, -70), (-11, -70)), "#3b1d14")
    for x, y, size in ((70, 500, 26), (430, 470, 30), (96, 250, 20), (420, 236, 16)):
        for i in range(6):
            c.disc(*around(x, y, size * 0.62, i * 60), size * 0.42, "#f4e6c1")
        c.disc(x, y, size * 0.36, "#d4354a")


def haunted_house(c: Canvas) -> None:
    """A leaning house on a hill before the moon, with one window lit."""
    c.sky("#0b1420", "#1d3a44", "#47685e", "#8d9a62")
    c.glow(280, 300, 300, "#d9dc9a", 0.7)
    c.disc(280, 300, 150, "#e9e6b5")
    for x, y, r in ((220, 250, 26), (330, 240, 16), (346, 330, 30), (258, 350, 18)):
        c.disc(x, y, r, "#d3d19a")
    for x, y, r in ((0, 250, 120), (500, 190, 150), (60, 420, 110), (470, 420, 120)):
        cloud(c, x, y, r, "#1527309c")
    hill = "#0a0d10"
    c.blob([(-80, 800), (-60, 660), (60, 620), (150, 540), (220, 486), (330, 482), (400, 540),
            (470, 610), (580, 650), (600, 800)], hill)
    c.shape([(222, 492), (230, 350), (322, 350), (330, 492)], hill)
    c.shape([(214, 356), (276, 282), (340, 356)], hill)
    c.shape([(312, 492), (316, 310), (366, 306), (376, 496)], hill)
    c.shape([(304, 314), (338, 206), (378, 308)], hill)
    c.line([(338, 210), (338, 184)], hill, 2)
    c.shape([(196, 492), (202, 410), (240, 406), (236, 492)], hill)
    c.shape([(190, 412), (218, 376), (248, 410)], hill)
    c.shape([(242, 330), (242, 286), (258, 286), (258, 312)], hill)
    for x, y, w, h in ((333, 338, 17, 30), (250, 384, 14, 26), (286, 384, 14, 26),
            (212, 428, 12, 20)):
        lit = "#ffb02e" if x == 333 else "#2c3a35"
        c.shape([(x, y + h), (x, y + 6), (x + w / 2, y), (x + w, y + 6), (x + w, y + h)], lit)
        c.line([(x + w / 2, y), (x + w / 2, y + h)], hill, 1.6)
        c.line([(x, y + h / 2), (x + w, y + h / 2)], hill, 1.6)
    c.glow(341, 353, 46, "#ff9d1e", 0.55)
    c.box(262, 440, 284, 492, "#20150c")
    path = [(270, 492), (250, 540), (300, 590), (230, 650), (290, 760)]
    c.limb(path, 5, 38, "#37423a")
    branch(c, 96, 640, -84, 88, 11, hill)
    branch(c, 432, 640, -98, 60, 8, hill)
    for i in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11):
        x = -10 + i * 47
        c.line([(x, 700), (x + 3, 640 + i % 3 * 5)], hill, 4)
    for x, y, size in ((150, 190, 26), (112, 246, 16), (226, 168, 14), (420, 250, 18)):
        bat = [(0, -3), (3, -7), (4, -2), (14, -9), (24, -4), (17, 0), (14, 6), (8, 2), (0, 8)]
        c.shape(put(bat, x, y, size / 20), hill)
        c.shape(put(bat, x, y, size / 20, 0, True), hill)


def branch(c: Canvas, x: float, y: float, angle: float, length: float, thick: float,
        fill: str) -> None:
    """A bare tree, or one bough of it."""
    bend = around(x, y, length / 2, angle + c.chance.uniform(-14, 14))
    tip = around(*bend, length / 2, angle + c.chance.uniform(-14, 14))
    c.limb([(x, y), bend, tip], thick, thick * 0.6, fill)
    if length > 12:
        for spread in (-34, 6, 32):
            branch(c, *tip, angle + spread + c.chance.uniform(-12, 12),
                    length * 0.64, thick * 0.58, fill)


def boxer(c: Canvas) -> None:
    """A boxer in a hooded robe, from behind, under the lights of the ring."""
    c.sky("#1a1410", "#4a2c18", "#1a100c")
    for x, turn in ((90, 1), (190, 0.4), (310, -0.4), (410, -1)):
        c.shape([(x - 10, 40), (x + 10, 40), (x + 120 + turn * 160, 640),
                (x - 120 + turn * 160, 640)], "#ffe0a028")
    for u, v in c.scatter(420, 330, 560):
        c.disc(u, v, c.chance.uniform(3, 6), c.chance.choice(["#2b1b12", "#3a2417", "#5a3820"]))
    for x in (90, 190, 310, 410):
        c.glow(x, 46, 105, "#fff0c8", 0.95)
        c.disc(x, 46, 14, "#ffffff")
    c.shape([(-60, 560), (560, 560), (700, 760), (-200, 760)], "#c9b58e")
    c.shape([(-60, 560), (560, 560), (580, 590), (-80, 590)], "#8b7a5c")
    for y, fill in ((430, "#b32421"), (480, "#e9e2d0"), (530, "#2f4f86")):
        c.line([(-10, y + 26), (60, y), (440, y), (510, y + 26)], fill, 7)
    for x in (56, 444):
        c.box(x - 10, 404, x + 10, 590, "#7c1d1b")
    robe, shade, gold = "#a81f1d", "#6f1113", "#e6b64a"
    for side in (-1, 1):
        c.limb([(250 + side * 92, 300), (250 + side * 132, 390), (250 + side * 128, 480)],
                42, 31, shade)
        c.limb([(250 + side * 128, 470), (250 + side * 128, 486)], 34, 34, gold)
        c.limb([(250 + side * 128, 500), (250 + side * 126, 540)], 33, 29, "#3b1512")
        c.glow(250 + side * 120, 510, 30, "#8b3a30", 0.7)
    c.blob([(250, 236), (310, 248), (356, 282), (360, 360), (340, 470), (352, 640), (250, 652),
            (148, 640), (160, 470), (140, 360), (144, 282), (190, 248)], robe)
    c.blob([(320, 300), (356, 300), (344, 460), (352, 638), (310, 646), (322, 470)], shade)
    c.blob([(180, 300), (146, 300), (158, 460), (148, 638), (178, 644), (174, 470)], "#8a1718")
    c.blob([(250, 158), (292, 174), (310, 222), (316, 268), (250, 296), (184, 268), (190, 222),
            (208, 174)], "#8a1718")
    c.blob([(250, 166), (282, 180), (296, 224), (300, 262), (250, 284), (212, 256), (220, 190)],
            robe)
    mask = letters("BRILL", FACES["heavy"], c.chance)
    mask = mask.crop(mask.getbbox()).resize((150 * SCALE, 52 * SCALE))
    c.stamp(mask, 175, 340, gold)
    c.line(curve([(168, 412), (250, 424), (332, 412)]), gold, 4)
    c.sky("#0d0907", "#050302", top=606)


def river(c: Canvas) -> None:
    """A file of soldiers on a river bank, mirrored in the water, and one poppy."""
    c.sky("#6b777c", "#9aa2a0", "#d3cbb6", "#e9d9b4", bottom=400)
    c.glow(360, 372, 200, "#fff3cf", 0.9)
    c.ridge(372, 26, "#8f9693", peaks=14, smooth=True)
    c.ridge(392, 18, "#6d7572", peaks=12, smooth=True)
    ink = "#23282a"
    for i in range(9):
        soldier(c, 52 + i * 50, 404 + 3 * math.sin(i * 2), 86 + 5 * math.cos(i * 1.7), ink)
    c.shape(curve([(-20, 404), (120, 398), (260, 405), (400, 399), (520, 404), (520, 424),
            (-20, 424)]), ink)
    half = c.image.crop((0, 250 * SCALE, WIDTH * SCALE, 414 * SCALE))
    mirror = half.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((WIDTH * SCALE, 230 * SCALE))
    mirror = mirror.filter(ImageFilter.GaussianBlur(3 * SCALE))
    c.image.paste(ImageEnhance.Brightness(mirror).enhance(0.72), (0, 414 * SCALE))
    c.sky("#4c5659", "#23292b", top=643)
    for u, v in c.scatter(60, 424, 660):
        c.line([(u - 26, v), (u + 26, v)], "#dfe3dc2e", 1.6)
    for _ in range(44):
        x = c.chance.uniform(-10, 510)
        c.limb([(x, 760), (x + 4, 700), (x + c.chance.uniform(-22, 22),
                700 - c.chance.uniform(0, 40))], 3, 0.6, "#14181a")
    c.limb([(120, 760), (112, 650), (126, 560)], 3, 2, "#1c2a1e")
    for points, fill in (([(78, 540), (96, 500), (128, 494), (160, 506), (170, 544), (140, 566),
            (104, 566)], "#a3151a"), ([(88, 546), (84, 514), (112, 508), (128, 540), (118, 570)],
            "#d3212a"), ([(128, 570), (126, 534), (148, 510), (168, 530), (158, 562)], "#c21b24")):
        c.blob(points, fill)
    c.disc(125, 540, 12, "#1a1012", 10)


def soldier(c: Canvas, x: float, y: float, height: float, fill: str) -> None:
    """A soldier walking right with a pack and a rifle on the shoulder."""
    unit = height / 100

    def at(*points: Point) -> list[Point]:
        return put(points, x, y, unit)

    c.limb(at((0, -50), (9, -28), (12, -2)), 6 * unit, 3 * unit, fill)
    c.limb(at((-2, -50), (-6, -26), (-18, -4)), 6 * unit, 3 * unit, fill)
    c.blob(at((-9, -80), (6, -82), (10, -64), (9, -44), (-10, -44), (-10, -64)), fill)
    c.blob(at((-20, -80), (-8, -82), (-8, -54), (-20, -56)), fill)
    c.disc(*at((3, -88))[0], 6 * unit, fill)
    c.blob(at((-8, -90), (-4, -98), (4, -100), (11, -97), (15, -89)), fill)
    c.limb(at((3, -76), (12, -66), (14, -76)), 3.2 * unit, 2.4 * unit, fill)
    c.line(at((18, -62), (-14, -116)), fill, 2.4 * unit)


def dragon(c: Canvas) -> None:
    """A dragon rearing on a crag before a burning sky, a small knight below."""
    c.sky("#160a24", "#3c1440", "#8c2438", "#e4632a", "#f9b84a", bottom=640)
    c.glow(250, 400, 330, "#ffd36b", 0.75)
    c.disc(250, 330, 128, "#ffe6a0")
    for x, y, size in ((30, 430, 120), (470, 470, 130), (60, 190, 90), (460, 210, 100)):
        cloud(c, x, y, size, "#6b183460")
    c.ridge(600, 120, "#6e1f2e", peaks=8)
    c.ridge(640, 90, "#3e1324", peaks=7)
    ink, edge = "#150812", "#5b1626"
    bones: list[list[Point]] = [[(0, 0), (60, -96), (90, -150)], [(60, -96), (170, -110)],
            [(60, -96), (186, -30)], [(60, -96), (160, 40)]]
    membrane = [(0, 0), (60, -96), (90, -150), (112, -118), (170, -110), (160, -68), (186, -30),
            (156, -8), (160, 40), (112, 24), (70, 60), (20, 70)]
    for flip in (False, True):
        c.shape(put(membrane, 250 + (-18 if flip else 18), 340, 1.14, 4 if flip else -4, flip),
                edge)
        for bone in bones:
            c.limb(put(bone, 250 + (-18 if flip else 18), 340, 1.14, 4 if flip else -4, flip),
                    6, 2, ink)
    c.blob([(170, 760), (190, 610), (150, 560), (220, 520), (300, 526), (350, 570), (330, 620),
            (370, 760)], ink)
    c.limb([(258, 460), (330, 520), (392, 500), (420, 560), (382, 610), (350, 590)], 27, 3, ink)
    c.shape([(350, 590), (336, 566), (332, 600), (352, 612)], ink)
    c.limb([(250, 500), (236, 420), (256, 350), (262, 300)], 46, 22, ink)
    c.limb([(262, 304), (270, 256), (240, 216), (206, 214)], 22, 15, ink)
    for dx in (-34, 36):
        c.limb([(250 + dx * 0.6, 470), (250 + dx * 1.5, 510), (250 + dx, 540)], 24, 10, ink)
    c.limb([(238, 372), (196, 400), (188, 436)], 14, 6, ink)
    c.limb([(272, 372), (310, 404), (306, 440)], 14, 6, ink)
    c.shape([(214, 196), (160, 216), (138, 232), (146, 240), (176, 236), (150, 256), (160, 262),
            (214, 236)], ink)
    for x, y in ((226, 200), (240, 204)):
        c.shape([(x, y + 12), (x + 34, y - 34), (x + 12, y + 14)], ink)
    for i in range(6):
        spine = [(-8, 8), (18, -6), (2, 16)]
        c.shape(put(spine, *around(232, 300, 62, -50 + i * 19)), ink)
    c.disc(194, 216, 4.4, "#ffd13b")
    for width, fill in ((20, "#ff7a1f"), (12, "#ffc13b"), (5, "#fff3c0")):
        c.limb([(140, 246), (96, 300), (70, 380), (84, 470)], 3, width, fill)
    c.glow(80, 470, 110, "#ff9a2e", 0.8)
    c.blob([(-40, 760), (-30, 560), (50, 532), (130, 560), (170, 660), (200, 760)], "#0c050b")
    person(c, 70, 540, 66, "#0c050b", stride=8)
    c.line([(84, 500), (108, 446)], "#fff3c0", 3)
    c.line([(84, 486), (98, 492)], "#fff3c0", 3)
    c.blob([(60, 494), (40, 520), (34, 546), (62, 534)], "#7a1420")
    c.sky("#0c050b", "#050206", top=690)
    for u, v in c.scatter(70, 300, 680):
        c.disc(u, v, c.chance.uniform(0.6, 1.9), "#ffc860d0")


def neon_grid(c: Canvas) -> None:
    """A city of lights and a striped sun over an endless grid."""
    c.sky("#0a0326", "#2b0a57", "#8a1a86", "#f2407f", bottom=450)
    for u, v in c.scatter(90, 0, 300):
        c.disc(u, v, c.chance.choice([0.6, 0.9, 1.4]), "#ffffffc0")
    c.glow(250, 330, 270, "#ff5fa2", 0.7)
    c.sky("#0a0326", "#12043a", top=450)
    sun = Image.new("L", (300 * SCALE, 300 * SCALE))
    pen = ImageDraw.Draw(sun)
    pen.ellipse((0, 0, 300 * SCALE - 1, 300 * SCALE - 1), fill=255)
    for i in range(8):
        y = (126 + i * 21) * SCALE
        pen.rectangle((0, y, 300 * SCALE, y + (2 + i * 1.5) * SCALE), fill=0)
    c.stamp(sun, 100, 176, ("#ffe45e", "#ff2e88"))
    for tone, low, high in (("#35105f", 60, 190), ("#14052e", 20, 120)):
        x = -10.0
        while x < 510:
            wide = c.chance.uniform(22, 46)
            tall = c.chance.uniform(low, high) * (0.45 + abs(x + wide / 2 - 250) / 300)
            c.box(x, 452 - tall, x + wide, 454, tone)
            for _ in range(round(tall / 9)):
                wx, wy = x + c.chance.uniform(3, wide - 5), 452 - c.chance.uniform(4, tall)
                c.box(wx, wy, wx + 2.4, wy + 3, c.chance.choice(["#43f3ff", "#ff8ad0", "#ffe45e"]))
            x += wide
    c.box(0, 450, 500, 760, "#0d0330")
    for i in range(-14, 15):
        c.line([(250 + i * 16, 452), (250 + i * 130, 760)], "#ff3fb4", 1.6)
    for i in range(13):
        c.line([(0, 452 + 1.9 * i**2), (500, 452 + 1.9 * i**2)], "#ff3fb4", 1 + i * 0.12)
    c.glow(250, 452, 240, "#ff6fc0", 0.35)
    c.shape([(176, 560), (198, 528), (302, 528), (324, 560), (350, 574), (356, 612), (144, 612),
            (150, 574)], "#07021c")
    c.shape([(194, 558), (208, 536), (292, 536), (306, 558)], "#2b0a57")
    for x in (160, 306):
        c.box(x, 580, x + 36, 589, "#ff2e4d")
        c.glow(x + 18, 585, 44, "#ff2e4d", 0.8)
    c.box(150, 606, 194, 626, "#07021c")
    c.box(306, 606, 350, 626, "#07021c")
    c.line([(178, 560), (322, 560)], "#43f3ff", 1.6)
    c.fade_out(640, 690, "#0d0330")


def facade(c: Canvas) -> None:
    """Two neighbours at their windows, a heart on the line between them."""
    c.sky("#fdf6ec", "#f9e6d3")
    c.box(36, 250, 464, 760, "#f3c9a8")
    c.box(36, 250, 464, 268, "#e0a585")
    c.box(24, 238, 476, 252, "#c97f66")
    for row in range(3):
        for col in range(2):
            x, y = 84 + col * 212, 300 + row * 178
            lit = row == 0
            c.box(x - 10, y - 10, x + 130, y + 132, "#fffaf3")
            c.box(x, y, x + 120, y + 122, "#ffe08a" if lit else "#7fb2bd")
            if not lit:
                c.shape([(x + 20, y + 122), (x + 80, y), (x + 110, y), (x + 50, y + 122)],
                        "#ffffff38")
                c.line([(x + 60, y), (x + 60, y + 122)], "#fffaf3", 5)
                c.line([(x, y + 50), (x + 120, y + 50)], "#fffaf3", 5)
            for sx in (x - 34, x + 128):
                c.box(sx, y - 10, sx + 28, y + 132, "#3f8f8a")
                for i in range(11):
                    c.line([(sx + 4, y + i * 12), (sx + 24, y + i * 12)], "#2e716e", 2)
            c.box(x - 18, y + 124, x + 138, y + 134, "#c97f66")
            for i in range(9 if not lit else 0):
                c.disc(x + 4 + i * 14, y + 120 - 4 * (i % 2), 9, "#5a9a5a")
                c.disc(x + 4 + i * 14, y + 113 - 5 * (i % 2), 5, c.chance.choice(["#e2445c",
                        "#fff3e8", "#f59bb0"]))
    for x, hair, top, side in ((144, "#5b2c1a", "#e2445c", 1), (356, "#23201f", "#39688f", -1)):
        c.blob([(x - 40, 424), (x - 34, 384), (x, 374), (x + 34, 384), (x + 40, 424)], top)
        c.limb([(x + side * 28, 394), (x + side * 52, 410), (x + side * 78, 372)], 11, 8, top)
        c.disc(x + side * 80, 366, 8, "#f4caa5")
        c.box(x - 8, 360, x + 8, 382, "#eab891")
        c.disc(x, 346, 21, "#f4caa5", 25)
        c.line(curve([(x + side * 4 - 8, 355), (x + side * 4, 360), (x + side * 4 + 8, 355)]),
                "#a0442f", 2)
        for eye in (-5, 9):
            c.disc(x + side * eye, 343, 2.4, "#2a1a14")
        c.blob([(x - 24, 350), (x - 23, 324), (x, 312), (x + 23, 324), (x + 24, 350), (x + 16, 334),
                (x - 12, 334)], hair)
    c.blob([(118, 350), (120, 320), (136, 322), (126, 352), (130, 384), (116, 388)], "#5b2c1a")
    c.line(curve([(222, 366), (250, 376), (278, 366)]), "#6b4a3a", 2)
    heart = curve([(0, 34), (-34, 2), (-33, -22), (-17, -32), (0, -18)])
    c.shape(put(heart + [(-x, y) for x, y in reversed(heart)], 250, 412, 1.15), "#d6203f")
    c.disc(232, 396, 6, "#ffffff90", 9)
    for x in (226, 274):
        c.box(x - 2, 368, x + 3, 384, "#c9a15a")
    c.sky("#c97f66", "#a85f4c", top=672)


def piano(c: Canvas) -> None:
    """A pianist in a cone of amber light above a sweep of keys."""
    c.sky("#0c0a0d", "#241710", "#4a2a12", "#140c0a")
    c.shape([(236, 0), (276, 0), (470, 470), (40, 470)], "#ffc86a28")
    c.shape([(246, 0), (266, 0), (390, 470), (120, 470)], "#ffc86a30")
    c.disc(255, 470, 216, "#d98f3a70", 30)
    c.disc(255, 468, 150, "#f0b05a70", 20)
    ink = "#080506"
    c.blob([(206, 392), (212, 376), (300, 372), (380, 380), (410, 398), (404, 416), (300, 420),
            (214, 418)], ink)
    c.blob([(232, 376), (300, 300), (384, 262), (416, 286), (410, 352), (392, 382)], ink)
    c.line([(330, 380), (352, 312)], "#3b2413", 3)
    for x in (222, 330, 396):
        c.limb([(x, 412), (x, 464)], 5, 3, ink)
    c.box(190, 396, 220, 406, "#f3e6cf")
    c.box(104, 430, 164, 438, ink)
    for x in (112, 156):
        c.line([(x, 436), (x, 468)], ink, 4)
    c.blob([(118, 432), (112, 380), (126, 340), (150, 342), (160, 378), (162, 432)], ink)
    c.limb([(144, 352), (168, 388), (204, 392)], 9, 6, ink)
    c.limb([(136, 430), (186, 428), (186, 466)], 13, 6, ink)
    c.disc(146, 320, 15, ink, 18)
    c.blob([(130, 322), (134, 300), (150, 298), (158, 308), (142, 316)], ink)
    c.disc(130, 322, 10, ink)
    keys = 15
    for i in range(keys):
        a, b = (i - 7.5) / 7.5, (i - 6.5) / 7.5
        far = [(250 + a * 210, 520 + 26 * a * a), (250 + b * 210, 520 + 26 * b * b)]
        near = [(250 + b * 520, 700 + 40 * b * b), (250 + a * 520, 700 + 40 * a * a)]
        c.shape([*far, *near], "#efe4cf" if i % 2 else "#e6d8bd")
        c.line([far[0], near[1]], "#5c4630", 1.6)
    for i in range(1, keys):
        if i % 7 in (3, 0):
            continue
        a = (i - 7.5) / 7.5
        up, y, low = 250 + a * 210, 518 + 26 * a * a, 250 + a * 392
        deep = 622 + 34 * a * a
        c.shape([(up - 8, y), (up + 8, y), (low + 14, deep), (low - 14, deep)], "#15100e")
        c.shape([(up - 5, y + 2), (up + 4, y + 2), (low + 8, deep - 14), (low - 9, deep - 14)],
                "#3a2f2a")
    c.fade_out(600, 710, "#0a0706")


def sheep_on_ball(c: Canvas) -> None:
    """A sheep in a scarf balanced on a football under the floodlights."""
    c.sky("#4fb3e8", "#9fdcf5", "#e4f6fb", bottom=500)
    c.rays(250, 420, 16, "#ffffff38", 3)
    for x, y, size in ((70, 300, 56), (430, 260, 66)):
        cloud(c, x, y, size, "#ffffff")
    for x in (44, 456):
        c.line([(x, 500), (x, 318)], "#4b5a66", 6)
        c.box(x - 32, 292, x + 32, 330, "#4b5a66")
        for i in range(8):
            c.disc(x - 23 + i % 4 * 15.5, 303 + i // 4 * 17, 6, "#fffbd2")
    c.shape([(-20, 440), (140, 468), (360, 468), (520, 440), (520, 530), (-20, 530)], "#b5473e")
    for u, v in c.scatter(500, 448, 510):
        c.disc(u, v, 4.4, c.chance.choice(["#f7d64a", "#f4f1e6", "#3d6fb0", "#e9855f", "#7b4a35"]))
    for i in range(8):
        c.shape([(250 + (i - 4) * 90, 508), (250 + (i - 3) * 90, 508), (250 + (i - 3) * 240, 760),
                (250 + (i - 4) * 240, 760)], "#4ea63f" if i % 2 else "#63bd4c")
    c.line([(0, 514), (500, 514)], "#ffffff", 4)
    c.disc(254, 686, 84, "#22662090", 7)
    football(c, 250, 590, 100)
    wool, face = "#fbf6ea", "#37302f"
    for x in (206, 232, 270, 296):
        c.limb([(x, 450), (x + (250 - x) * 0.1, 500)], 8, 6, face)
    for angle in range(0, 360, 24):
        c.disc(250 + 78 * math.cos(math.radians(angle)), 404 + 46 * math.sin(math.radians(angle)),
                29, "#e4dccb")
    for angle in range(0, 360, 24):
        c.disc(248 + 74 * math.cos(math.radians(angle)), 399 + 43 * math.sin(math.radians(angle)),
                28, wool)
    c.disc(250, 402, 80, wool, 48)
    for i in range(5):
        c.limb([(300 + i * 3, 372 + i * 13), (338, 384 + i * 9), (372, 378 + i * 6)],
                8, 8, "#d6203f" if i % 2 else "#f7d64a")
    c.blob([(318, 330), (346, 312), (382, 320), (398, 352), (392, 388), (366, 400), (336, 386),
            (320, 360)], face)
    for points in ([(324, 334), (292, 330), (284, 348), (316, 352)], [(384, 326), (414, 314),
            (424, 330), (396, 344)]):
        c.blob(points, face)
    for x in (344, 374):
        c.disc(x, 346, 11, "#ffffff")
        c.disc(x + 3, 348, 5, "#17110f")
    c.line(curve([(350, 378), (364, 386), (380, 376)]), "#f3c3b4", 3)
    for dx, dy in ((-20, -2), (0, -12), (20, -6)):
        c.disc(354 + dx, 318 + dy, 15, wool)


def football(c: Canvas, x: float, y: float, radius: float) -> None:
    """A football of black and white panels."""
    c.disc(x, y, radius, "#ffffff")
    pentagon = [around(0, 0, 1, i * 72 - 90) for i in range(5)]
    c.shape(put(pentagon, x, y, radius * 0.34), "#22262b")
    for i in range(5):
        angle = i * 72 - 90
        c.line([around(x, y, radius * 0.34, angle), around(x, y, radius * 0.68, angle)], "#22262b",
                3)
        a, b = around(x, y, radius * 0.68, angle), around(x, y, radius * 0.74, angle + 36)
        c.line([a, b, around(x, y, radius * 0.68, angle + 72)], "#22262b", 3)
        c.shape([a, around(x, y, radius * 0.86, angle - 20),
                around(x, y, radius * 0.995, angle - 14), around(x, y, radius * 0.995, angle + 14),
                around(x, y, radius * 0.86, angle + 20)], "#22262b")
    c.shade_ball(x, y, radius, "#1c3040", 0.8)


def fox_and_moon(c: Canvas) -> None:
    """A fox cub on a hill with the moon on a string."""
    c.sky("#16205a", "#2f3f92", "#6a64b8", "#c58fc4", "#f7c5b0")
    for u, v in c.scatter(70, 0, 420):
        c.shape(put(star(4, 0.3), u, v, c.chance.uniform(1.5, 5)), "#fff6d8")
    c.glow(330, 190, 230, "#fff2b8", 0.8)
    c.disc(330, 190, 96, "#fff0b5")
    for x, y, r in ((296, 150, 16), (372, 168, 11), (364, 240, 14), (286, 232, 9)):
        c.disc(x, y, r, "#f3d98f")
    for x in (304, 354):
        c.line(curve([(x - 13, 196), (x, 205), (x + 13, 196)]), "#a87b3c", 4)
        c.disc(x - (14 if x == 304 else -14), 218, 10, "#f7b89c90", 7)
    c.line(curve([(318, 226), (329, 233), (340, 226)]), "#a87b3c", 4)
    c.ridge(520, 60, "#5a58a6", peaks=5, smooth=True)
    c.ridge(570, 50, "#3d4488", peaks=4, smooth=True)
    c.blob([(-80, 800), (-60, 610), (90, 540), (220, 540), (360, 586), (580, 640), (580, 820)],
            "#26305f")
    for x, y, size in ((430, 620, 1.2), (474, 640, 0.9), (34, 600, 1.0)):
        for i in range(3):
            c.shape([(x - 30 * size + i * 6 * size, y - i * 30 * size),
                    (x, y - (60 + i * 30) * size),
                    (x + 30 * size - i * 6 * size, y - i * 30 * size)], "#1b2450")
    c.line(curve([(222, 470), (262, 400), (280, 330), (330, 288)]), "#fff6d8", 2)
    fox, dark, cream = "#ee7a2b", "#c95a1a", "#fff1dc"
    c.limb([(120, 536), (66, 520), (60, 460), (96, 420)], 10, 28, fox)
    c.limb([(74, 440), (96, 420)], 22, 22, cream)
    c.blob([(124, 546), (116, 500), (138, 452), (176, 440), (206, 458), (214, 500), (208, 548)],
            fox)
    c.blob([(150, 540), (154, 486), (180, 466), (200, 486), (198, 542)], cream)
    for x in (166, 196):
        c.limb([(x, 500), (x + 2, 546)], 9, 9, fox)
        c.disc(x + 4, 548, 12, dark, 7)
    c.limb([(196, 474), (214, 480), (224, 468)], 9, 8, fox)
    for flip in (False, True):
        ear = [(14, -30), (52, -78), (58, -14)]
        c.shape(put(ear, 176, 400, 1, 0, flip), fox)
        c.shape(put([(26, -32), (48, -60), (51, -22)], 176, 400, 1, 0, flip), "#5b2a1a")
    c.blob([(176, 352), (216, 362), (240, 398), (222, 430), (176, 456), (130, 430), (112, 398),
            (136, 362)], fox)
    c.blob([(176, 410), (204, 404), (236, 404), (220, 430), (176, 456), (132, 430), (116, 404),
            (148, 404)], cream)
    c.disc(176, 446, 9, "#33201c", 7)
    for x in (150, 202):
        c.disc(x, 398, 10, "#33201c", 12)
        c.disc(x + 4, 393, 4, "#ffffff")
    for u, v in c.scatter(40, 600, 690):
        c.limb([(u, v), (u + 2, v - 12)], 1.6, 0.6, "#3d4f92")


def honeycomb(c: Canvas) -> None:
    """Honeycomb coming apart, and a single bee."""
    c.sky("#f8c22b", "#f5b41c", "#f2a614")
    size = 30.0
    for row in range(18):
        for col in range(12):
            x, y = col * 53 + row % 2 * 26.5 - 20, row * 46 - 40
            loss = y / 420 + c.chance.uniform(-0.35, 0.2)
            if loss > 0.95:
                continue
            fall = max(0.0, loss - 0.45) * 90
            cell = put([around(0, 0, 1, a) for a in range(30, 390, 60)],
                    x, y + fall, size * 0.9, fall)
            c.shape(cell, "#c97a0a" if (row * 5 + col * 3) % 7 else "#8a4a08")
            c.shape(put([around(0, 0, 1, a) for a in range(30, 390, 60)],
                    x, y + fall - 2, size * 0.72, fall),
                    "#e79a14" if (row * 5 + col * 3) % 7 else "#5e3106")
    for flip in (False, True):
        c.blob(put([(2, -6), (30, -40), (58, -38), (56, -14), (28, 2)], 250, 500, 1, -6, flip),
                "#fffaf0d8")
        c.blob(put([(2, 0), (30, -8), (46, 6), (30, 20)], 250, 500, 1, 0, flip), "#fffaf0b0")
        c.line(curve(put([(4, -36), (10, -50), (18, -54)], 250, 500, 1, 0, flip)), "#2a1a0a", 2)
    c.disc(250, 526, 20, "#2a1a0a", 40)
    for y, half in ((512, 18), (532, 19), (550, 13)):
        c.box(250 - half, y, 250 + half, y + 8, "#f8c22b")
    c.disc(250, 492, 18, "#6b4310", 16)
    c.disc(250, 470, 13, "#2a1a0a", 12)


def deep_water(c: Canvas) -> None:
    """A rowing boat on a still sea, and what is under it."""
    c.sky("#aebfc2", "#d3dad6", "#e7e4d8", bottom=232)
    c.ridge(232, 40, "#8ea3a8", peaks=11, smooth=True)
    c.sky("#5f9ba0", "#1f6470", "#0c3a47", "#04181f", "#010609", top=230)
    for i in range(7):
        x = 90 + i * 55
        c.shape([(x, 232), (x + 26, 232), (x + (x - 250) * 0.7 + 40, 620),
                (x + (x - 250) * 0.7 - 20, 620)], "#cfeee812")
    c.line([(0, 231), (500, 231)], "#ffffffa0", 2)
    c.blob([(206, 222), (250, 226), (296, 220), (282, 242), (220, 242)], "#171d1f")
    c.limb([(244, 224), (246, 206)], 9, 7, "#171d1f")
    c.disc(246, 194, 6.5, "#171d1f")
    c.line([(252, 212), (308, 240)], "#171d1f", 2.4)
    shadow = "#021016"
    c.glow(250, 560, 330, shadow, 0.95)
    c.blob([(250, 420), (330, 440), (372, 510), (360, 600), (310, 690), (190, 690), (140, 600),
            (128, 510), (170, 440)], "#03141b")
    arms: list[list[Point]] = [[(170, 500), (90, 460), (60, 370), (100, 300), (84, 262)],
            [(330, 500), (420, 470), (446, 380), (404, 310), (420, 268)], [(200, 460), (160, 400),
            (180, 330), (150, 290)], [(300, 460), (344, 396), (318, 330), (350, 284)], [(250, 440),
            (262, 380), (240, 320), (256, 276)], [(150, 560), (40, 560), (-10, 480), (20, 400)],
            [(350, 560), (460, 570), (514, 490), (478, 410)]]
    for arm in arms:
        c.limb(arm, 24, 1.6, "#03141b")
        path = curve(arm, steps=5)[4:]
        for i, (u, v) in enumerate(path):
            c.disc(u, v, max(0.8, 5 * (1 - i / len(path))), "#12414c")
    for x in (206, 294):
        c.glow(x, 520, 46, "#e8b23a", 0.55)
        c.disc(x, 520, 21, "#e0b347", 14)
        c.disc(x, 520, 4.6, "#02080b", 13)
    for u, v in c.scatter(90, 250, 720):
        c.disc(u, v, c.chance.uniform(0.6, 2), "#d8f3ee40")


def lanterns(c: Canvas) -> None:
    """Two dancers in a market street under paper lanterns."""
    c.sky("#170a33", "#3a1150", "#8a1f5c", "#d9513f", "#f5a34a", bottom=600)
    c.glow(250, 480, 260, "#ffd27a", 0.9)
    for depth, tone in ((0, "#5b1a4c"), (1, "#34103d"), (2, "#190726")):
        for side in (-1, 1):
            x = 250 + side * (90 + depth * 62)
            top = 330 - depth * 66
            c.shape([(x, top + 40), (x + side * 300, top - 90), (x + side * 300, 640), (x, 610)],
                    tone)
            for i in range(5):
                sx = x + side * (i * 26)
                c.shape([(sx, 430 + depth * 14), (sx + side * 26, 426 + depth * 16),
                        (sx + side * 28, 452 + depth * 20), (sx, 452 + depth * 14)],
                        "#e8434f" if i % 2 else "#ffd98c")
            c.box(min(x, x + side * 110), 470 + depth * 16, max(x, x + side * 110),
                    560 + depth * 20, "#ffb14a40")
    c.sky("#a8323f", "#5a1444", "#1a0726", top=590)
    c.disc(250, 606, 190, "#ffc46a60", 26)
    strings = [(-20, 90, 520, 60, 60), (-20, 190, 520, 140, 70), (-20, 60, 300, 20, 40)]
    for x0, y0, x1, y1, sag in strings:
        c.line(curve([(x0, y0), ((x0 + x1) / 2, (y0 + y1) / 2 + sag), (x1, y1)]), "#180a22", 2)
    for x, y, size in ((60, 150, 30), (150, 190, 24), (250, 150, 36), (352, 180, 26),
            (446, 140, 32), (100, 270, 20), (400, 262, 20), (200, 276, 15), (310, 268, 15),
            (20, 300, 16), (484, 290, 16)):
        lantern(c, x, y, size)
    ink = "#170720"
    person(c, 216, 604, 190, ink)
    person(c, 292, 604, 176, "#24082c", skirt=True)
    c.limb([(232, 458), (262, 430), (282, 462)], 7, 5, ink)
    c.limb([(278, 466), (252, 490), (236, 520)], 6, 5, "#24082c")
    c.blob([(276, 500), (306, 500), (344, 580), (318, 590), (290, 578), (260, 592), (246, 582)],
            "#c4213f")
    c.blob([(280, 446), (304, 446), (306, 502), (276, 502)], "#c4213f")
    c.disc(292, 436, 13, "#24082c")
    for x in (24, 66, 420, 470):
        person(c, x, 668, 190, "#0e0418", hat=x in (66, 420))


def lantern(c: Canvas, x: float, y: float, size: float) -> None:
    """A round paper lantern that glows, `size` in radius."""
    c.glow(x, y, size * 2.6, "#ffb545", 0.6)
    c.line([(x, y - size * 1.5), (x, y - size * 0.8)], "#180a22", 1.4)
    c.disc(x, y, size, "#e8432f", size * 0.86)
    c.glow(x, y, size * 0.9, "#ffe58a", 0.95)
    for bow in (-0.6, 0, 0.6):
        c.line(curve([(x, y - size * 0.84), (x + bow * size, y), (x, y + size * 0.84)]),
                "#a8202a90", 1.2)
    for dy in (-0.84, 0.84):
        c.box(x - size * 0.3, y + dy * size - 2, x + size * 0.3, y + dy * size + 2, "#3a0f1c")
    c.line([(x, y + size * 0.86), (x, y + size * 1.4)], "#ffcf5a", 1.6)


def umbrella(c: Canvas) -> None:
    """Two people under one umbrella on a wet street at dusk."""
    c.sky("#51657f", "#8795a5", "#c9b3ae", "#f0cdb0", bottom=470)
    for i in range(12):
        x = i * 46 - 16
        top = 330 - 50 * c.chance.random()
        c.shape([(x, 480), (x, top), (x + 12, top - 12), (x + 12, top - 24), (x + 23, top - 40),
                (x + 34, top - 24), (x + 34, top - 12), (x + 46, top), (x + 46, 480)],
                c.chance.choice(["#5e6478", "#6d6a7a", "#7a6a72"]))
        for wx in (10, 28):
            for wy in (18, 52, 86):
                lit = c.chance.random() < 0.45
                c.box(x + wx, top + wy, x + wx + 9, top + wy + 17, "#ffd99a" if lit else "#4a5166")
    c.blur(2.4)
    c.sky("#8a7f88", "#5b6178", "#343a50", top=478)
    for u, v in c.scatter(34, 300, 480):
        c.glow(u, v, c.chance.uniform(10, 26), c.chance.choice(["#ffd58a", "#ffb27a", "#f7e3c4"]),
                0.6)
    mirror = c.image.crop((0, 290 * SCALE, WIDTH * SCALE,
            478 * SCALE)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    wet = mirror.filter(ImageFilter.BoxBlur(6 * SCALE)).resize((WIDTH * SCALE, 272 * SCALE))
    c.image.paste(Image.blend(c.image.crop((0, 478 * SCALE, WIDTH * SCALE, 750 * SCALE)), wet, 0.6),
            (0, 478 * SCALE))
    c.disc(250, 618, 120, "#1e233860", 12)
    for y in range(628, 750, 5):
        c.box(200 + y % 3 * 4, y, 300 - y % 4 * 3, y + 2.6, "#a8353a30")
    person(c, 220, 616, 212, "#27304a", coat=True)
    person(c, 276, 616, 196, "#7d3340", coat=True)
    c.limb([(276, 440), (276, 462)], 11, 13, "#3a2420")
    c.line([(249, 360), (249, 500)], "#1e2338", 3.4)
    canopy = [(112, 402), (124, 356), (176, 316), (249, 302), (322, 316), (374, 356), (386, 402)]
    scallops = [(386, 402), (340, 390), (296, 404), (249, 390), (202, 404), (158, 390), (112, 402)]
    c.shape([*curve(canopy), *scallops], "#c33d44")
    c.shape([*curve([(249, 302), (232, 340), (202, 404)]), (249, 390), *curve([(296, 404),
            (268, 340), (249, 302)])], "#a82d38")
    c.shape([*curve([(249, 302), (322, 316), (374, 356), (386, 402)]), (340, 390)], "#8f2330")
    c.line([(249, 302), (249, 288)], "#1e2338", 3.4)
    for u, v in c.scatter(260, -20, 720):
        length = c.chance.uniform(12, 34)
        c.line([(u, v), (u - length * 0.18, v + length)], "#ffffff48", 1)


def lighthouse(c: Canvas) -> None:
    """Three otters in a bathtub at sea below a lighthouse."""
    c.sky("#1a3f7a", "#3f86c0", "#9fd4df", "#fde3b0", bottom=535)
    c.shape([(364, 262), (-80, 150), (-80, 330)], "#fff6c860")
    c.shape([(376, 262), (560, 236), (560, 290)], "#fff6c860")
    for x, y, size in ((90, 400, 60), (210, 360, 40), (470, 410, 54)):
        cloud(c, x, y, size, "#ffffffc8")
    c.blob([(280, 560), (300, 500), (340, 478), (400, 474), (450, 492), (520, 520), (540, 600)],
            "#5d6b6e")
    c.blob([(300, 560), (316, 512), (350, 490), (392, 486), (380, 560)], "#78888a")
    c.shape([(346, 296), (394, 296), (412, 490), (328, 490)], "#ffffff")
    for i in range(3):
        low, high = 320 + i * 62, 350 + i * 62
        c.shape([(346 - (low - 296) * 0.093, low), (394 + (low - 296) * 0.093, low),
                (394 + (high - 296) * 0.093, high), (346 - (high - 296) * 0.093, high)], "#e0433c")
    c.shape([(376, 296), (394, 296), (412, 490), (384, 490)], "#20365020")
    c.box(336, 288, 404, 298, "#2f4858")
    c.box(350, 246, 390, 288, "#fff2a8")
    for x in (350, 370, 390):
        c.line([(x, 246), (x, 288)], "#2f4858", 3)
    c.shape([(342, 248), (398, 248), (370, 216)], "#e0433c")
    c.glow(370, 266, 80, "#fff6c8", 0.9)
    for i, (y, fill) in enumerate(((520, "#2f8fa8"), (556, "#23789a"))):
        c.shape([*[(x, y + 7 * math.sin(x / 26 + i * 2)) for x in range(-10, 521, 5)], (520, 760),
                (-10, 760)], fill)
    otter(c, 128, 566, 1, "#8a5a3a", "#e0433c")
    otter(c, 208, 566, 1.12, "#9c6a42", "#f5c83a")
    otter(c, 282, 566, 0.78, "#b5834f")
    c.blob([(54, 548), (200, 556), (346, 548), (336, 598), (300, 642), (104, 642), (66, 598)],
            "#f7fbfb")
    c.blob([(220, 556), (346, 548), (336, 598), (300, 642), (220, 642), (290, 604)], "#cfdfe4")
    c.limb([(50, 552), (200, 561), (350, 552)], 8, 8, "#ffffff")
    for x in (112, 214, 312):
        c.limb([(x, 566), (x, 574)], 9, 8, {112: "#8a5a3a", 214: "#9c6a42", 312: "#b5834f"}[x])
    for i, (y, fill) in enumerate(((618, "#1b6488"), (652, "#134e72"))):
        c.shape([*[(x, y + 8 * math.sin(x / 30 + i * 2 + 1)) for x in range(-10, 521, 5)],
                (520, 760), (-10, 760)], fill)
    for x, y in ((70, 612), (330, 610), (200, 622)):
        c.disc(x, y, 26, "#ffffffa0", 5)


def otter(c: Canvas, x: float, y: float, size: float, fur: str, hat: str = "") -> None:
    """An otter from the chest up, 130 x `size` above y."""

    def at(*points: Point) -> list[Point]:
        return put(points, x, y, size)

    c.blob(at((-34, 30), (-32, -30), (-20, -60), (20, -60), (32, -30), (34, 30)), fur)
    c.blob(at((-18, 30), (-18, -30), (0, -48), (18, -30), (18, 30)), "#f0d9b5")
    for side in (-1, 1):
        c.disc(*at((side * 30, -104))[0], 10 * size, fur)
    c.disc(*at((0, -84))[0], 38 * size, fur, 34 * size)
    c.disc(*at((0, -72))[0], 24 * size, "#f0d9b5", 18 * size)
    c.disc(*at((0, -80))[0], 8 * size, "#2b1b16", 6 * size)
    c.line(curve(at((-9, -67), (0, -62), (9, -67))), "#2b1b16", 2.4 * size)
    for side in (-1, 1):
        c.disc(*at((side * 17, -93))[0], 6.5 * size, "#2b1b16", 7.5 * size)
        c.disc(*at((side * 17 + 2, -96))[0], 2.4 * size, "#ffffff")
        for dy in (-3, 3):
            c.line(at((side * 14, -72 + dy), (side * 40, -74 + dy * 2.4)), "#fff6e4", 1)
    if hat:
        c.blob(at((-32, -108), (-22, -134), (0, -142), (22, -134), (32, -108), (0, -114)), hat)
        c.blob(at((-38, -106), (0, -116), (38, -106), (30, -100), (0, -108), (-30, -100)), hat)


def overpass(c: Canvas) -> None:
    """A woman walking away from a burning car beneath a motorway."""
    c.sky("#061a20", "#0d3a42", "#2b6a6c", "#f09a3e", bottom=500)
    x = -10.0
    while x < 510:
        wide, tall = c.chance.uniform(26, 50), c.chance.uniform(120, 300)
        c.box(x, 500 - tall, x + wide, 500, "#0d333b")
        for _ in range(round(tall / 16)):
            wx, wy = x + c.chance.uniform(3, wide - 5), 500 - c.chance.uniform(8, tall)
            c.box(wx, wy, wx + 3, wy + 3, "#ffc66b90")
        x += wide
    c.blur(1.6)
    c.glow(190, 470, 330, "#ff8a24", 0.95)
    c.sky("#c46a28", "#3b2a22", "#0a1013", top=496)
    for tone, count, reach in (("#8c2f10", 22, 100), ("#ff6a14", 30, 80), ("#ffa62e", 26, 58),
            ("#fff0b0", 16, 34)):
        for _ in range(count):
            px, py = around(176, 488, reach * math.sqrt(c.chance.random()),
                    c.chance.uniform(-165, -15))
            size = c.chance.uniform(0.14, 0.3) * reach
            flame = [(0, 1), (-0.8, 0.2), (-0.3, -0.9), (0.1, -2.4), (0.5, -0.8), (0.8, 0.2)]
            c.blob(put(flame, px, py, size, c.chance.uniform(-14, 14)), tone)
    c.glow(176, 450, 190, "#ff8a24", 0.55)
    car = [(92, 516), (96, 494), (124, 486), (146, 462), (212, 462), (232, 486), (258, 492),
            (262, 516)]
    c.shape(car, "#120a08")
    c.shape([(134, 486), (150, 468), (176, 468), (176, 486)], "#ffb347")
    c.shape([(182, 486), (182, 468), (208, 468), (222, 486)], "#ffb347")
    for wheel in (126, 228):
        c.disc(wheel, 516, 14, "#120a08")
    c.shape([(-10, 60), (510, 130), (510, 196), (-10, 160)], "#06161a")
    c.shape([(-10, 160), (510, 196), (510, 206), (-10, 176)], "#14444a")
    for i in range(14):
        c.line([(i * 38, 66 + i * 5.2), (i * 38, 42 + i * 5.2)], "#06161a", 3)
    c.line([(-10, 40), (510, 112)], "#06161a", 4)
    for left, right, top in ((36, 96, 164), (410, 486, 190)):
        c.shape([(left - 30, top), (right + 30, top), (right, top + 50), (right, 590), (left, 590),
                (left, top + 50)], "#06161a")
        inner = right if left < 250 else left
        c.line([(inner, top + 50), (inner, 588)], "#f0863a", 2.4)
    for i in range(-3, 4):
        c.line([(270 + i * 26, 508), (270 + i * 150, 760)], "#ffb35a30", 2)
    c.shape([(296, 640), (324, 640), (420, 760), (290, 760)], "#000000a0")
    person(c, 310, 650, 270, "#04090b", coat=True, stride=6)
    c.blob([(294, 412), (301, 384), (322, 384), (330, 412), (326, 440), (298, 440)], "#04090b")
    c.line(curve([(276, 440), (267, 486), (270, 524)]), "#ffa04a", 2)
    c.line(curve([(302, 386), (295, 402), (296, 432)]), "#ffa04a", 2)
    c.line([(288, 530), (270, 584)], "#ffa04a", 1.6)
    c.blob([(84, 262), (110, 254), (136, 262), (128, 274), (98, 276)], "#04090b")
    c.line([(130, 264), (174, 256), (178, 246)], "#04090b", 3)
    c.line([(64, 248), (158, 244)], "#04090b", 2)
    c.shape([(104, 276), (112, 276), (196, 440), (100, 440)], "#e9fbff1e")
    for px, py in c.scatter(120, 200, 640):
        c.disc(px, py, c.chance.uniform(0.5, 1.7), "#ffb04ad0")
    c.fade_out(500, 680, "#04090b")


MOTIFS: dict[str, Callable[[Canvas],
        None]] = {"biplanes": biplanes, "boxer": boxer, "caravan": caravan, "crown": crown,
        "dancers": dancers, "deep water": deep_water, "dragon": dragon, "facade": facade,
        "fox and moon": fox_and_moon, "guitar": guitar, "haunted house": haunted_house,
        "honeycomb": honeycomb, "keyhole": keyhole, "lamplight": lamplight, "lanterns": lanterns,
        "lighthouse": lighthouse, "mesa": mesa, "neon grid": neon_grid, "overpass": overpass,
        "piano": piano, "river": river, "rocket": rocket, "sheep on ball": sheep_on_ball,
        "stairwell": stairwell, "standoff": standoff, "umbrella": umbrella}
