"""Signs and words that a page explains when it uses them."""

from __future__ import annotations

from collections.abc import Iterable

from explain.engine.nodes.window import CONVOLUTION, STAR, TRANSPOSED_CONVOLUTION, TRANSPOSED_STAR
from explain.engine.notation import HADAMARD, OSLASH, Grid, Notation, Operator, Word
from explain.engine.prose import Prose
from explain.page.letters import OF_LETTERS, letters_told
from explain.page.model import Equation, Section

MEANINGS: dict[str, Prose] = {
    HADAMARD.text: (Word("⊙", r"\odot"), " multiplies entry by entry"),
    OSLASH.text: (Word("⊘", r"\oslash"), " divides entry by entry"),
    "diag": ("diag(v) is the matrix with v on its diagonal and zeros elsewhere",),
    "rowsum": ("rowsum adds up each row into one number",),
    "columnsum": ("columnsum adds up each column into one number",),
    "each": ("each(a) has a in every place",),
    "mapsum": ("mapsum adds up the map of each channel, over all samples",),
    "I": ("I is the identity matrix: 1 on the diagonal, 0 elsewhere",),
    "turn": ("turn(A) is A turned by 180°: its rows and its columns in the opposite order",),
    STAR.text: (
        Word("⋆", r"\star"),
        " lays the second on the first at every place, multiplies what meets and adds the products, with the stride, "
        "padding and dilation of the step",
    ),
    CONVOLUTION.text: (
        Word("*", "*"),
        " lays the second, turned by 180°, on the first at every place, multiplies what meets and adds the products, "
        "with the stride, padding and dilation of the step",
    ),
    TRANSPOSED_STAR.text: (
        Word("⋆ᵀ", r"\star^{\top}"),
        " is the way back: every entry of the first stamps the second, multiplied by it; stamps begin a stride apart "
        "and are added where they overlap, and what falls on the padding is dropped",
    ),
    TRANSPOSED_CONVOLUTION.text: (
        Word("*ᵀ", r"*^{\top}"),
        " is the way back: every entry of the first stamps the second, turned by 180° and multiplied by it; stamps "
        "begin a stride apart and are added where they overlap, and what falls on the padding is dropped",
    ),
    "maxpool": ("maxpool takes the largest entry of every window",),
    "avgpool": ("avgpool takes the mean of every window",),
    "argmaxrow": ("argmaxrow tells the row, counted from 1, in which the largest entry of every window stands",),
    "argmaxcolumn": (
        "argmaxcolumn tells the column, counted from 1, in which the largest entry of every window stands",
    ),
    "argmaxplace": ("argmaxplace tells the place, counted from 1, at which the largest entry of every window stands",),
    "maxpoolᵀ": (
        Word("maxpoolᵀ", r"\mathrm{maxpool}^{\top}"),
        " is the way back: every entry goes to the place where the largest entry of its window stands, and what meets "
        "there is added",
    ),
    "avgpoolᵀ": (
        Word("avgpoolᵀ", r"\mathrm{avgpool}^{\top}"),
        " is the way back: every entry goes to all places of its window in equal shares, and what meets there is added",
    ),
    "[rows]": ("[a…b] after a matrix takes its rows a to b",),
    "[columns]": ("[:,a…b] after a matrix takes its columns a to b",),
    "[part]": ("after an array, [i,:] is its row i and [:,j] its column j",),
    "1[": ("1[condition] is 1 where the condition holds and 0 elsewhere",),
}

TOLD = (Word, Operator)  # a tuple: twice as quick as a union


def explained(sections: Iterable[Section]) -> list[Prose]:
    """One sentence for each special sign that the sections use, and one for the letters of their index formulas."""
    texts: set[str] = set()
    cells: set[str] = set()
    equations = [line for section in sections for line in section.lines if isinstance(line, Equation)]
    for equation in equations:
        for notation in [*([equation.left] if equation.left else []), *(shown for _, shown in equation.relations)]:
            _collect(notation, texts, cells)
    used = texts & MEANINGS.keys()
    for text in texts:
        used |= _cut_out(text)
    letters = letters_told(equations) if any(text.startswith(OF_LETTERS) for text in texts | cells) else ()
    return [meaning for sign, meaning in MEANINGS.items() if sign in used] + ([letters] if letters else [])


def _collect(part: Notation, texts: set[str], cells: set[str]) -> None:
    """Every word and sign, those in matrices apart."""
    if isinstance(part, TOLD):
        texts.add(part.text)
        return
    found = cells if isinstance(part, Grid) else texts
    for inner in part.parts:
        _collect(inner, found, cells)


def _cut_out(text: str) -> set[str]:
    """The signs for a part of an array in a piece of a formula."""
    found: set[str] = set()
    if text.startswith("[") and text[1:2].isdigit():
        found.add("[rows]")
    if text.endswith("]") and ("[:," in text or ",:]" in text) and text.count(",") == 1:
        found.add("[columns]" if "…" in text else "[part]")
    return found
