"""genreel eras."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, mandatory


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train, on what, and where the figures go."""

    recipe: str = shared.recipe_argument()
    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    out: Path = mandatory("where they go", Path, metavar="DIR")
    split: Path | None = shared.split_flag()
    genres: str | None = shared.genres_flag("the recipe's")
    set: tuple[str, ...] = shared.set_flag()


def run(options: Options) -> int:
    """Trains a recipe on each decade and measures it on every other."""
    shared.need("lab")
    from genreel.app.output import print_decades
    from genreel.catalogue import Catalogue
    from genreel.lab.decades import compare_decades
    from genreel.lab.recipe import load_recipe
    from genreel.lab.splits import stratified_split, with_genres

    recipe = load_recipe(options.recipe, shared.settings_of(options.set, options.genres))
    genres = recipe.vocabulary.genres
    movies = Catalogue(options.catalogue, options.taxonomy, genres=genres).by_id()
    split = shared.split_of(options.split)
    if split is None:
        labelled_movies = with_genres(movies.values())
        split = stratified_split(labelled_movies, recipe.vocabulary, recipe.head.seed)
    shared.make_folder(options.out)
    print_decades(compare_decades(recipe, movies, split, options.out))
    print(f"page written to {options.out / 'eras.html'}", file=sys.stderr)
    return DONE


COMMAND = Command(
    Options,
    run,
    "Writes eras.csv, eras.json and eras.html. A run that was stopped goes on where it was.",
)
