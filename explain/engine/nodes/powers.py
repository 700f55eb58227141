"""Products and powers of a formula, whose pull-back puts numbers first and arrays side by side; powers `a^x`, `x^y`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from explain.engine.nodes.arithmetic import Raise, Times, fit_shape, times
from explain.engine.nodes.base import Node, Number

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def multiplied(seed: Node, factors: Sequence[Node]) -> Node:
    """What arrives times a local derivative; beside arrays the numbers come first: `2 ∂L/∂u ⊙ y`."""
    if not seed.shape:
        return reduce(times, factors, seed)
    single = [factor for factor in factors if not factor.shape]
    return reduce(times, [*single, seed, *(factor for factor in factors if factor.shape)])


class Product(Times):
    """A product, entry by entry."""

    __slots__ = ()

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        pulled: list[Node | None] = []
        for at, operand in enumerate(self.operands):
            others = [other for place, other in enumerate(self.operands) if place != at]
            pulled.append(fit_shape(multiplied(seed, others), operand.shape))
        return pulled


class ConstantPower(Raise):
    """A power with a constant exponent, entry by entry: ∂(bⁿ)/∂b = n·bⁿ⁻¹."""

    __slots__ = ()

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        base, exponent = self.operands
        assert isinstance(exponent, Number)
        lowered = base if exponent.value == 2 else ConstantPower(base, Number(exponent.value - 1, _less(exponent)))
        return [multiplied(seed, [exponent, lowered]), None]


def _less(exponent: Number) -> str:
    """The text of an exponent that is lowered by 1, a decimal where it was one."""
    lowered = exponent.value - 1
    decimal = f"{float(lowered):.6f}".rstrip("0").rstrip(".")
    return decimal if "." in exponent.text and float(decimal) == float(lowered) else str(lowered)


class Power(Raise):
    """A positive base to any power, entry by entry: ∂(bᵉ)/∂b = e·bᵉ⁻¹ and ∂(bᵉ)/∂e = bᵉ·log b."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(np.power(np.asarray(values[0], dtype=float), np.asarray(values[1], dtype=float)))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        from explain.engine.functions import LOG

        base, exponent = self.operands
        return [
            fit_shape(multiplied(seed, [exponent, Power(base, exponent - 1)]), base.shape),
            fit_shape(multiplied(seed, [output, LOG(base)]), exponent.shape),
        ]
