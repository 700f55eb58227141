"""The text of model code, parsed and never run; what Python itself refuses is told with its line and a mend."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from explain.code.parts import Remark
from explain.errors import InputError, shown

LONGEST = 150_000  # characters: Python needs half a second to parse as many short lines
DEEPEST = 100  # expressions and blocks within each other
THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w.])")  # 1,024
PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
NUMBERED = re.compile(r"^[ \t]*(\d{1,5})(?:[ \t:|.)]|$)")  # as listings in print have it
MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)  # lines for a notebook, not for Python


@dataclass(slots=True)
class Source:
    """Code as a tree, with its lines, which messages and tables cite."""

    tree: ast.Module
    lines: list[bytes]  # the places of a tree are those of bytes
    remarks: list[Remark] = field(default_factory=list)

    def written(self, node: ast.expr) -> str:
        """What stands in the code, on one line."""
        text = self._between(node)
        if "#" in text or '"""' in text or "'''" in text:
            text = ast.unparse(node)
        return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", re.sub(r"\s*\\?\n\s*|\s+", " ", text)).strip()

    def _between(self, node: ast.expr) -> str:
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        if first == last:
            return self.lines[first][node.col_offset : node.end_col_offset].decode(errors="replace")
        lines = [*self.lines[first:last], self.lines[last][: node.end_col_offset]]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode(errors="replace")

    def thousands(self, node: ast.expr) -> str | None:
        """`1,000` where the code has a comma for thousands, which Python reads as two numbers: 1 and 000."""
        items = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
        for item in items[1:]:
            if isinstance(item, ast.Constant) and item.value == 0 and self._between(item) == "000":
                found = THOUSANDS.search(self._between(node))
                return found.group() if found else None
        return None


def parse(text: str) -> Source:
    """The tree of some code. What a copied listing adds (numbers before lines, prompts, fences) is left out.

    Raises:
        InputError: too long, too deep, or no Python: names the line, what stands there and the mend.
    """
    remarks: list[Remark] = []
    if text.lstrip()[:1] == "{" and '"cells"' in text:
        text, remarks = (
            _cells(text),
            [Remark(1, "the code cells of the notebook are read, their lines counted through")],
        )
    if len(text) > LONGEST:
        raise InputError(f"the code has {len(text)} characters: at most {LONGEST} are read; give the model alone")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", " ")
    if "\0" in text or not text.strip():
        raise InputError("the code is empty" if not text.strip() else "the code has zero bytes: save it as text")
    found, refused = _tree(text)
    for clean, told in CLEANERS:
        if found is not None:
            break
        cleaned = clean(text)
        if cleaned != text:
            text, remarks = cleaned, [*remarks, Remark(1, told)]
            found, refused = _tree(text)
    if found is None:
        assert refused is not None
        raise InputError(_told(refused, text))
    _bounded(found)
    return Source(found, text.encode(errors="replace").split(b"\n"), remarks)


def _cells(text: str) -> str:
    """The code of a notebook; text that is none stays as it is.

    Source: nbformat, The notebook file format, version 4.
    """
    try:
        cells = json.loads(text)["cells"]
        code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return "\n".join(each if isinstance(each, str) else "".join(each) for each in code)
    except (ValueError, RecursionError, LookupError, TypeError):
        return text


def _tree(text: str) -> tuple[ast.Module | None, SyntaxError | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text), None
    except SyntaxError as error:
        return None, error
    except (RecursionError, MemoryError) as error:
        raise InputError("the code is nested too deeply to be read: write it in shorter expressions") from error
    except (ValueError, UnicodeError) as error:
        raise InputError(f"the code is no text that Python reads: {shown(error, 80)}; save it in UTF-8") from error


def _told(error: SyntaxError, text: str) -> str:
    """Python's refusal in one line; a comma for thousands is named."""
    lines = text.split("\n")
    at = min(max(error.lineno or 1, 1), len(lines))
    stands = shown(lines[at - 1].strip(), 60)
    slip = THOUSANDS.search(lines[at - 1])
    if slip and "leading zeros" in str(error.msg):
        first, *rest = slip.group().split(",")
        return (
            f"line {at}, {stands}: {slip.group()} has a comma for thousands, which Python reads as "
            f"{first} and {' and '.join(rest)}; write {slip.group().replace(',', '')}"
        )
    mends = {
        "Missing parentheses": "write print(…), as Python 3 does",
        "was never closed": "close it",
        "unexpected indent": "write it as deep as the line above it",
        "expected an indented block": "indent the lines that belong to it",
        "invalid character": "type it again: it was copied as another character",
        "unmatched": "take it out, or open it",
    }
    reason = shown(str(error.msg).partition(" (<")[0].partition("; use")[0], 120)
    mend = next((mend for start, mend in mends.items() if start in reason), "write it as Python reads it")
    return f"line {at}, {stands}: Python cannot read it ({reason}); {mend}"


def _bounded(tree: ast.Module) -> None:
    """Refuses what is too deep for those who walk the tree; chains of elif are not deep."""
    level: list[ast.AST] = [tree]
    deep = 0
    while level:
        deep += 1
        if deep > DEEPEST:
            line = next((node.lineno for node in level if isinstance(node, (ast.expr, ast.stmt))), 0)
            raise InputError(
                f"line {line} is nested too deeply: at most {DEEPEST} levels are read; write it in shorter expressions"
            )
        level = [child for node in level for child in ast.iter_child_nodes(node)]


def _without_fence(text: str) -> str:
    """What stands between the first two fences of a Markdown page."""
    parts = re.split(r"^[ \t]*```.*$", text, flags=re.MULTILINE)
    return text if len(parts) < 2 else "\n" * parts[0].count("\n") + parts[1]


def _without_numbers(text: str) -> str:
    """Lines without the numbers that a listing has before them: they must count up."""
    lines = text.split("\n")
    numbers = [NUMBERED.match(line) for line in lines]
    told = [int(found.group(1)) for found in numbers if found]
    if len(told) < sum(map(bool, map(str.strip, lines))):
        return text
    if any(after != before + 1 for before, after in pairwise(told)):
        return text
    rests = [line[found.end(1) :].lstrip(":|.)") if found else "" for line, found in zip(lines, numbers, strict=True)]
    gap = min((len(rest) - len(rest.lstrip()) for rest in rests if rest.strip()), default=0)
    near = "\n".join(rest[gap:] for rest in rests)  # as many spaces after each number
    if _tree(near)[0] is not None:
        return near
    bare = [" " * (len(line) - len(rest)) + rest for line, rest in zip(lines, rests, strict=True)]
    return textwrap.dedent("\n".join(bare))  # or all lines begin in one column


def _without_escapes(text: str) -> str:
    """A backslash before a mark, as Markdown writes n_steps."""
    return re.sub(r"\\([_*#\[\]])", r"\1", text)


CLEANERS: list[tuple[Callable[[str], str], str]] = [
    (_without_fence, "only what stands between the fences ``` is read"),
    (lambda text: MAGIC.sub("", text), "lines that start with % or ! are left out"),
    (lambda text: PROMPT.sub("", text), "the prompts >>> are left out"),
    (_without_escapes, r"\_ is read as _"),
    (_without_numbers, "the numbers before the lines are left out"),
    (textwrap.dedent, "the indentation that all lines share is left out"),
]
