"""Bookkeeping of a search for a probable sequence: what is looked at, kept and dropped. Numbers are worked elsewhere.

Products are compared as exact fractions of the numbers as typed, so that rounding decides no tie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from explain.engine.names import latex_name
from explain.engine.notation import Word
from explain.engine.values import Values
from explain.errors import InputError, shown
from explain.topics._language.prefixes import ANY, START

Tokens = tuple[int, ...]
MOST_SEQUENCES = 5000  # that an exhaustive search looks at
ABBREVIATED = 40  # characters of a sequence that is written in full


class Model(NamedTuple):
    """The table of probabilities: its rows, what they are called, and which of them follows a prefix.

    Attributes:
        by_prefix: the row of each prefix, joined by spaces; None where the last token alone counts.
        end: the token that finishes a sequence.
    """

    table: Values
    called: Sequence[str]
    names: Sequence[str]
    by_prefix: Mapping[str, int] | None
    end: int | None

    def row(self, prefix: Tokens) -> int:
        """The row that says what follows a prefix.

        Raises:
            InputError: there is none for this prefix.
        """
        if self.by_prefix is None:
            return prefix[-1] + 1 if prefix else 0
        key = " ".join(self.names[token] for token in prefix) or START
        found = self.by_prefix.get(key, self.by_prefix.get(ANY))
        if found is None:
            raise InputError(
                f"{{after}} has no row for the prefix {shown(key)}, which the search reaches: add it, or a row * for "
                "every prefix that is not listed"
            )
        return found

    def p(self, prefix: Tokens, token: int) -> Fraction:
        """The probability of a token after a prefix."""
        return self.table.exact((self.row(prefix), token))

    def told(self, tokens: Tokens) -> str:
        """A sequence in words; of a long one both ends."""
        words = [self.names[token] for token in tokens]
        text = " ".join(words) or START
        return text if len(text) <= ABBREVIATED else f"{words[0]} … {words[-1]}"

    def quoted(self, tokens: Tokens) -> str:
        """A sequence as a sentence has it, since `a` is a word too."""
        return f'"{self.told(tokens)}"'

    def conditional(self, before: Tokens, token: int) -> Word:
        """How the probability of a token after others is written: `P(B | A)`."""
        given = self.told(before if self.by_prefix is not None else before[-1:])
        own = self.names[token]
        return Word(f"P({own} | {given})", rf"P({latex_name(own)} \mid {latex_name(given)})", key="P")


class Hypothesis(NamedTuple):
    """The tokens so far, and their probability."""

    tokens: Tokens
    p: Fraction


class Round(NamedTuple):
    """One step of the search.

    Attributes:
        live: the hypotheses that are continued.
        candidates: the place (hypothesis, token) of each candidate, and what it is, from the most probable on.
        kept: how many of them are kept: the first ones.
        ended: which of those have ended.
    """

    live: Sequence[Hypothesis]
    candidates: Sequence[tuple[tuple[int, int], Hypothesis]]
    kept: int
    ended: Sequence[int]

    @property
    def going_on(self) -> list[int]:
        """Which of the kept ones are continued."""
        return [at for at in range(self.kept) if at not in self.ended]


def searched(model: Model, beam: int, steps: int) -> list[Round]:
    """Beam search: of all continuations the most probable are kept; one that has ended leaves the beam, with its place.

    Source: Jurafsky and Martin, Speech and Language Processing, 3rd edition draft, figure with the algorithm
    """
    live, rounds, room = [Hypothesis((), Fraction(1))], [], beam
    size = len(model.names)
    for _ in range(steps):
        found = [
            ((at, token), Hypothesis((*before.tokens, token), before.p * model.p(before.tokens, token)))
            for at, before in enumerate(live)
            for token in range(size)
        ]
        found.sort(key=lambda candidate: -candidate[1].p)  # equal ones stay in the order of the table
        kept = min(room, sum(candidate.p > 0 for _, candidate in found))
        ended = [at for at in range(kept) if found[at][1].tokens[-1] == model.end]
        rounds.append(Round(live, found, kept, ended))
        room -= len(ended)
        live = [found[at][1] for at in rounds[-1].going_on]
        if not live:
            break
    return rounds


def finals(rounds: Sequence[Round]) -> list[tuple[int, int, Hypothesis]]:
    """What has ended, and what was still going on after the last step: step (from 0), place among the kept, itself."""
    found = []
    for step, done in enumerate(rounds):
        which = range(done.kept) if step == len(rounds) - 1 else done.ended
        found += [(step, at, done.candidates[at][1]) for at in which]
    return found


def exhausted(model: Model, steps: int) -> list[Hypothesis] | None:
    """Every sequence that ends or has `steps` tokens; None where they are too many, or rows are missing."""
    found: list[Hypothesis] = []
    waiting = [Hypothesis((), Fraction(1))]
    looked = 0
    while waiting:
        before = waiting.pop()
        for token in range(len(model.names)):
            looked += 1
            if looked > MOST_SEQUENCES:
                return None
            try:
                p = before.p * model.p(before.tokens, token)
            except InputError:
                return None
            if p:
                after = Hypothesis((*before.tokens, token), p)
                done = token == model.end or len(after.tokens) == steps
                (found if done else waiting).append(after)
    return sorted(found, key=lambda hypothesis: hypothesis.tokens)
