"""genreel shop."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, SOME_FAILED, shared, values
from genreel.app.commands.flags import Command, UsageError, argument, flag, repeatable, switch
from genreel.errors import InputError

if TYPE_CHECKING:
    from genreel.app.shop.making import ShopResult
    from genreel.catalogue import Movie
    from genreel.formats.names import Names


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is shown, where the shop is written, and what a person says of it."""

    source: str | None = argument(
        "SOURCE", "a store (a file, or postgresql://…), or a catalogue", str, nargs="?"
    )
    out: Path | None = flag(None, "the folder of the shop", Path, metavar="FOLDER")
    title: str = flag("Movie posters", "of the shop (default: %(default)s)")
    tagline: str = flag("", "a line below it")
    contact: str = flag("", "mail or page for those who want to buy", metavar="ADDRESS")
    currency: str = flag("", "of prices that are numbers, such as EUR", metavar="CODE")
    columns: tuple[str, ...] = repeatable(
        "a further column of yours that customers see", metavar="NAME"
    )
    url: str | None = flag(
        None, "where the shop will be: gives it a site map", values.web_address, metavar="URL"
    )
    names: str | None = shared.names_flag()
    template: Path | None = flag(None, "a template of your own", Path, metavar="FILE")
    show_template: bool = switch("print the template, to be changed")
    only_reviewed: bool = switch("of a store only films that a person has reviewed")
    shopify: Path | None = flag(None, "write Shopify's product CSV too", Path, metavar="FILE")
    woocommerce: Path | None = flag(
        None, "write WooCommerce's product CSV too", Path, metavar="FILE"
    )


def run(options: Options) -> int:
    """Makes a shop to browse, and the product CSVs that go with it."""
    shared.need("app")
    from genreel.app.shop.making import make_shop
    from genreel.app.shop.rendering import TEMPLATE, Look
    from genreel.progress import progress

    if options.show_template:
        sys.stdout.write(TEMPLATE.read_text("utf-8"))
        return DONE
    if options.out is None:
        raise UsageError("give a folder for the shop: --out FOLDER")
    movies, collections = _read(options)
    look = Look(
        options.title,
        options.tagline,
        options.contact,
        options.currency,
        options.url or "",
        options.columns,
    )
    products: list[Movie] = []

    def note(movie: Movie, picture: str) -> None:
        address = look.address(picture) if picture else ""
        if address and "image url" not in movie.extra:
            movie = replace(movie, extra={**movie.extra, "image url": address})
        products.append(movie)

    result = make_shop(
        progress(movies, "hanging posters"),
        options.out,
        look,
        collections,
        template=options.template,
        note=note,
    )
    _write_products(options, products)
    return _report(result, options.out)


def _read(options: Options) -> tuple[Iterable[Movie], Mapping[str, Sequence[str]]]:
    """The movies of a store or a catalogue, and the collections of a store."""
    source = shared.store_of(options.source)
    names = shared.names_of(options.names)
    if not _is_store(source):
        from genreel.catalogue import Catalogue

        movies = Catalogue(source, extra=True)
        return (_renamed(movie, names) if names else movie for movie in movies), {}
    from genreel.app.store import views
    from genreel.app.store.browse import Filter
    from genreel.app.store.export import with_posters
    from genreel.app.store.store import Store
    from genreel.vocabulary import GENRES

    store = Store(source, dict.fromkeys(GENRES, 0.5))
    query = Filter(state="reviewed" if options.only_reviewed else "")
    return with_posters(store, query, names), views.collections(store)


def _renamed(movie: Movie, names: Names) -> Movie:
    genres = dict.fromkeys(name for some in movie.genres.values() for name in some)
    return replace(movie, genres={"genreel": names(genres)})


def _is_store(source: str) -> bool:
    """Whether it is a database; none is result where there is none.

    Raises:
        InputError: it looks like one, and is not there.
    """
    if "://" in source:
        return True
    if Path(source).is_file():
        with Path(source).open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    if Path(source).suffix.lower() in (".db", ".sqlite", ".sqlite3"):
        raise InputError(f"no store {source}; give the one of genreel serve, or a catalogue")
    return False


def _write_products(options: Options, movies: Sequence[Movie]) -> None:
    from genreel.files import write_whole
    from genreel.formats.shopify import new_products
    from genreel.formats.woocommerce import woocommerce_products

    if options.shopify:
        write_whole(options.shopify, new_products(movies))
    if options.woocommerce:
        write_whole(options.woocommerce, woocommerce_products(movies))


def _report(result: ShopResult, folder: Path) -> int:
    from genreel.progress import say

    for problem in result.problems:
        say(f"genreel: {problem}")
    for name in result.empty_collections:
        say(f"genreel: the collection {name!r} has no poster; left out")
    for path in result.own_files:
        say(f"genreel: {folder / path} is your own; left as it is")
    left_out = f", {result.hidden_count:,} left out by their status" if result.hidden_count else ""
    posters = "1 poster" if result.posters == 1 else f"{result.posters:,} posters"
    counts = f"{posters} on {result.pages:,} pages{left_out}"
    say(f"{counts}: {folder / 'index.html'}")
    return SOME_FAILED if result.problems else DONE


COMMAND = Command(
    Options,
    run,
    "Of a store (of genreel serve) it has the genres as they are decided, and your saved views\n"
    "as collections. Nothing of it needs a network, a server or JavaScript.\n\n"
    "examples:\n"
    "  genreel shop films.db --out shop --title 'Paper Moon Posters' --currency EUR\n"
    "  genreel shop films.db --out shop --url https://posters.example --shopify products.csv\n"
    "  genreel shop --show-template > mine.html",
)
