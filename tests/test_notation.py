"""Notation: order and parentheses, text boxes, line width, and LaTeX that every renderer reads."""

from __future__ import annotations

import re
import shlex
from io import StringIO

import pytest
from rich.console import Console

from explain.engine.names import word
from explain.engine.nodes.base import Number, Symbol
from explain.engine.notation import Fraction, Grid, Paren, Power, Row, Word, call, listed, product
from explain.engine.prose import SYMBOLIC
from explain.engine.rounding import number_word
from explain.page import page
from explain.page.model import Equation, GivenLine, Page, Section
from explain.render.boxes import BoxWriter, text_box
from explain.render.glyphs import ASCII, UNICODE, to_ascii, width_of
from explain.render.latex import latex
from explain.render.layout import equation, paint
from explain.render.markdown import escaped, markdown
from explain.render.terminal import plain, show
from explain.topics import all_topics
from tests.strategies import keywords

EXAMPLES = [(topic.name, line) for topic in all_topics().values() for line in topic.examples]
LARGE = [
    # wide and tall arrays, gradients, masks: what the examples are too small for
    ("mlp", "--x 1,2,3,4,5,6,7,8 --W 1,2,3,4,5,6,7,8;-8,-7,-6,-5,-4,-3,-2,-1 --activation tanh"),
    (
        "mlp",
        "--x 1,2,3;4,5,6 --W 1,2,3;4,5,6 --W 1,2 --b 1,2 --b 3 --activation tanh --target 1,2 --loss squared-error",
    ),
    ("attention", "--Q 1,0;0,2;1,1 --K 1,1;0,1;2,2 --V 2,0;0,4;1,1 --mask causal --dZ 1,1;1,1;1,1"),
    ("attention", "--scores " + ",".join(f"{n}.25" for n in range(20))),
    ("lstm-params", "--units 12345678901234567890 --features units"),
]
CASES = [(name, shlex.split(line)[2:]) for name, line in EXAMPLES] + [(n, shlex.split(a)) for n, a in LARGE]


def answer_of(name: str, arguments: list[str]):
    """The answer of a command line, without the command line."""
    topic = all_topics()[name]
    return topic(**keywords(topic, arguments))


def name_of(case: tuple[str, list[str]]) -> str:
    """A short name for a test of this command line."""
    return " ".join([case[0], *case[1]])[:60]


@pytest.fixture(scope="module", params=CASES, ids=name_of)
def answer(request):
    """Every example of every topic, and some larger ones."""
    return answer_of(*request.param)


def text(part, writer: BoxWriter | None = None) -> str:
    """A piece of notation as lines of text."""
    rows = paint((writer or BoxWriter()).box(part))
    return "\n".join("".join(piece for piece, _ in row).rstrip() for row in rows)


def number(value: int) -> Number:
    """A constant as a node."""
    return Number(value, str(value))


def grid(*rows: str) -> Grid:
    """A matrix from its rows: `grid("1 2", "3 4")`."""
    cells = [[number_word(cell) for cell in row.split()] for row in rows]
    return Grid(cells, list(range(len(cells[0]))))


A, B, X = Symbol("A", (2, 3)), Symbol("B", (3, 4)), Symbol("x", (3, 1))
N, M, Z = Symbol("n"), Symbol("m"), Symbol("z")

WRITTEN = [
    # SymPy prints the first as -5 - -1, and sorts the others
    (number(-5) - number(-1) * number(-1), "-5 - (-1)(-1)", r"-5 - \left(-1\right) \left(-1\right)"),
    (number(-5) + number(-1), "-5 + (-1)", r"-5 + \left(-1\right)"),
    (number(3) - number(-2), "3 - (-2)", r"3 - \left(-2\right)"),
    (number(2) * number(3), "2·3", r"2 \cdot 3"),
    (number(-2) * number(3), "(-2)·3", r"\left(-2\right) \cdot 3"),
    (number(2) * number(-3), "2·(-3)", r"2 \cdot \left(-3\right)"),
    (number(4) * N, "4 n", "4 n"),
    (N * M + N**2 + N, "n m + n² + n", "n m + n^{2} + n"),
    (Z + N, "z + n", "z + n"),
    (Z + Z, "z + z", "z + z"),
    (N * (M - Z), "n (m - z)", r"n \left(m - z\right)"),
    ((N - M) * (M - Z), "(n - m)(m - z)", r"\left(n - m\right) \left(m - z\right)"),
    (N - (M - Z), "n - (m - z)", r"n - \left(m - z\right)"),
    (-(N + M), "-(n + m)", r"-\left(n + m\right)"),
    (N - (-M), "n - (-m)", r"n - \left(-m\right)"),
    (number(-2) ** 2, "(-2)²", r"\left(-2\right)^{2}"),
    ((N - M) ** 2, "(n - m)²", r"\left(n - m\right)^{2}"),
    ((-N) ** 2, "(-n)²", r"\left(-n\right)^{2}"),
    ((N * M) ** 2, "(n m)²", r"\left(n m\right)^{2}"),
    ((N**2) ** 2, "(n²)²", r"\left(n^{2}\right)^{2}"),
    (A @ X + Symbol("b", (2, 1)), "A x + b", "A x + b"),  # the bias comes last
    ((A @ B).T, "Bᵀ Aᵀ", r"B^{\top} A^{\top}"),
    (A.T.T, "A", "A"),
    ((A + A).T, "(A + A)ᵀ", r"\left(A + A\right)^{\top}"),
    (Symbol("W_1", (2, 3)).T, "W₁ᵀ", r"W_1^{\top}"),
    (A @ (B @ Symbol("C", (4, 2))), "A B C", "A B C"),
    (X * X, "x ⊙ x", r"x \odot x"),
    (X * (X - X), "x ⊙ (x - x)", r"x \odot \left(x - x\right)"),
]


