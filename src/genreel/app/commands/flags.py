"""Flags as the fields of a frozen dataclass: name, type, default and help stand in one place.

@dataclass(frozen=True, kw_only=True)
class Options:
    folder: Path = argument("FOLDER", "where the posters are", Path)
    top_k: int = flag(3, "scores of a row", positive, metavar="N")  # --top-k N
    explain: bool = switch("say why")  # --explain
"""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Generic, NoReturn, TypeVar

from genreel.app.commands import USAGE
from genreel.errors import GenreelError

T = TypeVar("T")


class UsageError(GenreelError):
    """Flags that do not go together; one line, and exit code 2."""


@dataclass(frozen=True)
class Command(Generic[T]):
    """What a command is given (a dataclass), what it does, and what ends its help page."""

    options: type[T]
    run: Callable[[T], int]
    epilog: str = ""


# Fields. `settings` are those of `argparse.ArgumentParser.add_argument`, such as metavar, choices.


def flag(default: T, text: str, parse: Callable[[str], T] | None = None, **settings: object) -> T:
    """`--name VALUE`; `parse` makes the value of a text, or raises ArgumentTypeError."""
    return field(default=default, metadata={"help": text, "type": parse, **settings})


def mandatory(text: str, parse: Callable[[str], T], **settings: object) -> T:
    """`--name VALUE`, without which the command does not run."""
    value: T = field(metadata={"help": text, "type": parse, "required": True, **settings})
    return value


def switch(text: str) -> bool:
    """`--name`: True where it is given."""
    return field(default=False, metadata={"help": text, "action": "store_true"})


def either(text: str) -> bool | None:
    """`--name` or `--no-name`: True or False; None where neither is given."""
    return field(default=None, metadata={"help": text, "action": argparse.BooleanOptionalAction})


def repeatable(text: str, **settings: object) -> tuple[str, ...]:
    """`--name VALUE`, as often as wanted."""
    return field(default=(), metadata={"help": text, "action": "append", **settings})


def argument(metavar: str, text: str, parse: Callable[[str], T], **settings: object) -> T:
    """A value without a name."""
    value: T = field(metadata={"metavar": metavar, "help": text, "type": parse, **settings})
    return value


def arguments(metavar: str, text: str, nargs: str) -> tuple[str, ...]:
    """Values without a name: any number (`nargs` *), or at least one (+)."""
    value: tuple[str, ...] = field(metadata={"metavar": metavar, "help": text, "nargs": nargs})
    return value


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line, like every error; it says where help is, and what is nearest."""

    def error(self, message: str) -> NoReturn:
        """Ends the process with exit code 2."""
        end = " " if message.endswith("?") else "; "
        self.exit(USAGE, f"{self.prog}: {message}{end}see {self.prog} --help\n")

    def refuse(self, rest: Sequence[str]) -> NoReturn:
        """Ends the process for words of a command line that mean nothing."""
        flag = next((word for word in rest if word.startswith("-")), "")
        hint = nearest(flag.partition("=")[0], self._option_string_actions)
        self.error(f"unrecognized arguments: {' '.join(rest)}{hint}")

    def refuse_command(self, name: str, names: Iterable[str]) -> NoReturn:
        """Ends the process for a command that is none, with help for the one that was meant."""
        names = list(names)
        matches = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {matches[0]}?" if matches else f" (choose from {', '.join(names)});"
        command = " ".join([self.prog, *(word for word in matches if word != "help")])
        self.exit(USAGE, f"{self.prog}: invalid choice: {name!r}{hint} see {command} --help\n")


def nearest(word: str, words: Iterable[str]) -> str:
    """What a word was perhaps meant to be, to be said behind an error; empty: nothing is near."""
    matches = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {matches[0]}?" if matches else ""


def add_flags(parser: Parser, command: Command[Any]) -> None:
    """Gives a command's parser the flags of its options, and the end of its help page."""
    parser.epilog = command.epilog
    for one in fields(command.options):
        settings = dict(one.metadata)
        if one.default is not MISSING:  # argparse appends to a list
            settings["default"] = list(one.default) if one.default == () else one.default
        is_flag = one.default is not MISSING or "required" in settings
        name = "--" + one.name.replace("_", "-") if is_flag else one.name
        if settings:  # the field `command` has none
            parser.add_argument(name, **settings)
    parser.set_defaults(entry=command, parser=parser)


def run_command(parser: Parser, argv: Sequence[str]) -> int:
    """Parses a command line and runs its command; returns the exit code.

    A field `command` of its options is the command line itself.
    """
    empty = argparse.Namespace(command=shlex.join(["genreel", *argv]))
    namespace, rest = parser.parse_known_args(argv, empty)
    command: Command[Any] = namespace.entry
    own_parser: Parser = namespace.parser
    if rest:
        own_parser.refuse(rest)
    values = {one.name: getattr(namespace, one.name) for one in fields(command.options)}
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    try:
        return command.run(command.options(**values | lists))
    except UsageError as error:
        own_parser.error(str(error))
