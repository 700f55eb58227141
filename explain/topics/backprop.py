"""Backpropagation through any formula: the computation graph forward, then backward, gate by gate."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Symbol
from explain.engine.prose import code
from explain.engine.symbolic_checks import symbolic_difference
from explain.formulas.inputs import Formula, Inputs
from explain.parameters import Scalar
from explain.topics._descent import descended
from explain.topics._graph.backward import Graph
from explain.topics._graph.formula import Names
from explain.topics._graph.forward import Forward


@topic
def backprop(
    formula: Annotated[Formula, "the formula in quotes, such as 'f = (x + y)*z', or parts: 'z = W@x; L = sum(z^2)'"],
    values: Annotated[
        Inputs | None, "values of its names: x=-2, or --x -2; vectors x=1,-1, matrices W='1,2;3,4'"
    ] = None,
    wrt: Annotated[Names | None, "inputs to differentiate by (and to move with lr): w,b; all if not given"] = None,
    lr: Annotated[Scalar | None, "learning rate: one step of gradient descent is worked too"] = None,
) -> Answer:
    """Backpropagation: the gradient of any formula with respect to its inputs.

    The computation graph forward, operation by operation, then backward: at every operation the local derivative times
    what arrives, added where paths meet. A formula has + - * / ^ @ and ' (transpose); sigmoid, tanh, relu, leaky_relu,
    softplus, softmax, exp, log, sqrt, sin, cos, abs; sum, mean, max and min with axis=0 or axis=1. A list is a
    column; a name without a value stays a symbol. With wrt only these inputs are variables, the others constants.

    Field: Networks and gradients

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.5; Stanford CS231n, Backpropagation,
    Intuitions

    Examples:
        explain backprop "f = sigmoid(w0*x0 + w1*x1 + w2)" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3
        explain backprop "L = sum((W @ x - y)^2)" W="1,2;3,4" x=1,-1 y=0,1
        explain backprop "(x + y) * z" x=-2 y=5 z=-4
        explain backprop "z = relu(W @ x); L = mean(z) + x' @ x" W="1,2;-3,4" x=0.5,-1 --lr 0.1
        explain backprop "L = (w*x + b - y)^2" w=2 x=-1 b=0.5 y=1 --wrt w,b --lr 0.1
        explain backprop "f = x*log(y) + exp(x*y)"

    Raises:
        InputError: a formula that cannot be read, shapes that do not meet, a value outside the domain of a function,
            with the column; a formula whose value is no single number; a name in wrt that is no input.
    """
    known = values.values if values is not None else {}
    worked = Forward(formula, known, backprop.source)
    sheet, result = worked.sheet, worked.result
    variables = worked.variables(wrt)
    moved: list[Symbol] = []
    if lr is not None:
        worked.check_descent(variables, lr)
    sheet.part("Backward pass")
    graph = Graph(sheet, result, list(worked.inputs.values()), variables)
    graph.backward()
    gradients = [sheet.last(f"d{result.name}/d{symbol.name}") for symbol in variables]
    if result.name in sheet.values:
        finite_difference(sheet, result, variables, result, result.name)
    else:
        symbolic_difference(sheet, result, variables)
    sheet.drawing("Formula, as typed", worked.written)
    graph.draw()
    if lr is not None:
        moved = descended(sheet, variables, gradients, lr)
        if wrt is None and len(variables) > 1:
            told = "every input is moved, data and targets too: {option} chooses which ones"
            sheet.convention(told, option=code("--wrt"))
    graph.close()
    return sheet.answer(result, *gradients, *moved)
