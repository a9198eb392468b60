"""Networks: a tower per feature, a fusion of their vectors, a head."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor, nn

from genreel.calibration import logit
from genreel.cases import SENSES
from genreel.errors import RecipeError
from genreel.features import Feature
from genreel.lab.cache import rows_key
from genreel.lab.examples import Examples
from genreel.lab.frozen import extracted_rows
from genreel.lab.model import ModelSpec, Place, Scores, prior, senses_of
from genreel.lab.networks.backbone import Backbone
from genreel.lab.networks.fusion import FUSIONS
from genreel.lab.networks.layers import ACTIVATIONS, initialise, layers_problem
from genreel.lab.networks.loop import predict_network, train_network
from genreel.lab.networks.towers import TOWERS, tower_problem
from genreel.lab.networks.training import TrainingSettings, training_problem
from genreel.lab.settings import nearest, pick, settings_from
from genreel.paths import cache_folder

_STATISTICS_SAMPLE = 512  # posters; enough for means and variances of every channel


@dataclass(frozen=True)
class FusionSettings:
    """How towers come together: a key of FUSIONS, and the width of their common space."""

    kind: str = "concatenate"
    width: int = 128


@dataclass(frozen=True)
class HeadSettings:
    """Dense layers before the last one, each followed by activation, normalisation, dropout."""

    hidden: tuple[int, ...] = ()
    activation: str = "relu"
    batch_norm: bool = False
    dropout: float = 0.0
    initialiser: str = "default"


@dataclass(frozen=True)
class NetworkSettings:
    """Settings of `Network`.

    Attributes:
        towers: name → table with a `kind` of TOWERS, the `feature` it reads and its settings.
        fusion: of two or more towers.
        head: after the fusion.
        training: how it is trained.
        start: "fresh", or "single": each tower is first trained by itself, with a linear head.
        drop_input: in training, the probability that a movie loses one of its inputs, so that
            the network learns what to do without it.
    """

    towers: dict[str, Any]
    fusion: FusionSettings = field(default_factory=FusionSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    start: str = "fresh"
    drop_input: float = 0.0


class Net(nn.Module):
    """Arrays of `features.collate` → logits (n, genres).

    A movie without a tower's input gets `absent`, a learnt vector, in place of the tower's.
    """

    def __init__(
        self, towers: Mapping[str, Any], fusion: nn.Module | None, head: nn.Module, drop: float
    ) -> None:
        super().__init__()
        self.features = {name: tower.feature for name, tower in towers.items()}
        self.columns = {name: tower.column for name, tower in towers.items()}
        self.arrays = {name: tower.arrays for name, tower in towers.items()}
        self.towers = nn.ModuleDict(towers)
        self.absent = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(tower.width)) for name, tower in towers.items()}
        )
        self.fusion = fusion
        self.head = head
        self.drop = drop

    def forward(self, arrays: dict[str, Tensor]) -> Tensor:
        """Logits."""
        present = arrays["present"]
        n = present.shape[0]
        masks = self._input_masks(present)
        vectors = []
        for name, tower in self.towers.items():
            feature = self.features[name]
            vector = _vectors(tower, [arrays[f"{feature}.{array}"] for array in self.arrays[name]])
            rows = arrays.get(f"{feature}.rows")
            if rows is not None:
                empty = vector.new_zeros(n, vector.shape[1])
                vector = empty.index_put((rows,), vector)
            vectors.append(torch.where(masks[name], vector, self.absent[name]))
        joint = vectors[0] if self.fusion is None else self.fusion(vectors)
        return torch.as_tensor(self.head(joint))

    def _input_masks(self, present: Tensor) -> dict[str, Tensor]:
        """Tower → bool (n, 1): whether the movie has its input, and keeps it in this step."""
        masks = {name: present[:, [column]] > 0 for name, column in self.columns.items()}
        if self.training and self.drop and len(masks) > 1:
            n, device = len(present), present.device
            victim = torch.randint(len(masks), (n, 1), device=device)
            victim[torch.rand(n, 1, device=device) >= self.drop] = -1
            count = torch.stack(list(masks.values())).sum(dim=0)
            for k, name in enumerate(list(masks)):
                masks[name] = masks[name] & ((victim != k) | (count < 2))
        return masks


def _vectors(tower: nn.Module, arrays: list[Tensor]) -> Tensor:
    """A tower's vectors. Batch norm needs two rows, so a single one runs in evaluation mode."""
    if not tower.training or len(arrays[0]) > 1:
        return torch.as_tensor(tower(*arrays))
    tower.eval()
    vector = torch.as_tensor(tower(*arrays))
    tower.train()
    return vector


