"""How derivatives are written: ∂f/∂w, ∂²f/∂x∂y, ∂/∂w(w x); with one variable only a d in place of ∂."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Node
from explain.engine.notation import QUOTIENT, Paren, Word
from explain.engine.prose import SYMBOLIC

RAISED = {1: "", 2: "²", 3: "³"}


def of_name(sign: str, top: Word, bottom: Word, key: str) -> Word:
    """∂f/∂w."""
    d = _tex(sign)
    tex = rf"\frac{{{d}{top.latex}}}{{{d}{bottom.latex}}}"
    return Word(f"{sign}{top.text}/{sign}{bottom.text}", tex, key=key, level=QUOTIENT)


def higher(sign: str, top: Word, bottoms: Sequence[Word], key: str) -> Word:
    """∂²f/∂x², ∂²f/∂x∂y; `bottoms` names a variable as often as it is differentiated by."""
    d, order = _tex(sign), len(bottoms)
    many: dict[str, list[Word]] = {}
    for bottom in bottoms:
        many.setdefault(bottom.text, []).append(bottom)
    text = "".join(f"{sign}{name}{RAISED[len(words)]}" for name, words in many.items())
    powers = (d + words[0].latex + (f"^{{{len(words)}}}" if len(words) > 1 else "") for words in many.values())
    tex = rf"\frac{{{d.strip()}^{{{order}}} {top.latex}}}{{{' '.join(powers)}}}"
    return Word(f"{sign}{RAISED[order]}{top.text}/{text}", tex, key=key, level=QUOTIENT)


def of_part(sign: str, part: Node, bottom: Word, key: str) -> Word:
    """∂/∂w of an expression that has no name."""
    from explain.render.latex import latex
    from explain.render.linear import linear

    inner = Paren(SYMBOLIC.write(part))
    tex = rf"\frac{{{_tex(sign).strip()}}}{{{_tex(sign)}{bottom.latex}}}{latex(inner)}"
    return Word(f"{sign}/{sign}{bottom.text}{linear(inner)}", tex, key=key, level=QUOTIENT)


def _tex(sign: str) -> str:
    return r"\partial " if sign == "∂" else "d "
