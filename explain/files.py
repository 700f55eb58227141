"""Numbers from a file or from standard input: `@file.csv`, `@file.json`, `@file.npy`, `-`.

A text file is read as strictly as a typed matrix and its numbers stay as they are written; what a spreadsheet adds to
them (a header, semicolons, quotes) is named with its line and the mend, never guessed at: a decimal comma read as
a separator would give a wrong answer that looks right. Of an array file only plain numbers are taken; nothing that
a file holds is run.
"""

from __future__ import annotations

import os
import re
import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from explain.errors import InputError, amount, shown
from explain.parameters import NUMBER, number_text
from explain.streams import opened, standard_input

if TYPE_CHECKING:
    import numpy as np

    from explain.engine.nodes.base import Array

LARGEST_TEXT = 50_000_000  # bytes
MOST_WRITTEN = 2_000_000  # numbers in a text: each is kept as it is written, which takes time and memory
MOST_NUMBERS = 50_000_000  # in an array file: 400 MB in float64
ARRAY, ARCHIVE, WIDE = b"\x93NUMPY", b"PK\x03\x04", (b"\xff\xfe", b"\xfe\xff")  # what such files start with
USUAL_LINE = re.compile(r"(?:-?\d{1,15}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?(?:[,\t]|$))+(?<![,\t])", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def read_numbers(name: str, raw: str) -> list[list[str]] | Array:
    """The rows of a text, each number as it is written, or the array of an array file.

    Raises:
        InputError: names the parameter, the file, the line, what was found and the mend.
    """
    where = f"{{{name}}} {shown(raw, 100)}"
    if raw == "-":
        data = _standard_input(where)
    else:
        path = os.path.expanduser(raw[1:])
        data = _regular_file(where, path)
        if data.startswith(ARRAY):
            return _array(where, path)
        if path.lower().endswith(".npy"):
            raise InputError(f"{where} is no NumPy array: write it with numpy.save, or name a text file .csv")
    if data.startswith((ARRAY, ARCHIVE, *WIDE)):
        kind, mend = "UTF-16 text", "save it as CSV in UTF-8"
        if data.startswith(ARRAY):
            kind, mend = "a NumPy array", "save it as a file and give @file.npy"
        elif data.startswith(ARCHIVE):
            kind, mend = "an archive, such as .npz or a spreadsheet", "save one array as .npy, or one sheet as CSV"
        raise InputError(f"{where} is {kind}: {mend}")
    if len(data) > LARGEST_TEXT:
        raise InputError(f"{where} has more than {LARGEST_TEXT // 10**6} MB of text: save it as .npy with numpy.save")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{where}: line {line} is not text in UTF-8: save it as CSV in UTF-8") from error
    if raw.lower().endswith(".json"):
        return _json_rows(name, where, text)
    if raw == "-":  # as typed, where a semicolon ends a row
        text = re.sub(r";[^\S\n]*\n?", "\n", text)
    return _rows(name, where, text)


def _json_rows(name: str, where: str, text: str) -> list[list[str]]:
    """A JSON list of numbers, or of rows of numbers, each number as it is written."""
    import json

    class Typed(str):
        """A number as it is written."""

    try:
        found = json.loads(text, parse_float=Typed, parse_int=Typed, parse_constant=Typed)
    except (ValueError, RecursionError) as error:
        reason = shown(error if isinstance(error, ValueError) else "nested too deeply", 80)
        raise InputError(f"{where} is not JSON: {reason}; write it like [[1, 2], [3, 4]]") from error
    rows = found if isinstance(found, list) and found and all(isinstance(row, list) for row in found) else [found]
    if not all(isinstance(row, list) and row and all(isinstance(item, Typed) for item in row) for row in rows):
        raise InputError(f"{where} is no list of numbers: write it like [1, 2], or [[1, 2], [3, 4]]")
    place = where.removeprefix(f"{{{name}}}")
    return [[number_text(name, str(item), place) for item in row] for row in rows]


def _standard_input(where: str) -> bytes:
    data = standard_input(where, LARGEST_TEXT, "pipe numbers in, or give @file.csv")
    if not data.strip():
        raise InputError(
            f"{where}: standard input is empty or was read by another option: pipe in numbers like 1,2;3,4"
        )
    return data


def _regular_file(where: str, path: str) -> bytes:
    """The start of a file, enough to see that a text is too large."""
    if not path:
        raise InputError(f"{where} names no file: write it like @numbers.csv")
    with opened(where, path, "name a file that can be read, like @numbers.csv") as stream:
        data = stream.read(len(ARRAY))
        if data != ARRAY:
            data += stream.read(LARGEST_TEXT + 1 - len(data))
    if not data.strip():
        raise InputError(f"{where} is empty: write numbers into it, one row a line, like 1,2")
    return data


def _array(where: str, path: str) -> Array:
    """An array file, mapped before it is read: a header that claims more than the file holds costs nothing."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd headers: they are refused or harmless
        try:
            dtype = _type(path)
            if dtype.kind in "biuf":  # else NumPy is not asked to map it: entries of no size bring the process down
                array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # a damaged header fails in every way that NumPy and Python know
            raise InputError(f"{where} holds no whole array: write the file again with numpy.save") from error
    if dtype.kind not in "biuf":
        what = "Python objects" if dtype.hasobject else f"type {shown(dtype)}"
        raise InputError(f"{where} is an array of {what}: save real numbers, x.astype(float)")
    if array.size > MOST_NUMBERS:
        raise InputError(f"{where} has {array.size} numbers: at most {MOST_NUMBERS} are read; take a part of them")
    return array if array.ndim else array.reshape(1)


def _type(path: str) -> np.dtype[Any]:
    """What an array file says it holds."""
    from numpy.lib import format as npy

    with open(path, "rb") as stream:
        version = npy.read_magic(stream)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        _, _, dtype = header(stream)
    return dtype


def _rows(name: str, where: str, text: str) -> list[list[str]]:
    """The numbers of a text line by line."""
    if sum(text.count(mark) for mark in ",\t\n") > MOST_WRITTEN:
        raise InputError(f"{where} has more than {MOST_WRITTEN} numbers: save it as .npy with numpy.save")
    lines = text.rstrip().split("\n")
    between = _separator(where, lines)
    rows: list[list[str]] = []
    for at, line in enumerate(lines, 1):
        cells = line.split(between)
        if not USUAL_LINE.fullmatch(line):
            if at == 1 and len(lines) > 1 and _is_header(cells):
                titles = shown(", ".join(cell.strip(" \"'#") for cell in cells))
                raise InputError(f"{where}: line 1 is a header ({titles}): leave it out")
            cells = _checked(name, where, at, line, cells)
        if rows and len(cells) != len(rows[0]):
            found = f"line 1 has {amount(len(rows[0]), 'number')}, line {at} has {len(cells)}"
            raise InputError(f"{where}: {found}: every line needs as many")
        rows.append(cells)
    return rows


def _separator(where: str, lines: list[str]) -> str:
    """Comma or tab; what might separate numbers or be a decimal comma could be read in two ways and is refused."""
    tabs = any("\t" in line.strip() for line in lines)
    for at, line in enumerate(lines, 1):
        if ";" in line:
            commas = ", and decimal commas as points" if any("," in each for each in lines) else ""
            _refuse(where, at, f"has semicolons as separators: save it with commas{commas}")
        if tabs and "," in line:
            _refuse(where, at, "has a comma in a file with tabs: save it with commas, and decimal commas as points")
    return "\t" if tabs else ","


def _is_header(cells: list[str]) -> bool:
    """Whether a line has words and no numbers."""
    bare = [cell.strip(" \"'") for cell in cells]
    if any(NUMBER.fullmatch(cell) or NOT_FINITE.fullmatch(cell) for cell in bare):
        return False
    return any(mark.isalpha() for cell in bare for mark in cell)


def _checked(name: str, where: str, at: int, line: str, cells: list[str]) -> list[str]:
    """The numbers of a line that is not of the usual form, each of them checked."""
    if not line.strip():
        _refuse(where, at, "is empty: leave it out")
    if '"' in line or "'" in line:
        _refuse(where, at, "has quotes: save it without them, with decimal points")
    if any(re.fullmatch(r"\s*[-+.\d]\S*\s+[-+.\d].*", cell) for cell in cells):
        _refuse(where, at, "has spaces in or between numbers: save it with commas between them")
    place = where.removeprefix(f"{{{name}}}") + f": line {at}"
    return [number_text(name, cell, place) for cell in cells]


def _refuse(where: str, at: int, found: str) -> NoReturn:
    raise InputError(f"{where}: line {at} {found}")
