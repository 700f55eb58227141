"""Functions of one entry at a time, and softmax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.arithmetic import Divide, fit_entry, fit_shape, negative, times
from explain.engine.nodes.base import Index, Node, Style, Textbook
from explain.engine.nodes.linear import Diagonal, Sum, long_sum
from explain.engine.notation import PRODUCT, Notation, Power, Row, Word, call, listed
from explain.engine.shapes import broadcast

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class ScalarFunction:
    """A function of numbers, applied entry by entry.

    `definition` is its textbook formula in nodes: the printed form, and through the lowering its SymPy form.
    `derivatives` are the textbook derivatives, one for each argument that has one, from (arguments, output);
    a test proves them equal to SymPy's own. `numpy` evaluates where the textbook formula would overflow.
    Primitive functions (exp, log) have `sympy` instead of a definition.
    """

    __slots__ = ("definition", "derivatives", "inline", "name", "numpy", "safe_derivative", "sympy", "word")

    def __init__(
        self,
        name: str,
        word: Word,
        numpy: Callable[..., Array],
        *,
        definition: Callable[..., Node] | None = None,
        sympy: Callable[..., Any] | None = None,
        derivatives: Sequence[Callable[[Sequence[Node], Node], Node]] = (),
        safe_derivative: Callable[[Node], Node] | None = None,
        inline: bool = False,
    ) -> None:
        self.name = name
        self.word = word
        self.numpy = numpy
        self.definition = definition
        self.sympy = sympy
        self.derivatives = derivatives
        self.safe_derivative = safe_derivative
        self.inline = inline

    def __call__(self, *arguments: Node) -> Apply:
        return Apply(self, *arguments)


class Apply(Node):
    """A scalar function of its operands."""

    __slots__ = ("function",)

    def __init__(self, function: ScalarFunction, *operands: Node) -> None:
        self.operands = operands
        self.function = function
        self.shape = reduce(broadcast, (operand.shape for operand in operands))

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Apply(self.function, *operands)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return self.function.numpy(*values)

    def entry(self, index: Index) -> Node:
        return self.rebuild([fit_entry(operand, index) for operand in self.operands])

    def defined(self) -> Node:
        """The textbook formula of the function, in its operands."""
        return self if self.function.definition is None else self.function.definition(*self.operands)

    def lower(self, operands: Sequence[Any]) -> Any:
        assert self.function.sympy is not None, self.function.name
        return self.function.sympy(*operands)

    def write(self, style: Style) -> Notation:
        if self.function.inline:
            return style.write(self.defined())
        parts = [style.write(operand) for operand in self.operands]
        if self.function.name == "exp":
            return Power(self.function.word, parts[0])
        if self.function.name == "step":
            return Row([Word("1[", r"\mathbb{1}\left["), parts[0], Word(" > 0]", r" > 0 \right]")])
        if self.function.name == "abs":
            return Row([Word("|", r"\left|"), parts[0], Word("|", r"\right|")])
        if self.function.name == "log" and isinstance(parts[0], Word) and parts[0].text.endswith(")"):
            return Row([Word("log ", r"\log "), parts[0]], PRODUCT)  # log P(x), not log(P(x))
        return call(self.function.word, listed(parts) if len(parts) > 1 else parts[0])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        pulled: list[Node | None] = [None] * len(self.operands)
        for at, derivative in enumerate(self.function.derivatives):
            local = derivative(self.operands, output)
            if output is self and self.function.safe_derivative is not None and self.shape:  # it has no name
                local = Textbook(local, self.operands, _slope(self.function))
            pulled[at] = fit_shape(times(seed, local), self.operands[at].shape)
        return pulled


def _slope(function: ScalarFunction) -> Callable[..., Array]:
    """The slope of a function from its operand, in the form that keeps its digits where the function is saturated."""

    def evaluate(z: Array) -> Array:
        from explain.engine.evaluate import evaluate as worked
        from explain.engine.nodes.base import Symbol

        assert function.safe_derivative is not None
        return worked(function.safe_derivative(Symbol("z", z.shape)), {"z": z})

    return evaluate


def exp(operand: Node) -> Apply:
    """Raise e to the power of each entry."""
    from explain.engine.functions import EXP

    return EXP(operand)


class Softmax(Node):
    """Exponentials divided by their sum along an axis: positive, and summing to one."""

    __slots__ = ("axis",)

    def __init__(self, operand: Node, axis: int) -> None:
        self.operands = (operand,)
        self.axis = axis
        self.shape = operand.shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Softmax(operands[0], self.axis)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        # Shifting by the largest score changes nothing in the quotient and cannot overflow.
        shifted = np.exp(values[0] - values[0].max(axis=self.axis, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=self.axis, keepdims=True))

    def entry(self, index: Index) -> Node:
        operand, axis = self.operands[0], self.axis
        terms = long_sum(
            int(operand.shape[axis]), lambda at: exp(operand.entry((*index[:axis], at, *index[axis + 1 :])))
        )
        return Divide(exp(operand.entry(index)), terms)

    def write(self, style: Style) -> Notation:
        return call(Word("softmax", r"\mathrm{softmax}"), style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [self.pulled(seed, output, self.averages(seed, output))]

    def averages(self, seed: Node, output: Node) -> Node:
        """What arrives, averaged along the axis with the probabilities as weights."""
        return Sum(times(seed, output), self.axis)

    def pulled(self, seed: Node, output: Node, averages: Node) -> Node:
        """P ⊙ (g - averages), evaluated so that it keeps its digits."""
        printed = times(output, seed - averages)

        def shifted(p: Array, arriving: Array, _: Array) -> Array:
            import numpy as np

            # Taking the value at the largest p off changes nothing and keeps the digits where that p is nearly 1.
            top = np.expand_dims(p.argmax(axis=self.axis), self.axis)
            moved = arriving - np.take_along_axis(arriving, top, axis=self.axis)
            return np.asarray(p * (moved - (moved * p).sum(axis=self.axis, keepdims=True)))

        return Textbook(printed, (output, seed, averages), shifted)


def softmax_jacobian(output: Node, saturated: bool) -> Node:
    """diag(p) - p pᵀ of a column of probabilities; p - p² on the diagonal is evaluated as p times all the others.

    Args:
        saturated: the diagonal is worked in that way too, because p - p² has lost its digits.
    """
    size = int(output.shape[0])

    def evaluate(p: Array) -> Array:
        import numpy as np

        jacobian = -p @ p.T
        others = np.where(np.eye(len(p), dtype=bool), 0.0, p.T).sum(axis=1)
        np.fill_diagonal(jacobian, p[:, 0] * others)
        return np.asarray(jacobian)

    def entry(index: Index) -> Node:
        row, column = index
        if row != column:
            return negative(times(output.entry((row, 0)), output.entry((column, 0))))
        others = [at for at in range(size) if at != row]
        return times(output.entry((row, 0)), long_sum(size - 1, lambda at: output.entry((others[at], 0))))

    printed = Diagonal(output) - output @ output.T
    return Textbook(printed, (output,), evaluate, entries=entry if saturated else None)


class LogSumExp(Node):
    """The logarithm of the sum of the exponentials along axis 0, one number a column."""

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        self.shape = (1, operand.shape[1])

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        top = values[0].max(axis=0, keepdims=True)
        return np.asarray(top + np.log(np.exp(values[0] - top).sum(axis=0, keepdims=True)))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [times(seed, Softmax(self.operands[0], 0))]

    def entry(self, index: Index) -> Node:
        from explain.engine.functions import LOG

        operand = self.operands[0]
        return LOG(long_sum(int(operand.shape[0]), lambda at: exp(operand.entry((at, index[1])))))

    def write(self, style: Style) -> Notation:
        if style.numbers and self.shape == (1, 1):
            return style.write(self.entry((0, 0)))
        operand = style.indexed("i").write(exp(self.operands[0]))
        return call(Word("log", r"\log"), Row([Word("Σᵢ ", r"\sum_{i} "), operand]))


def cross_entropy_from_logits(logits: Node, target: Node) -> Node:
    """-Σ y log softmax(z) of targets that sum to 1, from z: log Σ e^z - Σ y z, and its gradient softmax(z) - y.

    Both are evaluated without the cancellation that the printed forms would have where a probability is nearly 1.
    """

    def loss(z: Array, y: Array) -> Array:
        import numpy as np

        top = z.argmax(axis=0)
        shifted = z - z.max(axis=0)
        powers = np.exp(shifted)
        powers[top, np.arange(z.shape[1])] = 0.0
        return np.asarray((y * (np.log1p(powers.sum(axis=0)) - shifted)).sum())

    def error(z: Array, y: Array) -> Array:
        import numpy as np

        powers = np.exp(z - z.max(axis=0))
        p = powers / powers.sum(axis=0)
        top, columns = p.argmax(axis=0), np.arange(z.shape[1])
        others = p.copy()
        others[top, columns] = 0.0
        rest = 1 - p
        rest[top, columns] = others.sum(axis=0)
        return np.asarray(p * (1 - y) - y * rest)

    gradient = Textbook(Softmax(logits, 0) - target, (logits, target), error)
    printed = Sum(LogSumExp(logits)) - Sum(target * logits)
    return Textbook(printed, (logits, target), loss, lambda seed: [times(seed, gradient), None])
