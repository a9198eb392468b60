"""The walls of the house: sizes of files and functions, and names that are nouns.

A bare participle or adverb as a name ("found", "told", "there") leaves out what it is about. The
measure is the share of all bindings (functions, arguments, variables, attributes that are set)
whose whole name is such a word.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import genreel

HOME = Path(genreel.__file__).parent
ROOT = Path(__file__).parent.parent
FILES = sorted(HOME.rglob("*.py"))
LONGEST_FILE, LONGEST_COMMAND, LONGEST_FUNCTION, LARGEST_SHARE = 450, 200, 60, 0.02

# Words without -ed that say how something is, not what it is.
IRREGULAR = frozenset(
    """found known chosen shown kept told said gone come near taken given written left held heard
    seen made done built lost sent put drawn grown thrown hidden forgotten fallen begun sought
    bought brought caught thought meant met paid led there here away apart alone aside own sure
    such so likely dear but""".split()
)
NOUNS = frozenset("feed seed speed need bed thread shed embed".split())


def is_bare_participle(name: str) -> bool:
    word = name.strip("_")
    if "_" in word or not word.islower() or word in NOUNS:
        return False
    return word in IRREGULAR or (word.endswith("ed") and len(word) > 4)


def bindings(tree: ast.AST) -> Iterator[str]:
    """Every name that a file gives."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HOME).as_posix())
def test_files_and_functions_can_be_seen_whole(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (LONGEST_COMMAND if path.parent.name == "commands" else LONGEST_FILE)
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, node.name


def test_the_command_line_is_a_list() -> None:
    assert len((HOME / "app" / "cli.py").read_text(encoding="utf-8").splitlines()) < 150


def test_what_argparse_parsed_is_untyped_in_one_file() -> None:
    untyped = [path.name for path in FILES if "argparse.Namespace" in path.read_text("utf-8")]
    assert untyped == ["flags.py"]


def test_the_measure_of_names() -> None:
    source = "def kept(told, titles):\n    found = [t for t in titles]\n    self.chosen = seed = 1"
    names = list(bindings(ast.parse(source)))
    assert [n for n in names if is_bare_participle(n)] == ["kept", "told", "found", "chosen"]


def test_names_are_nouns_and_verbs() -> None:
    names = [name for path in FILES for name in bindings(parse(path))]
    assert len(names) > 5_000
    assert sum(map(is_bare_participle, names)) / len(names) < LARGEST_SHARE


def test_only_bundles_are_large() -> None:
    """A large file stays in the history for ever, and an index of films holds others' data."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no checkout of git")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    large = [p for p in paths if p.is_file() and p.stat().st_size > 2_000_000]
    assert paths and all("bundles" in p.parts for p in large), large
