"""Damaged and adversarial bundles, their hashes made right again, loaded and predicted with."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import pickle
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from attacks.case import Case
from attacks.mutate import damaged
from attacks.shapes import encode, noise
from genreel import Movie, Predictor
from genreel.bundle import seal, write_bundle
from genreel.errors import GenreelError
from genreel.features import load_feature
from genreel.vocabulary import GENRES, Vocabulary

MIB = 2**20
PLOT = "a sheriff and a priest hold a town against the army"
Files = dict[str, bytes]
Change = Callable[[dict[str, Any]], Any]


def attempt(case: Case) -> bool:
    """Whether the bundle loads and predicts a film with a poster, a plot and a title."""
    movie = Movie("film", PLOT, 1953, PLOT, encode(noise(), "JPEG"))
    with case.folder() as folder:
        try:
            [prediction] = Predictor(folder, threads=1).predict_batch([movie])
        except GenreelError as error:
            assert "\n" not in str(error)
            return False
    assert prediction.scores or prediction.error
    return bool(prediction.scores)


def case(random: Random, number: int) -> Case:
    """An attack written by hand, or drawn damage; three quarters with hashes to match."""
    if number < len(ATTACKS):
        name, change = ATTACKS[number]
        return Case(name, change(dict(bundle())))
    files = dict(bundle())
    name = random.choice(("config.json", "config.json", "features.npz", "model.onnx", "model.onnx"))
    if random.random() < 0.25:
        return Case(f"{name} damaged", {**files, name: damaged(random, files[name])})
    if name == "config.json":
        config = json.loads(files[name])
        for _ in range(random.choice((1, 1, 2, 5))):
            _exchange(random, config)
        return Case("config.json exchanged", {**files, name: _sealed(config)})
    if name == "features.npz":
        return Case("arrays damaged", with_file(files, name, _arrays(random, files[name])))
    data = _graph(random, files[name]) if random.random() < 0.6 else damaged(random, files[name])
    return Case("graph damaged", with_file(files, name, data))


# A whole bundle


TERMS = list(dict.fromkeys(PLOT.split()))


def graph() -> bytes:
    """A graph over terms, word numbers and pixels, as the lab's are."""
    random = np.random.default_rng(7)

    def weights(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name)

    def node(kind: str, inputs: str, output: str, **attributes: Any) -> Any:
        return helper.make_node(kind, inputs.split(), [output], **attributes)

    nodes = [
        node("Gather", "w plot.indices", "rows"),
        node("Unsqueeze", "plot.values last", "values"),
        node("Mul", "rows values", "weighted"),
        node("ReduceSum", "weighted one", "summed", keepdims=0),
        node("Cast", "poster.pixels", "pixels", to=TensorProto.FLOAT),
        node("Conv", "pixels kernel", "seen", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("GlobalAveragePool", "seen", "pooled"),
        node("Flatten", "pooled", "flat"),
        node("Gather", "e words.ids", "embedded"),
        node("ReduceMean", "embedded one", "averaged", keepdims=0),
        node("MatMul", "present p", "there"),
        node("Add", "summed there", "plain"),
        node("Unsqueeze", "poster.rows last", "where"),
        node("ScatterND", "plain where flat", "scattered", reduction="add"),
        node("Unsqueeze", "words.rows last", "which"),
        node("ScatterND", "scattered which averaged", "logits", reduction="add"),
        node("Sigmoid", "logits", "scores"),
    ]
    genres = len(GENRES)
    constants = [weights("w", len(TERMS), genres), weights("kernel", genres, 3, 3, 3)]
    constants += [weights("e", len(TERMS) + 1, genres), weights("p", 4, genres)]
    constants += [numpy_helper.from_array(np.array([n]), m) for n, m in ((-1, "last"), (1, "one"))]
    kinds = {
        "plot.indices": (TensorProto.INT64, ["n", "t"]),
        "plot.values": (TensorProto.FLOAT, ["n", "t"]),
        "poster.pixels": (TensorProto.UINT8, ["m", 3, 24, 16]),
        "poster.rows": (TensorProto.INT64, ["m"]),
        "words.ids": (TensorProto.INT64, ["k", 8]),
        "words.rows": (TensorProto.INT64, ["k"]),
        "present": (TensorProto.FLOAT, ["n", 4]),
    }
    inputs = [helper.make_tensor_value_info(name, *kind) for name, kind in kinds.items()]
    output = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", genres])
    made = helper.make_graph(nodes, "genreel", inputs, [output], constants)
    opset = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(made, opset_imports=opset, ir_version=10).SerializeToString())


