"""XML read safely, with the place of every element: an edit leaves all other bytes alone."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from genreel.errors import CatalogueError

_MAX_DEPTH = 100
_MAX_ELEMENTS = 20_000  # a large NFO has some hundreds
_MAX_TAG = 2**20  # bytes of a tag or a comment; each attribute takes twenty times its room
_PIECE = 2**18
_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=<>"']+)\s*=\s*("[^"]*"|'[^']*')""")
# What is no Char of XML 1.0, section 2.2; lone surrogates among them.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Python's other codecs are no character sets, and some take a time that grows with the square.
_CHARSET = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|(us-)?ascii|latin-?1|iso-?8859-\d+|(windows-|cp)\d+|koi8-[rtu]"
    r"|mac-?\w+|big5\w*|gb\w+|euc-?\w+|shift[-_]?jis\w*"
)
_MARKS = {
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_FOREIGN = re.compile("[\ud800-\udfff]")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


@dataclass
class Element:
    """One element and where it stands, in bytes of the document's UTF-8 form.

    Attributes:
        name: its name; with its namespace, "URI name".
        start, end: of the whole element.
        inside, outside: of its content; an element that closes itself has none, and both are -1.
    """

    name: str
    attributes: dict[str, str]
    start: int
    inside: int
    outside: int = -1
    end: int = -1
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """Its children of that name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> str:
        """The text of its first child of that name, stripped; empty where there is none."""
        return next((c.text.strip() for c in self.children if c.name == name), "")

    def walk(self) -> Iterator[Element]:
        """It and everything in it."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)


@dataclass(frozen=True)
class Attribute:
    """One attribute: its name as in `Element.attributes`, its value as the file writes it, and
    where it stands, with the white space before it.
    """

    name: str
    value: str
    start: int
    end: int


class Document:
    """An XML document with whatever stands before and after its root.

    Attributes:
        body: the document in UTF-8.
        root: its root, or None where no XML is there at all.

    Args:
        data: the file.
        namespaces: whether names carry their namespace.

    Raises:
        CatalogueError: it is not well formed, or has a DOCTYPE: those may expand without end.
    """

    def __init__(self, data: bytes, namespaces: bool = False) -> None:
        self.root: Element | None = None
        self._namespaces = namespaces
        failure: CatalogueError | None = None
        for encoding, insertion in _encodings(data):
            text = _decode(data, encoding)
            if text is None:
                continue
            # What is of another encoding than the XML is no UTF-8 here: the parser stops at it.
            self.body = text.encode("utf-8", "surrogatepass")
            self._encoding, self._insertion = encoding, insertion
            try:
                start = self.body.find(b"<")
                if start >= 0:
                    self._parse(start)
            except CatalogueError as error:
                failure = failure or error
            if self.root or not _FOREIGN.search(text):
                break
        if failure and not self.root:
            raise failure

    def edit(self, edits: Iterable[tuple[int, int, str]]) -> bytes:
        """The file with (start, end, text) put in place of what stands there."""
        parts, at = [], 0
        latest_first = sorted(edits, key=lambda e: (e[0], e[1]), reverse=True)
        for start, end, text in reversed(latest_first):
            parts += [self._original(at, start), text.encode(self._insertion, "xmlcharrefreplace")]
            at = end
        return b"".join((*parts, self._original(at, len(self.body))))

    def _original(self, start: int, end: int) -> bytes:
        text = self.body[start:end].decode("utf-8", "surrogatepass")
        return text.encode(self._encoding, "surrogateescape")

    def source(self, element: Element) -> str:
        """The name of an element as its tag writes it, with the prefix that it has there."""
        name = re.match(rb"<([^\s/>]+)", self.body[element.start : element.start + _MAX_TAG])
        assert name is not None
        return name[1].decode()

    def attributes(self, element: Element) -> list[Attribute]:
        """The attributes in an element's tag, in order; declarations of namespaces among them."""
        opening = _TAG.match(self.body, element.start)
        assert opening is not None
        names = iter(element.attributes)
        attributes = []
        for match in _ATTRIBUTE.finditer(self.body, element.start, opening.end()):
            source = match[1].decode()
            is_declared = source == "xmlns" or source.startswith("xmlns:")
            name = source if is_declared and self._namespaces else next(names)
            attributes.append(Attribute(name, match[2][1:-1].decode(), match.start(), match.end()))
        return attributes

    def onto(self, element: Element, text: str, place: int = -1) -> tuple[int, int, str]:
        """The edit that puts text at the end of an element's content, or at `place` in it."""
        if element.inside < 0:  # <movie/>
            return (element.end - 2, element.end, f">{text}</{self.source(element)}>")
        place = element.outside if place < 0 else place
        return (place, place, text)

    def indent(self, parent: Element) -> str:
        """The line break and blanks before the first child of `parent`, or before one it gets."""
        if not parent.children:
            line = self.body[: parent.start].rpartition(b"\n")[2].decode(errors="replace")
            return f"\n{line if line.isspace() else ''}  "
        start = parent.children[0].start
        return self.body[self.before(start) : start].decode()

    def before(self, offset: int) -> int:
        """Where the white space before `offset` begins."""
        step = 64  # a copy of all that stands before would take too long for thousands of places
        while offset and self.body[offset - 1] in b" \t\r\n":
            start = max(0, offset - step)
            offset = start + len(self.body[start:offset].rstrip(b" \t\r\n"))
            step *= 2
        return offset

    def _parse(self, offset: int) -> None:
        open_elements: list[Element] = []
        texts: list[list[str]] = []  # of each; a comment or a section may part them anywhere
        count = 0
        parser = expat.ParserCreate("utf-8", " " if self._namespaces else None)
        parser.buffer_text = True

        def begin(name: str, attributes: dict[str, str]) -> None:
            nonlocal count
            count += 1
            if count > _MAX_ELEMENTS:
                raise CatalogueError(f"more than {_MAX_ELEMENTS:,} tags; is it of a movie?")
            start = offset + parser.CurrentByteIndex
            tag = _TAG.match(self.body, start)
            if tag is None or len(open_elements) >= _MAX_DEPTH:
                raise CatalogueError("its tags are nested too deeply; mend it")
            is_closed = tag[0].endswith(b"/>")
            element = Element(name, attributes, start, -1 if is_closed else tag.end())
            element.end = tag.end() if is_closed else -1
            if open_elements:
                open_elements[-1].children.append(element)
            open_elements.append(element)
            texts.append([])

        def finish(name: str) -> None:
            element = open_elements.pop()
            element.text = "".join(texts.pop())
            if element.inside >= 0:
                element.outside = offset + parser.CurrentByteIndex
                element.end = self.body.index(b">", element.outside) + 1
            if not open_elements:
                self.root = element

        def characters(text: str) -> None:
            if texts:
                texts[-1].append(text)

        def refuse(*_: object) -> None:
            raise CatalogueError("has a DOCTYPE, which may hide anything; remove it")

        parser.StartElementHandler = begin
        parser.EndElementHandler = finish
        parser.CharacterDataHandler = characters
        parser.StartDoctypeDeclHandler = refuse
        parser.EntityDeclHandler = refuse
        try:
            for place in range(offset, len(self.body), _PIECE):
                parser.Parse(self.body[place : place + _PIECE], False)
                # It waits at the beginning of what has no end yet.
                if place - offset - parser.CurrentByteIndex > _MAX_TAG:
                    raise CatalogueError(f"a tag of more than {_MAX_TAG:,} bytes; mend it")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            if self.root is None:  # after the root, anything may stand
                line = self.body[:offset].count(b"\n") + error.lineno
                reason = expat.ErrorString(error.code)
                raise CatalogueError(
                    f"not well-formed XML in line {line} ({reason}); mend it"
                ) from None


def _encodings(data: bytes) -> Iterator[tuple[str, str]]:
    """Encodings that a file may have, the likeliest first, each with that of what is added to it.

    A declaration may be untrue: .NET says utf-16 of a text in memory, whatever the file is; and
    what is UTF-8 with letters in it is nothing else. Such a file gets ASCII alone.
    """
    for start, encoding in _MARKS.items():
        if data.startswith(start):
            yield encoding, encoding
    match = _DECLARED.match(data)
    charset = match[1].decode().lower() if match else "utf-8"
    # Of two bytes a letter, it could not be read as far as that.
    if not _CHARSET.fullmatch(charset) or re.match(r"utf-?16", charset):
        charset = "utf-8"
    is_single = re.match(r"(us-)?ascii|latin|iso|windows|cp(?!9)|koi|mac", charset)
    if is_single:
        yield "utf-8", "ascii"
    yield charset, charset
    for encoding in ("utf-8", "cp1252", "latin-1"):
        yield encoding, "ascii" if match else encoding


def _decode(data: bytes, encoding: str) -> str | None:
    """The text, if it gives the very same bytes back; what is no letter is a lone surrogate."""
    with contextlib.suppress(UnicodeError, LookupError):
        text = data.decode(encoding, "surrogateescape")
        if text.encode(encoding, "surrogateescape") == data:
            return text
    return None


def clean(text: str) -> str:
    """A text without the characters that XML 1.0 cannot hold."""
    return _NO_CHARACTER.sub("", text)


def content(text: str) -> str:
    """A text as it stands in XML."""
    return html.escape(clean(text), quote=False)


def tag(name: str, text: str) -> str:
    """An element with text in it."""
    return f"<{name}>{content(text)}</{name}>"
