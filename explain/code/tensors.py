"""Operations on the tensors of a forward pass: sums, joins, other shapes, functions entry by entry.

The batch is axis 0, or axis 1 after a recurrent layer of PyTorch that has time first; it is no axis of a sample.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from explain.code.graph import operation, tensors_in, unread
from explain.code.objects import AxisSize, Entries, Shape, Tensor
from explain.code.parts import Arguments, NotReadError, Unknown
from explain.code.reading import Reading
from explain.layers.axes import JoinAxes, Squeeze, Unsqueeze
from explain.layers.base import Layer
from explain.layers.merging import Joint, Merge
from explain.layers.reshaping import Permute, Reshape
from explain.layers.simple import Flatten, Pointwise

MERGING: dict[type[ast.operator], Joint] = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply"}
WORDS: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.MatMult: "matmul", ast.FloorDiv: "divide", ast.Mod: "remainder",
}  # fmt: skip
# what changes neither the numbers nor their places
SAME = {
    "contiguous", "clone", "detach", "float", "double", "half", "to", "cuda", "cpu", "type", "type_as", "long", "int",
    "requires_grad_", "pack_padded_sequence", "pad_packed_sequence", "stop_gradient", "cast", "convert_to_tensor",
    "identity", "checkpoint",
}  # fmt: skip
POINTWISE = {
    "exp", "log", "log2", "log1p", "sqrt", "rsqrt", "square", "abs", "neg", "sign", "pow", "clamp", "clip", "round",
    "sin", "cos", "reciprocal", "masked_fill", "masked_fill_", "exp_", "sigmoid_", "tanh_", "relu_", "clamp_",
    "rand_like", "randn_like", "zeros_like", "ones_like", "empty_like", "normalize", "l2_normalize", "bernoulli",
    "dropout", "gumbel_softmax", "cumsum", "div", "div_", "mul_", "normal_",
}  # fmt: skip
BINARY: dict[str, Joint] = {
    "add": "add", "add_": "add", "sub": "subtract", "subtract": "subtract", "mul": "multiply", "mul_": "multiply",
    "multiply": "multiply", "maximum": "maximum", "minimum": "minimum",
}  # fmt: skip
Operation = Callable[[Reading, Tensor, Sequence[Any], Mapping[str, Any], ast.expr], Any]


def axis_size(reading: Reading, tensor: Tensor, axis: int, node: ast.expr) -> AxisSize:
    """`x.shape[1]`: the same as another of this axis, but not known."""
    size = AxisSize(reading.written(node, 60), node.lineno, "how large it is is known when data passes")
    size.tensor, size.axis = tensor, axis
    return size


def short(reading: Reading, node: ast.expr) -> str:
    """An operation as the code has it, without the calls inside it: `F.relu(…)`."""

    def part(inner: ast.expr) -> str:
        if any(isinstance(each, (ast.Call, ast.BinOp)) for each in ast.walk(inner)):
            return "…"
        return reading.written(inner, 60)

    if isinstance(node, ast.Call):
        owner = node.func
        called = f"{part(owner.value)}.{owner.attr}" if isinstance(owner, ast.Attribute) else part(owner)
        given = [part(each) for each in node.args]
        given += [f"{each.arg}={part(each.value)}" for each in node.keywords if each.arg]
        return f"{called}({', '.join(given)})"
    if isinstance(node, ast.BinOp):
        sign = reading.written(node)
        for word, kind in (("+", ast.Add), ("-", ast.Sub), ("*", ast.Mult), ("/", ast.Div), ("@", ast.MatMult)):
            if isinstance(node.op, kind):
                sign = word
        return f"{part(node.left)} {sign} {part(node.right)}" if len(sign) == 1 else sign
    if isinstance(node, ast.Subscript):
        return f"{part(node.value)}[{reading.written(node.slice, 60)}]"
    return reading.written(node, 60)


def pointwise(reading: Reading, word: str, sources: Sequence[Tensor], node: ast.expr) -> Tensor:
    """A function entry by entry."""
    return operation(reading, word, Pointwise(word), sources[:1], short(reading, node), node.lineno, needs=sources[1:])


def doubtful(reading: Reading, name: str, sources: Sequence[Tensor], node: ast.expr, why: str) -> Tensor:
    """An operation whose result has a shape that is not worked out."""
    written = short(reading, node)
    return operation(reading, name, None, sources, written, node.lineno, Unknown(written, node.lineno, why))


def joined(reading: Reading, sign: ast.operator, left: Any, right: Any, node: ast.BinOp) -> Any:
    """`x + y`: of two tensors a merge; with a number or an array that is broadcast, entry by entry."""
    sources = [each for each in (left, right) if isinstance(each, Tensor)]
    word = WORDS.get(type(sign), "operation")
    if isinstance(sign, ast.MatMult):
        return doubtful(reading, word, sources, node, "a product of matrices is not worked here")
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return [*left, *right]
    return merged(reading, MERGING.get(type(sign)), word, sources, node)


def merged(
    reading: Reading, kind: Joint | None, word: str, sources: Sequence[Tensor], node: ast.expr
) -> Tensor:
    """Some tensors entry by entry; those that no input reaches, as a table of positions, have the shape of the rest."""
    reached = [each for each in sources if reaches(each)]
    if len(reached) < 2 or kind is None:
        rest = [each for each in sources if each not in reached[:1]]
        return pointwise(reading, word, [*(reached[:1] or sources[:1]), *rest], node)
    layer = Merge(kind, kind, channels_last=reading.framework == "keras")
    return operation(reading, word, layer, sources, short(reading, node), node.lineno)


def reaches(tensor: Tensor) -> bool:
    """Whether an input of the model comes to a tensor."""
    waiting, seen = [tensor.used], set()
    while waiting:
        used = waiting.pop()
        if used.made.kind == "Input":
            return True
        if used.number not in seen:
            seen.add(used.number)
            waiting += used.sources
    return False


def operate(reading: Reading, name: str, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    """`torch.flatten(x, 1)` and `x.flatten(1)`: a function of tensors, or a method of one."""
    every = tensors_in([*given, *named.values()])
    if not every:
        return Unknown(reading.written(node, 60), node.lineno, "it is made of data")
    named = {key: each for key, each in named.items() if key not in ("inplace", "input", "name", "training")}
    first, rest = (given[0], list(given[1:])) if given else (every[0], [])
    if not isinstance(first, Tensor):
        if name in ("cat", "concat", "concatenate") and isinstance(first, (list, tuple)):
            return _concatenated(reading, list(first), rest, named, node)
        first = every[0]
    if name in SAME:
        return first
    if name in BINARY and len(every) > 1:
        return merged(reading, BINARY[name], name.rstrip("_"), every, node)
    special = OPERATIONS.get(name)
    if special is not None:
        try:
            return special(reading, first, rest, named, node)
        except NotReadError as error:
            return doubtful(reading, name, every, node, str(error))
    return _function(reading, name, first, rest, named, node, every)


def _function(
    reading: Reading, name: str, first: Tensor, rest: Sequence[Any], named: Mapping[str, Any], node: ast.expr,
    every: Sequence[Tensor],
) -> Any:  # fmt: skip
    """A function that is a layer, or one entry by entry."""
    others = [each for each in every if each is not first]
    try:
        layer = _built(reading, Arguments(name, rest, named, node.lineno))
    except NotReadError as error:
        return doubtful(reading, name, every, node, str(error))
    if layer is None and (name in POINTWISE or name in BINARY):
        layer = Pointwise(name.rstrip("_"))
    if layer is None:
        return doubtful(reading, name, every, node, "what it gives is not worked here")
    return operation(reading, name, layer, [first], short(reading, node), node.lineno, needs=others)


def _built(reading: Reading, arguments: Arguments) -> Layer | None:
    if reading.framework == "keras":
        from explain.code import keras_layers

        return keras_layers.build_function(arguments)
    from explain.code import torch_layers

    return torch_layers.build_function(arguments)


def _concatenated(
    reading: Reading, parts: list[Any], rest: Sequence[Any], named: Mapping[str, Any], node: ast.expr
) -> Tensor:
    """`torch.cat((a, b), dim=1)`."""
    sources = [each for each in parts if isinstance(each, Tensor)]
    default = -1 if reading.framework == "keras" else 0
    axis = rest[0] if rest else named.get("dim", named.get("axis", default))
    ends = {id(each.used) for each in sources}
    if all(each.part == "state" for each in sources) and len(sources) == 2 and len(ends) == 1:
        if sources[0].used.made.framework == "pytorch":  # both directions of one layer, one beside the other
            from explain.code.indexing import last_step

            return last_step(reading, Tensor(sources[0].used), node)
    if len(sources) < len(parts) or isinstance(axis, Unknown) or not isinstance(axis, int):
        return doubtful(reading, "cat", sources, node, "not all that is joined is known")
    if axis == sources[0].batch:
        return doubtful(reading, "cat", sources, node, f"axis {axis} is the batch: samples are joined to each other")
    if axis == 0:
        axis = 1  # time stands first
    layer = Merge("concatenate", "concatenate", axis, channels_last=reading.framework == "keras")
    return operation(reading, "cat", layer, sources, short(reading, node), node.lineno)


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
    if sorted(axes) in ([-2, -1], [1, 2]) and x.batch == 0:  # of three axes, which two of a sample have
        return _reordered(reading, x, [0, 2, 1], node)
    raise NotReadError("how many axes there are is not known here")


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
    return operation(reading, "squeeze", Squeeze(at, "squeeze", reading.framework == "keras"), [x], short(reading, node), node.lineno)


def _unsqueezed(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    axis = _axis(given, named)
    if axis is None:
        raise NotReadError("its axis is not known")
    if axis == 0:  # of one sample, or of one layer's state
        return Tensor(x.used, x.part, 1 if x.part == "output" else 0)
    if x.batch == 0:
        return operation(reading, "unsqueeze", Unsqueeze(axis, "unsqueeze", reading.framework == "keras"), [x], short(reading, node), node.lineno)
    raise NotReadError("of a sequence with time first, other shapes are not read")


def _flattened(reading: Reading, x: Tensor, given: Sequence[Any], named: Mapping[str, Any], node: ast.expr) -> Any:
    first = given[0] if given else named.get("start_dim", 0)
    last = given[1] if len(given) > 1 else named.get("end_dim", -1)
    if isinstance(first, int) and first > 1 and last == -1 and not isinstance(first, bool):
        layer = JoinAxes(first, f"flatten from axis {first}")
        return operation(reading, "flatten", layer, [x], short(reading, node), node.lineno)
    return _function(reading, "flatten", x, given, named, node, [x])


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
    found = _function(reading, name, x, [axes, keep], {}, node, [x])
    found.batch = 0
    return (found, found) if name in ("max", "min") else found


OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(("view", "reshape"), _reshaped),
    "permute": _permuted,
    **dict.fromkeys(("transpose", "swapaxes"), _transposed),
    "squeeze": _squeezed,
    **dict.fromkeys(("unsqueeze", "expand_dims"), _unsqueezed),
    "flatten": _flattened,
    **dict.fromkeys(("size", "get_shape", "shape", "int_shape"), _sized),
    **dict.fromkeys(("dim", "numel", "item", "nelement", "ndimension"), _made_of_data),
    **dict.fromkeys(("mean", "sum", "amax"), _reduced),
}
