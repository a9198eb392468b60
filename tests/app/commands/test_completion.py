"""What a shell completes, asked as the shell itself would."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from running import Run

from genreel.app.commands.listing import COMMANDS


@pytest.fixture
def scripts(run: Run) -> dict[str, str]:
    """Shell → its script."""
    return {shell: run("completion", shell).out for shell in ("bash", "zsh", "fish")}


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("genreel pre", ["predict"]),
        ("genreel ", [*COMMANDS, "help"]),
        ("genreel help un", ["undo"]),
        ("genreel predict --form", ["--format"]),
        ("genreel predict --format js", ["json", "jsonl"]),
        ("genreel predict a.jpg --explain --format ta", ["table"]),
        ("genreel apply films --to x", ["xmp"]),
        ("genreel completion z", ["zsh"]),
        ("genreel serve --no-", ["--no-read"]),
        ("genreel predict po", []),  # files, by the shell
        ("genreel predict --model de", []),
        ("genreel --ver", []),
    ],
)
def test_bash_completes(scripts: dict[str, str], line: str, words: list[str]) -> None:
    words_so_far = line + " ''" if line.endswith(" ") else line
    script = f"""{scripts["bash"]}
        COMP_WORDS=({words_so_far})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMPREPLY=()
        _genreel
        printf "%s\\n" ${{COMPREPLY[@]+"${{COMPREPLY[@]}}"}}
    """
    done = subprocess.run(["bash", "-uc", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == words
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_their_script(
    scripts: dict[str, str], shell: str, tmp_path: Path
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell}")
    (tmp_path / "script").write_text(scripts[shell])
    subprocess.run([program, "-n", tmp_path / "script"], check=True)


def test_every_shell_knows_commands_flags_and_values(scripts: dict[str, str]) -> None:
    for name in COMMANDS:
        assert f"__fish_use_subcommand -f -a {name} -d '" in scripts["fish"]
        assert f"    {name})" in scripts["zsh"]
    assert "'--format[what to write to standard output]:format:(table json" in scripts["zsh"]
    assert "predict' -l format -x -a 'table json jsonl csv parquet' -d" in scripts["fish"]
    assert "predict' -l explain -d" in scripts["fish"]
    assert "catalogue\\'s" in scripts["fish"] and "catalogue's" not in scripts["fish"]
