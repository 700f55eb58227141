"""Softmax in the form that does not overflow: probabilities, Jacobian, gradient, temperature, log-softmax."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from explain.declare import topic
from explain.engine import wording
from explain.engine.answer import Answer, Local
from explain.engine.functions import EXP, LOG
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.blocks import Rows
from explain.engine.nodes.extremes import extreme
from explain.engine.nodes.functions import Softmax, softmax_jacobian
from explain.engine.nodes.linear import Sum
from explain.engine.notation import Word, product
from explain.engine.prose import say
from explain.engine.pullback import pull
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix, Scalar
from explain.topics._activations.softmax_checks import check_gradient, check_jacobian, check_probabilities
from explain.topics._activations.softmax_words import cancels, conventions, outcome, spared, without_temperature

MOST = 64  # classes whose Jacobian is worked
NEARLY = 1e-6  # how near to 1 a probability is where 1 minus it has lost its digits


class Names(NamedTuple):
    """How the quantities are called: small letters for one example, capitals for several."""

    z: str
    u: str
    m: str
    s: str
    w: str
    q: str
    p: str
    log: str


ONE = Names("z", "u", "m", "s", "w", "q", "p", "logp")
SEVERAL = Names("Z", "U", "m", "S", "W", "q", "P", "logP")


@topic
def softmax(
    z: Annotated[Matrix, "scores (logits): one example as 2,1,0.1, several as rows 2,1,0.1;0,3,0"],
    temperature: Annotated[Scalar | None, "divides the scores first; default 1"] = None,
    log: Annotated[Literal["no", "yes"], "yes: the logarithm of the probabilities too, by log-sum-exp"] = "no",
    dP: Annotated[Matrix | None, "∂L/∂p arriving from above: the gradient at the scores is worked too"] = None,
) -> Answer:
    """Softmax: scores made probabilities.

    The largest score is taken off first, so that no power overflows; then powers of e, their sum, and the quotients.
    The Jacobian diag(p) - p pᵀ is worked with numbers, of several examples for the first one; with a gradient from
    above, the gradient at the scores. Shapes: one example is a column (D×1), several are the rows of (N×D).

    Field: Networks and gradients

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, sections 4.1 (overflow) and 6.2.2.3, eqs. 6.29 and
    6.33; Hinton, Vinyals and Dean 2015, eq. 1 (temperature)

    Examples:
        explain softmax --z 2,1,0.1
        explain softmax --z 1000,1001,1002 --log yes
        explain softmax --z "2,1,0.1;0,3,-1" --temperature 0.5 --dP "1,0,0;0,-1,0"

    Raises:
        InputError: fewer than two scores in an example, a temperature that is not positive, a gradient of another
            shape than the scores.
    """
    single, scores = _scores(z)
    name = ONE if single else SEVERAL
    sheet = Worksheet("Softmax" + (": one example" if single else f": {scores.shape[0]} examples"), softmax.source)
    meaning = "scores (logits), one a class" if single else "scores (logits), one example a row, one class a column"
    raw = sheet.given(name.z, scores, meaning, option="z")
    T = _temperature(sheet, temperature)
    upstream = _upstream(sheet, dP, scores, name.p)
    conventions(sheet, single)

    sheet.part("Probabilities")
    p, logarithms = _forward(sheet, raw, T, name, log == "yes")
    scaled = raw if T is None else sheet.last(name.u)
    check_probabilities(sheet, p, scaled, single)
    results = [p, *logarithms]
    sheet.part("Jacobian")
    results += _jacobian(sheet, p, scaled, raw, T, single)
    if upstream is not None:
        sheet.part("Backward pass")
        results.append(_gradient(sheet, p, scaled, raw, upstream))
        check_gradient(sheet, p, raw, T, upstream, results[-2])
    return sheet.answer(*results)


def _scores(z: Matrix) -> tuple[bool, Values]:
    """Whether it is one example, then as a column; several as rows."""
    single = len(z.shape) == 1 or 1 in z.shape
    if (len(z) if single else int(z.shape[1])) < 2:
        raise InputError("{z} has one score: softmax of a single number is always 1; give two scores or more")
    return single, z.reshape((len(z), 1)) if single else z


def _temperature(sheet: Worksheet, temperature: Scalar | None) -> Symbol | None:
    if temperature is None:
        return None
    if temperature.exact(()) <= 0:
        raise InputError(f"{{temperature}} is {temperature.text(())}: it must be positive, since it divides the scores")
    return sheet.given("T", temperature, "temperature, which divides the scores", option="temperature")


def _upstream(sheet: Worksheet, dP: Matrix | None, scores: Values, p: str) -> Symbol | None:
    if dP is None:
        return None
    given = dP.reshape((len(dP), 1)) if scores.shape[1] == 1 and (len(dP.shape) == 1 or 1 in dP.shape) else dP
    if given.shape != scores.shape:
        has = f"has {amount(len(dP), 'number')}" if len(dP.shape) == 1 else f"is {write(dP.shape)}"
        single = scores.shape[1] == 1
        needed = f"has {amount(len(scores), 'number')}" if single else f"is {write(scores.shape)}"
        raise InputError(f"{{dP}} {has}, but {{z}} {needed}: both need {'as many' if single else 'the same shape'}")
    return sheet.given(f"dL/d{p}", given, "gradient of the loss L, arriving from above", option="dP")


def _forward(sheet: Worksheet, raw: Symbol, T: Symbol | None, name: Names, log: bool) -> tuple[Symbol, list[Symbol]]:
    """Scaled, shifted, raised, summed, divided."""
    single = name is ONE
    scaled = raw
    if T is not None:
        scaled = sheet.define(
            name.u,
            raw / T,
            "Scores divided by the temperature",
            outcome(T, float(sheet.values[T.name])),
            note=without_temperature(sheet, raw, T),
        )
    whose = "all scores" if single else "the scores of each row"
    largest = sheet.define(
        name.m,
        extreme(scaled, None if single else 1),
        "Largest score" if single else "Largest score of each row",
        f"the largest of {whose}, which is taken off next",
    )
    shifted = sheet.define(
        name.s, scaled - largest, "Scores shifted", cancels(scaled, single), note=spared(sheet, scaled)
    )
    powers = sheet.define(
        name.w,
        EXP(shifted),
        "Powers of e",
        say("e to the power of each shifted score: positive, and at most 1 because {s} is at most 0", s=shifted),
    )
    total = sheet.define(
        name.q,
        Sum(powers, None if single else 1),
        "Sum of the powers",
        "every power is divided by it next; it is at least 1, because the largest score gives e⁰ = 1, and at most the "
        "number of classes" + ("" if single else "; each row has a sum of its own"),
    )
    p = sheet.define(
        name.p,
        powers / total,
        "Probabilities",
        say("each power's share of the sum {q}: positive, and adding up to 1", q=total),
    )
    if not log:
        return p, []
    why = say(
        "the logarithm of {p} without dividing first: log of {w} is {s}, and the logarithm of the sum is taken away; "
        "a probability too small for floating point still has its logarithm",
        p=p, w=powers, s=shifted,
    )  # fmt: skip
    written = Word(f"log {name.p}", rf"\log {name.p}", key=name.log)
    return p, [sheet.define(name.log, shifted - LOG(total), "Logarithms of the probabilities", why, written=written)]


def _jacobian(sheet: Worksheet, p: Symbol, scaled: Symbol, raw: Symbol, T: Symbol | None, single: bool) -> list[Symbol]:
    """∂p/∂z of one example: of several, the first."""
    classes = int(p.shape[0 if single else 1])
    if classes > MOST:
        sheet.convention(f"the Jacobian of {classes} classes is left out: it is worked for at most {MOST}")
        return []
    shifted = sheet.values["s" if single else "S"]
    if not single:
        shifted = shifted[:1].T
        scaled, raw = Symbol("u_1" if T is not None else "z_1"), Symbol("z_1")
        named = "{z} stands for its scores" + (", {u} for them divided by {T}" if T is not None else "")
        why = say("row 1 of {P}, as a column; " + named, P=p, z=raw, u=scaled, T=T or "")
        p = sheet.define("p_1", Rows(p, 0, 1).T, "Probabilities of example 1", why)
    full = bool((sheet.values[p.name] > 1 - NEARLY).any())
    found = sheet.define(
        f"d{p.name}/d{scaled.name}",
        softmax_jacobian(p, full),
        *wording.softmax_jacobian(p, scaled, full),
        local=Local("matrix", p, scaled),
        note=say("row i, column j: {p} (1 - {p}) on the diagonal, minus {p} times {q} elsewhere",
                 p=word(p.name, "i"), q=word(p.name, "j")),
    )  # fmt: skip
    if T is not None:
        inner = [word(f"d{p.name}/d{scaled.name}"), word(f"d{scaled.name}/d{raw.name}")]
        found = sheet.define(
            f"d{p.name}/d{raw.name}",
            found / T,
            say("Jacobian at the scores before the division"),
            say(
                "chain rule: {u} is {z} divided by {T}, so every derivative is divided by it too", u=scaled, z=raw, T=T
            ),
            chain=product(inner),
            local=Local("matrix", p, raw),
        )
    check_jacobian(sheet, found, shifted, T)
    return [found]


def _gradient(sheet: Worksheet, p: Symbol, scaled: Symbol, raw: Symbol, upstream: Symbol) -> Symbol:
    """From what arrives at the probabilities back to the scores, without the Jacobian."""
    node = Softmax(scaled, 0 if p.shape[1] == 1 else 1)
    averages = sheet.define("r", node.averages(upstream, p), *wording.averages(p, upstream, node.axis))
    L = Symbol("L")
    gradient = sheet.define(
        f"dL/d{scaled.name}",
        node.pulled(upstream, p, averages),
        *wording.gradient(L, scaled, [p], node.pulled(upstream, p, averages), upstream, node),
        chain=product([word(f"dL/d{p.name}"), word(f"d{p.name}/d{scaled.name}")]),
    )
    if scaled is raw:
        return gradient
    definition = sheet.definition(scaled.name)
    assert definition is not None
    piece: Node = pull(definition, gradient, scaled, {raw.name})[raw.name]
    return sheet.define(
        f"dL/d{raw.name}",
        piece,
        *wording.gradient(L, raw, [scaled], piece, gradient, definition),
        chain=product([word(f"dL/d{scaled.name}"), word(f"d{scaled.name}/d{raw.name}")]),
    )
