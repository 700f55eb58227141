"""Sequences for recurrent networks: one column a time step, one column a sample beside it, targets to match."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount
from explain.matrices import Matrices

MOST_STEPS = 2000


def time_steps(x: Matrices, features: int, entry: str) -> list[Values]:
    """The input of every time step, features×samples.

    Args:
        x: one matrix a sample, one row a time step; a list of numbers is steps of one number, or one step.
        features: how many numbers a step has.
        entry: the parameter that fixes them, for errors.
    """
    samples = [_rows(item, features, entry) for item in x.items]
    lengths = {int(sample.shape[0]) for sample in samples}
    if len(lengths) > 1:
        raise InputError(
            f"{{x}} has sequences of {' and '.join(map(str, sorted(lengths)))} steps: a batch needs equal lengths; "
            "work them one by one"
        )
    steps = lengths.pop()
    if steps > MOST_STEPS:
        raise InputError(f"{{x}} has {steps} time steps: at most {MOST_STEPS} are worked; give fewer")
    return [columns(samples, at) for at in range(steps)]


def _rows(x: Values, features: int, entry: str) -> Values:
    rows = x
    if len(x.shape) == 1 or (1 in x.shape and features == 1):
        rows = x.reshape((len(x) // features, features)) if features in (1, len(x)) else x.reshape((1, len(x)))
    if rows.shape[1] != features:
        raise InputError(
            f"{{x}} has {amount(int(rows.shape[1]), 'number')} a step, but {{{entry}}} is for {features}: "
            f"each time step needs {amount(features, 'number')}; separate the steps with ;"
        )
    return rows


def columns(samples: Sequence[Values], at: int) -> Values:
    """Row `at` of every sample as a column."""
    width = int(samples[0].shape[1])
    if all(sample.texts is not None for sample in samples):
        texts = [sample.text((at, row)) for row in range(width) for sample in samples]
        return Values((width, len(samples)), texts)
    import numpy as np

    return Values((width, len(samples)), None, np.stack([sample.array[at] for sample in samples], axis=1))


def initial(name: str, given: Values | None, units: int, samples: int) -> Values:
    """A state before the first step: zeros, one for all samples, or one row a sample."""
    if given is None:
        return Values((units, samples), ["0"] * (units * samples))
    if len(given) == units and (len(given.shape) == 1 or 1 in given.shape):
        column = given.reshape((units, 1))
        return column if samples == 1 else columns([given.reshape((1, units))] * samples, 0)
    if given.shape == (samples, units):
        return given.transposed()
    if units == 1 and len(given) == samples:
        return given.reshape((1, samples))
    each = f", or one row a sample, {samples}x{units}" if samples > 1 else ""
    raise InputError(
        f"{{{name}}} has {amount(len(given), 'number')}, but there {'is' if units == 1 else 'are'} "
        f"{amount(units, 'unit')}: it needs {amount(units, 'number')}{each}"
    )


def targets(target: Matrices, outputs: int, steps: int, samples: int) -> list[Values]:
    """The target of every step that has one, outputs×samples: `steps` rows a sample."""
    items = target.items
    if len(items) == 1 and outputs == 1 and samples > 1 and items[0].shape == (samples, steps):
        items = tuple(items[0].row(at) for at in range(samples))  # one row a sample, one number a step
    if len(items) == 1 and samples > 1 and items[0].shape in ((samples, outputs), (samples,)) and steps == 1:
        items = tuple(items[0].reshape((samples, outputs)).row(at) for at in range(samples))  # one row a sample
    if len(items) != samples:
        raise InputError(
            f"{{target}} is given for {amount(len(items), 'sample')}, but {{x}} has {samples}: one each, with | between"
        )
    found = []
    for item in items:
        flat = len(item.shape) == 1 or (1 in item.shape and 1 in (steps, outputs))
        if len(item) == outputs * steps and not flat and item.shape != (steps, outputs):
            raise InputError(
                f"{{target}} is {write(item.shape)}, but there are {amount(outputs, 'output')} at "
                f"{amount(steps, 'step')}: it needs a row a step, {steps}x{outputs}"
            )
        if len(item) != outputs * steps:
            raise InputError(
                f"{{target}} has {amount(len(item), 'number')}, but there {'is' if outputs == 1 else 'are'} "
                f"{amount(outputs, 'output')} at {amount(steps, 'step')}: it needs {outputs * steps}"
            )
        found.append(item.reshape((steps, outputs)))
    return [columns(found, at) for at in range(steps)]
