"""What a page of attention tells: who attends to whom, in the names of the tokens; large pages stay short."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pytest

from explain import attention, multi_head_attention, transformer_block
from explain.cli import run
from explain.page import page
from explain.render.terminal import plain

PROJECTED = (
    "attention --X '1,0;0,1' --memory '1,0;0,1;1,1' --W-Q '1;0' --W-K '0;1' --W-V '1,0;0,1' --tokens sah,Hund "
    "--memory-tokens the,dog,the "
)


def printed(capsys, line):
    """A page on a terminal of 300 columns, in one line a sentence."""
    assert run([*shlex.split(line), "--format", "terminal", "--width", "300"]) == 0
    return capsys.readouterr().out


TOLD = [
    # one query, its scores alone
    (
        "attention --scores 112,96 --tokens Thinking,Machines",
        ["Thinking attends 0.8808 to itself and 0.1192 to Machines", "Output of Thinking", "value of Machines: what"],
    ),
    ("attention --scores 112,96 --tokens it --memory-tokens the,cat", ["it attends 0.8808 to the and 0.1192 to cat"]),
    ("attention --scores 112,96 --memory-tokens the,cat", ["query 1 attends 0.8808 to the and 0.1192 to cat"]),
    # digits
    (
        "attention --scores 112,96 --tokens Thinking,Machines --digits 2",
        ["Thinking attends 0.881 to itself and 0.119 to Machines"],
    ),
    (
        "attention --scores 112,96 --tokens Thinking,Machines --digits 6",
        ["Thinking attends 0.880797 to itself and 0.119203 to Machines"],
    ),
    # several queries
    (
        "attention --scores '112,96;96,112' --tokens Thinking,Machines",
        [
            "Thinking attends 0.8808 to itself and 0.1192 to Machines; "
            "Machines attends 0.1192 to Thinking and 0.8808 to itself"
        ],
    ),
    # the same name twice is told apart by its place
    (
        "attention --scores '1,1,1;1,1,1;1,1,1' --mask causal --tokens the,dog,the",
        [
            "the (1) attends to itself alone; dog attends 0.5 to the (1) and 0.5 to itself; "
            "the (3) attends 0.3333 to the (1), 0.3333 to dog and 0.3333 to itself"
        ],
    ),
    # what is hidden is not told
    (
        "attention --Q '1;2' --K '1;2' --mask '1,0;0,1' --tokens a,b",
        ["a attends to itself alone; b attends to itself alone"],
    ),
    ("attention --scores 1,2,3 --padding 1,1,0 --tokens a,b,c", ["a attends 0.4688 to itself and 0.5312 to b\n"]),
    # cross-attention: nobody is itself
    (
        PROJECTED + "--padding 0,1,1",
        ["sah attends 0.5 to dog and 0.5 to the (3); Hund attends 0.5 to dog and 0.5 to the (3)"],
    ),
    (
        "attention --Q '1;2;0' --K '1;2' --tokens a,b,c",
        ["a attends 0.2689 to key 1 and 0.7311 to key 2", "c attends 0.5 to key 1 and 0.5 to key 2"],
    ),
    (
        "attention --Q '0;0' --K '1;2' --tokens I,am --memory-tokens Je,suis",
        ["I attends 0.5 to Je and 0.5 to suis; am attends 0.5 to Je and 0.5 to suis"],
    ),
    # many tokens: the first three, and the largest weight of each
    (
        "attention --scores '8,1,1,1,1;1,8,1,1,1;1,1,1,1,8;1,1,1,1,1;1,1,1,1,1' --d-k 1 --tokens a,b,c,d,e",
        ["a attends most to itself, 0.9964; b attends most to itself, 0.9964; c attends most to e, 0.9964\n"],
    ),
    # every head
    (
        "multi-head-attention --X '1;2' --W-Q '1|0' --W-K '0|1' --W-V '1|1' --tokens Thinking,Machines",
        ["Thinking attends 0.5 to itself and 0.5 to Machines; Machines attends 0.5 to Thinking and 0.5 to itself"],
    ),
    # names that are marks elsewhere
    (
        "attention --scores '1,1;1,1' --tokens '(x),[red]y[/red]'",
        ["(x) attends 0.5 to itself and 0.5 to [red]y[/red]", "Output of (x)", "(x) takes from each value"],
    ),
]


@pytest.mark.parametrize(("line", "told"), TOLD)
def test_sentences(line, told, capsys):
    """Protects who attends to whom, with the numbers of the page."""
    shown = printed(capsys, line)
    for sentence in told:
        assert sentence in shown


def test_no_names_no_sentence(capsys):
    """Protects pages without names: there is nobody to tell of."""
    assert "attends" not in printed(capsys, "attention --scores '1,2;3,4'")


def test_sentences_in_markdown_and_json(capsys):
    """Protects the sentence wherever the page goes: its numbers are mathematics in Markdown, and text in JSON."""
    answer = attention(scores="112,96", tokens="Thinking,Machines")
    assert "Thinking attends $0.8808$ to itself and $0.1192$ to Machines" in answer.to_markdown()
    assert "Thinking attends $0.881$ to itself and $0.119$ to Machines" in answer.to_markdown(digits=2)
    step = next(step for step in json.loads(answer.to_json())["steps"] if step["name"] == "alpha")
    assert "Thinking attends 0.8808 to itself and 0.1192 to Machines" in json.dumps(step)
    assert "Thinking" in json.dumps(json.loads(answer.to_json())["given"])
    marked = attention(scores="1,1;1,1", tokens=["<s>", "a_b*c*"]).to_markdown()
    assert r"\<s\> attends $0.5$ to itself and $0.5$ to a\_b\*c\*" in marked


def test_equation_in_one_line():
    """Protects the line under the output: the steps put into each other, with the mask where there is one."""
    given = {"Q": "1,0;0,2", "K": "1,1;0,1", "V": "2,0;0,4"}
    assert "in one line: Z = softmax((Q Kᵀ)/√d_k) V" in str(attention(**given))
    assert "in one line: Z = softmax((Q Kᵀ)/√d_k + M) V" in str(attention(**given, mask="causal"))
    inline = attention(**given).to_markdown().partition("in one line")[2].partition("\n")[0]
    assert r"\mathrm{softmax}" in inline
    assert r"\sqrt{d_k}" in inline


LARGE = 1024


def arrays(seed, *sizes):
    """Random arrays of the given sizes."""
    random = np.random.default_rng(seed)
    return [random.normal(size=size) for size in sizes]


def thousand(mask, named):
    """The lines of a page of 1024 tokens of width 64."""
    Q, K, V = arrays(0, *3 * [(LARGE, 64)])
    options = {"mask": np.tri(LARGE, dtype=bool)} if mask == "given" else {"mask": mask}
    names = {"tokens": [f"w{at}" for at in range(LARGE)]} if named else {}
    return plain(page(attention(Q=Q, K=K, V=V, **options, **names)), 80).splitlines()


@pytest.mark.parametrize("mask", ["none", "causal", "given"])
@pytest.mark.parametrize("named", [False, True])
def test_page_of_a_thousand_tokens(mask, named):
    """Protects pages of 1024 tokens: corners and statistics instead of numbers, no line that is too long."""
    lines = thousand(mask, named)
    assert len(lines) < 150
    assert max(map(len, lines)) <= 80


def test_gradient_page_of_a_thousand_tokens():
    """Protects against pages that nobody reads: values and gradients by corners and statistics."""
    draw = np.random.default_rng(1)
    Q, K, V, dZ = (draw.normal(size=(1024, 64)) for _ in range(4))
    text = plain(page(attention(Q=Q, K=K, V=V, dZ=dZ)), 80)
    assert len(text.splitlines()) < 150
    assert text.count("1024×1024 entries, smallest") + text.count("1024×64 entries, smallest") == 10
    assert "∂L/∂S = ∂L/∂U · ∂U/∂S = (∂L/∂U)/√d_k\n" in text
    for width in (40, 60, 120):
        assert max(map(len, plain(page(attention(Q=Q, K=K, V=V, dZ=dZ)), width).splitlines())) <= width


HEADS = (
    "multi-head-attention --X '1,0;0,1' --W-Q '1;0|2;1' --W-K '1;1|0;1' --W-V '2;0|0;3' --W-O '1,0;1,1' --dZ '1,0;0,1' "
)


def test_a_repeated_reason_refers_to_the_first(capsys):
    """Protects against 59 steps that say the same, and against a reference to a step that is not on the page."""
    whole = printed(capsys, HEADS)
    assert "as for A₂: entry (i, j) is entry i of ∂L/∂H₁ times entry j of V₁ᵀ" in whole
    assert "Q₂ against K₂, as in head 1" in whole
    alone = printed(capsys, HEADS + "--find dL/dW_Q1")
    assert "as for" not in alone
    assert "chain rule: L depends on A₁ only through H₁" in alone
    other = printed(capsys, HEADS + "--find A_2")
    assert "head 1" not in other
    assert "entry (i, j) is the dot product of query i and key j" in other


def test_reasons_of_a_second_attention_refer_to_the_first(capsys):
    """Protects a decoder's cross-attention and its second normalisation against saying everything twice."""
    line = (
        "transformer-block --kind decoder --X '1,2,0;0,1,1' --memory '1,1,0;2,0,1' --heads 1 "
        "--W-Q '1;0;1' --W-K '1;1;0' --W-V '2,0,1;0,1,1;1,0,0' --W-Q-2 '0;1;1' --W-K-2 '1;0;1' "
        "--W-V-2 '1,0,0;0,1,0;1,1,1' --dY '1,0,2;0,1,0'"
    )
    text = printed(capsys, line)
    assert "softmax of each row of U⁽²⁾, as in the first attention\n" in text
    assert "in standard deviations, as in the first normalisation\n" in text
    assert "as for R₂, from ∂L/∂N₁, ∂L/∂σ²₁ and ∂L/∂μ₁" in text
    assert text.count("so only what differs from the average of the row can move it") == 1


