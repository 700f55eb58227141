"""Arrays with three and four axes: how they are typed, read from files, and handed over by a program."""

from __future__ import annotations

import json
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import InputError, conv
from explain.cli import run
from explain.maps import Maps

TWICE = np.array([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]])

READ = [
    ("1,2,3", (3,), [1, 2, 3]),
    ("1,2;3,4", (2, 2), [[1, 2], [3, 4]]),
    ("[[1,2],[3,4]]", (2, 2), [[1, 2], [3, 4]]),
    ("1,2;3,4 | 0,1;1,0", (2, 2, 2), TWICE),
    ("1,2;3,4|0,1;1,0", (2, 2, 2), TWICE),
    ("[[1,2],[3,4]] | [[0,1],[1,0]]", (2, 2, 2), TWICE),
    ("[[[1,2],[3,4]],[[0,1],[1,0]]]", (2, 2, 2), TWICE),
    ("[[[1, 2]\n  [3, 4]]\n\n [[0, 1]\n  [1, 0]]]", (2, 2, 2), TWICE),  # as NumPy prints it, with commas or without
    ("[[[1. 2.]\n  [3. 4.]]\n\n [[0. 1.]\n  [1. 0.]]]", (2, 2, 2), TWICE),
    ("1,2;3,4 || 0,1;1,0", (2, 1, 2, 2), TWICE[:, None]),
    ("1 | 2 || 3 | 4", (2, 2, 1, 1), np.arange(1.0, 5).reshape(2, 2, 1, 1)),
    ("1,2 | 3,4", (2, 1, 2), [[[1, 2]], [[3, 4]]]),
    ("[[[[1,2],[3,4]],[[0,1],[1,0]]]]", (1, 2, 2, 2), TWICE[None]),
    ("−1,½" .replace("½", "1/2") + " | 0.30, 2e-3", (2, 1, 2), [[[-1, 0.5]], [[0.3, 0.002]]]),
    ([1, 2, 3], (3,), [1, 2, 3]),
    ([[[1, 2], [3, 4]], [[0, 1], [1, 0]]], (2, 2, 2), TWICE),
    ([[["0.30"]]], (1, 1, 1), [[[0.3]]]),
    ((((1, 2), (3, 4)), ((0, 1), (1, 0))), (2, 2, 2), TWICE),
    (TWICE, (2, 2, 2), TWICE),
    (TWICE.astype(np.float32), (2, 2, 2), TWICE),
    (TWICE.astype(int)[None], (1, 2, 2, 2), TWICE[None]),
    ([TWICE[0], TWICE[1]], (2, 2, 2), TWICE),
    (5, (1,), [5]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "shape", "numbers"), READ, ids=[str(case[0])[:40] for case in READ])
def test_what_is_read(raw, shape, numbers):
    """Rows, matrices, channels, samples: as text, as lists, as arrays."""
    found = Maps.read("X", raw)
    assert found.shape == shape
    np.testing.assert_array_equal(found.array, np.array(numbers, dtype=float).reshape(shape))


def test_numbers_stay_as_typed():
    """`0.30` stays `0.30`, and 1/3 a fraction, at every depth."""
    found = Maps.read("X", "0.30,1/3 | 1.50,-2")
    assert [found.text(index) for index in np.ndindex(2, 1, 2)] == ["0.30", "1/3", "1.50", "-2"]
    assert found.exact((0, 0, 1)) == Fraction(1, 3)
    assert Maps.read("X", [[["0.30"], ["1.50"]]]).text((0, 1, 0)) == "1.50"
    assert Maps.read("X", "[[[0.30],[1.50]]]").text((0, 0, 0)) == "0.30"


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_every_way_of_writing_gives_the_same(sizes, number):
    """Bars, brackets, lists and arrays are four ways to say one thing."""
    array = np.random.default_rng(number).integers(-9, 9, sizes)
    ways = [array, array.tolist(), str(array.tolist()), json.dumps(array.tolist())]
    if np.prod(sizes[:-2]) > 1:  # matrices in the order in which they stand, with bars between them
        rows = [";".join(",".join(map(str, row)) for row in part) for part in array.reshape(-1, *sizes[-2:])]
        each = sizes[-3]
        ways += [" || ".join(" | ".join(rows[at : at + each]) for at in range(0, len(rows), each))]
    for way in ways:
        found = Maps.read("X", way)
        assert found.shape in (tuple(sizes), tuple(sizes[1:]) if len(sizes) == 4 and sizes[0] == 1 else ())
        np.testing.assert_array_equal(found.array.reshape(array.shape), array)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 3), (2, 1, 3, 3)])
