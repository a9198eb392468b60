"""NFO files in the shapes of Kodi, Jellyfin, MediaElch, tinyMediaManager and MediaPortal: genres
and the mark change, and not one other byte; undo gives every byte, owner and place back.
"""

from __future__ import annotations

import itertools
import os
import random
import re
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from genreel.formats.applying import Choices, apply_to_files
from genreel.formats.film import Options
from genreel.formats.journal import undo
from genreel.formats.kodi import read_kodi
from genreel.formats.mark import Found
from genreel.formats.nfo import read_nfo, write_nfo

FOUND = Found({"Drama": 0.9, "Science Fiction": 0.5}, "default", "1")
OTHER = Found({"War": 0.8}, "default", "1")

# Facts as each program writes them, a line each; T: the title, P: the plot, G: its genres.
SHAPES = {
    "kodi": """
<title>T</title>
<originaltitle>T</originaltitle>
<ratings>
<rating name='imdb' max='10'>
<value>7.1</value>
</rating>
</ratings>
<plot>P</plot>
<uniqueid type="imdb" default="true">tt9900001</uniqueid>
G
<set>
<name>Set</name>
</set>
<fileinfo>
<streamdetails><video><codec>h264</codec></video></streamdetails>
</fileinfo>
<actor><name>A. Actor</name><role/></actor>
<year>1999</year>""",
    "jellyfin": """
<plot>P</plot>
<outline />
<lockdata>false</lockdata>
<dateadded>2020-01-02 03:04:05</dateadded>
<title>T</title>
<year>1999</year>
G
<studio>S</studio>
<tag>x</tag>
<art>
<poster>/media/poster.jpg</poster>
</art>
<tmdbid>99</tmdbid>""",
    "mediaelch": """
<title>T</title>
<rating>7</rating>
<plot>P</plot>
<outline>P</outline>
G
<thumb preview='http://x/p.jpg'>http://x/o.jpg</thumb>
<fanart>
<thumb>http://x/f.jpg</thumb>
</fanart>
<generator>
<appname>M</appname>
</generator>""",
    "tmm": """
<!--created on 2020-01-02 by a manager-->
<title>T</title>
<sorttitle/>
<plot>P</plot>
<tmdbid>99</tmdbid>
G
<trailer>plugin://x/?a=1&amp;b=2</trailer>
<user_note/>""",
    "mediaportal": """
<title>T</title>
<plot>P</plot>
<genres>
G
</genres>
<Language/>""",
    "bare": "<title>T</title>",
    "empty": "",
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252")
HEADS = ("", '<?xml version="1.0" encoding="E" standalone="yes" ?>', "<?xml version='1.0'?>",
         '<?xml version="1.0" encoding="utf-16"?>')  # fmt: skip
GENRES = {
    "none": "", "western": "<genre>Western</genre>", "slashes": "<genre>Western / Crime</genre>",
    "empty": "<genre/>", "comment": "<!-- <genre>Musical</genre> -->",
    "locked": "<lockdata>true</lockdata>", "field": "<lockedfields>Name|Genres</lockedfields>",
    "section": "<genre><![CDATA[Western]]></genre>", "clear": '<genre clear="true">Western</genre>',
}  # fmt: skip
TAILS = {"": b"", "address": b"\nhttps://www.imdb.com/title/tt9900001/\n",
         "codes": b"\r\n\xdb\xb0 A RELEASE \xb1\x81\r\n"}  # fmt: skip
PERSONS = {"western", "slashes", "locked", "field", "section", "clear"}


def an_nfo(
    shape: str, encoding: str, head: str, end: str, gap: str, genres: str, tail: str,
    title: str = "Été & <Rain>", plot: str = "A café closes.",
) -> bytes:  # fmt: skip
    lines = SHAPES[shape].strip().splitlines()
    place = lines.index("G") if "G" in lines else len(lines)
    is_locked = genres in ("locked", "field")
    lines[place : place + 1] = [GENRES[genres]] if GENRES[genres] and not is_locked else []
    lines += [GENRES[genres]] if is_locked else []
    facts = {">T<": f">{escape(title)}<", ">P<": f">{escape(plot)}<"}
    lines = [re.sub(">[TP]<", lambda found: facts[found[0]], line) for line in lines]
    name = encoding.replace("utf-8-sig", "utf-8")
    first = [head.replace('="E"', f'="{name}"')] if head else []
    text = end.join([*first, "<movie>", *(gap + line for line in lines), "</movie>"])
    return text.encode(encoding) + (TAILS[tail] if encoding != "utf-16" else b"")


def without_ours(data: bytes) -> bytes:
    """A file without the genres and the mark that genreel wrote, and the blanks before them."""
    encoding = {b"\xff\xfe": "utf-16-le"}.get(data[:2], "latin-1")
    text = data.decode(encoding)
    ours = r"<(genre|genreel)>(?:Drama|Science Fiction|War|\{[^<]*\})</\1>"
    return re.sub(rf"[ \t\r\n]*{ours}", "", text).encode(encoding)


def without_empty(data: bytes) -> bytes:
    encoding = {b"\xff\xfe": "utf-16-le"}.get(data[:2], "latin-1")
    return re.sub(r"\s*<genre/>", "", data.decode(encoding)).encode(encoding)


def changes_genres_alone(data: bytes, genres: str) -> None:
    once = write_nfo(data, FOUND)
    if genres in PERSONS:
        assert once == data
        return
    assert read_nfo(once).genres == ("Drama", "Science Fiction")
    assert (
        read_nfo(once).title == read_nfo(data).title and read_nfo(once).plot == read_nfo(data).plot
    )
    blank = re.compile(rb"[\0 \t\r\n]*(?=<)")  # an element without children gets a line end
    for new in (once, write_nfo(once, OTHER)):
        left, right = without_ours(new), without_empty(data)
        assert left == right or blank.sub(b"", left) == blank.sub(b"", right)
    assert write_nfo(once, FOUND) == once
    assert read_nfo(write_nfo(once, OTHER)).genres == ("War",)


def kinds() -> list[tuple[str, str, str, str, str, str, str]]:
    """109 kinds, each of the forms in many of them."""
    every = itertools.product(
        SHAPES, ENCODINGS, HEADS, ("\n", "\r\n"), ("", "  ", "\t"), GENRES, TAILS
    )
    usable = [kind for kind in every if is_readable(*kind[:3], kind[6])]
    return random.Random(7).sample(usable, 109)


def is_readable(shape: str, encoding: str, head: str, tail: str = "") -> bool:
    """Whether its letters can be read: of a code page, by its declaration alone."""
    told = "utf-16" not in head and "E" in head
    if encoding in ("iso-8859-1", "windows-1252"):
        return told
    return not (encoding == "utf-16" and tail)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: "-".join(kind).replace("\n", "n"))
