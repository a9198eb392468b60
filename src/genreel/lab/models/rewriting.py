"""What rewriting an ONNX graph in place takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray


def new_node(operator: str, *names: str, **attributes: Any) -> Any:
    """A node; the last of the names is that of its output."""
    return onnx.helper.make_node(operator, names[:-1], names[-1:], **attributes)


def add_constant(graph: Any, name: str, array: NDArray[Any] | np.generic) -> str:
    """Gives the graph a constant; its name."""
    graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
    return name


def replace_all(field: Any, messages: Iterable[Any]) -> None:
    """Puts messages in the place of a field's, some of which may be among them."""
    copies = [type(message).FromString(message.SerializeToString()) for message in messages]
    del field[:]
    field.extend(copies)
