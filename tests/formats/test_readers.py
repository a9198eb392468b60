"""Every format: what is read, written as a catalogue and read again is the same."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, VocabularyError
from genreel.formats import FORMATS
from genreel.formats.film import Options
from genreel.formats.importing import PROBLEMS, write_import
from genreel.formats.movielens import split_title
from genreel.formats.names import Names, find_names, read_names, rename, spell
from genreel.prediction import Prediction
from genreel.vocabulary import GENRES

NONE = Options()


def picture(shade: int = 90) -> bytes:
    """A small JPEG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (8, 12), (shade, 40, 60)).save(file, "JPEG")
    return file.getvalue()


def bytes_of(movie: Movie) -> bytes | None:
    poster = movie.poster
    assert poster is None or isinstance(poster, Path | bytes)
    return poster.read_bytes() if isinstance(poster, Path) else poster


def imported(
    name: str, source: Path, target: Path, options: Options = NONE
) -> tuple[dict[str, Movie], dict[str, str]]:
    """Movies by id as the catalogue has them, which is as they were read; and the problems."""
    read = list(FORMATS[name].read(source, options))
    write_import(read, target)
    back = Catalogue(target, extra=True).by_id()
    usable = {m.id: m for m in read if m.poster or m.plot or m.title}
    assert list(back) == list(usable)
    for movie_id, movie in usable.items():
        assert bytes_of(back[movie_id]) == bytes_of(movie)
        assert replace(back[movie_id], poster=None) == replace(movie, poster=None, problem="")
    problems: dict[str, str] = {}
    if (target / PROBLEMS).exists():
        with (target / PROBLEMS).open(newline="", encoding="utf-8") as file:
            problems = {row["id"]: row["problem"] for row in csv.DictReader(file)}
    assert all("\n" not in problem for problem in problems.values())
    return back, problems


# Folder and zip archive


