"""Which files of a library are one movie, as Jellyfin, Kodi and tinyMediaManager lay them out."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from test_readers import picture

from genreel.app.sources import movies_of
from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.applying import Choices, apply_to_files
from genreel.formats.film import Options
from genreel.formats.folder import read_folder
from genreel.formats.journal import undo
from genreel.formats.kodi import read_kodi
from genreel.formats.layout import groups_of, is_episode, is_extra, is_season
from genreel.formats.litter import has_litter
from genreel.formats.mark import Found

FOUND = Found({"Drama": 0.9, "Crime": 0.5}, "default", "1")
NFO = b"<movie>\n  <title>Alba</title>\n</movie>\n"
NOTICE = b"\xdb\xdb A RELEASE \xb0\r\nhttps://www.imdb.com/title/tt9900001/\r\n"


def put(folder: Path, *names: str, **files: bytes) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(NFO if name.endswith(".nfo") else picture() if is_image(name) else b"v")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def is_image(name: str) -> bool:
    return name.lower().endswith((".jpg", ".jpeg", ".png", ".jfif", ".jpe"))


def read(folder: Path) -> dict[str, Movie]:
    try:
        return {movie.id: movie for movie in read_kodi(folder, Options())}
    except CatalogueError:
        return {}


def apply(folder: Path, create: bool = False) -> int:
    movies = read(folder).values()
    choices = Choices(folder, create=create)
    done = apply_to_files([(m, FOUND) for m in movies], "nfo", choices, print, print)
    assert not done.failed
    return done.changed


# Names of a library → the NFO file of each movie that is in it.
LIBRARIES: dict[str, tuple[str, dict[str, str | None]]] = {
    "movie.nfo comes first": (
        "Alba (1999)/Alba (1999).mkv|Alba (1999)/Alba (1999).nfo|Alba (1999)/movie.nfo",
        {"Alba (1999)/Alba (1999)": "Alba (1999)/movie.nfo"},
    ),
    "not where a folder holds several": (
        "Alba (1999).mkv|Brume (2001).mkv|movie.nfo|Brume (2001).nfo",
        {"Alba (1999)": None, "Brume (2001)": "Brume (2001).nfo"},
    ),
    "the only NFO of a folder": (
        "Alba (1999)/a.film.of.rain.mkv|Alba (1999)/alba.nfo",
        {"Alba (1999)/a.film.of.rain": "Alba (1999)/alba.nfo"},
    ),
    "a series, its seasons and specials": (
        "Bay/tvshow.nfo|Bay/Season 1/Bay 1.nfo|Bay/Season 1/Bay 1.mkv|Bay/Specials/x.mkv|Bay/o.nfo",
        {},
    ),
    "seasons without a tvshow.nfo": (
        "Bay/Season 01/one.mkv|Bay/Staffel 2/two.mkv|Bay/S03/three.mkv|Bay/Season 2 (2004)/a.mkv"
        "|Bay/Bay S04E01.mkv|Bay/Bay 5x02 Rain.mkv|Bay/bay.s06.e01.mkv|Bay/Bay S01EP03.mkv",
        {},
    ),
    "movies that are called like series": (
        "Series 7 - The Race (2001)/a.mkv|10x10 (2018).mkv|Open Season (2006)/o.mkv",
        {"Series 7 - The Race (2001)/a": None, "10x10 (2018)": None,
         "Open Season (2006)/o": None},
    ),
    "extras in folders": (
        "|".join(
            ["Alba (1999)/movie.nfo", "Alba (1999)/Alba (1999).mkv"]
            + [f"Alba (1999)/{f}/x.mkv" for f in (
                "trailers", "Behind The Scenes", "deleted scenes", "interviews", "scenes",
                "samples", "shorts", "featurettes", "extras", "extra", "other", "clips",
                "theme-music",
                "backdrops", "specials", "Sample", "Extras/Making of", "Bonus")]
        ),
        {"Alba (1999)/Alba (1999)": "Alba (1999)/movie.nfo"},
    ),
    "extras by name": (
        "|".join(
            ["Alba (1999)/movie.nfo", "Alba (1999)/Alba (1999).mkv", "Alba (1999)/sample.mkv",
             "Alba (1999)/trailer.mp4", "Alba (1999)/movie-trailer.mp4", "Alba (1999)/SAMPLE-x.mkv"]
            + [f"Alba (1999)/Alba{s}.mp4" for s in (
                "-trailer", ".trailer", "_trailer", " trailer", "-sample", ".sample", "_sample",
                " sample", "-scene", "-clip", "-interview", "-behindthescenes", "-deleted",
                "-deletedscene", "-featurette", "-short", "-other", "-extra", "-trailer2")]
        ),
        {"Alba (1999)/Alba (1999)": "Alba (1999)/movie.nfo"},
    ),
    "folders that sort a library": (
        "Shorts/Alba (1999)/Alba (1999).mkv|Other/Brume (2001).mkv|Specials/Cime (2003)/c.mkv",
        {"Shorts/Alba (1999)/Alba (1999)": None, "Other/Brume (2001)": None,
         "Specials/Cime (2003)/c": None},
    ),
    "versions": (
        "Alba (1999)/Alba (1999) - 1080p.mkv|Alba (1999)/Alba (1999) - Director's Cut.mkv"
        "|Alba (1999)/Alba (1999) [2160p].mkv|Alba (1999)/Alba (1999).mkv|Alba (1999)/movie.nfo",
        {"Alba (1999)/Alba (1999)": "Alba (1999)/movie.nfo"},
    ),
    "versions of a folder without a year": (
        "Alba/Alba - 1080p.mkv|Alba/Alba_DVD.avi|Alba/Alba - 1080p.nfo",
        {"Alba/Alba": "Alba/Alba - 1080p.nfo"},
    ),
    "versions in a folder of many": (
        "Alba (1999) - 720p.mkv|Alba (1999).2160p.mkv|Alba (1999).nfo|Brume (2001).mkv",
        {"Alba (1999)": "Alba (1999).nfo", "Brume (2001)": None},
    ),
    "parts": (
        "A/Alba-cd1.avi|A/Alba-cd2.avi|A/Alba.nfo|B/Brume part1.mkv|B/Brume part2.mkv"
        "|B/Brume part1.nfo|C/Cime.pt1.mkv|C/Cime.pt2.mkv|C/movie.nfo|D/Damp disc 1.avi"
        "|D/Damp disc 2.avi|E/Ete dvd1.avi|E/Ete dvd2.avi|F/Fog (1999)a.avi|F/Fog (1999)b.avi"
        "|G/Gel [1 of 2].avi|G/Gel [2 of 2].avi|H/Hay disk1.avi|H/Hay disk2.avi",
        {"A/Alba": "A/Alba.nfo", "B/Brume": "B/Brume part1.nfo", "C/Cime": "C/movie.nfo",
         "D/Damp": None, "E/Ete": None, "F/Fog (1999)": None, "G/Gel": None, "H/Hay": None},
    ),
    "no parts": (
        "Alba Part 1 (1999).mkv|Alba Part 2 (2001).mkv|Plan a.mkv|Spart1.mkv|Spart2.mkv",
        {"Alba Part 1 (1999)": None, "Alba Part 2 (2001)": None, "Plan a": None, "Spart1": None,
         "Spart2": None},
    ),
    "discs": (
        "Alba (1999)/VIDEO_TS/VTS_01_1.VOB|Alba (1999)/VIDEO_TS/VIDEO_TS.IFO|Alba (1999)/movie.nfo"
        "|Alba (1999)/VIDEO_TS/VIDEO_TS.nfo|Alba (1999)/AUDIO_TS/x.vob"
        "|Brume (2001)/BDMV/STREAM/00001.m2ts|Brume (2001)/BDMV/STREAM/00002.m2ts"
        "|Brume (2001)/BDMV/index.bdmv|Brume (2001)/Brume (2001).nfo"
        "|Cime (2003)/HVDVD_TS/a.evo|Cime (2003)/HVDVD_TS/b.evo"
        "|Damp (2004)/VTS_01_1.VOB|Damp (2004)/VIDEO_TS.IFO|Damp (2004)/VIDEO_TS.nfo"
        "|Ete (2005)/Disc 1/BDMV/STREAM/1.m2ts|Ete (2005)/Disc 2/BDMV/STREAM/1.m2ts"
        "|Fog (2006)/CD1/fog.avi|Fog (2006)/CD2/fog.avi|Fog (2006)/movie.nfo",
        {"Alba (1999)/Alba (1999)": "Alba (1999)/VIDEO_TS/VIDEO_TS.nfo",
         "Brume (2001)/Brume (2001)": "Brume (2001)/Brume (2001).nfo",
         "Cime (2003)/Cime (2003)": None, "Damp (2004)/Damp (2004)": "Damp (2004)/VIDEO_TS.nfo",
         "Ete (2005)/Ete (2005)": None, "Fog (2006)/Fog (2006)": "Fog (2006)/movie.nfo"},
    ),
    "litter": (
        "Alba (1999)/Alba (1999).mkv|Alba (1999)/@eaDir/Alba (1999).mkv/v.mkv|#recycle/a.mkv"
        "|Alba (1999)/._Alba (1999).mkv|$RECYCLE.BIN/S-1/b.mkv|lost+found/#1.mkv|.Trash-1000/c.mkv"
        "|System Volume Information/d.mkv|__MACOSX/e.mkv|.@__thumb/f.mkv|#snapshot/g/h.mkv"
        "|FOUND.000/i.mkv|@Recycle/j.mkv",
        {"Alba (1999)/Alba (1999)": None},
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", LIBRARIES)
def test_what_is_one_movie(shape: str, tmp_path: Path) -> None:
    names, expected = LIBRARIES[shape]
    put(tmp_path, *names.split("|"))
    assert {i: m.extra.get("nfo") for i, m in read(tmp_path).items()} == expected
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    written = [tmp_path / nfo for nfo in expected.values() if nfo]
    assert apply(tmp_path) == len(written)
    changed = [path for path, data in before.items() if path.read_bytes() != data]
    assert sorted(changed) == sorted(written)
    if written:
        undo(tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_a_new_file_is_where_servers_look(tmp_path: Path) -> None:
    names = (
        "A (1999)/A (1999) - 1.mkv|A (1999)/A (1999) - 2.mkv|B/B.avi|B/B.nfo|C/BDMV/STREAM/1.m2ts"
    )
    put(tmp_path, *names.split("|"))
    (tmp_path / "B/B.nfo").write_bytes(NOTICE)
    assert apply(tmp_path, create=True) == 3
    nfos = {m.extra["nfo"] for m in read(tmp_path).values()}
    assert nfos == {"A (1999)/A (1999).nfo", "B/movie.nfo", "C/C.nfo"}
    assert (tmp_path / "B/B.nfo").read_bytes() == NOTICE


@pytest.mark.parametrize("root", ["tvshow", "episodedetails", "musicvideo", "season", "album"])
def test_the_root_of_an_nfo_says_what_it_is_of(root: str, tmp_path: Path) -> None:
    put(tmp_path, "Tide/Tide.mkv", "Tide/Tide.nfo", "Alba.mkv")
    data = f"<{root}><title>Tide</title></{root}>".encode()
    (tmp_path / "Tide/Tide.nfo").write_bytes(data)
    assert list(read(tmp_path)) == ["Alba"]
    apply(tmp_path, create=True)
    assert (tmp_path / "Tide/Tide.nfo").read_bytes() == data


def test_an_uploaders_notice_is_read_and_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "Alba (1999)/Alba (1999).mkv", "Alba (1999)/movie.nfo", "Brume/Brume.mkv")
    for name in ("Alba (1999)/Alba (1999).nfo", "Brume/Brume.nfo"):
        (tmp_path / name).write_bytes(NOTICE)
    movies = read(tmp_path)
    assert movies["Brume/Brume"].extra == {"imdb_id": "tt9900001"}
    assert not any(movie.problem for movie in movies.values())
    assert apply(tmp_path) == 1
    assert (tmp_path / "Alba (1999)/Alba (1999).nfo").read_bytes() == NOTICE
    (tmp_path / "Brume/Brume.nfo").write_bytes(b"\xb0\xb1 no address <<>>")
    assert not read(tmp_path)["Brume/Brume"].problem


def test_all_shapes_in_one_library(tmp_path: Path) -> None:
    """Some 350 files of 100 movies and a few series: as large as managers' own test libraries."""
    expected = 0
    for number in range(3):
        for shape, (names, movies) in LIBRARIES.items():
            put(tmp_path / f"{number}" / shape.replace(".", ""), *names.split("|"))
            expected += len(movies)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(read(tmp_path)) == expected > 90 and len(files) > 300


