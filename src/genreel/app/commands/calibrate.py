"""genreel calibrate."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, mandatory


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which bundle, on what, and where the new one goes; `command` is the whole command line."""

    bundle: str = shared.bundle_argument()
    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    out: Path = mandatory("where it goes", Path, metavar="BUNDLE")
    split: Path = mandatory(shared.SPLIT, Path, metavar="FILE")
    command: str


def run(options: Options) -> int:
    """Chooses a bundle's calibration and thresholds anew."""
    shared.need("lab")
    from genreel.app.output import print_figures
    from genreel.bundle import bundle_folder, read_bundle
    from genreel.catalogue import Catalogue
    from genreel.lab.evaluation.recalibrate import recalibrate
    from genreel.lab.splits import read_split

    genres = read_bundle(bundle_folder(options.bundle)).vocabulary.genres
    movies = Catalogue(options.catalogue, options.taxonomy, genres=genres).by_id()
    split = read_split(options.split)
    valid, test = (split.part(name, movies) for name in ("valid", "test"))
    metrics = recalibrate(options.bundle, options.out, valid, test, options.command)
    print_figures(metrics["test"])
    print(f"bundle written to {options.out}", file=sys.stderr)
    return DONE


COMMAND = Command(
    Options,
    run,
    "They are chosen on the valid part of the split, for every combination of poster and\n"
    "plot, and measured on its test part; nothing is trained.",
)
