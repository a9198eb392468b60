"""Catalogues of every size: how long an import and a cleaning take, and what a kill leaves behind.

python benchmarks/catalogues.py import       rows of The Movies Dataset's shape, with its defects
python benchmarks/catalogues.py clean        drawn posters, 12,500 to 100,000: is it linear?
python benchmarks/catalogues.py findings --catalogue CATALOGUE     what is wrong with real films
python benchmarks/catalogues.py kills        kill -9 of import and apply at 50 random moments each
python benchmarks/catalogues.py watch-kills  the same of watch --apply in a media library, at 30

Each writes a table of its name beside benchmarks/results.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genreel.catalogue import Catalogue, Movie
from genreel.formats import FORMATS
from genreel.formats.film import Options
from genreel.formats.importing import write_import
from genreel.lab.cleaning import find
from genreel.vocabulary import TMDB_IDS

RESULTS = Path(__file__).parent / "results"
ROWS = 45_000
FILMS = (12_500, 25_000, 50_000, 100_000)
KILLS = 50
WATCH_KILLS = 30
GENREEL = (sys.executable, "-c", "import genreel.app.cli as c, sys; sys.exit(c.main())")

Row = dict[str, Any]

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


def alone(work: Callable[..., Any], *args: Any) -> Any:
    """What `work` gives in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def peak() -> float:
    """The largest memory that this process held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def import_once(folder: Path) -> Row:
    """Imports the table in a folder."""
    started, busy = time.perf_counter(), time.process_time()
    movies = FORMATS["kaggle_movies"].read(folder, Options())
    done = write_import(movies, folder / "catalogue")
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return {
        "films": done.movies,
        "problems": done.problems,
        "seconds": round(seconds, 1),
        "processor_seconds": round(busy, 1),
        "peak_mib": round(peak()),
    }


def measure_import(_: argparse.Namespace) -> Iterator[Row]:
    """45,000 rows."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder, "movies_metadata.csv"), ROWS)
        yield {"rows": ROWS, **alone(import_once, Path(folder))}


def draw(folder: Path, films: int) -> None:
    """Posters of coloured patches: 1 in 50 grey, 1 in 100 a copy of the one before."""
    rng = np.random.default_rng(0)
    for number in range(films):
        if number % 100 != 1:
            patches = rng.integers(0, 256, (8, 6, 3)).astype(np.uint8)
            image = Image.fromarray(patches).resize((92, 138), Image.Resampling.BICUBIC)
            image = image.convert("L") if number % 50 == 0 else image
        image.save(folder / f"{number}.jpg", quality=80)


def clean_once(folder: Path, films: int) -> Row:
    """Looks at drawn films."""
    movies = (
        Movie(str(i), f"Film {i}", plot=f"The story of {i}.", poster=folder / f"{i}.jpg",
              genres={"tmdb": ("Drama",)})
        for i in range(films)
    )  # fmt: skip
    started, busy = time.perf_counter(), time.process_time()
    kinds = Counter(finding.kind for finding in find(movies))
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return {
        "films": films,
        "grey": kinds["grey poster"],
        "duplicates": kinds["duplicate poster"],
    } | {
        "seconds": round(seconds, 1),
        "processor_seconds": round(busy, 1),
        "processor_seconds_per_1000": round(busy / films * 1000, 2),
        "peak_mib": round(peak()),
    }


def measure_clean(_: argparse.Namespace) -> Iterator[Row]:
    """Twice as many films, and again."""
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), max(FILMS))
        for films in FILMS:
            yield alone(clean_once, Path(folder), films)


def measure_findings(arguments: argparse.Namespace) -> Iterator[Row]:
    """Findings of each kind among the films of a real catalogue."""
    catalogue = Catalogue(arguments.catalogue)
    kinds = Counter(finding.kind for finding in find(catalogue))
    for name in ("unreadable poster", "tiny poster"):
        kinds.setdefault(name, 0)
    for kind, count in kinds.most_common():
        yield {"kind": kind, "findings": count, "of_films": len(catalogue)}


