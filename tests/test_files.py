"""Numbers from files and from standard input: what is read, and the one line for what is not."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import explain
from explain import files
from explain.cli import run
from explain.parameters import Matrix


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all files of this module, and the current one, so that messages name files as a user does."""
    before = Path.cwd()
    place = tmp_path_factory.mktemp("files")
    os.chdir(place)
    yield place
    os.chdir(before)


@pytest.fixture
def written(folder):
    """Writes a file and returns how it is given as a value."""

    def write(content: bytes | str | np.ndarray, name: str | None = None) -> str:
        path = folder / (name or ("x.npy" if isinstance(content, np.ndarray) else "x.csv"))
        if isinstance(content, np.ndarray):
            np.save(path, content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return f"@{path.name}"

    return write


def npy(array: np.ndarray, header: str | None = None) -> bytes:
    """An array file, its header replaced by another."""
    stream = io.BytesIO()
    np.save(stream, array)
    data = stream.getvalue()
    if header is None:
        return data
    length = int.from_bytes(data[8:10], "little")
    return data[:8] + len(header.encode()).to_bytes(2, "little") + header.encode() + data[10 + length :]


TEXTS = [
    ("1,2,3", (3,), ["1", "2", "3"]),
    ("0.30,-2\n1/3,4e-3\n", (2, 2), ["0.30", "-2", "1/3", "4e-3"]),
    ("1\t2\n3\t4\n", (2, 2), ["1", "2", "3", "4"]),
    ("1\n2\n3\n", (3, 1), ["1", "2", "3"]),
    ("7", (1,), ["7"]),
    ("\ufeff1.50,2\r\n3,4\r\n", (2, 2), ["1.50", "2", "3", "4"]),
    ("1,2\r3,4\r", (2, 2), ["1", "2", "3", "4"]),
    ("1,2\n3,4\n\n \n\n", (2, 2), ["1", "2", "3", "4"]),
    (" 1 , 2 \n+3,\u22124\n", (2, 2), ["1", "2", "3", "-4"]),
    ("1.000000000000000000e+00,2.5E-1\n", (2,), ["1.000000000000000000e+00", "2.5E-1"]),
    (".5,5.\n", (2,), [".5", "5."]),
]


@pytest.mark.parametrize(("text", "shape", "texts"), TEXTS)
def test_a_text_is_read_as_it_is_written(text, shape, texts, written, monkeypatch):
    """One row a line, each number in its typed form; from standard input the same."""
    found = Matrix.read("x", written(text))
    assert (found.shape, list(found.texts or ())) == (shape, texts)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    found = Matrix.read("x", "-")
    assert (found.shape, list(found.texts or ())) == (shape, texts)


@pytest.mark.parametrize("text", ["1,2;3,4", "1,2;3,4;\n", "1,2;\n3,4\n", "1\t2;3\t4"])
def test_standard_input_may_be_as_typed(text, monkeypatch):
    """What works as a value works through a pipe."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert Matrix.read("x", "-").texts == ("1", "2", "3", "4")


@pytest.mark.parametrize(
    "array",
    [
        np.array([[0.1, -2.0], [3.5, 4.0]]),
        np.array([1, 2, 3], dtype=">i4"),
        np.array([[1, 2], [3, 4], [5, 6]], dtype=np.uint8).T,
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([0.5, 0.25], dtype=np.float16),
        np.array([1e-310]),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_an_array_is_read_as_it_is(array, written):
    """Any real type, byte order and memory order."""
    found = Matrix.read("x", written(array))
    assert found.shape == array.shape
    assert found.array.dtype == np.float64
    np.testing.assert_array_equal(found.array, array)


def test_a_single_number_is_a_vector_of_one(written):
    """An array without axes, as `numpy.save` writes a plain number."""
    assert Matrix.read("x", written(np.array(3.0))).shape == (1,)


REFUSED = [
    # what a spreadsheet adds
    ("width,height\n1,2\n", "line 1", "a header (width, height)", "leave it out"),
    ('"width","height"\n1,2\n', "line 1", "a header (width, height)"),
    ("# width,height\n1,2\n", "line 1", "a header"),
    ("1;2\n3;4\n", "line 1", "semicolons", "save it with commas"),
    ("1,2\n3,4;\n", "line 2", "semicolons"),
    ("1,5;2,5\n", "line 1", "semicolons", "decimal commas as points"),
    ("1\t2\n1,5\t2\n", "line 2", "comma", "tabs", "points"),
    ('1,2\n"3","4"\n', "line 2", "quotes", "without"),
    ('"1,5","2,5"\n', "line 1", "quotes"),
    ("1 2\n3 4\n", "line 1", "spaces", "commas"),
    ("1,2\n1 000,3\n", "line 2", "spaces"),
    # lines that do not fit
    ("1,2\n3\n", "line 1 has 2 numbers", "line 2 has 1"),
    ("1\n2,3\n", "line 1 has 1 number,", "line 2 has 2"),
    ("1,2\n\n3,4\n", "line 2", "empty", "leave it out"),
    ("\n1,2\n", "line 1", "empty"),
    ("1,2,\n", "line 1", "nothing"),
    ("1,,2\n", "line 1", "nothing"),
    # what is no number
    ("1,2\n3,four\n", "line 2", "four", "number"),
    ("words\n", "line 1", "words", "number"),
    ("1,2\nnan,3\n", "line 2", "nan", "finite"),
    ("nan,inf\n1,2\n", "line 1", "nan", "finite"),
    ("1,-inf\n", "line 1", "-inf", "finite"),
    ("1,1e999\n", "line 1", "1e999", "1e308"),
    ("1,1/0\n", "line 1", "denominator"),
    ("1," + "1" * 50, "line 1", "40 characters"),
    ("__import__('os').system('x')\n", "line 1"),
    ("1,2\n=SUM(A1:B1),4\n", "line 2", "=SUM(A1:B1)"),
    ("[[1,2],[3,4]]", "line 1", "[[1"),
    ("1,{x}\n", "line 1", "{x}"),
    ("1,\x1b[31m2\n", "line 1"),
    ("1,\x00\n", "line 1"),
    # no text
    ("", "empty"),
    (" \n\n", "empty"),
    (b"\xef\xbb\xbf", ""),
    (b"1,2\n\xff\xfe,3\n", "line 2", "UTF-8"),
    ("1,2".encode("utf-16"), "UTF-16", "UTF-8"),
    (b"PK\x03\x04rest of it", "archive", ".npy"),
    (np.array([1, None]), "Python objects", "astype(float)"),
    (np.array([1j]), "complex128", "real numbers"),
    (np.array(["a"]), "<U1", "real numbers"),
    (np.array([b"a"]), "S1", "real numbers"),
    (np.array([True]), "bool", "real numbers"),
    (np.array([1, 2], dtype="m8[s]"), "timedelta64", "real numbers"),
    (np.array(["2020-01-01"], dtype="M8[D]"), "datetime64", "real numbers"),
    (np.zeros(2, dtype=[("a{x}", "f4"), ("b\x1b", "i4")]), "a{x}", "real numbers"),
    (np.zeros((2, 2, 2)), "(2, 2, 2)", "1 or 2 axes"),
    (np.zeros((0, 2)), "(0, 2)"),
    (np.array([1.0, np.nan]), "NaN or infinity"),
    (np.array([1.0, -np.inf], dtype=np.float16), "NaN or infinity"),
]
DAMAGED = {
    "cut short": npy(np.ones(3))[:-3],
    "no data": npy(np.ones(3))[:-24],
    "half a header": npy(np.ones(3))[:20],
    "only the first bytes": b"\x93NUMPY",
    "version 9": b"\x93NUMPY\x09\x00" + npy(np.ones(3))[8:],
    "more than it holds": npy(np.ones(3), "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }\n"),
    "too many to count": npy(
        np.ones(3), "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8), }\n"
    ),
    "fewer than none": npy(np.ones(3), "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }\n"),
    "a word for a shape": npy(np.ones(3), "{'descr': '<f8', 'fortran_order': False, 'shape': 'abc', }\n"),
    "no such type": npy(np.ones(3), "{'descr': '<q9', 'fortran_order': False, 'shape': (3,), }\n"),
    "code for a header": npy(np.ones(3), "__import__('os').abort()\n"),
    "deep": npy(np.ones(3), "(" * 5000 + "\n"),
    "long": npy(np.ones(3), "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }" + " " * 60000 + "\n"),
    "an odd escape": npy(np.ones(3), "{'descr': '\\d', 'fortran_order': False, 'shape': (3,), }\n"),
    "a number of Python 2": npy(np.ones(3), "{'descr': '<f8', 'fortran_order': False, 'shape': (9L,), }\n"),
    "text": b"1,2,3\n",
}


def refusal(value: str, capsys, *more: str) -> str:
    """The one line that a value is refused with."""
    code = run(["attention", f"--scores={value}", *more])
    out, err = capsys.readouterr()
    assert (code, out) == (2, ""), err
    assert err.startswith("explain: --scores ")
    assert err.count("\n") == 1
    assert all(mark.isprintable() for mark in err[:-1]), repr(err)
    assert len(err) < 300
    return err


@pytest.mark.parametrize(("content", "fragments"), [(case[0], case[1:]) for case in REFUSED], ids=range(len(REFUSED)))
def test_one_line_that_names_file_line_and_mend(content, fragments, written, capsys):
    """What cannot be read is refused by file, line and what was found there."""
    if isinstance(content, np.ndarray) and content.dtype == object:
        told = refusal(written(_objects(content)), capsys)
    else:
        told = refusal(written(content), capsys)
    assert re.search(r"--scores @x\.(csv|npy)", told)
    for fragment in fragments:
        assert fragment in told


def _objects(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_array_is_refused(damage, written, capsys):
    """A header is believed in nothing: neither its size nor its type, and nothing in it is run."""
    start = time.perf_counter()
    told = refusal(written(DAMAGED[damage], "x.npy"), capsys)
    assert "@x.npy" in told
    assert "numpy.save" in told
    assert time.perf_counter() - start < 5


def test_an_array_is_known_by_its_first_bytes(written, capsys):
    """The name of a file may be anything; an array through a pipe is told to be a file."""
    assert Matrix.read("x", written(npy(np.ones(3)), "weights.dat")).shape == (3,)


PLACES = [
    ("@", "names no file"),
    ("@nowhere.csv", "no such file"),
    ("@no/where.csv", "no such file"),
    ("@.", "folder"),
    ("@/dev/zero", "device"),
    ("@/dev/null", "device"),
    ("@pipe", "pipe", "give -"),
    ("@" + "n" * 5000, "too long"),
    ("@a\x00b", "no name of a file"),
    ("@\ud800", ""),
    ("@{x}", "{x}"),
    ("@/proc/self/mem", "input/output error"),
]


@pytest.mark.parametrize(("value", "fragments"), [(case[0], case[1:]) for case in PLACES], ids=range(len(PLACES)))
def test_only_a_regular_file_is_read(value, fragments, folder, capsys):
    """Nothing that never ends, blocks or is not there."""
    if value.startswith("@/") and not Path(value[1:]).exists():
        pytest.skip(f"there is no {value[1:]} on this system")
    if value == "@pipe" and not (folder / "pipe").exists():
        os.mkfifo(folder / "pipe")
    told = refusal(value, capsys)
    for fragment in fragments:
        assert fragment in told


def test_a_file_that_may_not_be_read(written, capsys):
    """Permissions are said as such."""
    value = written("1,2", "locked.csv")
    os.chmod(value[1:], 0)
    if os.access(value[1:], os.R_OK):
        pytest.skip("this user may read every file")
    assert "permission denied" in refusal(value, capsys)


def test_the_home_folder_may_be_short(written, folder, monkeypatch):
    """The shell leaves `@~/x.csv` as it is."""
    written("1,2")
    monkeypatch.setenv("HOME", str(folder))
    assert Matrix.read("x", "@~/x.csv").texts == ("1", "2")


def test_too_large_a_text_is_refused_at_once(folder, capsys):
    """More than 50 MB, or more than two million numbers: there is .npy for that."""
    for content in (b"1" * 50 + b"\n", b"1,2\n"):
        (folder / "large.csv").write_bytes(content * (files.LARGEST_TEXT // len(content) + 1))
        start = time.perf_counter()
        told = refusal("@large.csv", capsys)
        assert "more than" in told
        assert ".npy" in told
        assert time.perf_counter() - start < 5
    (folder / "large.csv").unlink()


def test_large_arrays_are_read(written, folder, capsys, monkeypatch):
    """A million numbers are read in a moment; the limit is one of memory."""
    value = written(np.ones((1000, 1000)), "large.npy")
    start = time.perf_counter()
    assert Matrix.read("x", value).shape == (1000, 1000)
    assert time.perf_counter() - start < 2
    monkeypatch.setattr(files, "MOST_NUMBERS", 999_999)
    assert "1000000 numbers" in refusal(value, capsys)
    (folder / "large.npy").unlink()


STREAMS = [
    (b"", "empty"),
    (b" \n", "empty"),
    (b"1,2\n3\n", "line 2 has 1"),
    (b"1,two\n", "two"),
    (b"\x93NUMPY\x01\x00", "NumPy array", "@file.npy"),
    (b"1,\xff\n", "UTF-8"),
]


@pytest.mark.parametrize(("content", "fragments"), [(case[0], case[1:]) for case in STREAMS], ids=range(len(STREAMS)))
def test_standard_input_is_refused_in_one_line(content, fragments, capsys, monkeypatch):
    """As a file is."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    told = refusal("-", capsys)
    for fragment in fragments:
        assert fragment in told


def test_standard_input_is_read_once(capsys, monkeypatch):
    """The second option that asks for it is told; so is one where there is none."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1,2\n")))
    assert run(["attention", "--Q", "-", "--K", "-"]) == 2
    assert "--K -: standard input is empty or was read by another option" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", None)
    assert "empty" in refusal("-", capsys)
    closed = io.TextIOWrapper(io.BytesIO(b"1,2\n"))
    closed.close()
    monkeypatch.setattr(sys, "stdin", closed)
    assert "cannot be read" in refusal("-", capsys)


def test_a_page_of_files_is_the_page_of_their_numbers(written, capsys, monkeypatch):
    """On the command line, with several layers, and in Python, a file stands for what it holds."""
    written("-2\n3\n", "input.csv")
    written("-1.60,0.8\n0.3,0.6\n", "first.csv")
    np.save("second.npy", np.array([[0.2, 0.8]]))
    more = ["--activation", "tanh", "--detail", "full"]
    assert run(["mlp", "--x", "-2;3", "--W", "-1.60,0.8;0.3,0.6", "--W", "[[0.2,0.8]]", *more]) == 0
    typed = capsys.readouterr().out
    assert run(["mlp", "--x", "@input.csv", "--W", "@first.csv", "--W", "@second.npy", *more]) == 0
    assert capsys.readouterr().out == typed
    assert "-1.60" in typed
    answer = explain.mlp(x="@input.csv", W=["@first.csv", "@second.npy"], activation="tanh")
    assert str(answer) == str(explain.mlp(x="-2;3", W=["-1.60,0.8;0.3,0.6", "[[0.2,0.8]]"], activation="tanh"))
    with pytest.raises(explain.InputError, match=r"^x @nowhere\.csv: no such file"):
        explain.mlp(x="@nowhere.csv", W="1,2", activation="tanh")


CELLS = st.one_of(
    st.sampled_from(["1", "-2", "0.30", "1/3", "1e308", "1e-300", "-0", "", "nan", "x", '"1"', "1,5", "1e999", " 1 "]),
    st.text("0123456789.-+eE/ ", max_size=6),
)
LINES = st.builds(
    lambda mark, end, rows: end.join(mark.join(row) for row in rows),
    st.sampled_from([",", ",", ",", "\t", ";", " ", "|"]),
    st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n", "\x0b", "\u2028"]),
    st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=3),
)
HEADERS = st.builds(
    "{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}\n".format,
    st.sampled_from(
        [
            "'<f8'",
            "'>f4'",
            "'<i8'",
            "'|u1'",
            "'<f16'",
            "'|b1'",
            "'|O'",
            "'O8'",
            "'<c16'",
            "'|S3'",
            "'<U2'",
            "'|V4'",
            "'<m8[s]'",
            "'f4,f4'",
            "b'<f8'",
            "None",
            "[]",
            "[('a','<f8')]",
            "('<f8',(2,))",
            "'<f8','more':1",
        ]
    ),
    st.sampled_from(["False", "True", "0", "None"]),
    st.sampled_from(
        [
            "(2,)",
            "(3,)",
            "(1,3)",
            "()",
            "(0,)",
            "(-1,)",
            "(3L,)",
            "(10**9,)",
            "(9999999999999,)",
            "(2,2,2)",
            "('a',)",
            "(True,)",
            "(1.5,)",
            "3",
            "[3]",
            "(4611686018427387904,4)",
            "(18446744073709551616,)",
            f"({'1,' * 70})",
        ]
    ),
)
ARRAYS = st.one_of(
    st.builds(npy, st.sampled_from([np.ones(3), np.array([[1.0, 2.0]]), np.arange(4, dtype="i2"), np.array(1.0)])),
    st.builds(lambda values: npy(np.array(values)), st.lists(st.floats(), max_size=3)),
    st.builds(npy, st.just(np.ones(3)), HEADERS),
)


@st.composite
def mutated(draw, whole) -> bytes:
    """A file with some bytes changed, put in, or left out."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        change = draw(st.sampled_from(["set", "insert", "cut", "drop"]))
        if change == "cut":
            del data[at:]
        elif change == "drop":
            del data[at : at + draw(st.integers(1, 8))]
        elif change == "insert":
            data[at:at] = draw(st.binary(min_size=1, max_size=4))
        elif data:
            data[at] = draw(st.integers(0, 255))
    return bytes(data)


HOSTILE = st.one_of(
    st.binary(max_size=120),
    st.builds(str.encode, LINES),
    mutated(st.builds(str.encode, LINES)),
    ARRAYS,
    mutated(ARRAYS),
    st.builds(
        bytes.__add__,
        st.sampled_from([b"\xef\xbb\xbf", b"\xff\xfe", b"\x93NUMPY", b"PK\x03\x04"]),
        st.binary(max_size=40),
    ),
)
ASKED = (
    ["mlp", "--W", "0.5,-1", "--activation", "tanh", "--detail", "brief", "--x"],
    ["attention", "--detail", "brief", "--scores"],
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=HOSTILE, name=st.sampled_from(["h.csv", "h.npy", "h"]), asked=st.sampled_from(ASKED))
def test_any_file_is_answered(folder, data, name, asked):
    """Whatever a file holds: an answer, or one line; never an exception, a warning or half a page."""
    (folder / name).write_bytes(data)
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = run([*asked, f"@{name}"])
    told = err.getvalue()
    assert code in (0, 1, 2)
    assert told.count("\n") <= 1
    assert "Traceback" not in told + out.getvalue()
    if code == 2:
        assert out.getvalue() == ""
        assert told.startswith(f"explain: {asked[-1]}") or told.startswith("explain: --")
        assert all(mark.isprintable() for mark in told[:-1])
    else:
        assert told == ""
        assert out.getvalue()


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=HOSTILE)
def test_any_stream_is_answered(data):
    """The same through standard input."""
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))
    try:
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            code = run([*ASKED[1], "-"])
    finally:
        sys.stdin = before
    assert code in (0, 1, 2)
    assert err.getvalue().count("\n") == (code == 2)
    assert bool(out.getvalue()) == (code != 2)


