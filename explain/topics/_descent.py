"""One step of gradient descent, the same for every topic that has gradients."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.parameters import Scalar


def descended(sheet: Worksheet, parameters: Sequence[Symbol], gradients: Sequence[Symbol], lr: Scalar) -> list[Symbol]:
    """The parameters after one step against their gradients."""
    eta = sheet.given("eta", lr, "learning rate", option="lr")
    sheet.convention(
        "gradient descent: {eta} times its gradient is taken away from every parameter; ′ marks what it is after "
        "the step",
        eta=eta,
    )
    sheet.part("Gradient descent")
    return [
        sheet.define(
            f"{parameter.name}_new",
            parameter - eta * gradient,
            say("{w} after the step", w=parameter),
            say("{g} points uphill, so {eta} times it is taken away from {w}", g=gradient, eta=eta, w=parameter),
            written=Word(f"{parameter.word.text}′", f"{parameter.word.latex}'", key=f"{parameter.name}_new"),
        )
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]