def test_a_kind_of_nfo(kind: tuple[str, str, str, str, str, str, str]) -> None:
    data = an_nfo(*kind)
    assert read_nfo(data).title == ("" if kind[0] == "empty" else "Été & <Rain>")
    changes_genres_alone(data, kind[5])


def facts_of(path: Path) -> tuple[bytes, int, int, int, int]:
    """A file's bytes, whose it is, and which one."""
    status = path.stat()
    return path.read_bytes(), status.st_uid, status.st_gid, status.st_mode, status.st_ino


def test_apply_and_undo_of_every_kind(tmp_path: Path) -> None:
    before = {}
    for number, kind in enumerate(kinds()):
        path = tmp_path / f"Movie {number} (1999)" / "movie.nfo"
        path.parent.mkdir()
        path.write_bytes(an_nfo(*kind))
        path.chmod(0o640 + number % 8)
        if os.geteuid() == 0:
            os.chown(path, 1000 + number, 2000 + number)
        before[path] = facts_of(path)
    pairs = [(movie, FOUND) for movie in read_kodi(tmp_path, Options())]
    assert len(pairs) == len(before) == 109
    done = apply_to_files(pairs, "nfo", Choices(tmp_path), print, print)
    written = sum(kind[5] not in PERSONS for kind in kinds())
    assert (done.changed, done.unchanged, done.failed) == (written, 109 - written, 0)
    assert all(facts_of(path)[1:4] == facts[1:4] for path, facts in before.items())
    undo(tmp_path)
    assert {path: facts_of(path) for path in before} == before
    assert len(list(tmp_path.rglob("*.nfo"))) == 109


LETTERS = st.text(st.characters(codec="iso-8859-1", categories=("L", "N", "P", "Zs")), max_size=30)


@st.composite
def nfos(draw: st.DrawFn) -> tuple[bytes, str]:
    shape, encoding, head, tail = draw(
        st.tuples(*(st.sampled_from(list(of)) for of in (SHAPES, ENCODINGS, HEADS, TAILS))).filter(
            lambda kind: is_readable(*kind)
        )
    )
    genres = draw(st.sampled_from(list(GENRES)))
    end, gap = draw(st.sampled_from(["\n", "\r\n", ""])), draw(st.sampled_from(["", " ", "\t\t"]))
    title = draw(LETTERS).strip() or "x"
    return an_nfo(shape, encoding, head, end, gap, genres, tail, title, draw(LETTERS)), genres


@settings(deadline=None, max_examples=60, phases=(Phase.explicit, Phase.generate))
@given(nfos())
def test_any_nfo_changes_in_its_genres_alone(case: tuple[bytes, str]) -> None:
    changes_genres_alone(*case)


@pytest.mark.slow
@settings(deadline=None, max_examples=10_000, phases=(Phase.explicit, Phase.generate))
@given(nfos())
def test_ten_thousand_nfos(case: tuple[bytes, str]) -> None:
    changes_genres_alone(*case)
