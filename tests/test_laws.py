"""The laws that hold for every topic, on inputs derived from its declaration; no topic is named."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from map_inputs import takes_maps
from oracles.latex_reader import Interval, Unreadable, read
from oracles.window_reader import Moves
from strategies import DETAILS, answered, details, digits, invocations, templates, typed_numbers

from explain.engine.evaluate import evaluate, largest_of
from explain.engine.functions import textbook
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.functions import Apply, Softmax
from explain.engine.nodes.linear import transpose
from explain.engine.nodes.window import Gathering, Sliding
from explain.engine.prose import SYMBOLIC
from explain.page import page
from explain.page.model import Equation
from explain.page.slices import Slices
from explain.page.windows import sliding_in
from explain.render.latex import latex
from explain.render.markdown import display, markdown, prose
from explain.render.terminal import plain
from explain.topics import all_topics

ALL = sorted(all_topics().values(), key=lambda topic: topic.name)
EXAMPLES = 1800 // len(ALL)  # inputs of each topic: the laws take as long however many topics there are
WIDTH = 400  # wide enough that no column is left out and no line is broken
NOISE = 1e-12  # relative; what float64 makes of a sum that cancels is no fault of the page

every_topic = pytest.mark.parametrize("topic", ALL, ids=[topic.name for topic in ALL])


def law(*strategies):
    """A property of the answers of one topic: the test is called with the topic, an input and one of each strategy."""

    def decorate(test):
        def over_inputs(topic):
            @seed(f"{test.__name__} {topic.name}")  # other inputs for each law, the same ones in every run
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
            )
            @given(st.tuples(invocations(topic), *strategies))
            def holds(drawn):
                test(topic, *drawn)

            holds()

        over_inputs.__name__ = test.__name__
        over_inputs.__doc__ = test.__doc__
        return every_topic(over_inputs)

    return decorate


@law()
def test_a_value_comes_from_its_own_expression(topic, inputs):
    """Law 1: a value is what its own expression gives from the quantities it says it reads, and from nothing else."""
    answer = answered(topic, inputs)
    known = {item.symbol.name for item in answer.given}
    for step in answer.steps:
        assert known.issuperset(step.reads), f"{step.name} reads what is not there yet"
        known.add(step.name)
        if step.value is not None:
            again = evaluate(step.expression, {name: answer.values[name] for name in step.reads})
            crumb = 1e-13 * max((largest_of(answer.values[name]) for name in step.reads), default=1.0)
            cancelled = (step.value == 0) & (abs(again) < crumb)  # terms that cancel are 0, not a crumb of float noise
            assert np.all((again == step.value) | cancelled), step.name
            assert np.array_equal(answer.values[step.name], step.value), step.name


TOLD = re.compile(
    r"entry (?:i|\(i, j\)) is (?P<left>row|column|entry) i of \$(?P<A>[^$]+)\$ times "
    r"(?:(?P<right>column|entry) j of )?\$(?P<B>[^$]+)\$"
)


@law()
def test_the_entry_told_in_words_is_the_entry(topic, inputs):
    """Protects the sentence of a product in the chain rule: the rows and columns it names give the value."""
    answer = answered(topic, inputs)
    named = {}
    for name, value in answer.values.items():
        symbol = Symbol(name, value.shape)
        named[latex(SYMBOLIC.write(symbol))] = value
        if value.ndim == 2:
            named[latex(SYMBOLIC.write(transpose(symbol)))] = value.T
    for step in answer.steps:
        found = TOLD.search(prose(step.why))
        if found is None or step.value is None:
            continue
        left, right = as_matrix(named[found["A"]]), as_matrix(named[found["B"]])
        left = {"row": left, "column": left.T, "entry": left.reshape(-1, 1)}[found["left"]]
        right = right.reshape(1, -1) if found["right"] == "entry" else right
        again = left @ right
        assert again.shape == step.value.shape, f"{step.name}: {prose(step.why)}"
        scale = (abs(left) @ abs(right)).max()
        assert np.all(abs(again - step.value) <= 1e-12 * scale), f"{step.name}: {prose(step.why)}"


@law(details, digits)
def test_printed_numbers_contain_the_value(topic, inputs, detail, places):
    """Law 2: whoever works a printed line with its printed numbers arrives at the value, rounding allowed for."""
    answer = answered(topic, inputs)
    scale = max([0.0, *(finite(value) for value in answer.values.values())])
    readable = unreadable = 0
    for where, sign, text, value, told in printed(answer, page(answer, detail, places)):
        try:
            found, largest = read(text, rounded=sign == "≈", digits=places, **told)
        except Unreadable:
            unreadable += "dots" not in text
            continue
        readable += 1
        slack = NOISE * largest + 1e-15 * scale + 1e-300
        assert found.contains(value, slack), f"{where}: {sign} {text}\nis {found}, the value is {value}"
    assert readable >= unreadable, f"only {readable} of {readable + unreadable} lines with numbers could be read"


def printed(answer, built):
    """Every relation after the formula: where it stands, its sign, its LaTeX, the value it must contain, and how the
    parts of it are meant that LaTeX leaves open.
    """
    for _, sections in built.parts:
        for section in sections:
            step = answer[section.step]
            if step.value is None:
                continue
            formulas = {latex(SYMBOLIC.write(step.expression)), latex(step.chain) if step.chain else ""}
            for line in section.lines:
                if isinstance(line, Equation) and line.label and prose(line.label) == "with":
                    named = next(other for other in answer.steps if latex(other.symbol.word) == latex(line.left))
                    shown = [] if named.value is None else line.relations[1:]  # the first is the formula
                    yield from ((named.name, *part, {}) for sign, right in shown for part in parts(sign, right, named))
                    continue
                sliced = isinstance(line, Equation) and isinstance(line.relations[-1][1], Slices)
                value = meant(step, line) if isinstance(line, Equation) and not sliced else None
                if value is None and not sliced:
                    continue
                for sign, right in line.relations:
                    if sliced:
                        yield from ((step.name, *part, {}) for part in parts(sign, right, step))
                    elif latex(right) not in formulas:
                        yield step.name, sign, latex(right), value, left_open(step.expression)
    for name, line in zip(answer.results, built.results, strict=True):
        if answer[name].value is not None:
            for sign, right in line.relations:
                yield from ((f"result {name}", *part, {}) for part in parts(sign, right, answer[name]))


LABELLED = re.compile(r"(?P<name>.*?) (?P<sign>=|\\approx) (?P<body>.*)", re.DOTALL)


def parts(sign, right, step):
    """A value as it is printed: whole, or slice by slice (entry by entry), each with its index."""
    value = step.value
    if not isinstance(right, Slices):
        yield sign, latex(right), as_matrix(value)
        return
    first, *others = latex(right).split(r",\quad ")
    yield sign, first, as_matrix(value[leading(latex(right.left), value.shape)])
    for text in others:
        found = LABELLED.fullmatch(text)
        if found is not None:  # else what is left out: dots, and the name of the last one
            sign = {"=": "=", r"\approx": "≈"}[found["sign"]]
            yield sign, found["body"], as_matrix(value[leading(found["name"], value.shape)])


def leading(name, shape):
    """The index in the name of a slice, or of an entry, which begins with a brace."""
    numbers = [int(number) - 1 for number in re.findall(r"\d+", name.rpartition("_")[2])]
    if name.startswith("{"):
        return tuple(numbers[-len(shape) :])
    if np.prod(shape[:-2]) == 1:  # one slice alone has the name of the whole
        return (0,) * (len(shape) - 2)
    return tuple(numbers[len(numbers) - len(shape) + 2 :])


def left_open(expression):
    """The direction of a softmax, and how each kernel slides, in the order in which they are written."""
    return {"axis": softmax_axis(expression), "slides": [moves(node) for node in slidings(expression)]}


def slidings(node):
    """Every sliding product in an expression."""
    return [node] if isinstance(node, Sliding) else [found for operand in node.operands for found in slidings(operand)]


def moves(sliding):
    """How a kernel slides over a matrix; None for maps with channels, which are never put in."""
    layout = sliding.layout
    plain = len(layout.axes) == 2 and layout.inputs == layout.filters == 1 and layout.samples < 2
    return Moves(layout.axes, layout.flipped, isinstance(sliding, Gathering)) if plain else None


PICTURED = re.compile(r"(channel|filter|sample) (\d+)")


def meant(step, line):
    """The value that an equation speaks of: the step's, one entry of it, or one slice of a local derivative."""
    value = as_matrix(step.value)
    if not line.label:
        itself = latex(step.symbol.word), latex(SYMBOLIC.write(step.expression))  # a slice stands by its own row
        return value if latex(line.left) in itself else None
    told = prose(line.label)
    if PICTURED.fullmatch(told):  # one patch of an entry: see the law of the windows
        return None
    if told.startswith("so for"):
        rows = int(step.local.wrt.shape[0])
        return np.vstack([value[:1], np.zeros((rows - 1, value.shape[1]))])
    shape = step.value.shape
    sizes = shape if any(size != 1 for size in shape[:-2]) else [size for size in shape if size != 1]
    if told.startswith("first"):
        return step.value[(0,) * step.value.ndim]
    named = len(re.findall(r"\d+", told))
    assert named in (len(sizes), len(sizes) or 1), f"{step.name} has no entry with the name {told}"
    return step.value[place_of(told, step.value.shape)]


