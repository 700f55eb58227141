"""What a question about a penalty must hold, and what excludes what."""

from __future__ import annotations

from collections.abc import Sequence

from explain.errors import InputError
from explain.parameters import Matrix, Scalar


def check_numbers(lam: Scalar, penalty: str, l1_ratio: Scalar | None) -> None:
    """λ is not negative, the share of L1 is a share and goes with the elastic net.

    Raises:
        InputError: says which is out of its range.
    """
    if lam.exact(()) < 0:
        raise InputError(f"{{lam}} is {lam.text(())}: a negative λ would reward large parameters; give 0 or more")
    if l1_ratio is not None and penalty != "elastic-net":
        raise InputError(f"{{l1_ratio}} is given, but {{penalty}} is {penalty}: only elastic-net mixes the two norms")
    if l1_ratio is not None and not 0 <= l1_ratio.exact(()) <= 1:
        raise InputError(f"{{l1_ratio}} is {l1_ratio.text(())}: it is a share, from 0 (all L2) to 1 (all L1)")


def check_together(
    loss: Scalar | None,
    y: Matrix | None,
    yhat: Matrix | None,
    gradient: Sequence[Matrix] | None,
    lr: Scalar | None,
) -> None:
    """Targets go with predictions, a data loss is given or worked, a step needs a gradient.

    Raises:
        InputError: says what is missing, or one too many.
    """
    if (y is None) != (yhat is None):
        there, missing = ("{yhat}", "{y}") if y is None else ("{y}", "{yhat}")
        raise InputError(f"{there} is given, but {missing} is missing: the data loss compares the two")
    if loss is not None and y is not None:
        raise InputError("{loss} and {y} are both given: the data loss is either known or worked; leave one away")
    if lr is not None and gradient is None:
        raise InputError(
            "{lr} is given, but {gradient} is missing: a step needs the gradient of the data loss too; give zeros for "
            "the penalty alone"
        )
    if lr is not None and lr.exact(()) <= 0:
        raise InputError(f"{{lr}} is {lr.text(())}: a learning rate must be positive, such as 0.1")
