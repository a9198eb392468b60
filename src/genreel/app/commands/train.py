"""genreel train."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, flag, mandatory


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train, on what, and where the bundle goes; `command` is the whole command line."""

    recipe: str = shared.recipe_argument()
    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    out: Path = mandatory("where it goes", Path, metavar="BUNDLE")
    accept_terms: tuple[str, ...] = shared.terms_flag()
    split: Path | None = shared.split_flag()
    extra: str | None = shared.extra_flag()
    genres: str | None = shared.genres_flag("the recipe's")
    set: tuple[str, ...] = shared.set_flag()
    reuse: str | None = flag(
        None,
        "take networks from this bundle as they are, where the recipe asks for the same",
        metavar="BUNDLE",
    )
    command: str


def run(options: Options) -> int:
    """Trains a recipe and writes its bundle."""
    shared.need("lab")
    from genreel.app.output import print_figures
    from genreel.lab.recipe import load_recipe
    from genreel.lab.train import train

    recipe = load_recipe(options.recipe, shared.settings_of(options.set, options.genres))
    catalogue, extra = shared.training_catalogues(
        options.catalogue,
        options.extra,
        options.taxonomy,
        options.accept_terms,
        recipe.vocabulary.genres,
    )
    metrics = train(
        recipe,
        catalogue,
        options.out,
        split=shared.split_of(options.split),
        extra=extra,
        command=options.command,
        reuse=options.reuse,
    )
    if metrics:  # of several processes, the first has them
        print_figures(metrics["test"])
        print(f"bundle written to {options.out}", file=sys.stderr)
    return DONE


COMMAND = Command(
    Options,
    run,
    "A run that was stopped goes on where it was when the same command is given again.",
)
