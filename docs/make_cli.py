"""Writes docs/cli.md from the help pages; with --check, says whether it is up to date."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from genreel.app.cli import build_parser

PAGE = Path(__file__).parent / "cli.md"


def page() -> str:
    """All help pages as Markdown."""
    os.environ["COLUMNS"] = "90"
    os.environ["NO_COLOR"] = "1"
    parser = build_parser()
    [commands] = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    lines = ["# Command line", "", "Made by `python docs/make_cli.py`.", ""]
    for name, command in {"genreel": parser, **commands.choices}.items():
        title = name if name == "genreel" else f"genreel {name}"
        lines += [f"## {title}", "", "```", command.format_help().strip(), "```", ""]
    lines += ["Exit codes: 0 all done; 1 nothing could be done; 2 wrong usage; 3 some inputs"]
    lines += ["failed, the others are delivered. Data goes to standard output, messages and"]
    lines += ["progress to standard error.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/cli.md is out of date; run: python docs/make_cli.py")