def test_a_folder_with_plots(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "old").mkdir(parents=True)
    (source / "Alba (1999).jpg").write_bytes(picture())
    (source / "Alba (1999).txt").write_bytes("Été, à l'aube.".encode("cp1252"))
    (source / "old" / "b.jpg").write_bytes(picture(10))
    (source / "old" / "b.txt").write_text("Rain.", encoding="utf-16")
    (tmp_path / "elsewhere.jpg").write_bytes(picture())
    (source / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    back, problems = imported("folder", source, tmp_path / "out")
    assert not problems
    alba, b = back.values()
    assert (alba.title, alba.year, alba.plot) == ("Alba", 1999, "Été, à l'aube.")
    assert (b.id, b.title, b.year, b.plot) == ("old/b", "", None, "Rain.")


def test_an_archive_that_climbs_out(tmp_path: Path) -> None:
    path = tmp_path / "posters.zip"
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as file:
        for name in ("a.jpg", "../out.jpg", "x/../../y.jpg", "/root.jpg", "C:/drive.jpg"):
            file.writestr(name, picture())
        file.writestr(link, "/etc/hostname")
    back, problems = imported("folder", path, tmp_path / "out")
    assert list(back) == ["a"]
    assert not problems
    assert {p.name for p in tmp_path.iterdir()} == {"posters.zip", "out"}


def test_a_folder_without_posters(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(CatalogueError, match="check the path"):
            list(FORMATS["folder"].read(path, NONE))


# Tables


def test_a_table_of_other_columns(tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "a.jpg").write_bytes(picture())
    table = tmp_path / "films.csv"
    table.write_text(
        "Key;Name;Overview;Art;Kinds;Budget\n"
        "a;Alba;Rain.;art/a.jpg;Drama, Dark;7\n"
        "b;Brume;Fog.;art/none.jpg;Polka;8\n"
        "c;too few\n"
    )
    columns = {"id": "Key", "title": "Name", "plot": "Overview", "poster": "Art", "genres": "Kinds"}
    options = Options(columns, ";", separator=",", names=Names({"dark": ("Film-Noir",)}))
    back, problems = imported("columns", table, tmp_path / "out", options)
    assert back["a"].genres == {"genreel": ("Drama", "Film-Noir")}
    assert back["a"].extra == {"Budget": "7"}
    assert bytes_of(back["a"]) == picture()
    assert back["b"].genres == {}
    assert problems["b"].startswith("no poster 'art/none.jpg' there; give the folder")
    assert "unknown genre 'Polka'; rename or drop it" in problems["b"]
    assert problems["row 3"].startswith("row 3: line 4 has 2 cells, the header 6")
    own = replace(options, genres=("Polka",))
    films = {film.id: film for film in FORMATS["columns"].read(table, own)}
    assert films["b"].genres == {"genreel": ("Polka",)}
    assert "Polka" not in films["b"].problem


@pytest.mark.parametrize("columns", [{"plot": "Overview"}, {"plots": "id"}])
def test_a_column_that_is_not_there(tmp_path: Path, columns: dict[str, str]) -> None:
    (tmp_path / "films.csv").write_text("id,title\na,Alba\n")
    with pytest.raises(CatalogueError, match=r"no column '(Overview|plots)'"):
        list(FORMATS["columns"].read(tmp_path / "films.csv", Options(columns)))


# MM-IMDb


def test_mmimdb_as_released(tmp_path: Path) -> None:
    folder = tmp_path / "mmimdb"
    (folder / "dataset").mkdir(parents=True)
    (folder / "split.json").write_text('{"train": ["0000001"], "dev": ["0000002"], "test": ["3"]}')
    films = {
        "0000001": {"title": "Alba", "year": 1999, "genres": ["Drama", "Reality-TV"],
                    "plot": ["Rain.", "Rain falls."]},
        "0000002": {"title": "Brume", "plot outline": "Fog.", "genres": ["Sci-Fi"]},
    }  # fmt: skip
    for number, facts in films.items():
        (folder / "dataset" / f"{number}.json").write_text(json.dumps(facts))
    (folder / "dataset" / "0000001.jpeg").write_bytes(picture())
    (folder / "dataset" / "3.json").write_text('{"title": ')
    back, problems = imported("mmimdb", folder, tmp_path / "out")
    alba, brume = back["tt0000001"], back["tt0000002"]
    assert (alba.plot, alba.split, alba.genres) == ("Rain falls.", "train", {"imdb": ("Drama",)})
    assert bytes_of(alba) == picture()
    assert (brume.plot, brume.split, brume.genres) == ("Fog.", "valid", {"imdb": ("Sci-Fi",)})
    assert list(problems) == ["tt3"]
    assert "dataset/3.json" in problems["tt3"]


def test_mmimdb_as_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    mean = np.reshape((103.939, 116.779, 123.68), (3, 1, 1))  # blue, green, red
    red = np.broadcast_to(np.reshape((0, 0, 250), (3, 1, 1)), (3, 16, 8))
    parts = np.array(
        [(b"train", b"imdb_ids", 0, 1), (b"dev", b"imdb_ids", 1, 2), (b"train", b"images", 1, 2)],
        [("split", "S5"), ("source", "S8"), ("start", int), ("stop", int)],
    )
    path = tmp_path / "m.hdf5"
    with h5py.File(path, "w") as file:
        file["imdb_ids"] = np.array([b"0000001", b"0000002"])
        file["images"] = np.rint(np.stack([red, red]) - mean).astype(np.int32)
        file["genres"] = np.array([[1, 0], [1, 1]])
        file["genres"].attrs["target_names"] = json.dumps(["Drama", "War"])
        file.attrs["split"] = parts
    back, problems = imported("mmimdb", path, tmp_path / "out")
    assert not problems
    one, two = back.values()
    assert (one.id, one.split, one.genres) == ("tt0000001", "train", {"imdb": ("Drama",)})
    assert (two.id, two.split, two.genres) == ("tt0000002", "valid", {"imdb": ("Drama", "War")})
    poster = bytes_of(one)
    assert poster is not None
    with Image.open(io.BytesIO(poster)) as image:
        pixels = np.asarray(image, int)
    assert pixels.shape == (16, 8, 3)
    assert np.abs(pixels - (250, 0, 0)).max() <= 6

    path.write_bytes(b"no such file")
    with pytest.raises(CatalogueError, match="not the HDF5 file of MM-IMDb"):
        list(FORMATS["mmimdb"].read(path, NONE))


# Kaggle's "The Movies Dataset"


def test_kaggle_movies(tmp_path: Path) -> None:
    folder = tmp_path / "kaggle"
    folder.mkdir()
    drama = "[{'id': 18, 'name': 'Drama'}, {'id': 878, 'name': 'Science Fiction'}]"
    rows = [
        ("11", "Alba", drama, "Rain.", "1999-05-01", "tt0000001", "{'id': 1, 'name': 'Albas'}"),
        ("12", "Brume", "[{'name': 'Dra", "No overview found.", "", "", ""),
        ("1997-08-20", "", "[{'name': 'Rainworks'}]", "", "", "", ""),
        ("13", "Cime", "[]", "Snow.", "nan", "0", "nan"),
        ("11", "Alba", drama, "Rain.", "1999-05-01", "tt0000001", ""),
    ]
    with (folder / "movies_metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        head = "id title genres overview release_date imdb_id belongs_to_collection"
        writer.writerow(head.split())
        writer.writerows(rows)
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n7,1,11.0\n8,2,\n")
    (folder / "11.jpg").write_bytes(picture())
    target = tmp_path / "out"
    read = list(FORMATS["kaggle_movies"].read(folder, NONE))
    done = write_import(read, target)
    back = Catalogue(target, extra=True).by_id()
    assert (done.movies, done.left_out, done.problems) == (3, 2, 4)
    alba = back["11"]
    assert (alba.title, alba.year, alba.plot) == ("Alba", 1999, "Rain.")
    assert alba.genres == {"tmdb": ("Drama", "Sci-Fi")}
    assert alba.extra["group"] == "Albas"
    assert alba.extra["movielens_id"] == "7"
    assert bytes_of(alba) == picture()
    assert (back["12"].plot, back["12"].genres) == ("", {})
    assert (back["13"].plot, back["13"].year) == ("Snow.", None)
    with (target / PROBLEMS).open(newline="") as file:
        told = [(row["id"], row["problem"]) for row in csv.DictReader(file)]
    assert [movie_id for movie_id, _ in told] == ["12", "row 3", "13", "11"]
    for (_, problem), expected in zip(
        told, ("are no list; mend", "a row that broke in two", "year 'nan'", "came before"),
        strict=True,
    ):  # fmt: skip
        assert expected in problem


# MovieLens


def test_movielens_with_links(tmp_path: Path) -> None:
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "movies.csv").write_text(
        'movieId,title,genres\n1,"Dawn, The (1999)",Children|Sci-Fi\n'
        "2,Fog (2001),(no genres listed)\n3,broken\n"
    )
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n1,42,7\n")
    (folder / "tt0000042.jpg").write_bytes(picture())
    back, problems = imported("movielens", folder, tmp_path / "out")
    assert (back["1"].title, back["1"].year) == ("The Dawn", 1999)
    assert back["1"].genres == {"movielens": ("Family", "Sci-Fi")}
    assert back["1"].extra == {"imdb_id": "tt0000042", "tmdb_id": "7"}
    assert bytes_of(back["1"]) == picture()
    assert back["2"].genres == {}
    assert list(problems) == ["row 3"]
    assert "2 cells" in problems["row 3"]


def test_movielens_as_dat(tmp_path: Path) -> None:
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "movies.dat").write_bytes("1::Été (1968)::Drama\n2::half\n".encode("latin-1"))
    back, problems = imported("movielens", folder, tmp_path / "out")
    assert (back["1"].title, back["1"].year) == ("Été", 1968)
    assert problems == {"row 2": "row 2: not three cells between '::'; mend it"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dawn, The (Alba) (1999)", ("The Dawn (Alba)", "1999")),
        ("Aube, L' (1950)", ("L'Aube", "1950")),
        ("Fog (2001-2003)", ("Fog", "2001")),
        ("1984", ("1984", "")),
    ],
)
def test_titles_of_movielens(text: str, expected: tuple[str, str]) -> None:
    assert split_title(text) == expected


