"""NFO files: read by other programs' rules, and never spoilt."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from genreel.catalogue import Movie
from genreel.errors import CatalogueError, GenreelError
from genreel.formats.mark import Found, Mark, merge
from genreel.formats.nfo import ROOTS, read_nfo, write_nfo

FOUND = Found({"Drama": 0.9, "Science Fiction": 0.5}, "default", "1")
OTHER = Found({"War": 0.8}, "default", "1")

RICH = (
    "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n"
    "<!-- of a person -->\r\n<movie>\r\n"
    "\t<title>A &amp; B ü</title>\r\n"
    "\t<ratings><rating name='x'><value>7</value></rating></ratings>\r\n"
    "\t<unknown a='1>2'><genre>not mine</genre></unknown><![CDATA[<genre>nor this</genre>]]>\r\n"
    "\t<lockedfields>Name|Cast</lockedfields>\r\n\t<plot/>\r\n</movie>\r\n"
    "https://www.imdb.com/title/tt1234567/\r\n"
)


def kodi(data: bytes) -> list[str]:
    """Genres as Kodi finds them: children of the root called genre; text after the root is an
    address, and is cut off before parsing.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = data.decode(encoding, "replace")
    end = max(text.rfind(close) + len(close) for close in ("</movie>", "<movie/>", "<movie />"))
    root = ET.fromstring(re.sub(r"<\?xml[^>]*\?>", "", text[:end]).strip())
    assert root.tag == "movie"
    return [genre.text or "" for genre in root.findall("genre")]


def test_only_the_genres_are_added() -> None:
    new = write_nfo(RICH.encode(), FOUND)
    assert kodi(new) == ["Drama", "Science Fiction"]
    added = re.sub(rb"\r\n\t<(genre|genreel)>(?:Drama|Science Fiction|\{.*?\}\}?)</\1>", b"", new)
    assert added == RICH.encode()
    assert write_nfo(new, FOUND) == new
    assert kodi(write_nfo(new, OTHER)) == ["War"]
    assert write_nfo(write_nfo(new, OTHER), FOUND) == new
    assert read_nfo(new).ids == {"imdb": "tt1234567"}
    assert read_nfo(new).mark.genres == {"Drama": 0.9, "Science Fiction": 0.5}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "cp1252"])
def test_encodings_stay(encoding: str) -> None:
    name = encoding.replace("utf-8-sig", "utf-8")
    text = f"<?xml version='1.0' encoding='{name}'?>\n<movie>\n <title>Ärger</title>\n</movie>\n"
    data = text.encode(encoding)
    new = write_nfo(data, FOUND)
    assert new.decode(encoding).startswith(text[: text.index("</title>")])
    assert read_nfo(new).genres == ("Drama", "Science Fiction")
    assert read_nfo(new).title == "Ärger"


def test_bytes_that_are_not_what_they_claim_stay() -> None:
    data = b"<?xml version='1.0' encoding='utf-8'?><movie><title>\xe9\x81\xff</title></movie>"
    new = write_nfo(data, FOUND)
    assert b"<title>\xe9\x81\xff</title>" in new and read_nfo(new).genres


def test_no_slash_inside() -> None:
    new = write_nfo(b"<movie></movie>", Found({"Action/Adventure": 0.9, "Action": 0.5}))
    assert kodi(new) == ["Action", "Adventure"]
    assert read_nfo(b"<movie><genre>War / Drama</genre><genre>A|B</genre></movie>").genres == (
        *("War", "Drama"),
        *("A", "B"),
    )


@pytest.mark.parametrize(
    "inside",
    [
        "<genre>Western</genre>",
        "<lockdata>true</lockdata>",
        "<lockedfields>Name|Genres</lockedfields>",
    ],
)
def test_what_a_person_wrote_or_locked_stays(inside: str) -> None:
    data = f"<movie>{inside}</movie>".encode()
    assert write_nfo(data, FOUND) == data
    added = write_nfo(data, FOUND, add=True)
    assert (added == data) == ("lock" in inside)
    if "lock" not in inside:
        assert kodi(added) == ["Western", "Drama", "Science Fiction"]


