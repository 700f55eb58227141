"""Operations on the tensors of a forward pass: sums, joins, other shapes, functions entry by entry.

The batch is axis 0, or axis 1 after a recurrent layer of PyTorch that has time first; it is no axis of a sample.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from explain.code.graph import operation, tensors_in
from explain.code.objects import AxisSize, Outside, Tensor
from explain.code.parts import Arguments, NotReadError, Unknown
from explain.code.reading import Reading
from explain.layers.base import Layer
from explain.layers.merging import Joint, Merge
from explain.layers.simple import Pointwise

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


def axis_size(reading: Reading, tensor: Tensor, axis: int, node: ast.expr) -> Any:
    """`x.shape[1]`: a number where the model says it, else the same as another of this axis, but not known."""
    if tensor.used.made.framework == "keras":
        from explain.code.flows import size as known

        found = known(reading, tensor.used, axis)
        if found is not None:
            return found
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


def doubtful(
    reading: Reading, name: str, sources: Sequence[Tensor], node: ast.expr, why: str, weightless: bool = True
) -> Tensor:
    """An operation whose result has a shape that is not worked out.

    Args:
        weightless: whether it is a function of tensors, so that it has no parameters of its own.
    """
    written = short(reading, node)
    found = operation(reading, name, None, sources, written, node.lineno, Unknown(written, node.lineno, why))
    found.used.made.weightless = weightless
    return found


def joined(reading: Reading, sign: ast.operator, left: Any, right: Any, node: ast.BinOp) -> Any:
    """`x + y`: of two tensors a merge; with a number or an array that is broadcast, entry by entry."""
    sources = [each for each in (left, right) if isinstance(each, Tensor)]
    word = WORDS.get(type(sign), "operation")
    if isinstance(sign, ast.MatMult):
        return doubtful(reading, word, sources, node, "a product of matrices is not worked here")
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return [*left, *right]
    return merged(reading, MERGING.get(type(sign)), word, sources, node)


def merged(reading: Reading, kind: Joint | None, word: str, sources: Sequence[Tensor], node: ast.expr) -> Tensor:
    """Some tensors entry by entry; those that no input reaches, as a table of positions, have the shape of the rest."""
    reached = [each for each in sources if each.used.reached]
    if len(reached) < 2 or kind is None:
        rest = [each for each in sources if each not in reached[:1]]
        return pointwise(reading, word, [*(reached[:1] or sources[:1]), *rest], node)
    layer = Merge(kind, kind, channels_last=reading.framework == "keras")
    return operation(reading, word, layer, sources, short(reading, node), node.lineno)


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
    from explain.code.shaping import OPERATIONS

    special = OPERATIONS.get(name)
    if special is not None:
        try:
            return special(reading, first, rest, named, node)
        except NotReadError as error:
            return doubtful(reading, name, every, node, str(error))
    return function_of(reading, name, first, rest, named, node, every)


def function_of(
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


def perhaps_weighted(what: Outside, found: Any) -> Any:
    """What a function gives that is not known by its name: it may be a layer, or make one."""
    if isinstance(found, Tensor) and found.used.made.operation and found.used.made.layer is None:
        made = found.used.made
        if "." not in what.path:
            made.weightless = False
            made.unknown = Unknown(made.written, made.line, f"nothing in the code says what {what.path} is")
        elif ".layers." in what.path or "slim" in what.path:  # a function that makes a layer
            made.weightless = False
    return found


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
    if _both_directions(sources):
        from explain.code.indexing import last_step

        return last_step(reading, Tensor(sources[0].used), node)
    if not sources or len(sources) < len(parts) or isinstance(axis, Unknown) or not isinstance(axis, int):
        return doubtful(reading, "cat", sources, node, "not all that is joined is known")
    if axis == sources[0].batch:
        return doubtful(reading, "cat", sources, node, f"axis {axis} is the batch: samples are joined to each other")
    if axis == 0:
        axis = 1  # time stands first
    layer = Merge("concatenate", "concatenate", axis, channels_last=reading.framework == "keras")
    return operation(reading, "cat", layer, sources, short(reading, node), node.lineno)


def _both_directions(sources: Sequence[Tensor]) -> bool:
    """Whether two states are those of both directions of one layer, one beside the other."""
    ends = {id(each.used) for each in sources}
    states = all(each.part == "state" and each.used.made.framework == "pytorch" for each in sources)
    return states and len(sources) == 2 and len(ends) == 1
