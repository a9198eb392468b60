"""genreel completion."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import NamedTuple

from genreel.app.commands import DONE
from genreel.app.commands.flags import Command, argument


@dataclass(frozen=True, kw_only=True)
class Options:
    """For which shell."""

    shell: str = argument("SHELL", "bash, zsh or fish", str, choices=("bash", "zsh", "fish"))


class _Flag(NamedTuple):
    """A flag of a command: what it says of itself, its values, and whether it takes one at all."""

    name: str
    text: str
    choices: tuple[str, ...]
    is_switch: bool


class _Entry(NamedTuple):
    """A command, what it does, its flags, and the values of what it takes without a name."""

    name: str
    text: str
    flags: tuple[_Flag, ...]
    values: tuple[str, ...]


def run(options: Options) -> int:
    """Writes what makes a shell complete genreel's commands, flags and their values."""
    sys.stdout.write("\n".join(_SHELLS[options.shell](list(_entries()))) + "\n")
    return DONE


def _entries() -> Iterator[_Entry]:
    from genreel.app.commands.listing import COMMANDS, load  # which names this command, too

    for name, text in COMMANDS.items():
        flags = [_Flag("help", "show this help", (), True)]
        values: tuple[str, ...] = ()
        for one in fields(load(name).options):
            settings = one.metadata
            choices = tuple(map(str, settings.get("choices", ())))
            if not settings:  # the command line itself
                continue
            if one.default is MISSING and "required" not in settings:
                values = choices
                continue
            text_of_flag = str(settings["help"]).partition(" (default")[0].replace("\n", " ")
            action, flag_name = settings.get("action"), one.name.replace("_", "-")
            is_either = action is argparse.BooleanOptionalAction
            is_switch = is_either or action == "store_true"
            flags.append(_Flag(flag_name, text_of_flag, choices, is_switch))
            if is_either:
                flags.append(_Flag(f"no-{flag_name}", text_of_flag, choices, is_switch))
        yield _Entry(name, text, tuple(flags), values)


def _bash(entries: list[_Entry]) -> Iterator[str]:
    names = " ".join(entry.name for entry in entries)
    yield "_genreel() {"
    yield '  local word= command= current="${COMP_WORDS[COMP_CWORD]}"'
    yield '  local before="${COMP_WORDS[COMP_CWORD-1]}" words='
    yield '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do'
    yield "    [[ $word == -* ]] || { command=$word; break; }"
    yield "  done"
    yield '  case "$command $before" in'
    for entry in entries:
        for flag in entry.flags:
            if flag.choices:
                values = " ".join(flag.choices)
                yield f'    "{entry.name} --{flag.name}") words="{values}" ;;'
            elif not flag.is_switch:
                yield f'    "{entry.name} --{flag.name}") return ;;'
    yield f'    " "*|"help "*) words="{names} help" ;;'
    yield "    *)"
    yield '      case "$command" in'
    for entry in entries:
        flags = " ".join(f"--{flag.name}" for flag in entry.flags)
        yield f'        {entry.name}) words="{" ".join((*entry.values, flags))}" ;;'
    yield "      esac"
    yield "      [[ $current == -* || $words != -* ]] || words= ;;"
    yield "  esac"
    yield '  COMPREPLY=($(compgen -W "$words" -- "$current"))'
    yield "}"
    yield "complete -o default -F _genreel genreel"


def _zsh(entries: list[_Entry]) -> Iterator[str]:
    yield "#compdef genreel"
    yield "_genreel() {"
    yield "  local -a commands=("
    for entry in entries:
        yield f"    {shlex.quote(f'{entry.name}:{_plain(entry.text)}')}"
    yield "    'help:explain a command'"
    yield "  )"
    yield "  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then"
    yield "    _describe command commands"
    yield "    return"
    yield "  fi"
    yield "  case $words[2] in"
    for entry in entries:
        yield f"    {entry.name})"
        yield "      _arguments \\"
        for flag in entry.flags:
            value = f":{flag.name}:({' '.join(flag.choices)})" if flag.choices else ":value:_files"
            text = f"--{flag.name}[{_plain(flag.text)}]{'' if flag.is_switch else value}"
            yield f"        {shlex.quote(text)} \\"
        values = f"({' '.join(entry.values)})" if entry.values else "_files"
        yield f"        '*:argument:{values}' ;;"
    yield "  esac"
    yield "}"
    yield 'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _genreel "$@"'
    yield "else compdef _genreel genreel; fi"


def _fish(entries: list[_Entry]) -> Iterator[str]:
    names = " ".join(entry.name for entry in entries)
    first = "complete -c genreel -n __fish_use_subcommand -f"
    for entry in entries:
        yield f"{first} -a {entry.name} -d {_fish_quote(entry.text)}"
    yield f"{first} -a help -d 'explain a command'"
    yield f"complete -c genreel -n '__fish_seen_subcommand_from help' -f -a '{names}'"
    for entry in entries:
        condition = f"complete -c genreel -n '__fish_seen_subcommand_from {entry.name}'"
        if entry.values:
            yield f"{condition} -f -a '{' '.join(entry.values)}'"
        for flag in entry.flags:
            values = f"-x -a '{' '.join(flag.choices)}'" if flag.choices else "-r"
            kind = "" if flag.is_switch else f" {values}"
            yield f"{condition} -l {flag.name}{kind} -d {_fish_quote(flag.text)}"


def _plain(text: str) -> str:
    """Without what zsh takes for its own."""
    return "".join(f"\\{c}" if c in "[]:\\" else c for c in text)


def _fish_quote(text: str) -> str:
    safe_text = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{safe_text}'"


_SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}

COMMAND = Command(
    Options,
    run,
    "Put it where your shell looks:\n"
    '  eval "$(genreel completion bash)"      in ~/.bashrc\n'
    '  eval "$(genreel completion zsh)"       in ~/.zshrc, after compinit\n'
    "  genreel completion fish > ~/.config/fish/completions/genreel.fish",
)