def _terms(runs: Any) -> dict[str, Any]:
    """The state of a feature whose terms have these words."""
    words = np.frombuffer("\n".join(TERMS).encode(), np.uint8)
    return {"words": words, "runs": runs, "idf": np.ones(len(runs), np.float32)}


def _with_runs(runs: Any) -> bytes:
    return _zip(**{f"plot__{name}__npy": npy(array) for name, array in _terms(runs).items()})


@functools.cache
def bundle() -> Mapping[str, bytes]:
    """Name → bytes of a small bundle's files."""
    terms = _terms(np.arange(len(TERMS))[:, None])
    features = {
        "plot": load_feature("terms", {"ngrams": [1, 1]}, terms),
        "words": load_feature("tokens", {"input": "title", "length": 8}, terms),
        "poster": load_feature("pixels", {"height": 24, "width": 16}, {}),
    }
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(
            Path(folder) / "bundle",
            name="hostile",
            vocabulary=Vocabulary(GENRES),
            thresholds=dict.fromkeys(GENRES, 0.5),
            features=features,
            model=graph(),
            recipe="",
            metrics={},
            card="",
        )
        return {path.name: path.read_bytes() for path in Path(folder, "bundle").iterdir()}


def _sealed(config: dict[str, Any]) -> bytes:
    return json.dumps(seal(config)).encode()


def with_config(files: Files, change: Change) -> Files:
    """The bundle with its config changed, and its seal made anew."""
    config = json.loads(files["config.json"])
    change(config)
    return {**files, "config.json": _sealed(config)}


def with_file(files: Files, name: str, data: bytes) -> Files:
    """The bundle with another file, and the sha256 to match."""
    entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return with_config({**files, name: data}, lambda config: config["files"].update({name: entry}))


# Drawn damage


def _exchange(random: Random, config: Any) -> None:
    """Puts another value at some place of a config."""
    at = config
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = random.choice(keys)
        if isinstance(at[key], dict | list) and at[key] and random.random() < 0.85:
            at = at[key]
            continue
        break
    if random.random() < 0.2:
        del at[key]
    elif random.random() < 0.1 and isinstance(at, dict):
        at["../" + str(key)] = at.pop(key)
    else:
        at[key] = random.choice(_VALUES)


_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2, 3.5, 1e308, 10**9, 2**31, 2**63, 10**30, float("nan"), float("inf")),
    *("", "x", "plot", "poster", "Drama", "../x", "\0", "x" * 10_000, "\ud800", "__class__"),
    *(
        [],
        [[]],
        {},
        {"a": 1},
        [1, 10**9],
        [-1, 3],
        ["Drama"],
        [0.5] * 3,
        "float16",
        "terms",
        "pixels",
    ),
)


def _arrays(random: Random, data: bytes) -> bytes:
    """Arrays with other headers or contents, or an archive damaged as a file."""
    if random.random() < 0.3:
        return damaged(random, data)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            content = old.read(name)
            if random.random() < 0.5:
                content = random.choice((damaged(random, content), npy(random.choice(_ARRAYS))))
            new.writestr(name, content)
    return out.getvalue()