@law(details, digits)
def test_windows_add_up_to_the_entry(topic, inputs, detail, places):
    """A window on paper is right: the printed products are those of the printed factors, and they add up to the entry.

    Where a page draws P ⊙ K = products for an entry, one line a channel, the sum of all products and of the other
    terms of the step is the value of that entry.
    """
    windows_hold(answered(topic, inputs), detail, places)


@pytest.mark.parametrize("topic", [topic for topic in ALL if takes_maps(topic)], ids=lambda topic: topic.name)
def test_windows_of_every_variation(topic):
    """The same for each variation of the examples as it stands, which chance would not meet."""
    for inputs in templates(topic):
        answer = topic(**inputs)
        for detail in ("exam", "full"):
            windows_hold(answer, detail, 4)


def windows_hold(answer, detail, places):
    """Every window on a page is right, and none stands alone."""
    for section in sections_of(page(answer, detail, places)):
        step, drawn = answer[section.step], []
        sliding = sliding_in(step.expression)
        for line in section.lines if sliding is not None and step.value is not None else ():
            if not isinstance(line, Equation):
                continue
            told = prose(line.label) if line.label else ""
            if told.startswith("entry") and drawn:
                index = place_of(told, step.value.shape)
                add_up(answer, step, sliding, index, drawn)
                drawn = []
            elif PICTURED.fullmatch(told) or (line.left is not None and r"\odot" in latex(line.left)):
                drawn.append(multiplied(line, places))
        assert not drawn, f"{section.step}: a window without an entry"