def test_array_files(shape, tmp_path, monkeypatch):
    """`@file.npy` with one to four axes."""
    monkeypatch.chdir(tmp_path)
    array = np.arange(np.prod(shape), dtype=float).reshape(shape)
    np.save("maps.npy", array)
    found = Maps.read("X", "@maps.npy")
    assert found.shape == shape
    np.testing.assert_array_equal(found.array, array)


def test_text_files(tmp_path, monkeypatch):
    """A text file is a matrix, whatever its name; its numbers stay as typed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a|b.csv").write_text("0.30,1\n2,3\n")
    found = Maps.read("X", "@a|b.csv")
    assert (found.shape, found.text((0, 0))) == ((2, 2), "0.30")


REFUSED = [
    ("1,2 | 3", "1x2", "1x1", "same size"),
    ("1,2;3,4 | 1,2", "2x2", "1x2", "place 2"),
    ("1 | 2 || 3", "1 and 2 matrices"),
    ("1 ||", "bar"),
    ("| 1", "bar"),
    ("|", "bar"),
    ("1 ||| 2", "bar"),
    ("1 | nan", "finite"),
    ("1 | a", "a", "number"),
    ("1 | 1/0", "denominator"),
    ("", "empty"),
    ("[[[1,2],[3,4]]", "brackets"),
    ("[[[1]]]]", "brackets"),
    ("[[[1]]] 5", "brackets"),
    ("[[[1,2],[3]]]", "row 1", "row 2"),
    ("[[[1,2]],[[3]]]", "same size"),
    ("[[[1,2],3]]", "mixed"),
    ("[[[1]], 2]", "mixed"),
    ("[[[1,,2]]]", "comma"),
    ("[[[,1]]]", "comma"),
    ("[[[1;2]]]", "1;2"),
    ("[[[]]]",),
    ("[[[a]]]", "a", "number"),
    ("[[[[[1]]]]]", "4"),
    ([[[[[1]]]]], "4"),
    ([[[1, 2], [3]]], "row"),
    ([[[1, 2]], [[3]]], "same size"),
    ([[[1]], []],),
    ([[[1]], 2],),
    ([],),
    ([[[]]],),
    ([[[float("nan")]]], "finite"),
    ([[["x"]]], "x", "number"),
    ([[[None]]], "None"),
    ([[[True]]], "True"),
    ({"a": 1},),
    (object(),),
    (np.zeros((1, 1, 1, 1, 1)), "(1, 1, 1, 1, 1)", "4 axes"),
    (np.zeros((0, 2, 2)), "(0, 2, 2)"),
    (np.zeros((2, 2, 2), bool), "bool"),
    (np.zeros((2, 2, 2), complex), "complex"),
    (np.full((2, 2, 2), np.inf), "infinity"),
    (np.array([[["a"]]]), "<U1"),
]


@pytest.mark.parametrize(("raw", "fragments"), [(case[0], case[1:]) for case in REFUSED], ids=range(len(REFUSED)))
def test_what_is_refused(raw, fragments):
    """One line that names the parameter, what it is and the rule; from Python by its plain name."""
    with pytest.raises(InputError) as caught:
        conv(X=raw, K="1")
    told = str(caught.value)
    assert told.startswith("X ")
    assert "\n" not in told
    assert len(told) < 400
    for fragment in fragments:
        assert fragment in told, told


HUGE = {
    "numbers": "1," * 10**6,
    "channels": "1 | " * 10**6 + "1",
    "bars": "|" * 10**6,
    "matrices": "|".join(["1,2;3,4"] * 50_000),
    "brackets": "[" * 10**6,
    "closed": "[[[" + "]" * 10**6,
    "rows in brackets": "[[[" + "],[".join(["1,2"] * 10**6) + "]]]",
    "lists": "[[[1]" + ",[[1]]" * 10**6 + "]]]",
    "blanks": "[[[" + " " * 10**6,
    "digits": "[[[" + "1" * 10**6 + "]]]",
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("option", ["--X", "--K", "--dZ"])
def test_huge_text_is_refused_at_once(option, text, capsys):
    """Nobody types a million numbers: refused before they are parsed."""
    given = {"--X": "1,2", "--K": "1"} | {option: text}
    start = time.perf_counter()
    assert run(["conv", *(word for pair in given.items() for word in pair)]) == 2
    assert time.perf_counter() - start < 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"explain: {option} ")
    assert err.count("\n") == 1
    assert len(err) < 400


def test_a_program_may_hand_over_more():
    """Arrays are not typed: a million numbers are read."""
    assert Maps.read("X", np.zeros((100, 100, 100))).shape == (100, 100, 100)
