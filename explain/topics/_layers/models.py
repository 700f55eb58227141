"""The answer about a model that was read from code, and the comparison of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.code.parts import Model, OpenSize
from explain.engine.answer import Answer
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent
from explain.layers.base import Flow, Size, multiplied, whole_number
from explain.topics._layers.arrivals import Entered, entered
from explain.topics._layers.chain import Shapes
from explain.topics._layers.checks import NAMES, Slid, arrays_counted, windows_counted
from explain.topics._layers.code_words import code_conventions
from explain.topics._layers.graph import Graph, Visit
from explain.topics._layers.listed_code import listed
from explain.topics._layers.misfits import described
from explain.topics._layers.open_sizes import introduce, without_symbols
from explain.topics._layers.stations import Station
from explain.topics._layers.summary import callee, summary, unknown
from explain.topics._layers.totals import Costs, memory, totals, work_and_memory
from explain.topics._layers.walk import MOST, Walk

MOST_IN_SYMBOLS = 150  # layers with symbols in their sizes
LISTED = 12  # arrays that a check names


class Question(NamedTuple):
    """What is asked: a model, the shapes of its inputs, and another model where two are compared.

    Args:
        text, other_text: the code that is printed.
    """

    model: Model
    given: Sequence[Extent]
    name: str = ""
    other: Model | None = None
    other_name: str = ""
    text: str = ""
    other_text: str = ""


class Walked:
    """A model with its shapes run through.

    Raises:
        InputError: a layer that does not fit what arrives.
    """

    def __init__(self, model: Model, given: Sequence[Extent]) -> None:
        keras = model.framework == "keras"
        model = without_symbols(model) if len(model.calls) > MOST_IN_SYMBOLS else model
        self.model = model
        self.shapes = Shapes(keras, swaps=keras)
        self.entered: Entered = entered(model, given, self.shapes)
        graph = Graph(model, self.entered.flows, self.shapes)
        self.visits, self.forced, self.inlined = graph.visits, graph.forced, graph.inlined
        self.shaped = any(visit.given is not None for visit in self.visits)
        self.whole = all(visit.parameters is not None for visit in self.visits)
        self.worked = all(visit.multiply_adds is not None for visit in self.visits)
        self.all_shapes = all(visit.given is not None for visit in self.visits)

    @property
    def title(self) -> str:
        """`Model Digits: 6 layers, PyTorch`; a name that says nothing more is left out."""
        own = [visit for visit in self.visits if not visit.again]
        layers = [visit for visit in own if callee(visit.call)[:1].isupper()] or own
        told = f"{amount(len(layers), 'layer')}, {NAMES[self.model.framework]}"
        named = self.model.name.lower() not in ("", "model", "sequential")
        return f"Model {self.model.name}: {told}" if named else f"Model of {told}"

    def stations(self) -> list[Station]:
        """The calls that are worked on paper."""
        found = []
        for visit in self.visits:
            if visit.layer is None or visit.parameters is None or visit.arrived is None:
                continue
            if visit.given is None and not _some(visit.parameters):
                continue
            title = f"Layer {visit.at}: {described(visit.call)}, line {visit.call.line}"
            title += f" ({visit.call.put})" * bool(visit.call.put)
            found.append(
                Station(
                    visit.at, title, visit.layer, visit.before, visit.arrived, visit.given or Flow((), "vector"),
                    _some(visit.parameters), _some(visit.fixed), _some(visit.multiply_adds or 0),
                    sources=tuple(source + 1 for source in visit.call.sources),
                    features=visit.features, again=visit.again,
                )
            )  # fmt: skip
        return found

    def costs(self) -> list[Costs]:
        """What each call costs, what is not known as 0."""
        return [
            Costs(
                visit.parameters or 0,
                visit.fixed,
                visit.multiply_adds or 0,
                0 if visit.given is None else visit.given.entries,
            )
            for visit in self.visits
        ]

    @property
    def symbolic(self) -> bool:
        """Whether symbols stay in the sizes or counts."""
        sizes = [size for visit in self.visits if visit.given is not None for size in visit.given.sizes]
        return any(isinstance(size, Node) for size in [*sizes, *(visit.parameters for visit in self.visits)])


def _some(size: Size) -> bool:
    return not isinstance(size, int) or size != 0


def answered(question: Question, source: str) -> Answer:
    """The whole answer."""
    walked = Walked(question.model, question.given)
    model = walked.model
    sheet = Worksheet(walked.title, source)
    symbolic = walked.symbolic
    if symbolic and len(walked.visits) > MOST_IN_SYMBOLS:
        raise InputError(
            f"the shape of the input is not known, and the model has {len(walked.visits)} layers: give {{input}}"
        )
    other = None if question.other is None else _other(question)
    entered_by = [
        size for source in walked.entered.sources for size in source.shape.sizes if isinstance(size, OpenSize)
    ]
    introduce(sheet, [item.model for item in (walked, other) if item is not None], entered_by)
    walk = Walk(
        sheet, walked.stations(), walked.shapes, ("parameters", "work"), walked.entered.sources,
        len(walked.visits) if symbolic else MOST, model.framework == "keras",
    )  # fmt: skip
    walk.layers()
    results = _totals(sheet, walk, walked)
    code_conventions(sheet, question.name, walked, results)
    sheet.tables.append(summary(sheet, walked.visits, walked.shapes, results))
    open_ = unknown(model, walked.visits, walked.entered.flows)
    sheet.tables += [] if open_ is None else [open_]
    _checks(sheet, walked, results[0])
    if question.text:
        sheet.drawing("Code", listed(question.text, model))
    if question.other is not None and other is not None:
        from explain.topics._layers.compared import compared

        names = question.name or "this model", question.other_name or "the other"
        results += compared(sheet, walked, other, names, results)
        if question.other_text:
            sheet.drawing(f"Code of {names[1]}", listed(question.other_text, question.other))
    return sheet.answer(*results)


def _other(question: Question) -> Walked:
    """The other model, with the shapes that are given where it has as many inputs."""
    assert question.other is not None
    first, second = (len(model.inputs or [0]) for model in (question.model, question.other))
    given = question.given if second in (first, len(question.given)) else ()
    try:
        return Walked(question.other, given)
    except InputError as error:
        raise InputError(f"{{against}}, {error.message}") from error


def _totals(sheet: Worksheet, walk: Walk, walked: Walked) -> list[Symbol]:
    sheet.part("Totals")
    costs = walked.costs()
    found = totals(sheet, walk, costs, walked.whole)
    if walked.shaped:
        return [*found, *work_and_memory(sheet, walk, costs, found[0], walked.worked, walked.all_shapes)]
    return [*found, memory(sheet, "B_P", found[0], "parameters")]


def _checks(sheet: Worksheet, walked: Walked, parameters: Symbol) -> None:
    """Second routes: windows counted, stored arrays counted."""
    slid = [
        Slid(visit.layer, visit.arrived, visit.given)
        for visit in walked.visits
        if visit.layer is not None and visit.arrived is not None and visit.given is not None
    ]
    windows_counted(sheet, slid)
    arrays = [array for visit in walked.visits for array in visit.stored]
    if arrays:
        listed = _listed(walked.visits, walked.shapes) if len(arrays) <= LISTED else ""
        arrays_counted(sheet, arrays, walked.model.framework, parameters, listed)
        for visit in walked.visits[:MOST]:
            _one_layer(sheet, visit, walked)


def _one_layer(sheet: Worksheet, visit: Visit, walked: Walked) -> None:
    """The arrays of one layer, for a page that asks for it alone."""
    step = next((step for step in sheet.steps if step.name == f"P_{visit.at}"), None)
    sizes = [multiplied(array.shape) for array in visit.stored]
    if step is None:
        return
    name = NAMES[walked.model.framework]
    if step.value is None or not all(isinstance(size, int) for size in sizes):
        arrays_counted(sheet, visit.stored, walked.model.framework, step.symbol, _listed([visit], walked.shapes), True)
        return
    told = f"the arrays that {name} stores{_listed([visit], walked.shapes)}: {sum(map(whole_number, sizes))} numbers"
    good = sum(map(whole_number, sizes)) == int(step.value.item())
    sheet.check(good, [step.symbol], say(told), spare=True)


def _listed(visits: Sequence[Visit], shapes: Shapes) -> str:
    """The arrays of each layer, as its framework stores them."""
    told = []
    for visit in visits:
        if visit.stored:
            arrays = ", ".join(f"{array.name} {shapes.text(Flow(array.shape, 'vector'))}" for array in visit.stored)
            told.append(f"{visit.call.name} {arrays}")
    return f" ({'; '.join(told)})"
