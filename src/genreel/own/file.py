"""A vocabulary of one's own as one small file, which may come from a stranger."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from genreel.errors import InputError, VocabularyError
from genreel.files import read_file, write_whole
from genreel.naming import check_description, check_name, check_new
from genreel.own.genre import Figure, OwnGenre
from genreel.own.learning import Linear
from genreel.own.traits import TRAITS
from genreel.own.vocabulary import MOST, OwnVocabulary

T = TypeVar("T")

FORMAT = 1

MAX_BYTES = 8 * 2**20
"""Of a file: MOST genres have less."""

_MOST_NUMBERS = 2**16  # of a trait
_GREATEST = 1e4  # weight or bias of a genre; what is learnt is a thousand times less


def write_own(vocabulary: OwnVocabulary, path: Path) -> None:
    """Writes a file, whole or not at all; raises WriteError."""
    write_whole(path, to_json(vocabulary).encode())


def read_own(path: Path) -> OwnVocabulary:
    """Reads a file; raises VocabularyError where it is none, or damaged."""
    try:
        data = read_file(path, MAX_BYTES)
    except OSError as error:
        raise VocabularyError(f"own genres {path}: {error.strerror}; check the path") from None
    except InputError as error:
        raise VocabularyError(f"own genres {error}") from None
    return from_json(data, str(path))


def to_json(vocabulary: OwnVocabulary) -> str:
    """A file's content."""
    value = {
        "format": FORMAT,
        "bundle": vocabulary.bundle,
        "genres": [genre_to_dict(genre) for genre in vocabulary.genres],
        "new_names": dict(vocabulary.new_names),
        "hidden_genres": list(vocabulary.hidden_genres),
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def digest_of(vocabulary: OwnVocabulary) -> str:
    """SHA-256 of a file's content, in hexadecimal: another one where anything was changed."""
    return hashlib.sha256(to_json(vocabulary).encode()).hexdigest()


def from_json(data: bytes | str, source: str) -> OwnVocabulary:
    """The inverse of `to_json`.

    Args:
        data: of a stranger.
        source: what errors call it.

    Raises:
        VocabularyError: it is no such file, or holds what cannot be.
    """
    try:
        value = json.loads(data)
        if value["format"] != FORMAT:
            raise VocabularyError(
                f"own genres {source}: format {str(value['format'])[:20]}, this genreel reads "
                f"{FORMAT}; export it again"
            )
        rows, hidden_genres = _list(value["genres"]), _list(value["hidden_genres"])
        if len(rows) > MOST:
            raise VocabularyError(f"own genres {source}: more than {MOST} genres; use fewer")
        genres: list[OwnGenre] = []
        for row in rows:
            genre = genre_from_dict(row)
            check_new(genre.name, [other.name for other in genres])
            genres.append(genre)
        new_names = {_text(old): _text(new) for old, new in value["new_names"].items()}
        names = [genre.name for genre in genres]
        for new in new_names.values():
            names.append(check_name(new, names))
        return OwnVocabulary(
            _text(value["bundle"])[:64], tuple(genres), new_names, tuple(map(_text, hidden_genres))
        )
    except VocabularyError as error:
        raise VocabularyError(f"own genres {source}: {error}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        raise VocabularyError(
            f"own genres {source}: no file of own genres, or a damaged one; export it again"
        ) from None


def genre_to_dict(genre: OwnGenre) -> dict[str, Any]:
    """JSON values."""
    one = genre.linear
    return {
        "name": genre.name,
        "description": genre.description,
        "parent": genre.parent,
        "threshold": genre.threshold,
        "figure": figure_to_dict(genre.figure),
        "linear": None if one is None else linear_to_dict(one),
    }


def genre_from_dict(row: Mapping[str, Any]) -> OwnGenre:
    """The inverse; ValueError, TypeError, KeyError or VocabularyError where it cannot be."""
    threshold = row["threshold"]
    if threshold is not None and not 0 <= float(threshold) <= 1:
        raise ValueError("a threshold outside [0, 1]")
    return OwnGenre(
        check_name(_text(row["name"]), ()),
        check_description(_text(row["description"])),
        _text(row["parent"]),
        None if row["linear"] is None else linear_from_dict(row["linear"]),
        None if threshold is None else float(threshold),
        figure_from_dict(row["figure"]),
    )


def figure_to_dict(figure: Figure) -> dict[str, Any]:
    """JSON values."""
    auc = None if figure.auc is None else round(figure.auc, 4)
    return {**{name: getattr(figure, name) for name in _COUNTS}, "auc": auc}


def figure_from_dict(row: Mapping[str, Any]) -> Figure:
    """The inverse."""
    counts = {name: int(row[name]) for name in _COUNTS}
    if min(counts.values()) < 0:
        raise ValueError("a negative count")
    return Figure(auc=None if row["auc"] is None else float(row["auc"]), **counts)


_COUNTS = ("yes", "no", "positives", "right")


def linear_to_dict(one: Linear) -> dict[str, Any]:
    """JSON values; weights as base64 of float16, little-endian: a thousandth of each."""
    return {
        "weights": {
            name: base64.b64encode(np.asarray(array, "<f2").tobytes()).decode()
            for name, array in one.weights.items()
        },
        "biases": {name: round(value, 6) for name, value in one.biases.items()},
        "bias": round(one.bias, 6),
    }


def linear_from_dict(row: Mapping[str, Any]) -> Linear:
    """The inverse; ValueError, TypeError or KeyError where it cannot be."""
    weights = {}
    for name, text in row["weights"].items():
        array = np.frombuffer(base64.b64decode(_text(text), validate=True), "<f2")
        if name not in TRAITS or not 0 < len(array) <= _MOST_NUMBERS:
            raise ValueError("a trait that is none")
        weights[name] = array.astype(np.float64)
    biases = {name: float(row["biases"][name]) for name in weights}
    bias = float(row["bias"])
    for values in (*weights.values(), np.array([bias, *biases.values()])):
        if not (np.abs(values) < _GREATEST).all():  # nor where one is no number
            raise ValueError("a weight that cannot be")
    return Linear(weights, biases, bias)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
