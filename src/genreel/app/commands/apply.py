"""genreel apply."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, exit_code, sensing, shared
from genreel.app.commands.flags import Command, UsageError, argument, flag, mandatory, switch
from genreel.app.commands.refreshing import open_refresher, refresh_flag
from genreel.app.commands.values import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from genreel.catalogue import Movie
    from genreel.formats.applying import Applied, Pairs
    from genreel.prediction import Prediction

FILES = ("nfo", "xmp")
TABLES = ("csv", "jsonl", "parquet", "shopify")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Whose genres to write, where and how."""

    catalogue: Path = argument(
        "CATALOGUE",
        "a table or its folder; a media library (nfo) or a folder of posters (xmp) itself",
        Path,
    )
    to: str = mandatory(
        "NFO files, sidecars, a column of a table, tags of products",
        str,
        choices=(*FILES, *TABLES),
    )
    out: Path | None = flag(
        None,
        "folder of the NFO files or sidecars; table or product CSV (default: CATALOGUE's own)",
        Path,
        metavar="PATH",
    )
    model: str = shared.model_flag()
    language: str = shared.language_flag("all plots")
    threshold: float | None = flag(None, "assign a genre from this score on", share, metavar="P")
    decide: str = shared.decide_flag("sure", "%(default)s, and always the likeliest genre")
    films: Path | None = sensing.films_flag()
    read: bool = sensing.read_flag()
    accept: float | None = sensing.accept_flag()
    own: Path | None = sensing.own_flag()
    predictions: Path | None = flag(
        None,
        "use these, which genreel predict --format jsonl wrote, and predict nothing",
        Path,
        metavar="FILE",
    )
    only: Path | None = flag(
        None,
        "write nothing but what a person accepted in this table of genreel audit --format csv",
        Path,
        metavar="FILE",
    )
    names: str | None = shared.names_flag("genreel; kodi for nfo")
    add: bool = switch("beside genres of a person, too")
    series: bool = switch("the series of a media library, each as a whole, into its tvshow.nfo")
    create: bool = switch("NFO files for movies without one")
    safe_cells: bool = switch("an apostrophe before cells like formulas")
    iptc: bool = switch("for xmp: keywords inside JPEG posters, too (exiftool)")
    dry_run: bool = switch("show what would change")
    refresh: tuple[str, ...] = refresh_flag()


def run(options: Options) -> int:
    """Writes genres to where other programs look for them."""
    from genreel.app.sources import say_series
    from genreel.formats import applying
    from genreel.formats.iptc import find_exiftool
    from genreel.progress import progress, say

    if options.iptc:
        if options.to != "xmp":
            raise UsageError("--iptc goes with --to xmp")
        find_exiftool()
    if options.refresh and options.to != "nfo":
        raise UsageError("--refresh goes with --to nfo")
    if options.series and options.to != "nfo":
        raise UsageError("--series goes with --to nfo")
    refresher = open_refresher(options.refresh)
    movies = applying.find_movies(options.catalogue, options.to, options.series)
    choices = applying.Choices(
        out=options.out or applying.place_of(movies, options.catalogue, options.to),
        add=options.add,
        create=options.create,
        safe_cells=options.safe_cells,
        dry_run=options.dry_run,
        iptc=options.iptc,
    )
    pairs = progress(_pairs(options, movies), "applying")
    if options.to in FILES:
        counts = applying.apply_to_files(pairs, options.to, choices, sys.stdout.write, say)
    else:
        counts = applying.apply_to_table(pairs, options.to, choices, sys.stdout.write, say)
    say(_summary(counts, options.dry_run))
    if options.to == "nfo" and not options.series:
        say_series(options.catalogue)
    refresher.refresh(counts.files)
    failures = counts.failed + counts.partly + refresher.failures
    return exit_code(counts.changed + counts.unchanged, failures) if failures else DONE


def _pairs(options: Options, movies: Iterable[Movie]) -> Pairs:
    """Movies with their genres, from a file of predictions or from a bundle."""
    from genreel.formats import applying

    names = shared.names_of(options.names) or applying.names_for(options.to)
    if options.only:
        from genreel.audit.table import read_accepted

        return applying.answer_pairs(movies, read_accepted(options.only), names)
    if options.predictions:
        predictions = applying.read_predictions(options.predictions)
        return applying.pairs_of(movies, predictions, names)
    from genreel.app.senses import predict_movies
    from genreel.calibration import SURE
    from genreel.predictor import Predictor

    predictor = Predictor(options.model)
    senses = sensing.senses_of(options.films, options.read, options.accept, options.own)

    def predict(movies: Iterable[Movie]) -> Iterator[Prediction]:
        predictions = predict_movies(
            predictor,
            movies,
            senses,
            language=options.language,
            threshold=options.threshold,
            decide=options.decide,
        )
        if options.threshold is not None or options.decide != SURE:
            return predictions
        return (prediction.with_main() for prediction in predictions)

    return applying.predict_pairs(movies, predict, names, predictor.bundle.name)


def _summary(counts: Applied, dry_run: bool) -> str:
    parts = [
        f"{counts.changed:,} {'would change' if dry_run else 'changed'}",
        f"{counts.unchanged:,} stay as they are",
    ]
    if counts.without_file:
        parts.append(f"{counts.without_file:,} without a file to write to")
    if counts.failed:
        parts.append(f"{counts.failed:,} failed")
    if counts.partly:
        parts.append(f"an input of {counts.partly:,} failed")
    return ", ".join(parts)


COMMAND = Command(
    Options,
    run,
    "Genres that a person wrote or locked stay, one that a person took away stays away, and\n"
    "where nothing is found, or nothing is there to go by, nothing changes. genreel undo goes\n"
    "back.\n\n"
    "examples:\n"
    "  genreel apply ~/Movies --to nfo --dry-run\n"
    "  genreel apply posters/ --to xmp\n"
    "  genreel apply movies.csv --to csv --names de\n"
    "  genreel apply movies.csv --to shopify --out products_export.csv",
)
