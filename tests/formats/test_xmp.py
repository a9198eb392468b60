"""Sidecars in every form that RDF has: a person's keywords stay, and strict readers read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from genreel.errors import CatalogueError
from genreel.formats.mark import Found
from genreel.formats.xmp import read_xmp, write_xmp

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FOUND = Found({"Drama": 0.9, "Crime": 0.5}, "default", "1")
OTHER = Found({"War": 0.8}, "default", "1")
URIS = {
    "dc:subject": "http://purl.org/dc/elements/1.1/",
    "digiKam:TagsList": "http://www.digikam.org/ns/1.0/",
    "lr:hierarchicalSubject": "http://ns.adobe.com/lightroom/1.0/",
}
ABOVE = {"dc:subject": "", "digiKam:TagsList": "Genre/", "lr:hierarchicalSubject": "Genre|"}

# Form → how it looks (N: the property, R: the prefix of RDF, V: the value), and whether it has one.
FORMS = {
    "attribute": ' N="V"', "empty attribute": ' N=""', "apostrophes": " N='V'",
    "text": "<N>V</N>", "section": "<N><![CDATA[V]]></N>", "language": '<N xml:lang="en">V</N>',
    "closed": "<N/>", "blank": "<N>\n  </N>", "comment": "<N><!-- mine --></N>",
    "empty resource": '<N R:parseType="Resource"/>', "empty address": '<N R:resource=""/>',
    "address": '<N R:resource="V"/>', "value": '<N R:value="V"/>',
    "resource": '<N R:parseType="Resource"><R:value>V</R:value></N>',
    "node": "<N><R:Description><R:value>V</R:value></R:Description></N>",
    "bag": "<N><R:Bag><R:li>V</R:li></R:Bag></N>",
    "seq": "<N>\n<R:Seq>\n<R:li>V</R:li>\n</R:Seq></N>",
    "alt": '<N><R:Alt><R:li xml:lang="x-default">V</R:li></R:Alt></N>',
    "no items": "<N><R:Bag></R:Bag></N>", "closed bag": "<N><R:Bag /></N>",
    "numbered": "<N><R:Bag><R:_1>V</R:_1></R:Bag></N>",
    "item with a value":
        '<N><R:Bag><R:li R:parseType="Resource"><R:value>V</R:value></R:li></R:Bag></N>',
    "item that is an address": '<N><R:Bag><R:li R:resource="V"/></R:Bag></N>',
    "absent": "",
}  # fmt: skip
FULL = [form for form, look in FORMS.items() if "V" in look]


def sidecar(
    forms: dict[str, tuple[str, str]],
    *,
    prefixes: tuple[str, ...] = ("dc", "digiKam", "lr"),
    rdf: str = "rdf",
    parts: int = 1,
    gap: str = "\n  ",
    rest: str = "<xmp:Rating>5</xmp:Rating>",
) -> str:
    """A sidecar whose properties have the forms, and values, of a table by name."""
    attributes, elements = defaultdict(str), defaultdict(str)
    declared = ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    for number, (prefix, (name, uri)) in enumerate(zip(prefixes, URIS.items(), strict=True)):
        declared += f' xmlns:{prefix}="{uri}"'
        form, value = forms.get(name, ("absent", ""))
        text = FORMS[form].replace("N", f"{prefix}:{name.partition(':')[2]}", 1)
        text = re.sub(r"</N>", f"</{prefix}:{name.partition(':')[2]}>", text)
        text = text.replace("R:", f"{rdf}:").replace("V", escape(value, {'"': "&quot;"}))
        (attributes if form in ("attribute", "empty attribute", "apostrophes") else elements)[
            number % parts
        ] += text if not text.startswith("<") else gap + text
    inner = "".join(
        f'{gap}<{rdf}:Description {rdf}:about=""{attributes[n]}>{elements[n]}'
        f"{gap + rest if not n else ''}{gap}</{rdf}:Description>"
        for n in range(parts)
    )
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><{rdf}:RDF xmlns:{rdf}="{RDF}"{declared}>{inner}'
        f"</{rdf}:RDF></x:xmpmeta>\n"
    )


def lists(data: bytes) -> dict[str, list[list[str]]]:
    """Property → the items of each place where it stands, as an RDF reader finds them."""
    found: dict[str, list[list[str]]] = {}
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    for description in ET.fromstring(text).iter(f"{{{RDF}}}Description"):
        for name, value in description.attrib.items():
            found.setdefault(name.partition("}")[2], []).append([value])
        for element in description:
            items = [i for e in element for i in e if e.tag != f"{{{RDF}}}Description"]
            texts = ["".join(i.itertext()) + i.get(f"{{{RDF}}}resource", "")
                     + i.get(f"{{{RDF}}}value", "") for i in items]  # fmt: skip
            found.setdefault(element.tag.partition("}")[2], []).append(texts)
    return found


@pytest.mark.parametrize("name", URIS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gets_the_genres_once(form: str, name: str) -> None:
    data = sidecar({name: (form, "shelf 4")}).encode()
    assert form not in FULL or name != "dc:subject" or read_xmp(data).keywords == ("shelf 4",)
    new = write_xmp(data, FOUND)
    told = lists(new)
    for other in URIS:
        mine = ["shelf 4"] if other == name and form in FULL else []
        genres = [ABOVE[other] + genre for genre in FOUND.genres]
        assert told[other.partition(":")[2]] == [[*mine, *genres]]
    assert b"<xmp:Rating>5</xmp:Rating>" in new
    assert write_xmp(new, FOUND) == new and read_xmp(new).genres == ("Drama", "Crime")
    later = lists(write_xmp(new, OTHER))[name.partition(":")[2]]
    assert later == [[*(["shelf 4"] if form in FULL else []), ABOVE[name] + "War"]]


@pytest.mark.parametrize("form", FULL)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dc:subject", "Western"), ("dc:subject", "western"), ("dc:subject", "Movies|Western"),
        ("digiKam:TagsList", "Genre/Western"), ("digiKam:TagsList", "Films/By kind/Western"),
        ("lr:hierarchicalSubject", "Genre|Western"), ("lr:hierarchicalSubject", "Western"),
        ("digiKam:TagsList", "Genre/Nordic Noir"),
    ],
)  # fmt: skip
def test_a_persons_genre_counts_wherever_it_stands(name: str, value: str, form: str) -> None:
    data = sidecar({name: (form, value)}).encode()
    assert read_xmp(data).genres == (re.split(r"[/|]", value)[-1],)
    assert write_xmp(data, FOUND) == data


@pytest.mark.parametrize(
    "copy",
    [
        '<p:LastKeywordXMP xmlns:p="http://ns.microsoft.com/photo/1.0/"><rdf:Bag><rdf:li>Genre/Western'
        "</rdf:li></rdf:Bag></p:LastKeywordXMP>",
        '<p:CatalogSets xmlns:p="http://ns.iview-multimedia.com/mediapro/1.0/"><rdf:Bag><rdf:li>'
        "Genre|Western</rdf:li></rdf:Bag></p:CatalogSets>",
        '<p:genre xmlns:p="http://ns.adobe.com/xmp/1.0/DynamicMedia/">Western</p:genre>',
    ],
)
def test_copies_of_keywords_count_and_are_cleared(copy: str) -> None:
    assert read_xmp(sidecar({}, rest=copy).encode()).genres == ("Western",)
    ours = copy.replace("Western", "Drama")
    written = write_xmp(sidecar({}, rest="<xmp:Rating>5</xmp:Rating>").encode(), FOUND)
    copied = written.replace(b"<xmp:Rating>", ours.encode() + b"<xmp:Rating>")
    later = write_xmp(copied, OTHER)  # a copy by digiKam is no opinion of a person's
    assert read_xmp(later).genres == ("War",) and b"Drama" not in later


def test_a_place_is_no_genre() -> None:
    assert read_xmp(sidecar({"digiKam:TagsList": ("seq", "Family/Anna")}).encode()).genres == ()
    assert read_xmp(sidecar({"dc:subject": ("bag", "Genre")}).encode()).genres == ()


@pytest.mark.parametrize("uri", ["urn:genreel:1", "urn:genreel:1/"])
@pytest.mark.parametrize("form", ["element", "attribute", "single", "bag"])
def test_marks_of_every_form_are_read_and_replaced(uri: str, form: str) -> None:
    new = write_xmp(sidecar({}).encode(), FOUND).decode()
    found = re.search(r"<genreel:mark[^>]*>(.*?)</genreel:mark>", new)
    assert found
    text = found[1]
    look = {
        "element": f'<g:mark xmlns:g="{uri}">{text}</g:mark>',
        "bag": f'<g:mark xmlns:g="{uri}"><rdf:Bag><rdf:li>{text}</rdf:li></rdf:Bag></g:mark>',
    }.get(form, "")
    data = new.replace(found[0], look)
    if form in ("attribute", "single"):
        value = text.replace('"', "&quot;")
        quoted = f'g:mark="{value}"' if form == "attribute" else f"g:mark='{text}'"
        at = data.index("rdf:about")
        data = f'{data[:at]}xmlns:g="{uri}"\n   {quoted}\n   {data[at:]}'
    assert read_xmp(data.encode()).mark.genres == FOUND.genres
    assert write_xmp(data.encode(), FOUND) == data.encode()
    later = write_xmp(data.encode(), OTHER)
    assert read_xmp(later).genres == ("War",)
    assert later.count(b"<genreel:mark") == later.count(b":mark>") == 1 and b"g:mark" not in later


@pytest.mark.parametrize("name", URIS)
def test_what_a_person_took_away_anywhere_stays_away(name: str) -> None:
    new = write_xmp(sidecar({}).encode(), FOUND)
    item = f"<rdf:li>{ABOVE[name]}Crime</rdf:li>".encode()
    removed = new.replace(item, b"", 1)
    assert removed != new
    assert read_xmp(removed).genres == ("Drama",)
    assert write_xmp(removed, FOUND) == removed


def test_a_sidecar_without_a_description_gets_one() -> None:
    for inner in (f'<rdf:RDF xmlns:rdf="{RDF}"/>', f'<RDF xmlns="{RDF}">\n</RDF>'):
        new = write_xmp(inner.encode(), FOUND)
        assert lists(new)["subject"] == [["Drama", "Crime"]]
    with pytest.raises(CatalogueError, match="rdf:RDF"):
        read_xmp(b"<movie/>")


def exiv2(files: list[Path]) -> str:
    """What Debian's exiv2 reads: it stands on Adobe's toolkit, which takes no doubled property."""
    program = shutil.which("exiv2")
    if program is None:
        pytest.skip("exiv2 is not installed (Debian: apt install exiv2)")
    argv = [program, "-px", *map(str, files)]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=60)
    assert "rror" not in done.stderr and "Failed" not in done.stderr, done.stderr
    return done.stdout


def test_exiv2_reads_every_form_that_was_written(tmp_path: Path) -> None:
    files = []
    for name in URIS:
        for number, form in enumerate(FORMS):
            if form == "numbered":  # which that toolkit never reads
                continue
            path = tmp_path / f"{name.partition(':')[2]}{number}.xmp"
            path.write_bytes(write_xmp(sidecar({name: (form, "shelf 4")}).encode(), FOUND))
            files.append(path)
    path = tmp_path / "new.xmp"
    path.write_bytes(write_xmp(None, FOUND))
    told = exiv2([*files, path])
    assert told.count("Xmp.xmp.Rating") == len(files)
    assert told.count("Xmp.genreel.mark") == len(files) + 1
    assert (
        len(re.findall(r"dc.subject .*Drama, .*Crime|dc.subject.3. .*Crime", told))
        == len(files) + 1
    )


def test_a_save_by_exiv2_keeps_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.xmp"
    path.write_bytes(write_xmp(None, FOUND))
    exiv2([path])
    argv = [str(shutil.which("exiv2")), "-M", "set Xmp.xmp.Rating 4", str(path)]
    subprocess.run(argv, check=True, timeout=60)
    data = path.read_bytes()
    assert b'genreel:mark="' in data  # as Adobe's toolkit writes it
    assert write_xmp(data, FOUND) == data
    later = write_xmp(data, OTHER)
    assert read_xmp(later).genres == ("War",) and later.count(b"genreel:mark") == 2
    path.write_bytes(later)
    assert "War" in exiv2([path])


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1)


def is_plain(value: str) -> bool:
    """Whether it is a keyword, and no genre."""
    data = sidecar({"dc:subject": ("text", value)}).encode()
    return bool(value) and not read_xmp(data).genres


VALUES = WORDS.map(str.strip).filter(is_plain)


@st.composite
def sidecars(draw: st.DrawFn) -> tuple[bytes, dict[str, str], str]:
    """A sidecar, its value of each property, and an element of a person's."""
    forms = {n: (draw(st.sampled_from(list(FORMS))), draw(VALUES)) for n in URIS}
    forms = {n: (f, v.replace("'", "") or "x") for n, (f, v) in forms.items()}
    forms = {n: (f, v.replace("]]", "") or "x") for n, (f, v) in forms.items()}
    if any(f == "section" for f, _ in forms.values()):
        forms = {n: (f, re.sub('[<>&"]', "", v) or "x") for n, (f, v) in forms.items()}
    rest = f"<xmp:Label> {escape(draw(VALUES))}</xmp:Label><!-- <dc:subject/> -->"
    text = sidecar(
        forms,
        prefixes=draw(
            st.sampled_from([("dc", "digiKam", "lr"), ("a", "b", "c"), ("lr", "dc", "x1")])
        ),
        rdf=draw(st.sampled_from(["rdf", "r"])),
        parts=draw(st.integers(1, 3)),
        gap=draw(st.sampled_from(["", "\n ", "\r\n\t"])),
        rest=rest,
    )
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    mine = {n: v for n, (f, v) in forms.items() if f in FULL}
    return text.encode(encoding), mine, rest