def multiplied(line, places):
    """The products of one window; None where some are left out."""
    factors = line.left if line.left is not None else line.relations[0][1]
    sign, right = line.relations[-1]
    try:
        products, largest = read(latex(right), rounded=sign == "≈", digits=places)
        again, _ = read(latex(factors), rounded=True, digits=places)
    except Unreadable:
        assert "dots" in latex(right)
        return None
    slack = NOISE * largest**2 + 1e-300
    assert products.shape == again.shape
    overlap = (products.low <= again.high + slack) & (again.low <= products.high + slack)
    assert overlap.all(), f"{latex(factors)} is {again}, not {products}"
    return products


def add_up(answer, step, sliding, index, drawn):
    """The products of all windows of an entry and the other terms give its value."""
    terms = [sliding] if step.expression is sliding else step.expression.operands
    slid = [term for term in terms if term is sliding or isinstance(term, Sliding)]
    patches = [patch for term in slid for patch in term.patches(index) if all(patch.lines)]
    if None in drawn or len(patches) != len(drawn):
        return  # of very large windows, and of many channels, only some are drawn
    others = [term for term in terms if all(term is not other for other in slid)]
    values = {name: answer.values[name] for name in step.reads}
    rest = sum(float(np.broadcast_to(evaluate(term, values), step.value.shape)[index]) for term in others)
    low, high = (sum(float(getattr(products, end).sum()) for products in drawn) + rest for end in ("low", "high"))
    slack = 1e-11 * (abs(rest) + sum(float(products.size.sum()) for products in drawn)) + 1e-300
    assert Interval(low, high).contains(step.value[index], slack), f"{step.name}{index}: {low} to {high}"


def place_of(told, shape):
    """The index that `entry (2,1)` names; axes of one are counted where there are several maps."""
    numbers = [int(number) - 1 for number in re.findall(r"\d+", told)]
    if all(size == 1 for size in shape):
        return (0,) * len(shape)
    if any(size != 1 for size in shape[:-2]):
        return tuple(numbers)
    return tuple(numbers.pop(0) if size != 1 else 0 for size in shape)


def as_matrix(value):
    """A value with the two axes it is printed with."""
    value = np.asarray(value, dtype=float)
    return value.reshape(1, -1) if value.ndim == 1 else value


def softmax_axis(node):
    """The direction of a softmax in an expression: the one thing that its LaTeX leaves to the shapes."""
    if isinstance(node, Softmax):
        return node.axis
    return next((axis for axis in map(softmax_axis, node.operands) if axis is not None), None)


def finite(value):
    """The largest finite number of an array."""
    sizes = abs(np.asarray(value, dtype=float))
    return float(np.where(np.isfinite(sizes), sizes, 0).max(initial=0))


@law(details, digits)
def test_the_last_step_gives_the_result(topic, inputs, detail, places):
    """Law 3: the working ends in what was asked, each step has a name of its own, and nothing is shown twice."""
    answer = answered(topic, inputs)
    assert len(set(answer.names)) == len(answer.names)
    assert answer.results
    assert set(answer.results) <= set(answer.names)
    assert answer.names[-1] in answer.results
    built = page(answer, detail, places)
    shown = ["\n".join(map(line_text, section.lines)) for section in sections_of(built)]
    assert len(set(shown)) == len(shown)