# IMDb

TSV = (
    "tconst\ttitleType\tprimaryTitle\tisAdult\tstartYear\tgenres\n"
    'tt1\tmovie\tThe "Dawn\t0\t1999\tDrama,Sci-Fi\n'
    "tt2\tshort\tFog\t0\t\\N\t\\N\n"
    "tt3\ttvSeries\tNever\t0\t2000\tDrama\n"
    "tt4\tmovie\tNor this\t1\t2000\tAdult\n"
    "tt5\tmovie\n"
)


@pytest.mark.parametrize("name", ["title.basics.tsv.gz", "title.basics.tsv"])
def test_imdb(tmp_path: Path, name: str) -> None:
    data = TSV.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    back, problems = imported("imdb", tmp_path / name, tmp_path / "out")
    assert [(m.id, m.title, m.year) for m in back.values()] == [
        ("tt1", 'The "Dawn', 1999),
        ("tt2", "Fog", None),
    ]
    assert back["tt1"].genres == {"imdb": ("Drama", "Sci-Fi")}
    assert back["tt2"].genres == {}
    assert list(problems) == ["row 5"]


def test_imdb_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "title.basics.tsv.gz"
    path.write_bytes(gzip.compress(TSV.encode())[:-12])
    with pytest.raises(CatalogueError, match=r"damaged .* download it again"):
        list(FORMATS["imdb"].read(path, NONE))


# Kodi


