"""Names of rows and columns: carried on from operands to results, drawn beside the numbers, kept in JSON."""

from __future__ import annotations

import json

import pytest

from explain.engine.labels import NONE, Labels, carried_on
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.beside import Beside, Columns
from explain.engine.nodes.blocks import Rows, Stack
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.page import page
from explain.parameters import Matrix
from explain.render.json_page import document
from explain.render.markdown import markdown
from explain.render.terminal import lines
from explain.tokens import Tokens, names_for

AB, CD = ("a", "b"), ("c", "d", "e")
Q, K = Symbol("Q", (2, 4)), Symbol("K", (3, 4))
S = Symbol("S", (2, 3))
TABLE = {"Q": Labels(AB), "K": Labels(CD), "S": Labels(AB, CD)}

CARRIED: list[tuple[str, Node, Labels]] = [
    ("S", Q @ K.T, Labels(AB, CD)),
    ("U", S / 2, Labels(AB, CD)),
    ("A", Softmax(S, 1), Labels(AB, CD)),
    ("r", Sum(S, 1), Labels(AB)),
    ("T", S.T, Labels(CD, AB)),
    ("dL/dK", S.T @ Q, Labels(CD)),
    ("dL/dS", Q @ K.T, Labels(AB, CD)),
    ("H", Beside(Q, Q), Labels(AB)),
    ("Q_1", Columns(Q, 0, 2), Labels(AB)),
    ("C", Columns(S, 1, 3), Labels(AB, CD[1:])),
    ("R", Rows(K, 1, 3), Labels(CD[1:])),
    ("D", Stack(Q, K), Labels(AB + CD)),
    ("P", Symbol("X", (2, 4)) @ Symbol("W", (4, 4)), NONE),
]


@pytest.mark.parametrize(("name", "expression", "expected"), CARRIED, ids=[row[0] for row in CARRIED])
def test_names_are_carried_on(name, expression, expected):
    assert carried_on(name, expression, TABLE) == expected


def answer(names=("Thinking", "<s>_1")):
    """Two tokens and their scores."""
    sheet = Worksheet("Scores", "a test")
    queries = sheet.given("Q", Matrix.read("Q", "1,0;0,2.5"), "queries", rows=names)
    keys = sheet.given("K", Matrix.read("K", "1,0;0,2"), "keys", rows=names)
    return sheet.answer(sheet.define("S", queries @ keys.T, "Scores", "dot products"))


def test_names_stand_beside_and_above_the_numbers():
    text = ["".join(part for part, _ in line).rstrip() for line in lines(page(answer()), 80)]
    at = text.index("                Thinking  <s>_1")
    assert text[at + 1 : at + 4] == [
        "      Thinking ⎡       1      0⎤",
        "  S =          ⎢               ⎥",
        "         <s>_1 ⎣       0      5⎦",
    ]


def test_names_in_markdown_are_read_by_neither_latex_nor_markdown():
    written = markdown(page(answer(("a_b$", "<s>"))))
    assert "\\begin{array}{r|rr}\n& \\text{a\\_b＄} & \\lt \\text{s}\\gt  \\\\\n\\hline\n" in written
    assert "<" not in written


def test_names_in_json():
    found = document(answer(), page(answer()))
    assert found["given"][0]["names"] == {"rows": ["Thinking", "<s>_1"], "columns": None}
    assert found["steps"][0]["names"]["columns"] == ["Thinking", "<s>_1"]
    json.dumps(found)


@pytest.mark.parametrize("raw", ["a,,b", "", " ", "a" * 25, "a,b\x1b[31m", ",".join(["a"] * 1025)])
def test_names_that_cannot_be_used(raw):
    with pytest.raises(InputError, match="tokens"):
        Tokens.read("tokens", raw)


def test_as_many_names_as_rows():
    with pytest.raises(InputError, match="tokens has 2 names, but X has 3 rows: one name a row"):
        names_for("tokens", Tokens(["a", "b"]), "X", 3)