@law()
def test_every_answer_is_checked(topic, inputs):
    """Law 4: each page carries at least one check by a second route, and all of them pass."""
    built = page(answered(topic, inputs))
    assert built.checks
    for passed, text in built.checks:
        assert passed, prose(text)


@law()
def test_numbers_stand_as_typed(topic, inputs):
    """Law 5: each typed number is among the givens as it was typed (`0.30` stays `0.30`); decimals as often, too.

    A size given for two axes, such as `3x3`, may stand there once.
    """
    shown = plain(page(answered(topic, inputs)), WIDTH)
    section = re.split(r"\n(?:Conventions|Find)\n", shown)[0].partition("\nGiven\n")[2]
    typed, found = Counter(typed_numbers(topic, inputs)), Counter(re.findall(r"-?\d+(?:\.\d*)?", section))
    missing = {number for number, times in typed.items() if found[number] < (times if "." in number else 1)}
    assert not missing, f"{missing} not in\n{section}"


@law(details, digits)
def test_negative_operands_stand_in_parentheses(topic, inputs, detail, places):
    """Law 5: no sign follows another operator, in the terminal or in LaTeX."""
    built = page(answered(topic, inputs), detail, places)
    for line in plain(built, WIDTH).splitlines():
        assert not re.search(r"\s[-+] -[\d.(\w]|[·⊙⊘] ?-", line), line
    for equation in equations_of(built):
        for _, right in equation.relations:
            text = latex(right)
            assert not re.search(r"[-+] -|\\(?:cdot|odot|oslash|times) -", text), text


@law()
def test_expression_and_value_have_one_shape(topic, inputs):
    """Law 6: what the symbolic side says about a shape is what NumPy finds."""
    for step in answered(topic, inputs).steps:
        assert step.symbol.shape == step.expression.shape
        if step.value is not None:
            assert step.expression.shape == step.value.shape, step.name


@law(digits)
def test_the_details_differ_on_every_step(topic, inputs, places):
    """Brief, exam and full are three different workings of each step that all of them show."""
    answer = answered(topic, inputs)
    pages = {detail: page(answer, detail, places) for detail in DETAILS}
    texts = [{section.step: section_text(section) for section in sections_of(pages[detail])} for detail in DETAILS]
    for name in set.intersection(*map(set, texts)):
        found = {text[name] for text in texts}
        assert len(found) == len(DETAILS), name
    assert texts[1].keys() == texts[2].keys()


@law(details, digits)
def test_the_same_question_has_the_same_answer(topic, inputs, detail, places):
    """Nothing on a page depends on when, or after what, it was asked."""
    first, second = (page(answered(topic, inputs), detail, places) for _ in range(2))
    assert plain(first, 80) == plain(second, 80)
    assert markdown(first) == markdown(second)


@law(details, digits)
def test_no_float_noise_is_shown(topic, inputs, detail, places):
    """No more decimals than asked for (or than four significant digits need), no signed zero, nothing undefined."""
    answer = answered(topic, inputs)
    built = page(answer, detail, places)
    typed = {number.lstrip("+-") for number in typed_numbers(topic, inputs)}
    for step in answer.steps:  # a constant of a formula stands as the formula has it
        formula = textbook(step.expression) if isinstance(step.expression, Apply) else step.expression
        typed.update(re.findall(r"\d+\.\d+", latex(SYMBOLIC.write(formula))))
    shown = [line for line in plain(built, WIDTH).splitlines() if not line.lstrip().startswith("carried on")]
    for line in shown:
        for number in re.findall(r"(?<![\d.])\d+\.\d+", line):
            significant = number.replace(".", "").lstrip("0")
            decimals = len(number.partition(".")[2])
            assert decimals <= max(places, 4) or len(significant) <= 4 or number in typed, line
        assert not re.search(r"(?<![\w.])-0(?:\.0*)?(?![\d.×])", line), line
        assert not re.search(r"\b(?:nan|inf)\b", line, re.IGNORECASE), line


def sections_of(built):
    """All sections of a page."""
    return [section for _, sections in built.parts for section in sections]


def equations_of(built):
    """All equations of a page, those of the result among them."""
    lines = [line for section in sections_of(built) for line in section.lines]
    return [*(line for line in lines if isinstance(line, Equation)), *built.results]


def line_text(line):
    """A line of working as text."""
    return "\n".join(display(line)) if isinstance(line, Equation) else prose(line)


def section_text(section):
    """What a section shows, without its number."""
    return "\n".join([prose(section.title), section.shapes, prose(section.why), *map(line_text, section.lines)])
