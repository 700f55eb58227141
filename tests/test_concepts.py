"""Concepts: every text true of its numbers, every number computed; the list, the search, papers and every format."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pypandoc
import pytest
from jsonschema import Draft202012Validator

from explain import InputError, concept, schema
from explain.cli import run
from explain.concepts import FOLDER, OWN, listed, load, search
from explain.essay import command, work
from explain.page import page
from explain.quoting import PLACE, places
from explain.relations import Relation
from explain.render.essay import EssayDocument
from explain.render.glyphs import ASCII, UNICODE, width_of
from explain.render.linear import sentence
from explain.render.terminal import uncoloured
from explain.topics import FIELDS, find_topic

NAMES = [item.name for item in listed()]
every = pytest.mark.parametrize("name", NAMES)
GOLDEN = Path(__file__).parent / "golden" / "concepts"
KEYS = {"title", "field", "words", "source", "text", "statement", "holds", "calculation"}
NUMBER = re.compile(r"(?<![\w-])-?\d[\d.,]*\d|(?<![\w-])-?\d")  # GPT-3 and T5 are names
EXACT = {str(number) for number in range(-1, 11)}  # what can be counted, and the ends of a range
YEAR = re.compile(r"(19|20)\d\d")


@pytest.fixture(scope="module")
def worked():
    """Every concept worked, once."""
    found = {}

    def of(name):
        if name not in found:
            found[name] = work(name)
        return found[name]

    return of


def texts(told):
    """All sentences of a concept in which numbers may be quoted."""
    yield told.text
    for said in told.statements:
        yield from (said.says, said.because)
    for item in told.calculations:
        yield item.text


# The files


@every
def test_a_file_has_what_a_concept_needs(name):
    """Known keys only, in the order that the quick list reads; a source with a year, words, a calculation."""
    raw = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    assert raw.keys() <= KEYS
    assert list(raw)[:5] == ["title", "field", "words", "source", "text"]
    assert raw["field"] in FIELDS
    assert all(raw[key].strip() == raw[key] and raw[key] for key in ("title", "source"))
    assert YEAR.search(raw["source"])
    assert len(raw["words"]) >= 4
    assert raw["calculation"]
    assert raw.get("holds") or any("relation" in said for said in raw["statement"])
    told = load(name)
    assert 90 <= len(re.findall(r"\w+", PLACE.sub("x", told.text))) <= 330
    assert len({item.name for item in told.calculations}) == len(told.calculations)


@every
def test_every_number_of_a_text_is_computed(name):
    """Nobody types a number that a calculation gives: small whole numbers and years only."""
    for text in texts(load(name)):
        typed = [found for found in NUMBER.findall(PLACE.sub("", text)) if found not in EXACT]
        assert all(YEAR.fullmatch(found) for found in typed), (text, typed)


@every
def test_what_a_text_quotes_can_be_looked_up(name, worked):
    """Every quoted quantity stands in a calculation as it is shown; no calculation is there that nobody quotes."""
    told, answers = load(name), worked(name).answers
    quoted = {(place.of, place.name) for text in texts(told) for place in places(text) if place.of}
    related = [*told.holds, *(said.relation for said in told.statements if said.relation)]
    for relation in related:
        quoted |= {(item.of, item.name) for item in Relation.read(relation).quantities.values()}
    for item in told.calculations:
        whole = answers[item.name]
        shown = whole.find(item.find) if item.find else whole
        seen = {given.symbol.name for given in shown.given} | {step.name for step in shown.shown_steps}
        own = {quantity for of, quantity in quoted if of == item.name}
        assert own, item.name
        assert own <= seen, item.name
    assert {of for of, _ in quoted} <= set(answers)


@every
def test_every_relation_holds(name, worked):
    """What a text says of its numbers is true, and a verdict rests on a relation or a text, never on nothing."""
    told, found = load(name), worked(name)
    for relation in [*told.holds, *(said.relation for said in told.statements if said.relation)]:
        assert Relation.read(relation).worked(found.answers).holds, relation
    assert found.passed
    for said in told.statements:
        assert said.says.endswith(".")
        assert not said.because.endswith(".")
        assert said.because[0].islower() or said.because[0] in "{Aσ" or said.because.split()[0].isupper()


@every
def test_parameters_are_those_of_the_topic(name):
    """Every key beside a calculation's own is a parameter, typed as on the command line; every shown step is named."""
    for item in load(name).calculations:
        topic = find_topic(item.topic)
        known = {parameter.name: parameter for parameter in topic.parameters}
        assert not set(known) & set(OWN)
        for key, value in item.given.items():
            assert key in known or topic.loose is not None
            many = known[key].many if key in known else False
            assert isinstance(value, list) is (many and isinstance(value, list))
            assert not isinstance(value, bool | dict)
        assert item.detail in ("brief", "exam")
        assert item.title
        assert not item.title.endswith(".")