@pytest.mark.parametrize(("node", "printed", "written"), WRITTEN, ids=[case[1] for case in WRITTEN])
def test_order_and_parentheses(node, printed, written):
    """The author's order in both writers; negative factors, terms and bases in parentheses."""
    part = node.write(SYMBOLIC)
    assert text(part) == printed
    assert re.sub(r"\s+", " ", latex(part)) == written


@pytest.mark.parametrize(
    ("base", "printed", "written"),
    [
        ("2", "2²", "2^{2}"),
        ("-2", "(-2)²", r"\left(-2\right)^{2}"),
        ("1/3", "(1/3)²", r"\left(1/3\right)^{2}"),
        ("1×10⁻⁵", "(1×10⁻⁵)²", r"\left(1 \times 10^{-5}\right)^{2}"),
    ],
)
def test_the_base_of_a_power(base, printed, written):
    """A number put in for a symbol that is squared keeps its meaning."""
    part = Power(number_word(base), Word("2"))
    assert (text(part), latex(part)) == (printed, written)


@pytest.mark.parametrize(
    ("factors", "printed"),
    [
        (["-1.6", "-2"], "(-1.6)(-2)"),
        (["0.8", "3"], "0.8·3"),
        (["-1.6", "3"], "(-1.6)·3"),
        (["1/3", "2"], "(1/3)·2"),
        (["2", "1/3"], "2·(1/3)"),
        (["2", "1.00×10⁻⁵"], "2·1.00×10⁻⁵"),
    ],
)
def test_factors_side_by_side(factors, printed):
    """Between two numbers there is always a dot or a bracket: 0.8 3 would be read as 0.83."""
    assert text(product([number_word(factor) for factor in factors])) == printed


def test_a_derivative_is_multiplied_with_a_dot():
    """∂L/∂z ∂z/∂w without a sign between would read as one symbol."""
    assert text(product([word("dL/dz_1"), word("dz_1/dw")])) == "∂L/∂z₁ · ∂z₁/∂w"


PICTURES = [
    (grid("1 -2.5"), "[1  -2.5]"),
    (grid("1 -2.5", "10 0.25"), "⎡ 1  -2.5 ⎤\n⎢         ⎥\n⎣10   0.25⎦"),
    (grid("1", "-2", "3"), "⎡ 1⎤\n⎢-2⎥\n⎣ 3⎦"),
    (Row([word("z"), Word(" = "), grid("1", "2", "3")]), "    ⎡1⎤\nz = ⎢2⎥\n    ⎣3⎦"),
    (Row([word("z"), Word(" = "), grid("1", "2")]), "    ⎡1⎤\nz = ⎢ ⎥\n    ⎣2⎦"),
    (Row([grid("1 2 3"), Word(" "), grid("1", "2", "3")]), "          ⎡1⎤\n[1  2  3] ⎢2⎥\n          ⎣3⎦"),
    (Paren(grid("1", "2", "3")), "⎛⎡1⎤⎞\n⎜⎢2⎥⎟\n⎝⎣3⎦⎠"),
    (Fraction(Word("1"), Row([Word("1"), Word(" + "), Word("x")])), "  1\n─────\n1 + x"),
    (Row([word("e"), Word(" = "), Fraction(Word("16"), Word("8"))]), "    16\ne = ──\n    8"),
    (Grid([[Word("1"), Word("⋯"), Word("9")], None], [0, None, 8]), "⎡1  ⋯  9⎤\n⎢       ⎥\n⎣⋮  ⋱  ⋮⎦"),
]


@pytest.mark.parametrize(("part", "picture"), PICTURES, ids=range(len(PICTURES)))
def test_pictures(part, picture):
    """Tall brackets, decimal points under each other, fractions and matrices on the baseline of what stands beside."""
    assert text(part) == picture


