"""The residual block as a picture in text: the two layers on their way, and the skip around them."""

from __future__ import annotations

from explain.engine.shapes import write
from explain.engine.worksheet import Worksheet
from explain.topics._windows.convolved import Operands


def drawn_block(sheet: Worksheet, first: Operands, second: Operands, skip: Operands | None) -> None:
    """The block with the shapes that pass."""
    way = [
        "X", "⋆ K₁" + _biased(first, "₁"), "ReLU", "⋆ K₂" + _biased(second, "₂"), "(+)", "ReLU", "A₂",
    ]  # fmt: skip
    upper = " ── ".join(way[:1]) + " ──┬── " + " ── ".join(way[1:4]) + " ── " + " ── ".join(way[4:])
    start = upper.index("┬")
    end = upper.index("(+)") + 1
    label = " X itself " if skip is None else " ⋆ K_s" + _biased(skip, "_s") + " "
    lower = " " * start + "└" + label.center(end - start - 1, "─") + "┘"
    shapes = f"{write(first.layout.input_shape)} → {write(first.layout.output_shape)} → "
    shapes += f"{write(second.layout.output_shape)}"
    sheet.drawing(f"The block, {shapes}", [upper, lower])


def _biased(found: Operands, mark: str) -> str:
    return f" + b{mark}" if found.bias is not None else ""
