"""Activation functions: definition, derivative, values and slopes, and the gradient through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from explain.declare import topic
from explain.engine.activations import elu, leaky_relu
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.functions import EXP, LOG, textbook
from explain.engine.names import word
from explain.engine.nodes.arithmetic import negative
from explain.engine.nodes.base import Index, Node, Symbol, Textbook
from explain.engine.nodes.functions import Apply, ScalarFunction
from explain.engine.nodes.linear import Spread, Sum
from explain.engine.notation import Word, product
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.rounding import tidy
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.wording import SAFER
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.topics._activations.facts import FLAT, derivative, kinks, slopes, told
from explain.topics._activations.names import KNOWN, Functions
from explain.topics._activations.proof import differences, proved
from explain.topics._activations.tables import brought_along, tables, typed
from explain.topics._activations.words import ABOUT, DERIVED, TITLES
from explain.topics._effects import EFFECT

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

MOST_LISTED = 8
NEARLY = 1e-6  # how near to ±1 a value is where 1 minus it has lost its digits


class Asked(NamedTuple):
    """A function that is asked for: its letters in the names of steps, the number in front of a part of it."""

    function: ScalarFunction
    letters: str
    known: dict[str, Array]
    alone: bool

    @property
    def value(self) -> str:
        """The plain name of its values."""
        return "a" if self.alone else f"a_{self.letters}"


@topic
def activation(
    function: Annotated[Functions, "activation functions such as relu,sigmoid, or all of them: all"],
    x: Annotated[Matrix | None, "numbers to which they are applied, such as -2,0,2"] = None,
    slope: Annotated[Scalar | None, "leaky-relu: factor of negative numbers; default 0.01"] = None,
    alpha: Annotated[Scalar | None, "elu: how far it goes below 0; default 1"] = None,
    dA: Annotated[Matrix | None, "∂L/∂a arriving from above: the gradient at x is worked too"] = None,
) -> Answer:
    """Activation functions: definition, derivative, values.

    For each function the definition, the derivative in its textbook form, its kinks and where it is saturated; with
    numbers, its values and slopes at each of them, side by side in a table; with a gradient from above, the gradient
    that is passed on. Functions: sigmoid, tanh, relu, leaky-relu, hard-sigmoid, softplus, elu, selu, gelu, gelu-tanh,
    silu (swish), mish, softsign, hardtanh, relu6, hard-swish, exponential, identity.

    Field: Networks and gradients

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.3; PyTorch documentation of
    torch.nn, non-linear activations, also for the slope at a kink

    Examples:
        explain activation relu,sigmoid --x -2,-1,0,1,2
        explain activation gelu
        explain activation elu --alpha 0.5 --x "-2,0;1,3" --dA "1,1;-1,0.5"

    Raises:
        InputError: a function that is not known, a slope or an alpha without its function or outside its range, a
            gradient without numbers, for several functions, or of another shape than x.
    """
    _together(function.names, x, slope, alpha, dA)
    titles = ", ".join(TITLES[KNOWN[name].name] for name in function.names) if len(function.names) < 4 else ""
    sheet = Worksheet(f"Activation: {titles}" if titles else "Activation functions", activation.source)
    asked = [_asked(sheet, name, len(function.names) == 1, slope, alpha) for name in function.names]
    entry = None if x is None else sheet.given("x", _rows(x), "what goes into the activation", option="x")
    upstream = (
        None
        if dA is None
        else sheet.given("dL/da", _rows(dA), "gradient of the loss L, arriving from above", option="dA")
    )
    t = sheet.given("t", None, "any number")
    brought_along(sheet, [one.function for one in asked], t)
    results: list[Symbol] = []
    for one in asked:
        sheet.part("" if one.alone else TITLES[one.function.name])
        formulas = _formulas(sheet, one, t)
        results += formulas if entry is None else _numbers(sheet, one, entry)
    if entry is not None and upstream is not None:
        results.append(_passed_on(sheet, asked[0], entry, upstream))
    if entry is not None:
        tables(sheet, [(one.function, one.value) for one in asked], entry)
    return sheet.answer(*results)


def _together(
    names: list[str], x: Matrix | None, slope: Scalar | None, alpha: Scalar | None, dA: Matrix | None
) -> None:
    """What belongs together, and the ranges."""
    for option, given, owner in (("slope", slope, "leaky-relu"), ("alpha", alpha, "elu")):
        if given is not None and owner not in names:
            raise InputError(f"{{{option}}} is {given.text(())}, but {owner} is not asked for: leave it out")
    if slope is not None and not 0 <= slope.exact(()) < 1:
        raise InputError(f"{{slope}} is {slope.text(())}: it lies from 0 to below 1, such as 0.01 or 0.2")
    if alpha is not None and alpha.exact(()) <= 0:
        raise InputError(f"{{alpha}} is {alpha.text(())}: it must be positive, such as 1 or 0.5")
    if dA is None:
        return
    if x is None:
        raise InputError("{dA} is given, but {x} is missing: the slope is taken at numbers; give {x} too")
    if len(names) > 1:
        raise InputError(
            f"{{dA}} is given with {len(names)} functions: a gradient arrives at one output; name one function"
        )
    if _rows(dA).shape != _rows(x).shape:
        raise InputError(
            f"{{dA}} is {write(_rows(dA).shape)}, but {{x}} is {write(_rows(x).shape)}: both need one shape"
        )


def _rows(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def _asked(sheet: Worksheet, name: str, alone: bool, slope: Scalar | None, alpha: Scalar | None) -> Asked:
    """A function with its parameter, where it has one that is given."""
    function, known = KNOWN[name], dict[str, "Array"]()
    if name == "leaky-relu" and slope is not None:
        symbol = sheet.given("s", slope, "factor of negative numbers in LeakyReLU", option="slope")
        function, known = leaky_relu(symbol, float(slope.exact(()))), {"s": slope.array}
    elif name == "leaky-relu":
        sheet.convention("the factor of negative numbers in LeakyReLU is 0.01 (default, as in PyTorch)")
    if name == "elu" and alpha is not None:
        symbol = sheet.given("alpha", alpha, "how far ELU goes below 0", option="alpha")
        function, known = elu(symbol, float(alpha.exact(()))), {"alpha": alpha.array}
    elif name == "elu":
        sheet.convention("ELU with α = 1 (default, as in PyTorch and Keras): it goes down to -1")
    return Asked(function, name.replace("-", ""), known, alone)


def _formulas(sheet: Worksheet, one: Asked, t: Symbol) -> list[Symbol]:
    """The definition and the derivative, in letters."""
    function, name = one.function, one.function.name
    defined = sheet.define(
        one.letters,
        textbook(function(t)),
        "Definition",
        ABOUT[name],
        written=_called(function, t, ""),
        chain=LOG(1 + EXP(t)).write(SYMBOLIC) if name == "softplus" else None,
    )
    slope = sheet.define(
        f"d{one.letters}/dt",
        derivative(function, t),
        "Derivative",
        DERIVED[name],
        written=_called(function, t, "′"),
        note=told(function, one.known),
    )
    proved(sheet, function, one.known, slope)
    return [defined, slope]


def _called(function: ScalarFunction, operand: Symbol, prime: str) -> Word:
    """A function or its derivative at an operand, as one piece: `σ(t)`, `σ′(x)`."""
    called = Word("exp", r"\exp") if function.name == "exp" else function.word
    mark = "'" if prime else ""
    return Word(
        f"{called.text}{prime}({operand.word.text})", rf"{called.latex}{mark}({operand.word.latex})", key=operand.name
    )


def _numbers(sheet: Worksheet, one: Asked, x: Symbol) -> list[Symbol]:
    """The values and the slopes at the given numbers."""
    function = one.function
    value = sheet.define(one.value, _applied(function, x), "Values", _effect(one, x))
    expression = derivative(function, x, value)
    saved = ""
    if function.safe_derivative is not None and bool((abs(sheet.values[value.name]) > 1 - NEARLY).any()):
        expression, saved = function.safe_derivative(x), "; " + SAFER[function.name].replace("z", "x")
    if expression.shape != x.shape:
        expression = Spread(expression, x.shape)
    slope = sheet.define(
        f"d{value.name}/dx",
        expression,
        "Slopes",
        say("the derivative at each entry of {x}: by how much the value changes for each unit of {x}" + saved, x=x),
        written=_called(function, x, "′"),
        note=_here(sheet, one, x),
    )
    differences(sheet, function, one.known, x, slope)
    return [value, slope]


def _effect(one: Asked, x: Symbol) -> Prose:
    """What the function does to x; a parameter that is given takes the place of the usual number."""
    plain = EFFECT[one.function.name]
    if "alpha" in one.known:
        plain = plain.replace("-1", "{p}")
        return say(plain, z=x, p=negative(Symbol("alpha")))
    if "s" in one.known:
        return say(plain.replace("a hundredth of", "{p} times"), z=x, p=Symbol("s"))
    return say(plain, z=x)


def _applied(function: ScalarFunction, x: Symbol) -> Node:
    """The function at x; an entry of tanh is worked by its definition too."""
    applied = function(x)
    if function.name != "tanh":
        return applied

    def entry(index: Index) -> Node:
        worked = applied.entry(index)
        assert isinstance(worked, Apply)
        return textbook(worked)

    return Textbook(applied, (x,), function.numpy, entries=entry)


def _here(sheet: Worksheet, one: Asked, x: Symbol) -> Prose:
    """Which of the numbers stand at a kink, and which are saturated."""
    at = sheet.values[x.name]
    found = slopes(one.function, at, one.known)
    parts = []
    for place, (_, here, _) in kinks(one.function, one.known).items():
        if (at == place).any():
            parts.append(f"{{x}} = {tidy(place)} is a kink: PyTorch's slope {tidy(round(here, 9))} is taken there")
    flat = abs(found) < FLAT
    if flat.any():
        parts.append(_saturated(sheet, x, flat))
    return say("; ".join(parts), x=x) if parts else ()


def _saturated(sheet: Worksheet, x: Symbol, flat: Any) -> str:
    """The numbers whose slope is nearly 0."""
    told, count = f"saturated (a slope of less than {FLAT} in size)", int(flat.sum())
    if count > MOST_LISTED:
        return f"{told}: {count} of the {flat.size} numbers"
    return f"{told}: {{x}} = {', '.join(typed(sheet, x, place) for place in zip(*flat.nonzero(), strict=True))}"


def _passed_on(sheet: Worksheet, one: Asked, x: Symbol, upstream: Symbol) -> Symbol:
    """The gradient at x, from what arrives and the slopes."""
    slope = sheet.last(f"d{one.value}/dx")
    gradient = sheet.define(
        "dL/dx",
        upstream * slope,
        say("Gradient at {x}", x=x),
        say(
            "chain rule: each entry of {x} reaches L only through its own entry of {a}, so what arrives there is "
            "multiplied by the slope there; where the slope is 0, nothing is passed on",
            x=x, a=sheet.last(one.value),
        ),
        chain=product([word("dL/da"), word("da/dx")]),
    )  # fmt: skip
    reached = Sum(sheet.last(one.value) * upstream)
    finite_difference(sheet, reached, [x], reached)
    return gradient