def test_the_same_picture_in_ascii():
    """Without Unicode the brackets are drawn with what there is, in the same places."""
    assert text(grid("1 -2.5", "10 0.25"), BoxWriter(ASCII)) == "[ 1  -2.5 ]\n[         ]\n[10   0.25]"
    assert text(Fraction(Word("1"), word("alpha")), BoxWriter(ASCII)) == "  1\n-----\nalpha"


def test_columns_are_left_out_where_the_line_is_narrow():
    """A 1×8 matrix does not fit into 40 columns: dots stand for its middle, the last column stays."""
    cells = [f"-{n}.2345" for n in range(1, 9)]
    item = Equation(word("z"), [("=", grid(" ".join(cells)))])
    drawn = ["".join(piece for piece, _ in line) for line in equation(item, BoxWriter(), 40, 2)]
    assert len(drawn) == 1
    assert width_of(drawn[0]) <= 40
    assert "⋯" in drawn[0]
    assert cells[0] in drawn[0]
    assert drawn[0].endswith("-8.2345]")


def test_a_line_is_broken_at_a_top_level_operator():
    """A long sum goes on in the next line, beginning with its sign; nothing inside brackets is torn apart."""
    total = Row([word("a"), *[part for n in range(9) for part in (Word(""), *_plus(f"({n} + 1000000)"))]])
    drawn = [
        "".join(piece for piece, _ in line)
        for line in equation(Equation(word("s"), [("=", total)]), BoxWriter(), 40, 0)
    ]
    assert len(drawn) > 1
    assert all(width_of(line) <= 40 for line in drawn)
    assert all(line.lstrip().startswith("+ (") for line in drawn[1:])


def test_a_list_of_arguments_is_broken_after_a_comma():
    """A call with many arguments goes on in the next line; a name too long for its place stands further left."""
    count = call(Word("count"), listed([Word(f"0.{n}000") for n in range(9)]))
    drawn = [
        "".join(piece for piece, _ in line)
        for line in equation(Equation(word("x"), [("=", count)]), BoxWriter(), 40, 4)
    ]
    assert len(drawn) > 1
    assert all(width_of(line) <= 40 for line in drawn)
    assert "".join(line.strip() for line in drawn[1:]).endswith("0.8000)")
    factors = Row([Word("P(a)"), *_plus("P(" + "b" * 33 + ")")])
    drawn = [
        "".join(piece for piece, _ in line)
        for line in equation(Equation(word("x"), [("=", factors)]), BoxWriter(), 40, 4)
    ]
    assert all(width_of(line) <= 40 for line in drawn)


def _plus(said: str) -> list:
    from explain.engine.notation import PLUS

    return [PLUS, Word(said)]


def too_long(answer, width: int, glyphs) -> list[str]:
    """The lines of a page that stand out over its width, in any detail."""
    pages = (plain(page(answer, detail, 4), width, glyphs) for detail in ("brief", "exam", "full"))
    return [line for shown in pages for line in shown.split("\n") if width_of(line) > width]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("case", CASES[: len(EXAMPLES)], ids=name_of)
def test_no_line_of_an_example_is_longer_than_the_width(case, width, glyphs):
    """What does not fit is broken or elided: a terminal that wraps by itself would tear every matrix."""
    assert not too_long(answer_of(*case), width, glyphs)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("case", CASES[len(EXAMPLES) :], ids=name_of)
def test_no_line_of_a_larger_answer_is_longer_than_the_width(case, width, glyphs):
    """The same on a terminal of ordinary width, with more and longer numbers."""
    assert not too_long(answer_of(*case), width, glyphs)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_matrix_is_never_split(answer, width):
    """Every row of a matrix that is begun in a line ends in that line."""
    for line in plain(page(answer, "full", 4), width).split("\n"):
        for left, right in ("⎡⎤", "⎢⎥", "⎣⎦"):
            assert line.count(left) == line.count(right), line


@pytest.mark.parametrize("detail", ["brief", "exam", "full"])
def test_the_ascii_page_is_ascii(answer, detail):
    """A locale without UTF-8 gets no character it cannot print, and none that was thrown away."""
    laid = page(answer, detail, 4)
    for shown in (plain(laid, 80, ASCII), to_ascii(markdown(laid))):
        assert shown.isascii()
        assert "?" not in shown


FORBIDDEN = (r"\operatorname", r"\textcolor", r"\color", r"\require", r"\newcommand")


