"""What reviews teach: macro F1 of one era before and after, and of all other films.

    python benchmarks/learning.py CATALOGUE BUNDLE --from 1870 --to 1969 [--split FILE]

Labels stand for the person: some films of the era are reviewed, the others and all films outside
it are measured, with the bundle's thresholds, on known cells. With --split only its test films.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from genreel import Catalogue, Predictor
from genreel.app.correction import Correction, Review, learn, measure


def main() -> None:
    """Prints a JSON object: the mean and the worst of several draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("bundle")
    parser.add_argument("--taxonomy", default="mixed")
    parser.add_argument("--from", dest="first", type=int, required=True)
    parser.add_argument("--to", dest="last", type=int, required=True)
    parser.add_argument("--split", type=Path)
    parser.add_argument("--outside", type=Path, help="split whose test films stand for the others")
    parser.add_argument("--reviews", type=int, default=200)
    parser.add_argument("--draws", type=int, default=8)
    arguments = parser.parse_args()
    predictor = Predictor(arguments.bundle)
    thresholds = predictor.bundle.thresholds
    movies = [m for m in Catalogue(arguments.catalogue, arguments.taxonomy) if m.year and m.genres]

    def within(year: int | None) -> bool:
        return year is not None and arguments.first <= year <= arguments.last

    if arguments.split:
        test = set(json.loads(arguments.split.read_text())["test"])
        movies = [m for m in movies if m.id in test]
    elif arguments.outside:
        test = set(json.loads(arguments.outside.read_text())["test"])
        movies = [m for m in movies if m.id in test or within(m.year)]
    labels, known = predictor.bundle.vocabulary.encode([m.genres for m in movies])
    films = []
    for i, prediction in enumerate(predictor.predict_many(movies)):
        verdicts = {g: bool(labels[i, j]) for j, g in enumerate(predictor.genres) if known[i, j]}
        if prediction.scores:
            films.append(Review(movies[i].year, prediction.scores, verdicts))
    era = [film for film in films if within(film.year)]
    others = [film for film in films if not within(film.year)]

    def f1(correction: Correction, of: list[Review]) -> float:
        scores = [correction.apply(film.raw, film.year) for film in of]
        return measure(scores, of, thresholds)["macro_f1"]

    gains, losses, before = [], [], []
    for seed in range(arguments.draws):
        order = np.random.default_rng(seed).permutation(len(era))
        reviewed = [era[i] for i in order[: arguments.reviews]]
        rest = [era[i] for i in order[arguments.reviews :]]
        learnt = learn(reviewed)
        before.append(f1(Correction(), rest))
        gains.append(f1(learnt, rest) - before[-1])
        losses.append(f1(learnt, others) - f1(Correction(), others))
    found = {
        "era": len(era),
        "others": len(others),
        "reviews": arguments.reviews,
        "macro_f1_before": round(float(np.mean(before)), 4),
        "gain_in_the_era": round(float(np.mean(gains)), 4),
        "worst_draw": round(float(np.min(gains)), 4),
        "change_elsewhere": round(float(np.mean(losses)), 4),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
