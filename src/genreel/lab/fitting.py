"""What fitting a model left behind, for metrics.json: how its networks learnt, what a PCA keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from genreel.lab.model import Model

Epoch = dict[str, Any]
"""An epoch of a network, as `networks.loop.train_network` has it."""


def fitting_record(model: Model) -> dict[str, Any]:
    """What metrics.json says of the fitting of a model and of its parts.

    Returns:
        `history`: name of each network → its epochs; `explained_variance`: name of each part with
        a PCA → the share of the variance that its components keep, in [0, 1]. What no part has is
        left out. A model by itself is called "model", a part by its name, and a tower that a
        network was started from "PART, TOWER alone".
    """
    record: dict[str, dict[str, Any]] = {"history": {}, "explained_variance": {}}
    for name, part in _parts(model, ()):
        for tower, epochs in getattr(part, "start_histories", {}).items():
            record["history"][f"{name}, {tower} alone"] = epochs
        if getattr(part, "history", None):
            record["history"][name] = part.history
        pca = getattr(part, "pca", None)
        if pca is not None:
            share = float(pca.explained_variance_ratio_.sum())
            record["explained_variance"][name] = round(share, 6)
    return {key: values for key, values in record.items() if values}


def earlier_seconds(record: Mapping[str, Any]) -> float:
    """Seconds of the epochs in a `fitting_record` that earlier runs learnt."""
    epochs = (epoch for history in record.get("history", {}).values() for epoch in history)
    return float(sum(epoch["seconds"] for epoch in epochs if epoch["from_checkpoint"]))


def _parts(model: Any, at: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """A model and its parts, however deep, each with its name."""
    yield ".".join(at) or "model", model
    for name, part in getattr(model, "parts", {}).items():
        yield from _parts(part, (*at, name))