@every
def test_the_command_of_a_calculation_works_it(name, worked, capsys):
    """What stands under a calculation can be pasted, and prints the same numbers."""
    for item in load(name).calculations:
        line = command(item)
        assert run([*shlex.split(line)[1:], "--format", "json"]) == 0
        document = json.loads(capsys.readouterr().out)
        answer = worked(name)[item.name]
        assert [step["name"] for step in document["steps"]] == [step.name for step in answer.shown_steps]
        numbers = [step["value"] for step in document["steps"]]
        own = [None if step.value is None else step.value.tolist() for step in answer.shown_steps]
        assert json.dumps(numbers) == json.dumps(own) or "inf" in json.dumps(numbers)


@pytest.mark.parametrize("width", [20, 40, 80])
@every
def test_the_printed_command_can_be_pasted(name, width, worked):
    """Broken over several lines, a shell still reads the words of the command."""
    page = uncoloured(EssayDocument(worked(name).essay()).lines(width, UNICODE))
    for item in load(name).calculations:
        shown, page = page.partition("\n$ ")[2].split("\n\n", 1)
        assert shlex.split(shown.replace("\\\n", "")) == shlex.split(command(item))


# What is printed


FORMS = {"80.txt": ["--format", "terminal", "--width", "80"], "md": ["--format", "markdown"]}


