"""Models of scikit-learn, ensembles of models, and the dict of all model kinds."""

from __future__ import annotations

from genreel.lab.models.again import Again
from genreel.lab.models.classic import Classic
from genreel.lab.models.ensemble import Average, Stack
from genreel.lab.models.late_fusion import LateFusion
from genreel.lab.models.linear import Linear
from genreel.lab.networks.network import Network

SINGLE: dict[str, type[Linear | Classic | Network | Again]] = {
    "linear": Linear,
    "classic": Classic,
    "network": Network,
    "again": Again,
}
"""Kind → model that reads features; "again" does so only as a part of an ensemble."""

ENSEMBLES: dict[str, type[Average | Stack | LateFusion]] = {
    "average": Average,
    "stack": Stack,
    "late-fusion": LateFusion,
}
"""Kind → model made of other models, its parts."""

KINDS = {**SINGLE, **ENSEMBLES}
