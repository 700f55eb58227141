"""Parameters of convolution layers."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.nodes.base import Symbol
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Sides
from explain.layers.base import Flow, Framework, Size, as_node, counted
from explain.layers.convolution import Convolution, Separable, TransposedConvolution
from explain.layers.sliding import Slide, Sliding
from explain.parameters import Count
from explain.topics._counting import Asked, direct_count, introduced, number_of, other_count, tensors_table
from explain.topics._windows.axes import AXES, NAMES

Type = Literal["standard", "depthwise", "separable", "transposed"]
TITLES: dict[str, str] = {
    "standard": "a convolution layer",
    "grouped": "a grouped convolution layer",
    "depthwise": "a depthwise convolution layer",
    "separable": "a depthwise separable convolution layer",
    "transposed": "a transposed convolution layer",
}


@topic
def conv_params(
    channels: Annotated[Count, "channels C of the input"],
    kernel: Annotated[Sides, "size of a filter: 3 for all axes, 3x5, or a symbol k"],
    filters: Annotated[Count | None, "number of filters F, the channels of the output; not for depthwise"] = None,
    type: Annotated[Type, "which convolution"] = "standard",
    groups: Annotated[Count, "groups that the channels are divided into"] = Count(1),  # noqa: B008 - never changed
    multiplier: Annotated[Count, "outputs for each channel, depthwise and separable"] = Count(1),  # noqa: B008
    dims: Annotated[Literal["1", "2", "3"] | None, "axes that the filter slides along; default 2"] = None,
    bias: Annotated[Literal["yes", "no"], "whether each filter has a bias"] = "yes",
    framework: Annotated[Framework, "whose arrays are counted for the check"] = "keras",
) -> Answer:
    """Parameters of a convolution layer.

    One window of weights for each filter over every channel that it sees, and one bias. Grouped, depthwise,
    separable and transposed convolutions with the same words; 1-D to 3-D; sizes may be symbols. The size of the
    images, the stride and the padding do not matter.

    Field: Counting

    Source: Goodfellow et al. 2016, Deep Learning, section 9.5; Chollet 2017, Xception, section 1; PyTorch
    documentation, torch.nn.Conv2d; Keras documentation, Conv2D, DepthwiseConv2D, SeparableConv2D

    Examples:
        explain conv-params --channels 3 --filters 32 --kernel 3
        explain conv-params --channels C --filters F --kernel k
        explain conv-params --channels 64 --filters 128 --kernel 3 --type separable

    Raises:
        InputError: groups that do not divide the channels or the filters; filters missing, or given for depthwise.
    """
    _check(filters, type, groups, multiplier, channels)
    grouped = groups.number != 1
    sheet = Worksheet(f"Parameters of {TITLES['grouped' if grouped else type]}", conv_params.source)
    axes = AXES[int(dims or (len(kernel.counts) if len(kernel.counts) > 1 else 2))]
    if len(kernel.counts) not in (1, len(axes)):
        raise InputError(
            f"{{kernel}} is {kernel.text}, but {{dims}} is {len(axes)}: give 1 number, or as many as there are axes"
        )
    asked = [Asked("channels", channels, "C", "channels of the input")]
    if filters is not None:
        asked.append(Asked("filters", filters, "F", "number of filters, the channels of the output"))
    alike = len(kernel.counts) == 1
    for side, axis in zip(kernel.counts, axes[: len(kernel.counts)], strict=True):
        told = "size of a filter" + ("", " along both axes", " along all three axes")[len(axes) - 1 if alike else 0]
        asked.append(
            Asked(
                "kernel",
                side,
                "k" if alike else f"k_{axis}",
                told if alike else f"size of a filter along the {NAMES[axis]}",
            )
        )
    if grouped:
        asked.append(Asked("groups", groups, "g", "groups that the channels are divided into"))
    if multiplier.number != 1:
        asked.append(Asked("multiplier", multiplier, "M", "outputs for each channel"))
    names = dict(zip([item.letter for item in asked], introduced(sheet, asked), strict=True))
    sides = [names["k"]] * len(axes) if alike else [names[f"k_{axis}"] for axis in axes]
    layer = _layer(type, names, sides, bias == "yes")
    arrived = Flow((names["C"], *[1] * len(axes)), "maps")
    tensors = layer.tensors(arrived)
    total = sheet.define(
        "P",
        as_node(counted(tensors)),
        "Parameters of the layer",
        _why(type, names, grouped, bias == "yes"),
        closed=factored,
    )
    _conventions(sheet, type, names, sides, bias == "yes", grouped, total)
    tensors_table(sheet, tensors, total)
    if type in ("depthwise", "separable") and len(axes) == 3:
        framework = "pytorch"  # Keras has neither in three dimensions
    direct_count(sheet, total, [(1, array) for array in layer.stored(arrived, framework)], framework)
    return sheet.answer(total)


def _check(filters: Count | None, type: Type, groups: Count, multiplier: Count, channels: Count) -> None:
    """What belongs together."""
    if type == "depthwise" and filters is not None:
        raise InputError(
            "{filters} is given, but a depthwise convolution has {multiplier} filters for each channel: "
            "leave {filters} out"
        )
    if type != "depthwise" and filters is None:
        raise InputError("{filters} is missing: number of filters, the channels of the output")
    if multiplier.number != 1 and type not in ("depthwise", "separable"):
        raise InputError(
            f"{{multiplier}} belongs to depthwise and separable convolutions, but {{type}} is {type}: leave it out"
        )
    if groups.number != 1 and type != "standard":
        raise InputError(f"{{groups}} is counted for a standard convolution only, but {{type}} is {type}: leave it out")
    for name, size in (("channels", channels), ("filters", filters)):
        if size and size.number and groups.number and size.number % groups.number:
            raise InputError(
                f"{{groups}} is {groups.number}, which does not divide the {size.number} {name}: "
                "every group needs as many, so take a divisor of both"
            )


def _layer(type: Type, names: dict[str, Symbol], sides: list[Symbol], bias: bool) -> Sliding:
    slides = [Slide(side) for side in sides]
    multiplier: Size = names.get("M", 1)
    if type == "depthwise":
        return Convolution(multiplier, slides, bias, depthwise=True)
    if type == "separable":
        return Separable(names["F"], slides, bias, multiplier)
    if type == "transposed":
        return TransposedConvolution(names["F"], slides, bias)
    return Convolution(names["F"], slides, bias, names.get("g", 1))


def _why(type: Type, names: dict[str, Symbol], grouped: bool, bias: bool) -> Prose:
    ending = ", and one bias" if bias else "; there is no bias"
    known = {
        "c": names["C"],
        "f": names.get("F", names["C"]),
        "g": names.get("g", names["C"]),
        "m": names.get("M", names["C"]),
    }
    if type == "depthwise":
        filters = "there are {m} filters for each of the {c} channels: each"
        filters = filters if "M" in names else "there is one filter for each of the {c} channels: it"
        return say(f"{filters} has the weights of one window and sees its own channel only{ending}", **known)
    if type == "separable":
        middle = "{m} windows" if "M" in names else "one window"
        second = "each of the {f} filters has one weight for each of the channels that come out"
        return say(f"first {middle} for each of the {{c}} channels, without bias; then {second}{ending}", **known)
    if type == "transposed":
        stamps = "each of the {c} channels stamps one window of weights for each of the {f} filters"
        return say(f"{stamps}; each filter has {'one' if bias else 'no'} bias", **known)
    sees = "the C/g channels of its group" if grouped else "each of the {c} channels"
    return say(f"each of the {{f}} filters has one window of weights for {sees}{ending}", **known)


def _conventions(
    sheet: Worksheet,
    type: Type,
    names: dict[str, Symbol],
    sides: list[Symbol],
    bias: bool,
    grouped: bool,
    total: Symbol,
) -> None:
    sheet.convention("the size of the images, the stride, the padding and the dilation are not in the count")
    if type == "separable" and bias:
        first: Size = names["C"] if "M" not in names else names["C"] * names["M"]
        told = (
            "one bias, after the pointwise part (Keras SeparableConv2D); two PyTorch layers, each with a bias, count "
        )
        other_count(sheet, told + "{more} more", first, total)
    elif type == "depthwise" and len(sides) == 3:
        sheet.convention("PyTorch: Conv3d with as many groups as channels; Keras has no such layer in three dimensions")
    else:
        sheet.convention("Keras and PyTorch count the same")
    if all(number_of(sheet, side) == 1 for side in sides) and type == "standard" and not grouped:
        sheet.convention("a 1×1 convolution is a dense layer that is used at every place")
    if grouped or type == "separable":
        plain = Convolution(names["F"], [Slide(side) for side in sides], bias)
        count = as_node(counted(plain.tensors(Flow((names["C"], *[1] * len(sides)), "maps"))))
        known = number_of(sheet, count)
        sheet.convention(
            "a plain convolution with these filters would have {n}" + (f" = {known}" if known else ""), n=count
        )
