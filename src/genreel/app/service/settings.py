"""What a server may cost, and who may use it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from genreel.calibration import SURE
from genreel.formats.names import Names
from genreel.posters import Limits

NEW_DECISION = SURE
"""How a new store decides: what is given is to be sold, or goes into somebody's library."""


@dataclass(frozen=True)
class Settings:
    """A server's limits; each can be given to `genreel serve`.

    Attributes:
        host, port: where it listens.
        token: what every request must carry; empty on loopback, where nobody else comes.
        max_body: bytes of a request.
        body_seconds: time in which a request must have arrived.
        answer_seconds: time after which a film that waits for its prediction is given up.
        waiting: films that may wait for a prediction; more are refused, not queued. A film that
            is taken is answered after that many and a batch at most: a longer queue only makes
            everybody wait, as batches save little.
        batch: films per run of the graph.
        limits: what a poster may cost.
        full_pixels: width × height up to which a poster is kept, to be looked at closely, besides
            the one of 780 × 1170 that the pages show; 0: not at all.
        fetch_urls: whether posters may be fetched from public addresses, for Label Studio.
        label_studio: where Label Studio is, whose own files are fetched; empty: nowhere.
        label_studio_token: of an account there.
        films: the index of known films; None: none is asked.
        accept: probability from which a film is accepted; None: as `Films.identify` has it.
        read: whether posters are read, where the model uses that or there is an index; the extra
            `read` is installed then.
        decide: one of `calibration.DECISIONS`, which the store takes from now on; empty: it goes on
            as it did, and a new one begins with NEW_DECISION.
        own: a file of genres of one's own, for a store that has none yet; None: there is none.
        names: what genres are called, on pages and in what is exported or written; None: as each
            format calls them. The API keeps genreel's names.
    """

    host: str = "127.0.0.1"
    port: int = 8750
    token: str = ""
    max_body: int = 64 * 2**20
    body_seconds: float = 60.0
    answer_seconds: float = 60.0
    waiting: int = 2
    batch: int = 2
    limits: Limits = field(
        default_factory=lambda: Limits(32 * 2**20, 64_000_000, 20_000, max_whole=16_000_000)
    )
    full_pixels: int = 6_000_000
    fetch_urls: bool = False
    label_studio: str = ""
    label_studio_token: str = field(default="", repr=False)
    films: Path | None = None
    accept: float | None = None
    read: bool = False
    decide: str = ""
    own: Path | None = None
    names: Names | None = None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
