"""Gradient descent on a quadratic function: which learning rates converge, and how fast."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Number, Symbol
from explain.engine.nodes.entries import Entries
from explain.engine.nodes.reductions import Dot
from explain.engine.primitives import ONE, TWO
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Count, Matrix, Scalar, as_column
from explain.topics._gan.routes import retold
from explain.topics._schedules.converging import again_by_directions, compared, definite, judged, solved
from explain.topics._schedules.curvature import more_than_two
from explain.topics._schedules.quadratic import HalfForm

LARGEST = 4  # rows of A
MOST = 10  # steps


@topic
def quadratic_descent(
    A: Annotated[Matrix, "symmetric matrix of f = ½ xᵀ A x - bᵀ x: 3,1;1,3; one number λ for f = λ/2 x²"],
    x: Annotated[Matrix, "where the descent starts: 2,-1"],
    lr: Annotated[Scalar | None, "learning rate; the best one if left out"] = None,
    b: Annotated[Matrix | None, "linear part; 0 if left out"] = None,
    steps: Annotated[Count | None, "how many steps are worked; 3 if left out"] = None,
) -> Answer:
    """Gradient descent on a quadratic: which learning rates converge.

    Along each eigenvector of A the distance from the minimum is multiplied by 1 - ηλ in every step. So the descent
    converges for 0 < η < 2/λ_max, and fastest for η = 2/(λ_min + λ_max). Eigenvalues, these bounds, the factors at the
    given rate, and the first steps. Shapes: A (n×n), x and b (n×1), n up to 4.

    Field: Optimisers

    Source: Goodfellow et al. 2016, Deep Learning, sections 4.3.1 and 8.2.1; Goh 2017, Why Momentum Really Works,
    Distill, first section (factors 1 - ηλ, best rate 2/(λ_min + λ_max)); Nesterov 2004, Introductory Lectures on
    Convex Optimization, theorem 2.1.15

    Examples:
        explain quadratic-descent --A 4 --x 1 --lr 0.4
        explain quadratic-descent --A "3,1;1,3" --x 2,-1 --lr 0.3
        explain quadratic-descent --A "10,0;0,1" --x 1,1 --b 10,2 --steps 2

    Raises:
        InputError: a matrix that is not symmetric or not positive definite, lengths that differ, a rate that is not
            above 0, more than 10 steps.
    """
    count = _counted(steps)
    matrix, start, line = _read(A, x, b)
    if lr is not None and lr.array <= 0:
        raise InputError(f"{{lr}} is {lr.text(())}: a learning rate is above 0")
    definite(matrix)
    sheet = Worksheet("Gradient descent on a quadratic function", quadratic_descent.source)
    told = "second derivative of f, symmetric" if matrix.shape else "second derivative of f, its curvature"
    a = sheet.given("A", matrix, told, option="A")
    point = sheet.given("x_0", start, f"where the descent starts; steps worked: {count}", option="x")
    linear = None if line is None else sheet.given("b", line, "linear part of f", option="b")
    given_rate = None if lr is None else sheet.given("eta", lr, "learning rate", option="lr")
    _conventions(sheet, a, linear, given_rate)
    roots = _eigenvalues(sheet, a, matrix)
    limit, best = _bounds(sheet, roots)
    rate = best if given_rate is None else given_rate
    factors = _factors(sheet, roots, rate)
    judged(sheet, factors)
    minimum = _minimum(sheet, a, linear)
    last = _descended(sheet, a, linear, point, rate, count)
    again_by_directions(sheet, rate, count)
    compared(sheet, count)
    return sheet.answer(limit, best, *factors, *minimum, last, sheet.last(f"f_{count}"))


def _counted(steps: Count | None) -> int:
    if steps is None:
        return 3
    if steps.number is None:
        raise InputError(f"{{steps}} is {steps.name}: a whole number belongs here, since the steps are worked")
    if steps.number > MOST:
        raise InputError(f"{{steps}} is {steps.number}: at most {MOST} are worked; give fewer")
    return steps.number


def _read(A: Matrix, x: Matrix, b: Matrix | None) -> tuple[Values, Values, Values | None]:
    """A as a number or a symmetric matrix, the vectors as columns of its height.

    Raises:
        InputError: not symmetric, too large, or another height.
    """
    if len(A) == 1:
        matrix = A.reshape(())
        for name, vector in (("x", x), ("b", b)):
            if vector is not None and len(vector) != 1:
                raise InputError(f"{{{name}}} has {amount(len(vector), 'number')}, but {{A}} is one: give one")
        return matrix, x.reshape(()), None if b is None else b.reshape(())
    size = int(A.shape[0])
    if len(A.shape) != 2 or A.shape[1] != size:
        raise InputError("{A} is not square: as many columns as rows, such as 3,1;1,3")
    if size > LARGEST:
        raise InputError(f"{{A}} has {size} rows: at most {LARGEST}")
    for row in range(size):
        for column in range(row):
            if A.exact((row, column)) != A.exact((column, row)):
                raise InputError(
                    f"{{A}} has {A.text((row, column))} in row {row + 1}, column {column + 1}, but "
                    f"{A.text((column, row))} across the diagonal: A is symmetric; (A + Aᵀ)/2 gives the same f"
                )
    return A, as_column("x", x, size), None if b is None else as_column("b", b, size)


def _conventions(sheet: Worksheet, a: Symbol, b: Symbol | None, rate: Symbol | None) -> None:
    form = "f = ½ xᵀ A x" if a.shape else "f = A/2 · x²"
    form += "" if b is None else (" - bᵀ x" if a.shape else " - b x")
    sheet.convention(f"{form}; each step takes η times the gradient away from x")
    if rate is None:
        sheet.convention("no learning rate is given: the best one is taken")


def _eigenvalues(sheet: Worksheet, a: Symbol, matrix: Values) -> list[Symbol]:
    """The curvatures of f along its main directions, the largest first."""
    sheet.part("Curvatures")
    if not a.shape:
        return [sheet.define("lambda_1", a, "Curvature", say("f has one direction only, with the second derivative {A}",
                                                             A=a))]  # fmt: skip
    if a.shape == (2, 2):
        return _two(sheet, a)
    return more_than_two(sheet, a, matrix)


def _two(sheet: Worksheet, a: Symbol) -> list[Symbol]:
    """The eigenvalues of a 2×2 matrix by its trace and determinant."""
    trace = sheet.define("tr", a[0, 0] + a[1, 1], "Trace", say("the sum of the diagonal of {A} is λ₁ + λ₂", A=a))
    det = sheet.define(
        "det", a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0], "Determinant",
        say("λ₁ λ₂; above 0, as is the trace, so that both eigenvalues of {A} are above 0 and f has a minimum", A=a),
    )  # fmt: skip
    inside = (a[0, 0] - a[1, 1]) ** 2 + Number(4, "4") * a[0, 1] ** 2
    first = sheet.define(
        "lambda_1", (trace + sqrt(inside)) / TWO, "Largest eigenvalue",
        say("the larger root of λ² - {t} λ + {d} = 0, where {t}² - 4 {d} is the square of A₁₁ - A₂₂ plus 4 A₁₂²",
            t=trace, d=det),
    )  # fmt: skip
    second = sheet.define(
        "lambda_2", det / first, "Smallest eigenvalue", say("{d} is the product of both eigenvalues", d=det)
    )
    return [first, second]


def _bounds(sheet: Worksheet, roots: list[Symbol]) -> tuple[Symbol, Symbol]:
    sheet.part("Which rates converge")
    high, low = roots[0], roots[-1]
    limit = sheet.define(
        "eta_max", TWO / high, "Bound of the learning rate",
        say("|1 - η {h}| < 1 asks for 0 < η < 2/{h}"
            + ("; no other direction is more curved, so each allows at least as much" if len(roots) > 1 else ""),
            h=high),
    )  # fmt: skip
    if len(roots) == 1:
        why = say("half the bound: the factor 1 - η {h} is 0 then, and one step reaches the minimum", h=high)
    else:
        why = say("where 1 - η {l} = -(1 - η {h}): a smaller rate is slower along {l}, a larger one along {h}", h=high,
                  l=low)  # fmt: skip
    best = sheet.define("eta_best", TWO / (low + high) if len(roots) > 1 else ONE / high, "Best learning rate", why)
    if len(roots) > 1:
        kappa = sheet.define(
            "kappa", high / low, "Condition number",
            say("the largest curvature over the smallest: 1 for a round bowl, large for a narrow valley"),
        )  # fmt: skip
        slowest = sheet.define(
            "q_best", (kappa - ONE) / (kappa + ONE), "Slowest factor at the best rate",
            say("1 - {e} {l} with {k} = {h}/{l}: the distance from the minimum shrinks at least by this factor a step",
                e=best, l=low, h=high, k=kappa),
        )  # fmt: skip
        sheet.remark(slowest, say("the larger {k}, the nearer to 1, and the slower even the best rate", k=kappa))
    return limit, best


def _factors(sheet: Worksheet, roots: list[Symbol], rate: Symbol) -> list[Symbol]:
    sheet.part("With this rate")
    return [
        sheet.define(
            f"r_{at}", ONE - rate * root, say("Factor along the direction of {l}", l=root),
            say("the gradient along this direction is {l} times the distance from the minimum, and {e} times it is "
                "taken away", l=root, e=rate),
        )
        for at, root in enumerate(roots, 1)
    ]  # fmt: skip


def _minimum(sheet: Worksheet, a: Symbol, b: Symbol | None) -> list[Symbol]:
    """Where the gradient is 0, worked for one and two variables."""
    if b is None or a.shape not in ((), (2, 2)):
        sheet.convention("the minimum is at x = 0" if b is None else f"the minimum is where A x = b: ({solved(sheet)})")
        return []
    sheet.part("Minimum")
    if not a.shape:
        return [sheet.define("x_best", b / a, "Minimum", say("the gradient {A} x - {b} is 0 there", A=a, b=b))]
    det = sheet.last("det")
    first = (a[1, 1] * b[0, 0] - a[0, 1] * b[1, 0]) / det
    second = (a[0, 0] * b[1, 0] - a[1, 0] * b[0, 0]) / det
    why = say("the gradient {A} x - {b} is 0 there: two equations, solved by Cramer's rule", A=a, b=b)
    return [sheet.define("x_best", Entries(1, first, second), "Minimum", why)]


def _descended(sheet: Worksheet, a: Symbol, b: Symbol | None, x: Symbol, rate: Symbol, count: int) -> Symbol:
    """The steps, each with its value and its gradient."""
    for t in range(count + 1):
        sheet.part(f"Step {t + 1}" if t < count else "Where it ends")
        form = HalfForm(a, x)
        rule = form if b is None else form - (Dot(b, x) if a.shape else b * x)
        f = sheet.define(f"f_{t}", rule, say("Value at {x}", x=x), say("{x} put into f", x=x), note=_fallen(t))
        if t:
            before, now = (float(sheet.values[f"f_{at}"]) for at in (t - 1, t))
            told = "lower than" if now < before else "higher than" if now > before else "the same as"
            sheet.remark(f, say(f"{told} {{p}} = {tidy(before)}", p=Symbol(f"f_{t - 1}")))
        if t == count:
            return x
        sheet.backward(f, [x], jacobians=False)
        name = f"df_{t}/dx_{t}"
        linear = "" if b is None else "; -b is the derivative of the linear part"
        rule_told = (
            "A x is the derivative of ½ xᵀ A x, because {A} is symmetric"
            if a.shape
            else "{A} x is the derivative of A/2 x²"
        )
        retold(sheet, name, say("Gradient at {x}", x=x), say(rule_told + linear, A=a))
        if not t:
            finite_difference(sheet, f, [x], f, top=f.name)
        gradient = sheet.last(name)
        x = sheet.define(
            f"x_{t + 1}", x - rate * gradient, f"After step {t + 1}",
            say("{g} points uphill: {e} times it is taken away from {x}", g=gradient, e=rate, x=x),
        )  # fmt: skip
    return x


def _fallen(t: int) -> tuple[str, ...]:
    return () if t else ("where the descent starts",)
