"""Every command, as a person or a script meets it: what goes in, what comes out, and the code."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import genreel
import genreel.bundle
from genreel.app import doctor
from genreel.app.cli import build_parser, main
from genreel.catalogue import Catalogue, Movie
from genreel.lab.recipe import recipe_names
from genreel.predictor import Predictor

SAMPLES = Path(__file__).parent.parent / "samples"
POSTER = SAMPLES / "posters" / "six-miles-to-redwater.jpg"
PLOT = "A sheriff and a priest hold a town against the army."
COMMANDS = (
    *("predict", "recipes", "train", "evaluate", "calibrate"),
    *("compare", "eras", "import", "apply", "undo", "clean", "split", "colours"),
    *("serve", "watch", "doctor"),
)
CSI = "\x1b"


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process."""

    def run(*argv: object) -> Ran:
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as error:
            code = int(error.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def predict(run: Run, words_bundle: Path) -> Run:
    """Runs `genreel predict` with a bundle that reads words, giving JSON lines."""

    def predict(*argv: object, model: Path = words_bundle, form: str = "jsonl") -> Ran:
        return run("predict", *argv, "--model", model, "--format", form)

    return predict


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


@pytest.fixture
def plots(tmp_path: Path) -> Path:
    """A catalogue of three plots."""
    table = tmp_path / "movies.csv"
    table.write_text(f"id,plot,year\na,{PLOT},1953\nb,A detective has a gun.,\nc,{PLOT},1953\n")
    return table


def spawn(argv: Sequence[object], **settings: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs a command in a process of its own."""
    command = [sys.executable, "-m", "genreel.app.cli", *map(str, argv)]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run(command, timeout=60, check=False, **settings)


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert text.startswith("genreel")
    return text.rstrip("\n")


# Help


def test_help_lists_every_command(run: Run) -> None:
    ran = run("--help")
    assert (ran.code, ran.err) == (0, "")
    listed = re.findall(r"^    ([a-z]+)(?: |$)", ran.out, re.MULTILINE)
    assert tuple(listed) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: genreel {command} ")


def test_these_are_all_commands() -> None:
    [commands] = [a for a in build_parser()._actions if a.metavar == "COMMAND"]
    assert tuple(commands.choices or ()) == COMMANDS


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"genreel {genreel.__version__}\n", "")


# Wrong usage


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["foretell"], "invalid choice: 'foretell'"),
        (["predict", "--smell"], "unrecognized arguments: --smell"),
        (["predict", "--format", "xml"], "invalid choice: 'xml'"),
        (["predict", "--top-k", "0"], "'0' is not a whole number from 1 on"),
        (["predict", "--top-k", "2.5"], "'2.5' is not a whole number from 1 on"),
        (["predict", "--threshold", "1.5"], "'1.5' is not a number from 0 to 1"),
        (["predict", "--threshold", "nan"], "'nan' is not a number from 0 to 1"),
        (["predict", "--max-bytes", "-1"], "'-1' is not a whole number from 1 on"),
        (["predict"], "nothing to predict; give a poster, folder, catalogue or --plot"),
        (["predict", "--plot", " \t"], "nothing to predict"),
        (["predict", "--plot", PLOT, "a.jpg", "b.jpg"], "describe one movie; give one poster"),
        (["predict", "--title", "T", SAMPLES], "describe one movie; give one poster"),
        (["predict", "--year", "1953", "-"], "describe one movie; give one poster"),
        (["predict", "--plot", PLOT, "movies.csv"], "describe one movie; give one poster"),
        (["train", "words", SAMPLES], "the following arguments are required: --out"),
        (["evaluate", "words"], "the following arguments are required: CATALOGUE, --out"),
        (["evaluate", "b", "c", "--out", "d", "--part", "all"], "invalid choice: 'all'"),
        (["split", SAMPLES, "--out", "f", "--valid", "0"], "must be over 0"),
        (["split", SAMPLES, "--out", "f", "--test", "1"], "leave movies to train on"),
        (["split", SAMPLES, "--out", "f", "--valid", ".5", "--test", ".5"], "leave movies"),
        (["split", SAMPLES, "--out", "f", "--seed", "-1"], "'-1' is not a whole number from 0"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, argv: list[object], expected: str) -> None:
    ran = run(*argv)
    assert (ran.code, ran.out) == (2, "")
    line = one_line(ran.err)
    assert expected in line
    assert line.endswith(" --help")


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


def test_a_year_alone(predict: Run, words: Predictor) -> None:
    ran = predict("--year", "1953")
    assert ran.code == 0
    assert ran.rows[0]["scores"] == words.predict(year=1953).to_dict()["scores"]
    assert ran.rows[0]["missing"] == ["plot", "title"]


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
    assert "no posters (.jpg, .jpeg, .png, .webp, .gif) and no table" in ran.rows[2]["error"]
    assert ran.rows[3]["id"] == str(tmp_path / "none.csv")
    assert ran.rows[3]["error"] == f"{tmp_path / 'none.csv'} does not exist; check the path"
    assert one_line(ran.err) == "genreel: 3 inputs failed; see the error of each"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "no posters (.jpg, .jpeg, .png, .webp, .gif) and no table"),
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
    assert alone.rows[0]["error"] == "plot holds no word that the model knows; give it in English"
    beside = predict(POSTER, "--plot", "羅生門の下で雨を待つ", model=tiny_bundle)
    assert beside.code == 3
    assert beside.rows[0]["scores"]
    assert "plot" in beside.rows[0]["missing"]


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
    assert list(ran.rows[0]) == ["id", "genres", "scores", "missing", "error"]


def test_csv(predict: Run, plots: Path, words: Predictor, expected: list[dict[str, Any]]) -> None:
    ran = predict(plots, "none.csv", form="csv")
    reader = csv.DictReader(io.StringIO(ran.out))
    rows = list(reader)
    assert reader.fieldnames == ["id", "genres", *words.genres, "missing", "error"]
    for row, prediction in zip(rows, expected, strict=True):
        assert row["id"] == prediction["id"]
        assert row["genres"] == "|".join(prediction["genres"])
        assert row["missing"] == "|".join(prediction["missing"])
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
    assert table.column_names == ["id", "genres", *words.genres, "missing", "error"]
    for row, prediction in zip(table.to_pylist(), expected, strict=True):
        for key in ("id", "genres", "missing", "error"):
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


# Recipes, extras, doctor


def test_recipes(run: Run) -> None:
    ran = run("recipes")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.splitlines()] == recipe_names()
    assert "default" in recipe_names()


@pytest.mark.parametrize("name", ["default", "words"])
def test_a_recipe(run: Run, name: str) -> None:
    ran = run("recipes", name)
    assert ran.code == 0
    table = tomllib.loads(ran.out)
    assert table["id"] == name
    assert table["features"]["plot"]["kind"] == "terms"


def test_no_such_recipe(run: Run) -> None:
    assert run("recipes", "defalt") == (
        1, "", "genreel: no recipe 'defalt'; did you mean 'default'?\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [
        ["recipes"],
        ["train", "words", "nowhere", "--out", "b"],
        ["evaluate", "b", "nowhere", "--out", "d"],
        ["split", "nowhere", "--out", "f"],
    ],
)
def test_without_the_lab(run: Run, monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> None:
    monkeypatch.setattr(doctor, "_module_there", lambda name: name != "torch")
    assert run(*argv) == (
        1, "", "genreel: torch is not installed; run: python -m pip install 'genreel[lab]'\n",
    )  # fmt: skip


def test_prediction_needs_no_lab(predict: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_module_there", lambda name: False)
    assert predict("--plot", PLOT).code == 0


@pytest.fixture
def shipped(tmp_path: Path, words_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundles that came along, with one called default."""
    shutil.copytree(words_bundle, tmp_path / "bundles" / "default")
    monkeypatch.setattr(genreel.bundle, "SHIPPED", tmp_path / "bundles")
    return tmp_path / "bundles"


@pytest.mark.usefixtures("shipped")
def test_doctor(run: Run) -> None:
    ran = run("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"genreel {genreel.__version__}, Python ")
    assert "  default bundle: works, 22 genres\n" in ran.out
    for name in ("numpy", "onnxruntime", "pillow", "rich"):
        assert f"\n  {name} " in ran.out
    assert "  [lab] training and measuring models: installed\n" in ran.out


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("program", "said"),
    [("/usr/bin/exiftool", "/usr/bin/exiftool"), (None, "apt install libimage-exif")],
)
def test_doctor_names_the_program_that_is_no_library(
    run: Run, monkeypatch: pytest.MonkeyPatch, program: str | None, said: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: program)
    ran = run("doctor")
    assert ran.code == 0, "only --iptc needs it"
    [line] = [line for line in ran.out.splitlines() if "exiftool" in line]
    assert said in line


@pytest.mark.usefixtures("shipped")
def test_doctor_without_the_lab(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_module_there", lambda name: name not in ("torch", "timm"))
    ran = run("doctor")
    assert ran.code == 0, "prediction works all the same"
    line = next(line for line in ran.out.splitlines() if "[lab]" in line)
    assert line.endswith(
        "not installed (lacks timm, torch); run: python -m pip install 'genreel[lab]'"
    )


def test_doctor_with_a_damaged_bundle(run: Run, shipped: Path) -> None:
    (shipped / "default" / "model.onnx").unlink()
    ran = run("doctor")
    assert ran.code == 1
    assert "default bundle: bundle " in ran.out
    assert "model.onnx is missing; get the bundle again\n" in ran.out


def test_doctor_without_onnxruntime(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_module_there", lambda name: name != "onnxruntime")
    ran = run("doctor")
    assert ran.code == 1
    assert "  missing: onnxruntime; run: python -m pip install genreel\n" in ran.out


def test_what_the_extras_ask_for() -> None:
    assert doctor.required() == ["numpy", "onnxruntime", "pillow", "rich"]
    assert {"torch", "scikit-learn", "onnx"} <= set(doctor.required("lab"))
    assert doctor.required("nothing") == []
    assert doctor.missing("test") == [], "every module is looked for under its own name"


# Splitting, training, measuring


def test_split(run: Run, tmp_path: Path, movies: list[Movie]) -> None:
    out = tmp_path / "split.json"
    ran = run("split", SAMPLES, "--out", out, "--valid", "0.2", "--test", "0.2")
    assert (ran.code, ran.out) == (0, "")
    parts = json.loads(out.read_text())
    assert list(parts) == ["train", "valid", "test"]
    ids = [movie_id for part in parts.values() for movie_id in part]
    assert sorted(ids) == sorted(movie.id for movie in movies)
    sizes = ", ".join(f"{name} {len(part)}" for name, part in parts.items())
    assert ran.err == f"{sizes}: written to {out}\n"
    assert all(parts.values())

    run("split", SAMPLES, "--out", tmp_path / "again", "--valid", "0.2", "--test", "0.2")
    assert (tmp_path / "again").read_text() == out.read_text()
    run("split", SAMPLES, "--out", out, "--valid", "0.2", "--test", "0.2", "--seed", "1")
    assert (tmp_path / "again").read_text() != out.read_text()


def test_split_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    ran = run(
        "split", SAMPLES, "--out", tmp_path / "no" / "where", "--valid", "0.2", "--test", "0.2"
    )
    assert ran.code == 1
    assert "cannot write" in one_line(ran.err)


def test_train_and_evaluate(
    run: Run, trained_bundle: Path, tmp_path: Path, movies: list[Movie]
) -> None:
    """What a bundle says it was made by makes it again."""
    split = tmp_path / "split.json"
    ids = [movie.id for movie in movies]
    split.write_text(json.dumps({"train": ids[:17], "valid": ids[17:23], "test": ids[23:]}))
    out = tmp_path / "bundle"
    recipe = trained_bundle / "recipe.toml"
    argv = ["train", recipe, SAMPLES, "--out", out, "--split", split, "--set", "training.epochs=1"]
    trained = run(*argv)
    assert trained.code == 0
    assert trained.err.splitlines()[:3] == ["train: 17 movies", "valid: 6 movies", "test: 6 movies"]
    assert trained.err.endswith(f"bundle written to {out}\n")
    assert not out.with_name("bundle.work").exists()
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["command"] == shlex.join(["genreel", *map(str, argv)])
    before = json.loads((trained_bundle / "metrics.json").read_text())["test"]["as they are"]
    assert metrics["test"]["as they are"]["log_loss"] == pytest.approx(before["log_loss"], abs=1e-3)
    assert f"Made by `{metrics['command']}`" in (out / "README.md").read_text()

    report = tmp_path / "report"
    measured = run("evaluate", out, SAMPLES, "--out", report, "--split", split)
    assert measured.code == 0
    undefined, said = measured.err.splitlines()  # six films do not have every genre
    assert "are not both there: no ROC AUC" in undefined
    assert said == f"report written to {report / 'report.html'}"
    assert measured.out == trained.out, "the test part, through the same bundle"
    figures = json.loads((report / "metrics.json").read_text())
    assert figures == metrics["test"]
    heading, *rows = measured.out.splitlines()
    assert heading.split("  ")[0].strip() == "inputs"
    assert [row[:12].strip() for row in rows] == list(figures)
    first = figures["as they are"]
    shown = rows[0].split()[-6:]
    assert shown[0] == "6"
    assert shown[3] == f"{first['macro_f1']:.3f}"

    valid = run("evaluate", out, SAMPLES, "--out", report, "--split", split, "--part", "valid")
    assert json.loads((report / "metrics.json").read_text()) == metrics["valid"]
    assert valid.out != measured.out


def test_evaluate_without_a_split_takes_every_movie(
    run: Run, words_bundle: Path, tmp_path: Path
) -> None:
    assert run("evaluate", words_bundle, SAMPLES, "--out", tmp_path).code == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert list(figures) == ["as they are", "plot only"]
    assert figures["as they are"]["movies"] == 29


def test_evaluate_keeps_the_first_of_two_rows_with_an_id(
    run: Run, words_bundle: Path, tmp_path: Path
) -> None:
    table = tmp_path / "m.csv"
    table.write_text(f"id,plot,genres\na,{PLOT},Western\na,{PLOT},War\nb,{PLOT},Drama\n")
    ran = run("evaluate", words_bundle, table, "--out", tmp_path)
    assert ran.code == 0
    by_genre = json.loads((tmp_path / "metrics.json").read_text())["as they are"]["genres"]
    assert (by_genre["Western"]["positive"], by_genre["War"]["positive"]) == (1, 0)
    assert by_genre["Western"]["known"] == 2


def test_evaluate_shows_a_dash_for_what_is_undefined(
    run: Run, words_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "m.csv").write_text(f"id,plot,genres\na,{PLOT},Western\n")
    ran = run("evaluate", words_bundle, tmp_path / "m.csv", "--out", tmp_path)
    assert ran.code == 0
    assert "—" in ran.out
    assert "None" not in ran.out


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"id,plot\na,{PLOT}\n", "no movie has genres to compare with"),
        ("id,plot,genres\n", "no movie has genres to compare with"),
    ],
)
def test_evaluate_needs_labels(
    run: Run, words_bundle: Path, tmp_path: Path, content: str, expected: str
) -> None:
    (tmp_path / "m.csv").write_text(content)
    ran = run("evaluate", words_bundle, tmp_path / "m.csv", "--out", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert expected in one_line(ran.err)


def test_evaluate_writes_into_a_folder(run: Run, words_bundle: Path, plots: Path) -> None:
    ran = run("evaluate", words_bundle, SAMPLES, "--out", plots)
    assert ran.code == 1
    assert one_line(ran.err) == f"genreel: cannot make {plots} (File exists)"


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["nothing"], "no recipe 'nothing'"),
        (["words", "--set", "nowhere.C=1"], "no table 'nowhere' in the recipe"),
        (["words", "--set", "model.C=high"], "recipe words.model.C: must be float, not 'high'"),
        (["words", "--taxonomy", "klingon"], "unknown taxonomy 'klingon'"),
        (["words", "--split", "none.json"], "split none.json: No such file or directory"),
    ],
)
def test_training_that_cannot_start(
    run: Run, tmp_path: Path, argv: list[str], expected: str
) -> None:
    recipe, *rest = argv
    ran = run("train", recipe, SAMPLES, "--out", tmp_path / "b", *rest)
    assert (ran.code, ran.out) == (1, "")
    assert expected in one_line(ran.err)
    assert list(tmp_path.iterdir()) == []


