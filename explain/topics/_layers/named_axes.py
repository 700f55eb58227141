"""A layer whose name says how many axes it takes, as Conv2D, against the axes that arrive."""

from __future__ import annotations

import re

from explain.code.parts import Call
from explain.errors import amount
from explain.layers.base import Flow, MisfitError
from explain.layers.sliding import Sliding
from explain.layers.words import axes_of

LIKE = {1: "such as 50x8", 2: "such as 28x28x1", 3: "such as 16x64x64x1"}
ANY = re.compile(r"(?i)(?<!spatial)dropout[123]d|\w*pad[123]d")  # PyTorch's work on other shapes too
ROWS = ("BatchNorm1d", "LazyBatchNorm1d")  # take rows of numbers as well


def check_axes(call: Call, arrived: Flow, keras: bool) -> None:
    """The axes of what arrives.

    Raises:
        MisfitError: they are more or fewer than the name of the layer says.
    """
    name = call.written.partition("(")[0].rpartition(".")[2].strip()
    axes, there = axes_of(name), len(arrived.sizes) - 1
    if axes is None or there == axes or ANY.fullmatch(name) or (name in ROWS and not there):
        return
    if not there:
        like = f", {LIKE[axes]}" if keras else ""
        raise MisfitError(f"{{arrived}} arrived, but {name} takes channels and {amount(axes, 'axis')} of places{like}")
    told = f"{{arrived}} arrived, with {amount(there, 'axis')} beside the channels, but {name} takes {axes}"
    missing = there == axes - 1 and call.sources[0] < 0 and isinstance(call.layer, Sliding)
    raise MisfitError(told if missing or there not in LIKE else f"{told}; write {name.replace(str(axes), str(there))}")
