"""L1, L2 and elastic net: the penalty, the regularised loss, the penalty's gradient, one step with weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import ConstantPower
from explain.engine.notation import PLUS, Word, product, related
from explain.engine.prose import SYMBOLIC, say
from explain.engine.worksheet import Worksheet
from explain.parameters import Count, Matrix, Scalar
from explain.topics._descent import descended
from explain.topics._penalties import required, strengths
from explain.topics._penalties import theta as parameters
from explain.topics._penalties.strengths import DECAYS, STRENGTHS, WHOSE, Coefficient
from explain.topics._regression import pairs
from explain.topics._regression.reductions import reduced, why

TITLES = {"l1": "L1 regularization", "l2": "L2 regularization", "elastic-net": "Elastic net regularization"}
NORMS = {
    "l1": Word("‖θ‖₁", r"\left\|\theta\right\|_{1}"),
    "l2": Word("‖θ‖²", r"\left\|\theta\right\|^{2}"),
    "elastic-net": Word(
        "(ρ ‖θ‖₁ + (1 - ρ) ‖θ‖²)",
        r"\left(\rho \left\|\theta\right\|_{1} + \left(1 - \rho\right) \left\|\theta\right\|^{2}\right)",
    ),
}


@topic
def regularization(
    theta: Annotated[tuple[Matrix, ...], "parameters that are penalised, a vector or a matrix; several: once each"],
    lam: Annotated[Scalar, "λ (lambda), how strong the penalty is; 0 or more"],
    penalty: Annotated[Literal["l1", "l2", "elastic-net"], "l1: Σ|θ|; l2: Σ θ²; elastic-net: both"] = "l2",
    coefficient: Annotated[
        Coefficient | None, "what stands before the norm; default lambda/2N where N is known, else that of the books"
    ] = None,
    l1_ratio: Annotated[Scalar | None, "share of the L1 norm in the elastic net, 0 to 1; default 0.5"] = None,
    loss: Annotated[Scalar | None, "data loss, where it is known"] = None,
    y: Annotated[Matrix | None, "targets, one example a row: the data loss is worked as 1/(2N) Σ ‖y - ŷ‖²"] = None,
    yhat: Annotated[Matrix | None, "predictions, in the shape of y"] = None,
    N: Annotated[Count | None, "number of examples, where y does not tell it"] = None,
    gradient: Annotated[tuple[Matrix, ...] | None, "gradient of the data loss, once for every theta"] = None,
    lr: Annotated[Scalar | None, "learning rate η: one step of gradient descent is worked too"] = None,
) -> Answer:
    """L1, L2 and elastic net regularization; weight decay.

    J = data loss + strength · norm, where the strength is λ, λ/2, λ/(2N) or λ/N: the answer says which, and prints in
    one line what the others give. The gradient of the penalty by the chain rule; with the gradient of the data loss
    and a learning rate one step, and what weight decay makes of it. λ is given as lam, since lambda is a word of
    Python. Shapes: y and ŷ (N×d), θ of any shape, a vector as a column.

    Field: Regularisation and normalisation

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, sections 7.1.1 (L2) and 7.1.2 (L1); Zou and Hastie
    2005, Regularization and variable selection via the elastic net, section 2.1

    Examples:
        explain regularization --theta 0.2,-0.3,0.1 --lam 0.2 --loss 0.49649 --N 5
        explain regularization --theta 0.2,-0.30 --lam 0.2 --y "0,1;1,0" --yhat "0.3,0.4;0.2,0.3" --penalty l1
        explain regularization --theta "1,-2;0,3" --theta 0.5 --lam 0.1 --gradient "1,1;0,2" --gradient 0.3 --lr 0.5
        explain regularization --theta 1,-2 --lam 0.1 --penalty elastic-net --l1-ratio 0.25 --loss 2

    Raises:
        InputError: a λ below 0, a share outside 0 to 1, a strength with N where N is not known, targets without
            predictions, a data loss given and worked, a gradient of another shape than its parameter.
    """
    required.check_numbers(lam, penalty, l1_ratio)
    required.check_together(loss, y, yhat, gradient, lr)
    pair = pairs.read_pair(y, yhat) if y is not None and yhat is not None else None
    number = strengths.examples_of(N, pair.examples if pair is not None else None)
    taken = strengths.chosen(coefficient, penalty, number)
    sheet = Worksheet(TITLES[penalty], regularization.source)
    target = pairs.introduced(sheet, pair) if pair is not None else None
    thetas = parameters.introduced(sheet, theta)
    strength = sheet.given("lambda", lam, "strength of the penalty", option="lam")
    rho = _share(sheet, penalty, l1_ratio)
    count = strengths.counted(sheet, number) if number is not None and (pair or taken.endswith("N")) else None
    data = sheet.given("J_data", loss, "data loss", option="loss") if loss is not None else None
    arriving = parameters.with_gradients(sheet, gradient, thetas) if gradient is not None else []
    factor = STRENGTHS[taken](strength, count if count is not None else Number(1, "1"))
    _conventions(sheet, taken, factor, penalty, rho)
    if data is None and target is None:
        sheet.convention("{J} is the loss of the data alone, which is not given here", J=word("J_data"))
    if len(thetas) > 1:
        listed = " and ".join(symbol.word.text for symbol in thetas)
        sheet.convention(f"θ without a number stands for all entries of {listed} together")

    if target is not None and count is not None:
        data = _data_loss(sheet, *target, count)
    sheet.part("Penalty")
    norm, parts = _norm(sheet, thetas, penalty, rho)
    note = strengths.others(sheet, strength, norm, taken, number, data)
    R = sheet.define(
        "R", factor * norm, "Penalty",
        say("{n} is weighted with the strength {f}", n=norm, f=factor), note=note,
    )  # fmt: skip
    results = [R]
    if data is not None:
        told = say("{R} is added to {D}: large parameters must now pay for themselves by a smaller data loss", R=R,
                   D=data)  # fmt: skip
        results.append(sheet.define("J", data + R, "Regularised loss", told))
    sheet.part("Gradient of the penalty")
    sheet.backward(R, thetas, jacobians=False)
    _reworded(sheet, R, parts, norm, factor)
    finite_difference(sheet, R, thetas, R, "R")
    slopes = [sheet.last(f"dR/d{symbol.name}") for symbol in thetas]
    results += slopes
    if arriving:
        results += _whole(sheet, thetas, arriving, slopes)
    if arriving and lr is not None:
        after = descended(sheet, thetas, results[-len(thetas) :], lr)
        if penalty == "l2":
            results.append(_decay(sheet, thetas, arriving, after, DECAYS[taken](strength, count or Number(1, "1"))))
        results += after
    return sheet.answer(*results)


def _data_loss(sheet: Worksheet, y: Symbol, yhat: Symbol, N: Symbol) -> Symbol:
    """1/(2N) Σ ‖y - ŷ‖²."""
    sheet.part("Data loss")
    r = pairs.residuals(sheet, y, yhat)
    square = ConstantPower(r, Number(2, "2"))
    rows, columns = r.shape
    if rows != 1 and columns != 1:
        told = say("the squares of each row of {r} are added up, one number an example", r=r)
        e = sheet.define("e", Sum(square, 1), "Squared error of each example", told)
    else:
        e = sheet.define(
            "e", square, "Squared errors", say("each entry of {r} is squared, so that no sign is left", r=r)
        )
    return sheet.define("J_data", reduced(e, "half-mean", N), "Data loss", why(e, "half-mean", N))


def _norm(sheet: Worksheet, thetas: Sequence[Symbol], penalty: str, rho: Symbol | None) -> tuple[Symbol, list[Symbol]]:
    """The norm that is penalised, and the sums it is made of."""
    listed = " and ".join(symbol.word.text for symbol in thetas)
    parts = []
    if penalty != "l2":
        told = (
            "absolute values are added up: every entry of {t} counts with its size, so that the "
            "same cut saves as much at a small entry as at a large one"
        )
        parts.append(
            sheet.define("A", parameters.sizes(thetas), say("L1 norm, {n}", n=NORMS["l1"]), say(told, t=listed))
        )
    if penalty != "l1":
        told = "squares are added up: the largest entries of {t} count most, and signs do not matter"
        title = say("Squared L2 norm, {n}", n=NORMS["l2"])
        parts.append(sheet.define("S", parameters.squares(thetas), title, say(told, t=listed)))
    if rho is None:
        return parts[0], parts
    first, second = parts
    told = "{a} counts with the share {r}, {s} with the rest, 1 - {r}"
    mixed = rho * first + (1 - rho) * second
    return sheet.define("E", mixed, "Both norms, weighted", say(told, a=first, s=second, r=rho)), parts


def _reworded(sheet: Worksheet, R: Symbol, parts: Sequence[Symbol], norm: Symbol, factor: Node) -> None:
    """What the engine says of a loss, said of a penalty."""
    for symbol in dict.fromkeys([norm, *parts]):
        step = next(step for step in sheet.steps if step.name == f"dR/d{symbol.name}")
        step.title = say("Derivative of the penalty at {n}", n=symbol)
        if symbol is norm:
            step.why = say("{R} is {f} times {n}: that factor is the derivative", R=R, f=factor, n=symbol)


def _whole(
    sheet: Worksheet, thetas: Sequence[Symbol], arriving: Sequence[Symbol], slopes: Sequence[Symbol]
) -> list[Symbol]:
    """∂J/∂θ: what the data loss sends back and what the penalty sends back, added."""
    sheet.part("Gradient of the regularised loss")
    return [
        sheet.define(
            f"dJ/d{theta.name}",
            g + slope,
            say("Gradient at {t}", t=theta),
            say("a sum is differentiated term by term: {g} from the data loss, {s} from the penalty", g=g, s=slope),
        )
        for theta, g, slope in zip(thetas, arriving, slopes, strict=True)
    ]


def _decay(
    sheet: Worksheet, thetas: Sequence[Symbol], arriving: Sequence[Symbol], after: Sequence[Symbol], decay: Node
) -> Symbol:
    """The factor by which θ shrinks before the gradient of the data loss is taken away."""
    import numpy as np

    eta = next(item.symbol for item in sheet.given_items if item.symbol.name == "eta")
    sheet.part("Weight decay")
    told = say(
        "the penalty's gradient is {d} times the parameter, so {n} = {t} - {e} ({g} + {d} · {t}); the two terms with "
        "{t} together are {k} {t}, and {n} = {k} {t} - {e} {g}: before the data has its say, the weights decay",
        d=decay, e=eta, t=thetas[0], n=after[0], g=arriving[0], k=Symbol("k"),
    )  # fmt: skip
    k = sheet.define("k", 1 - eta * decay, "Factor by which the parameters shrink", told)
    for theta, g, new in zip(thetas, arriving, after, strict=True):
        values = sheet.values
        again = values["k"] * values[theta.name] - values["eta"] * values[g.name]
        scale = float(abs(values[theta.name]).max() + abs(values["eta"] * values[g.name]).max())
        sheet.check(
            bool(np.allclose(again, values[new.name], rtol=1e-9, atol=1e-12 * max(scale, 1e-280))),
            [k, new],
            say("{k} {t} - {e} {g} gives {n} too", k=k, t=theta, e=eta, g=g, n=new),
        )
    sheet.convention(
        "AdamW decouples this: it takes η λ θ away directly, outside its adaptive step; in plain gradient descent, as "
        "here, a penalty of λ/2 and decay by λ are the same (Loshchilov and Hutter 2019, proposition 1)"
    )
    return k


def _share(sheet: Worksheet, penalty: str, l1_ratio: Scalar | None) -> Symbol | None:
    """ρ, how much of the elastic net is L1."""
    if penalty != "elastic-net":
        return None
    share = l1_ratio if l1_ratio is not None else Scalar.read("l1_ratio", "0.5")
    default = "" if l1_ratio is not None else ", chosen here: half"
    return sheet.given("rho", share, f"share of the L1 norm{default}", option="l1_ratio")


def _conventions(sheet: Worksheet, taken: str, factor: Node, penalty: str, rho: Symbol | None) -> None:
    """The strength that was taken, and what is penalised."""
    weighted = product([factor.write(SYMBOLIC), NORMS[penalty]])
    sheet.convention(
        f"the loss becomes {{f}}: the strength of the penalty is {strengths.WRITTEN[taken]}, {WHOSE[taken]}",
        f=related(word("J"), "=", word("J_data"), PLUS, weighted),
    )
    if rho is not None:
        sheet.convention(
            "Zou and Hastie write two strengths, here {r} and 1 - {r} times the same one; scikit-learn halves the "
            "squared norm besides",
            r=rho,
        )
    if penalty != "l2":
        sheet.convention("|θ| has a kink at 0, where its derivative is taken as 0, as in PyTorch")
    sheet.convention("only what is given as θ is penalised; biases are usually left out")
