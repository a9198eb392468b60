"""genreel predict --films and --read."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from running import POSTER, SAMPLES, Run, spawn

from genreel.app import doctor
from genreel.errors import PosterError
from genreel.lettering import Lettering, Line
from genreel.posters import Limits
from genreel.reading import posters as reading

pytest.importorskip("rapidfuzz", reason="the extra 'read' is not installed")

BRILL = Lettering((Line("LANTERNS OVER BRILL", 0.98, 0.1, 0.6, 0.8, 0.09),))


@pytest.fixture
def index(run: Run, tmp_path: Path) -> Path:
    table = tmp_path / "library.csv"
    table.write_text("id,title,year,genres\ntt9000002,Lanterns over Brill,1974,Horror|Mystery\n")
    assert run("films", table, "--out", tmp_path / "films.db").code == 0
    return tmp_path / "films.db"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """One poster of a film of the index, one of none, one of a movie that has its genres."""
    rows = [
        {"id": "a", "poster": POSTER.name, "lettering": BRILL.to_json()},
        {"id": "b", "poster": POSTER.name, "lettering": "[]"},
        {"id": "c", "poster": POSTER.name, "lettering": BRILL.to_json(), "genres": ["War"]},
    ]
    shutil.copy(POSTER, tmp_path)
    table = tmp_path / "posters.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return table


def test_json_says_who_decided(
    predict: Run, catalogue: Path, index: Path, tiny_bundle: Path
) -> None:
    ran = predict(catalogue, "--films", index, "--accept", 0.3, model=tiny_bundle)
    assert (ran.code, ran.err) == (0, "")
    first, second, third = ran.rows
    assert first["identified"]["title"] == "Lanterns over Brill"
    assert first["identified"]["candidates"][0]["year"] == 1974
    assert sorted(first["genres"]) == ["Horror", "Mystery"]
    assert set(first["source"].values()) == {"lookup"}
    assert second["identified"]["film"] is None
    assert set(second["source"].values()) == {"model"}
    assert (third["genres"], set(third["source"].values())) == (["War"], {"file"})


def test_without_the_flag_nothing_is_said(predict: Run, catalogue: Path, tiny_bundle: Path) -> None:
    for row in predict(catalogue, model=tiny_bundle).rows:
        assert {"identified", "source"}.isdisjoint(row)


def test_csv_and_the_table(predict: Run, catalogue: Path, index: Path, tiny_bundle: Path) -> None:
    ran = predict(catalogue, "--films", index, "--accept", 0.3, model=tiny_bundle, form="csv")
    first, second, _ = csv.DictReader(io.StringIO(ran.out))
    assert list(first)[-5:] == ["film", "title", "year", "probability", "source"]
    assert (first["film"], first["year"], first["source"]) == ("tt9000002", "1974", "lookup|lookup")
    assert (second["film"], second["title"]) == ("", "")
    heading, row, other, _ = predict(
        catalogue, "--films", index, "--accept", 0.3, model=tiny_bundle, form="table"
    ).out.splitlines()
    place = heading.index("FILM")
    assert row[place:].startswith("Lanterns over Brill (1974), ")
    assert other[place:].startswith("—")


def test_parquet(catalogue: Path, index: Path, tiny_bundle: Path) -> None:
    argv = ("--films", index, "--accept", 0.3, "--model", tiny_bundle, "--format", "parquet")
    ran = spawn(["predict", catalogue, *argv])
    assert (ran.returncode, ran.stderr) == (0, b"")
    first, *_ = pq.read_table(io.BytesIO(ran.stdout)).to_pylist()
    assert (first["film"], first["year"], first["source"]) == ("tt9000002", 1974, ["lookup"] * 2)


def test_posters_are_read_where_they_were_not(
    predict: Run, index: Path, tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(poster: Path, limits: Limits) -> Lettering:
        if poster.name == "b.jpg":
            raise PosterError("poster b.jpg: its text cannot be read (x); replace it")
        return BRILL

    monkeypatch.setattr(reading, "read_lettering", read)
    (tmp_path / "posters").mkdir()
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(POSTER, tmp_path / "posters" / name)
    ran = predict(tmp_path / "posters", "--films", index, "--accept", 0.3, model=tiny_bundle)
    good, bad = ran.rows
    assert sorted(good["genres"]) == ["Horror", "Mystery"]
    assert "its text cannot be read" in bad["error"]
    assert bad["scores"], "its picture is judged all the same"
    assert ran.code == 3


def test_reading_alone_asks_no_index(
    predict: Run, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "read_lettering", lambda poster, limits: BRILL)
    [row] = predict(POSTER, "--read", model=tiny_bundle).rows
    assert row["scores"] and "identified" not in row


def test_without_the_extra_one_line_says_what_is_missing(
    run: Run, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "can_import", lambda name: name != "rapidocr")
    for flags in (["--read"], ["--films", index]):
        ran = run("predict", SAMPLES, *flags)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            "genreel: rapidocr is not installed; run: python -m pip install 'genreel[read]'\n"
        )


def test_an_index_that_is_not_there_is_one_line(predict: Run, catalogue: Path) -> None:
    ran = predict(catalogue, "--films", "none.db")
    assert (ran.code, ran.out) == (1, "")
    assert "genreel films SOURCE --out" in ran.err
    assert ran.err.count("\n") == 1


def test_accept_needs_an_index(run: Run) -> None:
    ran = run("predict", POSTER, "--accept", "0.9")
    assert ran.code == 2
    assert "--accept goes with --films" in ran.err
