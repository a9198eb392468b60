"""NFO files, as Kodi, Jellyfin, Emby and Plex's agents read them: one movie's facts in XML.

Reading and writing are functions of bytes. Writing puts elements into their place and leaves every
other byte alone: comments, unknown tags, line ends, the encoding, an address after the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.mark import Found, Mark, key, merge, read_mark
from genreel.formats.xml import Document, Element, content, tag

ROOTS = (
    *("movie", "tvshow", "season", "episodedetails", "episodes", "musicvideo", "artist", "album"),
    *("set", "collection", "person"),
)
"""What an NFO may be of; only a movie's is written to."""

MARK = "genreel"
"""The element that holds genreel's mark; other programs pass over it."""

_MAX_GENRES = 1_000
# Behind a byte order mark and blanks, or further down: an XML begins.
_XML = re.compile(
    rb"\A(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<[?!A-Za-z]"
    rb"|<\?xml\s|<(" + "|".join(ROOTS).encode() + rb")[\s/>]"
)


@dataclass(frozen=True)
class Nfo:
    """What an NFO file says.

    Attributes:
        kind: its root, one of ROOTS; empty where the file holds no XML but an address.
        genres: one for each <genre>, and for each part of one that has slashes.
        locked: whether the whole movie, or its genres, are locked against change.
        ids: "imdb", "tmdb", … → id.
        mark: what genreel wrote there.
    """

    kind: str = ""
    title: str = ""
    year: str = ""
    plot: str = ""
    genres: tuple[str, ...] = ()
    locked: bool = False
    ids: Mapping[str, str] = field(default_factory=dict)
    mark: Mark = Mark()  # noqa: RUF009 - frozen

    @property
    def said(self) -> tuple[str, ...]:
        """The genres that genreel did not write itself."""
        ours = {key(name) for name in self.mark.genres}
        return tuple(name for name in self.genres if key(name) not in ours)


def read_nfo(data: bytes) -> Nfo:
    """What a file says; one without XML says only the ids in its address.

    Raises:
        CatalogueError: it is not well formed, has a DOCTYPE, or is no movie's.
    """
    document = None if is_notice(data) else Document(data)
    body = document.body if document else data.replace(b"\0", b"")
    ids = _ids_in(body.decode("utf-8", "replace"))
    if document is None or document.root is None:
        if not ids and b"://" not in body:
            raise CatalogueError("neither XML nor the address of a movie; replace it")
        return Nfo(ids=ids)
    root = _root(document)
    elements = _genre_elements(root)
    if sum(1 + e.text.count("/") + e.text.count("|") for e in elements) > _MAX_GENRES:
        raise CatalogueError(f"more than {_MAX_GENRES:,} genres; is it of a movie?")
    ids |= {e.attributes.get("type", "").lower(): e.text.strip() for e in root.all("uniqueid")}
    for name, source in (("imdbid", "imdb"), ("tmdbid", "tmdb"), ("id", "imdb")):
        value = root.first(name)
        if value and (source != "imdb" or value.startswith("tt")):
            ids.setdefault(source, value)
    date = root.first("premiered") or root.first("releasedate") or root.first("aired")
    return Nfo(
        root.name,
        root.first("title"),
        root.first("year") or date[:4],
        root.first("plot") or root.first("outline"),
        tuple(dict.fromkeys(g for element in elements for g in _genres(element))),
        _is_locked(root),
        {name: value for name, value in ids.items() if name and value},
        read_mark(root.first(MARK)),
    )