def test_nothing_found_changes_nothing() -> None:
    for data in (RICH.encode(), write_nfo(RICH.encode(), FOUND)):
        assert write_nfo(data, Found()) == data
    assert write_nfo(None, Found()) == b""


def test_a_genre_that_a_person_took_away_stays_away() -> None:
    data = write_nfo(b"<movie>\n</movie>", FOUND).replace(b"\n  <genre>Drama</genre>", b"")
    assert write_nfo(data, FOUND) == data
    again = write_nfo(data, Found({"Drama": 0.9, "War": 0.8}), add=True)
    assert kodi(again) == ["War"] and read_nfo(again).mark.rejected == ("Drama",)
    later = write_nfo(again, Found({"Drama": 0.99, "Crime": 0.8}))
    assert kodi(later) == ["Crime"] and read_nfo(later).mark.rejected == ("Drama",)


@pytest.mark.parametrize(
    "data",
    [
        b"https://www.themoviedb.org/movie/603\n",
        b"\xdb\xdb A RELEASE <<< \xb0\xb1 >>>\r\n themoviedb.org/movie/603\r\n",
        "Size <700 MB>: http://themoviedb.org/movie/603".encode("utf-16"),
    ],
)
def test_a_notice_is_read_and_never_written(data: bytes) -> None:
    assert read_nfo(data).ids == {"tmdb": "603"}
    with pytest.raises(CatalogueError, match=r"without XML; put a movie\.nfo beside it"):
        write_nfo(data, FOUND)


@pytest.mark.parametrize("root", sorted(set(ROOTS) - {"movie"}))
def test_what_is_no_movies_is_never_written(root: str) -> None:
    data = f"<{root}><title>A</title></{root}>".encode()
    assert read_nfo(data).kind == root
    with pytest.raises(CatalogueError, match=f"<{root}> is no movie's"):
        write_nfo(data, FOUND)


def test_a_new_file() -> None:
    movie = Movie("a", "A & B", 1999, "A <plot>.", extra={"imdb_id": "tt1"})
    nfo = read_nfo(write_nfo(None, FOUND, movie=movie))
    assert (nfo.title, nfo.year, nfo.plot) == ("A & B", "1999", "A <plot>.")
    assert nfo.ids == {"imdb": "tt1"} and nfo.genres == ("Drama", "Science Fiction")


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE movie [<!ENTITY a "b">]><movie>&a;</movie>',
        b'<!DOCTYPE movie SYSTEM "file:///etc/passwd"><movie/>',
        b"<movie>&nbsp;</movie>",
        b"<movie><title></movie>",
        b"<html></html>",
        b"no address",
        b"\x00\x01\x02",
        b"<a>" * 200,
    ],
)
def test_what_is_refused_in_one_line(data: bytes) -> None:
    for act in (read_nfo, lambda data: write_nfo(data, FOUND)):
        with pytest.raises(CatalogueError) as caught:
            act(data)
        assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=100, phases=(Phase.generate,))
