"""The weights of multi-head attention in the three ways they are kept: the paper's, PyTorch's and Keras'.

Source: Vaswani et al. 2017, section 3.2.2; PyTorch documentation, torch.nn.MultiheadAttention (in_proj_weight, rows are
outputs); Keras documentation, MultiHeadAttention (kernels d×h×d_k, output kernel h×d_v×d).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount
from explain.parameters import Count
from explain.topics._attention.stacked import Parts, apart

Layout = Literal["paper", "pytorch", "keras"]
OWN = re.compile(r"\{([Wb]_(?:Q|K|V|O|in))\}")  # options of an attention in an error message
KINDS = {"Q": "queries", "K": "keys", "V": "values"}


class Raw(NamedTuple):
    """What the question gives: weights and biases by Q, K, V, O and `in` (PyTorch's three in one)."""

    weights: Parts
    biases: Parts


class Weights(NamedTuple):
    """Weights and biases as they go on the sheet.

    Attributes:
        heads: how many.
        split: W_Q, W_K, W_V by head (each d×d_k); otherwise one matrix each for all heads.
        transposed: outputs are rows, as in PyTorch.
        output: W_O and its bias.
        width: columns of the output.
        options: by role, the option that the weights come from.
    """

    heads: int
    split: bool
    transposed: bool
    matrices: Mapping[str, list[Values]]
    biases: Mapping[str, list[Values]]
    output: tuple[Values | None, Values | None]
    d_k: int
    d_v: int
    width: int
    options: Mapping[str, str]


def read_weights(raw: Raw, heads: Count | None, layout: Layout, X: Values, other: Values, source: str) -> Weights:
    """The weights, taken apart by head where they are kept so.

    Args:
        other: the tokens that keys and values are made from; `source` is the option they are given by.

    Raises:
        InputError: a matrix is missing or of another shape, or the heads do not divide its width.
    """
    stacked = {kind for kind, parts in (("W", raw.weights), ("b", raw.biases)) if parts["in"] is not None}
    sources = (("X", X), (source, other))
    raw = Raw(*(apart(kind, parts, sources, layout == "pytorch") for kind, parts in zip("Wb", raw, strict=True)))
    given = {role: raw.weights[role] for role in "QKV"}
    for role, W in given.items():
        if W is None:
            together = ", or {W_in}" if layout == "pytorch" else ""
            raise InputError(
                f"{{W_{role}}} is missing: multi-head attention needs {{W_Q}}, {{W_K}} and {{W_V}}{together}"
            )
    whole = {role: W for role, W in given.items() if W is not None}
    called = {role: "W_in" if "W" in stacked else f"W_{role}" for role in "QKV"}  # the options they come from
    number = _heads(heads, whole, layout, called)
    split = len(whole["Q"].shape) == 3 and number > 1  # a single head has no number
    transposed = layout == "pytorch"
    matrices = {}
    for role, W in whole.items():
        tokens, option = (X, "X") if role == "Q" else (other, source)
        matrices[role] = _matrices(W, f"W_{role}", number, layout, int(tokens.shape[1]), option, tokens)
    widths = {role: found[0].shape[0 if transposed else 1] * len(found) for role, found in matrices.items()}
    for role, width in widths.items():
        if width % number:
            raise InputError(
                f"{{heads}} is {number}, but {{{called[role]}}} makes {amount(int(width), 'column')} of "
                f"{KINDS[role]}: each head needs as many, so the number of heads must divide {width}"
            )
    if widths["Q"] != widths["K"]:
        raise InputError(
            f"{{W_K}} makes {amount(int(widths['K']), 'column')} of keys, but {{W_Q}} makes {widths['Q']} of queries: "
            "a query meets a key in a dot product, so both need as many"
        )
    biases = {
        role: _biases(raw.biases[role], "b" in stacked, role, called[role], int(widths[role]), number, split)
        for role in "QKV"
    }
    W_O, b_O, width = _output(raw, number, layout, int(widths["V"]))
    return Weights(
        number, split, transposed, matrices, biases, (W_O, b_O),
        int(widths["K"]) // number, int(widths["V"]) // number, width, called,
    )  # fmt: skip


def read_second(raw: Raw, heads: Count | None, layout: Layout, X: Values, memory: Values) -> Weights:
    """The weights of a decoder's cross-attention, whose options end in `_2`; errors as `read_weights`."""
    try:
        return read_weights(raw, heads, layout, X, memory, "memory")
    except InputError as error:
        raise InputError(OWN.sub(r"{\1_2}", error.message)) from None


def _heads(heads: Count | None, whole: Mapping[str, Values], layout: Layout, called: Mapping[str, str]) -> int:
    """How many heads there are: given, or as many as matrices."""
    if heads is not None and heads.number is None:
        raise InputError(f"{{heads}} is {heads.name}: only a number of heads can be worked with; give one, such as 2")
    number = None if heads is None else heads.number
    told = "{heads} is"
    axis = 1 if layout == "keras" else 0
    for role, W in whole.items():
        if len(W.shape) == 3 and layout != "pytorch":
            found = int(W.shape[axis])
            if number is not None and number != found:
                raise InputError(f"{told} {number}, but {{W_{role}}} has {amount(found, 'head')}: they must agree")
            number, told = found, f"the number of heads in {{W_{role}}} is"
    if number is None:
        raise InputError(
            f"{{heads}} is missing: {{{called['Q']}}} may hold the weights of several heads; give their number, 1 for "
            "a single head"
        )
    if len({len(W.shape) == 3 for W in whole.values()}) > 1:
        one, three = (next((r for r, W in whole.items() if (len(W.shape) == 3) is by), "Q") for by in (False, True))
        raise InputError(
            f"{{W_{one}}} is {write(whole[one].shape)}, one matrix, but {{W_{three}}} is {write(whole[three].shape)}, "
            "a matrix for each head: {W_Q}, {W_K} and {W_V} must be given in the same way"
        )
    return number


def _matrices(
    W: Values, option: str, heads: int, layout: Layout, rows: int, source: str, tokens: Values
) -> list[Values]:
    """W as one matrix for all heads, or as one a head."""
    axes = len(W.shape)
    if axes > 3 or (axes == 3 and layout == "pytorch"):
        mend = "PyTorch keeps one matrix for all heads" if layout == "pytorch" else "or with | one matrix a head"
        raise InputError(f"{{{option}}} is {write(W.shape)}: a matrix belongs here, {mend}")
    if axes == 3:
        found = [taken(W, 1 if layout == "keras" else 0, at) for at in range(heads)]
    else:
        found = [W.reshape((1, len(W)) if (rows == 1) != (layout == "pytorch") else (len(W), 1)) if axes == 1 else W]
    inner = found[0].shape[1 if layout == "pytorch" else 0]
    if inner != rows:
        needed = amount(rows, "column" if layout == "pytorch" else "row")
        raise InputError(
            f"{{{option}}} is {write(W.shape if axes == 3 else found[0].shape)}, but {{{source}}} is "
            f"{write(tokens.shape)}: it needs {needed}" + (" a head" if axes == 3 else "")
        )
    return found


def taken(values: Values, axis: int, at: int) -> Values:
    """The matrix at place `at` of one of the first two of three axes."""
    first, second, columns = (int(size) for size in values.shape)
    rows = second if axis == 0 else first
    places = [((at, row) if axis == 0 else (row, at)) for row in range(rows)]
    if values.texts is None:
        return Values((rows, columns), None, values.array[at] if axis == 0 else values.array[:, at])
    texts = [values.text((*place, column)) for place in places for column in range(columns)]
    return Values((rows, columns), texts)


def _biases(
    b: Values | None, stacked: bool, role: str, matrix: str, width: int, heads: int, split: bool
) -> list[Values]:
    """A bias as one row for all heads, or as one a head."""
    if b is None:
        return []
    if len(b) != width:
        option = "b_in" if stacked else f"b_{role}"
        given = f"{3 * len(b)} numbers, {len(b)} for the {KINDS[role]}" if stacked else amount(len(b), "number")
        raise InputError(
            f"{{{option}}} has {given}, but {{{matrix}}} makes {amount(width, 'column')} of {KINDS[role]}: one number "
            "a column is needed"
        )
    row = b.reshape((1, width))
    size = width // heads
    return [row.block(range(1), range(at * size, (at + 1) * size)) for at in range(heads)] if split else [row]


def _output(raw: Raw, heads: int, layout: Layout, joined: int) -> tuple[Values | None, Values | None, int]:
    """W_O, its bias and the width of the output."""
    W, b = raw.weights["O"], raw.biases["O"]
    if W is None:
        if b is not None:
            raise InputError("{b_O} is given, but {W_O} is missing: the bias belongs to the output weights")
        return None, None, joined
    if len(W.shape) == 3:
        if layout == "pytorch" or W.shape[0] != heads:
            mend = "PyTorch keeps one matrix" if layout == "pytorch" else f"with | it has one matrix a head, {heads}"
            raise InputError(f"{{W_O}} is {write(W.shape)}: {mend}")
        W = W.reshape((int(W.shape[0]) * int(W.shape[1]), W.shape[2]))
    if len(W.shape) == 1:
        W = W.reshape((1, len(W)) if (joined == 1) != (layout == "pytorch") else (len(W), 1))
    inner, width = (W.shape[1], W.shape[0]) if layout == "pytorch" else (W.shape[0], W.shape[1])
    if len(W.shape) != 2 or inner != joined:
        needed = amount(joined, "column" if layout == "pytorch" else "row")
        raise InputError(
            f"{{W_O}} is {write(W.shape)}, but the heads side by side have {amount(joined, 'column')}: it needs "
            f"{needed}"
        )
    if b is not None and len(b) != width:
        raise InputError(
            f"{{b_O}} has {amount(len(b), 'number')}, but {{W_O}} makes {amount(int(width), 'column')}: one number a "
            "column is needed"
        )
    return W, None if b is None else b.reshape((1, len(b))), int(width)
