"""Damaged and adversarial NFO files and XMP sidecars, read and written into."""

from __future__ import annotations

from random import Random

from attacks.case import Attack, Case
from attacks.mutate import damaged
from genreel.errors import GenreelError
from genreel.formats.mark import Found
from genreel.formats.nfo import read_nfo, write_nfo
from genreel.formats.xmp import read_xmp, write_xmp

MIB = 2**20
FOUND = Found({"War": 0.9, "Drama": 0.8}, "default", "1")
OTHERS = Found({"Western": 0.7}, "default", "2")


def attempt(case: Case) -> bool:
    """Whether it can be written into, which reads it first, and read again; a small one twice."""
    [(name, data)] = case.files.items()
    read, write = (read_nfo, write_nfo) if name.endswith(".nfo") else (read_xmp, write_xmp)
    try:
        new = write(data, FOUND, add=True)
        read(new)
        if len(new) < MIB:
            read(write(new, OTHERS))
    except GenreelError as error:
        assert "\n" not in str(error)
        return False
    return True


def case(random: Random, number: int) -> Case:
    """An attack written by hand, or a file with drawn damage."""
    if number < len(ATTACKS):
        name, make = ATTACKS[number]
        suffix = "xmp" if name.startswith("XMP") else "nfo"
        return Case(name, {f"movie.{suffix}": make()})
    suffix, data = random.choice(SEEDS)
    if random.random() < 0.5:
        return Case("damaged", {f"movie.{suffix}": damaged(random, data)})
    for _ in range(random.choice((1, 2, 6))):
        at = random.randrange(len(data) + 1)
        if random.random() < 0.7:  # between two tags, where most of what is put in is XML
            at = data.find(b"<", at) if data.find(b"<", at) >= 0 else at
        data = data[:at] + random.choice(_PARTS) + data[at:]
    return Case("parts put in", {f"movie.{suffix}": data})


NFO = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!-- made by a scraper -->
<movie>
  <title>Été &amp; pluie</title><year>1999</year>
  <plot><![CDATA[Rain <falls>]]> on &#x2014; them.</plot>
  <uniqueid type="imdb" default="true">tt0000001</uniqueid>
  <genre>War / Drama</genre>
  <genre clear="true">Thriller</genre>
  <genreel>{"model": "m", "version": "0", "genres": {"Thriller": 0.5}}</genreel>
  <actor><name>A. B.</name><role/></actor>
