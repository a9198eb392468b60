"""genreel read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from genreel.app.cli import main
from genreel.catalogue import Catalogue
from genreel.errors import PosterError
from genreel.lettering import Lettering, Line
from genreel.posters import Limits, PosterSource
from genreel.reading import posters

pytest.importorskip(
    "rapidocr", reason="the extra 'read' is not installed; pip install 'genreel[read]'"
)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the posters that are read, by a reader that reads their names."""
    names: list[str] = []

    def read(poster: PosterSource, limits: Limits | None = None) -> Lettering:
        path = Path(str(poster))
        names.append(path.name)
        if path.stem == "killed":
            raise KeyboardInterrupt
        if path.stat().st_size < 10:
            raise PosterError(f"poster {path}: damaged image; replace it")
        return Lettering((Line(path.stem.upper(), 0.9, 0.1, 0.1, 0.5, 0.1),))

    monkeypatch.setattr(posters, "read_lettering", read)
    return names


def catalogue(folder: Path, *names: str) -> Path:
    for name in names:
        Image.new("RGB", (20, 30)).save(folder / f"{name}.png")
    table = folder / "movies.csv"
    rows = "".join(f"{name},{name.title()},{name}.png,my own\n" for name in names)
    table.write_text(f"id,title,poster,Notes\n{rows}")
    return table


def texts(table: Path) -> dict[str, str | None]:
    return {m.id: m.lettering and m.lettering.lines[0].text for m in Catalogue(table)}


def test_a_catalogue_is_read_once(tmp_path: Path, readings: list[str]) -> None:
    table = catalogue(tmp_path, "salt", "sea")
    assert main(["read", str(tmp_path), "--workers", "2"]) == 0
    assert texts(table) == {"salt": "SALT", "sea": "SEA"}
    first, *rows = table.read_text().splitlines()
    assert first == "id,title,poster,Notes,lettering"
    assert [row[: row.index(',"')] for row in rows] == [
        "salt,Salt,salt.png,my own",
        "sea,Sea,sea.png,my own",
    ]
    before = table.read_bytes()
    assert main(["read", str(table)]) == 0
    assert table.read_bytes() == before
    assert sorted(readings) == ["salt.png", "sea.png"]
    assert not list(tmp_path.glob(".*"))


def test_a_bad_poster_stops_nothing(
    tmp_path: Path, readings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    table = catalogue(tmp_path, "salt", "bad", "sea")
    (tmp_path / "bad.png").write_bytes(b"x")
    assert main(["read", str(table)]) == 3
    assert texts(table) == {"salt": "SALT", "bad": None, "sea": "SEA"}
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"bad: poster {tmp_path / 'bad.png'}: damaged image; replace it",
        f"2 read, 1 failed: see {table}",
    ]


def test_where_all_posters_are_bad_nothing_is_written(tmp_path: Path, readings: list[str]) -> None:
    table = catalogue(tmp_path, "bad")
    (tmp_path / "bad.png").write_bytes(b"x")
    before = table.read_bytes()
    assert main(["read", str(table)]) == 1
    assert table.read_bytes() == before


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, readings: list[str]) -> None:
    table = catalogue(tmp_path, "salt", "sea", "killed", "sand")
    before = table.read_bytes()
    assert main(["read", str(table), "--workers", "1"]) == 130
    assert table.read_bytes() == before
    journal = tmp_path / ".movies.csv.lettering.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"id": "sand", "lett')  # as a killed process may leave it
    Image.new("RGB", (60, 90)).save(tmp_path / "sea.png")  # changed since
    table.write_bytes(before.replace(b"killed.png", b"sand.png"))
    readings.clear()
    assert main(["read", str(table), "--workers", "1"]) == 0
    assert readings == ["sea.png", "sand.png", "sand.png"]
    assert texts(table) == {"salt": "SALT", "sea": "SEA", "killed": "SAND", "sand": "SAND"}
    assert not journal.exists()


def test_a_table_that_is_edited_meanwhile_keeps_the_edit(
    tmp_path: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = catalogue(tmp_path, "salt")

    def edit(poster: PosterSource, limits: Limits | None = None) -> Lettering:
        table.write_text(table.read_text().replace("my own", "edited"))
        return Lettering()

    monkeypatch.setattr(posters, "read_lettering", edit)
    assert main(["read", str(table)]) == 0
    assert table.read_text() == "id,title,poster,Notes,lettering\nsalt,Salt,salt.png,edited,[]\n"


def test_a_copy_goes_beside_its_posters(
    tmp_path: Path, readings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    table = catalogue(tmp_path, "salt")
    before = table.read_bytes()
    copy = tmp_path / "read.csv"
    assert main(["read", str(table), "--out", str(copy)]) == 0
    assert table.read_bytes() == before
    assert texts(copy) == {"salt": "SALT"}
    assert main(["read", str(table), "--out", str(copy)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["read", str(table), "--out", str(copy), "--overwrite"]) == 0
    (tmp_path / "else").mkdir()
    assert main(["read", str(table), "--out", str(tmp_path / "else" / "read.csv")]) == 1
    assert "beside" in capsys.readouterr().err


def test_a_folder_of_posters_becomes_a_catalogue_elsewhere(
    tmp_path: Path, readings: list[str]
) -> None:
    folder = tmp_path / "posters"
    (folder / "old").mkdir(parents=True)
    for name in ("salt", "old/sea"):
        Image.new("RGB", (20, 30)).save(folder / f"{name}.png")
    with pytest.raises(SystemExit) as stopped:
        main(["read", str(folder)])
    assert stopped.value.code == 2
    out = tmp_path / "posters.jsonl"
    assert main(["read", str(folder), "--out", str(out)]) == 0
    assert texts(out) == {"old/sea": "SEA", "salt": "SALT"}
    assert json.loads(out.read_text().splitlines()[1])["poster"] == "posters/salt.png"
    assert not [path for path in folder.rglob("*") if path.suffix not in (".png", "")]
    assert main(["read", str(folder), "--out", str(tmp_path / "else" / "p.csv")]) == 1


def test_a_second_process_does_not_read_for_the_same_table(
    tmp_path: Path, readings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from genreel.reading.journal import Journal

    table = catalogue(tmp_path, "salt")
    journal = Journal(table)
    assert main(["read", str(table)]) == 1
    assert "another genreel read" in capsys.readouterr().err
    journal.close(True)
    assert main(["read", str(table)]) == 0


def test_without_the_extra_one_line_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genreel.app.doctor.missing", lambda extra: ["rapidocr"])
    assert main(["read", str(catalogue(tmp_path, "salt"))]) == 1
    assert capsys.readouterr().err == (
        "genreel: rapidocr is not installed; run: python -m pip install 'genreel[read]'\n"
    )
