"""Model kinds, looked up here and nowhere else."""

from __future__ import annotations

from typing import Any

from genreel.lab.models.classic import Classic, Linear
from genreel.lab.models.ensemble import Average, LateFusion, Stack
from genreel.lab.networks.network import Network

KINDS: dict[str, Any] = {
    "linear": Linear,
    "classic": Classic,
    "network": Network,
    "average": Average,
    "stack": Stack,
    "late-fusion": LateFusion,
}
