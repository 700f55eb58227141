"""Local derivatives as steps of their own: ∂h/∂z of an activation, ∂z/∂W and ∂z/∂h of a linear line."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from explain.engine import wording
from explain.engine.answer import Local
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Apply, Softmax, softmax_jacobian
from explain.engine.nodes.linear import MatMul, Transpose
from explain.engine.pullback import pull

if TYPE_CHECKING:
    from explain.engine.worksheet import Worksheet

LARGEST_JACOBIAN = 64  # rows; a larger Jacobian of softmax is multiplied out without being built


def of_function(sheet: Worksheet, symbol: Symbol, expression: Node, active: Collection[str], jacobians: bool) -> None:
    """∂h/∂z of an activation: the diagonal of its Jacobian; of softmax, the Jacobian itself."""
    if not isinstance(expression, Apply | Softmax):
        return
    operand = expression.operands[0]
    if not isinstance(operand, Symbol) or operand.name not in active:
        return
    name = f"d{symbol.name}/d{operand.name}"
    if isinstance(expression, Softmax):
        if jacobians and int(symbol.shape[0]) <= LARGEST_JACOBIAN:
            saturated = _saturated(sheet, symbol, "softmax")
            sheet.define(
                name,
                softmax_jacobian(symbol, saturated),
                *wording.softmax_jacobian(symbol, operand, saturated),
                local=Local("matrix", symbol, operand),
            )
        return
    function = expression.function
    single = all(size == 1 for size in symbol.shape)
    safe = function.safe_derivative if _saturated(sheet, symbol, function.name) else None
    derivative = safe(operand) if safe else function.derivatives[0](expression.operands, symbol)
    sheet.define(
        name,
        derivative,
        *wording.activation_derivative(function, symbol, operand, safe is not None, jacobians),
        written=None if single else wording.primed(function, operand),
        chain=None,
        local=Local("number" if single else "diagonal" if jacobians else "entries", symbol, operand),
    )


def _saturated(sheet: Worksheet, symbol: Symbol, name: str) -> bool:
    """Whether 1 - σ, 1 - tanh² or p - p² would lose its digits."""
    import numpy as np

    value = sheet.values.get(symbol.name)
    if value is None or name not in ("sigmoid", "tanh", "softmax"):
        return False
    return bool(np.any(1 - np.abs(value) < 1e-6))


def of_linear(sheet: Worksheet, symbol: Symbol, operand: Symbol, expression: Node) -> None:
    """∂z/∂W and ∂z/∂h of a linear step, read off what a symbolic seed is pulled back to."""
    if isinstance(expression, Apply | Softmax):
        return
    seed = Symbol("seed", symbol.shape)
    structure = pull(expression, seed, symbol, {operand.name}).get(operand.name)
    if not isinstance(structure, MatMul):
        return
    first, second = structure.operands
    name = f"d{symbol.name}/d{operand.name}"
    if second is seed and isinstance(first, Transpose | Symbol) and operand.shape[1] == 1:
        jacobian, form = first.T, "matrix"
    elif first is seed:
        jacobian, form = second, "slice" if symbol.shape[0] != 1 else "matrix"
    else:
        return
    local = Local("slice" if form == "slice" else "matrix", symbol, operand)
    sheet.define(name, jacobian, *wording.linear_local(symbol, operand, jacobian, form == "slice"), local=local)
