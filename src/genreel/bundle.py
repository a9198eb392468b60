"""A bundle: a directory that holds all that a prediction needs, without any pickle."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

import genreel
from genreel.calibration import CaseRules, Rules
from genreel.errors import BundleError, VocabularyError
from genreel.features import Feature, load_feature
from genreel.files import write_folder_whole
from genreel.graph_parts import check_graph
from genreel.language import NAMES
from genreel.seen import Seen
from genreel.vocabulary import Vocabulary

Prepared = TypeVar("Prepared")

FORMAT = 2
"""Version of the layout; a bundle of another one is refused."""

FILES = ("model.onnx", "features.npz", "recipe.toml", "metrics.json", "README.md")
"""What a bundle holds besides config.json."""

MOVIES = "movies.npy"
"""What a bundle may hold as well: which movies it has seen (see `Seen`)."""

SHIPPED = Path(__file__).parent / "bundles"
"""The folder of the bundles that came with the package."""

DEFAULT_LANGUAGES = ("en",)
"""What plots are in that a bundle reads whose config.json does not say it."""

MAX_CONFIG_BYTES = 2**20
MAX_FILE_BYTES = 2**30
MAX_ARRAY_BYTES = 2**28
"""Size of features.npz unpacked: words and their weights; those of networks are in the graph."""

MAX_PIXELS = 2**26
"""Bytes that all features make of a poster's pixels together."""

MAX_SEQUENCE = 100_000
"""Words and pieces that all features keep of a text together."""

MAX_FEATURES = 64
MAX_ARRAYS = 8 * MAX_FEATURES


