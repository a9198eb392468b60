"""How long a shop of many films takes: made anew, and made again after nothing changed.

python benchmarks/shop.py [FILMS]    # adds rows to results/shop.csv; 1,000 by default

The films are real ones, with posters of 300 to 480 pixels, in a store of SQLite.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.vocabulary import GENRES

DATA = Path(os.environ.get("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "shop.csv"


def fill(store: Store, count: int) -> None:
    """Films with posters into a store, each with a price."""
    with (DATA / "movies" / "movies.csv").open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    posters = [p for p in sorted((DATA / "large").glob("*.jpg")) if p.stem in rows]
    for number in range(count):
        poster = posters[number % len(posters)]
        row = rows[poster.stem]
        year = int(row["year"]) if row["year"] else None
        names = (row["genres_tmdb"] or row["genres_imdb"] or row["genres_ml"]).split("|")
        movie = Movie(
            f"{poster.stem}-{number}",
            row["title"],
            year,
            row["plot"],
            genres={"genreel": tuple(names)},
            extra={"price": 45, "sku": f"P-{number}"},
        )
        store.save(movie, poster=poster.read_bytes())


def main() -> None:
    """Times both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        url, out = f"{folder}/films.db", f"{folder}/shop"
        store = Store(url, dict.fromkeys(GENRES, 0.5))
        fill(store, count)
        store.close()
        rows = []
        for what in ("anew", "again"):
            command = [sys.executable, "-m", "genreel.app.cli", "shop", url, "--out", out]
            start = time.perf_counter()
            subprocess.run(command, check=True)
            seconds = time.perf_counter() - start
            files = [path for path in Path(out).rglob("*") if path.is_file()]
            size = sum(path.stat().st_size for path in files) / 2**20
            rows.append([what, count, len(files), f"{size:.0f}", f"{seconds:.1f}"])
    is_new = not RESULTS.exists()
    with RESULTS.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(["made", "films", "files", "mib", "seconds"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
