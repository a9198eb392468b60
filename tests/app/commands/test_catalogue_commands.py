"""Commands for catalogues: import, apply, undo, clean."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

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
