"""Flags are the fields of a command's options; each default stands in one place."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import shlex
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from genreel.app.cli import build_parser
from genreel.app.commands import values
from genreel.app.commands.flags import Command, Parser, UsageError, add_flags, argument, run_command
from genreel.app.commands.listing import COMMANDS, load
from genreel.app.service.batches import Batches
from genreel.app.service.settings import Settings
from genreel.catalogue import Catalogue
from genreel.formats import film
from genreel.posters import Limits
from genreel.predictor import Predictor

SAMPLES = {
    values.positive: ("7", 7),
    values.natural: ("0", 0),
    values.port: ("80", 80),
    values.web_address: ("http://localhost:8080", "http://localhost:8080"),
    values.seed: ("5", 5),
    values.share: ("0.5", 0.5),
    values.language: ("Spanish", "es"),
    values.decades: ("1970s,1980", (1970, 1980)),
    Path: ("a/b", Path("a/b")),
}
"""What makes a value → a text, and the value of it."""


def parse(name: str, argv: Sequence[str]) -> Any:
    """The options that a command gets."""
    parser = Parser(prog="genreel")
    results = []

    def run(options: Any) -> int:
        results.append(options)
        return 0

    add_flags(parser, dataclasses.replace(load(name), run=run))
    assert run_command(parser, argv) == 0
    return results[0]


def every_flag(name: str) -> tuple[list[str], list[str], dict[str, Any]]:
    """A command line with every flag, one with those alone that it needs, and what all give."""
    parser = Parser(prog="genreel")
    add_flags(parser, load(name))
    named, positional, needed, options = [], [], [], {}
    for action in parser._actions[1:]:  # after --help
        assert action.help
        if action.choices:
            *_, text = action.choices
            value = text
        else:
            text, value = SAMPLES.get(action.type, ("x", "x"))  # type: ignore[call-overload]
        words = [text]
        names = [f"--{action.dest.replace('_', '-')}"] if action.option_strings else []
        if isinstance(action, argparse.BooleanOptionalAction):
            words, value = [], True
            assert action.option_strings == [*names, names[0].replace("--", "--no-")]
        else:
            assert action.option_strings == names
        if action.const is True:
            words, value = [], True
        elif action.nargs in ("*", "+"):
            words, value = [text, text], (value, value)
        elif action.default == [] and action.type is None:
            value = (value,)
        words = [*names, *words]
        (named if names else positional).extend(words)
        needed += words if action.required else []
        options[action.dest] = value
    return [*named, *positional], needed, options


@pytest.mark.parametrize("name", COMMANDS)
def test_flags_are_the_fields_of_the_options(name: str) -> None:
    """Every option can be reached, and no flag is left over."""
    argv, _, expected = every_flag(name)
    options = vars(parse(name, argv))
    if "command" in options:
        expected["command"] = shlex.join(["genreel", *argv])
    assert options == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_options_have_the_types_that_they_say(name: str) -> None:
    kinds = typing.get_type_hints(load(name).options)
    everything, needed, _ = every_flag(name)
    for argv in (everything, needed):
        for option, value in vars(parse(name, argv)).items():
            kind = kinds[option]
            if isinstance(value, tuple):
                assert kind in (tuple[str, ...], tuple[int, ...])
                assert all(isinstance(one, typing.get_args(kind)[0]) for one in value), option
            else:
                assert isinstance(value, kind), option


def default(function: Any, name: str) -> object:
    return inspect.signature(function).parameters[name].default


def test_defaults_are_those_of_the_code() -> None:
    serve = parse("serve", [])
    settings = {field.name for field in dataclasses.fields(Settings)} & set(vars(serve))
    # None: the environment's, the code's, or none at all
    from_elsewhere = {"token", "label_studio", "names", "films", "accept", "read", "own"}
    own = {"host", "port", "waiting", "max_body", "full_pixels", "fetch_urls", "decide"}
    assert settings == own | from_elsewhere
    assert all(
        getattr(serve, name) == getattr(Settings, name) for name in settings - from_elsewhere
    )
    assert all(getattr(serve, name) is None for name in from_elsewhere)
    assert default(Batches, "waiting") is inspect.Parameter.empty, "the settings' alone"
    assert Settings.waiting == 2, "a longer queue only makes everybody wait"

    predict = parse("predict", [])
    assert predict.model == default(Predictor, "bundle")


def test_defaults_of_a_split_are_those_of_the_code(lab: None) -> None:
    from genreel.lab.splits import group_split, stratified_split

    split = parse("split", ["table", "--out", "file"])
    assert split.taxonomy == default(Catalogue, "taxonomy")
    for function in (stratified_split, group_split):
        assert (split.valid, split.test) == (default(function, "valid"), default(function, "test"))


def test_help_names_the_defaults_of_the_code() -> None:
    help_of = {f.name: f.metadata["help"] for f in dataclasses.fields(load("predict").options)}
    assert f"({Limits.max_bytes / 2**20:.0f} MiB)" in help_of["max_bytes"]
    assert f"({Limits.max_pixels / 1e6:.0f} million pixels)" in help_of["max_pixels"]
    assert f"({Limits.max_side:,} pixels)" in help_of["max_side"]
    assert f"({Limits.max_whole / 1e6:.0f} million pixels)" in help_of["max_whole"]

    help_of = {f.name: f.metadata["help"] for f in dataclasses.fields(load("import").options)[4:]}
    assert f"(default: {film.Options.separator})" in help_of["separator"]
    assert film.Options.delimiter == "," and "(default: comma)" in help_of["delimiter"]
    assert film.Options.encoding == "utf-8-sig" and "(default: UTF-8)" in help_of["encoding"]


def test_flags_that_do_not_go_together_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options:
        number: int = argument("NUMBER", "a number", values.positive)

    def run(options: Options) -> int:
        raise UsageError(f"{options.number} is too many")

    parser = Parser(prog="count")
    add_flags(parser, Command(Options, run))
    for argv, message in ((["3"], "3 is too many"), (["x"], "'x' is not a whole number from 1 on")):
        with pytest.raises(SystemExit) as raised:
            run_command(parser, argv)
        assert raised.value.code == 2
        error = capsys.readouterr().err
        assert error.startswith("count: ")
        assert error.endswith(f"{message}; see count --help\n")


def test_only_the_command_that_is_called_is_loaded() -> None:
    parser = build_parser(["undo", "folder"])
    [action] = [a for a in parser._actions if a.metavar == "COMMAND"]
    choices = action.choices
    assert isinstance(choices, dict) and tuple(choices) == tuple(COMMANDS)
    sizes = {name: len(command._actions) for name, command in choices.items()}
    assert sizes.pop("undo") == 2
    assert set(sizes.values()) == {1}, "only --help"