def write_nfo(
    data: bytes | None,
    found: Found,
    *,
    movie: Movie | None = None,
    add: bool = False,
    kind: str = "movie",
) -> bytes:
    """The file with the genres found, as `mark.merge` decides.

    Args:
        data: the file as it is; None where there is none.
        found: genres by the name they should have there.
        movie: whose title, year and plot a new file gets.
        add: whether they join genres of a person.
        kind: what the file is of: movie, or tvshow for a series as a whole.

    Returns:
        The new file; `data` itself where nothing is to change, b"" where no file should be.

    Raises:
        CatalogueError: as `read_nfo`; it is no movie's, or an uploader's notice without XML, which
            people share by its hash.
    """
    nfo = read_nfo(data) if data is not None else Nfo(kind)
    if not nfo.kind:
        raise CatalogueError("a notice or an address without XML; put a movie.nfo beside it")
    if nfo.kind != kind:
        what = "movie's" if kind == "movie" else "series'"
        raise CatalogueError(f"<{nfo.kind}> is no {what}; nothing is written there")
    decision = merge(nfo.genres, nfo.mark, found, locked=nfo.locked, add=add)
    if decision is None:
        return data or b""
    genres, mark = decision
    if data is None:
        return _new(genres, mark, movie)
    document = Document(data)
    root = _root(document)
    indent = document.indent(root)
    ours, new = {key(name) for name in nfo.mark.genres}, set(map(key, genres))
    persons: list[Element] = []
    old = root.all(MARK)
    for element in _genre_elements(root):
        names = set(map(key, _genres(element)))
        is_kept = bool(names - ours) and names <= new  # one with a genre that goes is written anew
        (persons if is_kept else old).append(element)
    present = {key(g) for element in persons for g in _genres(element)}
    lines = [tag("genre", name) for name in genres if key(name) not in present]
    lines.append(tag(MARK, mark.text()))
    text = "".join(indent + line for line in lines)
    edits = [(document.before(e.start), e.end, "") for e in old]
    if root.inside < 0:
        return document.edit([document.onto(root, text + "\n")])
    first = min((e.start for e in old), default=root.end)
    after = [e for e in persons if e in root.children] or [
        e for e in root.children if e.end <= first
    ]
    place = after[-1].end if after else root.inside
    closing = "" if root.children else "\n"
    return document.edit([*edits, (place, place, text + closing)])


def is_notice(data: bytes) -> bool:
    """Whether a file is an uploader's notice or an address: a text, drawn letters and all."""
    return not _XML.search(data.replace(b"\0", b"")[: 2**20])


def _new(genres: Sequence[str], mark: Mark, movie: Movie | None) -> bytes:
    lines = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', "<movie>"]
    if movie is not None:
        facts = {"title": movie.title, "year": str(movie.year or ""), "plot": movie.plot}
        lines += ["  " + tag(name, value) for name, value in facts.items() if value]
        for source in ("imdb", "tmdb"):
            if value := movie.extra.get(f"{source}_id"):
                lines.append(f'  <uniqueid type="{source}">{content(str(value))}</uniqueid>')
    lines += ["  " + tag("genre", name) for name in genres]
    lines += ["  " + tag(MARK, mark.text()), "</movie>", ""]
    return "\n".join(lines).encode()


def _genre_elements(root: Element) -> list[Element]:
    """The <genre> elements of a root, and of a <genres> in it, as MediaPortal nests them."""
    elements: list[Element] = []
    for element in root.children:
        if element.name.lower() == "genre":
            elements.append(element)
        elif element.name.lower() == "genres":
            inner = [e for e in element.children if e.name.lower() in ("genre", "name", "string")]
            elements += inner or ([element] if element.text.strip() else [])
    return elements


def _root(document: Document) -> Element:
    assert document.root is not None
    if document.root.name not in ROOTS:
        raise CatalogueError(f"<{document.root.name[:40]}> is no movie's; expected <movie>")
    return document.root


def _genres(element: Element) -> list[str]:
    return [name.strip() for name in re.split(r"[/|]", element.text) if name.strip()]


def _is_locked(root: Element) -> bool:
    fields = {f.strip().lower() for e in root.all("lockedfields") for f in e.text.split("|")}
    is_true = any(e.text.strip().lower() == "true" for e in root.all("lockdata"))
    return is_true or "genres" in fields


def _ids_in(text: str) -> dict[str, str]:
    """Ids in addresses such as https://www.imdb.com/title/tt0111161/."""
    # Bounded, or a file of such beginnings would take a time that grows with its square.
    imdb = re.search(r"imdb\.[a-z.]{2,20}/\S{0,40}?(tt\d{6,9})", text)
    tmdb = re.search(r"themoviedb\.org/movie/(\d+)", text)
    return {n: f[1] for n, f in (("imdb", imdb), ("tmdb", tmdb)) if f}