@dataclass(frozen=True)
class Bundle:
    """A bundle that has been read and checked.

    Attributes:
        name: as its maker called it.
        vocabulary: its genres, in the order of the scores.
        thresholds: genre → the score from which it is assigned, in [0, 1].
        cases: some of `cases.BUNDLE_CASES` → the calibration and thresholds that hold there
            instead.
        metrics: content of metrics.json.
        languages: codes of those that its plots may be in (see `genreel.language`), the main one
            first.
        seen: movies that it was trained, tuned and measured on; None where it does not know.
        features: name → fitted feature.
        model: bytes of one ONNX graph, from the features' arrays to `scores`.
        config: config.json as a whole.
    """

    name: str
    vocabulary: Vocabulary
    thresholds: Mapping[str, float]
    features: Mapping[str, Feature]
    model: bytes
    config: Mapping[str, Any]
    cases: Mapping[str, CaseRules] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    languages: tuple[str, ...] = DEFAULT_LANGUAGES
    seen: Seen | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the graph, in hexadecimal digits: what its vectors compare by."""
        return str(self.config["files"]["model.onnx"]["sha256"])

    def rules(self) -> Rules:
        """Calibration and thresholds, ready for batches."""
        return Rules(self.vocabulary.genres, self.thresholds, self.cases)


def bundle_folder(path_or_name: str | Path) -> Path:
    """The folder of a bundle, given its path or the name of one that came with the package.

    Raises:
        BundleError: there is none; the names of those that came with the package are listed.
    """
    path = Path(path_or_name)
    folders = {folder.name: folder for folder in SHIPPED.glob("[!_.]*") if folder.is_dir()}
    try:
        if path.is_dir():
            return path
    except OSError as error:  # such as a name that is too long
        raise BundleError(f"no bundle at {path_or_name} ({error.strerror})") from None
    if str(path_or_name) in folders:
        return folders[str(path_or_name)]
    names = ", ".join(sorted(folders)) or "none (genreel came without one)"
    raise BundleError(f"no bundle at {path_or_name}; give a bundle's folder or one of: {names}")


def read_bundle(path_or_name: str | Path) -> Bundle:
    """Reads a bundle and checks every file of it against its size and sha256.

    Raises:
        BundleError: anything is missing, damaged, too large or of another format.
    """
    return open_bundle(path_or_name, check_graph)[0]


def open_bundle(
    path_or_name: str | Path, prepare: Callable[[bytes], Prepared]
) -> tuple[Bundle, Prepared]:
    """As `read_bundle`, and what `prepare` makes of the graph while the rest is read.

    Args:
        path_or_name: see `bundle_folder`.
        prepare: the bytes of the graph → anything. It runs in another thread, and may be given
            bytes that turn out to be damaged; then its result is dropped.

    Raises:
        BundleError: as `read_bundle`, or what `prepare` raises.
    """
    folder = bundle_folder(path_or_name)
    try:
        return _open(folder, prepare)
    except BundleError as error:
        raise BundleError(f"bundle {folder}: {error}") from None
    except MemoryError:
        raise BundleError(f"bundle {folder}: takes more memory than there is") from None
    except RecursionError:
        raise BundleError(f"bundle {folder}: is nested too deeply; get it again") from None
    except OSError as error:
        raise BundleError(f"bundle {folder}: cannot be read ({error.strerror})") from None


def _open(folder: Path, prepare: Callable[[bytes], Prepared]) -> tuple[Bundle, Prepared]:
    json_config = _read_config(folder)
    config = _parse_config(json_config)
    # A cold start waits for the graph most of all: hashing and preparing it leave Python's lock,
    # by and large, to what is read meanwhile.
    with ThreadPoolExecutor(2) as pool:
        model = _read_sized(folder, config.files, "model.onnx")
        preparation = pool.submit(prepare, model)
        check = pool.submit(_check_hash, "model.onnx", model, config.files)
        contents = {
            name: _read_file(folder, config.files, name)
            for name in config.files
            if name != "model.onnx"
        }
        arrays = _read_arrays(contents["features.npz"])
        features = _load_features(config.features, arrays)
        metrics = _read_metrics(contents.get("metrics.json", b"{}"))
        _check_room(features)
        seen = Seen.load(contents[MOVIES]) if MOVIES in contents else None
        check.result()  # first: what `prepare` says of damaged bytes would mislead
        result = preparation.result()
    bundle = Bundle(
        config.name,
        config.vocabulary,
        config.thresholds,
        features,
        model,
        json_config,
        config.cases,
        metrics,
        config.languages,
        seen,
    )
    return bundle, result


def _load_features(
    entries: Mapping[str, tuple[str, Mapping[str, Any]]], arrays: Mapping[str, Mapping[str, Any]]
) -> dict[str, Feature]:
    """Features in the order of config.json; one that is like another comes after that."""
    likes = {name: str(settings.get("like") or "") for name, (_, settings) in entries.items()}
    features: dict[str, Feature] = {}
    for name in sorted(entries, key=lambda name: bool(likes[name])):
        kind, settings = entries[name]
        state = arrays.get(name, {})
        features[name] = load_feature(kind, settings, state, features.get(likes[name]))
    return {name: features[name] for name in entries}


def _check_room(features: Mapping[str, Feature]) -> None:
    """Refuses features whose rows of one movie would take very much memory."""
    pixels = sum(math.prod(feature.shape) for feature in features.values() if feature.shape)
    words = sum(feature.settings().get("length", 0) for feature in features.values())
    if pixels > MAX_PIXELS or words > MAX_SEQUENCE:
        raise BundleError(
            f"its features keep over {MAX_PIXELS:,} bytes of a poster, or {MAX_SEQUENCE:,} words "
            "of a text; it is not loaded"
        )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise BundleError("has no config.json; is it a bundle?")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise BundleError(f"config.json is over {MAX_CONFIG_BYTES:,} bytes; get the bundle again")
    try:
        config = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BundleError(f"config.json is damaged ({error}); get the bundle again") from None
    version = config.get("format") if isinstance(config, dict) else None
    if type(version) is not int:
        raise BundleError("config.json names no format; is it a bundle of genreel?")
    if version != FORMAT:
        remedy = "upgrade genreel" if version > FORMAT else "train it again with this genreel"
        raise BundleError(f"has format {version}, this genreel reads format {FORMAT}; {remedy}")
    if config.get("sha256") != seal(config)["sha256"]:
        raise BundleError("config.json is damaged (sha256 differs); get the bundle again")
    return dict(config)


class _Entry(NamedTuple):
    """What config.json expects of a file; another value than a number or a text fits no file."""

    size: Any
    sha256: Any


@dataclass(frozen=True)
class _Config:
    """The parts of config.json, each of the type that it must have."""

    name: str
    files: Mapping[str, _Entry]
    vocabulary: Vocabulary
    thresholds: Mapping[str, float]
    cases: Mapping[str, CaseRules]
    features: Mapping[str, tuple[str, Mapping[str, Any]]]
    languages: tuple[str, ...]


def _parse_config(config: Mapping[str, Any]) -> _Config:
    """Raises BundleError where a key is missing or a value of another type or range."""
    try:
        files = {
            name: _Entry(entry["bytes"], entry["sha256"])
            for name, entry in dict(config["files"]).items()
        }
        vocabulary = Vocabulary(tuple(config["genres"]))
        common = CaseRules.from_dict({"thresholds": config["thresholds"]}, vocabulary.genres)
        cases = {
            case: CaseRules.from_dict(table, vocabulary.genres)
            for case, table in dict(config.get("cases", {})).items()
        }
        Rules(vocabulary.genres, common.thresholds, cases)  # refuses a case that it does not know
        features = {
            name: (str(entry["kind"]), dict(entry["settings"]))
            for name, entry in dict(config["features"]).items()
        }
        name = str(config["name"])
        languages = tuple(config.get("languages", DEFAULT_LANGUAGES))
        if not languages or not set(languages) <= set(NAMES):
            raise ValueError(f"languages {languages} are not all known")
    except (VocabularyError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise BundleError(
            f"config.json is wrong ({type(error).__name__}: {error}); get the bundle again"
        ) from None
    for file in ("model.onnx", "features.npz"):
        if file not in files:
            raise BundleError(f"config.json lists no {file}; get the bundle again")
    if not features:
        raise BundleError("config.json names no inputs; get the bundle again")
    if len(features) > MAX_FEATURES:
        raise BundleError(f"config.json names over {MAX_FEATURES} features; it is not loaded")
    return _Config(name, files, vocabulary, common.thresholds, cases, features, languages)


def seal(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with the sha256 of all its other keys, so that a flipped digit shows."""
    rest = {key: value for key, value in config.items() if key != "sha256"}
    return {**rest, "sha256": hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}


