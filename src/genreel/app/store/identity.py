"""Which known film a film of the store is: what a lookup says, and what a person answers.

A person's answer stays, whatever a later lookup says. A lookup that accepts no film changes
nothing of one that did.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from genreel.app.store.decide import settle
from genreel.app.store.events import is_in_force, log
from genreel.app.store.film import Opinion
from genreel.app.store.films import update_film
from genreel.app.store.opinions import replace_opinions
from genreel.app.store.schema import events
from genreel.app.store.tuning import Tuning
from genreel.identification import Identification

TEXTS = ("title", "year", "plot")
"""What a known film gives to a film of the store."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Which known film a film is, and what follows from it.

    Attributes:
        identified: the film that was accepted, if any, and the candidates.
        texts: what it gives, of TEXTS.
        genres: genre → whether it has it, of those that its index can tell.
    """

    identified: Identification
    texts: Mapping[str, Any] = field(default_factory=dict)
    genres: Mapping[str, bool] = field(default_factory=dict)


def identity_of(identified: Identification, source: str) -> str:
    """One of IDENTITIES: "unknown" is a film without candidates, or of which a person said so."""
    if identified.film is not None:
        return "identified"
    return "unsure" if identified.candidates and source != "person" else "unknown"


def save_finding(
    connection: sa.Connection, tuning: Tuning, row: sa.RowMapping, finding: Finding, source: str
) -> None:
    """Keeps a finding, and notes the event.

    Args:
        connection: a transaction.
        tuning: the store's.
        row: of the film, locked.
        finding: what was found or answered; an answer's title and year take the place of all
            others, its plot that of no other.
        source: "lookup" or "person".
    """
    texts = dict(finding.texts)
    if source == "person":
        own = _own_texts(connection, row)
        texts = own | texts | ({"plot": own["plot"]} if own["plot"] else {})
    elif not _says_more(row, finding.identified):
        return
    values = {
        "identified": finding.identified.to_dict(),
        "identity": identity_of(finding.identified, source),
        "identity_by": source,
        **{name: value for name, value in texts.items() if row[name] != value},
    }
    if "plot" in values:  # another plot tells its own language
        values["language"] = ""
    now = time.time()
    opinions = {genre: Opinion(verdict, time=now) for genre, verdict in finding.genres.items()}
    old = replace_opinions(connection, row["id"], "lookup", opinions)
    update_film(connection, tuning, row, **values)
    before = {name: row[name] for name in values} | {"lookup": old}
    after = values | {"lookup": dict(finding.genres)}
    log(connection, "identify", row["id"], source, before=before, after=after)
    settle(connection, tuning.overrides(connection), [row["id"]])


def restore_verdicts(connection: sa.Connection, film_id: str, verdicts: Mapping[str, bool]) -> None:
    """Puts a lookup's older verdicts back."""
    opinions = {genre: Opinion(verdict, time=time.time()) for genre, verdict in verdicts.items()}
    replace_opinions(connection, film_id, "lookup", opinions)


def _says_more(row: sa.RowMapping, identified: Identification) -> bool:
    """Whether a lookup changes what is known of a film."""
    if row["identity_by"] == "person" or row["identified"] == identified.to_dict():
        return False
    return identified.film is not None or row["identity"] != "identified"


def _own_texts(connection: sa.Connection, row: sa.RowMapping) -> dict[str, Any]:
    """The texts as they were before known films filled them, where nobody changed them since: of
    another film they would be wrong.
    """
    query = sa.select(events.c.before, events.c.after).where(
        events.c.life == row["life"], events.c.kind == "identify", is_in_force()
    )
    texts = {name: row[name] for name in TEXTS}
    for before, after in connection.execute(query.order_by(events.c.id.desc())):
        texts |= {n: before[n] for n in TEXTS if n in after and texts[n] == after[n]}
    return texts
