"""XMP sidecars: genres as keywords, where photo programs and shops look for them.

Windows, Lightroom and most others read dc:subject; digiKam and Immich read digiKam:TagsList;
Lightroom and darktable read lr:hierarchicalSubject. Keywords of a person stay, in all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from genreel.errors import CatalogueError
from genreel.formats.mark import Found, Mark, key, merge, read_mark
from genreel.formats.xml import Document, Element, tag
from genreel.vocabulary import known_spelling

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_MARK = "urn:genreel:1 mark"

_EMPTY = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{_RDF}">
  <rdf:Description rdf:about="">
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


@dataclass(frozen=True)
class _Property:
    """A list of keywords: its namespace, prefix and name, its container, and what it holds."""

    uri: str
    prefix: str
    name: str
    container: str
    above: str  # of a genre, in a tree of keywords


_PROPERTIES = (
    _Property("http://purl.org/dc/elements/1.1/", "dc", "subject", "Bag", ""),
    _Property("http://www.digikam.org/ns/1.0/", "digiKam", "TagsList", "Seq", "Genre/"),
    _Property("http://ns.adobe.com/lightroom/1.0/", "lr", "hierarchicalSubject", "Bag", "Genre|"),
)


@dataclass(frozen=True)
class Xmp:
    """What a sidecar says: all keywords, those that are genres, and genreel's mark."""

    keywords: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    mark: Mark = Mark()  # noqa: RUF009 - frozen


def read_xmp(data: bytes) -> Xmp:
    """What a sidecar says.

    Raises:
        CatalogueError: it is no XMP.
    """
    document = Document(data, namespaces=True)
    descriptions = _descriptions(document)
    mark = read_mark(next((d.first(_MARK) for d in descriptions if d.all(_MARK)), ""))
    keywords = [i.text.strip() for i in _items(descriptions, _PROPERTIES[0])]
    ours = {key(name) for name in mark.genres}
    genres = [name for name in keywords if key(name) in ours or _is_genre(name)]
    return Xmp(tuple(dict.fromkeys(keywords)), tuple(dict.fromkeys(genres)), mark)


def write_xmp(data: bytes | None, found: Found, *, add: bool = False) -> bytes:
    """The sidecar with the genres found, as `mark.merge` decides.

    Args:
        data: the sidecar as it is; None where there is none.
        found: genres by the name they should have there.
        add: whether they join genres of a person.

    Returns:
        The new sidecar; `data` itself where nothing is to change, b"" where none should be.

    Raises:
        CatalogueError: as `read_xmp`.
    """
    old = read_xmp(data) if data is not None else Xmp()
    merged = merge(old.genres, old.mark, found, add=add)
    if merged is None:
        return data or b""
    genres, mark = merged
    ours = {key(name) for name in old.mark.genres}
    theirs = {key(name) for name in old.genres} - ours
    written = [name for name in genres if key(name) not in theirs]
    document = Document(data or _EMPTY.encode(), namespaces=True)
    descriptions = _descriptions(document)
    opening = document.body[descriptions[0].start :].decode()
    rdf = opening[1 : opening.index("Description")]  # "rdf:", whatever the file calls it
    edits: list[tuple[int, int, str]] = []
    new: list[str] = []
    for which in _PROPERTIES:
        items = _items(descriptions, which)
        marked = {which.above + name for name in old.mark.genres}
        gone = [i for i in items if i.text.strip() in marked]
        edits += [(document.before(i.start), i.end, "") for i in gone]
        there = {i.text.strip() for i in items} - marked
        wanted = [which.above + name for name in written if which.above + name not in there]
        container = _container(descriptions, which)
        if container is None:
            new.append(_property(which, rdf, wanted))
        else:
            edits.append(_into(document, container, rdf, wanted))
    for element in (m for d in descriptions for m in d.all(_MARK)):
        edits.append((document.before(element.start), element.end, ""))
    new.append(f'<genreel:mark xmlns:genreel="urn:genreel:1">{escape(mark.text())}</genreel:mark>')
    edits.append(_onto(document, descriptions[0], new))
    return document.edited(edits)


def _descriptions(document: Document) -> list[Element]:
    found = (
        [e for e in document.root.walk() if e.name == f"{_RDF} Description"]
        if document.root
        else []
    )
    if not found:
        raise CatalogueError("no XMP with an rdf:Description; replace it")
    return found


def _container(descriptions: Iterable[Element], which: _Property) -> Element | None:
    for description in descriptions:
        for element in description.all(f"{which.uri} {which.name}"):
            return next(iter(element.children), None)
    return None


def _items(descriptions: Iterable[Element], which: _Property) -> list[Element]:
    container = _container(descriptions, which)
    return container.all(f"{_RDF} li") if container else []


def _is_genre(name: str) -> bool:
    return known_spelling(name) is not None


def _property(which: _Property, rdf: str, wanted: Sequence[str]) -> str:
    items = "".join(_item(rdf, name) for name in wanted)
    name, container = f"{which.prefix}:{which.name}", f"{rdf}{which.container}"
    return f'<{name} xmlns:{which.prefix}="{which.uri}"><{container}>{items}</{container}></{name}>'


def _item(rdf: str, name: str) -> str:
    return tag(f"{rdf}li", name)


def _into(
    document: Document, container: Element, rdf: str, wanted: Sequence[str]
) -> tuple[int, int, str]:
    """Puts items at the end of a list."""
    if container.inside < 0:  # <rdf:Bag/>
        opening = document.body[container.start : container.end].decode()[:-2].rstrip()
        items = "".join(_item(rdf, name) for name in wanted)
        return (container.start, container.end, f"{opening}>{items}</{opening[1:].split()[0]}>")
    place = container.children[-1].end if container.children else container.inside
    indent = document.indent(container) if container.children else ""
    return (place, place, "".join(indent + _item(rdf, name) for name in wanted))


def _onto(document: Document, description: Element, new: Sequence[str]) -> tuple[int, int, str]:
    """Puts properties at the end of a description."""
    indent = document.indent(description)
    added = "".join(indent + text for text in new)
    if description.inside < 0:
        opening = document.body[description.start : description.end].decode()[:-2].rstrip()
        name = opening[1:].split()[0]
        return (description.start, description.end, f"{opening}>{added}\n</{name}>")
    place = document.before(description.outside)
    return (place, place, added)
