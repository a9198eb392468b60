"""What a model's fitting leaves in metrics.json."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genreel.lab.fitting import earlier_seconds, fitting_record


def network(**changes: Any) -> Any:
    return SimpleNamespace(**{"history": [{"epoch": 1, "loss": 0.5}], **changes})


def test_networks_of_parts_go_by_their_names() -> None:
    pca = SimpleNamespace(explained_variance_ratio_=np.array([0.4, 0.25]))
    parts = {"words": network(), "both": SimpleNamespace(parts={"poster": network(history=[])})}
    parts["both"].parts["trees"] = SimpleNamespace(pca=pca)
    record = fitting_record(SimpleNamespace(parts=parts))
    assert record == {
        "history": {"words": [{"epoch": 1, "loss": 0.5}]},
        "explained_variance": {"both.trees": pytest.approx(0.65)},
    }


def test_towers_that_a_network_was_started_from() -> None:
    epochs = [{"epoch": 1}, {"epoch": 2}]
    record = fitting_record(network(start_histories={"plot": epochs}))
    assert record == {
        "history": {"model, plot alone": epochs, "model": [{"epoch": 1, "loss": 0.5}]}
    }


def test_a_model_that_leaves_nothing() -> None:
    assert fitting_record(SimpleNamespace(pca=None)) == {}


def test_epochs_of_earlier_runs_are_time_that_was_spent() -> None:
    earlier, now = ({"seconds": 2.5, "from_checkpoint": is_earlier} for is_earlier in (True, False))
    assert earlier_seconds({"history": {"one": [earlier, now], "two": [earlier]}}) == 5.0
    assert earlier_seconds({"explained_variance": {"trees": 0.65}}) == 0.0