# Importing, applying, cleaning


def test_import_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("id,Name,plot\na,Alba,Rain.\nb,too few\n")
    argv = ["import", "columns", tmp_path / "films.csv", tmp_path / "out", "--map", "title=Name"]
    ran = run(*argv)
    assert (ran.code, ran.out) == (3, "")
    assert "1 films: written to" in ran.err
    [movie] = Catalogue(tmp_path / "out")
    assert (movie.id, movie.title, movie.plot) == ("a", "Alba", "Rain.")
    again = run(*argv)
    assert again.code == 1
    assert "is there already; give --overwrite to replace it" in one_line(again.err)


def test_apply_and_undo_commands(run: Run, tmp_path: Path) -> None:
    nfo = tmp_path / "films" / "Alba (1999)" / "movie.nfo"
    nfo.parent.mkdir(parents=True)
    nfo.write_text("<movie><title>Alba</title></movie>\n")
    before = nfo.read_bytes()
    told = tmp_path / "told.jsonl"
    row = {"id": "Alba (1999)/movie", "genres": ["Western"], "scores": {"Western": 0.9}}
    told.write_text(json.dumps(row) + "\n")
    argv = ["apply", tmp_path / "films", "--to", "nfo", "--predictions", told]

    ran = run(*argv, "--dry-run")
    assert ran.code == 0
    assert "Western" in ran.out
    assert "1 would change" in ran.err
    assert nfo.read_bytes() == before

    ran = run(*argv)
    assert (ran.code, ran.out) == (0, "")
    assert "1 changed" in ran.err
    assert b"<genre>Western</genre>" in nfo.read_bytes()

    ran = run("undo", tmp_path / "films")
    assert (ran.code, ran.err) == (0, "restored: 1, left: 0\n")
    assert nfo.read_bytes() == before


def test_clean_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        f"id,title,plot,genres\na,Alba,{PLOT},Western\nb,Brume,No overview found.,War\n"
    )
    ran = run("clean", tmp_path / "m.csv", "--out", tmp_path / "out")
    assert ran.code == 0
    rows = [(row["id"], row["kind"]) for row in csv.DictReader(io.StringIO(ran.out))]
    assert rows == [("a", "no poster"), ("b", "placeholder plot"), ("b", "no poster")]
    assert "      2  no poster\n" in ran.err
    assert [movie.id for movie in Catalogue(tmp_path / "out")] == ["a"]
