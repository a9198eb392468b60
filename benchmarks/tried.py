"""What was tried for the default model beside what its recipes hold.

    GENREEL_DATA=… python benchmarks/tried.py [--only GROUP …]

Heads on vectors of frozen networks, or their last layers alone, learn in minutes, where the
networks themselves take an hour; what does nothing here is not worth that hour. Rows of
benchmarks/results/tried.csv, on the valid part of $GENREEL_DATA/movies:

- fusion: one network with both towers, fused by gates (Arevalo et al. 2017) or side by side, each
  with its inputs dropped in training, against two networks whose logits are summed (late fusion).
- noise: a head on posters that learns from labels as they are; from labels smoothed towards the
  genre's share; and from labels mixed with what the default says of the movie's plot (cross-modal
  distillation, Gupta et al. 2016), in the known cells or the unknown ones. Means of two seeds.
- teacher: heads on plots, all-mpnet-base-v2 frozen beside the default and alone; and frozen
  all-MiniLM-L6-v2, which learns from labels, or from what that teacher says out of fold (Hinton
  et al. 2015), in every cell. 8,000 training plots; the larger encoder takes 20 minutes for them.
- student: the last three layers of all-MiniLM-L6-v2 tuned on those plots, from labels, and from
  that teacher's vectors (Jiao et al. 2020) or answers as well; alone, and in late fusion in the
  place of the default's own. Six minutes of a core each.
- languages: USE multilingual behind a logistic regression and a network, and with its dense layers
  tuned; alone, and in late fusion in the place of the default's own, which learnt from 27,000.
- kin: genres that heed each other (Godbole & Sarawagi 2004), in the words' model and in late
  fusion, as strongly as a precision says; by genre in tried-kin.csv.
- lettering: what is printed on posters, fused with the rest in three ways; by genre in
  tried-lettering.csv.
- sizes: the default's larger poster network on 600 posters of 300 px and more, shown larger.
- backbones: MobileNetV2 and EfficientNet-Lite0 in the place of the default's smaller poster
  network, tuned as it is on 4,000 posters. Ten minutes of an idle core each.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from trials.backbones import backbones
from trials.fusion import fusion
from trials.kin import kin, kin_by_genre
from trials.languages import languages
from trials.lettering import lettering, lettering_by_genre
from trials.measure import Row
from trials.noise import noise
from trials.posters import sizes
from trials.student import student
from trials.teacher import teacher

RESULTS = Path(__file__).parent / "results"
COLUMNS = ("group", "tried", "inputs", "films", "roc_auc", "average_precision")
GROUPS = {
    "fusion": fusion,
    "noise": noise,
    "teacher": teacher,
    "student": student,
    "languages": languages,
    "kin": kin,
    "lettering": lettering,
    "sizes": sizes,
    "backbones": backbones,
}

BY_GENRE = {"kin": kin_by_genre, "lettering": lettering_by_genre}
"""Group → what writes its table by genre."""


def main() -> None:
    """Tries the groups that are named, or all, and writes their rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--out", type=Path, default=Path("out/tried"), help="for checkpoints")
    arguments = parser.parse_args()
    table = RESULTS / "tried.csv"
    for group in arguments.only:
        rows = [row for row in read_table(table) if row["group"] != group]
        for row in GROUPS[group](arguments.out):
            rows.append({"group": group, **row})
            print(rows[-1], flush=True)
            write_table(table, rows, COLUMNS)
        if group in BY_GENRE:
            by_genre = list(BY_GENRE[group](arguments.out))
            write_table(RESULTS / f"tried-{group}.csv", by_genre, tuple(by_genre[0]))


def read_table(path: Path) -> list[Row]:
    """The rows of a table; none where there is no such file."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, rows: list[Row], columns: tuple[str, ...]) -> None:
    """Writes a table of benchmarks/results."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
