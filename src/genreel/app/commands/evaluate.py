"""genreel evaluate."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, flag, mandatory, switch

PARTS = ("train", "valid", "test")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which bundle to measure, and on what."""

    bundle: str = shared.bundle_argument()
    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    out: Path = mandatory("for metrics.json and report.html", Path, metavar="DIR")
    split: Path | None = shared.split_flag()
    part: str = flag("test", "part of the split to measure (default: %(default)s)", choices=PARTS)
    against: str | None = flag(
        None, "another bundle to set beside it, genre by genre", metavar="BUNDLE"
    )
    names: str | None = shared.names_flag()
    include_trained: bool = switch("movies that it was trained or tuned on, too")


def run(options: Options) -> int:
    """Measures a bundle on a labelled catalogue."""
    shared.need("lab")
    from genreel.app.output import print_figures
    from genreel.catalogue import Catalogue
    from genreel.lab.evaluation.report import write_report
    from genreel.predictor import Predictor

    predictor = Predictor(options.bundle)
    catalogue = Catalogue(options.catalogue, options.taxonomy, genres=predictor.genres)
    by_id = catalogue.by_id()
    split = shared.split_of(options.split)
    movies = split.present(options.part, by_id) if split else list(by_id.values())
    shared.make_folder(options.out)
    against = (options.against, Predictor(options.against)) if options.against else None
    figures = write_report(
        predictor,
        movies,
        catalogue,
        options.out,
        against=against,
        names=shared.names_of(options.names),
        include_trained=options.include_trained or (split is not None and options.part != "test"),
    )
    print_figures(figures)
    print(f"report written to {options.out / 'report.html'}", file=sys.stderr)
    return DONE


COMMAND = Command(
    Options,
    run,
    "Without --split, all movies are measured that the bundle was neither trained nor tuned on:\n"
    "of the catalogue that it was trained on, those are its test part. It knows movies by id, and\n"
    "by title and year; the bundles that come along do not know theirs. --part train or valid\n"
    "includes what --include-trained does.",
)
