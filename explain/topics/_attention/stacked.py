"""PyTorch's in_proj_weight and in_proj_bias: what queries, keys and values need, under each other in one.

Source: PyTorch documentation, torch.nn.MultiheadAttention (in_proj_weight, 3d×d; rows are outputs).
"""

from __future__ import annotations

from collections.abc import Mapping

from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount

Parts = Mapping[str, Values | None]
Sources = tuple[tuple[str, Values], ...]
ORDER = tuple(enumerate("QKV"))


def apart(kind: str, given: Parts, sources: Sources, pytorch: bool) -> Parts:
    """W_in as W_Q, W_K and W_V (or b_in as the three biases), where it is given.

    Args:
        kind: `W` or `b`.
        sources: what is multiplied by the weights, with the options it comes from.

    Raises:
        InputError: another layout than PyTorch's, one of the three given as well, three parts that are not equal.
    """
    stacked = given["in"]
    if stacked is None:
        return given
    if not pytorch:
        raise InputError(
            f"{{{kind}_in}} is PyTorch's way to keep {kind}_Q, {kind}_K and {kind}_V: give {{layout}} pytorch"
        )
    for role in "QKV":
        if given[role] is not None:
            raise InputError(f"{{{kind}_in}} and {{{kind}_{role}}} are both given: leave one of them out")
    matrix = _weights(stacked, sources) if kind == "W" else stacked.reshape((len(stacked), 1))
    size = int(matrix.shape[0])
    if size % 3:
        what = amount(size, "row" if kind == "W" else "number")
        raise InputError(f"{{{kind}_in}} has {what}: it holds three equal parts, for Q, K and V")
    third, columns = size // 3, range(int(matrix.shape[1]))
    return {**given, **{role: matrix.block(range(at * third, (at + 1) * third), columns) for at, role in ORDER}}


def _weights(stacked: Values, sources: Sources) -> Values:
    """W_in as a matrix with as many columns as every token has numbers."""
    if len(stacked.shape) > 2:
        raise InputError(
            f"{{W_in}} is {write(stacked.shape)}: it is one matrix, W_Q, W_K and W_V under each other; write ; between "
            "its rows"
        )
    matrix = stacked.reshape((len(stacked), 1)) if len(stacked.shape) == 1 else stacked
    for option, tokens in sources:
        if matrix.shape[1] != tokens.shape[1]:
            instead = "" if option == "X" else "; or give {W_Q}, {W_K} and {W_V} instead"
            raise InputError(
                f"{{W_in}} is {write(matrix.shape)}, but {{{option}}} is {write(tokens.shape)}: it needs "
                f"{amount(int(tokens.shape[1]), 'column')}, one for each of a token's numbers{instead}"
            )
    return matrix
