"""What a sheet prints, held against the answer, and slips that must give what is printed."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from explain import schema
from explain.cli import run

FILE = "paper.toml"
HEAD = "[[question]]\n"
STACK = HEAD + (
    'topic = "network"\nframework = "pytorch"\nchain = "lstm 128, lstm 256, linear 17"\ninput = "20x17"\nfind = ["P"]\n'
)
ATTENTION = HEAD + 'topic = "attention"\nscores = [112, 96]\n'
TOKENS = HEAD + (
    'topic = "attention"\nQ = [[1, 0], [0, 2]]\nK = [[1, 1], [0, 1]]\nV = [[2, 0], [0, 4]]\nfind = ["S", "A"]\n'
)
SYMBOLS = HEAD + 'topic = "lstm-params"\nunits = "n"\nfeatures = 1\n'


@pytest.fixture
def solved(tmp_path, monkeypatch, capsys):
    """Solves the text of an exam file: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def of(text: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        code = run(["solve", FILE, *arguments])
        return code, *capsys.readouterr()

    return of


TOLD = [
    (STACK + "printed = { P_1 = 75264 }", ["✓ the sheet prints 75264 for P₁: right"]),
    (
        STACK + 'printed = { P = 79624 }\nslip = { P = "P_1 + 17*256 + 8: the second layer left out" }',
        ["✗ the sheet prints 79624 for P, right is 474897: ",
         "79624 = P₁ + 17·256 + 8 = 75264 + 17·256 + 8, the second layer left out"],
    ),
    (
        STACK + 'printed = { "P_1 + P_2" = 470528 }',
        ["✓ the sheet prints 470528: right, P₁ + P₂ = 75264 + 395264 = 470528"],
    ),
    (
        STACK + 'printed = { "P_1 + P_2" = 470529 }\nslip = { "P_1 + P_2" = "P_1 + P_2 + 1" }',
        ["✗ the sheet prints 470529: P₁ + P₂ = 75264 + 395264 = 470528 ≠ 470529: 470529 = P₁ + P₂ + 1"],
    ),
    (ATTENTION + "printed = { alpha = [0.88, 0.12] }", ["✓ the sheet prints [0.88, 0.12] for α: right"]),
    (ATTENTION + 'printed = { "alpha[0]" = 0.881 }', ["✓ the sheet prints 0.881 for α₁: right (0.8808)"]),
    (ATTENTION + 'printed = { "alpha[1]" = 0.11 }', ["✗ the sheet prints 0.11 for α₂, cut off from 0.1192"]),
    (ATTENTION + "printed = { u = [14, 13] }", ["✗ the sheet prints 13 for u₂, right is 12; the other one is right"]),
    (ATTENTION + "printed = { u = [14, 13, 12] }", ["[14, 13, 12] for u, 3 numbers; right are 2: [14, 12]"]),
    (ATTENTION + 'printed = { z_1 = "0.88 v_1 + 0.12 v_2" }', ["✓ the sheet prints 0.88 v₁ + 0.12 v₂ for z₁: right"]),
    (ATTENTION + 'printed = { z_1 = "0.88*v_1 + 0.13*v_2" }', ["✗ the sheet prints 0.88 v₁ + 0.13 v₂ for z₁"]),
    (
        ATTENTION + 'printed = { z_1 = "10850.0256" }\nslip = { z_1 = "(0.88 + 112)*(0.12 + 96)" }',
        ["right is 0.8808 v₁ + 0.1192 v₂: 10850.0256 = (0.88 + 112)(0.12 + 96)"],
    ),
    (TOKENS + "printed = { S = [[1, 0], [2, 2]] }", ["✓ the sheet prints [1, 0; 2, 2] for S: right"]),
    (TOKENS + "printed = { S = [[5, 5], [5, 5]] }", ["5 for S₁₁, right is 1; 5 for S₁₂, right is 0"]),
    (TOKENS + "printed = { A = [[9, 9], [9, 9]] }", ["9 for A₁₁, right is 0.6698"]),
    (
        TOKENS + 'printed = { "S[1]" = [2, 5] }\nslip = { "S[1][1]" = "2 + 3: added" }',
        ["✗ the sheet prints 5 for S₂₂, right is 2: 5 = 2 + 3, added; the other one is right"],
    ),
    (SYMBOLS + 'printed = { P = "4 n (n + 2)" }', ["✓ the sheet prints 4 n (n + 2) for P: right"]),
    (SYMBOLS + 'printed = { P = "4 n (n + 3)" }', ["✗ the sheet prints 4 n (n + 3) for P, right is 4 n (n + 2)"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TOLD, ids=[str(at) for at in range(len(TOLD))])
def test_what_a_sheet_prints_is_told(text, expected, solved):
    """In every format, and never as a difference: the sheet may be wrong, the answer is not."""
    code, out, err = solved(text, "--format", "terminal", "--width", "300")
    assert (code, err) == (0, "")
    told = out.split("On the sheet\n")[1]
    for sentence in expected:
        assert sentence in told
    code, out, _ = solved(text)
    assert code == 0
    assert "On the sheet" in out
    code, out, _ = solved(text, "--format", "json")
    document = json.loads(out)
    Draft202012Validator(schema.load("paper")).validate(document)
    (item,) = document["questions"][0]["printed"]
    assert item["right"] is ("✓" in expected[0] or ("✗" not in told))
    assert item["told"]["text"] in told
    assert item["fits"] is (True if "slip" in text else None)
    code, out, _ = solved(text, "--check")
    assert code == 0
    assert ("the printed answer is wrong" in out) is not item["right"]


def test_a_slip_that_does_not_give_what_is_printed_is_a_difference(solved):
    """Exit 1, with the reason in numbers, on the page, in the check and in JSON."""
    text = STACK + 'printed = { P = 79625 }\nslip = { P = "P_1 + P_3: the second layer left out" }'
    code, out, err = solved(text, "--check")
    assert (code, err) == (1, "")
    assert "✗" in out
    assert "slip P: 79625 ≠ P₁ + P₃ = 75264 + 4369 = 79633" in out
    code, out, _ = solved(text, "--format", "terminal", "--width", "200")
    assert code == 1
    assert "its slip gives something else: 79625 ≠ P₁ + P₃ = 75264 + 4369" in out
    code, out, _ = solved(text, "--format", "json")
    assert code == 1
    assert json.loads(out)["questions"][0]["printed"][0]["fits"] is False


REFUSED = [
    (STACK + "printed = 3", "question 1: printed is 3: write printed = { P = 83985 }"),
    (STACK + "printed = { P = 1 }\nslip = 3", "question 1: slip is 3: write slip = {"),
    (STACK + "printed = { P = 1 }\nslip = { P = 3 }", "slip is "),
    (STACK + "printed = { Q = 1 }", "question 1: printed Q: Q is no step: there are"),
    (STACK + 'printed = { "P+" = 1 }', "printed P+, column"),
    (STACK + 'printed = { "P + 1" = [1, 2] }', "has 2 numbers where one belongs"),
    (STACK + 'printed = { P = "many" }', "printed P has many where a number belongs"),
    (STACK + "printed = { P = true }", "printed P has True where a number belongs"),
    (STACK + 'printed = { P_1 = 75264 }\nslip = { P_1 = "1 + 1" }', "is right: leave the slip out"),
    (STACK + 'printed = { P = 1 }\nslip = { P_1 = "1 + 1" }', "slip P_1: nothing is printed for it"),
    (STACK + 'printed = { P = 1 }\nslip = { P = "P_9: why" }', "slip P: P_9 is no step"),
    (STACK + 'printed = { P = 1 }\nslip = { P = ": why" }', "a number or a step is missing"),
    (ATTENTION + 'printed = { alpha = [1, 2] }\nslip = { alpha = "1" }', "name one entry, such as alpha[0]"),
    (ATTENTION + 'printed = { alpha = [1, 2] }\nslip = { "alpha[7]" = "1" }', "this entry is not printed"),
    (HEAD + 'text = "words"\nprinted = { P = 1 }', "has no topic"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[row[1][:50] for row in REFUSED])
def test_what_cannot_be_used_is_refused_in_one_line(text, message, solved):
    """File, question, key and mend."""
    code, out, err = solved(text)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith(f"explain: {FILE}: question 1")
    assert err.count("\n") == 1