def killed(argv: Sequence[object], within: float) -> bool:
    """Kills a run of genreel somewhere on its way; False if it had ended before."""
    child = subprocess.Popen([*GENREEL, *map(str, argv)], stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, within))
    working = child.poll() is None
    if working:
        os.kill(child.pid, signal.SIGKILL)
    child.wait()
    return working


def run(argv: Sequence[object]) -> float:
    """Seconds of a run that must end well."""
    started = time.perf_counter()
    subprocess.run([*GENREEL, *map(str, argv)], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure_kills(_: argparse.Namespace) -> Iterator[Row]:
    """Each kill is followed by a look at every file; after the last one the work is finished."""
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        yield kill_apply(Path(folder, "library"), films=400)
    with tempfile.TemporaryDirectory() as folder:
        yield kill_import(Path(folder), films=1500)


def kill_apply(library: Path, films: int) -> Row:
    """Applies two sets of genres in turn to NFO files, then undoes it all."""
    nfos: dict[Path, bytes] = {}
    for number in range(films):
        path = library / f"Film {number} (1999)" / "movie.nfo"
        path.parent.mkdir(parents=True)
        path.write_text(f"<movie>\n  <title>Film {number}</title>\n</movie>\n")
        nfos[path] = path.read_bytes()
    told = [library.with_name(f"{genre}.jsonl") for genre in ("War", "Drama")]
    for file in told:
        rows = (
            {"id": f"{path.parent.name}/movie", "genres": [file.stem], "scores": {file.stem: 0.9}}
            for path in nfos
        )
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    argv = ("apply", library, "--to", "nfo", "--predictions")
    whole = run((*argv, told[0]))
    kills = broken = turn = 0
    while kills < KILLS:
        turn += 1
        kills += killed((*argv, told[turn % 2]), whole)
        broken += sum(genre_of(path) not in ("War", "Drama") for path in nfos)
    run((*argv, told[1]))
    finished = all(genre_of(path) == "Drama" for path in nfos)
    while subprocess.run([*GENREEL, "undo", str(library)], capture_output=True).returncode == 0:
        pass
    return {
        **{"what": "apply", "files": films, "runs": turn, "kills": kills},
        **{"files_not_whole": broken, "finished": finished},
        "undone": {path: path.read_bytes() for path in nfos} == nfos,
        "left_over": len(list(library.rglob(".*.part"))),
    }


def genre_of(path: Path) -> str | None:
    """The genre of an NFO file that is whole."""
    try:
        root = ET.fromstring(path.read_bytes())
    except ET.ParseError:
        return None
    whole = root.findtext("title") == path.parent.name.removesuffix(" (1999)") and len(root) == 3
    return root.findtext("genre") if whole else None


def kill_import(folder: Path, films: int) -> Row:
    """Imports a folder of posters over an older catalogue."""
    source, target = folder / "source", folder / "catalogue"
    source.mkdir()
    draw(source, films)
    posters = {path.name: path.read_bytes() for path in source.iterdir()}
    argv = ("import", "folder", source, target, "--overwrite")
    whole = run(argv)
    kills = broken = turn = 0
    while kills < KILLS:
        turn += 1
        if turn % 4 == 0:  # from the beginning again
            for path in (target / "posters").iterdir():
                path.unlink()
            (target / "movies.csv").unlink(missing_ok=True)
        kills += killed(argv, whole)
        for path in (target / "posters").glob("[!.]*"):
            broken += path.read_bytes() != posters[path.name]
        if (target / "movies.csv").exists():
            broken += len(Catalogue(target)) != films
    run(argv)
    there = {path.name: path.read_bytes() for path in (target / "posters").glob("[!.]*")}
    finished = there == posters and len(Catalogue(target)) == films
    return {
        **{"what": "import", "files": films, "runs": turn, "kills": kills},
        **{"files_not_whole": broken, "finished": finished, "undone": ""},
        "left_over": len(list(target.rglob(".*.part"))),
    }


def measure_watch_kills(_: argparse.Namespace) -> Iterator[Row]:
    """Each kill is followed by a look at every NFO file; what is done by then is never undone."""
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        yield kill_watch(Path(folder, "library"), films=150)


def kill_watch(library: Path, films: int) -> Row:
    """Watches a library without genres again and again; begun anew where all is done."""
    nfos: dict[Path, bytes] = {}
    random_bytes = np.random.default_rng(0)
    for number in range(films):
        home = library / f"Film {number} (1999)"
        home.mkdir(parents=True)
        (home / f"{home.name}.mkv").touch()
        pixels = random_bytes.integers(0, 255, (90, 60, 3), np.uint8)
        Image.fromarray(pixels).save(home / "poster.jpg")
        text = f"A sheriff and {number} outlaws ride into a frontier town for a gunfight."
        path = home / "movie.nfo"
        path.write_text(
            f"<movie>\n  <title>Film {number}</title>\n  <plot>{text}</plot>\n</movie>\n"
        )
        nfos[path] = path.read_bytes()
    files = {path.relative_to(library) for path in library.rglob("*")}
    store = library.with_name("films.db")
    argv = ("watch", library, "--apply", "nfo", "--once", "--model", "fast", "--store", store)

    def undo_all() -> None:
        while subprocess.run([*GENREEL, "undo", str(library)], capture_output=True).returncode == 0:
            pass

    start = time.perf_counter()
    subprocess.run([*GENREEL, *map(str, argv)], check=True, capture_output=True)
    whole = time.perf_counter() - start
    kills = broken = turn = lost = 0
    written: set[Path] = set(nfos)
    while kills < WATCH_KILLS:
        turn += 1
        if len(written) == films:
            undo_all()
            for part in store.parent.glob("films.db*"):
                part.unlink()
            written = set()
        kills += killed(argv, whole)
        texts = {path: watched_state(path, nfos[path]) for path in nfos}
        broken += sum(state is None for state in texts.values())
        lost += sum(not texts[path] for path in written)
        written = {path for path, state in texts.items() if state}
    subprocess.run([*GENREEL, *map(str, argv)], capture_output=True)
    finished = all(watched_state(path, nfos[path]) for path in nfos)
    undo_all()
    there = {path.relative_to(library) for path in library.rglob("*")}
    return {
        **{"what": "watch", "files": films, "runs": turn, "kills": kills},
        **{"files_not_whole": broken, "lost": lost, "finished": finished},
        "undone": {path: path.read_bytes() for path in nfos} == nfos,
        "left_over": sum(".genreel" not in path.parts for path in there - files),
    }


def watched_state(path: Path, before: bytes) -> bool | None:
    """Whether a whole NFO file has genres now; None where it is not whole."""
    data = path.read_bytes()
    if data == before:
        return False
    try:
        root = ET.fromstring(data)
    except ET.ParseError:
        return None
    is_whole = root.find("plot") is not None and root.find("genreel") is not None
    return True if is_whole and root.find("genre") is not None else None


MEASURES = {
    "import": measure_import,
    "clean": measure_clean,
    "findings": measure_findings,
    "kills": measure_kills,
    "watch-kills": measure_watch_kills,
}


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", choices=tuple(MEASURES))
    parser.add_argument("--catalogue", type=Path, help="real films, for findings")
    arguments = parser.parse_args()
    if arguments.measure == "findings" and not arguments.catalogue:
        parser.error("findings wants --catalogue")
    path = RESULTS / f"{arguments.measure}.csv"
    rows: list[Row] = []
    for row in MEASURES[arguments.measure](arguments):
        rows.append(row)
        print(row, flush=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