def _read_file(folder: Path, files: Mapping[str, _Entry], name: str) -> bytes:
    content = _read_sized(folder, files, name)
    _check_hash(name, content, files)
    return content


def _read_sized(folder: Path, files: Mapping[str, _Entry], name: str) -> bytes:
    """A file of the bundle; empty, so that its hash differs, where its size does."""
    if name not in (*FILES, MOVIES):
        raise BundleError(f"lists an unexpected file {name!r}; get the bundle again")
    path = folder / name
    if not path.is_file():
        raise BundleError(f"{name} is missing; get the bundle again")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise BundleError(f"{name} is over {MAX_FILE_BYTES:,} bytes; it is not loaded")
    return path.read_bytes() if size == files[name].size else b""


def _check_hash(name: str, content: bytes, files: Mapping[str, _Entry]) -> None:
    if hashlib.sha256(content).hexdigest() != files[name].sha256:
        raise BundleError(f"{name} is damaged (sha256 differs); get the bundle again")


def _read_metrics(content: bytes) -> Mapping[str, Any]:
    try:
        metrics = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"metrics.json is damaged ({error}); get the bundle again") from None
    if not isinstance(metrics, dict):
        raise BundleError("metrics.json is no JSON object; get the bundle again")
    return metrics


def _read_arrays(data: bytes) -> dict[str, dict[str, Any]]:
    """Feature name → array name → array."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            count = len(archive.infolist())
        if count > MAX_ARRAYS:
            raise BundleError(f"features.npz holds {count:,} arrays; it is not loaded")
        if size > MAX_ARRAY_BYTES:
            raise BundleError(f"features.npz unpacks to {size:,} bytes; it is not loaded")
        groups: dict[str, dict[str, Any]] = {}
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            for key in arrays.files:
                feature, _, name = key.rpartition(".")
                array = arrays[key]
                if not isinstance(array, np.ndarray):  # of a member without numpy's header: bytes
                    raise ValueError(f"{key[:80]!r} is no array")
                groups.setdefault(feature, {})[name] = array
    except BundleError:
        raise
    except Exception as error:  # numpy and zipfile fail in more ways than they document
        raise BundleError(f"features.npz is damaged ({error}); get the bundle again") from None
    return groups


def write_bundle(
    folder: Path,
    *,
    name: str,
    vocabulary: Vocabulary,
    thresholds: Mapping[str, float],
    features: Mapping[str, Feature],
    model: bytes,
    recipe: str,
    metrics: Mapping[str, Any],
    card: str,
    cases: Mapping[str, CaseRules] | None = None,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    seen: Seen | None = None,
) -> None:
    """Writes a bundle, whole or not at all; one that is already there is replaced.

    Args:
        folder: where it goes; what is there and is no bundle, or holds more than one, is left
            alone.
        name, vocabulary, thresholds, features, model, cases, languages, seen: see `Bundle`.
        recipe: text of recipe.toml.
        metrics: content of metrics.json.
        card: text of README.md.

    Raises:
        BundleError: `folder` holds something that is not a bundle.
        GenreelError: it cannot be written.
    """
    check_replaceable(folder)
    own = {name: f for name, f in features.items() if not f.settings().get("like")}
    states = {f"{n}.{k}": array for n, f in own.items() for k, array in f.state().items()}
    arrays = io.BytesIO()
    np.savez_compressed(arrays, allow_pickle=False, **states)
    contents = {
        "model.onnx": model,
        "features.npz": arrays.getvalue(),
        "recipe.toml": recipe.encode(),
        "metrics.json": json.dumps(metrics, indent=1).encode(),
        "README.md": card.encode(),
    }
    if seen is not None:
        contents[MOVIES] = seen.dump()
    config: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "genreel": genreel.__version__,
        "taxonomy": "genreel",
        "genres": list(vocabulary.genres),
        "thresholds": {genre: round(float(thresholds[genre]), 6) for genre in vocabulary.genres},
        "cases": {case: rules.to_dict() for case, rules in (cases or {}).items()},
        "languages": list(languages),
        "features": {n: {"kind": f.kind, "settings": f.settings()} for n, f in features.items()},
        "files": {
            n: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for n, data in contents.items()
        },
    }
    contents["config.json"] = json.dumps(seal(config), indent=1, ensure_ascii=False).encode()
    write_folder_whole(folder, contents)


def check_replaceable(folder: Path) -> None:
    """Raises BundleError if a bundle written to `folder` would replace anything but a bundle."""
    if not folder.exists():
        return
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else {"a file"}
    # Other tools have a config.json as well, so that file alone is not enough.
    if names and not {"config.json", "features.npz"} <= names <= {"config.json", *FILES, MOVIES}:
        raise BundleError(f"{folder} is there and is no bundle; give another --out")
