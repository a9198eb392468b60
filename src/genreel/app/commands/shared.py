"""What several commands share: flags, and steps of what they do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genreel.app.commands.flags import argument, flag, repeatable
from genreel.app.commands.values import DECISIONS, decisions_help, language
from genreel.errors import GenreelError, MissingExtra

if TYPE_CHECKING:
    from genreel.catalogue import Catalogue
    from genreel.formats.names import Names
    from genreel.lab.splits import Split

# Flags


def catalogue_argument() -> str:
    """CATALOGUE."""
    return argument("CATALOGUE", "a table or its folder", str)


def recipe_argument() -> str:
    """RECIPE."""
    return argument("RECIPE", "name of a recipe, or a .toml file", str)


def bundle_argument() -> str:
    """BUNDLE."""
    return argument("BUNDLE", "a bundle's folder or name", str)


def taxonomy_flag() -> str:
    """--taxonomy, of a catalogue."""
    text = "what the column genres speaks: genreel (all genres), imdb, tmdb, movielens, mixed"
    return flag("genreel", text, metavar="NAME")


def model_flag() -> str:
    """--model."""
    return flag("default", "bundle to use (default: %(default)s)", metavar="BUNDLE")


def language_flag(whose: str) -> str:
    """--language, of one plot or of many."""
    text = (
        f"language of {whose}, such as en or Spanish (default: as a plot tells); one that the "
        "model does not read counts as missing. The bundles that come along read English, "
        "and 14 more with the extra languages"
    )
    return flag("", text, language, metavar="CODE")


def decide_flag(default: str, otherwise: str) -> str:
    """--decide; see `calibration.DECISIONS`."""
    return flag(default, f"{decisions_help()} (default: {otherwise})", choices=tuple(DECISIONS))


def names_flag(default: str = "genreel") -> str | None:
    """--names; see `names_of`."""
    text = (
        "what genres are called: de, es, fr, it, pt, genreel, imdb, tmdb, tmdb-ids, movielens, "
        f"kodi, or a TOML file that renames, merges and drops (default: {default})"
    )
    return flag(None, text, metavar="NAMES")


def store_flag() -> str | None:
    """--store; see `store_of`."""
    text = "a file, or postgresql://user:password@host/name (default: $GENREEL_STORE, or films.db)"
    return flag(None, text, metavar="URL")


SPLIT = "JSON with the ids of train, valid and test"


def split_flag() -> Path | None:
    """--split."""
    return flag(None, SPLIT, Path, metavar="FILE")


def extra_flag() -> str | None:
    """--extra."""
    text = "more movies to train on; rows whose column split is not train are left out"
    return flag(None, text, metavar="CATALOGUE")


_GENRES = "names with commas between, or a .txt file with one on a line"


def genres_flag(default: str) -> str | None:
    """--genres, in place of others; see `genres_of`."""
    return flag(None, f"genres of your own: {_GENRES} (default: {default})", metavar="GENRES")


def more_genres_flag() -> str | None:
    """--genres, of a catalogue; see `genres_of`."""
    return flag(None, f"genres that genreel does not know: {_GENRES}", metavar="GENRES")


def set_flag() -> tuple[str, ...]:
    """--set."""
    text = "change a setting of the recipe, such as training.epochs=3"
    return repeatable(text, metavar="KEY=VALUE")


def terms_flag() -> tuple[str, ...]:
    """--accept-terms."""
    text = "you have the agreement that a source's terms ask for where a model learns from it"
    return repeatable(text, choices=("tmdb",))


# Steps


def store_of(url: str | None) -> str:
    """The store of --store, or else of the environment, where no other user reads a password."""
    return url or os.environ.get("GENREEL_STORE", "") or "films.db"


def names_of(names: str | None) -> Names | None:
    """What --names says; None where it is not given. Raises VocabularyError."""
    if not names:
        return None
    from genreel.formats.names import find_names

    return find_names(names)


def need(extra: str) -> None:
    """Says what to install where an extra is missing, before anything else happens.

    Raises:
        MissingExtra: a distribution of it cannot be imported.
    """
    from genreel.app.doctor import missing

    for name in missing(extra)[:1]:
        raise MissingExtra(name, extra)


def make_folder(folder: Path) -> None:
    """Makes a folder for output; raises GenreelError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GenreelError(f"cannot make {folder} ({error.strerror})") from None


def length(movies: Any) -> int | None:
    """How many movies a progress bar on a terminal counts to; None: not known."""
    return len(movies) if hasattr(movies, "__len__") and sys.stderr.isatty() else None


def genres_of(genres: str | None) -> tuple[str, ...]:
    """What --genres says; empty where it is not given. Raises VocabularyError."""
    if genres is None:
        return ()
    from genreel.naming import read_genres

    return read_genres(genres)


def settings_of(settings: tuple[str, ...], genres: str | None) -> tuple[str, ...]:
    """What --set and --genres change of a recipe. Raises VocabularyError."""
    names = json.dumps(genres_of(genres), ensure_ascii=False)
    return settings if genres is None else (*settings, f"genres={names}")


def training_catalogues(
    catalogue: str,
    extra: str | None,
    taxonomy: str,
    accept_terms: tuple[str, ...],
    genres: tuple[str, ...],
) -> tuple[Catalogue, Catalogue | None]:
    """What a model learns from, and more to learn from; `genres` are those that it learns.

    Raises:
        CatalogueError: a source's terms ask for an agreement, and it is not in `accept_terms`.
    """
    from genreel.catalogue import Catalogue
    from genreel.formats.tmdb import check_terms

    for path in filter(None, (catalogue, extra)):
        check_terms(Catalogue(path, taxonomy, extra=True), accept_terms)
    first = Catalogue(catalogue, taxonomy, genres=genres)
    return first, Catalogue(extra, taxonomy, genres=genres) if extra else None


def split_of(path: Path | None) -> Split | None:
    """The split of --split."""
    from genreel.lab.splits import read_split

    return read_split(path) if path else None
