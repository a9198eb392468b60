"""Late fusion against one network with both towers, fused by gates or side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genreel.lab.evaluation.rules import cases_of
from genreel.lab.examples import presume_absent, read_examples
from genreel.lab.model import Place
from genreel.lab.recipe import load_recipe
from genreel.lab.train import build_model, fit_features
from genreel.paths import cache_folder
from trials.measure import Row, figures, movies_by_part

HEAD = """source = "genreel's own"
command = "python benchmarks/tried.py"
cost = "minutes"
[data]
presumed = 0.3
"""
PLOT = """[features.pieces]
kind = "pieces"
input = "plot"
encoder = "all-MiniLM-L6-v2"
length = 160
"""
POSTER = """[features.poster]
kind = "pixels"
height = 192
width = 128
"""
PLOT_TOWER = """[model.towers.plot]
kind = "sentence"
feature = "pieces"
frozen = true
"""
POSTER_TOWER = """[model.towers.poster]
kind = "backbone"
feature = "poster"
frozen = true
"""
TRAINING = """[model.training]
epochs = 12
batch_size = 64
optimizer = "adamw"
learning_rate = 2e-3
schedule = "onecycle"
weight_decay = 0.02
average = 0.99
patience = 3
"""


def recipes(folder: Path) -> dict[str, Path]:
    """Name → recipe file, written into the folder."""
    dense = "[model.head]\nhidden = [512]\ndropout = 0.5\n"

    def network(features: str, *tables: str) -> str:
        return f'[model]\nkind = "network"\nfeatures = {features}\n' + "".join(tables) + TRAINING

    def one_network(kind: str) -> str:
        fusion = f'[model.fusion]\nkind = "{kind}"\nwidth = 512\n[model.head]\ndropout = 0.5\n'
        both = network('["pieces", "poster"]', PLOT_TOWER, POSTER_TOWER, fusion)
        return PLOT + POSTER + both.replace("[model]\n", "[model]\ndrop_input = 0.5\n")

    texts = {
        "plot-alone": PLOT + network('["pieces"]', PLOT_TOWER, dense),
        "poster-alone": POSTER + network('["poster"]', POSTER_TOWER, dense),
        "late-fusion": '[model]\nkind = "late-fusion"\n'
        + "".join(
            f'[model.parts.{part}]\nrecipe = "{folder}/{part}-alone.toml"\n'
            for part in ("plot", "poster")
        ),
        "gates": one_network("gmu"),
        "side by side": one_network("concatenate"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, text in texts.items():
        files[name] = folder / f"{name.replace(' ', '-')}.toml"
        about = f'id = "{files[name].stem}"\ntitle = "{name}"\n'
        files[name].write_text(about + HEAD + text, encoding="utf-8")
    return files


def fusion(out: Path) -> Iterator[Row]:
    """Late fusion against one network."""
    parts = movies_by_part()
    files = recipes(out.absolute())
    for name in ("late-fusion", "gates", "side by side"):
        recipe = load_recipe(files[name])
        features = fit_features(recipe, parts["train"])
        examples = {
            part: read_examples(parts[part], features, recipe.vocabulary, cache_folder())
            for part in ("train", "valid")
        }
        train = presume_absent(examples["train"], parts["train"], recipe.head.data.presumed)
        model = build_model(recipe.model, features)
        model.fit(train, examples["valid"], Place(out / "checkpoints", recipe.head.seed))
        for case, view in cases_of(examples["valid"], model.senses).items():
            yield figures(name, case, view.labels, view.known, model.scores(view))
