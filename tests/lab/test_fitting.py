"""What a model's fitting leaves in metrics.json."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genreel.lab.fitting import fitting_record


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