def npy(array: Any) -> bytes:
    """An array as numpy saves it."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


_ARRAYS = (
    *(np.zeros(0), np.zeros((0, 5)), np.full(10, np.nan, np.float32), np.arange(10), np.array("x")),
    *(np.array(["a", "b"]), np.array([b"a"]), np.zeros(10, np.uint8), np.full(10, 10, np.uint8)),
    *(np.zeros((10, 10), np.float16), np.array([1 + 2j]), np.array(["2001"], "M8[Y]")),
    *(
        np.array([None]),
        np.zeros(2, [("a", "i4")]),
        np.full(10, 255, np.uint8),
        np.ones(10) * 1e308,
    ),
)


def _graph(random: Random, data: bytes) -> bytes:
    """A graph with a node, an attribute, a tensor or a type exchanged."""
    model = onnx.load_from_string(data)
    inner = model.graph
    for _ in range(random.choice((1, 1, 2, 4))):
        node = random.choice(inner.node)
        what = random.randrange(8)
        if what == 0:
            node.op_type = random.choice(_OPERATORS)
        elif what == 1 and node.input:
            names = [name for other in inner.node for name in (*other.input, *other.output)]
            node.input[random.randrange(len(node.input))] = random.choice(names)
        elif what == 2:
            constant = random.choice(inner.initializer)
            constant.dims[:] = [random.choice((-1, 0, 1, 7, 2**20, 2**31, 2**62)) for _ in range(2)]
        elif what == 3:
            constant = random.choice(inner.initializer)
            constant.data_type = random.randrange(24)
        elif what == 4:
            constant = random.choice(inner.initializer)
            constant.raw_data = damaged(random, constant.raw_data)
        elif what == 5:
            kind = random.choice(inner.input).type.tensor_type
            kind.elem_type = random.randrange(20)
        elif what == 6 and len(inner.node) > 1:
            inner.node.remove(node)
        else:
            node.attribute.append(random.choice(_ATTRIBUTES))
    return bytes(model.SerializeToString())


_OPERATORS = (
    *("Add", "MatMul", "Gemm", "Conv", "Gather", "Reshape", "Expand", "Tile", "Concat", "Split"),
    *("LSTM", "GRU", "Identity", "Relu", "Softmax", "TopK", "Range", "Where", "NonZero", "Slice"),
    *(
        "Resize",
        "ConstantOfShape",
        "StringNormalizer",
        "Optional",
        "SequenceEmpty",
        "",
        "\0",
        "Loop",
    ),
)
_ATTRIBUTES = (
    helper.make_attribute("axis", 2**62),
    helper.make_attribute("axis", -(2**62)),
    helper.make_attribute("pads", [2**40] * 4),
    helper.make_attribute("strides", [0, 0]),
    helper.make_attribute("dilations", [2**31, 2**31]),
    helper.make_attribute("group", 0),
    helper.make_attribute("kernel_shape", [2**31, 2**31]),
    helper.make_attribute("to", 99),
    helper.make_attribute("keepdims", 7),
    helper.make_attribute("x" * 1000, "y"),
)


# Attacks


def _model(*nodes: Any, constants: Mapping[str, Any] | None = None) -> bytes:
    """A graph from `present` to `scores` of these nodes."""
    there = helper.make_tensor_value_info("present", TensorProto.FLOAT, ["n", 4])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)
    held = [numpy_helper.from_array(np.array(v), name) for name, v in (constants or {}).items()]
    made = helper.make_graph(list(nodes), "g", [there], [scores], held)
    opset = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(made, opset_imports=opset, ir_version=10).SerializeToString())


def _node(kind: str, inputs: str, outputs: str = "scores", **attributes: Any) -> Any:
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


def loop(times: int) -> bytes:
    """A graph that counts as far as it is told."""
    body = helper.make_graph(
        [_node("Identity", "more", "on"), _node("Add", "x x", "y")],
        "body",
        [
            helper.make_tensor_value_info("k", TensorProto.INT64, []),
            helper.make_tensor_value_info("more", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
        ],
    )
    constants = {"times": np.int64(times), "yes": np.bool_(True)}
    return _model(_node("Loop", "times yes present", body=body), constants=constants)


def _deep(levels: int) -> bytes:
    """A graph in a graph in a graph, so many times."""
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)
    node = _node("Identity", "present")
    for _ in range(levels):
        inner = helper.make_graph([node], "b", [], [scores])
        node = _node("If", "yes", then_branch=inner, else_branch=inner)
    return _model(node, constants={"yes": np.bool_(True)})


def _external(location: str) -> bytes:
    model = onnx.load_from_string(_model(_node("Add", "present w")))
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    model.graph.initializer.append(tensor)
    return bytes(model.SerializeToString())


def _config(name: str, change: Change) -> tuple[str, Callable[[Files], Files]]:
    return f"config: {name}", lambda files: with_config(files, change)


def _setting(feature: str, key: str, value: Any) -> tuple[str, Callable[[Files], Files]]:
    return _config(
        f"{feature}.{key} = {str(value)[:24]}",
        lambda config: config["features"][feature]["settings"].update({key: value}),
    )


def _onnx(name: str, make: Callable[[], bytes]) -> tuple[str, Callable[[Files], Files]]:
    return f"graph: {name}", lambda files: with_file(files, "model.onnx", make())


def _npz(name: str, make: Callable[[], bytes]) -> tuple[str, Callable[[Files], Files]]:
    return f"arrays: {name}", lambda files: with_file(files, "features.npz", make())


def _zip(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", 8) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return file.getvalue()


def _header(shape: str, kind: str = "<f4") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


class _Evil:
    """Would be run by a pickle."""

    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('a pickle was run')",)


_BIG = (10**5, 10**9, 2**31, 2**63, 10**30, -1, 0, 1.5, "8", None, float("nan"))

ATTACKS: tuple[tuple[str, Callable[[Files], Files]], ...] = (
    ("nothing", lambda files: {"README.md": b""}),
    ("whole", lambda files: files),
    ("a file of another's", lambda files: {**files, "evil.py": b"raise SystemExit"}),
    *(
        _config(
            f"lists {n!r}",
            lambda config, n=n: config["files"].update(
                {n: {"bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}}
            ),
        )
        for n in ("../x", "/etc/passwd", "evil.py", "model.onnx.data", "config.json", "\0")
    ),
    *(_setting("poster", "height", value) for value in _BIG),
    *(_setting("words", "length", value) for value in _BIG),
    *(_setting("plot", "ngrams", [1, value]) for value in _BIG),
    *(_setting("plot", key, value) for key in ("scale", "weighting", "norm") for value in _BIG),
    *(
        _config(
            f"colours of {v}",
            lambda config, v=v: config["features"].update(
                {"c": {"kind": "colours", "settings": {"count": v}}}
            ),
        )
        for v in _BIG
    ),
    _config(
        "10,000 features",
        lambda config: config["features"].update(
            {f"f{k}": config["features"]["poster"] for k in range(10_000)}
        ),
    ),
    _config(
        "20,000 genres",
        lambda config: config.update(
            genres=[f"g{k}" for k in range(20_000)], thresholds={f"g{k}": 0 for k in range(20_000)}
        ),
    ),
    _config("other genres", lambda config: config["genres"].reverse()),
    _config(
        "calibration of NaN",
        lambda config: config.update(
            cases={
                "both": {
                    "thresholds": config["thresholds"],
                    "calibration": {g: {"slope": float("nan"), "intercept": 1e308} for g in GENRES},
                }
            }
        ),
    ),
    _config(
        "points without order",
        lambda config: config.update(
            cases={
                "both": {
                    "thresholds": config["thresholds"],
                    "calibration": {g: {"scores": [1, 0, 0.5], "shares": [2, -1]} for g in GENRES},
                }
            }
        ),
    ),
    ("config: 5,000 levels", lambda files: {**files, "config.json": b'{"a":' * 5000}),
    ("config: NaN", lambda files: {**files, "config.json": b'{"format": NaN}'}),
    _npz("nothing", lambda: b""),
    _npz("a pickle", lambda: pickle.dumps(_Evil())),
    _npz("pickled arrays", lambda: _zip(plot__words__npy=npy(np.array([_Evil()], object)))),
    _npz(
        "400 MiB of zeros",
        lambda: _zip(plot__idf__npy=_header(f"({100 * MIB},)") + bytes(400 * MIB)),
    ),
    _npz("terabytes told", lambda: _zip(plot__idf__npy=_header("(1000000000000,)"))),
    _npz("a text of 4 GB told", lambda: _zip(plot__words__npy=_header("(1,)", "<U1000000000"))),
    _npz("runs of words that are not there", lambda: _with_runs(np.full((9, 1), 2**31 - 1))),
    _npz("runs with gaps", lambda: _with_runs(np.array([[-1]]))),
    _npz("runs of 1,000,000 words", lambda: _with_runs(np.zeros((1, MIB), np.int32))),
    _npz("runs that are no numbers", lambda: _with_runs(np.array([["a"]]))),
    _npz("1,000,000 runs", lambda: _with_runs(np.zeros((MIB, 1), np.int32))),
    _npz("a shape below 0", lambda: _zip(plot__idf__npy=_header("(-1,)"))),
    _npz("a shape that is a sum", lambda: _zip(plot__idf__npy=_header("(" + "1+" * 4000 + "1,)"))),
    _npz(
        "50,000 arrays",
        lambda: _zip(**{f"plot__x{k}__npy": _header("(0,)") for k in range(50_000)}),
    ),
    _npz(
        "one name twice", lambda: _zip(plot__idf__npy=npy(np.ones(10)), plot__idf=npy(np.ones(3)))
    ),
    _onnx("nothing", lambda: b""),
    _onnx("zeros", lambda: bytes(MIB)),
    _onnx("half", lambda: graph()[: len(graph()) // 2]),
    *(
        _onnx(f"values in {n}", lambda n=n: _external(n))
        for n in ("w.bin", "../w", "/etc/passwd", "")
    ),
    _onnx("foreign operators", lambda: _model(_node("Run", "present", domain="evil.ops"))),
    _onnx(
        "an engine's operators", lambda: _model(_node("Gelu", "present", domain="com.microsoft"))
    ),
    _onnx("undeclared inputs", lambda: _model(_node("Add", "present nothing"))),
    _onnx("a circle", lambda: _model(_node("Add", "present b", "a"), _node("Identity", "a", "b"))),
    _onnx("no scores", lambda: _model(_node("Identity", "present", "other"))),
    _onnx("scores of another shape", lambda: _model(_node("Identity", "present"))),
    _onnx("12 levels, 4,096 branches", lambda: _deep(12)),
    _onnx(
        "20,000 nodes",
        lambda: _model(
            *(_node("Identity", f"n{k}" if k else "present", f"n{k + 1}") for k in range(20_000)),
            _node("Identity", "n20000"),
        ),
    ),
    _onnx("a loop", lambda: loop(10)),
    _onnx("a loop without end", lambda: loop(2**62)),
    *(
        _onnx(
            f"{mib} MiB at once",
            lambda mib=mib: _model(
                _node("Expand", "present shape", "big"),
                _node("ReduceSum", "big"),
                constants={"shape": np.array([mib * MIB // 16, 1, 4])},
            ),
        )
        for mib in (64, 4096, 2**30)
    ),
    *(
        _onnx(
            f"{mib} MiB of constants",
            lambda mib=mib: _model(
                _node("ConstantOfShape", "shape", "big"),
                _node("ReduceSum", "big", "sum"),
                _node("Add", "present sum"),
                constants={"shape": np.array([mib * MIB // 4])},
            ),
        )
        for mib in (64, 4096, 2**30)
    ),
)
