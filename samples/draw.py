"""Draw the poster of every film in movies.csv: `python samples/draw.py [OUT_DIR]`.

Everything is made here from shapes and Pillow's own font; the same Pillow draws the same bytes.
A poster is a motif (the picture), its lettering and a finish (the look of its period), chosen per
film in `DESIGNS`. Heights and boxes are in poster pixels, of 500 x 750.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from canvas import HEIGHT, SCALE, WIDTH, Canvas, noise
from lettering import Title, small_print, write_title
from motifs import MOTIFS
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

JPEG_QUALITY = 84
HERE = Path(__file__).resolve().parent


# --- finishes: the look of a period -------------------------------------------------------------


@dataclass(frozen=True)
class Finish:
    """What printing and time do to a poster; every amount is 0 for none."""

    grain: int = 0  # greatest change of a pixel, of 255
    vignette: float = 0  # darkness of the corners, 0 to 1
    bloom: float = 0  # how much of the light spills over, 0 to 1
    paper: str = "#ffffff"  # what white becomes
    margin: float = 0  # unprinted edge
    grey: bool = False


FINISHES = {
    "lithograph": Finish(grain=4, vignette=0.12, paper="#fbf0d6", margin=13),
    "silver": Finish(grain=12, vignette=0.35, margin=13, grey=True),
    "offset": Finish(grain=6, vignette=0.1, paper="#fff6e6"),
    "airbrush": Finish(grain=6, vignette=0.3, bloom=0.35),
    "digital": Finish(grain=4, vignette=0.4),
    "clean": Finish(),
}


def finish(canvas: Canvas, look: Finish) -> Image.Image:
    """The finished poster, 500 x 750 pixels, mode L when grey and RGB otherwise."""
    image = canvas.image
    if look.bloom:
        light = image.filter(ImageFilter.GaussianBlur(9 * SCALE))
        image = ImageChops.screen(image, ImageEnhance.Brightness(light).enhance(look.bloom))
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    if look.vignette:
        fade = [round(255 * (1 - look.vignette * (d / 255) ** 2)) for d in range(256)]
        shade = Image.radial_gradient("L").resize(image.size).point(fade)
        image = ImageChops.multiply(image, shade.convert("RGB"))
    if look.margin:
        sheet = Image.new("RGB", image.size, "#ffffff")
        edge = round(look.margin)
        sheet.paste(image.crop((edge, edge, WIDTH - edge, HEIGHT - edge)), (edge, edge))
        image = sheet
    image = ImageChops.multiply(image, Image.new("RGB", image.size, look.paper))
    if look.grain:
        table = [round(v * look.grain / 255) for v in range(256)]
        speck = noise(canvas.chance, image.size).point(table).convert("RGB")
        image = ImageChops.subtract(
            ImageChops.add(image, speck), Image.new("RGB", image.size, (look.grain // 2,) * 3)
        )
    return image.convert("L") if look.grey else image


# --- the posters --------------------------------------------------------------------------------

# Names for the credits: put together by chance, so that they are nobody's.
GIVEN = [
    "Orla",
    "Juno",
    "Basil",
    "Petra",
    "Anselm",
    "Ilse",
    "Corin",
    "Maud",
    "Teodor",
    "Wren",
    "Lucan",
    "Odile",
    "Piet",
    "Sunniva",
]
FAMILY = [
    "Tervaun",
    "Pellisk",
    "Quorley",
    "Ambrask",
    "Dunmarrow",
    "Ostrelle",
    "Vantwick",
    "Brisgow",
    "Halvane",
    "Merrowby",
    "Yarrowin",
    "Cazlett",
    "Thornabee",
    "Ulverin",
    "Fenquist",
    "Grayloch",
]
STUDIOS = ("Lanternfish Pictures", "North Pier Films", "Pellucid", "Tin Heron", "Ninth Window")


def invent_names(chance: random.Random, count: int) -> list[str]:
    """Distinct names in capitals, of nobody."""
    pairs = zip(chance.sample(GIVEN, count), chance.sample(FAMILY, count), strict=True)
    return [f"{given} {family}".upper() for given, family in pairs]


def billing(names: Sequence[str], studio: str) -> list[str]:
    """The block of credits at the foot of a poster, in three lines."""
    a, b, c, d, e, f, g, h = names
    return [
        f"{studio.upper()} presents  a {h} film  {a}  {b}  {c}  and {d}",
        f"music by {e}   director of photography {f}   edited by {g}",
        f"written by {g} and {b.split()[0]} {f.split()[1]}   directed by {h}",
    ]


@dataclass(frozen=True)
class Design:
    """One film's poster: what it shows, how it is lettered and how it is printed."""

    motif: str
    finish: str
    title: Title
    tagline: str
    tagline_y: float
    ink: str  # of the tagline
    foot: str  # of the credits; none when empty
    stars_y: float = 0  # of the names of the stars; 0 for none
    stars_ink: str = ""  # `ink` when empty


