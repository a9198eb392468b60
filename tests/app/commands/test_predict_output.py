"""genreel predict: what comes out, in every form, on terminals and in pipes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from running import FIELDS, PLOT, POSTER, Run, spawn

from genreel.app import output
from genreel.app.cli import main
from genreel.catalogue import Catalogue, Movie
from genreel.formats.names import find_names
from genreel.predictor import Predictor
from genreel.why import Word

CSI = "\x1b"


# Forms of output


@pytest.fixture
def expected(words: Predictor, plots: Path) -> list[dict[str, Any]]:
    """What the three plots and a failure give."""
    failure = Movie("none.csv", problem="none.csv does not exist; check the path")
    return [p.to_dict() for p in words.predict_many([*Catalogue(plots), failure])]


def test_json(predict: Run, plots: Path, expected: list[dict[str, Any]]) -> None:
    ran = predict(plots, "none.csv", form="json")
    assert json.loads(ran.out) == expected
    assert ran.code == 3


def test_json_of_nothing(predict: Run, stdin: Callable[[bytes], None]) -> None:
    stdin(b"")
    ran = predict("-", form="json")
    assert json.loads(ran.out) == []
    assert ran.code == 1


def test_jsonl(predict: Run, plots: Path, expected: list[dict[str, Any]]) -> None:
    assert predict(plots, "none.csv", form="jsonl").rows == expected


def test_jsonl_keeps_the_keys_and_other_scripts(predict: Run, tmp_path: Path) -> None:
    record = json.dumps({"id": "七人の侍", "plot": PLOT}, ensure_ascii=False)
    (tmp_path / "m.jsonl").write_text(record + "\n", encoding="utf-8")
    ran = predict(tmp_path / "m.jsonl")
    assert ran.out.startswith('{"id": "七人の侍", "genres": [')
    assert list(ran.rows[0]) == FIELDS


def test_genres_in_a_persons_words(
    predict: Run, plots: Path, words: Predictor, expected: list[dict[str, Any]]
) -> None:
    german = find_names("de")
    rows = predict(plots, "--names", "de").rows
    for row, prediction in zip(rows, expected[: len(rows)], strict=True):
        assert row["genres"] == list(german(prediction["genres"]))
        assert list(row["scores"]) == list(german(prediction["scores"]))
        assert list(row["scores"].values()) == list(prediction["scores"].values())
    header = predict(plots, "--names", "de", form="csv").out.splitlines()[0]
    assert header == ",".join(
        ("id", "genres", *german(words.genres), "missing", "language", "error")
    )
    wrong = predict(plots, "--names", "klingon")
    assert (wrong.code, wrong.out) == (1, "")
    assert "unknown names 'klingon'; use genreel, imdb, tmdb, movielens, kodi, de, es" in wrong.err


def test_csv(predict: Run, plots: Path, words: Predictor, expected: list[dict[str, Any]]) -> None:
    ran = predict(plots, "none.csv", form="csv")
    reader = csv.DictReader(io.StringIO(ran.out))
    rows = list(reader)
    assert reader.fieldnames == ["id", "genres", *words.genres, "missing", "language", "error"]
    for row, prediction in zip(rows, expected, strict=True):
        assert row["id"] == prediction["id"]
        assert row["genres"] == "|".join(prediction["genres"])
        assert row["missing"] == "|".join(prediction["missing"])
        assert row["language"] == (prediction["language"] or "")
        assert row["error"] == (prediction["error"] or "")
        scores = {genre: float(row[genre]) for genre in words.genres if row[genre]}
        assert scores == prediction["scores"]


def test_csv_quotes(predict: Run, stdin: Callable[[bytes], None]) -> None:
    stdin(json.dumps({"id": 'a,"b"\nc', "plot": PLOT}).encode())
    [row] = csv.DictReader(io.StringIO(predict("-", form="csv").out))
    assert row["id"] == 'a,"b"\nc'


def test_parquet(
    capsysbinary: pytest.CaptureFixture[bytes],
    words_bundle: Path,
    words: Predictor,
    plots: Path,
    expected: list[dict[str, Any]],
) -> None:
    argv = ["predict", str(plots), "none.csv", "--model", str(words_bundle), "--format", "parquet"]
    assert main(argv) == 3
    captured = capsysbinary.readouterr()
    table = pq.read_table(io.BytesIO(captured.out))
    assert table.column_names == ["id", "genres", *words.genres, "missing", "language", "error"]
    for row, prediction in zip(table.to_pylist(), expected, strict=True):
        for key in ("id", "genres", "missing", "language", "error"):
            assert row[key] == prediction[key]
        for genre in words.genres:
            score = prediction["scores"].get(genre)
            assert row[genre] == (score if score is None else pytest.approx(score, abs=1e-6))
    assert captured.err == b"genreel: 1 input failed; see the error of each\n"


def test_table(predict: Run, words: Predictor, plots: Path) -> None:
    ran = predict(plots, form="table")
    heading, first, *_ = lines = ran.out.splitlines()
    assert heading.split("  ")[0] == "MOVIE"
    assert len(lines) == 4
    prediction = next(iter(words.predict_many(Catalogue(plots))))
    top = [f"{label['label']} {label['score']:.2f}" for label in prediction.labels(3)]
    assert first.startswith("a ")
    assert first.endswith("  ".join(top))
    assert prediction.genres[0] in first[: heading.index("HIGHEST")]


@pytest.mark.parametrize("top_k", [1, 2, 22])
def test_top_k(predict: Run, plots: Path, top_k: int) -> None:
    row = predict(plots, "--top-k", top_k, form="table").out.splitlines()[1]
    assert row.count(" 0.") == top_k


def test_threshold(predict: Run, plots: Path, words: Predictor) -> None:
    assert predict(plots, "--threshold", 0).rows[0]["genres"] == sorted(
        words.genres, key=lambda genre: -words.predict(plot=PLOT, year=1953).scores[genre]
    )
    assert predict(plots, "--threshold", 1).rows[0]["genres"] == []
    assert "none of these" in predict(plots, "--threshold", 1, form="table").out


def test_a_long_id_is_cut_in_the_table_alone(predict: Run, stdin: Callable[[bytes], None]) -> None:
    record = json.dumps({"id": "七" * 200, "plot": PLOT}).encode()
    stdin(record)
    _, row = predict("-", form="table").out.splitlines()
    assert row.startswith("七" * 14 + "…  ")
    stdin(record)
    assert predict("-").rows[0]["id"] == "七" * 200


def test_escape_sequences_never_reach_the_terminal(
    predict: Run, tiny_bundle: Path, stdin: Callable[[bytes], None]
) -> None:
    evil = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\b\u202e"
    records = [{"id": evil, "plot": PLOT}, {"id": "b", "poster": f"{evil}.jpg"}]
    stdin(b"".join(json.dumps(record).encode() + b"\n" for record in records))
    ran = predict("-", model=tiny_bundle, form="table")
    assert ran.code == 3
    assert "[31mred" in ran.out.splitlines()[1]
    assert "does not exist" in ran.out.splitlines()[2]
    assert all(c == "\n" or c.isprintable() for c in ran.out)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file names are text elsewhere")
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_a_file_name_that_is_not_utf_8(
    predict: Run, tiny_bundle: Path, tmp_path: Path, form: str
) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    shutil.copy(POSTER, name)
    ran = predict(tmp_path, os.fsdecode(name) + ".jpg", model=tiny_bundle, form=form)
    assert ran.code == 3
    assert "caf" in ran.out
    if form == "json":
        assert json.loads(ran.out)[0]["id"] == "caf\udce9"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file names are text elsewhere")
def test_a_file_name_that_is_not_utf_8_in_parquet(
    capsysbinary: pytest.CaptureFixture[bytes], tiny_bundle: Path, tmp_path: Path
) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")
    assert main(["predict", name, "--model", str(tiny_bundle), "--format", "parquet"]) == 1
    [row] = pq.read_table(io.BytesIO(capsysbinary.readouterr().out)).to_pylist()
    assert row["id"] == r"caf\udce9"
    assert row["error"].endswith("does not exist; check the path")


# Terminals and pipes


def test_nothing_is_coloured_when_it_is_no_terminal(
    words_bundle: Path, plots: Path, tmp_path: Path
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"}
    ran = spawn(["predict", plots, "--model", words_bundle], env=environment)
    assert ran.returncode == 0
    assert b"MOVIE" in ran.stdout
    assert CSI.encode() not in ran.stdout + ran.stderr


def on_terminal(argv: Sequence[object], stream: str, **environment: str) -> tuple[str, bytes]:
    """Text that a terminal at `stream` gets, and what the other stream's file gets."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    settings = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI")}
    settings |= {"TERM": "xterm", "COLUMNS": "100", **environment}
    ran = spawn(argv, **{stream: follower}, env=settings)
    os.close(follower)
    shown = b""
    try:
        while data := os.read(leader, 65536):
            shown += data
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(leader)
    return shown.decode(), ran.stdout if stream == "stderr" else ran.stderr


