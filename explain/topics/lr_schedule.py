"""Learning-rate schedules: the rate in every epoch, as formula, table and plot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Column, Table
from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Number, Symbol
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count, Matrix, Scalar
from explain.topics._schedules.formulas import SCHEDULES, Schedule
from explain.topics._schedules.plot import plotted

MOST = 100_000  # epochs or steps
ROWS = 26  # of the table, beside the epochs that are worked
WORKED = 12  # epochs that may be chosen
NAMES = {  # the symbol of each parameter, and what it is
    "lr": ("eta", "base learning rate"),
    "gamma": ("gamma", "factor of the decay"),
    "step": ("s", "epochs from one decay to the next"),
    "lr_min": ("eta_min", "smallest rate"),
    "period": ("T", "epochs from the largest to the smallest rate (T_max in PyTorch)"),
    "warmup": ("w", "length of the warm-up"),
    "d_model": ("d", "width of the model, d_model"),
    "decay": ("k", "how much the divisor grows in an epoch"),
}
Given = Mapping[str, Scalar | Count | None]


@topic
def lr_schedule(
    schedule: Annotated[
        Literal["step", "exponential", "cosine", "linear-warmup", "transformer", "inverse-time"], "which schedule"
    ],
    epochs: Annotated[Count, "how many epochs (transformer: steps) the table shows: 50"],
    lr: Annotated[Scalar | None, "base learning rate, such as 0.001; the transformer's has none"] = None,
    gamma: Annotated[Scalar | None, "step, exponential: the factor of the decay, such as 0.1"] = None,
    step: Annotated[Count | None, "step: epochs from one decay to the next, such as 25"] = None,
    period: Annotated[Count | None, "cosine: epochs down to the smallest rate (T_max); epochs - 1 if left out"] = None,
    lr_min: Annotated[Scalar | None, "cosine: the smallest rate; 0 if left out"] = None,
    warmup: Annotated[Count | None, "linear-warmup, transformer: epochs or steps of the warm-up"] = None,
    d_model: Annotated[Count | None, "transformer: width of the model"] = None,
    decay: Annotated[Scalar | None, "inverse-time: k of η/(1 + k t)"] = None,
    at: Annotated[Matrix | None, "epochs that are worked in full: 0,24,25"] = None,
) -> Answer:
    """Learning-rate schedule: step, exponential, cosine, warm-up, 1/t.

    The formula of the schedule, some epochs worked in full, a table and a plot over the epochs. Epochs are counted
    from 0 as in PyTorch, so that 50 epochs are 0 to 49; the steps of the transformer are counted from 1 as in its
    paper.

    Field: Optimisers

    Source: PyTorch documentation, torch.optim.lr_scheduler (step, exponential, cosine); Loshchilov and Hutter 2017,
    SGDR, eq. 5 (cosine); Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2 (linear warm-up); Vaswani et
    al. 2017, Attention Is All You Need, eq. 3 (transformer)

    Examples:
        explain lr-schedule --schedule step --lr 0.001 --gamma 0.1 --step 25 --epochs 50
        explain lr-schedule --schedule exponential --lr 0.1 --gamma 0.9 --epochs 10
        explain lr-schedule --schedule cosine --lr 0.1 --period 20 --epochs 21
        explain lr-schedule --schedule linear-warmup --lr 0.1 --warmup 5 --epochs 10
        explain lr-schedule --schedule transformer --d-model 512 --warmup 4000 --epochs 20000
        explain lr-schedule --schedule inverse-time --lr 0.1 --decay 0.5 --epochs 10 --at 0,2,4

    Raises:
        InputError: a parameter that the schedule needs or does not have, a rate or a factor that is not above 0, an
            epoch that is not in the table.
    """
    kind, assumed = SCHEDULES[schedule], False
    last = _whole("epochs", epochs) - 1 + kind.first
    if schedule == "cosine" and period is None:
        period, assumed = Count(max(1, last)), True
    given: dict[str, Scalar | Count | None] = {
        "lr": lr, "gamma": gamma, "step": step, "period": period, "lr_min": lr_min, "warmup": warmup,
        "d_model": d_model, "decay": decay,
    }  # fmt: skip
    if schedule == "cosine" and lr_min is None:
        given["lr_min"] = Scalar((), ("0",))
    _refuse(schedule, kind, given, last)
    sheet = Worksheet(f"Learning-rate schedule: {kind.title.lower()}", lr_schedule.source)
    symbols = {name: _introduced(sheet, name, given[name]) for name in (*kind.needs, *kind.may)}
    known = {name: float(sheet.values[symbol.name]) for name, symbol in symbols.items()}
    unit = "step" if kind.first else "epoch"
    worked = "" if at is None else f"; worked in full: {', '.join(at.text(place) for place in _places(at))}"
    t = sheet.given("t", None, f"{unit}, counted from {kind.first}: {last + 1 - kind.first} of them{worked}")
    _conventions(sheet, schedule, last, unit)
    if assumed and last:
        _assumed(sheet, kind, symbols, known, last)
    sheet.part("Formula")
    rule = sheet.define("eta_t", kind.formula(t, symbols), f"Learning rate in {unit} t", say(kind.why, t=t, **symbols))
    chosen = _chosen(at, kind, known, last, unit)
    sheet.part(f"Worked {unit}s")
    found = [_worked(sheet, kind, epoch, symbols, known, unit) for epoch in chosen]
    _shown(sheet, kind, symbols, chosen, last, unit, found)
    _confirm(sheet, kind, known, chosen, found)
    return sheet.answer(rule, *found)


def _whole(option: str, count: Count) -> int:
    if count.number is None:
        raise InputError(f"{{{option}}} is {count.name}: a whole number belongs here, since a table is made")
    if count.number > MOST:
        raise InputError(f"{{{option}}} is {count.number}: at most {MOST}; give fewer")
    return count.number


def _refuse(schedule: str, kind: Schedule, given: Given, last: int) -> None:
    """What the schedule lacks, has no use for, or cannot work with."""
    for name, value in given.items():
        if value is None and name in kind.needs:
            raise InputError(f"{{{name}}} is missing: {{schedule}} {schedule} needs the {NAMES[name][1]}")
        if value is None:
            continue
        if name not in kind.needs and name not in kind.may:
            used = ", ".join(f"{{{other}}}" for other in (*kind.needs, *kind.may))
            raise InputError(
                f"{{{name}}} is given, but {{schedule}} {schedule} has none: it takes {used}; leave it out"
            )
        if isinstance(value, Count):
            _whole(name, value)
        elif value.array < 0 or (value.array == 0 and name != "lr_min"):
            raise InputError(f"{{{name}}} is {value.text(())}: {NAMES[name][1]} must be above 0")
    low, high, period = given["lr_min"], given["lr"], given["period"]
    if isinstance(low, Scalar) and isinstance(high, Scalar) and low.array > high.array:
        raise InputError(f"{{lr_min}} is {low.text(())}: the smallest rate is not above {{lr}}, {high.text(())}")
    if isinstance(period, Count) and period.number is not None and last > period.number:
        raise InputError(
            f"{{epochs}} reaches epoch {last}, but the cosine is at its end in epoch {period.number}, {{period}}: "
            f"give at most {period.number + 1} epochs"
        )


def _introduced(sheet: Worksheet, name: str, value: Scalar | Count | None) -> Symbol:
    symbol, told = NAMES[name]
    values = value if isinstance(value, Values) else Values((), (str(value.number),)) if value is not None else None
    return sheet.given(symbol, values, told, option=name)


def _conventions(sheet: Worksheet, schedule: str, last: int, unit: str) -> None:
    if schedule == "transformer":
        sheet.convention("steps are counted from 1, since the formula has no value at 0; a step is one update")
        return
    all_of_them = f"{last + 1} epochs are 0 to {last}" if last else "the only one is epoch 0"
    sheet.convention(
        f"epochs are counted from 0, as in PyTorch: {all_of_them}; who counts from 1 reads every epoch one higher"
    )
    if schedule == "linear-warmup":
        sheet.convention("{u} 0 has the rate η/w, not 0; code that starts at 0 takes t/w in place of (t + 1)/w", u=unit)


def _assumed(
    sheet: Worksheet, kind: Schedule, symbols: Mapping[str, Symbol], known: Mapping[str, float], last: int
) -> None:
    """The length of the cosine where none is given, and where the other usual one would end."""
    ends = [tidy(kind.again(last, {**known, "period": period})) for period in (known["period"], known["period"] + 1)]
    sheet.convention(
        f"{{period}} is not given: it is taken as epochs - 1, so that the last epoch, {last}, has the rate {ends[0]}; "
        f"with {{period}} = {last + 1}, all epochs, it would have {ends[1]}",
        period=symbols["period"],
    )


def _chosen(at: Matrix | None, kind: Schedule, known: Mapping[str, float], last: int, unit: str) -> list[int]:
    """The epochs that are worked, in order."""
    if at is None:
        return sorted({epoch for epoch in kind.shown(known, last) if kind.first <= epoch <= last})
    if len(at) > WORKED:
        raise InputError(
            f"{{at}} has {len(at)} numbers: at most {WORKED} {unit}s are worked in full; the table has all"
        )
    found = set()
    for place in _places(at):
        number, text = float(at.array[place]), at.text(place)
        if number != math.floor(number) or not kind.first <= number <= last:
            raise InputError(f"{{at}} has {text}: {unit}s here are the whole numbers {kind.first} to {last}")
        found.add(int(number))
    return sorted(found)


def _places(at: Matrix) -> list[tuple[int, ...]]:
    """The places of all its numbers."""
    import numpy as np

    return [tuple(int(axis) for axis in place) for place in np.ndindex(at.array.shape)]


def _worked(
    sheet: Worksheet, kind: Schedule, epoch: int, symbols: Mapping[str, Symbol], known: Mapping[str, float], unit: str
) -> Symbol:
    """One epoch: its number put into the formula."""
    return sheet.define(
        f"eta_{epoch}", kind.formula(Number(epoch, str(epoch)), symbols), f"Learning rate in {unit} {epoch}",
        say(kind.told(epoch, known)),
    )  # fmt: skip


def _shown(
    sheet: Worksheet, kind: Schedule, symbols: Mapping[str, Symbol], chosen: list[int], last: int, unit: str,
    found: list[Symbol],
) -> None:  # fmt: skip
    """The table and the plot: every epoch, or evenly chosen ones where there are many."""
    import numpy as np

    def rate(epoch: int) -> float:
        with np.errstate(all="ignore"):
            found = float(evaluate(kind.formula(Number(epoch, str(epoch)), symbols), sheet.values))
        if not math.isfinite(found):
            raise InputError(f"{{epochs}}: in {unit} {epoch} the rate is beyond 1.8e308; give fewer, or another factor")
        return found

    listed = sorted({*_even(kind.first, last, ROWS), *chosen})
    rows = [[(str(epoch),), (tidy(rate(epoch)),)] for epoch in listed]
    note = say(f"{len(listed)} of the {last + 1 - kind.first} {unit}s") if len(listed) <= last - kind.first else ()
    columns = [Column(unit, True), Column("learning rate", True)]
    needs = tuple(symbol.name for symbol in found)
    sheet.tables.append(Table(f"Learning rate over the {unit}s", columns, rows, note=note, needs=needs))
    places = _even(kind.first, last, 56)
    if len(places) > 1:
        sheet.drawing(
            f"Learning rate over the {unit}s", plotted(places, [("*", [rate(at) for at in places])], unit), found
        )


def _even(first: int, last: int, most: int) -> list[int]:
    """Whole numbers from first to last, evenly spread where there are more than `most`."""
    if last - first < most:
        return list(range(first, last + 1))
    return sorted({first + round((last - first) * at / (most - 1)) for at in range(most)})


def _confirm(
    sheet: Worksheet, kind: Schedule, known: Mapping[str, float], chosen: list[int], found: list[Symbol]
) -> None:
    """The worked rates by another route."""
    again = [kind.again(epoch, known) for epoch in chosen]
    passed = all(
        math.isclose(float(sheet.values[symbol.name]), other, rel_tol=1e-9, abs_tol=1e-15 * known.get("lr", 1.0))
        for symbol, other in zip(found, again, strict=True)
    )
    told = ", ".join(tidy(other) for other in again[-3:])
    last = "the last rates worked" if len(again) > 3 else "the rates worked"
    sheet.check(passed, found, say(f"{kind.route}: {last} come out as {told}"))
