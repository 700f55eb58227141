"""Signatures as a framework documents them, read from their text."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any, NamedTuple

REQUIRED = object()
ANYTHING = "*"  # in place of a signature: the arguments do not matter


class Parameter(NamedTuple):
    """One parameter; a default of REQUIRED: there is none."""

    name: str
    default: Any
    named_only: bool = False


@cache
def signature(text: str) -> tuple[Parameter, ...]:
    """The parameters of a signature as documentation prints it.

    >>> [each.name for each in signature("units, activation=None, *, name=None") if each.named_only]
    ['name']
    """
    written = ast.parse(f"def call({text}): ...").body[0]
    assert isinstance(written, ast.FunctionDef)
    names = written.args
    defaults = [ast.literal_eval(default) for default in names.defaults]
    missing = [REQUIRED] * (len(names.args) - len(defaults))
    found = [Parameter(each.arg, value) for each, value in zip(names.args, missing + defaults, strict=True)]
    for each, default in zip(names.kwonlyargs, names.kw_defaults, strict=True):
        found.append(Parameter(each.arg, REQUIRED if default is None else ast.literal_eval(default), True))
    return tuple(found)
