"""Tensors in other shapes: view, permute, squeeze, flatten, and sums along axes.

The batch is axis 0, or axis 1 after a recurrent layer of PyTorch that has time first; it is no axis of a sample.
"""

# ruff: noqa: ARG001 - the functions of a table have one interface
from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from explain.code.graph import operation
from explain.code.objects import AxisSize, Entries, Shape, Tensor
from explain.code.parts import NotReadError, Unknown
from explain.code.reading import Reading
from explain.code.tensors import Operation, axis_size, function_of, short
from explain.layers.axes import JoinAxes, Squeeze, Unsqueeze
from explain.layers.base import Layer
from explain.layers.reshaping import Over, Permute, Reshape
from explain.layers.simple import Flatten
from explain.layers.swapping import Swap


def _reshaped(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    """`x.view(-1, 320)`, `x.view(x.size(0), -1)`, `x.reshape(shape)`."""
    sizes = _sizes(given, named)
    if not sizes:
        raise NotReadError("its sizes are not known")
    if x.batch == 1:
        return _time_first(x, sizes)
    first, rest = sizes[0], sizes[1:]
    batch = isinstance(first, AxisSize) and first.axis == 0
    if batch and rest == [1, -1]:  # a sequence alone, put as a batch of one
        return Tensor(x.used, batch=1)
    if len(sizes) == 1 or (isinstance(first, int) and first not in (-1, 0) and not isinstance(first, bool)):
        raise NotReadError("the batch is not the first axis of what it gives")
    if isinstance(first, Unknown) and not batch:
        raise NotReadError(f"{first.text}: {first.why}")
    if len(rest) == 1 and (rest[0] == -1 or isinstance(rest[0], Entries)):
        layer: Layer = Flatten()
    else:
        for each in rest:
            if isinstance(each, Unknown) or not isinstance(each, int):
                told = f"{each.text}: {each.why}" if isinstance(each, Unknown) else "its sizes are no whole numbers"
                raise NotReadError(told)
        layer = Reshape(rest, reading.framework == "keras", "reshape " + "x".join(map(str, rest)))
    return operation(reading, "view", layer, [x], short(reading, node), node.lineno)


def _sizes(given: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
    found: Any = list(given) or list(named.values())
    if len(found) == 1 and not isinstance(found[0], Unknown):
        if isinstance(found[0], (tuple, list)):
            found = list(found[0])
        elif isinstance(found[0], Shape):
            raise NotReadError("its sizes are known when data passes")
    return list(found)


def _time_first(x: Tensor, sizes: Sequence[Any]) -> Any:
    """Of a sequence with time first, `view(len(sentence), -1)` takes the batch of one away."""
    if len(sizes) == 2 and isinstance(sizes[0], AxisSize) and sizes[1] == -1:
        return Tensor(x.used)
    if len(sizes) == 2 and sizes[0] == -1 and isinstance(sizes[1], int):
        return Tensor(x.used)  # time and batch in one axis, each step by itself
    raise NotReadError("of a sequence with time first, other shapes are not read")


def _permuted(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    order = _sizes(given, named)
    if not all(isinstance(each, int) and each >= 0 for each in order) or sorted(order) != list(range(len(order))):
        raise NotReadError("the order of its axes is not known")
    return _reordered(reading, x, order, node)


def _transposed(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    axes = [each for each in [*given, *named.values()] if isinstance(each, int)]
    if len(axes) != 2 or len(given) + len(named) != 2:
        raise NotReadError("the axes that it exchanges are not known")
    if sorted(axes) == [0, 1]:
        return _reordered(reading, x, [1, 0], node)
    if 0 in axes or x.batch != 0 or reading.framework == "keras":
        raise NotReadError("how many axes there are is not known here")
    layer = Swap((axes[0], axes[1]), f"swap {axes[0]} {axes[1]}")
    return operation(reading, "transpose", layer, [x], short(reading, node), node.lineno)


def _reordered(reading: Reading, x: Tensor, order: list[int], node: ast.expr) -> Tensor:
    """Axes in another order; the batch keeps track of its place."""
    batch = order.index(x.batch)
    sample = [axis for axis in range(len(order)) if axis != x.batch]
    left = [sample.index(axis) + 1 for axis in order if axis != x.batch]
    if left == sorted(left):
        return Tensor(x.used, x.part, batch)
    if batch > 1:
        raise NotReadError("the batch goes to the end")
    layer = Permute(left, reading.framework == "keras", f"permute {' '.join(map(str, left))}")
    found = operation(reading, "permute", layer, [x], short(reading, node), node.lineno)
    found.batch = batch
    return found


def _axis(given: Sequence[Any], named: Mapping[str, Any], otherwise: Any = None) -> Any:
    axis = given[0] if given else named.get("dim", named.get("axis", otherwise))
    if isinstance(axis, Unknown) or not (axis is None or isinstance(axis, int)):
        raise NotReadError("its axis is not known")
    return axis


def _squeezed(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    axis = _axis(given, named)
    if x.part == "all states" and axis == 0:
        return Tensor(x.used, "state")
    if axis == x.batch:  # only of a batch of one
        return Tensor(x.used, x.part)
    at = None if axis is None else axis if axis < 0 else max(1, axis)
    return operation(
        reading, "squeeze", Squeeze(at, "squeeze", reading.framework == "keras"), [x], short(reading, node), node.lineno
    )


def _unsqueezed(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    axis = _axis(given, named)
    if axis is None:
        raise NotReadError("its axis is not known")
    if axis == 0:  # of one sample, or of one layer's state
        return Tensor(x.used, x.part, 1 if x.part == "output" else 0)
    if x.batch == 0:
        return operation(
            reading,
            "unsqueeze",
            Unsqueeze(axis, "unsqueeze", reading.framework == "keras"),
            [x],
            short(reading, node),
            node.lineno,
        )
    raise NotReadError("of a sequence with time first, other shapes are not read")


def _flattened(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    first = given[0] if given else named.get("start_dim", 0)
    last = given[1] if len(given) > 1 else named.get("end_dim", -1)
    if isinstance(first, int) and first > 1 and last == -1 and not isinstance(first, bool):
        layer = JoinAxes(first, f"flatten from axis {first}")
        return operation(reading, "flatten", layer, [x], short(reading, node), node.lineno)
    return function_of(reading, "flatten", x, given, named, node, [x])


def _sized(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    axis = _axis(given, named)
    return Shape(x) if axis is None else axis_size(reading, x, axis, node)


def _made_of_data(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    return Unknown(reading.written(node, 60), node.lineno, "it is known when data passes")


def _reduced(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    """`x.mean(dim=1)`: the axes are those of a sample; time that stands first is axis 1 of it."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else "mean"
    axes = given[0] if given else named.get("dim", named.get("axis"))
    if x.batch == 1 and axes == 0:
        axes = 1
    if axes is None:
        raise NotReadError("it joins the samples of a batch")
    keep = named.get("keepdim", given[1] if len(given) > 1 else False)
    found = function_of(reading, name, x, [axes, keep], {}, node, [x])
    found.batch = 0
    return (found, found) if name in ("max", "min") else found


def _expanded(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    """`self.token.expand(x.size(0), -1, -1)`: the same for every sample of a batch."""
    sizes = _sizes(given, named)
    if (
        not x.used.reached
        and len(sizes) > 1
        and all(not isinstance(each, Unknown) and each == -1 for each in sizes[1:])
    ):
        return x
    raise NotReadError("how often each axis is repeated is not worked here")


def _pooled(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    """`F.max_pool1d(x, x.size(2))`: a window as long as the axis takes all of it."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else "max_pool1d"
    window = given[0] if given else named.get("kernel_size")
    axes = int(name[-2]) if name[-2].isdigit() else 1
    along = isinstance(window, AxisSize) and window.tensor.used is x.used and window.axis in (-1, 2) and axes == 1
    if not along and not (isinstance(window, Shape) and window.tensor.used is x.used and window.start == 2):
        return function_of(reading, name, x, given, named, node, [x])
    word = name.split("_")[0]
    layer = Over(list(range(2, 2 + axes)), f"{word} of all places", keep=True)
    return operation(reading, name, layer, [x], short(reading, node), node.lineno)


OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(("view", "reshape"), _reshaped),
    "permute": _permuted,
    **dict.fromkeys(("transpose", "swapaxes"), _transposed),
    "squeeze": _squeezed,
    **dict.fromkeys(("unsqueeze", "expand_dims"), _unsqueezed),
    "flatten": _flattened,
    **dict.fromkeys(("size", "get_shape", "shape", "int_shape"), _sized),
    **dict.fromkeys(("dim", "numel", "item", "nelement", "ndimension"), _made_of_data),
    "expand": _expanded,
    **{f"{kind}_pool{axes}d": _pooled for kind in ("max", "avg") for axes in (1, 2, 3)},
    **dict.fromkeys(("mean", "sum", "amax"), _reduced),
}
