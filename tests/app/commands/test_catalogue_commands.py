"""Commands for catalogues: import, apply, undo, clean."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from running import PLOT, Run, one_line

from genreel.catalogue import Catalogue


def test_import_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("id,Name,plot\na,Alba,Rain.\nb,too few\n")
    argv = ["import", "columns", tmp_path / "films.csv", tmp_path / "out", "--map", "title=Name"]
    ran = run(*argv)
    assert (ran.code, ran.out) == (3, "")
    assert "1 movies: written to" in ran.err
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


def test_apply_tells_what_predict_tells(run: Run, tmp_path: Path, words_bundle: Path) -> None:
    table = tmp_path / "movies.csv"
    table.write_text(f"id,plot,genres\na,羅生門,\nb,{PLOT},\n")
    argv = ["--to", "csv", "--model", words_bundle, "--threshold", "0"]
    ran = run("apply", table, *argv)
    assert ran.code == 3
    assert "a: plot " in ran.err and "1 changed, 0 stay as they are, 1 failed" in ran.err
    table.write_text("id,plot,genres\na,羅生門,\n")
    assert run("apply", table, *argv).code == 1
    assert table.read_text() == "id,plot,genres\na,羅生門,\n"


def test_apply_in_a_language(run: Run, tmp_path: Path, words_bundle: Path) -> None:
    table = tmp_path / "movies.csv"
    table.write_text(f"id,plot,genres\na,{PLOT},\n")
    argv = ["apply", table, "--to", "csv", "--model", words_bundle, "--threshold", "0"]
    ran = run(*argv, "--language", "es")
    assert ran.code == 1 and "a: plot is in Spanish" in ran.err
    assert run(*argv).code == 0


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


def test_what_is_written_to_a_pipe_holds_nothing_that_a_terminal_obeys(
    run: Run, tmp_path: Path, words_bundle: Path
) -> None:
    evil = "\x1b[31m\x9b2J\x07\x7f\r"
    path = tmp_path / "movies.jsonl"
    rows = [{"id": evil + n, "plot": PLOT + n, "genres": ["Western", evil + n]} for n in "abcdef"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    cell = r"\x1b[31m\x9b2J\x07\x7f\x0d"
    model = ["--model", words_bundle]
    for command, forms in (
        (["predict", path, *model], ("csv", "json", "jsonl", "table")),
        (["audit", path, *model, "--no-posters"], ("csv", "json", "jsonl", "table")),
    ):
        for form in forms:
            ran = run(*command, "--format", form)
            assert ran.out and all(c == "\n" or c.isprintable() for c in ran.out), (command, form)
            if form.startswith("json"):
                assert "\\u001b[31m\\u009b2J\\u0007\\u007f\\r" in ran.out
                rows = json.loads(ran.out) if form == "json" else ran.rows
                assert evil + "b" in [row["id"] for row in rows]
            assert cell + "b" in ran.out or form != "csv"
    pytest.importorskip("iterstrat")
    ran = run("clean", path)
    assert list(csv.DictReader(io.StringIO(ran.out)))[1]["id"] == cell + "a"
    assert all(c == "\n" or c.isprintable() for c in ran.out)
