"""The residual block: two convolutions, and the input added to what they give."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.functions import ACTIVATIONS
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent, Padding
from explain.maps import Maps
from explain.parameters import Matrix
from explain.topics._effects import EFFECT
from explain.topics._windows.convolved import Operands, Window, convolution, operands
from explain.topics._windows.pages import check_total, slices_told, upstream
from explain.topics._windows.skip_picture import drawn_block

RELU = ACTIVATIONS["relu"]


@topic
def resnet_block(
    X: Annotated[Maps, "input: a map 1,2;3,4; | between channels, || between samples"],
    K_1: Annotated[Maps, "kernel of the first convolution; | between the channels of a filter, || between filters"],
    K_2: Annotated[Maps, "kernel of the second convolution"],
    b_1: Annotated[Matrix | None, "bias of the first convolution, one number a filter"] = None,
    b_2: Annotated[Matrix | None, "bias of the second convolution"] = None,
    K_s: Annotated[
        Maps | None, "kernel of the projection on the skip, such as 1x1; without it X itself is added"
    ] = None,
    b_s: Annotated[Matrix | None, "bias of the projection"] = None,
    stride: Annotated[Extent | None, "step of the first convolution and of the projection; default 1"] = None,
    padding: Annotated[Padding | None, "zeros on each side of both convolutions; default same"] = None,
    dA_2: Annotated[Maps | None, "∂L/∂A₂ arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Residual block: two convolutions, ReLU, and the skip added.

    Z₁ = X ⋆ K₁, A₁ = ReLU(Z₁), Z₂ = A₁ ⋆ K₂, and before the last ReLU the skip is added: A₂ = ReLU(Z₂ + X), or a
    projection X ⋆ K_s where the shapes differ. Shapes as in `explain conv`: X (H×W), (C×H×W) or (N×C×H×W).

    Field: Convolution

    Source: He, Zhang, Ren and Sun 2016, Deep Residual Learning for Image Recognition, eqs. 1 and 2, figure 2

    Examples:
        explain resnet-block --X "-1,-1;1,1" --K-1 "1,1,1;-1,-1,-1;1,1,1" --K-2 "1,-1,1;1,-1,1;1,-1,1"
        explain resnet-block --X "1,2;3,4" --K-1 "0,1,0;1,1,1;0,1,0" --K-2 "1,0,0;0,1,0;0,0,1" --dA-2 "1,0;0,1"
        explain resnet-block --X "1,2;3,4" --K-1 "1,0;0,1" --K-2 1 --K-s 0.5 --stride 2 --padding 0

    Raises:
        InputError: a skip that does not have the shape of what it is added to, and what `conv` refuses.
    """
    if b_s is not None and K_s is None:
        raise InputError("{b_s} is given, but {K_s} is missing: a bias belongs to the projection; give its kernel too")
    sheet = Worksheet("Residual block", resnet_block.source)
    same = padding or Padding([0], "same")
    first, second, skip = _layers(X, (K_1, b_1), (K_2, b_2), (K_s, b_s), stride, same)
    _meeting(first, second, skip)
    arriving_shape = Symbol("A_2", second.layout.output_shape)

    x = sheet.given("X", first.x, "input", option="X")
    kernel_1, bias_1 = _given(sheet, first, "1", "first convolution")
    kernel_2, bias_2 = _given(sheet, second, "2", "second convolution")
    projected = None if skip is None else _given(sheet, skip, "s", "projection on the skip")
    arriving = upstream(sheet, "A_2", dA_2, arriving_shape)
    _conventions(sheet, padding is None, skip is not None)
    slices_told(sheet, first.layout, x, kernel_1)
    drawn_block(sheet, first, second, skip)

    sheet.part("Forward pass" if arriving else "")
    z_1 = sheet.define(
        "Z_1", convolution(x, kernel_1, bias_1, first.layout), "First convolution",
        say(f"{{K}} is laid on {{x}} at every place{_zeros(first)}; the products are added", K=kernel_1, x=x),
    )  # fmt: skip
    a_1 = sheet.define("A_1", RELU(z_1), "After the first activation", say(EFFECT["relu"], z=z_1))
    z_2 = sheet.define(
        "Z_2", convolution(a_1, kernel_2, bias_2, second.layout), "Second convolution",
        say("the same with {K}, on what the first layer has let through", K=kernel_2),
    )  # fmt: skip
    carried = x
    if skip is not None and projected is not None:
        carried = sheet.define(
            "S", convolution(x, *projected, skip.layout), "Projection on the skip",
            say("{x} is brought to the shape of {z}, so that the two can be added", x=x, z=z_2),
        )  # fmt: skip
    added = sheet.define(
        "Y", z_2 + carried, "The skip is added",
        say(
            "entry by entry, before the activation: the two layers have only to learn what is to be added to {s}",
            s=carried,
        ),
    )  # fmt: skip
    a_2 = sheet.define("A_2", RELU(added), "Output of the block", say(EFFECT["relu"], z=added))
    check_total(sheet, z_1, x, kernel_1, bias_1, first.layout)
    check_total(sheet, z_2, a_1, kernel_2, bias_2, second.layout)
    if arriving is None:
        return sheet.answer(a_1, a_2)
    sheet.part("Backward pass")
    given = [x, kernel_1, bias_1, kernel_2, bias_2, *(projected or ())]
    wanted = [symbol for symbol in given if symbol is not None]
    sheet.backward(a_2, wanted, seed=arriving, jacobians=False)
    reached = Sum(a_2 * arriving)
    finite_difference(sheet, reached, wanted, reached)
    return sheet.answer(a_1, a_2, *(sheet.last(f"dL/d{symbol.name}") for symbol in wanted))