class Network:
    """A network of one or more towers, trained on the movies that have any of its inputs.

    After `fit`: `history`, an entry an epoch (see `loop.train_network`), and `start_histories`,
    those of the towers that it was started from.
    """

    Settings = NetworkSettings

    def __init__(
        self, settings: NetworkSettings, names: tuple[str, ...], features: Mapping[str, Feature]
    ) -> None:
        self.settings = settings
        self.features = names
        self.senses = senses_of(names, features)
        self.module: Net | None = None
        self.history: list[dict[str, Any]] = []
        self.start_histories: dict[str, list[dict[str, Any]]] = {}

    @staticmethod
    def problem(spec: ModelSpec, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        settings: NetworkSettings = spec.settings
        if spec.parts or not settings.towers:
            return "kind 'network' has no parts; give it [towers.NAME]"
        if settings.fusion.kind not in FUSIONS:
            return (
                f"unknown fusion {settings.fusion.kind!r}; {nearest(settings.fusion.kind, FUSIONS)}"
            )
        if settings.fusion != FusionSettings() and len(settings.towers) < 2:
            return f"fusion {settings.fusion.kind!r} needs at least two towers"
        if settings.training.mixup and set(kinds.values()) != {"pixels"}:
            return "training.mixup blends posters; it needs a network that reads one alone"
        if settings.start not in ("fresh", "single"):
            return "start must be 'fresh' or 'single'"
        read = []
        if layers_problem(settings.head):
            return f"head: {layers_problem(settings.head)}"
        for name, table in settings.towers.items():
            tower, tower_settings = _tower_settings(name, table)
            read.append(tower_settings.feature)
            problem = tower_problem(tower_settings)
            if problem:
                return f"tower {name!r}: {problem}"
            if kinds.get(tower_settings.feature) != tower.reads:
                return (
                    f"tower {name!r} reads a feature of kind {tower.reads!r} that the model's "
                    f"features name, not {tower_settings.feature!r}"
                )
        if len(set(read)) < len(read) or set(read) != set(kinds):
            return "every feature must be read by one tower"
        return training_problem(settings.training)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Trains; a run that was stopped goes on from its checkpoints."""
        train, valid = (part.take(np.flatnonzero(self._any_input(part))) for part in (train, valid))
        torch.manual_seed(place.seed)
        self.module = self._build(train, place)
        if self.settings.start == "single":
            self._start_from_single(train, valid, place)
        checkpoint = place.folder / f"network-{self._identity(train, place.seed)}.pt"
        train, valid = (self._extract(part) for part in (train, valid))
        self.history = train_network(
            self.module, train, valid, self.features, self.settings.training, checkpoint, place.seed
        )

    def scores(self, examples: Examples) -> Scores:
        """Sigmoid of the logits."""
        assert self.module is not None, "fit first"
        logits = predict_network(self.module, self._extract(examples), self.features)
        return np.asarray(expit(logits), np.float32)

    def parameters(self) -> int:
        """Number of parameters, the averages of batch normalisation included (as Keras counts)."""
        assert self.module is not None, "fit first"
        tensors = [*self.module.towers.parameters(), *self.module.head.parameters()]
        tensors += self.module.fusion.parameters() if self.module.fusion else []
        averages = [b for b in self.module.buffers() if b.is_floating_point()]
        return sum(tensor.numel() for tensor in [*tensors, *averages])

    def _any_input(self, examples: Examples) -> Any:
        return np.logical_or.reduce([examples.has([name]) for name in self.senses])

    def _build(self, train: Examples, place: Place) -> Net:
        towers: dict[str, Any] = {}
        for name, table in self.settings.towers.items():
            kind, settings = _tower_settings(name, table)
            feature = train.features[settings.feature]
            tower = kind(settings, feature, train)
            tower.feature = settings.feature
            tower.column = SENSES.index(feature.sense)
            towers[name] = tower
            if isinstance(tower, Backbone) and not settings.frozen:
                positions = np.flatnonzero(train.has([feature.input]))
                order = np.random.default_rng(place.seed).permutation(positions)
                sample = order[:_STATISTICS_SAMPLE]
                arrays = train.take(np.sort(sample)).arrays([settings.feature])
                tower.prepare(torch.from_numpy(arrays[f"{settings.feature}.pixels"]))
        widths = [tower.width for tower in towers.values()]
        fusion = FUSIONS[self.settings.fusion.kind](widths, self.settings.fusion.width)
        if len(towers) == 1:
            fusion = None
        head = _head(self.settings.head, widths[0] if fusion is None else fusion.width, train)
        return Net(towers, fusion, head, self.settings.drop_input)

    def _start_from_single(self, train: Examples, valid: Examples, place: Place) -> None:
        """Starts every tower from the weights that it learns by itself, with a linear head."""
        assert self.module is not None
        for name, table in self.settings.towers.items():
            settings = replace(
                self.settings,
                towers={name: table},
                fusion=FusionSettings(),
                head=HeadSettings(),
                training=replace(self.settings.training, freeze="none"),
                start="fresh",
            )
            single = Network(settings, (table["feature"],), train.features)
            single.fit(train, valid, place)
            assert single.module is not None
            self.start_histories[name] = single.history
            self.module.towers[name].load_state_dict(single.module.towers[name].state_dict())

    def _extract(self, examples: Examples) -> Examples:
        """The examples with the rows of frozen towers replaced by their cached vectors."""
        assert self.module is not None
        towers: Iterable[Any] = self.module.towers.values()
        for tower in towers:
            if getattr(getattr(tower, "settings", None), "frozen", False):
                examples = extracted_rows(examples, str(tower.feature), tower, cache_folder())
        return examples

    def _identity(self, train: Examples, seed: int) -> str:
        """A digest of all that training depends on, so that no other run's checkpoint fits."""
        settings = [train.features[name].settings() for name in self.features]
        digest = hashlib.sha256(repr([self.settings, settings, seed, torch.__version__]).encode())
        for name in self.features:
            digest.update(rows_key(train.rows[name]).encode())
            for array in train.features[name].state().values():
                digest.update(array.tobytes())
        for array in (train.index, train.labels, train.known):
            digest.update(array.tobytes())
        if train.presumed is not None and train.presumed.any():
            digest.update(train.presumed.tobytes())
        return digest.hexdigest()[:16]


def _tower_settings(name: str, table: Mapping[str, Any]) -> tuple[Any, Any]:
    where = f"tower {name!r}"
    if not isinstance(table, Mapping) or "kind" not in table:
        raise RecipeError(f"{where}: must be a table with a kind")
    tower, settings = pick(TOWERS, table["kind"], where)
    return tower, settings_from(settings, {k: v for k, v in table.items() if k != "kind"}, where)


def _head(settings: HeadSettings, width: int, train: Examples) -> nn.Module:
    """Dense layers to logits. The last bias starts at the logit of each genre's share of the
    known cells, so that training starts from the mean prediction and not from 0.5.
    """
    layers: list[nn.Module] = []
    for hidden in settings.hidden:
        layers += [nn.Linear(width, hidden), ACTIVATIONS[settings.activation]()]
        layers += [nn.BatchNorm1d(hidden)] if settings.batch_norm else []
        layers += [nn.Dropout(settings.dropout)] if settings.dropout else []
        width = hidden
    last = nn.Linear(width, train.labels.shape[1])
    head = nn.Sequential(*layers, last)
    initialise(head, settings.initialiser)
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.copy_(torch.from_numpy(logit(prior(train.labels, train.counts()))).float())
    return head