def test_kodi(tmp_path: Path) -> None:
    library = tmp_path / "library"
    nfo = "<movie><title>{}</title><year>1999</year><plot>Rain.</plot>{}</movie>"
    files = {
        "Alba (1999)/movie.nfo": nfo.format("Alba", "<genre>Drama / War</genre>").encode(),
        "Alba (1999)/poster.jpg": picture(10),
        "Brume/Brume.mkv": b"",
        "Brume/Brume.nfo": nfo.format("Brume", "<genre>Polka</genre>").encode(),
        "Brume/folder.jpg": picture(20),
        "Cime (2001).mkv": b"",
        "Cime (2001)-poster.jpg": picture(30),
        "Damp.mkv": b"",
        "Damp.nfo": b"<movie><title>",
        "Series/tvshow.nfo": b"<tvshow/>",
        "Series/one.mkv": b"",
    }
    for name, data in files.items():
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_bytes(data)
    read = {m.id: m for m in FORMATS["kodi"].read(library, NONE)}
    assert "Damp" in read
    back, problems = imported("kodi", library, tmp_path / "out")
    alba, brume, cime = (
        back[i] for i in ("Alba (1999)/movie", "Brume/Brume", "Cime (2001)")
    )  # fmt: skip
    assert (alba.title, alba.year, alba.plot) == ("Alba", 1999, "Rain.")
    assert alba.genres == {"mixed": ("Drama", "War")}
    assert alba.extra["nfo"] == "Alba (1999)/movie.nfo"
    assert [bytes_of(m) for m in (alba, brume, cime)] == [picture(s) for s in (10, 20, 30)]
    assert (cime.title, cime.year) == ("Cime", 2001)
    assert not any(movie_id.startswith("Series") for movie_id in back)
    assert set(problems) == {"Brume/Brume", "Damp"}
    assert problems["Brume/Brume"].startswith("unknown genre 'Polka'")
    assert problems["Damp"].startswith("Damp.nfo: not well-formed XML in line 1")


# Names


def test_names_of_a_person(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_text(
        '[rename]\n"Sci-Fi" = ["Science", "Fiction"]\n'
        '[merge]\n"Dark" = ["Horror", "Film-Noir"]\n[drop]\nnames = ["Short"]\n'
    )
    names = read_names(path)
    assert names(["sci-fi", "Horror", "Film-Noir", "SHORT", "War"]) == (
        "Science", "Fiction", "Dark", "War",
    )  # fmt: skip
    assert find_names(str(path)) == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[rename]\nWar = "A"\n[drop]\nnames = ["war"]\n', "says two things of 'war'; keep one"),
        ("[renames]\n", "unknown table 'renames'; use rename, merge, drop"),
        ("[rename]\nWar = 3\n", "'3' is no name or list of names"),
        ('rename = "War"\n', "rename, merge and drop are tables"),
        ("[rename\n", "mend it"),
    ],
)
def test_names_that_cannot_be_used(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "names.toml"
    path.write_text(text)
    with pytest.raises(VocabularyError, match=expected):
        read_names(path)


@pytest.mark.parametrize("language", ["de", "es", "fr", "it", "pt"])
def test_names_of_a_language_go_out_and_come_back(language: str) -> None:
    every = (*GENRES, "News", "Short", "TV Movie")
    names = find_names(language)(every)
    assert len(set(names)) == len(every)  # no two genres share one
    assert spell(names) == (every, ())


def test_a_prediction_in_other_names(tmp_path: Path) -> None:
    scores = {"Horror": 0.2, "Film-Noir": 0.7, "Crime": 0.6, "Short": 0.9}
    limits = dict.fromkeys(scores, 0.5) | {"Horror": 0.1}
    prediction = Prediction("a", scores, ("Short", "Film-Noir", "Crime", "Horror"), (), None,
                            {"Crime": {"words": [], "areas": []}}, limits)  # fmt: skip
    prediction = replace(prediction, source={"Crime": "lookup", "Horror": "model"})
    german = rename(prediction, find_names("de"))
    assert german.source == {"Krimi": "lookup", "Horror": "model"}
    assert german.genres == ("Kurzfilm", "Film noir", "Krimi", "Horror")
    assert german.scores == {"Horror": 0.2, "Film noir": 0.7, "Krimi": 0.6, "Kurzfilm": 0.9}
    assert list(german.why or ()) == ["Krimi"]
    path = tmp_path / "names.toml"
    path.write_text('[merge]\nDark = ["Horror", "Film-Noir"]\n[drop]\nnames = ["Short"]\n')
    own = rename(prediction, find_names(str(path)))
    assert own.genres == ("Dark", "Crime")
    assert own.scores == {"Dark": 0.7, "Crime": 0.6}  # the likelier of the two
    assert own.thresholds == {"Dark": 0.5, "Crime": 0.5}


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"tmdb"}))
def test_a_source_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogueError, match="does not exist; check the path"):
        list(FORMATS[name].read(tmp_path / "none.csv", NONE))
