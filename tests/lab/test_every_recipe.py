"""The contract of every recipe: it trains, exports with parity, and its bundle predicts.

Settings are made tiny by the same overrides that `--set` takes; nothing else differs. The large
backbones stand behind a small one here; the target `slow` takes them as they are, with random
weights (`pytest -m slow tests/lab/test_every_recipe.py`).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_backbone import small_backbone

from genreel.catalogue import Catalogue
from genreel.lab.graphs.parity import PARITY
from genreel.lab.recipe import load_recipe, recipe_names
from genreel.lab.splits import Split
from genreel.lab.train import train
from genreel.lettering import Lettering, Line
from genreel.predictor import Predictor
from genreel.vocabulary import GENRES

FILMS = 108
SIDE = 64  # pixels
SMALLEST = 96  # pixels; Inception's convolutions leave nothing of a smaller poster
SMALL_BACKBONE = small_backbone.__name__

# One telling word for each genre, in the order of GENRES.
WORDS = (
    "chase voyage cartoon portrait joke heist interview sorrow puppy dragon shadow archive ghost "
    "melody dance riddle kiss robot match bomb trench saddle"
).split()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Invented films with one to three genres, told by words and by the colour of the poster."""
    folder = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(5)
    with (folder / "movies.jsonl").open("w", encoding="utf-8") as file:
        for i in range(FILMS):
            # The first hundred are of one genre, as some recipes want; Action, Comedy and Drama
            # come often enough for the recipes that know these alone.
            single = [int(rng.choice([0, 4, 7])) if i % 2 else i % len(GENRES)]
            chosen = single if i < FILMS // 2 else sorted(rng.choice(len(GENRES), 3, replace=False))
            words = [WORDS[g] for g in chosen] * 3 + list(rng.choice(WORDS, 4))
            words += list(rng.choice("the a river house night train road letter".split(), 10))
            base = np.array([chosen[0] * 11, 255 - chosen[-1] * 11, len(chosen) * 80])
            noise = rng.integers(-25, 26, (SIDE, SIDE, 3))
            Image.fromarray(np.clip(base + noise, 0, 255).astype(np.uint8)).save(
                folder / f"{i}.png"
            )
            record = {"id": str(i), "title": f"Film {i}", "year": 2016 if i % 3 else 1971 + i % 40}
            record |= {"plot": " ".join(map(str, rng.permutation(words))), "poster": f"{i}.png"}
            record["language"] = "en"  # these are words, no sentences
            lines = [Line(word, 0.9, 0.1, n / 9, 0.8, 0.1) for n, word in enumerate(words[:8])]
            record["lettering"] = Lettering(tuple(lines)).to_json()
            record["genres"] = [GENRES[g] for g in chosen]
            file.write(json.dumps(record) + "\n")
    return Catalogue(folder)


@pytest.fixture(scope="module")
def split() -> Split:
    """Single-genre films and others in every part."""
    part = np.random.default_rng(1).permutation(FILMS)
    return Split(
        *(tuple(map(str, ids)) for ids in np.split(part, [FILMS * 4 // 6, FILMS * 5 // 6]))
    )


def tiny(name: str, backbone: str) -> list[str]:
    """Overrides that make a recipe train in a second or two."""
    return list(_tiny(tomllib.loads(load_recipe(name).text), (), backbone))


SMALL: dict[str, Any] = {
    **{"epochs": 1, "batch_size": 16, "patience": 0},
    **{"max_words": 300},
    **{"n_estimators": 4, "max_depth": 3, "max_iter": 30, "n_neighbors": 3},
    **{"pca": 5, "folds": 2, "min_count": 1, "weights": "random", "tune": 1},
}


def _tiny(table: dict[str, Any], at: tuple[str, ...], backbone: str) -> Iterator[str]:
    for key, value in table.items():
        path = ".".join((*at, key))
        if isinstance(value, dict):
            yield from _tiny(value, (*at, key), backbone)
        elif key == "width" and table.get("kind") not in ("pixels", None):
            yield f"{path}=8"
        elif key in ("height", "width"):
            yield f"{path}={SIDE if backbone else SMALLEST}"
        elif key == "folds" and value == 0:
            continue  # 0 is another way, not a number of folds
        elif key == "length":
            # An exported LSTM is traced word by word.
            yield f"{path}={4 if table['kind'] == 'tokens' else 16}"
        elif key == "encoder":
            yield f"{path}=tiny"
        elif key in SMALL:
            yield f"{path}={SMALL[key]}"
        elif key == "backbone" or (key == "name" and table.get("kind") == "backbone"):
            yield f"{path}={backbone or value}"
            yield f"{'.'.join((*at, 'weights'))}=random"


def check(name: str, catalogue: Catalogue, split: Split, out: Path, backbone: str) -> None:
    """Trains, exports and predicts."""
    recipe = load_recipe(name, tiny(name, backbone))
    metrics = train(recipe, catalogue, out, split=split)
    assert metrics["parity"] <= PARITY
    assert metrics["parameters"] > 0
    predictor = Predictor(out)
    everything = catalogue.by_id()
    movies = [everything[i] for i in split.test]
    found = list(predictor.predict_many(movies))
    for movie, prediction in zip(movies, found, strict=True):
        assert prediction.error is None and prediction.id == movie.id
        assert list(prediction.scores) == list(recipe.vocabulary.genres)
        assert all(0 <= score <= 1 for score in prediction.scores.values())
    assert len({tuple(prediction.scores.values()) for prediction in found}) > 1  # it looks at them


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.usefixtures("tiny_encoder", "word_counts", "small_glove")
def test_it_trains_exports_and_predicts(
    name: str, catalogue: Catalogue, split: Split, tmp_path: Path
) -> None:
    check(name, catalogue, split, tmp_path / "bundle", SMALL_BACKBONE)


LARGE = [
    name
    for name in recipe_names()
    if any(word in load_recipe(name).text for word in ("vgg", "inception", "resnet"))
]


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_the_named_backbone_trains_exports_and_predicts(
    name: str, catalogue: Catalogue, split: Split, tmp_path: Path
) -> None:
    check(name, catalogue, split, tmp_path / "bundle", "")
