"""Plain names and how they are written: `yhat` is ŷ, `dL/dW_1` is ∂L/∂W₁.

A plain name is what a user types for `--find`, in an exam file and in Python.
"""

from __future__ import annotations

import re
from functools import lru_cache

from explain.engine.notation import QUOTIENT, Word

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "psi": "ψ", "omega": "ω",
}  # fmt: skip
ACCENTS = {"hat": ("\u0302", r"\hat"), "tilde": ("\u0303", r"\tilde"), "bar": ("\u0304", r"\bar")}
SQUARED = {"sigma2": ("σ²", r"\sigma^{2}")}  # quantities whose name is a square
PRECOMPOSED = {"y\u0302": "ŷ"}
LOWERED = "0123456789ijt+-"
SUBSCRIPTS = str.maketrans(LOWERED, "₀₁₂₃₄₅₆₇₈₉ᵢⱼₜ₊₋")
RAISED = str.maketrans("0123456789b", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵇ")
_DERIVATIVE = re.compile(r"d(.+)/d(.+)")
_NUMBERED = re.compile(r"([A-Za-z])(\d+)")
ALIKE = str.maketrans({"\\": "∖", "^": "ˆ", "~": "∼", "`": "ˋ", "*": "∗", "$": "＄"})
SIGNS = {"<": r"\lt ", ">": r"\gt ", "[": r"\lbrack ", "]": r"\rbrack ", "|": r"\vert "}  # not in LaTeX text
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)?")


def is_symbol(text: str) -> bool:
    """Whether `text` may stand for an unknown: `n`, `d_1`, `alpha`."""
    return len(text) <= 24 and _NAME.fullmatch(text) is not None


def subscript(text: str) -> str:
    """`1` as ₁; `1,i` as ₁,ᵢ; `t-1` as ₜ₋₁; what has no subscript letter stays readable: `_k`."""
    if all(mark in LOWERED or mark in ",:" for mark in text):
        return text.translate(SUBSCRIPTS)
    return "_" + text


@lru_cache(maxsize=1 << 14)
def word(name: str, index: str = "") -> Word:
    r"""The written form of a plain name, with an index where one entry is meant.

    What follows `^` marks a layer, `b` in it the backward direction.

    >>> word("dL/dW_1").text, word("yhat").latex, word("z_1", "i").text, word("h_2^1b").text
    ('∂L/∂W₁', '\\hat{y}', 'z₁,ᵢ', 'h₂⁽¹ᵇ⁾')
    """
    derivative = _DERIVATIVE.fullmatch(name)
    if derivative:
        top, bottom = word(derivative[1]), word(derivative[2], index)
        latex = rf"\frac{{\partial {top.latex}}}{{\partial {bottom.latex}}}"
        return Word(f"∂{top.text}/∂{bottom.text}", latex, key=name, level=QUOTIENT)
    name_of, _, layer = name.partition("^")
    base, _, sub = name_of.partition("_")
    numbered = _NUMBERED.fullmatch(base)
    if numbered and not sub:  # w0 is w₀
        base, sub = numbered[1], numbered[2]
    text, latex = _base(base)
    subs = ",".join(part for part in (sub, index) if part)
    if subs:
        text += subscript(subs)
        plain = len(sub) < 2 or not sub.isalpha()
        latex += f"_{subs}" if len(subs) == 1 else f"_{{{subs}}}" if plain else rf"_{{\mathrm{{{subs}}}}}"
    if layer:
        text += f"⁽{layer.translate(RAISED)}⁾"
        latex += f"^{{({layer})}}"
    return Word(text, latex, key=name)


def latex_name(text: str) -> str:
    r"""A user's name as it stands in a formula; marks that LaTeX or Markdown would read are written in another way.

    >>> latex_name("A <eos>")
    '\\text{A }\\lt \\text{eos}\\gt '
    """
    pieces = re.split(r"([<>\[\]|])", text.translate(ALIKE))
    plain = (re.sub(r"([{}&#%_])", r"\\\1", piece) for piece in pieces)
    return "".join(SIGNS.get(piece) or rf"\text{{{piece}}}" for piece in plain if piece)


def total(of: str, wrt: str, key: str = "") -> Word:
    """A derivative with straight d: every path from one quantity to the other, nothing held constant.

    Args:
        key: the name of the step, where it is not `dof/dwrt`.

    >>> total("h_2", "h_1").text
    'dh₂/dh₁'
    """
    top, bottom = word(of), word(wrt)
    latex = rf"\frac{{\mathrm{{d}} {top.latex}}}{{\mathrm{{d}} {bottom.latex}}}"
    return Word(f"d{top.text}/d{bottom.text}", latex, key=key or f"d{of}/d{wrt}", level=QUOTIENT)


def _base(base: str) -> tuple[str, str]:
    if base in SQUARED:
        return SQUARED[base]
    for ending, (mark, command) in ACCENTS.items():
        stem = base.removesuffix(ending)
        if stem != base and stem:
            text, latex = _base(stem)
            return PRECOMPOSED.get(text + mark, text + mark), f"{command}{{{latex}}}"
    if base in GREEK:
        return GREEK[base], "\\" + base
    return base, base if len(base) == 1 else rf"\mathrm{{{base}}}"