@pytest.mark.parametrize("detail", ["brief", "exam", "full"])
def test_mathematics_that_every_renderer_reads(answer, detail):
    r"""GitHub eats `\{` and `\,` inside `$…$`; only `\\` at line ends inside `$$` survives Markdown."""
    shown = markdown(page(answer, detail, 4))
    for command in FORBIDDEN:
        assert command not in shown
    pieces = re.split(r"^\$\$$", shown, flags=re.MULTILINE)
    assert len(pieces) % 2 == 1, "a display is not closed"
    for display in pieces[1::2]:
        for line in display.strip("\n").split("\n"):
            assert line.strip(), "an empty line ends the mathematics"
            assert "\\\\" not in line.removesuffix("\\\\")
            assert "$" not in line
        assert not display.rstrip().endswith("\\\\")
        assert display.count("{") == display.count("}")
        assert display.count(r"\left") == display.count(r"\right")
        assert display.isascii(), "Unicode inside mathematics"
    for prose in pieces[::2]:
        for line in prose.split("\n"):
            spans = re.split(r"(?<!\\)\$", line)
            assert len(spans) % 2 == 1, line
            for inline in spans[1::2]:
                assert not re.search(r"\\[{},;! \\]", inline), inline
                assert inline == inline.strip(), f"GitHub wants no space inside the dollars: {inline}"
                assert inline.isascii(), inline


def test_square_brackets_survive_rich():
    """`z[l] = W[l] a[l-1]` is Rich markup by its looks; the page prints it whole, with and without colour."""
    said = "z[l] = W[l] a[l-1] [bold]x[/bold] [/] :smile: \\[red]"
    laid = Page(
        title=said,
        source=said,
        given=[GivenLine(Word("z[l]"), Word("W[l]"), "2×1", (said,))],
        conventions=[(said,)],
        find=[Word("a[l-1]")],
        parts=[
            (
                "[red]part[/red]",
                [Section("z", 1, (said,), "[1]", (said,), [Equation(Word("z[l]"), [("=", Word("[2]"))])])],
            )
        ],
        results=[Equation(Word("z[l]"), [("=", Word("[/]"))])],
        checks=[(True, (said,))],
    )
    for terminal in (False, True):
        out = StringIO()
        show(laid, Console(file=out, width=120, force_terminal=terminal, color_system="256" if terminal else None), 120)
        printed = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
        assert printed.count(said) == 7
        assert printed == "\n".join(line.rstrip() for line in printed.split("\n"))
        assert "z[l] = W[l]" in printed
        assert "[red]part[/red]" in printed
        assert "z[l] = [/]" in printed


def test_one_colour_a_symbol():
    """A symbol has its colour in the formula, among the numbers put in, and in the result."""
    out = StringIO()
    laid = page(answer_of("mlp", shlex.split("--x 1,2 --W 0.5,0.25 --b 7.5 --activation identity")), "exam", 4)
    show(laid, Console(file=out, width=80, force_terminal=True, color_system="256"), 80)
    colours = {
        shown: set(re.findall(rf"\x1b\[([0-9;]+)m{re.escape(shown)}\x1b", out.getvalue()))
        for shown in ("W₁", "0.5", "b₁", "7.5")
    }
    assert len(colours["W₁"]) == 1
    assert colours["W₁"] == colours["0.5"]
    assert colours["b₁"] == colours["7.5"]
    assert colours["W₁"] != colours["b₁"]


@pytest.mark.parametrize(
    ("typed", "written"),
    [("a_b", r"a\_b"), ("5 * 3", r"5 \* 3"), ("$5", r"\$5"), ("W[l]", r"W\[l\]"), ("a|b", r"a\|b"), ("<b>", r"\<b\>")],
)
def test_markdown_finds_nothing_to_interpret_in_text(typed, written):
    """A sentence prints as it reads."""
    assert escaped(typed) == written


@pytest.mark.parametrize(
    ("shown", "plainly"),
    [
        ("∂L/∂W₁", "dL/dW_1"),
        ("10⁻⁵", "10^-5"),
        ("W₁₂ᵀ", "W_12^T"),
        ("ŷ ≈ 0.5", "yhat ~= 0.5"),
        ("e⁻¹²", "e^-12"),
        ("-Σᵢ log xᵢ₋₁", "-Sum_i log x_i-1"),
        ("Πⱼ Wᵢⱼ", "Prod_j W_ij"),
        ("xₙ", "x_n"),
        ("Bahdanaü", "Bahdanau"),
    ],
)
def test_ascii_transcription(shown, plainly):
    """Readable without Unicode, by the plain names that `--find` takes."""
    assert to_ascii(shown) == plainly


@pytest.mark.parametrize(("shown", "cells"), [("abc", 3), ("ŷ", 1), ("y\u0302", 1), ("深度", 4), ("⎡⎤", 2)])
def test_the_width_of_text(shown, cells):
    """Alignment counts terminal cells, not characters."""
    assert width_of(shown) == cells
    assert text_box(shown).width == cells
