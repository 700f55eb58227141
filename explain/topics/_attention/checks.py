"""Second routes for attention: each row of weights sums to one; with two keys softmax is a sigmoid."""

from __future__ import annotations

from explain.engine.functions import SIGMOID
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word, call, related
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.topics._attention.naming import Naming


def check_weights(sheet: Worksheet, weights: Symbol, scaled: str = "") -> None:
    """The weights sum to one; of one query with two keys (its scaled scores are `scaled`) they are a sigmoid."""
    import numpy as np

    value = sheet.values[weights.name]
    off = float(np.abs(value.sum(axis=1) - 1).max())
    rows = "the weights in {A} sum" if len(value) == 1 else f"each of the {len(value)} rows of weights in {{A}} sums"
    sheet.check(off < 1e-12, [weights], say(f"{rows} to 1", A=weights))
    if scaled and value.shape[1] == 2 and np.isfinite(sheet.values[scaled]).all():
        gap = float(sheet.values[scaled][0, 0] - sheet.values[scaled][0, 1])
        first = float(SIGMOID.numpy(np.asarray(gap)))
        sigmoid = call(SIGMOID.word, Word(tidy(gap)))
        sheet.check(
            abs(first - float(value[0, 0])) < 1e-12,
            [weights],
            say(
                "with two keys softmax is a sigmoid of the difference: {a}",
                a=related(word(weights.name, "1"), "=", sigmoid, "≈", Word(tidy(first))),
            ),
        )


def check_heads(sheet: Worksheet, heads: int, naming: Naming) -> None:
    """The weights of every head sum to one."""
    import numpy as np

    if heads == 1:
        check_weights(sheet, sheet.last(naming.of("A")))
        return
    names = [naming._replace(head=head).of("A") for head in range(1, heads + 1)]
    off = max(float(np.abs(sheet.values[name].sum(axis=1) - 1).max()) for name in names)
    listed = [part for name in names for part in (", ", word(name))][1:]
    sheet.check(off < 1e-12, [sheet.last(name) for name in names], ("each row of weights in ", *listed, " sums to 1"))
