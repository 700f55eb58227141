"""Notation on one line of text, the same line for every width: what JSON gives beside the LaTeX.

A matrix is `[a, b; c, d]` (entries by commas, rows by semicolons), a fraction `a/b`, a root `√a`; a superscript
stands raised where Unicode has the letters, else as `^`. What is left out of a large matrix is `⋯` or `⋮`.
"""

from __future__ import annotations

from explain.engine.notation import Grid, Notation
from explain.engine.prose import Prose
from explain.render.boxes import Box, BoxWriter, text_box
from explain.render.layout import paint


def linear(part: Notation) -> str:
    """Notation as one line of text.

    >>> from explain.engine.notation import Fraction, Root, Word
    >>> linear(Fraction(Grid([[Word("1"), Word("2")], [Word("3"), Word("4")]], [0, 1]), Root(Word("d"))))
    '[1, 2; 3, 4]/√d'
    """
    return "".join(text for line in paint(LinearWriter(inline=True).box(part)) for text, _ in line)


def sentence(text: Prose) -> str:
    """A sentence with its symbols as text."""
    return "".join(part if isinstance(part, str) else linear(part) for part in text)


class LinearWriter(BoxWriter):
    """Boxes of one line: the inline form of everything, and matrices in one line too."""

    def box(self, part: Notation) -> Box:
        """The box of a piece of notation."""
        return text_box(_matrix(part)) if isinstance(part, Grid) else super().box(part)


def _matrix(grid: Grid) -> str:
    return "[" + "; ".join("⋮" if row is None else ", ".join(map(linear, row)) for row in grid.rows) + "]"
