"""What is installed, what is missing, and the exact command that mends it."""

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
    "app": "the review pages, the API and the watched folder",
    "scale": "prediction on several processes or machines (Ray)",
    "lab": "training and measuring models",
    "test": "the tests",
}
"""Extra → what it is for."""

# Distributions whose module is called otherwise.
_MODULES = {
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


def required(extra: str = "") -> list[str]:
    """Names of the distributions that genreel, or one of its extras, asks for directly."""
    found = []
    for line in importlib.metadata.requires("genreel") or []:
        name = re.match(r"[\w.-]+", line)
        marker = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name and name[0] != "genreel" and (marker[1] if marker else "") == extra:
            found.append(name[0].lower())
    return found


def missing(extra: str = "") -> list[str]:
    """Those of `required(extra)` that cannot be imported."""
    return [name for name in required(extra) if not _module_there(name)]


def examine() -> bool:
    """Prints the findings; whether prediction works."""
    print(f"genreel {genreel.__version__}, Python {platform.python_version()}, {sys.platform}")
    absent = missing()
    for name in required():
        print(f"  {name:<12} {_version(name)}")
    works = not absent
    if absent:
        print(f"  missing: {', '.join(absent)}; run: python -m pip install genreel")
    else:
        from genreel.predictor import Predictor

        try:
            predictor = Predictor()
            predictor.predict(plot="A detective hunts a murderer through the rain.")
            print(f"  default bundle: works, {len(predictor.genres)} genres")
        except GenreelError as error:
            works = False
            print(f"  default bundle: {error}")
    for extra, purpose in EXTRAS.items():
        absent = missing(extra)
        if absent:
            print(
                f"  [{extra}] {purpose}: not installed (lacks {', '.join(absent)}); "
                f"run: python -m pip install 'genreel[{extra}]'"
            )
        else:
            print(f"  [{extra}] {purpose}: installed")
    try:
        print(f"  keywords inside posters: {find_exiftool()}")
    except GenreelError as error:
        print(f"  keywords inside posters: {error}")
    return works


def _module_there(name: str) -> bool:
    module = _MODULES.get(name, name.replace("-", "_"))
    return importlib.util.find_spec(module) is not None


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
