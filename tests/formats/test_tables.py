"""Tables as other programs write them: what people met in the field, on rows of our own."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from test_readers import imported

from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError
from genreel.formats import FORMATS
from genreel.formats.applying import Choices, apply_to_table
from genreel.formats.film import Options, year_of
from genreel.formats.mark import Found
from genreel.formats.products import handle_of
from genreel.formats.rows import write_table
from genreel.formats.shopify import write_shopify
from genreel.vocabulary import known_spelling

FOUND = Found({"Drama": 0.9, "Crime": 0.5}, "default", "1")
MARK = (
    '"{""model"": ""default"", ""version"": ""1"", ""genres"": {""Drama"": 0.9, ""Crime"": 0.5}}"'
)


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def table_of(data: bytes) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(data))


# Cells


def test_columns_that_share_a_name_keep_their_cells() -> None:
    data = (
        b"id,title,Notes,Notes,Price,price,,\r\n1,Alba,one,two,5,6,box,\r\n2,Brume,a,b,1,2,,x\r\n"
    )
    new, changes = write_table(data, ".csv", {"1": FOUND})
    lines = new.decode().split("\r\n")
    assert lines[0] == "id,title,Notes,Notes,Price,price,,,genres,genreel"
    assert lines[1] == f"1,Alba,one,two,5,6,box,,Drama|Crime,{MARK}"
    assert lines[2] == "2,Brume,a,b,1,2,,x,,"
    assert len(changes) == 1


def test_quotes_line_ends_and_marks_stay_as_they_were() -> None:
    data = '\ufeff"id";"note";"genres"\r"1";"";""\n2;"a\r\nb";\r\n"3";;'.encode()
    new, _ = write_table(data, ".csv", {"1": FOUND, "2": FOUND})
    mark = MARK.encode()
    assert new == (
        b'\xef\xbb\xbf"id";"note";"genres";"genreel"\r"1";"";"Drama|Crime";'
        + mark
        + b'\n2;"a\r\nb";Drama|Crime;'
        + mark
        + b'\r\n"3";;;'
    )


def test_a_name_is_written_in_the_encoding_of_its_table() -> None:
    prediction = {"1": Found({"Komödie": 0.9})}
    for encoding in ("cp1252", "utf-8", "utf-16"):
        data = "id,title,genres\n1,Été,\n".encode(encoding)
        new, _ = write_table(data, ".csv", prediction)
        assert new.decode(encoding).startswith('id,title,genres,genreel\n1,Été,Komödie,"')
        assert write_table(new, ".csv", prediction) == (new, [])
    with pytest.raises(CatalogueError, match="'喜' cannot be written in cp1252; save the table"):
        write_table("id,title\n1,Été\n".encode("cp1252"), ".csv", {"1": Found({"喜剧": 0.9})})


def test_a_name_that_would_fall_apart_in_its_cell_is_refused() -> None:
    prediction = {"1": Found({"Crime|Noir": 0.9})}
    with pytest.raises(CatalogueError, match=r"'Crime\|Noir' holds a '\|', which parts genres"):
        write_table(b"id,title\n1,Alba\n", ".csv", prediction)
    new, _ = write_table(b'{"id": 1}\n', ".jsonl", prediction)
    assert json.loads(new)["genres"] == ["Crime|Noir"]  # a list parts nothing


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        (".csv", b"id,ID,title\n1,1,Alba\n"),
        (".csv", b"id,title,genres,Genres\n1,Alba,,Western\n"),
    ],
)
def test_two_columns_for_one_thing_are_refused(suffix: str, data: bytes) -> None:
    with pytest.raises(CatalogueError, match=r"several columns '(id|genres)'; keep one of them"):
        write_table(data, suffix, {"1": FOUND})


def test_json_keeps_numbers_keys_and_gaps() -> None:
    data = (
        b'{"id":"1","price":12.50,"votes":1E3,"ref":12345678901234567890.123,"a":1,"a":2}\r\n'
        b'{ "genres" : [ ],\t"id" : 2 , "t":"\\u00e9" }\n'
        b'{"id": 3, "genres": "", "x": {"genres": ["War"]}}'
    )
    new, changes = write_table(data, ".jsonl", dict.fromkeys("123", FOUND))
    one, two, three = new.split(b"\n")
    mark = json.dumps(FOUND.genres)
    assert one.startswith(data.split(b"}")[0] + b',"genres":["Drama", "Crime"],"genreel":"{')
    assert two.startswith(
        b'{ "genres" : ["Drama", "Crime"],\t"id" : 2 , "t":"\\u00e9", "genreel": "{'
    )
    assert three.startswith(b'{"id": 3, "genres": "Drama|Crime", "x": {"genres": ["War"]}, "g')
    assert [len(changes), one[-2:], two[-2:], three[-2:]] == [3, b"}\r", b" }", b'"}']
    for line in (one, two, three):
        assert mark in json.loads(line)["genreel"]


def test_a_line_may_hold_a_return_between_its_members() -> None:
    data = b'{"id": 1,\r "x": 1}\n{"title": "Brume"}\n'
    new, _ = write_table(data, ".jsonl", {"1": FOUND, "row 2": FOUND})
    assert new.startswith(b'{"id": 1,\r "x": 1, "genres"') and new.count(b"genreel") == 2


@pytest.mark.parametrize("genres", [[{"id": 18, "name": "Drama"}], {"a": 1}, 7, True])
def test_genres_of_another_shape_are_a_persons(genres: object) -> None:
    data = json.dumps({"id": 1, "genres": genres, "genreel": 5}).encode()
    assert write_table(data, ".jsonl", {"1": FOUND}) == (data, [])


def test_genres_in_a_column_in_capitals_are_a_persons() -> None:
    for data in (b'{"id": 1, "Genres": ["Western"]}', b'{"id": 1, "GENRES": "Western"}'):
        assert write_table(data, ".jsonl", {"1": FOUND}) == (data, [])
    new, _ = write_table(b'{"id": 1, "Genres": null}', ".jsonl", {"1": FOUND})
    assert list(json.loads(new)) == ["id", "Genres", "genreel"]


def test_ids_from_nought_on() -> None:
    predictions = {"0": FOUND, "1.0": FOUND, "row 3": FOUND}
    new, changes = write_table(b'{"id": 0}\n{"id": 1.0}\n{"id": ""}\n', ".jsonl", predictions)
    assert [change.id for change in changes] == ["0", "1.0", "row 3"]
    assert new.count(b"genreel") == 3
    _, changes = write_table(b"id,title\n0,Alba\n1.0,Brume\n ,Cime\n", ".csv", predictions)
    assert [change.id for change in changes] == ["0", "1.0", "row 3"]
    _, changes = write_table(parquet({"id": [0, 1]}), ".parquet", predictions)
    assert [change.id for change in changes] == ["0"]


def test_of_two_rows_with_one_id_the_first_is_meant(tmp_path: Path) -> None:
    table = tmp_path / "movies.csv"
    table.write_text("id,title,genres\na,Alba,\na,Brume,\n")
    again = Movie("a", problem="duplicate id 'a'")
    apply_to_table([(Movie("a", "Alba"), FOUND), (again, Found())], "csv", Choices(table), print)
    first, second = csv.DictReader(io.StringIO(table.read_text()))
    assert (first["genres"], second["genres"]) == ("Drama|Crime", "")


def test_a_genre_that_a_person_and_a_source_name_stays() -> None:
    data = b"id,title,genres,genres_tmdb\n1,Alba,War,War|Horror\n"
    new, _ = write_table(data, ".csv", {"1": FOUND}, add=True)
    assert b"1,Alba,War|Drama|Crime,War|Horror," in new


# Parquet


@pytest.mark.parametrize("large", [True, False])
def test_lists_as_polars_writes_them(large: bool, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    text = pa.large_string() if large else pa.string_view()
    kind = pa.large_list(text) if large else pa.list_(text)
    genres = pa.array([["Western"], None, []], kind)
    columns = {"id": pa.array(["a", "b", "c"], text), "genres": genres, "plot": ["x", "y", "z"]}
    data = parquet(columns)
    new, changes = write_table(data, ".parquet", {"a": FOUND, "b": FOUND})
    after = table_of(new)
    assert after.column("genres").to_pylist() == [["Western"], ["Drama", "Crime"], []]
    assert after.schema.field("genres") == table_of(data).schema.field("genres")
    assert [change.id for change in changes] == ["b"]
    (tmp_path / "movies.parquet").write_bytes(new)
    assert [movie.id for movie in Catalogue(tmp_path)] == ["a", "b", "c"]


def test_parquet_columns_that_share_a_name() -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    file = io.BytesIO()
    columns = [pa.array(["1"]), pa.array(["one"]), pa.array([2]), pa.array([3.5])]
    pq.write_table(pa.table(columns, names=["id", "Notes", "Notes", "notes"]), file)
    new, _ = write_table(file.getvalue(), ".parquet", {"1": FOUND})
    after = pq.ParquetFile(io.BytesIO(new)).read()
    assert after.column_names == ["id", "Notes", "Notes", "notes", "genres", "genreel"]
    assert [after.column(i).to_pylist() for i in range(4)] == [["1"], ["one"], [2], [3.5]]


def test_a_genre_column_of_another_type_is_refused_in_one_line() -> None:
    pa = pytest.importorskip("pyarrow")
    data = parquet({"id": ["a"], "genres": pa.array([None], pa.int64())})
    with pytest.raises(CatalogueError, match=r"'genres' is of type int64, which holds no genres"):
        write_table(data, ".parquet", {"a": FOUND})


@pytest.mark.parametrize("year", [1999, 9999])
def test_times_in_the_old_type_of_spark_stay(year: int) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    times = pa.array([datetime.datetime(year, 12, 31)], pa.timestamp("us"))
    data = parquet({"id": ["a"], "until": times}, use_deprecated_int96_timestamps=True)
    new, _ = write_table(data, ".parquet", {"a": FOUND})
    with pq.ParquetFile(io.BytesIO(new), coerce_int96_timestamp_unit="us") as file:
        assert file.schema.column(1).physical_type == "INT96"
        assert file.read().column("until").to_pylist() == [datetime.datetime(year, 12, 31)]


# Columns of a person's table


def written(folder: Path, text: str, name: str = "films.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    "name", ["Movie Title", "movie title", " Movie  Title ", '"Movie Title"', "MOVIE TITLE"]
)
def test_a_column_is_named_as_a_person_sees_it(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "Const,Movie Title\n7,Alba\n")
    [movie] = FORMATS["columns"].read(path, Options({"id": "Const", "title": name}))
    assert (movie.id, movie.title) == ("7", "Alba")


def test_known_columns_in_capitals_can_be_mapped(tmp_path: Path) -> None:
    path = written(tmp_path, "Release Year,Title,Genre,Plot\n1950,Alba,drama,Rain.\n")
    columns = {"Title ": "Title", "plot": "Plot", "year": "Release Year", "genres": "Genre"}
    back, _ = imported("columns", path, tmp_path / "out", Options(columns))
    movie = back["row 1"]
    assert (movie.title, movie.year, movie.plot) == ("Alba", 1950, "Rain.")
    assert movie.genres == {"genreel": ("Drama",)} and not movie.extra


@pytest.mark.parametrize("name", ["T\u00edtulo", "Ti\u0301tulo", "t\u00edtulo"])
def test_accents_and_quotes_of_a_column(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, 'Ti\u0301tulo,"The ""US"" date"\nAlba,23/06/1994\n')
    [movie] = FORMATS["columns"].read(path, Options({"title": name, "year": 'The "US" date'}))
    assert (movie.title, movie.year) == ("Alba", 1994)


def test_a_mapped_column_is_not_overwritten_by_one_of_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, "id,title,Name\n1,working title,Alba\n")
    back, _ = imported("columns", path, tmp_path / "out", Options({"title": "Name"}))
    assert (back["1"].title, back["1"].extra) == ("Alba", {"source_title": "working title"})


def test_doubled_columns_of_an_import_keep_their_cells(tmp_path: Path) -> None:
    path = written(tmp_path, "id,title,Notes,Notes,,\n1,Alba,one,two,,x\n")
    back, _ = imported("columns", path, tmp_path / "out", Options())
    assert back["1"].extra == {"Notes": "one", "Notes 2": "two", "column 6": "x"}
    path = written(tmp_path, "id,title,Title\n1,Alba,Brume\n", "two.csv")
    with pytest.raises(CatalogueError, match="several columns 'title'"):
        list(FORMATS["columns"].read(path, Options()))
    [movie] = FORMATS["columns"].read(path, Options({"title": "Title"}))
    assert movie.title == "Brume"


def test_capitals_of_json_keys(tmp_path: Path) -> None:
    path = written(tmp_path, '{"Title": "Alba"}\n{"name": 1, "title": "Brume"}\n', "f.jsonl")
    movies = list(FORMATS["columns"].read(path, Options({"id": "Name"})))
    assert [(movie.id, movie.title) for movie in movies] == [("row 1", "Alba"), ("1", "Brume")]


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path, "id,Title\n1,Alba\n")
    with pytest.raises(CatalogueError, match=r"no column 'Titel' \(found: 'id', 'Title'\); check"):
        list(FORMATS["columns"].read(path, Options({"title": "Titel"})))


@pytest.mark.parametrize(
    ("value", "year"),
    [
        ("1994-06-23", 1994),
        ("23/06/1994", 1994),
        ("6/23/1994", 1994),
        ("23.06.1994", 1994),
        ("1994-06-23T20:15:00Z", 1994),
        ("June 23, 1994", 1994),
        ("1994 (USA)", 1994),
        ("19940623", 1994),
        (19940623, 1994),
        ("1994.0", 1994),
        (1994.0, 1994),
        (datetime.date(1994, 6, 23), 1994),
        (datetime.datetime(1994, 6, 23), 1994),
        ("23/06/94", None),
        ("1994-1995", None),
        ("1994.5", None),
        ("19941323", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_year_of_a_date(tmp_path: Path, value: Any, year: int | None) -> None:
    data = parquet({"name": ["Alba"], "release_date": [value]})
    (tmp_path / "films.parquet").write_bytes(data)
    options = Options({"title": "name", "year": "release_date"})
    [movie] = FORMATS["columns"].read(tmp_path / "films.parquet", options)
    assert movie.year == year and bool(movie.problem) == (year is None and value != "")
    assert year is None or int(float(str(year_of(value)))) == year


# MovieLens and IMDb


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_movielens_in_both_encodings(tmp_path: Path, encoding: str) -> None:
    text = "1::Café Noir (2001)::Drama\r\n2::Été, L' (1999)::(no genres listed)\r\n"
    (tmp_path / "movies.dat").write_bytes(text.encode(encoding))
    one, two = FORMATS["movielens"].read(tmp_path, Options())
    assert (one.id, one.title, one.year) == ("1", "Café Noir", 2001)
    assert (two.title, two.year) == ("L'Été", 1999)


def test_one_line_of_movielens_in_another_encoding_spoils_no_other(tmp_path: Path) -> None:
    lines = ["1::Café (2001)::Drama\n".encode(), "2::Été (1999)::War\n".encode("latin-1")]
    (tmp_path / "movies.dat").write_bytes(b"".join(lines))
    assert [movie.title for movie in FORMATS["movielens"].read(tmp_path, Options())] == [
        "Café",
        "Été",
    ]


def test_films_that_went_straight_to_video(tmp_path: Path) -> None:
    names = "tconst\ttitleType\tprimaryTitle\tisAdult\tstartYear\tgenres\n"
    rows = "tt01\tvideo\tAlba\t0\t2001\tHorror\ntt02\tvideoGame\tBrume\t0\t2001\tWar\n"
    (tmp_path / "title.basics.tsv").write_text(names + rows + "tt03\tvideo\tC\t1\t2001\tDrama\n")
    [movie] = FORMATS["imdb"].read(tmp_path, Options())
    assert (movie.id, movie.extra) == ("tt01", {"title_type": "video"})


# Shopify

TODAY = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Product image URL,Status\n"
    'Alba,alba-1999,"<p>a, b</p>",Shop,,Poster,"vintage, A2",https://example.org/1.jpg,Active\n'
    ",alba-1999,,,,,,https://example.org/2.jpg,\n"
)


def test_the_product_file_of_today() -> None:
    new, marks, changes = write_shopify(TODAY.encode(), {"alba-1999": FOUND}, {})
    assert new.decode() == TODAY.replace('"vintage, A2"', '"vintage, A2, Drama, Crime"')
    assert len(changes) == 1 and list(marks) == ["alba-1999"]
    movie = Movie("x", "Alba", 1999, extra={"URL handle": "alba-1999-2"})
    assert handle_of(movie) == "alba-1999-2"


def test_sorted_rows_get_tags_where_the_title_stands() -> None:
    data = b"Handle,Image,Title,Tags\na,2.jpg,,\nb,,Brume,old\na,1.jpg,Alba,vintage\na,3.jpg,,\n"
    new, marks, _ = write_shopify(data, {"a": FOUND}, {})
    assert new == data.replace(b"Alba,vintage", b'Alba,"vintage, Drama, Crime"')
    later, _, _ = write_shopify(new, {"a": Found({"War": 0.8})}, marks)
    assert later == data.replace(b"Alba,vintage", b'Alba,"vintage, War"')
    person = data.replace(b"a,3.jpg,,", b"a,3.jpg,,western")  # in a row that Shopify passes over
    assert write_shopify(person, {"a": FOUND}, {})[0] == person


@pytest.mark.parametrize("tag", ["2020 Sports", "Kids 12+", "War 2", "1980s Horror", "戦争 War"])
def test_a_tag_with_a_number_is_no_genre(tag: str) -> None:
    assert known_spelling(tag) is None
    data = f'Handle,Title,Tags\na,Alba,"{tag}, x"\n'.encode()
    new, marks, _ = write_shopify(data, {"a": Found({"Sport": 0.9, "War": 0.8})}, {})
    assert new.decode().endswith(f'a,Alba,"{tag}, x, Sport, War"\n')
    later, _, _ = write_shopify(new, {"a": FOUND}, marks)
    assert later.decode().endswith(f'a,Alba,"{tag}, x, Drama, Crime"\n')


def test_a_name_with_a_comma_is_no_tag(tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    products.write_text("Handle,Title,Tags\nalba,Alba,vintage\n")
    pairs = [(Movie("1", "Alba"), Found({"Suspense, Thriller": 0.9}))]
    with pytest.raises(CatalogueError, match=r"'Suspense, Thriller' holds a comma") as error:
        write_shopify(products.read_bytes(), {"alba": pairs[0][1]}, {})
    assert "\n" not in str(error.value)
    with pytest.raises(Exception, match=r"products\.csv: genre 'Suspense, Thriller'"):
        apply_to_table(pairs, "shopify", Choices(products), print)
    assert [path.name for path in tmp_path.iterdir()] == ["products.csv"]


def test_a_person_s_tags_keep_their_gaps() -> None:
    data = b"Handle;Title;Tags\na;Alba;vintage,A2,  b\n"
    new, marks, _ = write_shopify(data, {"a": FOUND}, {})
    assert new == b"Handle;Title;Tags\na;Alba;vintage,A2,  b,Drama,Crime\n"
    assert write_shopify(new, {"a": FOUND}, marks)[2] == []


def test_tags_that_a_spreadsheet_would_run() -> None:
    data = b"Handle,Title,Tags\na,Alba,=1+1\nb,Brume,=2\n"
    new, _, _ = write_shopify(data, {"a": FOUND}, {}, safe_cells=True)
    assert new == data.replace(b"=1+1", b'"\'=1+1, Drama, Crime"')


def test_a_table_without_handles_is_refused() -> None:
    with pytest.raises(CatalogueError, match="no columns 'URL handle'"):
        write_shopify(b"id,title\n1,Handle Tags\n", {"1": FOUND}, {})
