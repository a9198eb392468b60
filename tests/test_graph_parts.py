"""Graphs of strangers: what onnxruntime would crash of, or hold without bounds, is refused."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper, numpy_helper

from genreel import graph_parts
from genreel.bundle import SHIPPED
from genreel.errors import BundleError
from genreel.graph import load_session
from genreel.graph_parts import MAX_TREE_DEPTH, check_graph

Tree = dict[str, list[Any]]


def graph(body: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 18, "ai.onnx.ml" : 3]>\n'
        f"graph (float[n, 4] x) => (float[n, 4] scores) {{ {body} }}"
    )


def refusal(model: onnx.ModelProto | bytes) -> str:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(BundleError) as error:
        check_graph(data)
    assert "\n" not in str(error.value)
    return str(error.value)


# Trees


def chain(depth: int) -> Tree:
    """A tree of `depth` levels: each branch has a leaf, and the next branch."""
    branches = np.arange(2 * depth - 1) % 2 == 0
    branches[-1] = False
    ids = np.arange(len(branches))
    return {
        "treeids": [0] * len(ids),
        "nodeids": ids.tolist(),
        "truenodeids": np.where(branches, ids + 1, 0).tolist(),
        "falsenodeids": np.where(branches, ids + 2, 0).tolist(),
        "modes": np.where(branches, "BRANCH_LEQ", "LEAF").tolist(),
    }


def trees(tree: Tree) -> onnx.ModelProto:
    n = len(tree["nodeids"])
    leaves = [i for i, mode in zip(tree["nodeids"], tree["modes"], strict=True) if mode == "LEAF"]
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["sums"],
        domain="ai.onnx.ml",
        n_targets=1,
        **{f"nodes_{name}": values for name, values in tree.items()},
        nodes_featureids=[0] * n,
        nodes_values=[0.5] * n,
        target_treeids=[0] * len(leaves),
        target_nodeids=leaves,
        target_ids=[0] * len(leaves),
        target_weights=[1.0] * len(leaves),
    )
    model = graph("scores = Identity (x)")
    model.graph.node.insert(0, node)
    return model


@pytest.mark.parametrize("depth", [1, 2, 3, MAX_TREE_DEPTH])
def test_trees_that_are_loaded(depth: int) -> None:
    check_graph(trees(chain(depth)).SerializeToString())
    load_session(trees(chain(depth)).SerializeToString())


def test_wide_trees_and_several() -> None:
    two: Tree = {
        "treeids": [0, 0, 0, 7, 7, 7, 7, 7],
        "nodeids": [5, 2, 300, 5, 2, 300, -1, 4],
        "truenodeids": [2, 0, 0, 300, 0, 2, 0, 0],
        "falsenodeids": [300, 0, 0, 4, 0, -1, 0, 0],
        "modes": ["BRANCH_LT", "LEAF", "LEAF", "BRANCH_GTE", "LEAF", "BRANCH_EQ", "LEAF", "LEAF"],
    }
    check_graph(trees(two).SerializeToString())


@pytest.mark.parametrize("depth", [MAX_TREE_DEPTH + 1, 200_000])
def test_trees_that_are_too_deep(depth: int) -> None:
    assert "trees that are none, or of over 5,000 levels" in refusal(trees(chain(depth)))


@pytest.mark.parametrize(
    ("column", "place", "value"),
    [
        ("falsenodeids", 2, 0),  # back to the root
        ("falsenodeids", 2, 2),  # to itself
        ("falsenodeids", 2, 1),  # to another's child
        ("truenodeids", 0, 99),  # to nowhere
        ("treeids", 1, 1),  # to another tree
        ("nodeids", 1, 2),  # two of one name
    ],
)
def test_trees_that_are_none(column: str, place: int, value: int) -> None:
    tree = chain(4)
    tree[column][place] = value
    assert "trees that are none" in refusal(trees(tree))


def test_trees_whose_columns_differ_or_lack() -> None:
    tree = chain(4)
    assert "trees that are none" in refusal(trees({**tree, "truenodeids": [1]}))
    assert "trees that are none" in refusal(
        trees({k: v for k, v in tree.items() if k != "treeids"})
    )
    assert "kinds of nodes" in refusal(trees({**tree, "modes": ["BRANCH_ALL", *tree["modes"][1:]]}))


def test_integers_that_are_packed_are_read_too() -> None:
    """As other libraries may write them, and with longer tags than are needed."""
    for depth in (MAX_TREE_DEPTH, MAX_TREE_DEPTH + 1):
        ids = chain(depth)["truenodeids"]
        plain = helper.make_attribute("nodes_nodeids", ids).SerializeToString()
        start = onnx.AttributeProto(name="nodes_nodeids").SerializeToString()
        values = b"".join(map(varint, ids))
        packed = start + b"\x42" + varint(len(values)) + values
        longer = start + b"".join(b"\xc0\x00" + varint(i) for i in ids)
        for data in (plain, packed, longer):
            read = graph_parts._integers(memoryview(data), iter(range(10**6)))
            assert read.tolist() == ids


def varint(value: int) -> bytes:
    data = b""
    while value >= 128:
        data, value = data + bytes([value & 127 | 128]), value >> 7
    return data + bytes([value])


# Texts


@pytest.mark.parametrize(
    "body",
    [
        'text = Constant <value_strings: strings = ["a", "b"]> () scores = Identity (x)',
        'text = Constant <value_string: string = "a"> () scores = Identity (x)',
        "text = Cast <to = 8> (x) scores = Identity (x)",
        "text = Cast <to = 4294967304> (x) scores = Identity (x)",
    ],
)
def test_texts_are_refused(body: str) -> None:
    assert refusal(graph(body)) == "model.onnx cannot be loaded (texts); get it again"


def test_tensors_of_texts_are_refused() -> None:
    model = graph("scores = Identity (x)")
    model.graph.initializer.append(numpy_helper.from_array(np.array(["a"], object), "text"))
    assert "(texts)" in refusal(model)
    model = graph("scores = Identity (x)")
    value = helper.make_tensor("v", TensorProto.STRING, [1], [b"a"])
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["x"], ["t"], value=value))
    assert "(texts)" in refusal(model)


# Sizes


@pytest.mark.parametrize("kind", ["nodes", "attributes", "tensors", "names", "dims"])
def test_very_many_parts_are_refused_at_once(kind: str) -> None:
    model = graph("scores = Identity (x)")
    data = model.SerializeToString()

    def nested(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2]) + varint(len(content)) + content

    many = 1_100_000
    data += {
        "nodes": nested(7, b"\x0a\x00" * many),
        "attributes": nested(7, nested(1, b"\x2a\x00" * many)),
        "tensors": nested(7, b"\x2a\x00" * many),
        "names": nested(7, nested(1, b"\x0a\x00" * many)),
        "dims": nested(7, nested(5, b"\x08\x01" * many)),
    }[kind]
    start = time.process_time()
    assert "cannot be loaded (over" in refusal(data)
    assert time.process_time() - start < 6


def test_a_graph_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_parts, "MAX_BYTES", 10)
    assert refusal(b"x" * 11) == "model.onnx is over 10 bytes; it is not loaded"


def test_the_bundles_that_come_along_pass() -> None:
    for path in SHIPPED.glob("*/model.onnx"):
        check_graph(Path(path).read_bytes())