@given(
    st.binary(max_size=200)
    | st.text(alphabet="<>/movie genre!-&;\"'[]?", max_size=80).map(str.encode)
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        new = write_nfo(data, FOUND)
    except GenreelError:
        return
    assert read_nfo(new)


GENRES = st.lists(st.sampled_from(["Drama", "War", "Crime", "Sci-Fi", "Own / Thing"]), unique=True)


@settings(deadline=None, max_examples=100, phases=(Phase.generate,))
@given(GENRES, GENRES, st.booleans())
def test_writing_twice_is_writing_once(first: list[str], second: list[str], add: bool) -> None:
    start = RICH.encode()
    one = write_nfo(start, Found(dict.fromkeys(first, 0.5)), add=add)
    two = write_nfo(one, Found(dict.fromkeys(second, 0.5)), add=add)
    assert write_nfo(two, Found(dict.fromkeys(second, 0.5)), add=add) == two
    wanted = second or first
    assert set(read_nfo(two).genres) == {part for g in wanted for part in re.split(" / ", g)}


def test_merge_of_names_in_several_spellings() -> None:
    found = Found({"Sci-Fi": 0.7, "War": 0.6})
    assert merge(["Science Fiction"], Mark(), found) is None
    genres, mark = merge(["Science Fiction"], Mark(), found, add=True) or ((), Mark())
    assert genres == ("Science Fiction", "War") and set(mark.genres) == {"War"}


def test_what_a_person_said_in_a_store_is_written_and_never_marked() -> None:
    said = Found({"Drama": 0.9, "War": 0.1}, "default", "1", said=("War",))
    new = write_nfo(None, said)
    told = read_nfo(new)
    assert told.genres == ("Drama", "War")
    assert (tuple(told.mark.genres), told.said) == (("Drama",), ("War",))
    assert write_nfo(new, OTHER) == new == write_nfo(new, said)
    reviewed = write_nfo(write_nfo(None, FOUND), Found({"War": 0.1}, said=("War",)))
    assert (read_nfo(reviewed).genres, read_nfo(reviewed).said) == (("War",), ("War",))


SAID = "<movie>\n  <title>Café Été</title>\n</movie>\n"


@pytest.mark.parametrize("tail", ["", "x"])
@pytest.mark.parametrize("claim", ["utf-16", "UTF-16LE", "iso-8859-1", "windows-1252", "klingon"])
def test_a_declaration_that_is_not_true(claim: str, tail: str) -> None:
    data = f'<?xml version="1.0" encoding="{claim}"?>\n{SAID}{tail}'.encode()
    assert read_nfo(data).title == "Café Été"
    new = write_nfo(data, Found({"Épopée": 0.9}))
    assert read_nfo(new).genres == ("Épopée",)
    head, _, rest = new.partition(b"\n  <genre>")
    assert data.startswith(head) and data.endswith(rest.partition(b"</genreel>")[2])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(encoding: str) -> None:
    data = f'<?xml version="1.0" encoding="utf-16"?>\n{SAID}'.encode(encoding)
    assert read_nfo(data).title == "Café Été"
    assert read_nfo(write_nfo(data, FOUND)).genres == ("Drama", "Science Fiction")


@pytest.mark.parametrize("own", ["utf-8", "iso-8859-1", "cp1252", "shift_jis"])
@pytest.mark.parametrize("tail", [b"\xdc\xdb\x81 NOTICE \xb0\r\n", b"\xff\xfe", "Ärger".encode()])
def test_other_bytes_behind_the_root_stay(own: str, tail: bytes) -> None:
    title = "夜の港" if own == "shift_jis" else "Café Été"
    head = f'<?xml version="1.0" encoding="{own}"?>\n<movie>\n  <title>{title}</title>'.encode(own)
    data = head + b"\n</movie>\n" + tail
    if own == "shift_jis" and tail == "Ärger".encode():
        pytest.skip("reads as letters of that code")
    assert read_nfo(data).title == title
    new = write_nfo(data, FOUND)
    assert new.startswith(head) and new.endswith(b"\n</movie>\n" + tail)


@pytest.mark.parametrize(
    "inside",
    [
        "<genres><genre>Western</genre><genre>Comedy</genre></genres>",
        "<genres>Western|Comedy</genres>", "<Genre>Western / Comedy</Genre>",
        "<genres>\n <genre>Western</genre>\n</genres><genre>Comedy</genre>",
    ],
)  # fmt: skip
def test_genres_in_genres_are_a_persons(inside: str) -> None:
    data = f"<movie><title>A</title>{inside}<plot/></movie>".encode()
    assert read_nfo(data).genres == ("Western", "Comedy")
    assert write_nfo(data, FOUND) == data
    added = write_nfo(data, FOUND, add=True)
    assert inside.encode() in added and read_nfo(added).mark.genres
    assert write_nfo(added, FOUND, add=True) == added
