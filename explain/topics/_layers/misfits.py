"""What is said where a layer of a model does not fit what arrives: the line, the layer, both numbers, the mend."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.code.parts import Call
from explain.errors import shown
from explain.layers.base import Flow, Layer
from explain.layers.recurrent import Recurrent
from explain.layers.simple import Dense, Flatten, Pointwise
from explain.layers.sliding import Sliding
from explain.layers.stacked import Stacked

if TYPE_CHECKING:
    from explain.topics._layers.chain import Shapes
    from explain.topics._layers.graph import Visit

LONGEST = 100  # characters of a call in a message


def described(call: Call) -> str:
    """A call as it stands in the code, with its name where that is another."""
    own = call.written.partition("(")[0].rpartition(".")[2]
    return call.written if call.name in ("", own) else called(call.name, call.written)


def called(name: str, written: str) -> str:
    """A name and what it stands for; `features.0` is no variable that is set."""
    if name.isdigit():
        return written
    return f"{name} = {written}" if name.isidentifier() else f"{name}: {written}"


def placed(call: Call) -> str:
    """`line 12, fc1 = nn.Linear(256, 120)`, for a message."""
    return f"line {call.line}, {shown(described(call), LONGEST)}"


def misfit(call: Call, message: str, arrived: str, visits: Sequence[Visit]) -> str:
    """What a layer says, with its line, and the mend in the words of the framework."""
    told = f"{placed(call)}: {message.replace('{arrived}', arrived)}"
    below = _last_recurrent(visits, call)
    if call.layer is not None and call.layer.reads == "sequence" and below is not None:
        told += f"; let {shown(below.call.name)} (line {below.call.line}) give all its states: return_sequences=True"
    return told + _no_channels(call, arrived)


def _no_channels(call: Call, arrived: str) -> str:
    """The mend where an input of one channel was given without it."""
    layer = call.layer
    sizes = arrived.split("×")
    if not isinstance(layer, Sliding) or not call.sources or call.sources[0] >= 0 or len(sizes) != len(layer.slides):
        return ""
    first = call.written.partition("(")[0].endswith("d")  # Conv2d is PyTorch's, Conv2D Keras'
    whole = "x".join([str(call.arrives or 1), *sizes] if first else [*sizes, "1"])
    return f"; the channels are missing: {{input}} {whole}" if len(sizes) > 1 else ""


def _last_recurrent(visits: Sequence[Visit], call: Call) -> Visit | None:
    """The recurrent layer below that gives its last state only, with nothing between but entry by entry."""
    source = call.sources[0] if call.sources else -1
    while 0 <= source < len(visits):
        found = visits[source]
        if isinstance(found.layer, Recurrent | Stacked):
            return found if found.given is not None and found.given.kind == "vector" else None
        if not isinstance(found.layer, Pointwise) or not found.call.sources:
            return None
        source = found.call.sources[0]
    return None


def wrong_features(
    call: Call, layer: Layer, flow: Flow, arrived: Flow, there: int, visits: Sequence[Visit], shapes: Shapes
) -> str:
    """Another number of features arrives than the code says.

    Args:
        flow: what arrives, as the layer below gave it; `arrived` as this one reads it.
        there: the features that arrive.
    """
    told, text = call.arrives, shapes.text(flow)
    source = call.sources[0]
    below = visits[source] if source >= 0 else None
    if isinstance(layer, Dense) and arrived.kind == "maps" and flow.entries == told:
        found, mend = f"the last axis of {text} has {there} entries", f"flatten first: {text} are {told} numbers"
    elif arrived.kind == "maps":
        found = f"the last axis of {text} has {there} entries" if isinstance(layer, Dense) else ""
        found, mend = found or f"{there} channels arrive ({text})", ""
    elif arrived.kind == "sequence":
        found, mend = f"{there} features arrive at each time step ({text})", ""
    else:
        flat = below is not None and isinstance(below.layer, Flatten) and len(below.before) == 1
        where = f" ({shapes.text(below.before[0])} flattened)" if below is not None and flat else ""
        found, mend = f"{there} numbers arrive{where}", ""
    if not mend and below is None:
        turned = (flow.sizes[-1], *flow.sizes[:-1])
        if arrived.kind == "maps" and turned[0] == told:
            sizes = "x".join(map(str, turned))
            mend = f"channels come first in PyTorch: {{input}} {sizes}"
        else:
            mend = f"give {{input}} with {told}, or write {_mended(call, there)}"
    return f"{placed(call)}: {found}, it expects {told}; {mend or 'write ' + _mended(call, there)}"


def unlike_below(call: Call, below: Call, there: int) -> str:
    """The layer below gives another number of features than the code says."""
    gives = f"{there} features arrive from line {below.line}, {shown(described(below), LONGEST)}"
    return f"{placed(call)}: {gives}, it expects {call.arrives}; write {_mended(call, there)}"


def _mended(call: Call, there: int) -> str:
    """The call with another number of features, as in `nn.Linear(400, 120)`."""
    written = call.written
    try:
        tree = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if isinstance(tree, ast.Call) and written.isascii():
        values: list[ast.expr] = [*tree.args, *(word.value for word in tree.keywords)]
        same = [each for each in values if isinstance(each, ast.Constant) and each.value == call.arrives]
        at = (same or values)[0] if values else None
        if at is not None and at.end_col_offset is not None and at.lineno == at.end_lineno == 1:
            return shown(f"{written[: at.col_offset]}{there}{written[at.end_col_offset :]}", LONGEST)
    return f"{there} there"
