"""Networks: a tower per feature and a head, trained by our loop."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genreel.features import Feature
from genreel.features.image import Pixels
from genreel.lab.examples import Examples
from genreel.lab.models.base import Place, Scores, inputs_of, logit, prior
from genreel.lab.models.towers import Backbone, BackboneSettings, tower_problem
from genreel.lab.training.loop import TrainingSettings, train_network

_STATISTICS_SAMPLE = 512  # posters; enough for means and variances of every channel


@dataclass(frozen=True)
class NetworkSettings:
    """Settings of `Network`: its tower and how it is trained."""

    tower: BackboneSettings = field(default_factory=BackboneSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)


class TowerHead(nn.Module):
    """A tower and a linear head: uint8 pixels (m, channels, h, w) → logits (m, genres)."""

    def __init__(self, tower: Backbone, genres: int) -> None:
        super().__init__()
        self.tower = tower
        self.head = nn.Linear(tower.width, genres)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.head(self.tower(pixels))
        return logits


class Network:
    """A fine-tuned backbone on posters, trained on the movies that have one."""

    Settings = NetworkSettings

    def __init__(
        self, settings: NetworkSettings, names: tuple[str, ...], features: Mapping[str, Feature]
    ) -> None:
        self.settings = settings
        self.features = names
        self.inputs = inputs_of(names, features)
        self.module: TowerHead | None = None
        self.history: list[dict[str, Any]] = []

    @staticmethod
    def problem(spec: Any, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        if list(kinds.values()) != [Pixels.kind]:
            return "kind 'network' reads one feature of kind 'pixels'; name it"
        training = spec.settings.training
        if min(training.epochs, training.batch_size) < 1:
            return "training.epochs and training.batch_size must be at least 1"
        if not 0 <= training.warmup < 1:
            return "training.warmup must be at least 0 and below 1"
        if spec.parts:
            return "kind 'network' has no parts; remove them"
        return tower_problem(spec.settings.tower)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Trains on posters; the epoch's weights are averaged, not picked on `valid`."""
        torch.manual_seed(place.seed)
        train = train.take(np.flatnonzero(train.has(self.inputs)))
        valid = valid.take(np.flatnonzero(valid.has(self.inputs)))
        self.module = TowerHead(Backbone(self.settings.tower), train.labels.shape[1])
        sample = np.random.default_rng(place.seed).permutation(len(train))[:_STATISTICS_SAMPLE]
        self.module.tower.prepare(torch.from_numpy(self._pixels(train.take(np.sort(sample)))))
        with torch.no_grad():  # start from "every film alike", not from chance
            self.module.head.weight.mul_(0.1)
            start = logit(prior(train.labels, train.known))
            self.module.head.bias.copy_(torch.from_numpy(start).float())
        checkpoint = place.folder / f"network-{self._identity(train, place.seed)}.pt"
        self.history = train_network(
            self.module, train, valid, self._pixels, self.settings.training, checkpoint, place.seed
        )

    def scores(self, examples: Examples) -> Scores:
        """Sigmoid of the logits; 0 where there is no poster."""
        assert self.module is not None, "fit first"
        self.module.eval()
        scores = np.zeros((len(examples), self.module.head.out_features), np.float32)
        start = 0
        for batch in examples.batches(64):
            arrays = batch.arrays(self.features)
            name = self.features[0]
            rows = arrays[f"{name}.rows"]
            if len(rows):
                with torch.inference_mode():
                    logits = self.module(torch.from_numpy(arrays[f"{name}.pixels"]))
                scores[start + rows] = torch.sigmoid(logits).numpy()
            start += len(batch)
        return scores

    def _identity(self, train: Examples, seed: int) -> str:
        """Names all that decides what training gives, so that no other run's checkpoint fits."""
        settings = [train.features[name].settings() for name in self.features]
        digest = hashlib.sha256(repr([self.settings, settings, seed, torch.__version__]).encode())
        for array in (train.index, train.labels, train.known):
            digest.update(array.tobytes())
        return digest.hexdigest()[:16]

    def _pixels(self, examples: Examples) -> Any:
        return examples.arrays(self.features)[f"{self.features[0]}.pixels"]
