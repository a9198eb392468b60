"""Training in two processes gives what one process gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genreel.app.cli import main
from genreel.catalogue import Movie
from genreel.predictor import Predictor

# No dropout and no batch normalisation: these draw and average per process.
RECIPE = """
[features.plot]
kind = "tokens"
length = 12
min_count = 1
[features.poster]
kind = "pixels"
height = 16
width = 16
[model]
kind = "network"
features = ["plot", "poster"]
[model.towers.plot]
kind = "lstm"
feature = "plot"
width = 8
[model.towers.plot.embedding]
width = 6
[model.towers.poster]
kind = "cnn"
feature = "poster"
layers = ["conv 4 3", "pool 2", "flatten", "dense 8"]
[model.training]
epochs = 3
batch_size = 9
learning_rate = 0.01
average = 0.9
"""

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

# What torchrun does, but libraries are loaded once, before the processes part.
FORKS = """
import sys
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
import genreel.lab.train
from genreel.app.cli import main

config = LaunchConfig(
    min_nodes=1,
    max_nodes=1,
    nproc_per_node=2,
    run_id="test",
    rdzv_backend="c10d",
    rdzv_endpoint="127.0.0.1:0",
    start_method="fork",
    max_restarts=0,
)
codes = elastic_launch(config, main)(sys.argv[1:])
assert codes == {0: 0, 1: 0}
"""


@pytest.mark.parametrize(
    "launcher",
    [
        pytest.param(["-c", FORKS], id="forks"),
        pytest.param([*TORCHRUN, "-m", "genreel.app.cli"], id="torchrun", marks=pytest.mark.slow),
    ],
)
def test_two_processes_give_the_weights_of_one(
    launcher: list[str],
    toys: Callable[..., list[Movie]],
    toml: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    movies = toys(60)
    with (tmp_path / "movies.jsonl").open("w") as file:
        for movie in movies:
            poster = None
            if movie.poster is not None:
                poster = f"{movie.id}.png"
                movie.poster.save(tmp_path / poster)  # type: ignore[union-attr]
            record = {"id": movie.id, "plot": movie.plot, "poster": poster}
            file.write(json.dumps({**record, "genres": list(movie.genres["genreel"])}) + "\n")
    ids = [movie.id for movie in movies]
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": ids[:40], "valid": ids[40:50], "test": ids[50:]}))
    recipe = toml(RECIPE)

    def argv(name: str) -> list[str]:
        out = str(tmp_path / name)
        return ["train", str(recipe), str(tmp_path), "--out", out, "--split", str(split)]

    def scores(name: str, errors: str) -> dict[str, list[float]]:
        assert errors.count("epoch 3/3") == 1  # the first process speaks
        assert not (tmp_path / f"{name}.work").exists()
        predictions = Predictor(tmp_path / name).predict_many(movies[50:])
        return {p.id: list(p.scores.values()) for p in predictions if p.scores}

    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "cache-one"))
    assert main(argv("one")) == 0
    one = scores("one", capsys.readouterr().err)

    command = [sys.executable, *launcher, *argv("two")]
    environment = {"GENREEL_CACHE": str(tmp_path / "cache-two"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    two = scores("two", done.stderr)
    assert list(one) == list(two)
    assert np.std(list(one.values()), axis=0).max() > 0.01  # it learnt something
    np.testing.assert_allclose(list(two.values()), list(one.values()), atol=1e-5)
