"""Help pages, and what is said of wrong usage."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from running import PLOT, SAMPLES, Run, one_line

import genreel
import genreel.bundle
from genreel.app import commands as commands_folder
from genreel.app.cli import build_parser
from genreel.app.commands.listing import COMMANDS, GROUPS


@pytest.mark.parametrize("argv", [["--help"], [], ["help"], ["help", "help"]])
def test_help_lists_every_command_under_a_heading(run: Run, argv: list[str]) -> None:
    ran = run(*argv)
    assert (ran.code, ran.err) == (0, "")
    for heading, commands in GROUPS.items():
        block = ran.out.partition(f"{heading}:\n")[2].partition("\n\n")[0]
        assert re.findall(r"^  ([a-z]+) +(.*)$", block, re.MULTILINE) == list(commands.items())
    assert max(map(len, ran.out.splitlines())) <= 90


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: genreel {command} ")
    assert run("help", command) == ran


def test_these_are_all_commands() -> None:
    [commands] = [a for a in build_parser()._actions if a.metavar == "COMMAND"]
    assert tuple(commands.choices or ()) == tuple(COMMANDS)
    files = Path(commands_folder.__file__).parent.glob("[a-z]*.py")
    names = {path.stem.removesuffix("_") for path in files}
    assert names - {"flags", "listing", "refreshing", "sensing", "shared", "values"} == set(
        COMMANDS
    )


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"genreel {genreel.__version__}\n", "")


# Wrong usage


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (
            ["predct"],
            "genreel: invalid choice: 'predct'; did you mean predict? see genreel predict --help",
        ),
        (
            ["help", "wach"],
            "genreel: invalid choice: 'wach'; did you mean watch? see genreel watch --help",
        ),
        (
            ["predict", "--fromat", "csv"],
            "genreel predict: unrecognized arguments: --fromat; did you mean --format? "
            "see genreel predict --help",
        ),
        (
            ["serve", "--sotre=films.db"],
            "genreel serve: unrecognized arguments: --sotre=films.db; did you mean --store? "
            "see genreel serve --help",
        ),
        (
            ["undo", "a", "b", "--zzz"],
            "genreel undo: unrecognized arguments: b --zzz; see genreel undo --help",
        ),
    ],
)
def test_wrong_words_are_answered_with_the_nearest(
    run: Run, argv: list[object], expected: str
) -> None:
    assert run(*argv) == (2, "", f"{expected}\n")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
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
def test_wrong_usage_is_one_line(
    run: Run, argv: list[object], expected: str, request: pytest.FixtureRequest
) -> None:
    if argv[:1] == ["split"]:
        request.getfixturevalue("lab")
    ran = run(*argv)
    assert (ran.code, ran.out) == (2, "")
    line = one_line(ran.err)
    assert expected in line
    assert line.endswith(" --help")