@pytest.mark.parametrize(("name", "form"), [*((name, "80.txt") for name in NAMES), ("lstm-gates", "md")])
def test_page_is_as_kept(name, form, capsys, request):
    """Nothing that is printed changes unseen; `--rewrite-golden` writes the files again."""
    assert run(["concept", name, *FORMS[form]]) == 0
    printed = capsys.readouterr().out
    kept = GOLDEN / f"{name}.{form}"
    if request.config.getoption("--rewrite-golden"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(printed, encoding="utf-8")
    assert printed == kept.read_text(encoding="utf-8")


def test_no_golden_page_outlives_its_concept():
    """Every file has a concept."""
    assert {path.name.split(".")[0] for path in GOLDEN.glob("*")} == set(NAMES)


@every
@pytest.mark.parametrize("detail", ["brief", "exam", "full"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_page_fits(name, detail, width, capsys):
    """No line is wider than the terminal; nothing fails; in brief the page is shorter than in full."""
    assert run(["concept", name, "--format", "terminal", "--width", str(width), "--detail", detail]) == 0
    page = capsys.readouterr().out
    assert max(map(width_of, page.splitlines())) <= width
    assert "✗" not in page
    assert "{" not in page
    if width == 80 and detail == "exam":
        assert 40 <= len(page.splitlines()) <= 240


@every
def test_markdown_parses(name, capsys):
    """Pandoc reads every formula without a warning, and a heading for every calculation."""
    assert run(["concept", name]) == 0
    text = capsys.readouterr().out
    html = pypandoc.convert_text(
        text, "html", format="gfm+tex_math_dollars", extra_args=["--mathml", "--fail-if-warnings"]
    )
    assert "<math" in html
    told = load(name)
    assert text.startswith(f"# {told.title}\n")
    for item in told.calculations:
        assert f"\n## {item.title}\n" in re.sub(r"\\(?=[\W_])", "", text)


@every
@pytest.mark.parametrize("detail", ["brief", "exam", "full"])
def test_json_fits_its_schema(name, detail, capsys):
    """The document is what its schema says, each answer what the schema of answers says."""
    assert run(["concept", name, "--format", "json", "--detail", detail]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema.load("concept")).validate(document)
    told = load(name)
    assert document["name"] == name
    assert [item["true"] for item in document["statements"]] == [said.true for said in told.statements]
    assert all(check["passed"] for check in document["checks"])
    for item in document["calculations"]:
        Draft202012Validator(schema.load()).validate(item["answer"])
        assert item["answer"]["steps"]


def test_the_schema_describes_every_property():
    """Draft 2020-12; none without a description, none optional, no others admitted."""
    kept = schema.load("concept")
    Draft202012Validator.check_schema(kept)

    def objects(part):
        if isinstance(part, dict):
            if part.get("type") == "object" and "properties" in part:
                yield part
            for inner in part.values():
                yield from objects(inner)

    for part in objects(kept):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
        assert all("description" in field or "$ref" in field for field in part["properties"].values())


@every
def test_python_gives_the_page_of_the_command(name, capsys, worked):
    """`from explain import concept`: the same Markdown and JSON, the answers by their names."""
    found = worked(name)
    assert run(["concept", name]) == 0
    assert found.to_markdown() == capsys.readouterr().out
    assert json.loads(found.to_json())["title"] == found.title
    assert str(found).startswith(found.title)


def test_python_interface():
    """`print(concept(…))`, a calculation by its name, an unknown one named."""
    gates = concept("lstm-gates")
    assert gates.passed
    assert 0 < gates["cell"]["f_1"].value.item() < 1
    assert "forget gate" in str(gates)
    assert gates._repr_markdown_() == gates.to_markdown()
    with pytest.raises(KeyError, match="cell"):
        gates["sell"]
    with pytest.raises(InputError, match="did you mean lstm-gates"):
        concept("lstm-gate")


def test_a_picture_and_a_file(tmp_path, capsys):
    """`-o` takes the format from the suffix and prints nothing."""
    for suffix, begins in {"md": "# The gates", "txt": "The gates", "svg": "<svg", "json": "{"}.items():
        file = tmp_path / f"gates.{suffix}"
        assert run(["concept", "lstm-gates", "-o", str(file)]) == 0
        assert capsys.readouterr().out == ""
        assert file.read_text("utf-8").startswith(begins)
    assert ET.fromstring((tmp_path / "gates.svg").read_text("utf-8")).tag.endswith("svg")


def test_ascii_where_the_locale_has_no_more():
    """Text, statements and calculations in a locale without UTF-8."""
    done = subprocess.run(
        [sys.executable, "-m", "explain", "concept", "lstm-gates", "--format", "terminal"],
        check=True, capture_output=True, env={"PYTHONUTF8": "0", "LC_ALL": "C", "PATH": ""},
    )  # fmt: skip
    assert b"f_1 ~= 0.9526" in done.stdout
    done.stdout.decode("ascii")


@every
def test_no_sign_is_lost_in_ascii(name, worked):
    """Every sign of a page has a form in ASCII."""
    document = EssayDocument(worked(name).essay())
    plain = uncoloured(document.lines(80, ASCII))
    assert plain.isascii()
    assert plain.count("?") == uncoloured(document.lines(80, UNICODE)).count("?")


# List, search, errors


def printed(arguments, capsys):
    assert run(["concept", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_list_has_every_file_under_its_field(capsys):
    """What is read quickly is what stands in the files."""
    lines = printed([], capsys).splitlines()
    for item in listed():
        told = load(item.name)
        assert (told.title, told.field) == (item.title, item.field)
        assert re.search(rf"^  {item.name} +{re.escape(item.title)}$", "\n".join(lines), re.MULTILINE)
    fields = [line for line in lines if line and not line.startswith(" ")]
    assert fields == [field for field in FIELDS if field in {item.field for item in listed()}]
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("  ") for line in lines) == len(NAMES) == len(list(FOLDER.glob("*.toml")))


@every
def test_a_concept_is_found_by_its_words(name):
    """Its name, its title and each of its words find it."""
    told = load(name)
    for words in (name, told.title, *told.words):
        assert name in [item.name for item in search(words)]
    assert search(name)[0].name == name or name in search(name)[0].name or name in [x.name for x in search(name)][:3]


def test_search(capsys):
    """Any case, any number of words, all of them; those first that have the words in their title."""
    assert "lstm-gates" in printed(["--search", "FORGET Gate"], capsys)
    assert printed(["--search", "gate"], capsys) == printed(["--search", " gate, "], capsys)
    assert run(["concept", "--search", "gate", "--format", "terminal"]) == 0


WRONG = {
    ("lstm-gate",): "lstm-gate is not a concept: did you mean lstm-gates?",
    ("lstm", "gats"): "lstm gats is not a concept: did you mean lstm-gates?",
    ("sourdough",): "sourdough is not a concept: explain concept lists the",
    ("candidate",): "speak of it",
    ("",): "explain concept lists the",
    ("--search", "sourdough"): "--search is sourdough: no concept speaks of that; explain concept lists all",
    ("--search", ""): "give a word, such as gate",
    ("--search", "a " * 30): "at most 20 words",
    ("--search", "gate", "lstm-gates"): "leave the name out, or the search",
    ("lstm-gates", "--detail", "long"): "--detail is long: choose brief, exam, full",
    ("../../setup", "x"): "is not a concept",
    ("x" * 10000,): "is not a concept",
    ("\x1b[31m",): "is not a concept",
}


@pytest.mark.parametrize("arguments", WRONG, ids=lambda arguments: " ".join(arguments)[:30])
def test_what_cannot_be_used_is_one_line(arguments, capsys):
    """Exit code 2, one line that names the mend."""
    assert run(["concept", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert WRONG[arguments] in err
    assert "\x1b" not in err
    assert len(err) < 400


@pytest.mark.parametrize("typed", ["LSTM gates", "lstm_gates", "Lstm-Gates", " lstm-gates "])
def test_a_name_in_any_spelling(typed, capsys):
    """Case, spaces and underscores do not matter."""
    assert printed([typed], capsys) == printed(["lstm-gates"], capsys) == printed(typed.split(), capsys)


def test_help_ends_with_an_example_that_runs(capsys):
    """The last thing the help page says can be pasted into the shell."""
    assert run(["concept", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--find" not in out
    example = " ".join(out.rpartition("Example:")[2].split())
    assert example.startswith("explain concept ")
    assert run(shlex.split(example)[1:]) == 0
    assert capsys.readouterr().err == ""


def test_completion_offers_names():
    """The names that begin so, with their titles."""
    from click.shell_completion import ShellComplete

    from explain.cli import group

    offered = ShellComplete(group, {}, "explain", "_EXPLAIN_COMPLETE").get_completions(["concept"], "lstm-g")
    assert [item.value for item in offered] == ["lstm-gates"]
    assert offered[0].help == "The gates of an LSTM"


@pytest.mark.parametrize("arguments", [["--help"], ["concept"], ["concept", "--search", "gate"], ["concept", "--help"]])
def test_lists_wait_for_nothing_slow(arguments):
    """SymPy and NumPy are for what is worked; the help page of the program does not look at a concept at all."""
    code = (
        f"import sys; from explain.cli import run; run({arguments!r}); "
        "print(*(m for m in ('sympy', 'numpy', 'rich', 'explain.concepts') if m in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert set(done.stderr.split()) <= ({"explain.concepts"} if arguments[:1] == ["concept"] else set())
    if arguments[-1] == "--help":
        assert not done.stderr.strip()


# In a paper

PAPER = """
title = "Paper"
[[question]]
points = 10
concept = "LSTM gates"
expect = { "cell.f_1" = 0.9526, cell = { c_2 = -0.69 } }
[[question]]
topic = "attention"
scores = [112, 96]
[[question.part]]
find = ["u"]
[[question.part]]
text = "And what is a gate?"
concept = "lstm-gates"
[[question.part]]
find = ["alpha"]
expect = { alpha = [0.88, 0.12] }
"""


@pytest.fixture
def solved(tmp_path, monkeypatch, capsys):
    """Solves the text of an exam file: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def of(text, *arguments):
        (tmp_path / "p.toml").write_text(text, encoding="utf-8")
        code = run(["solve", "p.toml", *arguments])
        return code, *capsys.readouterr()

    return of


def test_a_question_is_answered_by_a_concept(solved):
    """Beside a topic's parts and alone, with what is expected of its calculations, in every format."""
    code, out, err = solved(PAPER, "--check")
    assert (code, err) == (0, "")
    assert "Question 1: 2 expectations hold" in out
    code, out, _ = solved(PAPER, "--format", "terminal", "--width", "80")
    assert code == 0
    assert out.count("The gates of an LSTM\n═") == 2
    assert "as expected: cell.f_1, cell.c_2" in out
    assert max(map(width_of, out.splitlines())) <= 80
    code, out, _ = solved(PAPER)
    assert "####### " not in out
    assert out.count("**The gates of an LSTM**") == 2
    assert pypandoc.convert_text(
        out, "html", format="gfm+tex_math_dollars", extra_args=["--mathml", "--fail-if-warnings"]
    )
    code, out, _ = solved(PAPER, "--format", "json")
    document = json.loads(out)
    Draft202012Validator(schema.load("paper")).validate(document)
    kept = [item["concept"] for item in document["questions"]]
    assert [item is not None for item in kept] == [True, False, False, True, False]
    Draft202012Validator(schema.load("concept")).validate(kept[0])


DIFFERENT = {
    '"cell.f_1" = 0.9526': ('"cell.f_1" = 0.96', 1, "cell.f_1: expected 0.96, the answer is 0.952574"),
    '"cell.f_1" ': (
        '"sell.f_1" ',
        2,
        'expect has sell.f_1: name a step of the concept as "unfolded.step" or "cell.step"',
    ),
    "c_2 =": ("c_9 =", 2, "c_9"),
    '"LSTM gates"': ('"LSTM gets"', 2, "question 1: LSTM gets is not a concept: did you mean lstm-gates?"),
    'concept = "LSTM gates"': ('concept = 3\ntext = "x"', 2, "question 1: concept is 3: write a text in quotes"),
    'concept = "LSTM gates"\n': ('concept = "lstm-gates"\nfind = ["f_1"]\n', 2, "asks for steps, but has no topic"),
    'concept = "lstm-gates"': ('concept = "lstm-gates"\nunits = 3', 2, "units is not a key here"),
}


@pytest.mark.parametrize("change", DIFFERENT, ids=[told for _, _, told in DIFFERENT.values()])
def test_what_does_not_fit_in_a_paper(change, solved):
    """A difference is exit code 1, a mistake 2, both with the question."""
    other, expected, told = DIFFERENT[change]
    code, out, err = solved(PAPER.replace(change, other, 1), "--check")
    assert code == expected
    assert told in (out if code == 1 else err)


def test_text_of_a_page_is_the_text_of_the_file(worked):
    """Nothing of a text is lost on its way to the page."""
    essay = worked("lstm-gates").essay()
    said = " ".join(sentence(block.said) for block in essay.blocks)
    words = re.findall(r"[a-z]{4,}", PLACE.sub("", load("lstm-gates").text))
    assert [word for word in words if word not in said] == []
    assert all(item.page.conventions != page(item.answer).conventions for item in essay.worked[1:])


@every
def test_mathematics_in_a_sentence_touches_its_signs(name):
    """A list of numbers ends in a command with a space after it, and `… $` is plain text to every renderer."""
    text = re.sub(r"(?s)```.*?```|\$\$.*?\$\$", "", concept(name).to_markdown())
    found = re.findall(r"(?<!\\)\$(.+?)(?<!\\)\$", text)
    assert found
    assert all(inside == inside.strip() for inside in found)
