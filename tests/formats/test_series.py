"""A library in the shape of those that media managers are tested with: movies and series."""

from __future__ import annotations

from pathlib import Path

import pytest

from genreel.errors import CatalogueError
from genreel.formats.applying import Choices, apply_to_files, find_movies
from genreel.formats.film import Options
from genreel.formats.journal import undo
from genreel.formats.kodi import read_kodi
from genreel.formats.mark import Found
from genreel.formats.nfo import read_nfo
from genreel.formats.series import find_series, read_series
from genreel.formats.source import Source

SHOW = "<tvshow>\n  <title>{}</title>\n  <plot>A town with a secret.</plot>\n</tvshow>\n"
EPISODE = "<episodedetails>\n  <title>One</title>\n</episodedetails>\n"

FILES = {
    "Movies/Alba (1999)/Alba (1999).mkv": "",
    "Movies/Alba (1999)/movie.nfo": "<movie><title>Alba</title></movie>",
    "Movies/Alba (1999)/poster.jpg": "",
    "Movies/Alba (1999)/Extras/Making of.mkv": "",
    "Movies/Brill (2001)/Brill (2001) - 1080p.mkv": "",
    "Movies/Brill (2001)/Brill (2001) - 4K.mkv": "",
    "Movies/Carrow (1953) cd1.avi": "",
    "Movies/Carrow (1953) cd2.avi": "",
    "Movies/Dorn (1988)/VIDEO_TS/VTS_01_1.VOB": "",
    "Movies/Dorn (1988)/VIDEO_TS/VIDEO_TS.IFO": "",
    "Movies/Series 7 - The Race (2001)/Series 7 - The Race (2001).mkv": "",
    # With seasons, episodes' NFO files and specials.
    "Shows/Ember/tvshow.nfo": SHOW.format("Ember"),
    "Shows/Ember/poster.jpg": "",
    "Shows/Ember/Season 1/Ember S01E01.mkv": "",
    "Shows/Ember/Season 1/Ember S01E01.nfo": EPISODE,
    "Shows/Ember/Season 1/Ember S01E02.mkv": "",
    "Shows/Ember/Season 1/Ember S01E02-trailer.mkv": "",
    "Shows/Ember/Specials/Ember S00E01.mkv": "",
    "Shows/Ember/Staffel 2/01 - Rauch.mkv": "",
    # Flat, by 1x02, without an NFO file.
    "Shows/Ferry Road/Ferry Road 1x01.avi": "",
    "Shows/Ferry Road/Ferry Road 1x02.avi": "",
    # An episode a folder.
    "Shows/Gull/tvshow.nfo": SHOW.format("Gull"),
    "Shows/Gull/S01/Gull.S01E01.720p/Gull.S01E01.720p.mkv": "",
    # Nothing but its NFO file yet.
    "Shows/Harrow (2020)/tvshow.nfo": SHOW.format("Harrow"),
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_series_and_movies_are_told_apart(library: Path) -> None:
    shows = {Path(one.path).name: one.episodes for one in find_series(Source(library).names)}
    assert shows == {"Ember": 4, "Ferry Road": 2, "Gull": 1, "Harrow (2020)": 0}
    titles = {movie.title for movie in read_kodi(library, Options())}
    assert titles == {"Alba", "Brill", "Carrow", "Dorn", "Series 7 - The Race"}


def test_a_series_is_read_as_a_whole(library: Path) -> None:
    ember, ferry, _, harrow = read_series(library, Options())
    assert (ember.id, ember.title, ember.plot) == ("Shows/Ember", "Ember", "A town with a secret.")
    assert ember.poster == library / "Shows" / "Ember" / "poster.jpg"
    assert ferry.title == "Ferry Road"
    assert harrow.title == "Harrow"
    assert harrow.year == 2020


def test_no_file_of_a_series_changes_unasked(library: Path) -> None:
    before = {path: path.read_bytes() for path in library.rglob("*.nfo")}
    found = Found({"Drama": 0.9}, "m", "1")
    pairs = [(movie, found) for movie in find_movies(library, "nfo")]
    counts = apply_to_files(pairs, "nfo", Choices(library, create=True), str, str)
    assert counts.changed == 5
    assert {p: p.read_bytes() for p in before if "Shows" in p.parts} == {
        p: data for p, data in before.items() if "Shows" in p.parts
    }


def test_on_request_its_tvshow_nfo_gets_genres(library: Path) -> None:
    before = {path: path.read_bytes() for path in library.rglob("*.nfo")}
    found = Found({"Mystery": 0.9}, "m", "1")
    pairs = [(show, found) for show in find_movies(library, "nfo", is_of_series=True)]
    counts = apply_to_files(pairs, "nfo", Choices(library, create=True), str, str)
    assert (counts.changed, counts.without_file, counts.failed) == (3, 1, 0)
    for path, data in before.items():
        genres = read_nfo(path.read_bytes()).genres
        assert genres == (("Mystery",) if path.name == "tvshow.nfo" else ()), path
        assert (path.read_bytes() == data) == (path.name != "tvshow.nfo")
    undo(library)
    assert {path: path.read_bytes() for path in library.rglob("*.nfo")} == before


def test_a_movie_library_has_no_series(tmp_path: Path) -> None:
    (tmp_path / "Alba (1999).mkv").touch()
    with pytest.raises(CatalogueError, match="holds no series"):
        list(read_series(tmp_path, Options()))


def test_a_tvshow_nfo_of_something_else_is_told(library: Path) -> None:
    (library / "Shows" / "Gull" / "tvshow.nfo").write_text("<movie><title>Gull</title></movie>")
    [gull] = [one for one in read_series(library, Options()) if one.title == "Gull"]
    assert "is no series'" in gull.problem
