"""Kills `genreel remote` while it writes genres to a media server, or takes them back, and counts.

    python benchmarks/remote_kill.py [--kills 10] [--movies 120]

The servers are those of tests/app/media/fakes.py. One that is asked for the nth time kills who
asks (SIGKILL), before or after it did what it was asked. After each kill every movie must have the
genres of before or the new ones, and the journal a line for each that has new ones. Then the same
command runs to its end, and --undo as often as there were runs, killed as well. Adds a row for each
server to benchmarks/results/remote-kills.csv, unless --out says otherwise.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "app" / "media"))
from fakes import ANSWERS, KEY, Asked, Fake

RESULTS = Path(__file__).parent / "results" / "remote-kills.csv"
PLOT = "A sheriff and his deputy ride into a dusty frontier town for a gunfight with outlaws."


def main() -> None:
    """Counts for each server what was lost, torn and finished."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="of each server")
    parser.add_argument("--movies", type=int, default=120)
    parser.add_argument("--servers", nargs="+", default=["jellyfin", "plex", "kodi"])
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows = []
    for name in arguments.servers:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(Trial(name, arguments.movies, Path(folder)).run(arguments.kills))
        print(json.dumps(rows[-1]), flush=True)
    with arguments.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


class Trial:
    """One server, and the commands that are killed."""

    def __init__(self, name: str, movies: int, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.random = random.Random(name)
        self.process: subprocess.Popen[bytes] | None = None
        self.left = -1  # requests until the kill; below zero: none
        self.is_done_first = False
        self.fake = Fake(self.answer)
        self.fake.movies = {str(n): self.movie(n) for n in range(1, movies + 1)}
        self.before = self.genres()
        self.counts = {"kills": 0, "lost": 0, "torn": 0, "damaged_lines": 0}
        self.after: dict[str, list[str]] = {}

    def movie(self, number: int) -> dict[str, Any]:
        """A movie; each fifth has genres already."""
        title = f"Brill {number}"
        return {
            **{"id": str(number), "title": title, "year": 1961, "plot": PLOT},
            **{"genres": [] if number % 5 else ["Drama"], "path": f"/m/{title}/{title}.mkv"},
            **{"all_locked": False, "genres_locked": False},
        }

    def answer(self, fake: Fake, asked: Asked) -> tuple[int, Any]:
        """What the server answers; the nth request is the last of who asks."""
        self.left -= 1
        is_last = self.left == 0
        result = (0, None)
        if not is_last or self.is_done_first:
            result = ANSWERS[self.name](fake, asked)
        if is_last and self.process is not None:
            self.process.kill()
            return 0, None
        return result

    def run(self, kills: int) -> dict[str, object]:
        """All kills, the end, and the way back; a row of the table."""
        per_movie = {"jellyfin": 3, "emby": 3, "plex": 2, "kodi": 1}[self.name]
        most = max(2, per_movie * len(self.before) // kills)
        for number in range(kills - 2):
            self.start(self.random.randint(1, most) + 4 * (number == 0))
            self.check()
        finished = self.start(-1) == 0
        self.after = self.genres()
        finished = finished and all(self.after.values())
        for _ in range(2):
            self.start(self.random.randint(most // 2, most), "--undo")
            self.check()
        while self.start(-1, "--undo") == 0:
            pass
        undone = self.genres() == self.before
        self.fake.close()
        row = {"server": self.name, "movies": len(self.before), **self.counts}
        return row | {"finished": finished, "undone": undone}

    def start(self, requests: int, *flags: str) -> int:
        """Runs the command, to its end or to its nth request; its exit code."""
        self.is_done_first = self.random.random() < 0.5
        command = [sys.executable, "-m", "genreel.app.cli", "remote", self.name]
        environment = {
            **os.environ,
            **{"XDG_STATE_HOME": str(self.folder), "NO_PROXY": "127.0.0.1"},
            f"GENREEL_{self.name.upper()}_KEY": KEY,
        }
        self.left = -1
        self.process = subprocess.Popen(
            [*command, self.fake.address, *flags],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.left = requests
        code = self.process.wait()
        self.counts["kills"] += code < 0
        return code

    def check(self) -> None:
        """Looks at what a killed command left."""
        [journal] = self.folder.rglob("*.jsonl")
        notes: dict[str, list[str]] = {}
        # The last line may be half written; every other one is whole.
        lines = [line for line in journal.read_bytes().split(b"\n") if line]
        for number, line in enumerate(lines, 1):
            try:
                note = json.loads(line)
                if "id" in note:
                    notes[note["id"]] = note["after"]
            except ValueError:
                self.counts["damaged_lines"] += number < len(lines)
        for movie_id, names in self.genres().items():
            if names != self.before[movie_id]:
                self.counts["lost"] += movie_id not in notes
                self.counts["torn"] += names != notes.get(movie_id)

    def genres(self) -> dict[str, list[str]]:
        """Id → genres, as the server has them."""
        return {movie["id"]: list(movie["genres"]) for movie in self.fake.movies.values()}


if __name__ == "__main__":
    main()
