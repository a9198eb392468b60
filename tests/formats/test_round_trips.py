"""What a source of any format holds is read, written as a catalogue and read again as it was.

And what `genreel apply` writes is what independent readers find.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_nfo import kodi
from test_readers import imported, picture

from genreel.catalogue import Movie
from genreel.formats.film import Options
from genreel.formats.mark import Found
from genreel.formats.nfo import read_nfo, write_nfo
from genreel.formats.products import handle_of
from genreel.formats.rows import write_table
from genreel.formats.shopify import write_shopify
from genreel.formats.xmp import read_xmp, write_xmp
from genreel.vocabulary import TMDB_IDS

quick = settings(deadline=None, max_examples=10, phases=(Phase.explicit, Phase.generate))

TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff"),
    max_size=30,
).map(str.strip)
TITLE = TEXT.filter(lambda text: any(c.isalnum() for c in text) and "(" not in text)
PLOT = TEXT.map(lambda text: f"Rain. {text}".strip())
GENRES = ["Action", "Drama", "War", "Sci-Fi", "Comedy"]  # every source has them
POSTER = picture()


@dataclass(frozen=True)
class Film:
    """What a source says of a film; an empty value is one that it does not know."""

    number: int
    title: str
    plot: str
    year: int | None
    genres: tuple[str, ...]
    poster: bool


FILMS = st.lists(
    st.builds(
        Film,
        number=st.integers(1, 9_999_999),
        title=TITLE,
        plot=PLOT,
        year=st.none() | st.integers(1900, 2029),
        genres=st.lists(st.sampled_from(GENRES), unique=True).map(tuple),
        poster=st.booleans(),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda film: film.number,
)


def table(path: Path, header: list[str], rows: list[list[object]], **dialect: object) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, **dialect).writerows([header, *rows])  # type: ignore[arg-type]


def posters(folder: Path, films: list[Film], name: Callable[[Film], str]) -> None:
    for film in films:
        if film.poster:
            (folder / name(film)).write_bytes(POSTER)


# One writer for each format: it puts films into a folder, and gives the path to read.


def put_folder(folder: Path, films: list[Film]) -> Path:
    for film in films:
        (folder / f"{film.number}.jpg").write_bytes(POSTER)
        (folder / f"{film.number}.txt").write_text(film.plot, encoding="utf-8")
    return folder


def put_columns(folder: Path, films: list[Film]) -> Path:
    path = folder / "films.csv"
    rows = [[f.number, f.title, f.plot, f.year, "|".join(f.genres),
             f"{f.number}.jpg" if f.poster else ""] for f in films]  # fmt: skip
    table(path, ["id", "title", "plot", "year", "genres", "poster"], rows)
    posters(folder, films, lambda film: f"{film.number}.jpg")
    return path


def put_lines(folder: Path, films: list[Film]) -> Path:
    path = folder / "films.jsonl"
    rows = [{"id": f.number, "title": f.title, "plot": f.plot, "year": f.year,
             "genres": list(f.genres)} for f in films]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def put_parquet(folder: Path, films: list[Film]) -> Path:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = folder / "films.parquet"
    rows = [{"id": str(f.number), "title": f.title, "plot": f.plot, "year": f.year,
             "genres": list(f.genres)} for f in films]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def put_kodi(folder: Path, films: list[Film]) -> Path:
    for film in films:
        place = folder / f"{film.number}"
        place.mkdir()
        genres = "".join(f"<genre>{genre}</genre>" for genre in film.genres)
        year = f"<year>{film.year}</year>" if film.year else ""
        (place / "movie.nfo").write_text(
            f"<movie><title>{escape(film.title)}</title><plot>{escape(film.plot)}</plot>"
            f"{year}{genres}</movie>",
            encoding="utf-8",
        )
        if film.poster:
            (place / "poster.jpg").write_bytes(POSTER)
    return folder


def put_mmimdb(folder: Path, films: list[Film]) -> Path:
    (folder / "dataset").mkdir()
    for film in films:
        facts = {"title": film.title, "year": film.year, "plot": ["Rain", film.plot]}
        facts |= {"genres": list(film.genres)}
        (folder / "dataset" / f"{film.number:07}.json").write_text(json.dumps(facts))
    posters(folder / "dataset", films, lambda film: f"{film.number:07}.jpeg")
    return folder


def put_hdf5(folder: Path, films: list[Film]) -> Path:
    h5py = pytest.importorskip("h5py")
    path = folder / "m.hdf5"
    with h5py.File(path, "w") as file:
        file["imdb_ids"] = np.array([f"{film.number:07}".encode() for film in films])
        file["images"] = np.zeros((len(films), 3, 8, 6), np.int32)
        file["genres"] = np.array([[genre in f.genres for genre in GENRES] for f in films], int)
        file["genres"].attrs["target_names"] = json.dumps(GENRES)
    return path


def put_kaggle(folder: Path, films: list[Film]) -> Path:
    def listed(film: Film) -> str:
        names = {"Sci-Fi": "Science Fiction"}
        return str([{"id": TMDB_IDS[g], "name": names.get(g, g)} for g in film.genres])

    rows = [[f.number, f.title, listed(f), f.plot, f"{f.year}-05-01" if f.year else ""]
            for f in films]  # fmt: skip
    header = ["id", "title", "genres", "overview", "release_date"]
    table(folder / "movies_metadata.csv", header, rows)
    posters(folder, films, lambda film: f"{film.number}.jpg")
    return folder


def put_movielens(folder: Path, films: list[Film]) -> Path:
    rows = [[f.number, f.title + (f" ({f.year})" if f.year else ""),
             "|".join(f.genres) or "(no genres listed)"] for f in films]  # fmt: skip
    table(folder / "movies.csv", ["movieId", "title", "genres"], rows)
    posters(folder, films, lambda film: f"{film.number}.jpg")
    return folder


def put_imdb(folder: Path, films: list[Film]) -> Path:
    path = folder / "title.basics.tsv.gz"
    lines = ["tconst\ttitleType\tprimaryTitle\tisAdult\tstartYear\tgenres"]
    lines += [f"tt{f.number:07}\tmovie\t{f.title}\t0\t{f.year or chr(92) + 'N'}\t"
              f"{','.join(f.genres) or chr(92) + 'N'}" for f in films]  # fmt: skip
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    posters(folder, films, lambda film: f"tt{film.number:07}.jpg")
    return folder


def put_class_table(folder: Path, films: list[Film]) -> Path:
    rows = [[f.number, f.year, f.title, f.plot, str(list(f.genres)), 5.0] for f in films]
    table(folder / "t.csv", ["", "year", "title", "plot", "genres", "rating"], rows)
    with zipfile.ZipFile(folder / "t.zip", "w") as file:
        file.write(folder / "t.csv", "t.csv")
    return folder / "t.zip"


def tt(film: Film) -> str:
    return f"tt{film.number:07}"


def plain(film: Film) -> str:
    return str(film.number)


# Format → its writer, the id of a film, the taxonomy, and what the format has of a film.
EVERY = "title plot year genres poster"
SOURCES = [
    ("folder", put_folder, plain, "", "plot"),
    ("columns", put_columns, plain, "genreel", EVERY),
    ("columns", put_lines, plain, "genreel", "title plot year genres"),
    ("columns", put_parquet, plain, "genreel", "title plot year genres"),
    ("kodi", put_kodi, lambda film: f"{film.number}/movie", "mixed", EVERY),
    ("mmimdb", put_mmimdb, tt, "imdb", EVERY),
    ("mmimdb", put_hdf5, tt, "imdb", "genres"),
    ("kaggle_movies", put_kaggle, plain, "tmdb", EVERY),
    ("movielens", put_movielens, plain, "movielens", "title year genres poster"),
    ("imdb", put_imdb, tt, "imdb", "title year genres poster"),
    ("class_table", put_class_table, plain, "genreel", "title plot year genres"),
]


@pytest.mark.parametrize("source", SOURCES, ids=[put.__name__[4:] for _, put, *_ in SOURCES])
@quick
@given(films=FILMS)
def test_every_format_comes_back(source: tuple[object, ...], films: list[Film]) -> None:
    name, put, id_of, taxonomy, has = source
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "source")
        folder.mkdir()
        path = put(folder, films)  # type: ignore[operator]
        back, problems = imported(str(name), path, Path(temporary, "out"), Options())
    assert not problems
    assert sorted(back) == sorted(id_of(film) for film in films)  # type: ignore[operator]
    for film in films:
        movie = back[id_of(film)]  # type: ignore[operator]
        if "title" in has:  # type: ignore[operator]
            assert movie.title == film.title
        if "plot" in has:  # type: ignore[operator]
            assert movie.plot == film.plot
        if "year" in has:  # type: ignore[operator]
            assert movie.year == film.year
        if "genres" in has:  # type: ignore[operator]
            assert set(movie.genres.get(str(taxonomy), ())) == set(film.genres)
        if "poster" in has:  # type: ignore[operator]
            assert (movie.poster is not None) == film.poster


# Genres out

NAMES = st.lists(st.sampled_from([*GENRES, "Film-Noir", "Own & <odd>", "Été"]), unique=True)
FOUND = NAMES.map(lambda names: Found(dict.fromkeys(names, 0.5), "default", "1"))
ADDRESS = st.sampled_from(["", "\n", "\nhttps://www.themoviedb.org/movie/603\n"])


KEPT = [
    *("<title>A &amp; B</title>", "<plot/>", "<lockdata>false</lockdata>", "<!-- mine -->"),
    *("<!-- <genre>War</genre> -->", "<![CDATA[<genre>no</genre>]]>"),
    *('<set a="1>2"><genre>inner</genre></set>', "<unknown b='&lt;'></unknown>"),
]
EMPTY = ["<genre></genre>", "<genre />"]


@st.composite
def nfos(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """An NFO file without a genre, as programs and people write them; and what must stay."""
    gap = draw(st.sampled_from(["", " ", "\n  ", "\r\n\t", "\n"]))
    plot = f"<plot>{escape(draw(TEXT))}</plot>"
    inside = draw(st.lists(st.sampled_from([*KEPT, *EMPTY, plot]), max_size=5))
    head = draw(st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>\n', "<!-- head -->"]))
    body = f"<movie>{gap}" + gap.join(inside) + f"{gap}</movie>"
    if not inside:
        body = draw(st.sampled_from([body, "<movie/>", "<movie />"]))
    address = draw(ADDRESS)
    mark = draw(st.sampled_from(["", "\ufeff"]))
    kept = [mark + head, *(part for part in inside if part not in EMPTY), address]
    return (mark + head + body + address).encode(), [part.encode() for part in kept]


def genres_in(data: bytes) -> set[str]:
    return {genre for genre in kodi(data) if genre}


@settings(deadline=None, max_examples=80, phases=(Phase.explicit, Phase.generate))
@given(nfos(), FOUND, FOUND)
def test_kodi_reads_what_was_written(
    nfo: tuple[bytes, list[bytes]], first: Found, second: Found
) -> None:
    data, kept = nfo
    once = write_nfo(data, first)
    assert (once == data) == (not first.genres)
    assert set(read_nfo(once).genres) == genres_in(once) == set(first.genres)
    twice = write_nfo(once, second)
    assert genres_in(twice) == set(second.genres or first.genres)
    assert write_nfo(twice, second) == twice
    assert twice.startswith(kept[0]) and twice.endswith(kept[-1])
    place = 0
    for part in kept:
        place = twice.index(part, place) + len(part)


def subjects(data: bytes) -> dict[str, list[str]]:
    """Keywords as an RDF reader finds them, by the local name of their property."""
    text = re.sub(r"<\?xpacket.*?\?>", "", data.decode())
    lists: dict[str, list[str]] = {}
    for description in ET.fromstring(text).iter(
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    ):
        for element in description:
            name = element.tag.partition("}")[2]
            items = element.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")
            lists.setdefault(name, []).extend(item.text or "" for item in items)
    return lists


@quick
@given(FOUND, FOUND, st.lists(st.sampled_from(["holiday", "a & b"]), unique=True))
def test_sidecars_come_back(first: Found, second: Found, mine: list[str]) -> None:
    items = "".join(f"<rdf:li>{escape(word)}</rdf:li>" for word in mine)
    data = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg"><dc:subject><rdf:Bag>'
        f"{items}</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    wanted = list(second.genres or first.genres)
    for start, kept in ((data, mine), (None, [])):
        once = write_xmp(start, first)
        twice = write_xmp(once or None, second)
        assert write_xmp(twice or None, second) == twice
        if not wanted:
            assert twice == (start or b"")
            continue
        told = subjects(twice)
        assert told["subject"] == [*kept, *wanted]
        assert told["TagsList"] == [f"Genre/{name}" for name in wanted]
        assert told["hierarchicalSubject"] == [f"Genre|{name}" for name in wanted]
        assert set(read_xmp(twice).genres) == set(wanted)


ROWS = st.lists(st.tuples(TEXT, st.sampled_from(["", "War", "Drama|Own"])), min_size=1, max_size=4)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@quick
@given(rows=ROWS, first=FOUND, second=FOUND)
def test_tables_come_back(
    suffix: str, rows: list[tuple[str, str]], first: Found, second: Found
) -> None:
    records = [
        {"id": f"f{number}", "note": note, "genres": genres}
        for number, (note, genres) in enumerate(rows)
    ]
    ids = [str(record["id"]) for record in records]
    data = written(records, suffix)
    once, _ = write_table(data, suffix, dict.fromkeys(ids, first))
    twice, _ = write_table(once, suffix, dict.fromkeys(ids, second))
    assert write_table(twice, suffix, dict.fromkeys(ids, second))[0] == twice
    wanted = "|".join(second.genres or first.genres)
    for old, new in zip(records, told(twice, suffix), strict=True):
        genres = new["genres"]
        assert (new["id"], new["note"] or "") == (old["id"], old["note"])
        joined = genres if isinstance(genres, str) else "|".join(genres or [])
        assert joined == (old["genres"] or wanted)


def written(records: list[dict[str, str]], suffix: str) -> bytes:
    if suffix == ".jsonl":
        return "".join(json.dumps(record) + "\n" for record in records).encode()
    if suffix == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, records[0])
        writer.writeheader()
        writer.writerows(records)
        return text.getvalue().encode()
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records), file)
    return file.getvalue()


def told(data: bytes, suffix: str) -> list[dict[str, str | list[str] | None]]:
    if suffix == ".jsonl":
        return [json.loads(line) for line in data.splitlines()]
    if suffix == ".csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))  # type: ignore[arg-type]
    import pyarrow.parquet as pq

    rows: list[dict[str, str | list[str] | None]] = pq.read_table(io.BytesIO(data)).to_pylist()
    return rows


@quick
@given(st.lists(st.sampled_from(["sale", "70s", "a & b"]), unique=True), FOUND, FOUND)
def test_products_come_back(tags: list[str], first: Found, second: Found) -> None:
    handle = handle_of(Movie("a", "Alba", 1999))
    data = f'Handle,Title,Tags\n{handle},"Al""ba","{", ".join(tags)}"\n{handle},,\n'.encode()
    once, marks, _ = write_shopify(data, {handle: first}, {})
    twice, marks, _ = write_shopify(once, {handle: second}, marks)
    assert write_shopify(twice, {handle: second}, marks)[0] == twice
    [product, picture_row] = csv.DictReader(io.StringIO(twice.decode()))
    wanted = [*tags, *(second.genres or first.genres)]
    assert product["Tags"].split(", ") == (wanted or [""])
    assert (product["Title"], picture_row["Tags"]) == ('Al"ba', "")
