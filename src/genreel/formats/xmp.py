"""XMP sidecars: genres as keywords, where photo programs and shops look for them.

Windows, Lightroom and most others read dc:subject; digiKam and Immich read digiKam:TagsList;
Lightroom and darktable read lr:hierarchicalSubject. Keywords of a person stay, in all of them.

A property stands once in a sidecar, in any form that RDF has: an attribute, a text, an empty
element, a structure with rdf:value, or a list (XMP Specification Part 1, ISO 16684-1, annex C).
Adobe's toolkit, and so exiv2, reads nothing at all of a file in which one stands twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genreel.errors import CatalogueError
from genreel.formats.mark import Found, Mark, key, merge, read_mark
from genreel.formats.xml import Attribute, Document, Element, content, tag
from genreel.vocabulary import known_spelling

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LANG = "http://www.w3.org/XML/1998/namespace lang"
_LISTS = {f"{_RDF} {name}" for name in ("Bag", "Seq", "Alt")}
_ITEM = re.compile(re.escape(_RDF) + r" (li|_\d+)")
_NO_VALUE = {_LANG, f"{_RDF} parseType", f"{_RDF} ID"}  # attributes that say nothing by themselves

# Adobe's toolkit puts a slash behind a namespace that ends in neither "/" nor "#".
_MARK = ("urn:genreel:1/ mark", "urn:genreel:1 mark")

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
    """A list of keywords: its namespace, prefix and name, its list, and what is above a genre."""

    uri: str
    prefix: str
    name: str
    container: str
    above: str

    @property
    def names(self) -> tuple[str, ...]:
        return (f"{self.uri} {self.name}",)


_PROPERTIES = (
    _Property("http://purl.org/dc/elements/1.1/", "dc", "subject", "Bag", ""),
    _Property("http://www.digikam.org/ns/1.0/", "digiKam", "TagsList", "Seq", "Genre/"),
    _Property("http://ns.adobe.com/lightroom/1.0/", "lr", "hierarchicalSubject", "Bag", "Genre|"),
)

# Where programs, digiKam among them, repeat keywords: read, and cleared of genreel's genres.
_COPIES = (
    _Property("http://purl.org/dc/1.1/", "dc", "subject", "Bag", ""),
    _Property("http://ns.microsoft.com/photo/1.0/", "", "LastKeywordXMP", "Bag", "Genre/"),
    _Property("http://ns.microsoft.com/photo/1.0", "", "LastKeywordXMP", "Bag", "Genre/"),
    _Property("http://ns.iview-multimedia.com/mediapro/1.0/", "", "CatalogSets", "Bag", "Genre|"),
    _Property("http://ns.adobe.com/photoshop/1.0/", "", "SupplementalCategories", "Bag", ""),
    _Property("http://ns.adobe.com/xmp/1.0/DynamicMedia/", "", "genre", "Bag", ""),
)


@dataclass(frozen=True)
class Xmp:
    """What a sidecar says: all keywords, those that are genres, and genreel's mark."""

    keywords: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    mark: Mark = Mark()  # noqa: RUF009 - frozen


@dataclass(frozen=True)
class _Place:
    """Where a property stands: an element, or an attribute, of a description."""

    description: Element
    element: Element | None = None
    attribute: Attribute | None = None

    @property
    def container(self) -> Element | None:
        children = self.element.children if self.element else []
        return next((c for c in children if c.name in _LISTS), None)

    @property
    def items(self) -> list[Element]:
        container = self.container
        return [c for c in container.children if _ITEM.fullmatch(c.name)] if container else []

    @property
    def values(self) -> list[str]:
        """What stands there, stripped; nothing empty."""
        if self.attribute:
            values = [self.description.attributes[self.attribute.name].strip()]
        elif self.container:
            values = [_value(item) for item in self.items]
        else:
            values = [_value(self.element)] if self.element else []
        return [value for value in values if value]


