"""The optimal discriminator and the value at it with symbols, for one sample x and then for all.

Source: Goodfellow et al. 2014, Generative Adversarial Nets, section 4.1.
"""

from __future__ import annotations

from explain.engine.answer import Answer
from explain.engine.functions import LOG
from explain.engine.names import word
from explain.engine.nodes.arithmetic import times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._gan.routes import retold

BEST, REST = word("D_best"), word("u_best")
SPLIT = Word("f_best", r"f_{\mathrm{best}}", key="f_split")
KL_DATA = Word("KL(p_data‖m)", r"\mathrm{KL}(p_{\mathrm{data}} \Vert m)", key="KL_data")
KL_MADE = Word("KL(p_g‖m)", r"\mathrm{KL}(p_g \Vert m)", key="KL_g")
TWO = Number(2, "2")


def derived(source: str) -> Answer:
    """The whole derivation."""
    sheet = Worksheet("Optimal discriminator of a GAN, with symbols", source)
    p = sheet.given("p_data", None, "p_data(x), the density of the data at one x")
    g = sheet.given("p_g", None, "p_g(x), the density of the generator's samples at the same x")
    y = sheet.given("D", None, "D(x), what the discriminator says of this x")
    sheet.convention(
        "log is the natural logarithm; what is worked for one x holds for every x, since D is free at each; "
        "{D} is D* of the paper",
        D=BEST,
    )
    best = _best(sheet, p, g, y)
    split = _split(sheet, p, g, best)
    return sheet.answer(best, split, *_whole(sheet))


def _best(sheet: Worksheet, p: Symbol, g: Symbol, y: Symbol) -> Symbol:
    sheet.part("Best discriminator")
    u = sheet.define("u", 1 - y, "Probability of fake", say("what {D} leaves of 1", D=y))
    f = sheet.define(
        "f", times(p, LOG(y)) + times(g, LOG(u)), "What this x adds to the value",
        say("eq. 3: log {D} with the weight {p} of the data, log(1 - {D}) with the weight {g} of the generator",
            D=y, p=p, g=g),
    )  # fmt: skip
    sheet.backward(f, [y], jacobians=False)
    retold(sheet, "df/du", say("Derivative of {f} at {u}", f=f, u=u), say("log has the derivative 1/{u}; {g} is a "
           "constant factor", u=u, g=g))  # fmt: skip
    retold(sheet, "df/dD", say("Derivative of {f} at {D}", f=f, D=y), say("{D} stands in the first term itself and in "
           "the second through {u}, whose derivative is -1", D=y, u=u))  # fmt: skip
    best = sheet.define(
        "D_best", p / (p + g), "Where the derivative is 0",
        say("{p}/D = {g}/(1 - D), so {p} (1 - D) = {g} D, and {p} = ({p} + {g}) D (eq. 2)", p=p, g=g),
    )  # fmt: skip
    _check_best(sheet, best)
    return best


def _check_best(sheet: Worksheet, best: Symbol) -> None:
    """The slope at D* is 0, and the curve bends down there."""
    import sympy

    f = sheet.closed(sheet.last("f"))
    f = f.subs(sympy.Symbol("u"), sheet.closed(sheet.last("u")))
    p, g, y = (sympy.Symbol(name) for name in ("p_data", "p_g", "D"))
    where = p / (p + g)
    slope = sympy.simplify(sympy.diff(f, y).subs(y, where))
    bend = sympy.simplify(sympy.diff(f, y, 2) + p / y**2 + g / (1 - y) ** 2)
    sheet.check(
        slope == 0, [sheet.last("df/dD"), best],
        say("SymPy, which differentiates by itself: the derivative of {f} at {D} is 0", f=Symbol("f"), D=BEST),
    )  # fmt: skip
    sheet.check(
        bend == 0, [best],
        say("the second derivative is -{p}/D² - {g}/(1 - D)², never positive: {D} is the maximum",
            p=Symbol("p_data"), g=Symbol("p_g"), D=BEST),
    )  # fmt: skip


def _split(sheet: Worksheet, p: Symbol, g: Symbol, best: Symbol) -> Symbol:
    sheet.part("Value at the best discriminator")
    rest = sheet.define("u_best", g / (p + g), "What it leaves for fake", say("1 - {D}", D=best))
    at_best = sheet.define(
        "f_best", times(p, LOG(best)) + times(g, LOG(rest)), "What this x adds at the best",
        say("eq. 4: {D} and {u} put into {f}", D=best, u=rest, f=Symbol("f")),
    )  # fmt: skip
    m = sheet.define(
        "m", (p + g) / TWO, "Mixture", say("half data, half generator: {D} = {p}/(2m) and {u} = {g}/(2m)",
                                          D=best, u=rest, p=p, g=g),
    )  # fmt: skip

    def half(weight: Symbol) -> Node:
        return times(weight, LOG(weight / m))

    split = sheet.define(
        "f_split", half(p) + half(g) - times(p + g, LOG(TWO)), "The logarithms taken apart",
        say("log({p}/(2m)) = log({p}/m) - log 2, and the same for {g}: the 2 comes out of both (eq. 5)", p=p, g=g),
        written=SPLIT,
    )  # fmt: skip
    _check_split(sheet, at_best, split)
    return split


def _check_split(sheet: Worksheet, first: Symbol, second: Symbol) -> None:
    """Both forms of the value at one x are the same function."""
    import sympy

    p, g = sympy.symbols("p_data p_g", positive=True)
    known = {"p_data": p, "p_g": g, "D_best": p / (p + g), "u_best": g / (p + g), "m": (p + g) / 2}

    def of(symbol: Symbol) -> sympy.Expr:
        form = sheet.closed(symbol)
        for _ in range(3):
            form = form.subs({letter: known[letter.name] for letter in form.free_symbols if letter.name in known})
        return form

    gap = sympy.expand_log(sympy.expand(of(first) - of(second)), force=True)
    sheet.check(
        bool(sympy.simplify(gap) == 0), [first, second],
        say("SymPy: with {D}, {u} and {m} put in, the two lines differ by 0", D=BEST, u=REST, m=Symbol("m")),
    )  # fmt: skip


def _whole(sheet: Worksheet) -> list[Symbol]:
    sheet.part("Summed over all x")
    first = sheet.given("KL_data", None, "KL divergence, the sum of p_data log(p_data/m) over all x", written=KL_DATA)
    second = sheet.given("KL_g", None, "KL divergence, the sum of p_g log(p_g/m) over all x", written=KL_MADE)
    jsd = sheet.define(
        "JSD", (first + second) / TWO, "Jensen-Shannon divergence",
        say("the mean of the two divergences from the mixture; never negative, and 0 only where p_data = p_g"),
    )  # fmt: skip
    cost = sheet.define(
        "C", -LOG(Number(4, "4")) + times(TWO, jsd), "Cost of the generator",
        say("each density sums to 1, so -(p_data + p_g) log 2 sums to -2 log 2 = -log 4, and the rest to 2 {J} "
            "(eq. 6): the least cost, -log 4, is that of "
            "the generator with p_g = p_data, where {D} = 1/2", J=jsd, D=BEST),
        written=Word("C(G)", "C(G)", key="C"),
    )  # fmt: skip
    return [jsd, cost]
