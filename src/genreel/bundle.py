"""A bundle: a directory that holds all a prediction needs, with no pickle in it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import genreel
from genreel.calibration import CaseRules, Rules
from genreel.errors import BundleError, GenreelError
from genreel.features import Feature, load_feature
from genreel.files import write_folder_whole
from genreel.vocabulary import Vocabulary

Prepared = TypeVar("Prepared")

FORMAT = 2
"""Version of the layout; a bundle of another one is refused."""

FILES = ("model.onnx", "features.npz", "recipe.toml", "metrics.json", "README.md")
"""What a bundle may hold besides config.json."""

SHIPPED = Path(__file__).parent / "bundles"
"""Where the bundles are that came with the package."""

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""Whose operators a graph may use: those that ONNX itself defines."""

LOOPS = frozenset({"Loop", "Scan"})
"""Operators that a graph may not use: they may run without end, and no model of the lab's does."""

MAX_CONFIG_BYTES = 2**20
MAX_FILE_BYTES = 2**30
MAX_ARRAY_BYTES = 2**28
"""What features.npz may unpack to: words and their weights, no network's."""

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

    def rules(self) -> Rules:
        """Calibration and thresholds, ready for batches."""
        return Rules(self.vocabulary.genres, self.thresholds, self.cases)


def bundle_folder(path_or_name: str | Path) -> Path:
    """The folder of a bundle, given by its path or by the name of one that came along."""
    path = Path(path_or_name)
    shipped = {folder.name: folder for folder in SHIPPED.glob("[!_.]*") if folder.is_dir()}
    try:
        if path.is_dir():
            return path
    except OSError as error:  # such as a name that is too long
        raise BundleError(f"no bundle at {path_or_name} ({error.strerror})") from None
    if str(path_or_name) in shipped:
        return shipped[str(path_or_name)]
    names = ", ".join(sorted(shipped)) or "none (genreel came without one)"
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
    """As `read_bundle`, and what `prepare` makes of the checked graph while the rest is read.

    Raises:
        BundleError: as `read_bundle`, or what `prepare` raises.
    """
    folder = bundle_folder(path_or_name)
    try:
        config = _read_config(folder)
        for name in ("model.onnx", "features.npz"):
            if name not in config["files"]:
                raise BundleError(f"config.json lists no {name}; get the bundle again")
        # Reading, hashing and preparing leave Python's lock, by and large, to the features.
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(_read_graph, folder, config, prepare)
            small = [name for name in config["files"] if name != "model.onnx"]
            contents = {name: _read_file(folder, config, name) for name in small}
            state = _read_arrays(contents["features.npz"])
            if len(config["features"]) > MAX_FEATURES:
                raise BundleError(f"config.json names over {MAX_FEATURES} features")
            features = {
                name: load_feature(entry["kind"], entry["settings"], state.get(name, {}))
                for name, entry in config["features"].items()
            }
            model, prepared = reading.result()
        if not features:
            raise BundleError("config.json names no inputs; get the bundle again")
        vocabulary = Vocabulary(tuple(config["genres"]))
        thresholds = {genre: float(config["thresholds"][genre]) for genre in vocabulary.genres}
        if not all(0 <= threshold <= 1 for threshold in thresholds.values()):
            raise BundleError("config.json has a threshold outside [0, 1]; get the bundle again")
        cases = {
            case: CaseRules.from_dict(table, vocabulary.genres)
            for case, table in config.get("cases", {}).items()
        }
        name = str(config["name"])
        measured = json.loads(contents.get("metrics.json", b"{}"))
        bundle = Bundle(name, vocabulary, thresholds, features, model, config, cases, measured)
        bundle.rules()  # which refuses what does not fit together
    except BundleError as error:
        raise BundleError(f"bundle {folder}: {error}") from None
    except (GenreelError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            f"bundle {folder}: config.json is wrong ({type(error).__name__}: {error}); get it again"
        ) from None
    except OSError as error:
        raise BundleError(f"bundle {folder}: cannot be read ({error.strerror})") from None
    return bundle, prepared


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


