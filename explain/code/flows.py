"""How large the tensors of a Keras model are, as far as that is known while its code is read: for `x.shape[-1]`."""

from __future__ import annotations

from typing import Any

from explain.code.assemble import sizes
from explain.code.objects import Used
from explain.code.parts import Unknown
from explain.code.reading import Reading
from explain.engine.nodes.base import Symbol
from explain.layers.base import Flow, MisfitError, Size, entering
from explain.layers.reshaping import as_flow, as_written


def size(reading: Reading, used: Used, axis: int) -> Any:
    """The size along an axis, the batch being axis 0; None where it is not known."""
    flow = flow_of(reading, used)
    if flow is None:
        return None
    shape = as_written(flow, True)
    at = axis - 1 if axis > 0 else len(shape) + axis
    found = shape[at] if axis and 0 <= at < len(shape) else None
    return found if isinstance(found, int) else None


def flow_of(reading: Reading, used: Used) -> Flow | None:
    """The shape that a layer gives; sizes that are not known are symbols."""
    waiting = [used]
    while waiting:
        each = waiting[-1]
        missing = [source for source in each.sources if source.number not in reading.flows]
        if missing and each.number not in reading.flows:
            waiting += missing
            continue
        waiting.pop()
        if each.number not in reading.flows:
            reading.flows[each.number] = _given(reading, each)
    return reading.flows[used.number]


def _given(reading: Reading, used: Used) -> Flow | None:
    if used.made.kind == "Input":
        return _entering(used)
    layer = used.made.layer
    flows = [reading.flows[source.number] for source in used.sources]
    known = [flow for flow in flows if flow is not None]
    if layer is None or not known or len(known) < len(flows):
        return None
    try:
        entered = [entering(layer, flow, channels_last=True) for flow in known]
        layer = layer.among(entered) if layer.several else layer
        return layer.output(entered[0])
    except MisfitError:
        return None


def _entering(used: Used) -> Flow | None:
    shape = sizes(used.made.shape, used.made.line)
    if not shape:
        return None
    found: list[Size] = [Symbol(f"n_{at}") if isinstance(each, Unknown) else each for at, each in enumerate(shape)]
    return as_flow(found, True)
