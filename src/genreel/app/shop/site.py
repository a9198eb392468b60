"""The pages of a shop: which there are, and what each shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genreel.app.shop.items import Item
from genreel.formats.products import slug, unique

PER_PAGE = 60
"""Posters of one page."""

NEIGHBOURS = 6
"""Posters that a poster's page shows beside it."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Posters that belong together: a genre, a decade, a collection, a letter.

    Attributes:
        kind: "genre", "decade", "collection" or "titles".
        name: what a customer reads.
        path: of its first page.
        items: in the order in which they hang.
        parent: the name of the genre that it is under; empty: of none.
    """

    kind: str
    name: str
    path: str
    items: tuple[Item, ...]
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        kind: "home", "shelf", "poster", "search" or "overview".
        path: of its file, inside the shop.
        title: empty for the home page.
        description: a sentence for search engines.
        items: the posters that it shows.
        shelf: that it is of, if it is of one.
        number, numbers: which page of how many.
        crumbs: names and paths of the pages above it.
        neighbours: posters like the one that it is about.
    """

    kind: str
    path: str
    title: str
    description: str
    items: tuple[Item, ...] = ()
    shelf: Shelf | None = None
    number: int = 1
    numbers: int = 1
    crumbs: tuple[tuple[str, str], ...] = ()
    neighbours: tuple[Item, ...] = ()

    @property
    def item(self) -> Item:
        """The poster that it is about."""
        return self.items[0]

    def page_path(self, number: int) -> str:
        """The path of another page of the same shelf."""
        return self.path if self.shelf is None else path_of(self.shelf, number)


@dataclass(frozen=True, slots=True)
class Site:
    """All that a shop shows.

    Attributes:
        items: as they came: the newest first.
        genres, decades, collections, letters: none without a poster.
        of_item: id of a movie → the collections that its poster is in.
    """

    items: tuple[Item, ...]
    genres: tuple[Shelf, ...]
    decades: tuple[Shelf, ...]
    collections: tuple[Shelf, ...]
    letters: tuple[Shelf, ...]
    of_item: Mapping[str, tuple[Shelf, ...]]

    def shelf(self, kind: str, name: str) -> Shelf | None:
        """The shelf of a genre or a decade."""
        shelves = self.genres if kind == "genre" else self.decades
        return next((shelf for shelf in shelves if shelf.name == name), None)


def make_site(items: Iterable[Item], collections: Mapping[str, Sequence[str]]) -> Site:
    """A shop's shelves.

    Args:
        items: the newest first.
        collections: name → ids of movies; one without any that is in the shop is left out.
    """
    items = tuple(items)
    by_title = sorted(items, key=lambda item: (item.sort_key, item.year or 0, item.path))
    genres: dict[str, list[Item]] = {}
    decades: dict[str, list[Item]] = {}
    letters: dict[str, list[Item]] = {}
    for item in by_title:
        for genre in item.genres:
            genres.setdefault(genre, []).append(item)
        if item.decade:
            decades.setdefault(item.decade, []).append(item)
        letters.setdefault(item.letter, []).append(item)
    by_id = {item.id: item for item in items}
    by_collection = {
        name: [by_id[movie_id] for movie_id in dict.fromkeys(ids) if movie_id in by_id]
        for name, ids in collections.items()
    }
    shelves = _shelves("collection", {name: some for name, some in by_collection.items() if some})
    of_item: dict[str, tuple[Shelf, ...]] = {}
    for shelf in shelves:
        for item in shelf.items:
            of_item[item.id] = (*of_item.get(item.id, ()), shelf)
    # The main genre first: a genre's page begins with the posters that it fits best.
    for genre, shelf_items in genres.items():
        shelf_items.sort(key=lambda item: item.genres.index(genre) > 0)
    return Site(
        items,
        _shelves("genre", dict(sorted(genres.items()))),
        _shelves("decade", dict(sorted(decades.items(), key=lambda pair: int(pair[0][:-1])))),
        shelves,
        _shelves("titles", dict(sorted(letters.items(), key=_letter_order))),
        of_item,
    )


def _letter_order(pair: tuple[str, Sequence[Item]]) -> tuple[int, str]:
    return ("0–9", "Other").index(pair[0]) + 1 if len(pair[0]) > 1 else 0, pair[0]


def _shelves(kind: str, items: Mapping[str, Sequence[Item]]) -> tuple[Shelf, ...]:
    names = {"index"}
    return tuple(
        Shelf(kind, name, f"{kind}/{unique(slug(name) or kind, names)}.html", tuple(some))
        for name, some in items.items()
    )


def path_of(shelf: Shelf, number: int) -> str:
    """The path of one of a shelf's pages; the first is 1. No slug ends like a further one."""
    return shelf.path if number == 1 else f"{shelf.path.removesuffix('.html')}_{number}.html"


def pages_of(site: Site) -> Iterator[Page]:
    """Every page of a shop."""
    count = f"{len(site.items):,} posters" if len(site.items) != 1 else "1 poster"
    yield Page("home", "index.html", "", f"{count} by genre and decade.", site.items)
    yield Page("search", "search.html", "Search", f"Search {count} by title, genre and year.")
    yield Page("overview", "titles/index.html", "All titles", f"{count} from A to Z.")
    for shelf in (*site.genres, *site.decades, *site.collections, *site.letters):
        yield from _shelf_pages(shelf)
    neighbours = _neighbours(site.items)
    for item in site.items:
        yield _poster_page(site, item, neighbours[item.id])


def _neighbours(items: Iterable[Item]) -> dict[str, tuple[Item, ...]]:
    """Id → the posters of the same main genre that are nearest in time."""
    by_genre: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: (item.year or 0, item.sort_key)):
        by_genre.setdefault(item.genres[0] if item.genres else "", []).append(item)
    nearest = {}
    for row in by_genre.values():
        for place, item in enumerate(row):
            candidates = (
                row[max(0, place - NEIGHBOURS) : place] + row[place + 1 : place + 1 + NEIGHBOURS]
            )
            candidates.sort(key=lambda other: abs((other.year or 0) - (item.year or 0)))
            nearest[item.id] = tuple(candidates[:NEIGHBOURS])
    return nearest


def _shelf_pages(shelf: Shelf) -> Iterator[Page]:
    title = f"Titles: {shelf.name}" if shelf.kind == "titles" else shelf.name
    crumbs = (("All titles", "titles/index.html"),) if shelf.kind == "titles" else ()
    numbers = -(-len(shelf.items) // PER_PAGE)
    for number in range(1, numbers + 1):
        some = shelf.items[(number - 1) * PER_PAGE : number * PER_PAGE]
        first = ", ".join(item.name for item in some[:4])
        description = f"{title}: {first}." if numbers == 1 else f"{title}, page {number}: {first}."
        yield Page(
            "shelf",
            path_of(shelf, number),
            title if number == 1 else f"{title}, page {number}",
            description,
            some,
            shelf,
            number,
            numbers,
            crumbs,
        )


def _poster_page(site: Site, item: Item, neighbours: tuple[Item, ...]) -> Page:
    shelves = [site.shelf("genre", genre) for genre in item.genres[:1]]
    shelves.append(site.shelf("decade", item.decade))
    crumbs = tuple((shelf.name, shelf.path) for shelf in shelves if shelf)
    title = f"{item.name} ({item.year})" if item.year else item.name
    facts = [f"Poster of {title}", ", ".join(item.genres), item.price]
    description = ". ".join(filter(None, facts)) + "."
    return Page(
        "poster", item.path, title, description, (item,), crumbs=crumbs, neighbours=neighbours
    )
