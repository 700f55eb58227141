"""The page as a picture: Rich paints the terminal page, without its link to a web font."""

from __future__ import annotations

import io
from collections.abc import Iterable

from explain.render.layout import Line
from explain.render.terminal import paint_lines

TEMPLATE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
    font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def svg(drawn: Iterable[Line], width: int) -> str:
    """The lines of a page as an SVG image of a terminal."""
    from rich.console import Console

    console = Console(width=width, file=io.StringIO(), record=True, force_terminal=True, color_system="256")
    paint_lines(drawn, console)
    return console.export_svg(title="explain", code_format=TEMPLATE, unique_id="explain")
