"""genreel compare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genreel.app.commands import exit_code, shared
from genreel.app.commands.flags import Command, arguments, mandatory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genreel.catalogue import Movie
    from genreel.lab.recipe import Recipe
    from genreel.lab.splits import Split


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which recipes, on what, and where it goes; `command` is the whole command line."""

    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    recipes: tuple[str, ...] = arguments("RECIPE", "names or .toml files", "+")
    accept_terms: tuple[str, ...] = shared.terms_flag()
    out: Path = mandatory("for leaderboard.csv, .json, .html", Path, metavar="DIR")
    split: Path | None = shared.split_flag()
    extra: str | None = shared.extra_flag()
    genres: str | None = shared.genres_flag("each recipe's")
    set: tuple[str, ...] = shared.set_flag()
    command: str


def run(options: Options) -> int:
    """Trains recipes on one split and compares them."""
    shared.need("lab")
    from genreel.app.output import print_leaderboard
    from genreel.lab.evaluation.compare import compare
    from genreel.lab.recipe import load_recipe
    from genreel.lab.train import train

    settings = shared.settings_of(options.set, options.genres)
    recipes = [load_recipe(name, settings) for name in options.recipes]
    genres = dict.fromkeys(genre for recipe in recipes for genre in recipe.vocabulary.genres)
    catalogue, extra = shared.training_catalogues(
        options.catalogue, options.extra, options.taxonomy, options.accept_terms, tuple(genres)
    )
    movies = catalogue.by_id()
    shared.make_folder(options.out)
    split = _split(options, movies)

    def train_one(recipe: Recipe, bundle: Path) -> dict[str, Any]:
        return train(
            recipe,
            catalogue,
            bundle,
            split=split,
            extra=extra,
            command=options.command,
            checkpoints=options.out / "checkpoints",
        )

    rows = compare(recipes, train_one, split.part("test", movies), split, options.out)
    print_leaderboard(rows)
    failures = sum(row["error"] is not None for row in rows)
    return exit_code(len(rows) - failures, failures)


def _split(options: Options, movies: Mapping[str, Movie]) -> Split:
    """The split of --split, or of the run that this one resumes, or a new one; kept in `out`."""
    from genreel.lab.splits import stratified_split, with_genres, write_split
    from genreel.vocabulary import Vocabulary

    path = options.out / "split.json"
    split = shared.split_of(options.split or (path if path.is_file() else None))
    if split is None:
        genres = shared.genres_of(options.genres)
        vocabulary = Vocabulary(genres) if genres else Vocabulary()
        split = stratified_split(with_genres(movies.values()), vocabulary, seed=0)
    write_split(split, path)
    return split


COMMAND = Command(
    Options,
    run,
    "A recipe that is finished is not trained again; one that fails does not stop the rest.",
)