def test_a_unit_at_its_kink_is_not_moved_by_rounding():
    """Protects against a hidden unit that is exactly 0, counted as positive because 1 - 1 left 2e-16."""
    given = {
        "kind": "decoder", "X": "1,0;0,1", "heads": 2, "W_Q": "1,2;0,1", "W_K": "1,0;1,1", "W_V": "2,0;0,3",
        "W_O": "1,0;1,1", "memory": "1,1;0,2;1,0", "W_Q_2": "1,0;0,1", "W_K_2": "1,1;0,1", "W_V_2": "1,0;1,1",
        "W_O_2": "1,0;0,1", "W_1": "1,0,1;0,1,1", "b_1": "0,1,0", "W_2": "1,0;0,1;1,1", "dY": "1,0;0,1",
    }  # fmt: skip
    answer = transformer_block(**given)
    assert not answer["F"].value[:, 2].any()
    assert not answer["dG/dF"].value[:, 2].any()
    assert answer.passed


def test_large_heads_side_by_side_show_their_corners():
    """Protects the corners of a large matrix that is put together from others, whose numbers are not put in."""
    X, W = arrays(2, (60, 32), (32, 32))
    text = plain(page(multi_head_attention(X=X, W_Q=W, W_K=W, W_V=W, W_O=W, heads=2)), 80)
    shown = text.partition("Heads side by side")[2].partition("Output")[0]
    assert "H = [H₁ H₂]\n        ⎡" in shown
    assert "60×32 entries, smallest" in shown
