"""Does what `why` names matter more than chance? Deletes it from real films and looks.

For films of the test part with a poster and a plot, and the likeliest genre of each: the ten
heaviest words are deleted from the plot, and ten drawn at random from its other words; the
heaviest area of the poster is covered in the poster's mean colour, and one drawn at random from
the others. The score must fall further for what `why` names.

    python benchmarks/why.py CATALOGUE SPLIT [BUNDLE]    → benchmarks/results/why.csv
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from genreel.catalogue import Catalogue, Movie
from genreel.lab.splits import read_split
from genreel.posters import open_poster
from genreel.predictor import Predictor
from genreel.progress import say
from genreel.why import WORDS, grid_boxes, without_places, word_places

FILMS = 100
"""Of the test part, drawn at random; each takes two to four seconds of a core."""

RESULTS = Path(__file__).parent / "results" / "why.csv"


def main(catalogue: str, split: str, bundle: str = "default") -> None:
    """Measures FILMS films and writes the shares of them that pass, with 95 % intervals."""
    predictor = Predictor(bundle)
    rng = np.random.default_rng(0)
    test = read_split(Path(split)).part("test", Catalogue(catalogue).by_id())
    usable = [m for m in test if m.poster and len(word_places(m.plot)) >= 3 * WORDS]
    films = [usable[i] for i in np.sort(rng.permutation(len(usable))[:FILMS])]
    passes: list[tuple[bool, bool]] = []
    for movie in films:
        passes.append(measure(predictor, movie, rng))
        say(f"{len(passes)} of {len(films)} films: {passes[-1]}")
    rows = []
    for name, passed in zip(("ten words", "one area"), zip(*passes, strict=True), strict=True):
        low, high = interval(sum(passed), len(films))
        row = {"deleted": name, "films": len(films), "share_of_films": sum(passed) / len(films)}
        rows.append(row | {"low": f"{low:.3f}", "high": f"{high:.3f}"})
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(RESULTS.read_text(), end="")


def interval(passed: int, films: int) -> tuple[float, float]:
    """A share's 95 % interval (Wilson 1927)."""
    z = 1.96
    share, spread = passed / films, z * z / films
    half = z * math.sqrt((share * (1 - share) + spread / 4) / films)
    low, high = (share + spread / 2 + sign * half for sign in (-1, 1))
    return low / (1 + spread), high / (1 + spread)


def measure(predictor: Predictor, movie: Movie, rng: np.random.Generator) -> tuple[bool, bool]:
    """Whether the named words, and the named area, weigh more than random ones."""
    [whole] = predictor.predict_many([movie])
    genre = max(whole.scores, key=whole.scores.__getitem__)
    why = predictor.explain(movie, [genre])[genre]

    places = word_places(movie.plot)
    named = list(dict.fromkeys(word.word for word in why["words"]))
    others = [word for word in places if word not in named]
    drawn = rng.choice(others, len(named), replace=False)
    texts = [
        without_places(movie.plot, [place for word in words for place in places[word]])
        for words in (named, drawn)
    ]
    boxes = grid_boxes()
    top = [area[:4] for area in why["areas"][:1]]
    rest = [box for box in boxes if box not in top]
    covered = [cover(movie, box) for box in (*top, rest[rng.integers(len(rest))])]

    def score(plot: str, poster: Image.Image) -> float:
        changed = Movie(movie.id, movie.title, movie.year, plot, poster)
        [prediction] = predictor.predict_many([changed])
        return prediction.scores[genre]

    plain = cover(movie, (0, 0, 0, 0))
    without_named, without_drawn = (score(text, plain) for text in texts)
    scores = [score(movie.plot, poster) for poster in covered]
    return without_named < without_drawn, len(scores) == 2 and scores[0] < scores[1]


def cover(movie: Movie, box: tuple[float, ...]) -> Image.Image:
    """The poster itself, an area of it in its mean colour."""
    assert movie.poster is not None
    image = open_poster(movie.poster, (1000, 1000))
    colour = tuple(int(c) for c in np.asarray(image).mean(axis=(0, 1)))
    left, top, right, bottom = box
    width, height = image.size
    corners = (left * width, top * height, right * width, bottom * height)
    if right > left:
        image.paste(colour, tuple(round(corner) for corner in corners))
    return image


if __name__ == "__main__":
    main(*sys.argv[1:])
