"""What holds for a model that was read from code: how it was read, its input, its layers, its totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Symbol
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.layers.base import Flow
from explain.layers.recurrent import Recurrent
from explain.layers.simple import Normalisation
from explain.layers.stacked import Stacked
from explain.topics._layers.chain import Shapes
from explain.topics._layers.conventions import conventions, state, totals_told
from explain.topics._layers.summary import callee

if TYPE_CHECKING:
    from explain.topics._layers.models import Walked


def code_conventions(sheet: Worksheet, name: str, walked: Walked, results: Sequence[Symbol]) -> None:
    """How the code was read, how the input is read, what holds for the kinds of layers that are there."""
    model = walked.model
    sheet.convention(f"{name or 'the code'} is read as it stands; nothing of it is run")
    if name.lower().endswith(".ipynb"):
        sheet.convention("lines are counted over all code cells of the notebook, one after the other")
    for remark in model.remarks:
        sheet.convention(_plain(f"line {remark.line}: {remark.text}" if remark.line else remark.text))
    for told in [*walked.entered.told, *walked.forced, *_readings(walked)]:
        sheet.convention(_plain(told))
    if not model.ordered:
        sheet.convention(
            "the order in which the layers are used is not known, so that no shapes follow: each layer is counted from "
            "its own arguments"
        )
    known = [(visit.layer, visit.call) for visit in walked.visits if visit.layer is not None]
    known = [(layer, call) for layer, call in known if "(" in call.written or not layer.pointwise]
    if not walked.shaped:  # nothing is said of shapes
        known = [pair for pair in known if isinstance(pair[0], Normalisation | Recurrent | Stacked)]
    layers, names = [layer for layer, _ in known], [callee(call) for _, call in known]
    state(sheet, conventions(layers, model.framework, walked.shaped, names))
    if any("activation=" in visit.call.written for visit in walked.visits):
        sheet.convention("an activation that is an argument of a layer changes neither shape nor count")
    totals = {symbol.name for symbol in results}
    totals |= {"A" if walked.all_shapes else "A_known"} if "B_A" in totals else set()
    totals_told(sheet, totals)


def _plain(text: str) -> str:
    """Text from code as part of a sentence, where braces name quantities."""
    return text.replace("{", "(").replace("}", ")")


def _readings(walked: Walked) -> list[str]:
    """How the shapes of the inputs are read."""
    found = []
    for source in walked.entered.sources:
        shape, text = source.shape, walked.shapes.text(source.shape)
        if shape.kind == "maps":
            last = walked.shapes.channels_last
            channels, places = shape.sizes[0], Flow(shape.sizes[1:], "sequence")
            known = isinstance(channels, int)
            count = (
                amount(int(str(channels)), "channel")
                if known
                else Shapes(False).text(Flow((channels,), "vector")) + " channels"
            )
            where = "last, as in Keras" if last else "first, as in PyTorch"
            of = Shapes(False).text(places)
            found.append(f"channels {where}: {text} is {count} of {of}")
        elif shape.kind == "sequence" and all(isinstance(size, int) for size in shape.sizes):
            steps, features = (int(str(size)) for size in shape.sizes)
            found.append(f"{text} is {amount(steps, 'time step')} of {amount(features, 'feature')}")
    if walked.shaped:
        found.append("shapes are those of one sample: the batch is left out")
    return [text for text in dict.fromkeys(found) if text]
