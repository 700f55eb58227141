"""One step of a recurrent layer as a layer of its own."""

from __future__ import annotations

from explain.layers.base import Flow, MisfitError, Size, multiplied
from explain.layers.recurrent import Cell, Recurrent


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
