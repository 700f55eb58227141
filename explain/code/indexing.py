"""Parts of a tensor: `out[:, -1, :]` is the last step of a sequence, `h_n[-1]` the state of the last layer."""

from __future__ import annotations

import ast
from typing import Any

from explain.code.graph import operation, recurrent, single
from explain.code.objects import Tensor
from explain.code.parts import Unknown
from explain.code.reading import Reading
from explain.layers.axes import Unsqueeze
from explain.layers.reshaping import Last

WHOLE = slice(None)


def taken(reading: Reading, x: Tensor, at: Any, node: ast.Subscript) -> Any:
    """`x[at]` of a tensor."""
    from explain.code.tensors import doubtful, short

    places = list(at) if isinstance(at, tuple) and not isinstance(at, Unknown) else [at]
    if x.part == "all states":
        return _state(reading, x, places, node)
    while places and _whole(places[-1]):
        places.pop()
    if not places:
        return x
    *before, place = places
    if all(_whole(each) for each in before) and isinstance(place, int) and not isinstance(place, bool):
        axis = len(before)
        if axis == 0 and x.batch == 1:
            return last_step(reading, x, node)
        if axis == 1 and x.batch == 1:
            reading.remark(
                node.lineno,
                f"{short(reading, node)} takes axis 1, which is the batch: {x.used.made.written} has time first; "
                "give it batch_first=True",
            )
            return last_step(reading, x, node)
        if axis > 0:
            return last_step(reading, x, node, axis)
        return doubtful(reading, "part", [x], node, "it takes one sample out of the batch")
    if all(_whole(each) for each in before) and place is None and before and x.batch == 0:
        return operation(
            reading, "unsqueeze", Unsqueeze(len(before), "unsqueeze"), [x], short(reading, node), node.lineno
        )
    return doubtful(reading, "part", [x], node, "what part of the data this takes is not worked here")


def _whole(place: Any) -> bool:
    return place == WHOLE if isinstance(place, slice) else place is Ellipsis


def last_step(reading: Reading, x: Tensor, node: ast.expr, axis: int = 1) -> Tensor:
    """One place along an axis of a sample."""
    from explain.code.tensors import short

    layer = Last("last" if axis == 1 else f"last axis {axis}", axis, reading.framework == "keras")
    return operation(reading, "last", layer, [Tensor(x.used)], short(reading, node), node.lineno)


def _state(reading: Reading, x: Tensor, places: list[Any], node: ast.Subscript) -> Any:
    """`h_n[-1]`: the state of the last layer, in one direction."""
    from explain.code.tensors import doubtful

    made, first = x.used.made, places[0]
    if not isinstance(first, int) or not all(_whole(each) for each in places[1:]):
        return doubtful(reading, "part", [Tensor(x.used)], node, "which of its states are taken is not worked here")
    layers, both = recurrent(made, "num_layers", 1), bool(recurrent(made, "bidirectional", False))
    count = (layers if isinstance(layers, int) else 0) * (2 if both else 1)
    last = range(count - (2 if both else 1), count)
    if (first if first >= 0 else first + count) not in last:
        return doubtful(reading, "part", [Tensor(x.used)], node, "the state of an inner layer is not worked here")
    return last_step(reading, x, node) if single(made) or not both else Tensor(x.used, "state")