JSON_FILES = {
    "[[-1.60, 0.8], [0.3, 0.6]]": None,
    "[1, 2": "is not JSON",
    '[[1, "a"]]': "no list of numbers",
    "{}": "no list of numbers",
    "[]": "no list of numbers",
    "[[1], []]": "no list of numbers",
    "[NaN, 1]": "finite",
    "[" * 100_000: "nested too deeply",
    "[1e999, 2]": "1e308",
}


@pytest.mark.parametrize(("text", "told"), JSON_FILES.items(), ids=range(len(JSON_FILES)))
def test_json_files_keep_numbers_as_written(text, told, tmp_path, capsys):
    """A JSON file is a list of numbers, each as it is written (-1.60 stays so); the rest is refused in one line."""
    (tmp_path / "w.json").write_text(text, encoding="utf-8")
    code = run(["mlp", "--x", "-2,3", "--W", f"@{tmp_path / 'w.json'}", "--activation", "relu", "--format", "terminal"])
    printed = capsys.readouterr()
    if told is None:
        assert code == 0
        assert "-1.60" in printed.out
    else:
        assert (code, printed.out) == (2, "")
        assert printed.err.startswith("explain: --W @")
        assert told in printed.err
        assert printed.err.count("\n") == 1


def test_entries_of_no_size_do_not_bring_the_process_down(tmp_path, capsys):
    """NumPy divides by the size of an entry when it maps a file; a header that says 0 would end the process."""
    header = "{'descr': '|S0', 'fortran_order': False, 'shape': (3,), }".ljust(117) + "\n"
    (tmp_path / "x.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + b"abc"
    )
    assert run(["attention", "--scores", f"@{tmp_path / 'x.npy'}"]) == 2
    assert "save real numbers" in capsys.readouterr().err
