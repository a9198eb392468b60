"""Invented films whose genres can be told from what they come with."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from encoders import WordCounts
from PIL import Image

from genreel.catalogue import Movie
from genreel.features import Feature
from genreel.features.image import Pixels, PixelSettings
from genreel.features.pieces import SPECIAL, PieceSettings
from genreel.features.sentences import Sentences, SentencesSettings
from genreel.features.text import Terms, TermSettings
from genreel.features.tokens import Tokens, TokenSettings
from genreel.lab import weights
from genreel.lab.examples import Examples, read_examples
from genreel.reading import languages
from genreel.vocabulary import Vocabulary

TOY_GENRES = ("Horror", "Comedy", "Drama")
SIDE = 32  # pixels


def toy_movies(count: int, seed: int = 0, everything: bool = False) -> list[Movie]:
    """Horror says "ghost", Comedy says "joke" and has a bright poster, Drama is chance.

    Unless they have `everything`, every fourth lacks its poster and another fourth its plot.
    """
    rng = np.random.default_rng(seed)
    movies = []
    for i in range(count):
        told = rng.random(3) < 0.5
        words = ["the", *rng.choice(["river", "house", "night", "train"], 3)]
        words += ["ghost"] * int(told[0]) + ["joke"] * int(told[1])
        light = rng.integers(160, 256) if told[1] else rng.integers(0, 96)
        noise = rng.integers(-20, 21, (SIDE, SIDE, 3))
        poster = Image.fromarray(np.clip(light + noise, 0, 255).astype(np.uint8))
        movies.append(
            Movie(
                f"toy{i}",
                title=f"Toy {i}",
                year=1950 + i % 40,
                plot=" ".join(words) if everything or i % 4 != 2 else "",
                poster=poster if everything or i % 4 != 1 else None,
                genres={"genreel": tuple(np.array(TOY_GENRES)[told]) or ("War",)},
            )
        )
    return movies


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Networks this small only wait for each other's threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="session")
def _one_table_of_operators() -> Iterator[None]:
    """torch parses its 500 operators anew for each graph, half a second each time; once is enough.

    It is torch's own affair; where a version has no such table, tests only take longer.
    """
    with pytest.MonkeyPatch.context() as patch:
        with contextlib.suppress(ImportError, AttributeError):
            from torch.onnx._internal.exporter._registration import ONNXRegistry

            table = staticmethod(functools.cache(ONNXRegistry.from_torchlib))
            patch.setattr(ONNXRegistry, "from_torchlib", table)
        yield


@pytest.fixture(scope="session")
def toys() -> Callable[..., list[Movie]]:
    """`toy_movies`."""
    return toy_movies


@pytest.fixture(scope="session")
def toy_vocabulary() -> Vocabulary:
    return Vocabulary(TOY_GENRES)


ENCODER_PIECES = [*SPECIAL, *"the river house night train ghost joke toy ##s".split()]


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a sentence encoder called "tiny", with random weights."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("weights") / "tiny"
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(ENCODER_PIECES),
            intermediate_size=12,
            max_position_embeddings=20,
            initializer_range=0.5,
            **sizes,
        )
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    vocabulary = {piece: i for i, piece in enumerate(ENCODER_PIECES)}
    tokenizer = {"model": {"type": "WordPiece", "vocab": vocabulary}}
    tokenizer["normalizer"] = {"lowercase": True}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "weights_folder", lambda: folder.parent)
        yield folder


@pytest.fixture(scope="module")
def word_counts() -> Iterator[None]:
    """In place of the encoder of many languages, one whose vectors count words.

    For a module: tests elsewhere read with the encoder itself.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "is_installed", lambda: True)
        patch.setattr(languages, "_encoder", WordCounts)
        yield


@pytest.fixture(scope="session")
def small_glove(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In place of the file of GloVe vectors, one of ten words."""
    folder = tmp_path_factory.mktemp("glove")
    words = np.array("the a river house night train road letter joke ghost".split())
    vectors = np.random.default_rng(0).normal(size=(len(words), 6)).astype(np.float32)
    np.savez(folder / "glove.6B.50d.20k.npz", words=words, vectors=vectors)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genreel.lab.networks.vectors.weights_folder", lambda: folder)
        yield


@pytest.fixture(scope="module")
def toy_features(tiny_encoder: Path, word_counts: None) -> dict[str, Feature]:
    words = Terms.fit(TermSettings(min_count=1), toy_movies(40))
    return {
        "plot": words,
        "poster": Pixels(PixelSettings(height=SIDE, width=SIDE)),
        "tokens": Tokens.fit(TokenSettings(length=8), toy_movies(40)),
        "pieces": weights.fit_pieces(PieceSettings(encoder="tiny", length=9), ()),
        "sentences": Sentences.fit(SentencesSettings(), ()),
    }


@pytest.fixture(scope="module")
def toy_examples(
    toy_features: dict[str, Feature],
    toy_vocabulary: Vocabulary,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Examples]:
    """Examples of `toy_movies`, of the features that are named."""
    cache = tmp_path_factory.mktemp("rows")

    def make(
        count: int, seed: int = 0, everything: bool = False, names: str = "plot poster"
    ) -> Examples:
        features = {name: toy_features[name] for name in names.split()}
        return read_examples(toy_movies(count, seed, everything), features, toy_vocabulary, cache)

    return make


@pytest.fixture
def toml(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recipe file: its head, then the text given."""

    def write(body: str, name: str = "toy") -> Path:
        head = "".join(f'{k} = "{k}"\n' for k in ("title", "source", "command", "cost"))
        path = tmp_path / f"{name}.toml"
        path.write_text(f'id = "{name}"\n{head}{body}', encoding="utf-8")
        return path

    return write