# fmt: off
DESIGNS: dict[str, Design] = {
    "the-salt-meridian": Design(
        motif="caravan", finish="lithograph",
        title=Title(((1, 214, 548, 72, 24), (2, 44, 582, 412, 66)),
            face="bold", fill="#8e2f1c", shade="#f7e8c6", depth=2),
        tagline="One line on the map. Four hundred miles of nothing.", tagline_y=666,
        ink="#4b2a1c", foot="#4b2a1c", stars_y=42, stars_ink="#f1dcae"),
    "wings-over-verrelay": Design(
        motif="biplanes", finish="lithograph",
        title=Title(((1, 40, 74, 420, 92), (1, 52, 186, 96, 26), (1, 164, 178, 296, 44)),
            face="slant", fill="#f6e0a8", shade="#8f2718", depth=4),
        tagline="They learned the sky by heart, and each other too late.", tagline_y=666,
        ink="#f6e0a8", foot="#ecc78c", stars_y=46),
    "the-ninth-tenant": Design(
        motif="stairwell", finish="silver",
        title=Title(((1, 214, 574, 72, 18), (2, 46, 600, 408, 58)),
            face="plain", fill="#f2f2f2"),
        tagline="EIGHT NAMES ON THE DOOR. NINE KEYS ON THE HOOK.", tagline_y=676,
        ink="#cccccc", foot="#b0b0b0"),
    "lantern-street": Design(
        motif="lamplight", finish="silver",
        title=Title(((1, 38, 70, 300, 66), (1, 38, 146, 246, 60)),
            face="slant", fill="#ffffff", shade="#000000", depth=5),
        tagline="The light was on. That was the first lie.", tagline_y=668,
        ink="#e4e4e4", foot="#a8a8a8", stars_y=44),
    "goodnight-mayfly-lane": Design(
        motif="dancers", finish="lithograph",
        title=Title(((1, 40, 44, 420, 84), (2, 66, 142, 368, 62)),
            face="bounce", fill="#fff3b0", shade="#b3163a", depth=4),
        tagline="Everybody out! Everybody up! Everybody dance!", tagline_y=676,
        ink="#8c1f3c", foot="#6b2036"),
    "dust-over-carrow": Design(
        motif="mesa", finish="lithograph",
        title=Title(((1, 60, 64, 268, 74), (1, 346, 66, 94, 32), (1, 60, 150, 380, 64)),
            face="heavy", fill="#fff0c4", shade="#5a1a1f", depth=4),
        tagline="He came home to bury one man.", tagline_y=650,
        ink="#f7d9a0", foot="#d9a777", stars_y=42),
    "perihelion-six": Design(
        motif="rocket", finish="lithograph",
        title=Title(((1, 34, 56, 432, 92), (1, 44, 164, 176, 74)),
            face="slant", fill=("#fff2a0", "#f7a531"), shade="#c4261d", depth=6),
        tagline="WHO WAS HERE BEFORE THE FIRST OF US?", tagline_y=650,
        ink="#fff2c8", foot="#f3dcb0"),
    "the-cartographer-queen": Design(
        motif="crown", finish="offset",
        title=Title(((1, 214, 558, 72, 20), (1, 44, 584, 412, 48), (1, 112, 638, 276, 48)),
            face="bold", fill=("#fbe7a8", "#c98f2e"), shade="#1a0406", depth=3),
        tagline="SHE DREW THE WORLD AND MADE IT KNEEL", tagline_y=40,
        ink="#4a1710", foot="#d9ae78", stars_y=66),
    "the-gloved-canary": Design(
        motif="keyhole", finish="offset",
        title=Title(((1, 36, 44, 90, 34), (1, 36, 86, 300, 68), (1, 36, 162, 408, 72)),
            face="bold", fill="#ffffff", shade="#141414", depth=5),
        tagline="THE PERFECT CRIME. FOUR TIMES. BY ACCIDENT.", tagline_y=676,
        ink="#141414", foot="#141414"),
    "six-miles-to-redwater": Design(
        motif="standoff", finish="offset",
        title=Title(((3, 40, 62, 420, 44), (1, 40, 114, 420, 60)),
            face="heavy", fill="#1a0f0d"),
        tagline="FIVE BULLETS. SIX MILES. NO WATER.", tagline_y=36,
        ink="#1a0f0d", foot="#f2b878"),
    "three-days-at-quarry-lake": Design(
        motif="guitar", finish="offset",
        title=Title(((3, 64, 584, 372, 36), (2, 40, 628, 420, 42)),
            face="bounce", fill="#f2b632", shade="#d4354a", depth=3),
        tagline="nine bands, one generator, forty thousand friends", tagline_y=567,
        ink="#f4e6c1", foot="#e6cfa0"),
    "the-house-on-tallow-hill": Design(
        motif="haunted house", finish="offset",
        title=Title(((2, 60, 60, 250, 56), (1, 322, 66, 46, 22), (2, 60, 126, 380, 56)),
            face="bounce", fill="#c8281e", shade="#05080a", depth=3),
        tagline="It was built facing the wrong way.", tagline_y=34,
        ink="#e3e0b0", foot="#a9b098"),
    "the-southpaw-from-brill": Design(
        motif="boxer", finish="offset",
        title=Title(((2, 40, 592, 420, 46), (2, 112, 646, 276, 34)),
            face="bold", fill="#f6e3b8", shade="#7c1314", depth=3),
        tagline="Everything he had was in the wrong hand.", tagline_y=116,
        ink="#f6e3b8", foot="#bda27a", stars_y=92),
    "the-far-bank": Design(
        motif="river", finish="offset",
        title=Title(((3, 60, 96, 380, 54),),
            face="thin", fill="#22282a"),
        tagline="Eleven days beside a river. One morning to cross it.", tagline_y=176,
        ink="#343b3d", foot="#b9c0ba", stars_y=68),
    "emberfell": Design(
        motif="dragon", finish="airbrush",
        title=Title(((1, 30, 590, 440, 84),),
            face="bold", fill=("#fff4b8", "#e0641f"), shade="#3a0710", depth=5),
        tagline="ONE QUESTION. ONE ANSWER. ONE HUNDRED YEARS OF FIRE.", tagline_y=40,
        ink="#ffd68a", foot="#c88a5a", stars_y=66),
    "neon-cascade": Design(
        motif="neon grid", finish="airbrush",
        title=Title(((1, 50, 56, 400, 74), (1, 36, 138, 428, 60)),
            face="slant", fill=("#f4fdff", "#3fb9ff"), shade="#ff2ea6", depth=3),
        tagline="THE CITY NEVER SLEEPS. IT REBOOTS.", tagline_y=656,
        ink="#7df4ff", foot="#c79be8"),
    "second-floor-left": Design(
        motif="facade", finish="clean",
        title=Title(((1, 40, 90, 420, 60), (1, 40, 162, 238, 62), (1, 304, 162, 156, 54)),
            face="bold", fill="#d6203f"),
        tagline="Love is a matter of thin walls.", tagline_y=64,
        ink="#5b3a30", foot="#fde7da", stars_y=38),
    "marsh-in-b-flat": Design(
        motif="piano", finish="digital",
        title=Title(((1, 60, 92, 380, 54), (3, 130, 164, 240, 30)),
            face="thin", fill="#f6dfb0"),
        tagline="Five concertos. One hand.", tagline_y=218,
        ink="#d9a860", foot="#b59872", stars_y=62),
    "extra-time-at-moss-end": Design(
        motif="sheep on ball", finish="clean",
        title=Title(((2, 36, 44, 428, 80), (3, 56, 138, 388, 74)),
            face="bounce", fill="#ffe14a", shade="#1d4e8f", depth=5),
        tagline="Nine players. One dream. Forty-one sheep.", tagline_y=238,
        ink="#14406f", foot="#123a12"),
    "pim-and-the-borrowed-moon": Design(
        motif="fox and moon", finish="clean",
        title=Title(((1, 38, 48, 150, 72), (2, 42, 132, 104, 26), (1, 40, 588, 420, 48),
                     (1, 150, 642, 200, 40)),
            face="bounce", fill="#fff3c4", shade="#16205a", depth=3),
        tagline="Bedtime has gone missing.", tagline_y=570,
        ink="#ffffff", foot="#c3cbf4"),
    "where-the-bees-went": Design(
        motif="honeycomb", finish="clean",
        title=Title(((4, 110, 606, 280, 22),),
            face="plain", fill="#2a1a0a"),
        tagline="a six-year search", tagline_y=646,
        ink="#5e3106", foot=""),
    "what-the-tide-keeps": Design(
        motif="deep water", finish="digital",
        title=Title(((2, 150, 584, 200, 22), (2, 40, 616, 420, 50)),
            face="thin", fill="#e6f4f0"),
        tagline="IT REMEMBERS EVERYONE WHO WENT IN", tagline_y=40,
        ink="#28444a", foot="#9cc0c4"),
    "chorus-of-the-night-market": Design(
        motif="lanterns", finish="digital",
        title=Title(((1, 70, 606, 360, 46), (2, 70, 660, 92, 26), (2, 174, 658, 256, 30)),
            face="bold", fill=("#fff3bf", "#ffb13f"), shade="#2a0a30"),
        tagline="Everything has a price. Tonight it is a song.", tagline_y=38,
        ink="#ffd9a0", foot="#d59ab0"),
    "the-weather-in-lisse": Design(
        motif="umbrella", finish="digital",
        title=Title(((2, 150, 108, 200, 24), (2, 70, 144, 360, 44)),
            face="thin", fill="#ffffff"),
        tagline="Eleven mornings left to say it.", tagline_y=214,
        ink="#fbe9dc", foot="#eceaf2", stars_y=66),
    "three-otters-and-a-lighthouse": Design(
        motif="lighthouse", finish="clean",
        title=Title(((2, 34, 40, 432, 84), (3, 34, 138, 300, 46)),
            face="bounce", fill="#ffffff", shade="#12395f", depth=5),
        tagline="Somebody has to keep the light on.", tagline_y=672,
        ink="#fff6c8", foot="#9fd4df"),
    "overpass-nine": Design(
        motif="overpass", finish="digital",
        title=Title(((1, 40, 582, 420, 54), (1, 170, 646, 160, 34)),
            face="bold", fill=("#ffffff", "#ffb46a"), shade="#04090b"),
        tagline="NINETY MINUTES. NINE EXITS. NO BRAKES.", tagline_y=30,
        ink="#9fd6d2", foot="#a9bdbe"),
}
# fmt: on


