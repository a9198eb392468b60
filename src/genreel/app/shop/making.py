"""Makes a shop of movies: their pictures, its pages, and the folder that holds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from genreel.app.shop.folder import ShopFolder
from genreel.app.shop.items import is_hidden, item_of
from genreel.app.shop.pictures import Picture, bytes_of, name_of, write_picture
from genreel.app.shop.rendering import SEARCH, Look, Renderer
from genreel.app.shop.site import make_site, pages_of
from genreel.catalogue import Movie
from genreel.errors import InputError
from genreel.posters import Limits

_AHEAD = 32
"""Posters that are open or wait to be; a store's are read from it as they are needed."""


@dataclass(frozen=True, slots=True)
class ShopResult:
    """What came of a shop.

    Attributes:
        posters, pages: that it has.
        problems: a line for each movie whose poster cannot be shown.
        hidden_count: movies that are left out, as their column `status` says.
        empty_collections: names of the collections that have no poster.
        own_files: files of a person's own, which stay as they are.
    """

    posters: int
    pages: int
    problems: tuple[str, ...]
    hidden_count: int
    empty_collections: tuple[str, ...]
    own_files: tuple[str, ...]


def make_shop(
    movies: Iterable[Movie],
    folder: Path,
    look: Look,
    collections: Mapping[str, Sequence[str]] | None = None,
    *,
    template: Path | None = None,
    limits: Limits | None = None,
    note: Callable[[Movie, str], None] = lambda movie, picture: None,
) -> ShopResult:
    """Makes or renews a shop in a folder, or leaves the folder as it was.

    Args:
        movies: the newest first; `genres` as they are decided, the main one first.
        folder: where it is written.
        look: what a person says of it.
        collections: name → ids of movies.
        template: a person's own.
        limits: what a poster may cost.
        note: is told each movie that is shown, and the path of its largest picture, or "".

    Raises:
        GenreelError: there is no movie; the folder or the template cannot be used.
    """
    Renderer(make_site((), {}), look, template)  # a template that is none fails first
    problems: list[str] = []
    with ShopFolder(folder) as files:
        counter, paths = _Counter(), {"index"}
        items = []
        for movie, picture in _with_pictures(counter.visible(movies), files, limits, problems):
            items.append(item_of(movie, picture, paths, look.currency, look.columns))
            note(movie, picture.path() if picture else "")
        if not items:
            raise InputError("there is no film to show; add some, or correct their status")
        site = make_site(items, collections or {})
        renderer = Renderer(site, look, template)
        pages = []
        for page in pages_of(site):
            files.write(page.path, renderer.page(page))
            pages.append(page.path)
        files.write("style.css", renderer.style())
        files.write("search.js", SEARCH.read_bytes())
        files.write("search-index.js", renderer.search_index())
        if look.url:
            files.write("sitemap.xml", renderer.site_map(pages))
            robots = f"User-agent: *\nAllow: /\nSitemap: {look.address('sitemap.xml')}\n"
            files.write("robots.txt", robots.encode())
        pictures = [item.picture for item in items if item.picture]
        own_files = files.replace({p.name: (p.width, p.height) for p in pictures})
    empty = sorted(set(collections or {}) - {shelf.name for shelf in site.collections})
    return ShopResult(
        len(items),
        len(pages),
        tuple(problems),
        counter.hidden_count,
        tuple(empty),
        tuple(own_files),
    )


class _Counter:
    """Counts the movies that customers are not to see."""

    def __init__(self) -> None:
        self.hidden_count = 0

    def visible(self, movies: Iterable[Movie]) -> Iterator[Movie]:
        for movie in movies:
            if is_hidden(movie):
                self.hidden_count += 1
            else:
                yield movie


def _with_pictures(
    movies: Iterable[Movie], files: ShopFolder, limits: Limits | None, problems: list[str]
) -> Iterator[tuple[Movie, Picture | None]]:
    """Movies without their posters, and these as pictures, which are made by all cores."""
    waiting: list[tuple[Movie, Future[Picture | None]]] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:

        def first() -> tuple[Movie, Picture | None]:
            movie, future = waiting.pop(0)
            try:
                return movie, future.result()
            except InputError as error:
                problems.append(f"{movie.id}: {error}")
                return movie, None
            except OSError as error:
                problems.append(f"{movie.id}: {error.filename}: {error.strerror}; check the path")
                return movie, None

        for movie in movies:
            future = pool.submit(_picture, movie, files, limits)
            waiting.append((replace(movie, poster=None), future))
            if len(waiting) >= _AHEAD:
                yield first()
        while waiting:
            yield first()


def _picture(movie: Movie, files: ShopFolder, limits: Limits | None) -> Picture | None:
    """A movie's poster in the shop: the older shop's, where it is the same file."""
    if movie.poster is None:
        return None
    data = bytes_of(movie.poster, limits)
    name = name_of(data)
    if name in files.sizes:
        picture = Picture(name, *files.sizes[name])
        if all(files.keep(picture.path(width)) for width in picture.widths()):
            return picture
    return write_picture(data, files.write, limits)
