"""genreel audit, and apply of what a person accepted."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from running import SAMPLES, Run, one_line

PLOT = (
    "A sheriff and his deputy ride into a dusty frontier town where a gang of outlaws has taken "
    "the saloon, and a gunslinger waits for a showdown at noon."
)
NFO = (
    '<?xml version="1.0"?>\r\n<movie>\r\n  <title>{title}</title><year>1961</year>\r\n'
    "  <plot>{plot}</plot>\r\n  <genre>Western</genre>\r\n{genre}\r\n"
    "  <rating>7</rating><!-- mine -->\r\n</movie>\r\n"
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "Movies"
    for title, genre in (("Alba", "  <genre>Music</genre>"), ("Brill", "")):
        home = folder / f"{title} (1961)"
        home.mkdir(parents=True)
        (home / f"{title} (1961).mkv").touch()
        text = NFO.format(title=title, plot=f"{PLOT} {title}.", genre=genre)
        (home / "movie.nfo").write_bytes(text.encode())
    return folder


def audit_csv(run: Run, library: Path, *flags: object) -> list[dict[str, str]]:
    ran = run("audit", library, "--model", "fast", "--format", "csv", *flags)
    assert ran.code == 0
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_what_a_person_accepts_is_written_and_nothing_else(run: Run, library: Path) -> None:
    nfos = sorted(library.rglob("*.nfo"))
    before = [nfo.read_bytes() for nfo in nfos]
    rows = audit_csv(run, library, "--least", 0.3)
    [row] = [row for row in rows if row["genre"] == "Music"]
    assert (row["title"], row["kind"], row["accept"]) == ("Alba", "wrong genre", "")
    table = library.parent / "audit.csv"

    def write(answer: str) -> None:
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, row)
            writer.writeheader()
            writer.writerow(row | {"accept": answer})

    write("")
    ran = run("apply", library, "--to", "nfo", "--only", table)
    assert (ran.code, [nfo.read_bytes() for nfo in nfos]) == (0, before)
    write("yes")
    ran = run("apply", library, "--to", "nfo", "--only", table)
    assert ran.code == 0
    assert "1 changed" in ran.err
    text = nfos[0].read_bytes().decode()
    assert "Music</genre>" not in text
    assert "<genre>Western</genre>" in text
    assert "<!-- mine -->" in text
    assert nfos[1].read_bytes() == before[1]
    again = run("apply", library, "--to", "nfo", "--only", table)
    assert "0 changed" in again.err
    # What was refused stays away.
    assert "Music" not in json.loads(text.split("<genreel>")[1].split("</genreel>")[0])["genres"]
    assert run("undo", library).code == 0
    assert [nfo.read_bytes() for nfo in nfos] == before


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_every_format_says_the_same(run: Run, library: Path, form: str) -> None:
    ran = run("audit", library, "--model", "fast", "--least", 0.3, "--format", form)
    assert ran.code == 0
    if form == "table":
        assert ran.out.startswith("WRONG GENRE\n")
        assert "not Music" in ran.out
    elif form == "csv":
        assert "wrong genre" in ran.out
    else:
        rows = json.loads(ran.out) if form == "json" else ran.rows
        assert rows[0]["kind"] == "wrong genre"
        assert rows[0]["genres"] == ["Western", "Music"]
    assert ran.err.splitlines()[-1].startswith("2 movies: ")


def test_a_table_is_audited_in_its_own_names(run: Run, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "samples")
    page = tmp_path / "audit.html"
    rows = audit_csv(run, tmp_path / "samples", "--no-posters", "--page", page)
    assert {row["kind"] for row in rows} <= {"wrong genre", "missing genre"}
    assert "<h1>Audit of samples</h1>" in page.read_text(encoding="utf-8")


def test_what_cannot_be_audited_is_one_line(run: Run, tmp_path: Path) -> None:
    assert "does not exist" in one_line(run("audit", tmp_path / "none").err)
    assert "holds no" in one_line(run("audit", tmp_path).err)
    ran = run("apply", SAMPLES, "--to", "csv", "--only", tmp_path / "none.csv", "--dry-run")
    assert "cannot be read" in one_line(ran.err)
