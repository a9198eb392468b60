"""What the tests of the store share."""

from __future__ import annotations

import socket

from genreel.predictor import Prediction
from genreel.vocabulary import GENRES

THRESHOLDS = dict.fromkeys(GENRES, 0.5)


def prediction(film: str = "a", **scores: float) -> Prediction:
    """Scores of 0.1 but for those given, with "_" for "-"."""
    given = {name.replace("_", "-"): score for name, score in scores.items()}
    return Prediction(film, {genre: given.get(genre, 0.1) for genre in GENRES})


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
