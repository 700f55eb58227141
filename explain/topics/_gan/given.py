"""What a discriminator said of a batch: probabilities that a sample is real, or their logits."""

from __future__ import annotations

from explain.engine.notation import Word
from explain.engine.values import Values
from explain.errors import InputError
from explain.parameters import Matrix

REAL = Word("D(x)", "D(x)", key="D_x")
FAKE = Word("D(G(z))", "D(G(z))", key="D_G")
LARGEST = 500.0  # of a logit: the probability of a larger one is too near to 0 or 1 to be worked


def batch(option: str, given: Matrix, logits: bool) -> Values:
    """One number for each sample: a column, or a single number for a single sample.

    Raises:
        InputError: more than one row and column, or a number that is no probability between 0 and 1.
    """
    if len(given.shape) == 2 and 1 not in given.shape:
        rows, columns = given.shape
        raise InputError(f"{{{option}}} is {rows}×{columns}: one number a sample belongs here, as 0.9,0.8")
    column = given.reshape((len(given), 1) if len(given) > 1 else ())
    for at in range(len(given)):
        index = (at, 0) if column.shape else ()
        _refuse(option, column.text(index), float(column.array[index]), logits)
    return column


def _refuse(option: str, text: str, value: float, logits: bool) -> None:
    if logits:
        if abs(value) > LARGEST:
            raise InputError(f"{{{option}}} has {text}: a logit lies between -{LARGEST:g} and {LARGEST:g} here")
        return
    if not 0 <= value <= 1:
        raise InputError(
            f"{{{option}}} has {text}: a discriminator's output is a probability between 0 and 1; "
            "these look like logits: add {logits} yes"
        )
    if value == 0 or (value == 1 and option == "fake"):
        lost = "log(1 - D(G(z)))" if value == 1 else "log D(x)" if option == "real" else "log D(G(z))"
        side = "above 0" if value == 0 else "below 1"
        raise InputError(
            f"{{{option}}} has {text}: {lost} is log 0 = -∞ there, and a loss infinite; give a number {side}, or the "
            "logits with {logits} yes"
        )