def test_a_terminal_gets_colour_unless_it_is_unwanted(words_bundle: Path) -> None:
    argv = ["predict", "--plot", PLOT, "--model", words_bundle]
    assert CSI in on_terminal(argv, "stdout")[0]
    plain, errors = on_terminal(argv, "stdout", NO_COLOR="1")
    assert "MOVIE" in plain
    assert CSI not in plain
    assert errors == b""


def test_progress_on_a_terminal_takes_no_data_away(
    words_bundle: Path, plots: Path, expected: list[dict[str, Any]]
) -> None:
    argv = ["predict", plots, "--model", words_bundle, "--format", "jsonl"]
    shown, data = on_terminal(argv, "stderr")
    assert "predicting" in shown
    assert "scores" not in shown
    assert [json.loads(line) for line in data.splitlines()] == expected[:3]


def test_parquet_is_not_shown_on_a_terminal(words_bundle: Path) -> None:
    argv = ["predict", "--plot", PLOT, "--model", words_bundle, "--format", "parquet"]
    shown, errors = on_terminal(argv, "stdout")
    assert shown == ""
    assert b"Parquet is binary; send it to a file" in errors


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_a_reader_who_has_seen_enough(words_bundle: Path, tmp_path: Path, form: str) -> None:
    with (tmp_path / "many.jsonl").open("w") as file:
        for number in range(3000):
            file.write(json.dumps({"id": f"movie {number}", "plot": PLOT}) + "\n")
    argv = ["predict", tmp_path / "many.jsonl", "--model", words_bundle, "--format", form]
    command = [sys.executable, "-m", "genreel.app.cli", *map(str, argv)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"MOVIE" if form == "table" else b'{"id"')
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk(words_bundle: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        argv = ["predict", "--plot", PLOT, "--model", words_bundle, "--format", "jsonl"]
        ran = spawn(argv, stdout=full)
    assert (ran.returncode, ran.stderr) == (1, b"genreel: No space left on device\n")


def test_standard_input_of_a_process(words_bundle: Path, words: Predictor) -> None:
    argv = ["predict", "-", "--model", words_bundle, "--format", "jsonl"]
    line = json.dumps({"id": "été", "plot": PLOT}, ensure_ascii=False).encode()
    ran = spawn(argv, input=line, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stderr) == (0, b"")
    row = json.loads(ran.stdout.decode("utf-8"))
    assert row["id"] == "été"
    assert row["scores"] == words.predict(plot=PLOT).to_dict()["scores"]


def test_words_from_right_to_left_keep_their_weights_behind_them() -> None:
    words = [
        Word("مأمورة", 0, 6, 1.2),
        Word("می\u200cخواهم", 7, 15, 0.6),
        Word("\u202eevil", 0, 5, 0.5),
    ]
    line = output._reasons({"words": words, "areas": []})
    assert line == "مأمورة\u200e +1.2, می\u200cخواهم\u200e +0.6,  evil +0.5"
