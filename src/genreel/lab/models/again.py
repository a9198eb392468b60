"""A part of an ensemble that is another part once more, over other features."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.model import Model, ModelSpec, Place, Scores, senses_of


@dataclass(frozen=True)
class AgainSettings:
    """Settings of `Again`: `of`, the name of a part that the ensemble names before it."""

    of: str = ""


class Again:
    """Another part, which has learnt from plots, reads what is printed on a poster.

    Its features stand for the first ones of that part, in their order; what is left of them is
    missing. It learns nothing by itself.

    Attributes:
        part: the other one; the ensemble says which.
    """

    Settings = AgainSettings
    part: Model

    def __init__(
        self, settings: AgainSettings, names: tuple[str, ...], features: Mapping[str, Feature]
    ) -> None:
        self.settings = settings
        self.features = names
        self.senses = senses_of(names, features)

    @staticmethod
    def problem(spec: ModelSpec, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        if spec.parts or not spec.settings.of:
            return "kind 'again' has no parts; it names another one of the ensemble: of = \"NAME\""
        return "" if kinds else "kind 'again' reads at least one feature"

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Nothing: the other part has learnt."""

    def scores(self, examples: Examples) -> Scores:
        """Those of the other part."""
        n = len(examples)
        features = {name: examples.features[name] for name in self.part.features}
        rows: dict[str, Any] = {name: [None] * n for name in self.part.features}
        for name, mine in self.pairs():
            feature = copy.copy(examples.features[mine])
            feature.own_sense = features[name].sense
            features[name], rows[name] = feature, examples.read(mine)
        view = replace(
            examples, features=features, rows=rows, index=np.arange(n), absent=frozenset()
        )
        return self.part.scores(view)

    def pairs(self) -> list[tuple[str, str]]:
        """Features of the other part, and those that stand for them."""
        return list(zip(self.part.features, self.features, strict=False))
