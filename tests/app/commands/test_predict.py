"""genreel predict: what goes in, and what is said of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import PLOT, POSTER, SAMPLES, Run, one_line

from genreel.catalogue import Movie
from genreel.predictor import Predictor

# What can be predicted


def test_a_poster(predict: Run, tiny_bundle: Path, tiny: Predictor) -> None:
    ran = predict(POSTER, model=tiny_bundle)
    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [tiny.predict(POSTER).to_dict()]


def test_posters(predict: Run, tiny_bundle: Path) -> None:
    other = SAMPLES / "posters" / "emberfell.jpg"
    ran = predict(other, POSTER, other, model=tiny_bundle)
    assert [row["id"] for row in ran.rows] == ["emberfell", "six-miles-to-redwater", "emberfell"]
    assert ran.rows[0] == ran.rows[2]


def test_a_folder_of_posters_and_the_folders_in_it(
    predict: Run, tiny_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "old" / "west").mkdir(parents=True)
    (tmp_path / "folder.jpg").mkdir()
    shutil.copy(POSTER, tmp_path / "old" / "west" / "six.JPG")
    shutil.copy(POSTER, tmp_path / "b.jpeg")
    (tmp_path / "notes.txt").write_text("no poster")
    ran = predict(tmp_path, model=tiny_bundle)
    assert ran.code == 0
    assert [row["id"] for row in ran.rows] == ["b", "old/west/six"]


def test_a_folder_with_a_table_is_its_table(
    predict: Run, tiny_bundle: Path, tiny: Predictor, movies: list[Movie]
) -> None:
    ran = predict(SAMPLES, model=tiny_bundle)
    assert ran.code == 0
    assert ran.rows == [p.to_dict() for p in tiny.predict_many(movies)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_catalogue(predict: Run, words: Predictor, tmp_path: Path, suffix: str) -> None:
    records = [
        {"id": "a", "plot": PLOT, "year": "1953"},
        {"id": "b", "plot": "A detective has a gun.", "year": ""},
    ]
    path = tmp_path / f"mine{suffix}"
    if suffix == ".csv":
        lines = [list(records[0]), *(list(record.values()) for record in records)]
        path.write_text("".join(",".join(line) + "\n" for line in lines))
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    else:
        pq.write_table(pa.Table.from_pylist(records), path)
    ran = predict(path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [p.to_dict() for p in words.predict_many(records)]


def test_json_lines_from_standard_input(
    predict: Run, words: Predictor, stdin: Callable[[bytes], None]
) -> None:
    stdin(json.dumps({"id": 7, "plot": PLOT}).encode() + b"\n\n" + b'{"plot": "A gun"}\n')
    ran = predict("-")
    assert (ran.code, ran.err) == (0, "")
    assert [row["id"] for row in ran.rows] == ["7", "line 3"]
    assert ran.rows[0]["scores"] == words.predict(plot=PLOT).to_dict()["scores"]


def test_a_bad_line_of_standard_input(predict: Run, stdin: Callable[[bytes], None]) -> None:
    stdin(b'{"plot": \n["list"]\n\xff\n' + json.dumps({"id": "good", "plot": PLOT}).encode())
    ran = predict("-")
    assert ran.code == 3
    assert [row["id"] for row in ran.rows] == ["line 1", "line 2", "line 3", "good"]
    assert [bool(row["error"]) for row in ran.rows] == [True, True, True, False]
    assert one_line(ran.err) == "genreel: 3 inputs failed; see the error of each"


def test_a_plot(predict: Run, words: Predictor) -> None:
    ran = predict("--plot", PLOT)
    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [words.predict(plot=PLOT).to_dict()]


def test_a_title_and_a_year(predict: Run, words: Predictor) -> None:
    [row] = predict("--title", "The Far Bank", "--year", "1953").rows
    assert row["missing"] == ["plot"]
    assert row["scores"] == words.predict(title="The Far Bank", year=1953).to_dict()["scores"]


def test_a_year_alone_is_nothing_to_go_by(predict: Run) -> None:
    ran = predict("--year", "1953")
    assert ran.code == 1
    [row] = ran.rows
    assert row["error"] == "nothing to go by: a year tells no genre; give a plot or title"
    assert (row["scores"], row["missing"]) == ({}, ["plot", "title"])


def test_a_poster_with_a_plot(predict: Run, tiny_bundle: Path, tiny: Predictor) -> None:
    ran = predict(POSTER, "--plot", PLOT, "--year", 1953, model=tiny_bundle)
    assert ran.rows == [tiny.predict(POSTER, PLOT, year=1953).to_dict()]
    assert ran.rows[0]["missing"] == ["title"]


def test_several_kinds_at_once(
    predict: Run, tiny_bundle: Path, plots: Path, stdin: Callable[[bytes], None]
) -> None:
    stdin(json.dumps({"id": "in", "plot": PLOT}).encode())
    ran = predict(POSTER, plots, "-", plots.parent, model=tiny_bundle)
    assert [row["id"] for row in ran.rows] == [
        "six-miles-to-redwater", "a", "b", "c", "in", "a", "b", "c",
    ]  # fmt: skip
    assert ran.code == 0


# What cannot


def test_a_missing_poster(predict: Run, tiny_bundle: Path) -> None:
    ran = predict("none.jpg", model=tiny_bundle)
    assert ran.code == 1
    assert ran.rows[0]["error"] == "poster none.jpg: does not exist; check the path"
    assert one_line(ran.err) == "genreel: 1 input failed; see the error of each"


def test_some_fail_and_the_others_are_delivered(
    predict: Run, tiny_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    ran = predict(
        "none.jpg", POSTER, tmp_path / "empty", tmp_path / "none.csv", POSTER, model=tiny_bundle
    )
    assert ran.code == 3
    assert [bool(row["scores"]) for row in ran.rows] == [False, True, False, False, True]
    assert (
        "no posters (.jpg, .jpeg, .jfif, .jpe, .png, .webp, .gif) and no table"
        in ran.rows[2]["error"]
    )
    assert ran.rows[3]["id"] == str(tmp_path / "none.csv")
    assert ran.rows[3]["error"] == f"{tmp_path / 'none.csv'} does not exist; check the path"
    assert one_line(ran.err) == "genreel: 3 inputs failed; see the error of each"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "no posters (.jpg, .jpeg, .jfif, .jpe, .png, .webp, .gif) and no table"),
        ("none.csv", "does not exist; check the path"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_a_path_of_no_use(predict: Run, tmp_path: Path, name: str, expected: str) -> None:
    ran = predict(tmp_path / name)
    assert (ran.code, ran.out) == (1, "")
    assert expected in one_line(ran.err)
    assert len(ran.err) < 400


def test_a_catalogue_without_movies(predict: Run, tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("id,plot\n")
    ran = predict(tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert one_line(ran.err) == "genreel: no movies there; nothing to predict"


def test_a_catalogue_without_columns(predict: Run, tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("name,blurb\nA,B\n")
    ran = predict(tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "no column poster, plot or title (found: 'name', 'blurb')" in one_line(ran.err)


def test_no_such_bundle(run: Run) -> None:
    ran = run("predict", "--plot", PLOT, "--model", "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert one_line(ran.err).startswith("genreel: no bundle at nowhere; give a bundle's folder")


def test_a_year_that_is_none(predict: Run, words: Predictor) -> None:
    ran = predict("--plot", PLOT, "--year", "nineteen")
    assert ran.code == 3
    [row] = ran.rows
    assert row["error"].startswith("year 'nineteen' is not a year from 1870 to 2100")
    assert row["scores"] == words.predict(plot=PLOT).to_dict()["scores"]
    assert predict("--year", "nineteen").code == 1


def test_a_blank_plot_beside_a_poster_is_none(
    predict: Run, tiny_bundle: Path, tiny: Predictor
) -> None:
    ran = predict(POSTER, "--plot", "  ", model=tiny_bundle)
    assert ran.code == 0
    assert ran.rows == [tiny.predict(POSTER).to_dict()]


def test_a_plot_in_another_script(predict: Run, tiny_bundle: Path) -> None:
    alone = predict("--plot", "羅生門の下で雨を待つ")
    assert alone.code == 1
    assert alone.rows[0]["error"] == (
        "plot is in Japanese, which this model does not read; give it in English, or --language en "
        "if it is English"
    )
    unknown = predict("--plot", "羅生門").rows[0]  # too short to tell a language
    assert unknown["error"] == "plot holds no word that the model knows; give it in English"
    beside = predict(POSTER, "--plot", "羅生門の下で雨を待つ", model=tiny_bundle)
    assert beside.code == 3
    assert beside.rows[0]["scores"]
    assert "plot" in beside.rows[0]["missing"]


def test_genres_of_ones_own_are_no_failure(predict: Run, tmp_path: Path) -> None:
    table = tmp_path / "m.csv"
    table.write_text(f"id,plot,genres\na,{PLOT},Heist\nb,{PLOT},Spaghetti Western|War\n")
    ran = predict(table)
    assert (ran.code, ran.err) == (0, "")
    assert [row["error"] for row in ran.rows] == [None, None]


def test_language(predict: Run, tmp_path: Path) -> None:
    ran = predict("--plot", PLOT, "--language", "es")
    assert ran.code == 1 and "plot is in Spanish" in ran.rows[0]["error"]
    table = tmp_path / "m.csv"
    table.write_text(f"id,plot,language\na,{PLOT},de\n")
    assert predict(table).rows[0]["language"] == "en"  # as it plainly is
    [row] = predict(table, "--language", "English").rows
    assert (row["language"], row["error"]) == ("en", None)
    ran = predict(table, "--language", "xx")
    assert ran.code == 2 and "language 'xx' is not known" in ran.err


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("--max-bytes", 100, "bytes are more than 100; shrink it or raise max_bytes"),
        ("--max-pixels", 400, "pixels are more than 400; shrink it or raise max_pixels"),
        ("--max-side", 40, "a side is over 40; shrink it or raise max_side"),
        ("--max-whole", 400, "are more than 400; shrink it, save it as a baseline JPEG or raise"),
    ],
)
def test_limits(predict: Run, tiny_bundle: Path, flag: str, value: int, expected: str) -> None:
    ran = predict(POSTER, flag, value, model=tiny_bundle)
    assert ran.code == 1
    assert expected in ran.rows[0]["error"]
    assert predict(POSTER, flag, 10**9, model=tiny_bundle).code == 0


def test_stopped_by_a_person(predict: Run, monkeypatch: pytest.MonkeyPatch, plots: Path) -> None:
    def stop(*args: Any, **settings: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Predictor, "predict_many", stop)
    assert predict(plots) == (130, "", "genreel: stopped\n")