def seal(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with the sha256 of all its other keys, so that a flipped digit shows."""
    rest = {key: value for key, value in config.items() if key != "sha256"}
    return {**rest, "sha256": hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}


def _read_file(folder: Path, config: Mapping[str, Any], name: str) -> bytes:
    data = _read_sized(folder, config, name)
    _check_hash(name, data, config["files"][name])
    return data


def _read_sized(folder: Path, config: Mapping[str, Any], name: str) -> bytes:
    """A file of the bundle; nothing where its size is not the one expected."""
    if name not in FILES:
        raise BundleError(f"lists an unexpected file {name!r}; get the bundle again")
    path = folder / name
    if not path.is_file():
        raise BundleError(f"{name} is missing; get the bundle again")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise BundleError(f"{name} is over {MAX_FILE_BYTES:,} bytes; it is not loaded")
    return path.read_bytes() if size == config["files"][name]["bytes"] else b""


def _check_hash(name: str, data: bytes, expected: Mapping[str, Any]) -> None:
    if hashlib.sha256(data).hexdigest() != expected["sha256"]:
        raise BundleError(f"{name} is damaged (sha256 differs); get the bundle again")


def _read_graph(
    folder: Path, config: Mapping[str, Any], prepare: Callable[[bytes], Prepared]
) -> tuple[bytes, Prepared]:
    """The graph, and what is made of it while its hash is reckoned; damage is told first."""
    expected = config["files"]["model.onnx"]
    model = _read_sized(folder, config, "model.onnx")
    with ThreadPoolExecutor(1) as pool:
        preparing = pool.submit(prepare, model)
        _check_hash("model.onnx", model, expected)
        return model, preparing.result()


def check_graph(model: bytes) -> None:
    """Refuses a graph with loops, values in other files, or operators of an engine, which
    onnxruntime itself would run.

    Raises:
        BundleError: the bytes of an ONNX graph hold such a thing, or are damaged.
    """
    domains: set[str] = set()
    operators: set[str] = set()
    waiting = [("model", memoryview(model))]
    while waiting:
        kind, message = waiting.pop()
        for number, value in _fields(message):
            if (kind, number) == _EXTERNAL:
                raise BundleError("model.onnx refers to files outside itself; get it again")
            if number == _NAMED_IN.get(kind):
                domains.add(bytes(value).decode(errors="replace"))
            elif kind == "node" and number == _OPERATOR:
                operators.add(bytes(value).decode(errors="replace"))
            elif inner := _WITHIN.get(kind, {}).get(number):
                waiting.append((inner, value))
    if loops := sorted(operators & LOOPS):
        raise BundleError(f"model.onnx cannot be loaded (operator {loops[0]}); get it again")
    if foreign := domains - DOMAINS:
        names = ", ".join(sorted(name[:80] for name in foreign))
        raise BundleError(f"model.onnx cannot be loaded (operators of {names}); get it again")


# Where the messages of onnx.proto name an operator set (by field number), and which messages
# hold further ones. A node counts as well: onnxruntime runs com.microsoft undeclared.
_NAMED_IN = {"opset": 1, "node": 7}
_OPERATOR = 4  # of a node
_EXTERNAL = ("tensor", 13)  # the file that holds its values
_WITHIN = {
    "model": {7: "graph", 8: "opset", 25: "function"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        **{5: "tensor", 6: "graph", 10: "tensor", 11: "graph"},
        **{22: "sparse", 23: "sparse"},
    },
    "sparse": {1: "tensor", 2: "tensor"},
}


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field of a Protocol Buffers message that has a length."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = 0
        for shift in range(0, 70, 7):
            if at >= len(message):
                break
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise BundleError("model.onnx cannot be loaded (no Protocol Buffers); get it again")

    while at < len(message):
        key = varint() & 0xFFFFFFFF  # which is what Protocol Buffers keep of it
        kind = key & 7
        if kind == 0:
            varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or (varint() if kind == 2 else len(message) + 1)
        if at + size > len(message):
            raise BundleError("model.onnx cannot be loaded (no Protocol Buffers); get it again")
        if kind == 2:
            yield key >> 3, message[at : at + size]
        at += size


def _read_arrays(data: bytes) -> dict[str, dict[str, Any]]:
    """Feature name → array name → array."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            count = len(archive.infolist())
        if unpacked > MAX_ARRAY_BYTES or count > MAX_ARRAYS:
            raise BundleError(f"features.npz unpacks to {unpacked:,} bytes; it is not loaded")
        grouped: dict[str, dict[str, Any]] = {}
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            for key in arrays.files:
                feature, _, name = key.rpartition(".")
                grouped.setdefault(feature, {})[name] = arrays[key]
    except BundleError:
        raise
    except Exception as error:  # numpy and zipfile fail in more ways than they document
        raise BundleError(f"features.npz is damaged ({error}); get the bundle again") from None
    return grouped


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
) -> None:
    """Writes a bundle, whole or not at all; one that is already there is replaced.

    Args:
        folder: where it goes; what is there and is no bundle, or holds more than one, is left
            alone.
        name, vocabulary, thresholds, features, model, cases: see `Bundle`.
        recipe: text of recipe.toml.
        metrics: content of metrics.json.
        card: text of README.md.

    Raises:
        BundleError: `folder` holds something that is not a bundle.
        GenreelError: it cannot be written.
    """
    check_replaceable(folder)
    states = {f"{n}.{k}": array for n, f in features.items() for k, array in f.state().items()}
    arrays = io.BytesIO()
    np.savez_compressed(arrays, allow_pickle=False, **states)
    contents = {
        "model.onnx": model,
        "features.npz": arrays.getvalue(),
        "recipe.toml": recipe.encode(),
        "metrics.json": json.dumps(metrics, indent=1).encode(),
        "README.md": card.encode(),
    }
    config: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "genreel": genreel.__version__,
        "taxonomy": "genreel",
        "genres": list(vocabulary.genres),
        "thresholds": {genre: round(float(thresholds[genre]), 6) for genre in vocabulary.genres},
        "cases": {case: rules.to_dict() for case, rules in (cases or {}).items()},
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
    # Other tools have a config.json as well, so that alone makes no bundle.
    if names and not {"config.json", "features.npz"} <= names <= {"config.json", *FILES}:
        raise BundleError(f"{folder} is there and is no bundle; give another --out")
