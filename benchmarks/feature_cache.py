"""What the feature cache saves: the feature step of a frozen-backbone recipe, first and again.

    GENREEL_DATA=... python benchmarks/feature_cache.py --posters 1000

Both runs are of one process, on the same posters: the first reads, resizes and passes them through
MobileNetV2 (224 px), the second finds pixels and vectors in the cache. The key of the cache is made
of the posters' content, so the second run still reads every file.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import time
from pathlib import Path

from genreel.catalogue import Catalogue, Movie
from genreel.features.image import Pixels, PixelSettings
from genreel.lab.examples import read_examples
from genreel.lab.frozen import extracted_rows
from genreel.lab.networks.backbone import BackboneSettings, frozen_backbone
from genreel.vocabulary import Vocabulary

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "feature_cache.csv"


def feature_step(movies: list[Movie], cache: Path) -> float:
    """Seconds from films to vectors."""
    feature = Pixels(PixelSettings(height=224, width=224))
    settings = BackboneSettings("poster", "mobilenetv2_100", frozen=True)
    started = time.perf_counter()
    examples = read_examples(movies, {"poster": feature}, Vocabulary(), cache)
    extractor = frozen_backbone(settings, examples, seed=0)
    extracted_rows(examples, "poster", extractor, cache).arrays(["poster"])
    return time.perf_counter() - started


def main() -> None:
    """Writes results/feature_cache.csv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posters", type=int, default=1000)
    count = parser.parse_args().posters
    if not (DATA / "movies").is_dir():
        parser.exit(1, f"{DATA} is not there; set GENREEL_DATA\n")
    movies = [movie for movie in Catalogue(DATA / "movies") if movie.has("poster")][:count]
    feature_step(movies[:8], Path(tempfile.mkdtemp()))  # loads the libraries
    with tempfile.TemporaryDirectory() as cache:
        first, second = (feature_step(movies, Path(cache)) for _ in range(2))
    row = {"posters": len(movies), "first_seconds": round(first, 2)}
    row |= {"second_seconds": round(second, 2), "ratio": round(first / second, 1)}
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)
    print(row)


if __name__ == "__main__":
    main()
