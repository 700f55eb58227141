"""Second routes for a normalisation: the numbers counted again, and its gradient in one formula."""

from __future__ import annotations

from explain.engine.nodes.arithmetic import Times
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.standard import Ratio, in_one
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._norms.input import Scale
from explain.topics._norms.normalised import Normalised


def check_normal(sheet: Worksheet, found: Normalised, epsilon: Symbol) -> None:
    """Mean 0 and mean square σ²/(σ² + ε), counted on the normalised numbers."""
    import numpy as np

    axes, each = found.shared.along.axes, found.shared.each
    normal, square = sheet.values[found.normal.name], sheet.values[found.square.name]
    shift = float(sheet.values[epsilon.name])
    means, squares = (value.mean(axis=axes).reshape(square.shape) for value in (normal, normal**2))
    room = _room(sheet, found)
    good = float(np.abs(squares - square / (square + shift)).max()) < room
    if found.mean is not None:
        good = good and float(np.abs(means).max()) < room
    what = "mean square" if found.mean is None else "mean 0 and mean square"
    missing = _span(shift / (square + shift))
    text = f"in each {each} the {{m}} numbers of {{x}} have {what} {{r}}, which is below 1 by {missing}"
    ratio = Ratio(found.square, found.square + epsilon)
    sheet.check(good, [found.normal], say(text, x=found.normal, r=ratio, m=found.m))


def check_scaled(sheet: Worksheet, found: Normalised, Y: Symbol, scale: Scale, epsilon: Symbol) -> None:
    """After scale and shift: mean β and variance γ² σ²/(σ² + ε), where all numbers of a mean have the same γ and β."""
    import numpy as np

    axes = found.shared.along.axes
    if scale.beta is None or not set(axes) <= set(scale.along.axes):
        return
    value, square = sheet.values[Y.name], sheet.values[found.square.name]
    gamma, beta = (
        np.broadcast_to(sheet.values[symbol.name].reshape(scale.along.kept), value.shape).mean(axis=axes)
        for symbol in (scale.gamma, scale.beta)
    )
    ratio = (square / (square + float(sheet.values[epsilon.name]))).reshape(gamma.shape)
    means = value.mean(axis=axes)
    squares = ((value - means.reshape(found.shared.along.kept)) ** 2).mean(axis=axes)
    room = _room(sheet, found) * max(1.0, float(np.abs(gamma).max()) ** 2, float(np.abs(beta).max()) ** 2)
    good = max(float(np.abs(means - beta).max()), float(np.abs(squares - gamma**2 * ratio).max())) < room
    text = (
        f"after scale and shift the numbers of each {found.shared.each} have mean {{b}} ({_span(beta)}) and variance "
        f"{{v}} ({_span(gamma**2 * ratio)})"
    )
    variance = Times(scale.gamma**2, Ratio(found.square, found.square + epsilon))
    sheet.check(good, [Y], say(text, b=scale.beta, v=variance))


def check_in_one(sheet: Worksheet, found: Normalised, of: Symbol) -> None:
    """The terms of the gradient put together into one formula, worked with NumPy."""
    import numpy as np

    from explain.engine.evaluate import evaluate

    arriving, gradient = sheet.last(f"dL/d{found.normal.name}"), sheet.last(f"dL/d{of.name}")
    terms = 2 if found.mean is None else 3
    closed = in_one(arriving, found.normal, found.root, found.m, found.shared.along, centred=terms == 3)
    size = float(np.abs(sheet.values[arriving.name]).max()) / float(evaluate(found.root, sheet.values).min())
    off = float(np.abs(evaluate(closed, sheet.values) - sheet.values[gradient.name]).max())
    text = f"the {'three' if terms == 3 else 'two'} terms of {{d}} put together are {{c}}: the same numbers"
    sheet.check(off <= _room(sheet, found) * size, [gradient, arriving], say(text, d=gradient, c=closed))


def _room(sheet: Worksheet, found: Normalised) -> float:
    """What rounding the mean of large numbers leaves, measured in standard deviations."""
    import numpy as np

    from explain.engine.evaluate import evaluate

    largest = max(float(np.abs(sheet.values[name]).max()) for name in (found.of.name, found.normal.name))
    return 1e-11 + 1e-14 * largest / float(evaluate(found.root, sheet.values).min())


def _span(values: object) -> str:
    """One number, a few, or the smallest and the largest."""
    import numpy as np

    from explain.engine.rounding import tidy

    found = list(dict.fromkeys(tidy(float(value)) for value in np.asarray(values).ravel()))
    if len(found) <= 4:
        return ", ".join(found)
    flat = np.asarray(values).ravel()
    return f"{tidy(float(flat.min()))} to {tidy(float(flat.max()))}"