def read_xmp(data: bytes) -> Xmp:
    """What a sidecar says; a genre counts wherever it stands, also as the end of "Genre|Drama".

    A genre of the mark that is gone from one of the places where genreel writes is no genre of
    the sidecar's: a person took it away with a program that knows of that place alone.

    Raises:
        CatalogueError: it is no XMP.
    """
    document = Document(data, namespaces=True)
    _, descriptions = _descriptions(document)
    mark = _read_mark(document, descriptions)
    keywords: list[str] = []
    genres: list[str] = []
    everywhere = {key(name) for name in mark.genres}
    ours = set(everywhere)
    for which in (*_PROPERTIES, *_COPIES):
        values = [v for p in _places(document, descriptions, which.names) for v in p.values]
        keywords += values if not which.above else ()
        names = [name for value in values for name in _genres(value, ours)]
        genres += names
        if which in _PROPERTIES:
            everywhere &= {key(name) for name in names}
    genres = [name for name in genres if key(name) not in ours - everywhere]
    once = {key(name): name for name in reversed(genres)}
    return Xmp(
        tuple(dict.fromkeys(keywords)),
        tuple(dict.fromkeys(once[key(name)] for name in genres)),
        mark,
    )


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
    decision = merge(old.genres, old.mark, found, add=add)
    if decision is None:
        return data or b""
    genres, mark = decision
    theirs = {key(name) for name in old.genres} - {key(name) for name in old.mark.genres}
    words = [name for name in genres if key(name) not in theirs]
    document = Document(data or _EMPTY.encode(), namespaces=True)
    rdf, descriptions = _descriptions(document)
    edits: list[tuple[int, int, str]] = []
    new: dict[int, list[str]] = {}  # index of a description → elements that it gets
    for which in (*_PROPERTIES, *_COPIES):
        places = _places(document, descriptions, which.names)
        new_words = words if which in _PROPERTIES else []
        old_words = {which.above + name for name in old.mark.genres}
        changes, element, where = _change(document, places, which, old_words, new_words)
        edits += changes
        if element:
            index = next((i for i, d in enumerate(descriptions) if d is where), 0)
            new.setdefault(index, []).append(element)
    for place in _places(document, descriptions, _MARK):
        edits.append(_removal(document, place))
    new.setdefault(0, []).append(
        f'<genreel:mark xmlns:genreel="urn:genreel:1/">{content(mark.text())}</genreel:mark>'
    )
    for index, elements in new.items():
        edits.append(_onto(document, rdf, descriptions[index : index + 1], elements))
    return document.edit(edits)


def _descriptions(document: Document) -> tuple[Element, list[Element]]:
    """The rdf:RDF of a sidecar, and the descriptions in it."""
    elements = document.root.walk() if document.root else iter(())
    rdf = next((e for e in elements if e.name == f"{_RDF} RDF"), None)
    if rdf is None:
        raise CatalogueError("no XMP with an rdf:RDF; replace it")
    return rdf, rdf.all(f"{_RDF} Description")


def _places(
    document: Document, descriptions: Sequence[Element], names: Sequence[str]
) -> list[_Place]:
    """Wherever a property of one of the names stands; first where it is a list."""
    places = []
    for description in descriptions:
        if any(name in description.attributes for name in names):
            attributes = document.attributes(description)
            places += [_Place(description, attribute=a) for a in attributes if a.name in names]
        places += [_Place(description, c) for c in description.children if c.name in names]
    return sorted(places, key=lambda place: place.container is None)


def _value(element: Element) -> str:
    """The value of an item, or of a property without a list."""
    resource = element.attributes.get(f"{_RDF} resource") or element.attributes.get(f"{_RDF} value")
    if resource:
        return resource.strip()
    inner = next((c for c in element.children if c.name == f"{_RDF} Description"), element)
    value = next((c for c in inner.children if c.name == f"{_RDF} value"), None)
    if value is not None:
        return _value(value)
    return inner.attributes.get(f"{_RDF} value", "").strip() or element.text.strip()


def _read_mark(document: Document, descriptions: Sequence[Element]) -> Mark:
    places = _places(document, descriptions, _MARK)
    marks = [read_mark(value) for place in places for value in place.values]
    return next((mark for mark in marks if mark != Mark()), Mark())


def _genres(keyword: str, ours: set[str]) -> Iterator[str]:
    """The genres in a keyword: what a tree of genres holds, and the end of any other."""
    if key(keyword) in ours:
        yield keyword
        return
    parts = [part.strip() for part in re.split(r"[|/]", keyword) if part.strip()]
    if len(parts) > 1 and parts[0].casefold() in ("genre", "genres"):
        yield from parts[1:]
    elif parts and (key(parts[-1]) in ours or known_spelling(parts[-1]) is not None):
        yield parts[-1]


def _change(
    document: Document,
    places: Sequence[_Place],
    which: _Property,
    old_words: set[str],
    names: list[str],
) -> tuple[list[tuple[int, int, str]], str, Element | None]:
    """Edits that take items out of a property and put others in; and where it must be written
    anew, the element, and the description for it.
    """
    values = {value for place in places for value in place.values} - old_words
    words = [which.above + name for name in names if which.above + name not in values]
    edits = [
        (document.before(item.start), item.end, "")
        for place in places
        for item in place.items
        if _value(item) in old_words
    ]
    rest = [place for place in places if not place.container]
    if places and places[0].container and words:
        edits.append(_into(document, places[0].container, words))
    elif rest and words and rest[0] is places[0]:
        place = rest.pop(0)
        if place.element:
            edits.append(_make_list(document, place, which, old_words, words))
        elif place.attribute:
            edits.append(_removal(document, place))
            first = "" if old_words.issuperset(place.values) else place.attribute.value
            element = _property(document, place.description, which, first, words)
            return edits, element, place.description
    edits += [_removal(document, p) for p in rest if p.values and old_words.issuperset(p.values)]
    return edits, "" if places or not words else _property(document, None, which, "", words), None


