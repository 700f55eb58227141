"""Vanishing and exploding gradients of a recurrent network: the factor over T steps, its threshold, and the cures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import ABS, ACTIVATIONS
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Raise
from explain.engine.nodes.base import Number, Symbol
from explain.engine.notation import Operator, Power, Row, product
from explain.engine.paths import pulled_along
from explain.engine.prose import Prose, say
from explain.engine.pullback import pull
from explain.engine.rounding import show
from explain.engine.shapes import write
from explain.engine.wording import RULES, primed
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count, Matrix, Scalar
from explain.topics._recurrent.gradient_cures import clipped, gated
from explain.topics._recurrent.in_symbols import FewSteps, compared, functions, power_of, sizes_named
from explain.topics._recurrent.several_units import several

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

Activation = Literal["sigmoid", "tanh"]
MOST_UNITS = 6
ROWS = 16  # of the plot
ORDINALS = {2: "2nd", 3: "3rd", **{number: f"{number}th" for number in range(4, 10)}}
BAR = 20
FLAT = 5  # beyond, every gradient vanishes
EQUALS = Operator(" = ", " = ")


class Steps(FewSteps):
    """A number of steps back, or a symbol for it."""

    __slots__ = ()
    MOST = 100
    SYMBOL = "T"


@topic
def vanishing_gradient(
    weight: Annotated[Matrix | None, "recurrent weight of one unit, or the matrix of several: 0.5,0.1;0.2,0.4"] = None,
    activation: Annotated[Activation, "activation of the state"] = "sigmoid",
    steps: Annotated[Steps | None, "number of steps back"] = None,
    z: Annotated[
        Scalar | None, "what goes into the activation in every step; default 0, where the slope is largest"
    ] = None,
    gradient: Annotated[Matrix | None, "a gradient to be clipped by its norm: 3,4"] = None,
    max_norm: Annotated[Scalar | None, "largest norm that is let through; default 1"] = None,
    forget: Annotated[Scalar | None, "forget gate of an LSTM, for comparison"] = None,
) -> Answer:
    """Vanishing and exploding gradients of a recurrent network.

    The factor by which a gradient changes over one step and over T steps, the threshold of the weight where it neither
    vanishes nor explodes, and the two cures: clipping by norm against exploding, gates against vanishing. With a weight
    or a number of steps, a cure is shown where its gradient or its forget gate is given.

    Field: Recurrent networks

    Source: Bengio, Simard and Frasconi 1994, Learning Long-Term Dependencies with Gradient Descent is Difficult;
    Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, sections 2.1 and 3.2

    Examples:
        explain vanishing-gradient
        explain vanishing-gradient --weight 2 --steps 10 --gradient 3,4 --max-norm 1 --forget 0.95
        explain vanishing-gradient --weight "0.5,0.1;0.2,0.4" --activation tanh --steps 20

    Raises:
        InputError: a matrix that is not square or has more than 6 rows, more than 100 steps, a norm that is not
            positive, a forget gate outside 0 to 1.
    """
    asked = _Asked(weight, activation, steps, z, gradient, max_norm, forget)
    _refuse(asked)
    sheet = Worksheet("Recurrent network: vanishing and exploding gradients", vanishing_gradient.source)
    given = _givens(sheet, asked)
    functions(sheet, activation)
    sheet.convention(
        "a model: one step is {h} = {f}, and every step back has the same {z}, so the same factor",
        h=Symbol("h_t+1"), f=ACTIVATIONS[activation](Symbol("z")), z=Symbol("z"),
    )  # fmt: skip
    sheet.part("One step back")
    slope = _slope(sheet, activation, given["z"])
    results = several(sheet, given, slope) if len(given["w"].shape) == 2 else _single(sheet, asked, given, slope)
    if "g" in given:
        results.append(clipped(sheet, given))
    if "f" in given:
        results.append(gated(sheet, given))
    return sheet.answer(*results)


LARGEST = {
    "sigmoid": "the slope is largest where {s} = 1/2, at z = 0: it never exceeds 1/4",
    "tanh": "the slope is largest where {s} = 0, at z = 0: it never exceeds 1",
}


class _Asked(NamedTuple):
    """What the question gives."""

    weight: Matrix | None
    activation: Activation
    steps: Count | None
    z: Scalar | None
    gradient: Matrix | None
    max_norm: Scalar | None
    forget: Scalar | None


def _refuse(asked: _Asked) -> None:
    """What cannot be worked."""
    W, forget = asked.weight, asked.forget
    if W is not None and len(W) > 1 and (len(W.shape) == 1 or W.shape[0] != W.shape[1]):
        raise InputError(
            f"{{weight}} is {write(W.shape) if len(W.shape) == 2 else f'{len(W)} numbers'}: one number, or a square "
            "matrix such as 0.5,0.1;0.2,0.4"
        )
    if W is not None and len(W) > MOST_UNITS**2:
        raise InputError(f"{{weight}} is {write(W.shape)}: at most {MOST_UNITS} rows are worked")
    if asked.z is not None and abs(asked.z.exact(())) > FLAT:
        raise InputError(f"{{z}} is {asked.z.text(())}: beyond ±{FLAT} the activation is flat; give a smaller one")
    if asked.max_norm is not None and asked.max_norm.exact(()) <= 0:
        raise InputError(f"{{max_norm}} is {asked.max_norm.text(())}: a norm that is let through must be positive")
    if asked.max_norm is not None and asked.gradient is None:
        raise InputError("{max_norm} is given, but {gradient} is missing: there is nothing to clip")
    if asked.gradient is not None and len(asked.gradient.shape) == 2 and 1 not in asked.gradient.shape:
        raise InputError(f"{{gradient}} is {write(asked.gradient.shape)}: give it in one row, such as 3,4")
    if forget is not None and not 0 <= forget.exact(()) <= 1:
        raise InputError(f"{{forget}} is {forget.text(())}: a forget gate lies between 0 and 1")


def _givens(sheet: Worksheet, asked: _Asked) -> dict[str, Symbol]:
    """All quantities, those without numbers as symbols."""
    W, steps = asked.weight, asked.steps
    single = W is None or len(W) == 1
    one = None if W is None or not single else W.reshape(())
    found: dict[str, Symbol] = {}
    if steps is not None and steps.number is None:
        found["T"] = sheet.given(steps.name, None, "number of steps back", option="steps")
    else:
        number = None if steps is None else steps.values
        found["T"] = sheet.given("T", number, "number of steps back", option="steps")
    if single:
        found["w"] = sheet.given("w", one, "recurrent weight of one unit", option="weight")
    else:
        found["w"] = sheet.given("W", W, "recurrent weights", option="weight")
    z = asked.z or Scalar.read("z", 0)
    found["z"] = sheet.given("z", z, "what goes into the activation in every step", option="z")
    g = asked.gradient
    story = W is None and steps is None  # nothing particular is asked: the cures too
    if story or g is not None:
        column = None if g is None else g.reshape((len(g), 1))
        found["g"] = sheet.given("g", column, "a gradient to be clipped", option="gradient", shape=("p", 1))
        norm = None if g is None else asked.max_norm or Scalar.read("max_norm", 1)
        found["c"] = sheet.given("c", norm, "largest norm that is let through", option="max_norm")
        sizes_named(sheet, entries=found["g"].shape[0])
    if story or asked.forget is not None:
        found["f"] = sheet.given("f", asked.forget, "forget gate of an LSTM, the same in every step", option="forget")
    return found


def _slope(sheet: Worksheet, activation: Activation, z: Symbol) -> Symbol:
    """The activation at z, and its slope there."""
    function = ACTIVATIONS[activation]
    s = sheet.define("s", function(z), say("The activation at {z}", z=z), say("the slope is read off this value next"))
    return sheet.define(
        "slope",
        pulled_along({"s": (s, function(z))}, (z, s), Number(1, "1")),
        say("Its slope at {z}", z=z),
        say(RULES[activation]),
        written=primed(function, z),
        note=say(LARGEST[activation], s=s),
    )


def _single(sheet: Worksheet, asked: _Asked, given: dict[str, Symbol], slope: Symbol) -> list[Symbol]:
    """One unit: the factor of a step, its power, the threshold."""
    w, T, h, z = given["w"], given["T"], Symbol("h_t"), Symbol("z")
    factor = pull(w * h, slope, z, {h.name})[h.name]
    chained = product([word("dh_t+1/dz"), word("dz/dh_t")])
    q = sheet.define(
        "q",
        factor,
        "Factor over one step",
        say("chain rule: {a} depends on {h} through {z}, which contains {e}", a=Symbol("h_t+1"), h=h, z=z, e=w * h),
        chain=Row([Symbol("dh_t+1/dh_t").word, EQUALS, chained]),
    )
    edge = sheet.define(
        "w_0",
        1 / slope,
        say("Threshold of {w}", w=ABS(w)),
        say("the factor has the size 1 where {e} = 1, solved for {w}", e=ABS(w) * slope, w=ABS(w)),
        note=_threshold(asked, given),
    )
    sheet.part("Many steps back")
    known = q.name in sheet.values
    power = sheet.define(
        "Q",
        Raise(q if known else factor, T),
        say("Factor over {T} steps", T=T),
        say("every step back multiplies by {q} once more", q=q),
        chain=None if known else Power(q.word, T.word),
        closed=power_of(sheet, q, T),
        note=_fate(sheet.values.get(q.name)),
    )
    _check_single(sheet, asked, given, q, edge)
    _plot(sheet, q, power, T)
    return [edge, q, power]


def _threshold(asked: _Asked, given: dict[str, Symbol]) -> Prose:
    """What holds on both sides of the threshold."""
    largest = asked.z is None or asked.z.exact(()) == 0
    told = "{l}: the gradient vanishes; {g}: it explodes while {z} stays so; {s}: it keeps its size"
    if largest:
        told += ". No slope is larger than the one here, so below {e} it vanishes whatever {z} is"
    w, e = ABS(given["w"]), Symbol("w_0")
    return say(told, l=compared(w, "<", e), g=compared(w, ">", e), s=compared(w, "=", e), e=e, z=given["z"])


def _fate(factor: Array | None) -> Prose:
    """What becomes of a gradient, told from the factor of one step."""
    if factor is None:
        return say("a size below 1 goes to 0 (vanishing), a size above 1 grows without bound (exploding)")
    size = abs(float(factor))
    turned = "; the factor is negative, so the sign changes with every step" if float(factor) < 0 else ""
    if size == 0:
        return say("the factor of one step is 0: nothing comes back, the gradient vanishes at once")
    if abs(size - 1) < 1e-12:
        return say(f"the factor of one step has the size 1: the gradient keeps its size{turned}")
    return say(f"the factor of one step is {'smaller' if size < 1 else 'larger'} than 1 in size: the gradient "
               f"{'vanishes' if size < 1 else 'explodes'}{turned}")  # fmt: skip


def _check_single(sheet: Worksheet, asked: _Asked, given: dict[str, Symbol], q: Symbol, edge: Symbol) -> None:
    """The threshold from SymPy's own derivative; the factor by a finite difference of the network itself."""
    import sympy

    x, w = sympy.Symbol("x"), sympy.Symbol("w", positive=True)
    function = sympy.tanh(x) if asked.activation == "tanh" else 1 / (1 + sympy.exp(-x))
    z = sheet.values["z"]
    slope = sympy.diff(function, x).subs(x, sympy.Float(float(z), 30))
    (found,) = sympy.solve(w * slope - 1, w)
    sheet.check(
        abs(float(found) / float(sheet.values[edge.name]) - 1) < 1e-9,
        [edge],
        say(
            "SymPy differentiates the activation and solves {e} = 1: the same threshold",
            e=ABS(given["w"]) * sheet.last("slope"),
        ),
    )
    if q.name not in sheet.values:
        return
    number, step = float(sheet.values["w"]), 1e-5
    ends = [ACTIVATIONS[asked.activation].numpy(z + number * sign * step) for sign in (1, -1)]
    measured = float(ends[0] - ends[1]) / (2 * step)
    told = "finite difference: {h} moved by ±10⁻⁵ moves {n} by {q} times as much"
    sheet.check(
        abs(measured - float(sheet.values[q.name])) <= 1e-6 * max(1.0, abs(number) ** 3),
        [q],
        say(told, h=Symbol("h_t"), n=Symbol("h_t+1"), q=q),
    )


def _plot(sheet: Worksheet, q: Symbol, power: Symbol, T: Symbol) -> None:
    """The size of the gradient after each step, as bars."""
    if power.name not in sheet.values:
        return
    size, count = abs(float(sheet.values[q.name])), int(sheet.values[T.name])
    stride = -(-count // ROWS)
    shown = [*range(stride, count, stride), count]
    sizes = {0: 1.0, **{step: size**step for step in shown}}
    longest = max(sizes.values())
    lines = [f"{step:>4} │{'─' * round(BAR * value / longest)} {show(value).text}" for step, value in sizes.items()]
    every = "each step" if stride == 1 else f"every {ORDINALS[stride]} step"
    last = ", and after the last; those between are left out" if count % stride else "; those between are left out"
    sheet.drawing(f"Size of a gradient of 1, after {every} back{last if stride > 1 else ''}", lines, [q, power])
