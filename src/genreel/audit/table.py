"""An audit as a table that a person answers, and what was answered."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from genreel.audit.findings import GENRE_KINDS, Finding
from genreel.errors import CatalogueError
from genreel.tables import csv_rows

COLUMNS = (
    *("accept", "id", "title", "year", "kind", "genre", "genres", "sure", "model", "lookup"),
    *("why", "other"),
)
YES = frozenset(("yes", "y", "x", "1", "true", "ja", "oui", "si", "sí", "sim"))
NO = frozenset(("", "no", "n", "0", "false", "nein", "non", "não"))


def table_rows(findings: Iterable[Finding]) -> Iterator[Sequence[str]]:
    """Rows of a table, its columns first; column one is for a person's answer."""
    yield COLUMNS
    for finding in findings:
        cells = finding.to_dict() | {"accept": "", "genres": "|".join(finding.genres)}
        cells["lookup"] = {None: "", True: "yes", False: "no"}[finding.lookup]
        yield ["" if cells[c] is None else str(cells[c]) for c in COLUMNS]


def read_accepted(path: Path) -> dict[str, dict[str, bool]]:
    """Id → genre → whether it applies, of the findings about genres that a person accepted.

    Raises:
        CatalogueError: it cannot be read, is no audit, or an answer is neither yes nor no.
    """
    answers: dict[str, dict[str, bool]] = {}
    try:
        with io.StringIO(path.read_text(encoding="utf-8-sig"), newline="") as file:
            columns, rows = csv_rows(file)
            if not {"accept", "id", "kind", "genre"} <= set(columns):
                raise CatalogueError(
                    f"{path}: no columns accept, id, kind and genre; give a table that "
                    "genreel audit --format csv wrote"
                )
            for number, row in rows:
                if isinstance(row, CatalogueError):
                    raise CatalogueError(f"{path}, row {number}: {row}")
                answer = str(row["accept"] or "").strip().casefold()
                if answer not in YES | NO:
                    raise CatalogueError(
                        f"{path}, row {number}: accept is {answer[:40]!r}; write yes, or nothing"
                    )
                if answer in YES and row["kind"] in GENRE_KINDS:
                    applies = row["kind"] == "missing genre"
                    answers.setdefault(str(row["id"]), {})[str(row["genre"])] = applies
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"{path} cannot be read ({error}); check it") from None
    return answers
