"""Coverage-guided fuzzing of what genreel reads (atheris; Linux, Python 3.11 to 3.13).

    python benchmarks/fuzz.py posters|csv|jsonl|parquet|nfo|xmp|bundle [--seconds 60] [--corpus DIR]

Begins with the whole files of `attacks` and mutates them where that reaches new code of genreel's.
An error that is not GenreelError, a case of more than 10 s or 2 GiB ends it, and the case is saved
beside the corpus. Prints what libFuzzer prints; its last lines say how many inputs were tried.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris

MAX_BYTES = 64 * 2**10

with atheris.instrument_imports(include=["genreel", "PIL", "zipfile", "csv", "json"]):
    from genreel.bundle import read_bundle
    from genreel.catalogue import Catalogue
    from genreel.errors import GenreelError
    from genreel.formats.mark import Found
    from genreel.formats.nfo import read_nfo, write_nfo
    from genreel.formats.xmp import read_xmp, write_xmp
    from genreel.posters import Limits, open_poster

LIMITS = Limits(max_pixels=2_000_000, max_whole=2_000_000)
"""Small enough that no case is slow for its pixels alone."""

FOUND = Found({"War": 0.9, "Drama": 0.8}, "default", "1")


def posters(data: bytes) -> None:
    """Opens a poster."""
    open_poster(data, (128, 192), LIMITS)


def table(suffix: str) -> Callable[[bytes], None]:
    """Reads a catalogue."""
    path = Path(tempfile.mkdtemp()) / f"movies.{suffix}"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        for _ in Catalogue(path, extra=True):
            pass

    return read


def nfo(data: bytes) -> None:
    """Reads an NFO file, and writes into it."""
    read_nfo(data)
    read_nfo(write_nfo(data, FOUND, add=True))


def xmp(data: bytes) -> None:
    """Reads a sidecar, and writes into it."""
    read_xmp(data)
    read_xmp(write_xmp(data, FOUND, add=True))


def bundle() -> Callable[[bytes], None]:
    """Reads a bundle, the bytes being its config or its arrays, with hashes made right."""
    import json

    attacks = importlib.import_module("attacks.bundles")
    files = dict(attacks.bundle())
    folder = Path(tempfile.mkdtemp())

    def read(data: bytes) -> None:
        if data[:1] == b"{":
            try:
                config = json.loads(data)
            except (ValueError, RecursionError):
                config = None
            made = {**files, "config.json": data}
            if isinstance(config, dict):
                made["config.json"] = json.dumps(attacks.seal(config)).encode()
        else:
            made = attacks.with_file(files, "features.npz", data)
        for name, content in made.items():
            (folder / name).write_bytes(content)
        read_bundle(folder)

    return read


TARGETS: dict[str, Callable[[], Callable[[bytes], None]]] = {
    "posters": lambda: posters,
    "csv": lambda: table("csv"),
    "jsonl": lambda: table("jsonl"),
    "parquet": lambda: table("parquet"),
    "nfo": lambda: nfo,
    "xmp": lambda: xmp,
    "bundle": bundle,
}


def seeds(target: str) -> list[bytes]:
    """Whole files to begin with."""
    if target == "posters":
        found = importlib.import_module("attacks.images").seeds()
        return [data for _, data in found if len(data) < MAX_BYTES]
    if target == "bundle":
        files = importlib.import_module("attacks.bundles").bundle()
        return [files["config.json"], files["features.npz"]]
    if target in ("nfo", "xmp"):
        found = importlib.import_module("attacks.nfos").SEEDS
    else:
        found = importlib.import_module("attacks.catalogues").seeds()
    return [data for suffix, data in found if suffix == target]


def main() -> None:
    """Fuzzes one target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=list(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    corpus = arguments.corpus or Path(tempfile.mkdtemp())
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(arguments.target)):
        (corpus / f"seed-{number}").write_bytes(data)
    attempt = TARGETS[arguments.target]()

    def one(data: bytes) -> None:
        try:
            attempt(data)
        except GenreelError as error:
            if "\n" in str(error):
                raise AssertionError(str(error)) from error

    options = [f"-max_total_time={arguments.seconds}", f"-max_len={MAX_BYTES}", "-timeout=10"]
    options += ["-rss_limit_mb=2048", f"-artifact_prefix={corpus}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
