"""The JSON document: it has the shape its schema says, loses no digit, and holds all that the page shows.

Nothing here but the comparison uses the program's own classes: what is read is the printed text.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from itertools import groupby

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from oracles.latex_reader import Unreadable, read

from explain import attention, lstm_params, mlp, schema
from explain.cli import run
from explain.topics import all_topics
from tests.rows import ROWS
from tests.strategies import examples

VALIDATOR = Draft202012Validator(schema.load())
every_row = pytest.mark.parametrize("name", ROWS)


def printed(command, capsys, *more):
    """What a command line prints."""
    assert run([*shlex.split(command)[1:], *more]) == 0
    return capsys.readouterr().out


@pytest.fixture
def document(capsys):
    """The document of a command line, validated."""

    def of(command):
        data = json.loads(printed(command, capsys, "--format", "json"))
        VALIDATOR.validate(data)
        return data

    return of


def test_schema_is_a_schema_and_describes_every_property():
    """Draft 2020-12; no property without a description, none optional, no others admitted."""
    kept = schema.load()
    Draft202012Validator.check_schema(kept)
    objects = [part for part in [kept, *kept["$defs"].values()] if part.get("type") == "object"]
    assert len(objects) == 14
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
        assert all(field["description"].endswith(".") for field in part["properties"].values())


@every_row
def test_golden_rows_fit_the_schema(name, document):
    """Every golden answer, in the detail and the digits of its row."""
    data = document(ROWS[name])
    assert (data["schema"], data["version"]) == ("explain-answer", 3)
    assert data["steps"]
    assert data["checks"]
    assert all(check["passed"] for check in data["checks"])


@pytest.mark.parametrize("change", [{"version": 2}, {"detail": "long"}, {"colour": "red"}, {"steps": [{}]}])
def test_schema_refuses_what_is_no_answer(change, document):
    """A later version, an unknown choice, an unknown field, a step without its fields."""
    data = document(ROWS["attention-scores"])
    assert not VALIDATOR.is_valid({**data, **change})


# The page again, from the document alone: what any other program can do.

SIGNS = {"=": "=", "≈": r"\approx"}


def rebuilt(data):
    """The Markdown page from the document alone."""
    out = [f"# {escaped(data['title'])}", f"*{escaped(data['source'])}*"]
    out += ["## Given", *map(given_line, data["given"])] if data["given"] else []
    if data["conventions"]:
        out += ["## Conventions", "\n".join(f"- {text['markdown']}" for text in data["conventions"])]
    if data["find"]:
        out += ["## Find", ", ".join(f"${item['symbol']['latex']}$" for item in data["find"])]
    for drawing in data["drawings"]:
        out += [f"## {escaped(drawing['title'])}", "\n".join(["```text", *(x or " " for x in drawing["lines"]), "```"])]
    for table in data["tables"]:
        out += [f"## {escaped(table['title'])}", tabular(table)]
        out += [table["note"]["markdown"]] if table["note"]["markdown"] else []
    for part, steps in groupby(data["steps"], lambda step: step["part"]):
        out.append(f"## {escaped(part or 'Working')}")
        for number, lines in groupby(steps, lambda step: step["number"]):
            group = list(lines)
            out.append(f"### {number}. {group[0]['title']['markdown']}")
            out += [f"Shapes: {group[0]['shapes']}"] if group[0]["shapes"] else []
            why = "; ".join(step["why"]["markdown"] for step in group if step["why"]["markdown"])
            out += [why] if why else []
            for compact, written in groupby((line for step in group for line in step["lines"]), is_compact):
                out.append(("\n" if compact else "\n\n").join(map(item if compact else written_line, written)))
    out += ["## Result", *map(equation, data["results"]), "## Check"]
    out.append("\n".join(f"- {'✓' if check['passed'] else '✗'} {check['markdown']}" for check in data["checks"]))
    return "\n\n".join(out) + "\n"


def is_compact(line):
    """Whether a line is an item of a list."""
    return line.get("compact", False)


def item(line):
    """A line of a section of several: an item of a list, in one formula."""
    rights = " ".join(f"{SIGNS[relation['sign']]} {relation['latex']}" for relation in line["relations"])
    return f"- {line['label']['markdown']}: ${line['left']['latex']} {rights}$"


def written_line(line):
    """An equation or a sentence."""
    return equation(line) if "relations" in line else line["markdown"]


def tabular(table):
    """A table of pipes, totals in bold."""
    rows = [[column["title"] for column in table["columns"]]]
    rows.append(["---:" if column["numbers"] else "---" for column in table["columns"]])
    body = [[cell["markdown"] for cell in row] for row in table["rows"]]
    for row in body[len(body) - table["totals"] :] if table["totals"] else []:
        row[:] = [f"**{cell}**" if cell and "$" not in cell else cell for cell in row]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows + body)


def given_line(item):
    """A given quantity: in a line, or a matrix of several rows below its meaning."""
    sliced = len(item["shape"] or ()) > 2 and np.prod(item["shape"]) > 1
    told = item["shape"] and np.prod(item["shape"][:-2]) == 1  # of several slices the meaning says it
    shape = f" ({'×'.join(map(str, item['shape']))})" if told else ""
    symbol, meaning, shown = item["symbol"]["latex"], item["meaning"]["markdown"], item["printed"]
    if shown is None:
        return f"${symbol}${shape}: {meaning}"
    if sliced and not told:
        return f"{meaning}\n\n$$\n{symbol} = {shown['latex']}\n$$"
    if "\n" not in shown["latex"] and not sliced:
        return f"${symbol} = {shown['latex']}${shape}: {meaning}"
    return f"${symbol}${shape}: {meaning}\n\n$$\n{symbol} = {shown['latex']}\n$$"


def equation(line):
    """Display mathematics: relations under each other, side work in one line."""
    label = line.get("label")
    head = label["markdown"][0].upper() + label["markdown"][1:] + ":\n\n" if label else ""
    rights = [f"{SIGNS[relation['sign']]} {relation['latex']}" for relation in line["relations"]]
    if line["left"] is None:
        return f"{head}$$\n{' '.join([line['relations'][0]['latex'], *rights[1:]])}\n$$"
    if len(rights) == 1:
        return f"{head}$$\n{line['left']['latex']} {rights[0]}\n$$"
    body = " \\\\\n&".join(rights)
    return f"{head}$$\n\\begin{{aligned}}\n{line['left']['latex']} &{body}\n\\end{{aligned}}\n$$"


def escaped(text):
    """Plain text for Markdown."""
    return re.sub(r"([\\`*_$<>\[\]|#~])", r"\\\1", text)


@pytest.mark.parametrize("detail", ["", " --detail brief", " --detail exam", " --detail full --digits 3"])
@every_row
def test_page_can_be_printed_again_from_the_document(name, detail, document, capsys):
    """What `--format markdown` prints is in the document, whole and in order."""
    command = ROWS[name] + detail
    assert rebuilt(document(command)) == printed(command, capsys, "--format", "markdown")


# The numbers again, from the document alone.


def array(value):
    """Numbers of the document as a matrix, the way they are printed."""

    def number(entry):
        return [number(inner) for inner in entry] if isinstance(entry, list) else float(entry)

    found = np.array(number(value))
    return found.reshape(1, -1) if found.ndim == 1 else found


def meant(step, line):
    """The numbers an equation of a step speaks of; None for a local derivative written by its indices."""
    value = array(step["value"])
    if line["label"] is None:
        itself = (step["symbol"]["latex"], step["formula"]["latex"])
        return value if line["left"]["latex"] in itself else None
    told = line["label"]["text"]
    if told == "first entry":
        return value.flat[0]
    if told.startswith("entry"):
        places = [int(place) - 1 for place in re.findall(r"\d+", told)]
        if len(places) < value.ndim:  # axes with one place are not counted
            places = [places.pop(0) if size != 1 and places else 0 for size in value.shape]
        return value[tuple(places)]
    return None


def relations(data):
    """Every printed relation with numbers: where it stands, the relation, the value it must contain."""
    for step in data["steps"]:
        formulas = {step["formula"]["latex"], (step["chain"] or step["formula"])["latex"]}
        for line in step["lines"] if step["value"] is not None else []:
            value = meant(step, line) if "relations" in line else None
            for relation in line["relations"] if value is not None else []:
                if relation["latex"] not in formulas:
                    yield step["name"], relation, value
    for result in data["results"]:
        for relation in result["relations"] if result["value"] is not None else []:
            yield result["name"], relation, array(result["value"])


@every_row
def test_printed_mathematics_gives_the_values(name, document):
    """An independent reader works each printed relation again, as intervals, and finds the value of the document."""
    data = document(ROWS[name])
    sizes = [abs(array(step["value"])) for step in data["steps"] if step["value"] is not None]
    scale = max((float(size[np.isfinite(size)].max(initial=0)) for size in sizes), default=0.0)
    readable, unreadable = 0, []
    for where, relation, value in relations(data):
        try:
            found, largest = read(relation["latex"], rounded=relation["sign"] == "≈", digits=data["digits"])
        except Unreadable:
            unreadable.append(relation["latex"])
            continue
        readable += 1
        matrix = value.reshape(value.shape[-2:]) if value.ndim > 2 else value  # one slice is printed as a matrix
        assert found.contains(matrix, 1e-12 * largest + 1e-15 * scale), f"{where}: {relation['text']}"
    assert readable >= len(unreadable), unreadable
    assert readable or not any(relations(data))


EXAMPLES = [(topic, given) for _, topic in sorted(all_topics().items()) for given in examples(topic)]


@pytest.mark.parametrize(("topic", "given"), EXAMPLES, ids=[topic.name for topic, _ in EXAMPLES])
def test_values_come_back_as_they_were(topic, given):
    """Read back, each value is the value of the answer, to the last bit, for the examples of every topic."""
    answer = topic(**given)
    data = json.loads(answer.to_json())
    VALIDATOR.validate(data)
    assert [step["name"] for step in data["steps"]] == [step.name for step in answer.shown_steps]
    for step in data["steps"]:
        value = answer[step["name"]].value
        if value is None:
            assert step["value"] is None
            continue
        assert list(value.shape) == step["shape"]
        assert np.array_equal(np.array(step["value"], dtype=object).astype(value.dtype), value)
    for item, given_item in zip(data["given"], answer.shown_given, strict=True):
        if given_item.values is not None:
            assert np.array_equal(np.array(item["value"], dtype=float), given_item.values.array.astype(float))


def test_an_answer_in_python_is_the_one_of_the_command_line(capsys):
    """`to_json` takes detail and digits as the command does."""
    shown = printed(ROWS["attention-scores"], capsys, "--format", "json", "--detail", "full", "--digits", "6")
    assert attention(scores=[112, 96]).to_json("full", 6) == shown


def test_exact_says_whether_the_shown_value_is_rounded():
    """14 and 12 are exact, the weights of them are not."""
    steps = {step["name"]: step for step in json.loads(attention(scores=[112, 96]).to_json())["steps"]}
    assert [steps[name]["exact"] for name in ("u", "alpha", "z_1")] == [True, False, False]
    assert steps["alpha"]["value"] == [[0.8807970779778823, 0.11920292202211755]]


def test_givens_keep_their_typing():
    """`0.30` and `1/3` stand as typed beside their numbers."""
    data = json.loads(mlp(x="1,-1", W=["1/3,0.30;2e-3,-1"], activation="tanh").to_json())
    weights = next(item for item in data["given"] if item["name"] == "W_1")
    assert weights["typed"] == [["1/3", "0.30"], ["2e-3", "-1"]]
    assert weights["value"] == [[1 / 3, 0.3], [0.002, -1.0]]


def test_a_mask_is_written_as_text():
    """-∞ is no number of JSON: it is "-inf", and nothing else is a text."""
    text = attention(Q="1,0;0,2", K="1,1;0,1", V="2,0;0,4", mask="causal").to_json()
    data = json.loads(text, parse_constant=pytest.fail)
    VALIDATOR.validate(data)
    masked = [step for step in data["steps"] if "-inf" in json.dumps(step["value"])]
    assert masked
    assert all(float(row[-1]) == -np.inf for step in masked for row in step["value"][:1])


def test_counts_of_any_size_are_integers():
    """Sixty digits of units come back digit by digit."""
    units = int("123456789" * 7)
    data = json.loads(lstm_params(units=str(units), features="1").to_json())
    VALIDATOR.validate(data)
    assert data["results"][0]["value"] == 4 * units * (units + 1 + 1)
    assert type(data["results"][0]["value"]) is int
    assert next(item["value"] for item in data["given"] if item["typed"] == str(units)) == units


def test_symbols_have_no_value_but_a_closed_form(document):
    """With symbols for sizes nothing is a number: the value is null, the closed form stands in both writings."""
    data = document(ROWS["lstm-params-symbols"])
    unknown = [item for item in data["given"] if item["typed"] is None]
    assert unknown
    assert all(item["value"] is None and item["printed"] is None for item in unknown)
    assert all(step["value"] is None for step in data["steps"])
    assert all(step["closed"]["text"] and step["closed"]["latex"] for step in data["steps"] if step["closed"])
    assert data["steps"][-1]["closed"]["text"] == "4 n (n + m + 1)"
    assert data["results"][0]["value"] is None


def test_local_derivatives_name_their_form(document):
    """∂z₁/∂W₁ is kept as one slice, and the document says of what and by what."""
    steps = {step["name"]: step for step in document(ROWS["mlp-2-3-1"])["steps"]}
    assert steps["dz_1/dW_1"]["local"] == {"form": "slice", "of": "z_1", "wrt": "W_1"}
    assert steps["dL/dW_1"]["local"] is None
    assert steps["dL/dW_1"]["chain"]["text"]
    assert steps["dL/dW_1"]["reads"] == ["dL/dz_1", "x"]


@every_row
def test_text_is_one_line(name, document):
    """Every text is one line, whatever its LaTeX is."""

    def texts(part):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            if key == "text":
                yield value
            elif isinstance(value, dict | list):
                yield from texts(value)

    found = list(texts(document(ROWS[name])))
    assert found
    assert not [text for text in found if "\n" in text or "⎡" in text]


def test_a_file_is_json_by_its_suffix(tmp_path, capsys):
    """`-o answer.json` writes what `--format json` prints; its lines are short where there are no long texts."""
    shown = printed(ROWS["mlp-2-3-1"], capsys, "--format", "json")
    assert printed(ROWS["mlp-2-3-1"], capsys, "-o", str(tmp_path / "answer.json")) == ""
    assert (tmp_path / "answer.json").read_text(encoding="utf-8") == shown
    assert '"value": [[5.9' in shown


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_locale_without_unicode_gets_escapes(encoding):
    """The document is the same whatever the encoding of standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "explain", *shlex.split(ROWS["attention-scores"])[1:], "--format", "json"],
        check=True, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert json.loads(done.stdout.decode(encoding)) == json.loads(attention(scores=[112, 96]).to_json())