Kernel = tuple[Maps, Matrix | None]


def _layers(
    X: Maps,
    first: Kernel,
    second: Kernel,
    skip: tuple[Maps | None, Matrix | None],
    stride: Extent | None,
    padding: Padding,
    channels: bool = False,
) -> tuple[Operands, Operands, Operands | None]:
    """The convolutions of the block; where one of them has channels, all are written with them."""
    one = _operands(X, *first, Window(stride, padding), "1", channels)
    two = _operands(Maps(one.layout.output_shape), *second, Window(None, padding), "2", channels)
    kernel, bias = skip
    around = None if kernel is None else _operands(X, kernel, bias, Window(stride, Padding([0])), "s", channels)
    written = [found.layout.channels for found in (one, two, around) if found is not None]
    if any(written) and not all(written):
        return _layers(X, first, second, skip, stride, padding, channels=True)
    return one, two, around


def _operands(X: Maps, K: Maps, b: Matrix | None, window: Window, mark: str, channels: bool) -> Operands:
    """The operands of one of the convolutions; errors name its own options."""
    try:
        return operands(X, K, b, window, "2", channels)
    except InputError as error:
        arrived = "{X}" if mark in "1s" else "what the first convolution gives"
        message = error.message.replace("{K}", f"{{K_{mark}}}").replace("{b}", f"{{b_{mark}}}").replace("{X}", arrived)
        raise InputError(message) from error


def _meeting(first: Operands, second: Operands, skip: Operands | None) -> None:
    """Refuse a skip that cannot be added."""
    carried = first.layout.input_shape if skip is None else skip.layout.output_shape
    gives = second.layout.output_shape
    if carried == gives:
        return
    if skip is None:
        raise InputError(
            f"{{X}} is {write(carried)}, but the two convolutions give {write(gives)}, to which it is to be added: "
            "give a projection {K_s} that brings X to that shape, or {padding} same and {stride} 1"
        )
    raise InputError(
        f"{{K_s}} brings X to {write(carried)}, but the two convolutions give {write(gives)}: the projection needs as "
        "many filters as {K_2}, and the sizes that {stride} leaves"
    )


def _given(sheet: Worksheet, found: Operands, mark: str, layer: str) -> tuple[Symbol, Symbol | None]:
    kernel = sheet.given(f"K_{mark}", found.kernel, f"kernel of the {layer}", option=f"K_{mark}")
    if found.bias is None:
        return kernel, None
    return kernel, sheet.given(f"b_{mark}", found.bias, f"bias of the {layer}", option=f"b_{mark}")


def _conventions(sheet: Worksheet, padded: bool, projected: bool) -> None:
    sheet.convention("the kernels slide as they are, as in deep learning (cross-correlation)")
    if padded:
        sheet.convention("zeros around the maps so that the size stays (padding same, the default)")
    if projected:
        sheet.convention("the projection has the stride of the first convolution and no padding")
    sheet.convention("no batch normalisation: the original block has one after each convolution")


def _zeros(found: Operands) -> str:
    return ", zeros outside" if any(axis.before or axis.after for axis in found.layout.axes) else ""
