"""The command line: the list of commands, and what becomes of their errors."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Container, Sequence
from typing import Any

import genreel
from genreel.app.commands import DONE, NOTHING_DONE
from genreel.app.commands.flags import Command, Parser, add_flags, nearest, run_command
from genreel.errors import GenreelError, one_line

COMMANDS = {
    "predict": "tell the genres of movies",
    "recipes": "list the recipes, or show one",
    "train": "train a recipe on a catalogue and write its bundle",
    "evaluate": "measure a bundle on a labelled catalogue",
    "calibrate": "choose a bundle's calibration and thresholds anew",
    "compare": "train recipes on one split and compare them",
    "eras": "train a recipe on each decade and measure it on every other",
    "import": "make a catalogue of films that are kept in another format",
    "read": "read what is printed on posters, for the column lettering of a catalogue",
    "films": "make an index of known films, by which posters are identified",
    "identify": "tell which known films posters are of, by what is printed on them",
    "similar": "find the movies of a catalogue that are most like one",
    "apply": "write genres to where other programs look for them",
    "undo": "put back what the last apply or watch changed; files that were edited since stay",
    "clean": "find what is wrong with a catalogue's posters, plots and genres",
    "split": "split a catalogue so that every genre keeps its share",
    "colours": "find the dominant colours of posters by genre and period",
    "shop": "make a shop to browse: pages of posters by genre, decade and collection",
    "serve": "review films in a browser, and answer other programs",
    "watch": "classify the posters that land in a folder",
    "doctor": "say what is installed, what is missing and the remedy",
}
"""Name → what it does, in the order of `genreel --help`; each is a file in app/commands."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; a person's error is one line on stderr.

    Raises:
        SystemExit: with code 2 on wrong usage, with 0 after --help and --version.
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        parser = build_parser(argv)
        name = next((word for word in argv if not word.startswith("-")), "")
        if name and name not in COMMANDS:
            hint = nearest(name, COMMANDS) or f" (choose from {', '.join(COMMANDS)})"
            parser.error(f"invalid choice: {name!r}{hint}")
        code = run_command(parser, argv)
        sys.stdout.flush()
        return code
    except GenreelError as error:
        print(f"genreel: {error}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print("genreel: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        _settle_output()
        return DONE
    except OSError as error:  # such as a disk that is full, or a file that may not be read
        _settle_output()
        path = f" ({error.filename!s:.80})" if error.filename else ""
        print(one_line(f"genreel: {error.strerror or error}{path}"), file=sys.stderr)
        return NOTHING_DONE


def _settle_output() -> None:
    """Sends what cannot be written nowhere, so that Python does not stumble over it at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_parser(names: Container[str] = COMMANDS) -> Parser:
    """The parser of all commands; docs/cli.md is made from it.

    Args:
        names: the commands that get their flags; of the others no file is loaded.
    """
    parser = Parser(
        prog="genreel", description="Tells a movie's genres from its poster, its plot, or both."
    )
    parser.add_argument("--version", action="version", version=f"genreel {genreel.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            formatter_class=RawDescriptionHelpFormatter,
        )
        if name in names:
            add_flags(command, load(name))
    return parser


def load(name: str) -> Command[Any]:
    """A command by its name, from its file."""
    file = f"{name}_" if keyword.iskeyword(name) else name
    command: Command[Any] = importlib.import_module(f"genreel.app.commands.{file}").COMMAND
    return command


if __name__ == "__main__":
    sys.exit(main())
