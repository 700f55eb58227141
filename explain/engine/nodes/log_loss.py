"""The loss of a prediction by softmax, written with probabilities and differentiated with respect to the scores.

Sources: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.2.2.3 (softmax and the log-likelihood undo each
other); Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.109 (the gradient p - y).
"""

from __future__ import annotations

from explain.engine.evaluate import evaluate
from explain.engine.nodes.arithmetic import negative, times
from explain.engine.nodes.base import Node, Number, Symbol, Textbook
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.picked import difference


class LogLoss(Textbook):
    """Minus the logarithms of the targets' probabilities, summed or averaged over the rows.

    The gradient at the scores is P - Y, in one step: what the loss is worked from stands `aside` when it is
    differentiated.

    Args:
        scores: what goes into softmax, one example a row.
        p: the probability of each row's target as a column, or its logarithm.
        logs: the logarithms, made of p.
        P, Y: all probabilities, and the targets as one-hot rows.
        mean: whether the sum is divided by the number of rows.
    """

    __slots__ = ("aside",)

    def __init__(self, scores: Symbol, p: Symbol, logs: Node, P: Symbol, Y: Symbol, mean: bool) -> None:
        rows = int(scores.shape[0])
        count = Number(rows, str(rows)) if mean and rows > 1 else None

        def shared(node: Node) -> Node:
            return node if count is None else node / count

        printed = shared(negative(Sum(logs)))
        super().__init__(
            printed,
            (scores, p, Y),
            lambda _, column, __: evaluate(printed, {p.name: column}),
            lambda seed: [times(seed, shared(difference(P, Y))), None, None],
        )
        self.aside = (p.name, Y.name)
