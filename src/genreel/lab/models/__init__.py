"""Model kinds, looked up here and nowhere else."""

from __future__ import annotations

from typing import Any

from genreel.lab.models.classic import Linear
from genreel.lab.models.ensemble import LateFusion
from genreel.lab.models.network import Network

KINDS: dict[str, Any] = {"linear": Linear, "network": Network, "late-fusion": LateFusion}
