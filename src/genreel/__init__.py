"""genreel tells a movie's genres from its poster, its plot, or both."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Catalogue", "Movie", "Prediction", "Predictor", "Vocabulary", "__version__"]

_HOME = {
    "Catalogue": "genreel.catalogue",
    "Movie": "genreel.catalogue",
    "Prediction": "genreel.prediction",
    "Predictor": "genreel.predictor",
    "Vocabulary": "genreel.vocabulary",
}

if TYPE_CHECKING:
    from genreel.catalogue import Catalogue, Movie
    from genreel.prediction import Prediction
    from genreel.predictor import Predictor
    from genreel.vocabulary import Vocabulary


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first asked for, so that help pages start in a blink."""
    if name not in _HOME:
        raise AttributeError(f"module 'genreel' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
