"""What the factors 1 - ηλ say of a descent, and the descent once more, direction by direction."""

from __future__ import annotations

from explain.engine.answer import Column, Table
from explain.engine.nodes.base import Symbol
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.topics._schedules.curvature import characteristic, diagonal

EDGE = 1e-12
NARROW = 1e-6  # smallest over largest eigenvalue, below which the smallest loses its digits


def definite(A: Values) -> None:
    """Refuse a matrix with an eigenvalue that is not above 0.

    Raises:
        InputError: says the smallest eigenvalue, and what f is like then.
    """
    import numpy as np

    size = int(A.shape[0]) if A.shape else 1
    entries = A.reshape((size, size))
    roots = np.linalg.eigvalsh(entries.array)
    low, high = float(roots[0]), float(abs(roots).max())
    singular = characteristic(entries)[-1] == 0
    if singular or low <= -EDGE * high:
        like = "f is flat along a direction and has no single minimum" if singular else "f falls without end along it"
        told = "has the eigenvalue" if A.shape else "is"
        raise InputError(f"{{A}} {told} {'0' if singular else tidy(low)}: {like}; every eigenvalue must be above 0")
    if low <= (EDGE if diagonal(entries) else NARROW) * high:
        raise InputError(
            "{A} has a smallest eigenvalue that is tiny beside the largest, "
            f"{tidy(high)}: double precision would not keep its digits; give a matrix less close to singular"
        )


def judged(sheet: Worksheet, factors: list[Symbol]) -> None:
    """A remark at each factor, and the verdict at the last one."""
    numbers = [float(sheet.values[factor.name]) for factor in factors]
    for factor, number in zip(factors[:-1], numbers, strict=False):
        sheet.remark(factor, say(_told(number)))
    sheet.remark(factors[-1], say(f"{_told(numbers[-1])}. {_verdict(max(map(abs, numbers)), len(numbers))}"))


def _verdict(worst: float, count: int) -> str:
    """Whether the descent converges, from the size of the largest factor."""
    several = count > 1
    if worst > 1 + EDGE:
        grows = (
            f"the largest factor has the size {tidy(worst)}, above 1" if several else "the factor is above 1 in size"
        )
        return f"So the descent diverges: {grows}"
    if worst >= 1 - EDGE:
        return (
            "So the descent neither converges nor diverges: "
            + ("the largest factor is" if several else "the factor is")
            + " 1 in size"
        )
    if worst <= EDGE:
        return "So one step is enough"
    small = (
        f"every factor is below 1 in size, the largest {tidy(worst)}" if several else "the factor is below 1 in size"
    )
    return f"So the descent converges: {small}"


def _told(r: float) -> str:
    """What one factor does to the distance from the minimum."""
    if abs(abs(r) - 1) <= EDGE:
        return "the distance stays as it is" + (", with the other sign in every step" if r < 0 else "")
    if abs(r) > 1:
        return "the distance grows, and jumps to the other side of the minimum in every step"
    if abs(r) <= EDGE:
        return "one step reaches the minimum along this direction"
    if r < 0:
        return "the distance shrinks, jumping to the other side of the minimum in every step"
    return "the distance shrinks, always on the same side of the minimum"


def again_by_directions(sheet: Worksheet, rate: Symbol, count: int) -> None:
    """The last point from the first, without the steps between: each direction's factor to a power."""
    import numpy as np

    shape = sheet.values["x_0"].shape
    matrix = np.atleast_2d(sheet.values["A"])
    start = sheet.values["x_0"].reshape(-1)
    linear = sheet.values["b"].reshape(-1) if "b" in sheet.values else np.zeros(len(start))
    minimum = np.linalg.solve(matrix, linear)
    roots, directions = np.linalg.eigh(matrix)
    factors = 1 - float(sheet.values[rate.name]) * roots
    again = minimum + directions @ (factors**count * (directions.T @ (start - minimum)))
    last = Symbol(f"x_{count}", shape)
    found = sheet.values[last.name].reshape(-1)
    scale = max(float(abs(start).max()), float(abs(minimum).max()), float(abs(found).max()), 1e-300)
    needs = [sheet.last(last.name)]
    passed = bool((abs(again - found) <= 1e-9 * scale).all())
    power = "" if count == 1 else f" to the power of {count}"
    told = ", ".join(tidy(float(value)) if abs(value) > 1e-13 * scale else "0" for value in again)
    text = (
        f"the distance of {{s}} from the minimum, taken apart along the eigenvectors, each part times its "
        f"factor{power}: ({told}) is {{x}}"
        if shape
        else f"the distance of {{s}} from the minimum times the factor{power}, from the minimum on: {told} is {{x}}"
    )
    sheet.check(passed, needs, say(text, s=Symbol("x_0"), x=last))


def solved(sheet: Worksheet) -> str:
    """Where A x = b, the numbers in a row."""
    import numpy as np

    found = np.linalg.solve(sheet.values["A"], sheet.values["b"]).reshape(-1)
    scale = float(abs(found).max())
    return ", ".join(tidy(float(value)) if abs(value) > 1e-13 * scale else "0" for value in found)


def compared(sheet: Worksheet, count: int) -> None:
    """The points and values of all steps side by side."""
    rows: list[list[Prose]] = []
    for t in range(count + 1):
        point = ", ".join(tidy(float(value)) for value in sheet.values[f"x_{t}"].flat)
        rows.append([(str(t),), (point,), (tidy(float(sheet.values[f"f_{t}"])),)])
    columns = [Column("step", True), Column("x"), Column("f", True)]
    sheet.tables.append(Table("The descent", columns, rows, needs=(f"f_{count}",)))
