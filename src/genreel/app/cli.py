"""The command line: which command runs, and what becomes of its errors."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, RawDescriptionHelpFormatter
from collections.abc import Container, Sequence

import genreel
from genreel.app.commands import DONE, NOTHING_DONE
from genreel.app.commands.flags import Parser, add_flags, run_command
from genreel.app.commands.listing import COMMANDS, GROUPS, load
from genreel.errors import GenreelError, one_line


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; a person's error is one line on stderr.

    Raises:
        SystemExit: with code 2 on wrong usage, with 0 after --help and --version.
    """
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] == "help":
        argv = [*(word for word in argv if word != "help"), "--help"]
    try:
        parser = build_parser(argv)
        name = next((word for word in argv if not word.startswith("-")), "")
        if name and name not in COMMANDS:
            parser.refuse_command(name, (*COMMANDS, "help"))
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
    listing = "".join(
        f"{heading}:\n" + "".join(f"  {name:<11} {text}\n" for name, text in some.items()) + "\n"
        for heading, some in GROUPS.items()
    )
    parser = Parser(
        prog="genreel",
        usage="genreel [-h] [--version] COMMAND ...",
        description="Tells a movie's genres from its poster, its plot, or both.",
        epilog=f"{listing}genreel help COMMAND says more of one.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"genreel {genreel.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, help=SUPPRESS)
    for name, text in COMMANDS.items():
        command = commands.add_parser(
            name,
            prog=f"genreel {name}",
            description=text[0].upper() + text[1:] + ".",
            formatter_class=RawDescriptionHelpFormatter,
        )
        if name in names:
            add_flags(command, load(name))
    return parser


if __name__ == "__main__":
    sys.exit(main())
