"""What the steps of one attention are called: plain, by head, and by the attention's place in a block."""

from __future__ import annotations

from typing import NamedTuple

SMALL = {"S": "s", "U": "u", "U_m": "u_m", "A": "alpha"}  # of a single query these are vectors


class Naming(NamedTuple):
    """`head` counts heads from 1 (0: there is one only); `place` is the attention's number in a decoder, or nothing.

    >>> Naming().of("S"), Naming(2).of("S"), Naming(2).of("W_Q"), Naming(2, "2").of("A")
    ('S', 'S_2', 'W_Q2', 'A_2^2')
    """

    head: int = 0
    place: str = ""
    single: bool = False

    def of(self, base: str) -> str:
        """The plain name of a quantity."""
        base = SMALL.get(base, base) if self.single else base
        head = str(self.head) if self.head else ""
        joined = head and ("" if "_" in base else "_")
        return base + joined + head + (f"^{self.place}" if self.place else "")

    @property
    def whole(self) -> Naming:
        """The names of what all heads share."""
        return Naming(0, self.place)

    @property
    def first(self) -> Naming | None:
        """The names of the head, or of the attention, that is worked before this one; None for the first of all.

        >>> Naming(3).first, Naming(1, "2").first, Naming(1).first
        (Naming(head=1, place='', single=False), Naming(head=1, place='', single=False), None)
        """
        if self.head > 1:
            return self._replace(head=1)
        return self._replace(place="") if self.place else None

    @property
    def as_in(self) -> str:
        """`as in head 1`: where the whole reason stands."""
        return "as in head 1" if self.head > 1 else "as in the first attention"

    @property
    def told(self) -> str:
        """` of head 2`, for a title."""
        return f" of head {self.head}" if self.head else ""
