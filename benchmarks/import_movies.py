"""Imports rows of The Movies Dataset's shape, generated with its known defects.

python benchmarks/import_movies.py [--rows 45000]
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import tempfile
import time
from pathlib import Path

from genreel.formats import FORMATS
from genreel.formats.film import Options
from genreel.formats.importing import write_import
from genreel.vocabulary import TMDB_IDS

COLUMNS = (
    *("adult", "belongs_to_collection", "budget", "genres", "homepage", "id", "imdb_id"),
    *("original_language", "original_title", "overview", "popularity", "poster_path"),
    *("production_companies", "production_countries", "release_date", "revenue", "runtime"),
    *("spoken_languages", "status", "tagline", "title", "video", "vote_average", "vote_count"),
)


def generate(path: Path, rows: int) -> None:
    """Writes movies_metadata.csv: 1 row in 1,000 comes twice, 1 in 10,000 is broken in two."""
    random.seed(0)
    words = [f"word{n}" for n in range(5000)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            genres = random.sample([*TMDB_IDS.items(), ("Foreign", 10769)], random.randint(0, 4))
            listed = [
                {"id": i, "name": "Science Fiction" if n == "Sci-Fi" else n} for n, i in genres
            ]
            plot = " ".join(random.choices(words, k=55)) if number % 47 else "No overview found."
            row = dict.fromkeys(COLUMNS, "")
            row |= {"id": str(number - number % 1000 if number % 1000 == 1 else number)}
            row |= {"genres": str(listed), "overview": plot, "title": f"Film {number}"}
            row |= {"release_date": "1999-10-30", "imdb_id": f"tt{number:07}", "popularity": "3.8"}
            row |= {"belongs_to_collection": "{'id': 1, 'name': 'A'}" if number % 10 == 0 else ""}
            cells = list(row.values())
            if number % 10_000 == 77:
                writer.writerow([*cells[:9], plot + "\n"])
                writer.writerow(["1997-08-20", *cells[:10]])
                continue
            writer.writerow(cells)


def main() -> None:
    """Prints films, problems, seconds and the process's largest memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=45_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder, "movies_metadata.csv"), rows)
        started, processor = time.perf_counter(), time.process_time()
        movies = FORMATS["kaggle_movies"].read(Path(folder), Options())
        done = write_import(movies, Path(folder, "catalogue"))
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows:,} rows: {done.films:,} films, {done.problems:,} problems, {seconds:.1f} s")
    print(f"({processor:.1f} s of processor time), {memory:.0f} MiB at most")


if __name__ == "__main__":
    main()
