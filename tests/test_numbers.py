"""Numbers as printed: half-up, at least three significant digits, exact told from rounded, never float noise."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import sympy

import explain
from explain.engine.rounding import number_word, show, tidy, typed
from explain.errors import InputError
from explain.page import page
from explain.render.latex import latex
from explain.render.terminal import plain

GOOGOL = 10**99

SHOWN = [
    # value, digits, text, exact
    (1.25**2, 3, "1.563", False),  # half-up, where binary rounding and half-even both give 1.562
    (Fraction("0.0625"), 3, "0.0625", True),
    (Fraction("1.285"), 2, "1.29", False),  # as typed: the float 1.285 lies below
    (1.285, 2, "1.29", False),
    (Fraction("0.285"), 2, "0.285", True),  # two decimals would leave two significant digits
    (Fraction("1.005"), 2, "1.01", False),
    (1.005, 2, "1.01", False),
    (-1.005, 2, "-1.01", False),
    (2.5, 1, "2.50", False),
    (Fraction("12.25"), 1, "12.3", False),
    (Fraction("-12.25"), 1, "-12.3", False),
    (5.9, 4, "5.9000", False),
    (Fraction("5.9"), 4, "5.9", True),
    (Fraction(-59, 10), 4, "-5.9", True),
    (Fraction(1, 3), 4, "0.3333", False),
    (Fraction(2, 3), 4, "0.6667", False),
    (sympy.Rational(1, 8), 4, "0.125", True),
    (sympy.Rational(1, 3), 4, "0.3333", False),
    (sympy.Float("0.5", 40), 4, "0.5000", False),
    (sympy.sqrt(2).n(40), 4, "1.4142", False),
    # tiny numbers keep three significant digits, below 10⁻⁴ with a power of ten
    (0.00020366, 4, "0.000204", False),
    (0.012345, 4, "0.0123", False),
    (0.0012345, 4, "0.00123", False),
    (Fraction("0.0001"), 4, "0.0001", True),
    (0.0001, 4, "0.000100", False),
    (1e-5, 4, "1.00×10⁻⁵", False),
    (-1e-5, 4, "-1.00×10⁻⁵", False),
    (Fraction(1, 10**5), 4, "1.00×10⁻⁵", True),
    (Fraction(1, 3 * 10**5), 4, "3.33×10⁻⁶", False),
    (9.9999e-5, 4, "1.00×10⁻⁴", False),  # the mantissa is carried, never 10.0×10⁻⁵
    (1.2345e-12, 4, "1.23×10⁻¹²", False),
    (5e-324, 4, "5.00×10⁻³²⁴", False),
    (sympy.Float("1e-400", 40), 4, "1.00×10⁻⁴⁰⁰", False),
    # large numbers
    (123456.7, 4, "123456.7000", False),
    (Fraction("123456.75"), 4, "123456.75", True),
    (999999999.99999, 4, "1000000000.0000", False),
    (1e300, 4, "1.00×10³⁰⁰", False),
    (9.9996e9, 4, "1.00×10¹⁰", False),
    (2**53, 4, "9007199254740992", True),
    (GOOGOL + 1, 4, "1" + "0" * 98 + "1", True),  # counts are exact whatever their size
    (Fraction(GOOGOL), 1, "1" + "0" * 99, True),
    (sympy.Integer(GOOGOL), 15, "1" + "0" * 99, True),
    # nothing is never minus nothing
    (0.0, 4, "0", False),
    (-0.0, 4, "0", False),
    (0, 4, "0", True),
    (Fraction(0), 4, "0", True),
    # infinities: a masked score is one
    (math.inf, 4, "∞", True),
    (-math.inf, 4, "-∞", True),
    (sympy.oo, 4, "∞", True),
    (-sympy.oo, 4, "-∞", True),
]


@pytest.mark.parametrize(("value", "digits", "text", "exact"), SHOWN)
def test_a_number_is_shown_as_the_policy_says(value, digits, text, exact):
    """The rounding policy, case by case: text and whether anything was rounded away."""
    assert show(value, digits) == (text, exact)


@pytest.mark.parametrize("digits", range(1, 16))
def test_digits_set_the_decimals(digits):
    """`--digits N` means N decimals wherever three significant digits remain, and at least three of those."""
    assert show(math.pi, digits).text == f"{math.pi:.{max(digits, 2)}f}"
    assert show(Fraction(2, 3), digits).text == "0." + "6" * (max(digits, 3) - 1) + "7"
    assert show(Fraction(1, 2), digits) == ("0.5", True)
    assert show(7, digits) == ("7", True)


@pytest.mark.parametrize("digits", [1, 4, 9, 15])
@pytest.mark.parametrize("power", range(-12, 13, 3))
@pytest.mark.parametrize("mantissa", [1.0, 1.2345678901234567, 4.5, 9.9999999, -7.77777])
def test_what_is_shown_is_near_what_is_meant(mantissa, power, digits):
    """A shown number is within half a unit of its last place: never a wrong power, sign or carry."""
    value = mantissa * 10.0**power
    text = show(value, digits).text
    front, _, raised = text.partition("×10")
    read = float(front) * 10.0 ** int(raised.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    assert read == pytest.approx(value, rel=5.1e-3 if raised or abs(value) < 1 else 1e-2)
    assert math.copysign(1, read) == math.copysign(1, value)
    assert sum(mark.isdigit() for mark in front.lstrip("-0.")) >= 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (1.9999999999999998, "2"),
        (0.1 + 0.2, "0.3"),
        (0.8807970779778823, "0.8808"),
        (2.5, "2.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (5.55e-17, "0"),
        (-5.55e-17, "0"),
        (1e-5, "1.00×10⁻⁵"),
        (1e20, "1" + "0" * 20),
    ],
)
def test_a_float_in_a_sentence(value, text):
    """Checks speak of `2`, not of `1.9999999999999998` or `2.0000`; noise around nothing is 0."""
    assert tidy(value) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("0.30", "0.30"),
        ("-1.60", "-1.60"),
        ("1/3", "1/3"),
        ("007", "007"),
        ("1e-8", "1×10⁻⁸"),
        ("1.50E-3", "1.50×10⁻³"),
        ("2e+03", "2×10³"),
        ("-1e0", "-1×10⁰"),
    ],
)
def test_a_typed_number_stands_as_typed(text, printed):
    """What was typed is what is printed; only `e` becomes a power of ten."""
    assert typed(text) == printed


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("5.9", "5.9"),
        ("-2", "-2"),
        ("1.00×10⁻⁵", r"1.00 \times 10^{-5}"),
        ("-1.00×10⁻¹²", r"-1.00 \times 10^{-12}"),
        ("-∞", r"-\infty"),
    ],
)
def test_the_latex_of_a_number(text, written):
    """Superscripts and signs come out as LaTeX, never as Unicode inside mathematics."""
    assert latex(number_word(text)) == written


@pytest.mark.parametrize("text", ["-2", "1/3", "-1/3", "1.00×10⁻⁵", "-1×10⁻⁵"])
def test_numbers_that_need_parentheses_bind_loosely(text):
    """A sign, a slash or a power of ten: such a number may not become the base of a power as it stands."""
    assert number_word(text).level < number_word("2").level


def forward(**given: object) -> explain.Answer:
    """A network without activation: the sums as they are."""
    return explain.mlp(**{"activation": "identity", **given})


def text_of(answer, digits: int = 4, detail: str = "exam") -> str:
    """The page in one string."""
    return plain(page(answer, detail, digits), 100)


@pytest.mark.parametrize("detail", ["brief", "exam"])
@pytest.mark.parametrize("digits", [1, 4, 9, 15])
def test_float_noise_is_never_printed(detail, digits):
    """0.1 + 0.2 is 0.3 exactly on the typed decimals, at any number of decimals."""
    text = text_of(forward(x="1,1", W="0.1,0.2"), digits, detail)
    assert "ŷ = 0.3\n" in text
    assert "0.30000" not in text


@pytest.mark.parametrize("digits", [4, 15])
def test_a_cancelled_sum_is_nothing(digits):
    """0.1 + 0.2 - 0.3 is 5.55e-17 in floats and 0 on paper."""
    answer = forward(x="1,1,1", W="0.1,0.2,-0.3")
    assert answer["yhat"].value.item() == 0
    text = text_of(answer, digits).split("Check")[0]
    assert "ŷ = 0\n" in text
    assert "10⁻¹⁷" not in text


def test_minus_nothing_is_never_printed():
    """0·(-1) is -0.0 in floats; signs of nothing are not printed, for relu, identity and their gradients."""
    for activation in ("identity", "relu", "leaky-relu"):
        answer = forward(x="-1,-0.0", W="0,0;0,-2", activation=activation, target="0,0", loss="squared-error")
        lines = text_of(answer).split("Conventions")[1]
        assert "-0\n" not in lines
        assert "-0 " not in lines
        assert "-0]" not in lines


def test_small_numbers_are_not_taken_for_noise():
    """e⁻¹⁰⁰ is a small number, not rounding: it is shown with its power of ten, and no nothing stands in a sum."""
    text = text_of(explain.attention(scores="0,-100", d_k=1))
    assert "3.72×10⁻⁴⁴" in text
    assert "1 + 0" not in text


def test_a_masked_score_is_minus_infinity_and_its_weight_exactly_nothing():
    """−∞ is working, no answer: the weight that follows is 0."""
    answer = explain.attention(scores="1,2;3,4", mask="causal", V="1;2")
    assert "-∞" in text_of(answer)
    assert answer["A"].value[0].tolist() == [1.0, 0.0]


def test_typed_numbers_stand_as_typed():
    """Trailing zeros, fractions, a Unicode minus and powers of ten are accepted and printed as they were typed."""
    text = text_of(forward(x="1/3,1e-8,+4", W="0.30,−2,1.60"))
    for shown in ("1/3", "1×10⁻⁸", "0.30", "-2", "1.60"):
        assert shown in text
    assert "−" not in text
    markdown = forward(x="1/3,1e-8", W="0.30,−2").to_markdown()
    assert r"1 \times 10^{-8}" in markdown
    assert "0.30 & -2" in markdown


def test_exact_and_rounded_signs():
    """`=` where the printed number is the number, `≈` where digits were rounded away."""
    assert "ŷ = 5.9\n" in text_of(forward(x="-2,3,1", W="-1.6,0.8,0.3"))
    assert "ŷ ≈ 0.3333\n" in text_of(forward(x="1/3", W="1"))
    assert "ŷ = 0.5\n" in text_of(forward(x="0", W="1", activation="sigmoid"))


def test_counts_of_any_size_are_exact():
    """100 digits typed give the 4 n (n + m + 1) of them, every digit of it."""
    n, m = 10**99 + 7, 10**98 + 9
    answer = explain.lstm_params(units=n, features=m)
    assert answer["P"].value.item() == 4 * n * (n + m + 1)
    assert str(4 * n * (n + m + 1)) in text_of(answer)


@pytest.mark.parametrize(
    ("topic", "given"),
    [
        ("attention", {"scores": "1e308,-1e308"}),
        ("attention", {"scores": "1e18,0"}),  # the quotient e^(10¹⁸) has exponents no decimal can hold
        ("attention", {"scores": "1e25,0"}),
        ("mlp", {"x": "1e25", "W": "-1", "activation": "sigmoid"}),
        # a finite difference that steps out of (0, 1) has no logarithm
        ("mlp", {"x": "0.5", "W": "1e-8,1", "activation": "identity", "target": "1,0", "loss": "cross-entropy"}),
        ("attention", {"scores": "1e308,1e308", "d_k": "1e-300"}),
        ("mlp", {"x": "1e308,1e308", "W": "10,10", "activation": "identity"}),
        ("mlp", {"x": "1e200", "W": "1e200", "activation": "sigmoid"}),
        ("mlp", {"x": "1e300", "W": "1", "activation": "identity", "target": "0", "loss": "squared-error"}),
        ("mlp", {"x": "1", "W": "1", "activation": "softmax", "target": "1", "loss": "binary-cross-entropy"}),
    ],
)
def test_nan_and_infinity_are_no_answer(topic, given):
    """Numbers too large for the machine are refused or worked, never printed as ∞ or nan, and never a traceback."""
    try:
        text = text_of(getattr(explain, topic)(**given)).split("Check")
    except InputError:
        return
    assert "∞" not in text[0]
    assert "nan" not in text[0]
    assert "✗" not in text[1]


@pytest.mark.parametrize("z", [-800, -750, -40, 40, 800])
def test_a_saturated_output_passes_its_own_check(z):
    """Where a float underflows, the page may not show a failed check, nor two values for one quantity."""
    text = text_of(explain.mlp(x=str(z), W="1", activation="sigmoid"))
    assert "✗" not in text
    assert "≈ 0\n" not in text