def _prefix(document: Document, element: Element) -> str:
    """The prefix of an element with its colon; empty where it has none."""
    before, colon, _ = document.source(element).rpartition(":")
    return before + colon


def _property(
    document: Document, parent: Element | None, which: _Property, first: str, words: Sequence[str]
) -> str:
    """A property with a list; its first item in the spelling of a file, where there is one."""
    rdf, declaration = _rdf(document, parent or _descriptions(document)[0])
    items = f"<{rdf}li>{first}</{rdf}li>" if first else ""
    name = f"{which.prefix}:{which.name}"
    words = _list(rdf, declaration, which, items, words)
    return f'<{name} xmlns:{which.prefix}="{which.uri}">{words}</{name}>'


def _list(rdf: str, declaration: str, which: _Property, first: str, words: Sequence[str]) -> str:
    """A list of an item that is written already and of others."""
    items = first + "".join(tag(f"{rdf}li", name) for name in words)
    return f"<{rdf}{which.container}{declaration}>{items}</{rdf}{which.container}>"


def _rdf(document: Document, element: Element) -> tuple[str, str]:
    """A prefix of RDF inside an element, and the declaration that it needs there."""
    prefix = _prefix(document, element)
    return (prefix, "") if prefix else ("rdf:", f' xmlns:rdf="{_RDF}"')


def _into(document: Document, container: Element, words: Sequence[str]) -> tuple[int, int, str]:
    """Puts items at the end of a list."""
    indent = document.indent(container) if container.children else ""
    rdf = _prefix(document, container)
    place = container.children[-1].end if container.children else container.inside
    return document.onto(container, "".join(indent + tag(f"{rdf}li", n) for n in words), place)


def _make_list(
    document: Document, place: _Place, which: _Property, old_words: set[str], words: Sequence[str]
) -> tuple[int, int, str]:
    """Makes a list of an element without one: what it holds becomes the first item."""
    element = place.element
    assert element is not None
    name = document.source(element)
    rdf, declaration = _rdf(document, place.description)
    outer, inner = "", ""
    for attribute in document.attributes(element):
        text = document.body[attribute.start : attribute.end].decode()
        if attribute.name.startswith("xmlns"):
            outer += text
        else:
            inner += text
    content = document.body[element.inside : element.outside].decode() if element.inside > 0 else ""
    first = f"<{rdf}li{inner}>{content}</{rdf}li>" if content else f"<{rdf}li{inner}/>"
    if _is_empty(element):
        outer, first = outer + _language(document, element), ""
    elif place.values and old_words.issuperset(place.values):
        content = first = ""
    comments = content if not first else ""  # nothing else is in an empty element
    text = f"<{name}{outer}>{comments}{_list(rdf, declaration, which, first, words)}</{name}>"
    return (element.start, element.end, text)


def _is_empty(element: Element) -> bool:
    empty = {f"{_RDF} resource", f"{_RDF} value"}
    values = {
        n for n, v in element.attributes.items() if n not in _NO_VALUE | empty or (v and n in empty)
    }
    return not (element.text.strip() or element.children or values)


def _language(document: Document, element: Element) -> str:
    spans = [(a.start, a.end) for a in document.attributes(element) if a.name == _LANG]
    return "".join(document.body[start:end].decode() for start, end in spans)


def _removal(document: Document, place: _Place) -> tuple[int, int, str]:
    """Takes a property away."""
    if place.attribute:
        return (place.attribute.start, place.attribute.end, "")
    assert place.element is not None
    return (document.before(place.element.start), place.element.end, "")


def _onto(
    document: Document, rdf: Element, description: Sequence[Element], elements: Sequence[str]
) -> tuple[int, int, str]:
    """Puts properties at the end of a description, of a new one where none is there."""
    for parent in description:
        indent = document.indent(parent)
        text = "".join(indent + element for element in elements)
        if parent.inside < 0:
            return document.onto(parent, text + "\n")
        return document.onto(parent, text, document.before(parent.outside))
    prefix = _prefix(document, rdf)
    about = f'{prefix or "rdf:"}about=""' + ("" if prefix else f' xmlns:rdf="{_RDF}"')
    text = f"<{prefix}Description {about}>{''.join(elements)}</{prefix}Description>"
    return document.onto(rdf, text)