def draw(film: str, title: str) -> Image.Image:
    """The poster of `film`, an id that `DESIGNS` knows."""
    design, canvas = DESIGNS[film], Canvas(film)
    MOTIFS[design.motif](canvas)
    write_title(canvas, design.title, title)
    small_print(canvas, design.tagline, design.tagline_y, 17, design.ink)
    names = invent_names(canvas.chance, 8)
    if design.stars_y:
        stars, ink = "     ".join(names[:3]), design.stars_ink or design.ink
        small_print(canvas, stars, design.stars_y, 16, ink, squeeze=0.85)
    if design.foot:
        for i, line in enumerate(billing(names, canvas.chance.choice(STUDIOS))):
            small_print(canvas, line, 698 + 12.5 * i, 14, design.foot, squeeze=0.62)
    return finish(canvas, FINISHES[design.finish])


def main(out: Path) -> None:
    """Draw every poster that movies.csv names into `out`, as <id>.jpg."""
    out.mkdir(parents=True, exist_ok=True)
    with (HERE / "movies.csv").open(encoding="utf-8", newline="") as file:
        films = [row for row in csv.DictReader(file) if row["poster"]]
    for row in films:
        poster = draw(row["id"], row["title"])
        poster.save(out / f"{row['id']}.jpg", quality=JPEG_QUALITY, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "posters")
