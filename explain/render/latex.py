r"""Notation as LaTeX that GitHub, Obsidian, VS Code, Jupyter and pandoc all read.

No `\\operatorname`, no `\\textcolor`; `\\\\` only at the end of a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.names import latex_name
from explain.engine.notation import ATOM, Ceiling, Floor, Fraction, Grid, Notation, Operator, Paren, Power, Root, Word


def latex(part: Notation) -> str:
    r"""The LaTeX of a piece of notation.

    >>> from explain.engine.names import word
    >>> latex(Fraction(Word("1"), Root(word("d_k"))))
    '\\frac{1}{\\sqrt{d_k}}'
    """
    if isinstance(part, Word | Operator):
        return part.latex
    if isinstance(part, Fraction):
        return rf"\frac{{{latex(part.first)}}}{{{latex(part.second)}}}"
    if isinstance(part, Root):
        return rf"\sqrt{{{latex(part.inner)}}}"
    if isinstance(part, Power):
        base = latex(part.first)
        if isinstance(part.first, Word) and (part.first.level != ATOM or part.first.text.endswith("⁾")):
            base = rf"\left({base}\right)"
        elif isinstance(part.first, Word) and "^" in base:
            base = f"{{{base}}}"
        return f"{base}^{{{latex(part.second)}}}"
    if isinstance(part, Paren):
        return rf"\left({latex(part.inner)}\right)"
    if isinstance(part, Floor):
        return rf"\left\lfloor {latex(part.inner)} \right\rfloor"
    if isinstance(part, Ceiling):
        return rf"\left\lceil {latex(part.inner)} \right\rceil"
    if isinstance(part, Grid):
        return _matrix(part)
    return "".join(latex(piece) for piece in part.parts)


def _matrix(grid: Grid) -> str:
    rows = []
    for row in grid.rows:
        cells = [] if row is None else [latex(cell) for cell in row]
        if row is None:
            cells = [r"\ddots" if column is None else r"\vdots" for column in grid.columns]
        rows.append(" & ".join(cells))
    if grid.row_names or grid.column_names:
        return _named(grid, rows)
    if len(rows) == 1:
        return rf"\begin{{bmatrix}} {rows[0]} \end{{bmatrix}}"
    return "\\begin{bmatrix}\n" + " \\\\\n".join(rows) + "\n\\end{bmatrix}"


def _named(grid: Grid, rows: Sequence[str]) -> str:
    """A matrix with names: beside its rows and above its columns, behind a rule."""
    names = [f"{latex_name(name)} & " for name in grid.row_names] or [""] * len(rows)
    lines = [name + row for name, row in zip(names, rows, strict=True)]
    head = ""
    if grid.column_names:
        corner = "& " if grid.row_names else ""
        head = corner + " & ".join(map(latex_name, grid.column_names)) + " \\\\\n\\hline\n"
    form = ("r|" if grid.row_names else "") + "r" * len(grid.columns)
    return f"\\begin{{array}}{{{form}}}\n{head}" + " \\\\\n".join(lines) + "\n\\end{array}"