def test_litter_is_passed_over_everywhere(tmp_path: Path) -> None:
    litter = ["Alba/@eaDir/p.jpg/SYNOPHOTO_THUMB_M.jpg", "#recycle/a.jpg", "$RECYCLE.BIN/b.jpg",
              "lost+found/c.jpg", "Alba/._poster.jpg", "__MACOSX/d.jpg", ".Trash-0/e.jpg",
              "System Volume Information/f.jpg", ".thumbnails/g.jpg", "#snapshot/h.jpg",
              "RECYCLER/i.jpg", ".@__thumb/j.jpg"]  # fmt: skip
    put(tmp_path / "in", "Alba/poster.jpg", *litter)
    put(tmp_path / "in", **{"Thumbs.db": b"x", ".DS_Store": b"x"})
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as file:
        for name in ["Alba/poster.jpg", *litter]:
            file.write(tmp_path / "in" / name, name)
    for source in (tmp_path / "in", tmp_path / "in.zip"):
        assert [m.id for m in read_folder(source, Options())] == ["Alba/poster"]
    assert [m.id for m in movies_of([str(tmp_path / "in")])] == ["Alba/poster"]
    assert all(has_litter(name) and has_litter(name.replace("/", "\\")) for name in litter)
    for name in (
        "Alba/poster.jpg",
        "Recycled Love/a.jpg",
        "@home (1999).jpg",
        "#1 Fan.jpg",
        "Found/a",
    ):
        assert has_litter(name) == (name == "Recycled/a")


def test_single_names() -> None:
    for name in ("The Trailer Park", "Short", "Other", "Deleted", "Sampler", "Interview (1999)"):
        assert not is_extra(name)
    for name in ("S01E01", "show.s1e2", "Bay 1x02"):
        assert is_episode(name)
    assert is_season("Temporada 3") and is_season("s01") and not is_season("Seasons")
    assert [g.name for g in groups_of("", ["Alba (1999)", "Alba (2005)"])] == [
        "Alba (1999)", "Alba (2005)"]  # fmt: skip


def test_every_image_is_read_or_named(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jfif", "c.jpe", "f.jpg")
    for name in ("d.avif", "e.TIF", "f.bmp"):
        (tmp_path / name).write_bytes(b"II*\0")
    expected = ["a", "b", "c", "d", "e", "f"]  # of two that are called f, the one that is read
    assert [m.id for m in read_folder(tmp_path, Options())] == expected
    movies = list(movies_of([str(tmp_path)]))
    assert [m.id for m in movies] == expected
    assert [m.poster for m in movies][-1] == tmp_path / "f.jpg"
