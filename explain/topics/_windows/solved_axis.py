"""One axis of a sliding window with an unknown: the steps that find it, and the check by trying every number."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from explain.engine.functions import MAX
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.sizes import CeilingQuotient, FloorQuotient
from explain.engine.prose import say
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.layers.base import as_node
from explain.layers.sliding import Slide
from explain.topics._windows.axes import NAMES

ZERO, ONE, TWO = Number(0, "0"), Number(1, "1"), Number(2, "2")
MOST_TRIED = 20_000
MEANINGS = {
    "i": "size of the input", "o": "size of the output that is wanted", "k": "size of the window", "s": "stride",
    "p": "zeros on each side", "d": "dilation",
}  # fmt: skip
OPTIONS = {"i": "input", "o": "output_size", "k": "kernel", "s": "stride", "p": "padding", "d": "dilation"}
TITLES = {"k": "Size of the window", "i": "Size of the input", "p": "Padding", "s": "Stride"}


class Problem(NamedTuple):
    """One axis: the known numbers by their letters (`s` may be missing where it is the kernel), and the unknown."""

    known: dict[str, int]
    unknown: str
    pooling: bool

    def places(self, value: int) -> int:
        """The output size with a value for the unknown, by counting the places of the window."""
        all_of = {"s": 1, "p": 0, "d": 1, **self.known, self.unknown: value}
        tied = self.pooling and "s" not in self.known and self.unknown != "s"  # windows side by side
        step = all_of["k"] if tied else all_of["s"]
        covers = all_of["d"] * (all_of["k"] - 1) + 1
        return len(range(0, all_of["i"] + 2 * all_of["p"] - covers + 1, step))


class SolvedAxis:
    """The working for one axis; `axis` tells its letters from those of others, empty where there is one only."""

    def __init__(self, sheet: Worksheet, axis: str, problem: Problem) -> None:
        self.sheet, self.problem, self.axis = sheet, problem, axis
        if axis:
            sheet.part(NAMES[axis].capitalize())
        self.known = {"s": 1, "p": 0, **problem.known}
        self.tied = problem.pooling and "s" not in problem.known and problem.unknown != "s"
        if self.tied:  # windows side by side
            del self.known["s"]
        self.symbols: dict[str, Symbol] = {}
        for letter in "iokspd":
            if letter in self.known and letter != problem.unknown:
                self._given(letter)
        if self.tied and problem.unknown != "k":
            self.symbols["s"], self.known["s"] = self.symbols["k"], self.known["k"]
        self._defaults()

    def _given(self, letter: str) -> None:
        where = f" along the {NAMES[self.axis]}" if self.axis else ""
        option = OPTIONS[letter] if letter in self.problem.known else ""
        name = f"{letter}_{self.axis}" if self.axis else letter
        meaning = "places added on each side" if letter == "p" and self.problem.pooling else MEANINGS[letter]
        self.symbols[letter] = self.sheet.given(name, whole(self.known[letter]), meaning + where, option=option)

    def _defaults(self) -> None:
        """What was left out, and is not the unknown, said once."""
        told = ["stride as large as the window"] if self.tied else []
        for letter, usual in (("s", "stride 1"), ("p", "padding 0")):
            if (
                letter not in self.problem.known
                and letter != self.problem.unknown
                and not (letter == "s" and self.tied)
            ):
                told.append(usual)
        if told and self.axis in ("", "H", "D"):
            self.sheet.convention(" and ".join(told) + " (default)")

    def __getattr__(self, letter: str) -> Symbol:
        return self.symbols[letter]

    @property
    def covers(self) -> Node:
        """The places that the window covers."""
        return as_node(Slide(self.k, dilation=self.symbols.get("d", 1)).covers)

    def number(self, symbol: Symbol) -> int:
        """The value of a step."""
        return int(self.sheet.values[symbol.name].item())

    def define(self, name: str, formula: Node, title: str, why: str) -> Symbol:
        """One step; `why` may name the letters of the axis."""
        written = f"{name}{self.axis}" if "_" in name else f"{name}_{self.axis}" if self.axis else name
        return self.sheet.define(written, formula, title, say(why, **self.symbols))

    def solved(self) -> list[Symbol]:
        """The steps of the unknown, and the check by trying."""
        solve: dict[str, Callable[[], list[Symbol]]] = {
            "k": self._tied if self.tied else self._kernel, "p": self._padding, "s": self._stride, "i": self._input,
        }  # fmt: skip
        results = solve[self.problem.unknown]()
        self._pooled(results)
        self._tried(results)
        return results

    def _pooled(self, results: list[Symbol]) -> None:
        """A pool pads at most half of its window."""
        if not self.problem.pooling:
            return
        first, last = self.number(results[0]), self.number(results[-1])
        window = first if self.problem.unknown == "k" else self.known["k"]
        in_all = (
            last if results[0].name.startswith("z") else 2 * (last if self.problem.unknown == "p" else self.known["p"])
        )
        if in_all > window:
            raise InputError(
                f"{{output_size}} is {self.known['o']}: it takes {in_all} places of padding with a window of {window}, "
                "and a pool pads at most half of its window on each side; change another number"
            )

    def _range(self, largest: Node, smallest: Node, why: tuple[str, str]) -> list[Symbol]:
        """The largest and the smallest value of the unknown, or the one there is."""
        letter = self.problem.unknown
        top = self.define(f"{letter}_max", largest, f"The largest {MEANINGS[letter]}", why[0])
        low = self.define(f"{letter}_min", smallest, f"The smallest {MEANINGS[letter]}", why[1])
        if self.number(low) > self.number(top) or self.number(top) < 1:
            raise InputError(self._none())
        if self.number(low) == self.number(top):
            return [self.define(letter, top, TITLES[letter], "the largest is the smallest too: there is one only")]
        return [low, top]

    def _none(self) -> str:
        what = MEANINGS[self.problem.unknown]
        return f"{{output_size}} is {self.known['o']}, which no {what} gives with the other numbers: change one of them"

    def _kernel(self) -> list[Symbol]:
        room = self.i + 2 * self.p - (self.o - 1) * self.s
        largest = self.known["i"] + 2 * self.known["p"] - (self.known["o"] - 1) * self.known["s"]
        if largest < 1:
            raise InputError(
                f"{{output_size}} is {self.known['o']}, but a window of 1 gives {self.problem.places(1)}: pad more, "
                "take a smaller stride; sizes stand without channels here"
            )
        fits = (
            "the last of {o} windows begins ({o} - 1) {s} places after the first; it covers what is left of the input"
        )
        more = "a window that is {s} places shorter would fit once more"
        if "d" not in self.known and self.known["s"] == 1:
            return [self.define("k", room, TITLES["k"], fits)]
        if "d" not in self.known:
            return self._range(room, MAX(ONE, room - (self.s - 1)), (fits, more))
        w = self.define("w", room, "The most places that the window can cover", fits)
        self.symbols["w"] = w
        largest_k, smallest_k = (
            FloorQuotient(w - 1, self.d) + 1,
            CeilingQuotient(MAX(ONE, w - (self.s - 1)) - 1, self.d) + 1,
        )
        spread = "a window of so many entries, {d} apart, covers at most {w} places"
        return self._range(largest_k, smallest_k, (spread, "fewer entries would leave room for one window more"))

    def _tied(self) -> list[Symbol]:
        """Windows side by side: the stride is the window."""
        if "d" in self.known:
            raise InputError("{stride} is missing: with {dilation}, it must be given")
        if self.known["i"] + 2 * self.known["p"] < self.known["o"]:
            raise InputError(self._none())
        padded = self.i + 2 * self.p
        why = ("{o} windows side by side must fit into the padded input", "{o} + 1 of them must not fit any more")
        return self._range(FloorQuotient(padded, self.o), FloorQuotient(padded, self.o + 1) + 1, why)

    def _padding(self) -> list[Symbol]:
        needed = (self.o - 1) * self.s + self.covers - self.i
        why = "from the first place to the end of the last window: what the {i} places do not hold is filled with zeros"
        z = self.define("z", needed, "Zeros that are needed, on both sides together", why)
        least, spare = self.number(z), self.known["s"] - 1
        if least + spare < 0:
            raise InputError(
                f"{{output_size}} is {self.known['o']}, but without padding it is {self.problem.places(0)} already: "
                "take a larger stride or kernel"
            )
        low, top = max(0, -(-least // 2)), (least + spare) // 2
        if low > top:
            self.sheet.convention(
                f"no whole number of zeros on each side gives this: there are {least} in all, {least // 2} on one side "
                f"and {least - least // 2} on the other (same padding in Keras does that)"
            )
            return [z]
        half = "half of them on each side" + (", rounded up" if least % 2 else "")
        halved = CeilingQuotient(MAX(ZERO, z) if least < 0 else z, TWO)
        if low == top:
            return [self.define("p", halved, "Zeros on each side", half)]
        self.symbols["z"] = z
        first = self.define("p_min", halved, "The fewest zeros on each side", half)
        more = "{s} - 1 zeros more leave no room for another window"
        return [first, self.define("p_max", FloorQuotient(z + (self.s - 1), TWO), "The most zeros on each side", more)]

    def _stride(self) -> list[Symbol]:
        n = self.define(
            "n", self.i + 2 * self.p - self.covers, "Places beside the first window", "the padded input without it"
        )
        self.symbols["n"] = n
        if self.number(n) < 0:
            raise InputError("{kernel} is larger than the padded {input}: make it smaller or pad more")
        if self.known["o"] == 1:
            return [
                self.define(
                    "s_min", n + 1, "The smallest stride", "a second window must not fit: the step is more than {n}"
                )
            ]
        why = ("the {o} - 1 steps after the first window must fit into {n} places", "{o} steps must not fit any more")
        return self._range(FloorQuotient(n, self.o - 1), FloorQuotient(n, self.o) + 1, why)

    def _input(self) -> list[Symbol]:
        needed = (self.o - 1) * self.s + self.covers - 2 * self.p
        why = "from the first place to the end of the last window, without the zeros that are added"
        if self.known["s"] == 1:
            results = [self.define("i", needed, TITLES["i"], why)]
        else:
            least = self.define("i_min", MAX(ONE, needed), "The smallest input", why)
            more = "{s} - 1 places more leave no room for another window"
            results = [least, self.define("i_max", needed + (self.s - 1), "The largest input", more)]
        if self.number(results[-1]) < 1:
            raise InputError(self._none())
        return results

    def _tried(self, results: list[Symbol]) -> None:
        """A second route: numbers are tried, and the places of the window counted."""
        unknown, wanted = self.problem.unknown, self.known["o"]
        if unknown == "p" and results[0].name.startswith("z"):
            self._uneven(results[0])
            return
        low, top = self.number(results[0]), self.number(results[-1])
        first, open_ended = 0 if unknown == "p" else 1, unknown == "s" and wanted == 1
        tried = range(first, top + 6)
        if top > MOST_TRIED:
            tried = range(max(first, low - 3), top + 3) if top - low < MOST_TRIED else range(top, top + 3)
        right = [value for value in tried if self.problem.places(value) == wanted]
        expected = [value for value in tried if low <= value and (open_ended or value <= top)]
        named = f"{low} and more" if open_ended else str(low) if low == top else f"{low} to {top}"
        told = (
            f"trying {tried[0]} to {tried[-1]} and counting the places of the window: {{o}} = {wanted} for {named} only"
        )
        self.sheet.check(right == expected, results, say(told, o=self.o))

    def _uneven(self, z: Symbol) -> None:
        covers = self.known.get("d", 1) * (self.known["k"] - 1) + 1
        counted = len(range(0, self.known["i"] + self.number(z) - covers + 1, self.known["s"]))
        told = f"with {self.number(z)} zeros in all the window has {counted} places"
        self.sheet.check(counted == self.known["o"], [z], say(told))
