"""One time step as a layer of its own: a recurrent cell, and a dense layer at every step."""

from __future__ import annotations

from explain.layers.base import Flow, MisfitError, Size, multiplied
from explain.layers.recurrent import Cell, Recurrent
from explain.layers.simple import Dense


class RecurrentCell(Recurrent):
    """A cell that is called once for each time step by the code itself: a vector comes in, the new state goes out.

    Source: PyTorch torch.nn.LSTMCell, GRUCell, RNNCell; formulas as in a recurrent layer.
    """

    __slots__ = ()
    reads = None  # type: ignore[assignment]  # a vector is a vector

    def __init__(self, cell: Cell, units: Size, biases: int, word: str) -> None:
        super().__init__(cell, units, biases, word=word)

    def output(self, arrived: Flow) -> Flow:
        if len(arrived.sizes) != 1:
            raise MisfitError(f"{{arrived}} arrived, but a cell takes one time step of a {self.cell}, such as 8")
        return Flow((self.units,), "vector")

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        return multiplied((self._copies(arrived.sizes[0]), self.units, arrived.sizes[0] + self.units))


class DenseEachStep(Dense):
    """A dense layer at every time step, with the same weights: it takes a sequence.

    Source: Keras TimeDistributed(Dense).
    """

    __slots__ = ()

    def output(self, arrived: Flow) -> Flow:
        if len(arrived.sizes) < 2:
            raise MisfitError("{arrived} arrived, but there must be time steps, such as 50x8: 50 steps of 8 features")
        return super().output(arrived)