</movie>
https://www.themoviedb.org/movie/11
"""

_PACKET = write_xmp(None, FOUND)
SEEDS = (
    ("nfo", NFO.encode()),
    ("nfo", NFO.encode("utf-16")),
    ("nfo", NFO.replace("UTF-8", "windows-1252").encode("cp1252", "replace")),
    ("nfo", b"<movie/>"),
    ("nfo", b"https://www.imdb.com/title/tt0000001/\r\n"),
    ("xmp", _PACKET),
    ("xmp", _PACKET.replace(b"\n", b"\r\n")),
)
_PARTS = (
    *(
        b"<",
        b">",
        b"/>",
        b"</movie>",
        b"<movie>",
        b"<genre>",
        b"</genre>",
        b"<genre/>",
        b"&",
        b"&lt;",
    ),
    *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?x", b"?>", b"&#0;", b"&#x110000;", b"&#xD800;"),
    *(
        b"<genre>Horror</genre>",
        b"<genreel>{}</genreel>",
        b"<a b='>'>",
        b"</a>",
        b"\0",
        b"\xff",
        b"]",
    ),
    *(b"<!DOCTYPE x>", b'<!ENTITY a "b">', b"&a;", b"<lockdata>true</lockdata>", b'"', b"'", b"\r"),
    *(b'<genreel>{"genres": {"War": NaN}}</genreel>', b"imdb.com/title/tt1234567", b"\xed\xa0\x80"),
    *(
        b'<rdf:Bag xmlns:rdf="x"/>',
        b"<rdf:li>War</rdf:li>",
        b'xmlns:a="b"',
        b"\xef\xbb\xbf",
        b"<a:b/>",
    ),
)


def movie(content: bytes) -> bytes:
    """An NFO file around something."""
    return b"<movie>" + content + b"</movie>"


def declared(encoding: str, content: bytes = b"<movie><title>x</title></movie>") -> bytes:
    """An NFO file that declares an encoding."""
    return f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + content


_LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9))
    + b"]><movie><title>&j;</title></movie>"
)
_CODECS = (
    *("punycode", "idna", "utf-7", "unicode_escape", "raw_unicode_escape", "zlib", "rot13", "hex"),
    *("undefined", "mbcs", "utf-32", "utf-16", "cp037", "hz", "iso2022_jp", "x" * 5000),
)

ATTACKS: tuple[Attack, ...] = (
    ("nothing", lambda: b""),
    ("blanks", lambda: b" " * (15 * MIB)),
    ("a billion laughs", lambda: _LAUGHS),
    (
        "a file elsewhere",
        lambda: (
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            b"<movie><title>&a;</title></movie>"
        ),
    ),
    ("a parameter entity", lambda: b'<!DOCTYPE x [<!ENTITY % a SYSTEM "http://x/"> %a;]><movie/>'),
    (
        "XInclude",
        lambda: movie(b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/x"/>'),
    ),
    ("100,000 levels", lambda: b"<movie>" + b"<a>" * 100_000),
    ("99 levels", lambda: movie(b"<a>" * 98 + b"</a>" * 98)),
    ("a tag of 15 MiB", lambda: b"<" + b"a" * (15 * MIB) + b"/>"),
    ("an attribute of 15 MiB", lambda: b'<movie a="' + b"x" * (15 * MIB) + b'"/>'),
    (
        "1,000,000 attributes",
        lambda: b"<movie " + b" ".join(b'a%d=""' % k for k in range(1_000_000)) + b"/>",
    ),
    ("quotes without end", lambda: b"<movie " + b"a='\"' b=\"'\" " * 500_000),
    ("a text of 15 MiB", lambda: movie(b"<plot>" + b"x" * (15 * MIB) + b"</plot>")),
    ("a text in lines", lambda: movie(b"<plot>" + b"x\n" * (7 * MIB) + b"</plot>")),
    ("a text in 2,000,000 pieces", lambda: movie(b"<plot>" + b"x<!---->" * 2_000_000 + b"</plot>")),
    (
        "a text of characters' numbers",
        lambda: movie(b"<plot>" + b"&#120;" * 2_000_000 + b"</plot>"),
    ),
    ("a text in 1,000,000 sections", lambda: movie(b"<![CDATA[x]]>" * 1_000_000)),
    ("1,000,000 instructions", lambda: movie(b"<?a b?>" * 1_000_000)),
    ("19,000 genres", lambda: movie(b"<genre>x</genre>" * 19_000)),
    (
        "19,000 genres of genreel",
        lambda: movie(
            b"<genre>War</genre>" * 19_000 + b'<genreel>{"genres": {"War": 1}}</genreel>'
        ),
    ),
    ("19,000 marks in 15 MiB", lambda: movie((b"<genreel/>" + b" " * 800) * 19_000)),
    ("a genre of 2,000,000 parts", lambda: movie(b"<genre>" + b"x/" * 2_000_000 + b"</genre>")),
    ("a long mark", lambda: movie(b"<genreel>" + b"[" * MIB + b"</genreel>")),
    (
        "a mark of 500,000 genres",
        lambda: movie(
            b'<genreel>{"genres": {'
            + b",".join(b'"%d":1' % k for k in range(500_000))
            + b"}}</genreel>"
        ),
    ),
    ("long addresses", lambda: b"http://" + b"imdb.com/" * (MIB // 2)),
    ("an address of dots", lambda: b"http://" + b"imdb." * MIB),
    ("addresses of slashes", lambda: movie(b"imdb.a/tt" * MIB)),
    *((f"declared as {c[:20]}", lambda c=c: declared(c)) for c in _CODECS),
    ("punycode of 1 MiB", lambda: declared("punycode", b"a" * MIB + b"-" + b"b9" * (MIB // 2))),
    ("a declaration of 15 MiB", lambda: b"<?xml " + b" encoding " * (3 * MIB // 2) + b"?><movie/>"),
    ("UTF-16 of odd length", lambda: b"\xff\xfe<\0m\0o"),
    ("UTF-16 with half a pair", lambda: b"\xff\xfe<\0a\0>\0\x00\xd8<\0/\0a\0>\0"),
    ("UTF-8 that is too long", lambda: movie(b"\xc0\xbc\xe0\x80\xbc")),
    ("a surrogate's number", lambda: movie(b"<title>&#xD800;</title>")),
    ("NULs", lambda: movie(bytes(1000))),
    ("XMP nothing", lambda: b""),
    ("XMP without an end", lambda: _PACKET[:-200]),
    (
        "XMP of 19,000 keywords",
        lambda: _PACKET.replace(b"</rdf:Bag>", b"<rdf:li>x</rdf:li>" * 19_000 + b"</rdf:Bag>", 1),
    ),
    (
        "XMP of 15,000 descriptions",
        lambda: (
            b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-'
            b'ns#">' + b'<r:Description r:about=""/>' * 15_000 + b"</r:RDF>"
        ),
    ),
    (
        "XMP with a default namespace",
        lambda: (
            b'<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns'
            b'#"><Description about=""/></RDF>'
        ),
    ),
    (
        "XMP, a prefix of 1 MiB",
        lambda: _PACKET.replace(b"rdf:", b"r" * 2000 + b":").replace(
            b"xmlns:rdf", b"xmlns:" + b"r" * 2000
        ),
    ),
)