def keeps_what_is_a_persons(case: tuple[bytes, dict[str, str], str]) -> None:
    data, mine, rest = case
    encoding = "utf-16" if data[:2] == b"\xff\xfe" else "utf-8"
    once = write_xmp(data, FOUND)
    twice = write_xmp(once, OTHER)
    for new, genres in ((once, FOUND.genres), (twice, OTHER.genres)):
        told = lists(new)
        for name in URIS:
            first = [" ".join(mine[name].split())] if name in mine else []
            assert [
                [" ".join(i.split()) for i in items] for items in told[name.partition(":")[2]]
            ] == [[*first, *(ABOVE[name] + genre for genre in genres)]]
        assert rest in new.decode(encoding)
        assert set(read_xmp(new).genres) == set(genres)
    assert write_xmp(twice, OTHER) == twice


@settings(deadline=None, max_examples=60, phases=(Phase.explicit, Phase.generate))
@given(sidecars())
def test_any_sidecar_keeps_what_is_a_persons(case: tuple[bytes, dict[str, str], str]) -> None:
    keeps_what_is_a_persons(case)


@pytest.mark.slow
@settings(deadline=None, max_examples=10_000, phases=(Phase.explicit, Phase.generate))
@given(sidecars())
def test_ten_thousand_sidecars(case: tuple[bytes, dict[str, str], str]) -> None:
    keeps_what_is_a_persons(case)
