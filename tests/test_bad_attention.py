"""Attention that cannot be worked: one line that names the option, what was given, the rule and the mend."""

from __future__ import annotations

import io
import re
import shlex
import time
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explain import attention, multi_head_attention
from explain.cli import run
from explain.errors import InputError

PAIR = "attention --Q '1,2;3,4' --K '1,2;3,4' "
TOKENS = "attention --X '1,2;3,4' --W-Q '1;2' --W-K '1;2' "
CROSSED = TOKENS + "--memory '1,2;3,4;5,6' "
ROW = "attention --scores 1,2,3 "
HEADS = "multi-head-attention --X '1,0;0,1' "
BY_HEAD = HEADS + "--W-Q '1;0 | 2;1' --W-K '1;1 | 0;1' --W-V '2;0 | 0;3' "
TORCH = "multi-head-attention --X '1;2' --layout pytorch --heads 1 "
ONE = "multi-head-attention --X '1;2' --heads 1 --W-Q 1 --W-K 1 --W-V 1 "
HALF = "it holds 1 where a query may look and 0 where not, or 0 and -inf"

REFUSED = [
    # where it starts from
    ("attention", "--scores, or --Q and --K, or --X with weights, is missing"),
    ("attention --K 1,2", "--Q is missing"),
    ("attention --X 1,2", "--W-Q is missing", "--W-K", "--W-V"),
    ("attention --X 1,2 --W-Q '1;2'", "--W-K is missing"),
    (TOKENS + "--V 1,2", "--X and --V are both given", "made from --X", "leave one of them out"),
    (TOKENS + "--scores 1,2", "--X and --scores are both given", "leave one of them out"),
    (TOKENS + "--Q 1,2", "--X and --Q are both given"),
    (ROW + "--K 1", "--scores and --K are both given", "made from --Q and --K"),
    (ROW + "--memory 1,2", "--memory is given, but --X is missing", "give --X, or leave --memory out"),
    (PAIR + "--memory 1,2", "--memory is given, but --X is missing"),
    (PAIR + "--W-V 1,2", "--W-V is given, but --X is missing", "give --X, or leave --W-V out"),
    (PAIR + "--b-K 1", "--b-K is given, but --X is missing"),
    # shapes
    ("attention --Q 1,2 --K 1,2,3", "--K is 1x3, but --Q is 1x2", "2"),
    (PAIR + "--V 1,2,3", "--V is 3x1, but there are 2 keys", "2 rows"),
    ("attention --X 1,2 --W-Q '1;2' --W-K '1;2;3'", "--W-K is 3x1, but --X is 1x2", "2 rows"),
    ("attention --X 1,2 --W-Q '1;2' --W-K '1,1;2,1'", "--W-K is 2x2, but --W-Q is 2x1", "needs 1 column"),
    ("attention --X 1,2 --memory '1;2' --W-Q '1;2' --W-K '1;2'", "--W-K is 2x1, but --memory is 2x1", "needs 1 row"),
    (TOKENS + "--W-V 1,2,3", "--W-V is 3x1, but --X is 2x2", "2 rows"),
    (TOKENS + "--b-Q 1,2", "--b-Q has 2 numbers, but --W-Q makes 1 column", "one number a column"),
    (TOKENS + "--W-V '1;2' --b-V 1,2", "--b-V has 2 numbers, but --W-V makes 1 column"),
    (TOKENS + "--b-V 1", "--b-V is given, but --W-V is missing"),
    (PAIR + "--d-k 64", "--d-k is 64, but --K has 2 columns", "make it 2"),
    (TOKENS + "--d-k 2", "--d-k is 2, but --W-K has 1 column", "leave --d-k out"),
    (ROW + "--d-k -3", "--d-k is -3", "positive"),
    (ROW + "--d-k four", "--d-k has four where a number belongs"),
    (PAIR + "--V '1,2;3,4' --dZ '1,2,3;1,2,3'", "--dZ is 2x3, but Z is 2x2", "shape of Z"),
    (PAIR + "--dZ '1,2;3,4'", "--dZ is given, but --V is missing"),
    (TOKENS + "--dZ '1;2'", "--dZ is given, but --W-V is missing"),
    # masks
    (PAIR + "--mask '1,0,1;1,1,1'", "--mask is 2x3, but the scores are 2x2", "or one row of 2"),
    (PAIR + "--mask '1;1'", "--mask is 2x1, but the scores are 2x2"),
    (PAIR + "--mask 1", "--mask is 1x1, but the scores are 2x2"),
    (PAIR + "--mask '1,2;1,1'", "--mask has 2:", HALF),
    (PAIR + "--mask '1,0.5;1,1'", "--mask has 0.5:", HALF),
    (PAIR + "--mask '1,-inf;1,0'", "--mask has 1:", HALF),
    (PAIR + "--mask '0,-1e9;0,0'", "--mask has -1e9:", HALF, "write -inf"),
    (PAIR + "--mask '0,-1e300;0,0'", "--mask has -1e300:", HALF),
    (PAIR + "--mask '0,inf;0,0'", "--mask has inf:", HALF),
    (PAIR + "--mask '0,nan;0,0'", "--mask has nan:", HALF),
    (PAIR + "--mask 'true,false;true,true'", "--mask has true:", HALF),
    (PAIR + "--mask 'causal,causal'", "--mask has causal:", HALF),
    (PAIR + "--mask 'eval(1)'", "--mask has eval(1):", HALF),
    (PAIR + """--mask '__import__("os").system("x")'""", "--mask has __import__(", HALF),
    (PAIR + "--mask '9**9**9'", "--mask has 9**9**9 where a number belongs"),
    (PAIR + "--mask casual", "--mask is casual", "choose none, causal, or a matrix", "did you mean causal?"),
    (PAIR + "--mask triangular", "--mask is triangular", "choose none, causal, or a matrix"),
    (PAIR + "--mask ''", "--mask is empty"),
    (PAIR + "--mask ';'", "--mask is ;"),
    (PAIR + "--mask '[]'", "--mask is []"),
    (PAIR + "--mask '1,0;1'", "--mask has 2 numbers in row 1 and 1 in row 2"),
    (PAIR + "--mask @no-such-file.csv", "--mask @no-such-file.csv"),
    (PAIR + "--mask '0,0;1,1'", "--mask hides every key from token 1", "let each query see one key"),
    (PAIR + "--mask '0,0;1,1' --tokens '{a},b'", "--tokens has {a}: curly brackets"),
    (PAIR + "--mask '0,-inf;-inf,-inf'", "--mask hides every key from token 2"),
    (PAIR + "--mask '0,0;0,0'", "--mask holds 0 alone", "leave it out", "write 1 where a query may look"),
    (PAIR + "--padding 0,0", "--padding hides every key from token 1"),
    (PAIR + "--padding 0,1 --mask causal", "--mask and --padding hide every key from token 1"),
    (PAIR + "--padding 1,1,0", "--padding has 3 numbers, but there are 2 keys", "one number a key"),
    (PAIR + "--padding '1,0;0,1'", "--padding is 2x2", "each of the 2 keys"),
    (PAIR + "--padding 0.5,1", "--padding has 0.5", "1 for a token and 0 for padding"),
    (PAIR + "--padding yes,no", "--padding has yes"),
    (PAIR + "--padding ''", "--padding is empty"),
    # names
    (PAIR + "--tokens a", "--tokens has 1 name, but --Q has 2 rows", "one name a row"),
    (PAIR + "--tokens a,b --memory-tokens a,b,c", "--memory-tokens has 3 names, but --K has 2 rows"),
    (PAIR + "--tokens 'a,,b'", "--tokens is a,,b", "empty name"),
    (PAIR + "--tokens a," + "b" * 30, "--tokens has bbb", "24 characters"),
    (TOKENS + "--memory-tokens a,b", "--memory-tokens names the rows of --memory, which is missing", "--tokens"),
    (CROSSED + "--memory-tokens a,b", "--memory-tokens has 2 names, but --memory has 3 rows"),
    (CROSSED + "--tokens a,b,c", "--tokens has 3 names, but --X has 2 rows"),
    (ROW + "--tokens a", "--tokens has 1 name, but --scores has 3 columns", "one name a column"),
    (ROW + "--tokens a,b,c --memory-tokens a,b,c", "--tokens has 3 names, but --scores has 1 row:"),
    (ROW + "--memory-tokens a,b", "--memory-tokens has 2 names, but --scores has 3 columns", "one name a column"),
    ("attention --scores '1,2,3;4,5,6' --memory-tokens a,b", "--memory-tokens has 2 names", "3 columns"),
    # numbers
    ("attention --scores 'nan,2;3,4'", "--scores in row 1 is nan", "finite"),
    ("attention --Q 1e200,1e200 --K 1e200,1", "--Q, --K", "S is beyond 1.8e308"),
    ("attention --Q 1 --K 1 --V 1e308 --dZ 1e308", "--dZ, --V", "beyond 1.8e308"),
    ("attention --X 1e200 --W-Q 1e200 --W-K 1", "--X, --W-Q", "Q is beyond"),
    (PAIR + "--V 'a,b;c,d'", "--V in row 1 has a where a number belongs"),
    ("attention --Q '' --K 1", "--Q is empty"),
    ("attention --X 1,2 --W-Q '' --W-K 1", "--W-Q is empty"),
    # several heads
    (HEADS + "--W-Q '1,2;0,1' --W-K '1,2;0,1' --W-V '1,0;1,1'", "--heads is missing", "--W-Q", "1 for a single head"),
    (HEADS + "--heads h --W-Q 1,2 --W-K 1,2 --W-V 1,2", "--heads is h", "such as 2"),
    (HEADS + "--heads 0 --W-Q 1,2 --W-K 1,2 --W-V 1,2", "--heads is 0", "whole number from 1"),
    (HEADS + "--heads 1e3 --W-Q 1,2 --W-K 1,2 --W-V 1,2", "--heads is 1e3"),
    (
        HEADS + "--heads 2 --W-Q '1,2;0,1' --W-K '1,2;0,1' --W-V '1;0'",
        "--heads is 2, but --W-V makes 1 column of values",
    ),
    (HEADS + "--heads 2 --W-Q '1,2,3;0,1,1' --W-K '1,2,3;0,1,1' --W-V '1;0'", "--heads is 2", "--W-Q", "divide 3"),
    (HEADS + "--heads 1 --W-Q '1;0' --W-K '1,1;0,1' --W-V '2;0'", "--W-K makes 2 columns of keys", "--W-Q makes 1"),
    (HEADS + "--heads 1 --W-Q '1;0;1' --W-K '1;1' --W-V '2;0'", "--W-Q is 3x1, but --X is 2x2", "2 rows"),
    (BY_HEAD + "--heads 3", "--heads is 3, but --W-Q has 2 heads"),
    (HEADS + "--W-Q '1;0 | 2;1' --W-K '1;1 | 0;1 | 1;1' --W-V '2;0 | 0;3'", "heads in --W-Q is 2, but --W-K has 3"),
    (HEADS + "--W-Q '1;0 | 2;1' --W-K '1,1;0,1' --W-V '2;0 | 0;3'", "--W-K is 2x2, one matrix", "--W-Q is 2x2x1"),
    (HEADS + "--W-Q '1;0 | 2,1' --W-K '1;1' --W-V '2;0'", "--W-Q has a matrix of 2x1 first and one of 1x2"),
    (HEADS + "--W-Q '|' --W-K '1;1' --W-V '2;0'", "--W-Q is |"),
    (BY_HEAD + "--W-O '1,0;1,1;0,0'", "--W-O is 3x2", "2 columns", "needs 2 rows"),
    (BY_HEAD + "--W-O '1,0|1,1|0,0'", "--W-O is 3x1x2", "one matrix a head, 2"),
    (BY_HEAD + "--b-O 1,2", "--b-O is given, but --W-O is missing"),
    (BY_HEAD + "--W-O '1,0;1,1' --b-O 1,2,3", "--b-O has 3 numbers, but --W-O makes 2 columns"),
    (BY_HEAD + "--b-Q 1", "--b-Q has 1 number, but --W-Q makes 2 columns of queries"),
    (BY_HEAD + "--dZ 1", "--dZ is 1x1, but Z is 2x2"),
    (ONE + "--mask '1,0,1;0,0,1'", "--mask is 2x3, but the scores are 2x2"),
    (ONE + "--padding 0,1 --mask causal", "--mask and --padding hide every key from token 1"),
    (ONE + "--tokens a", "--tokens has 1 name, but --X has 2 rows"),
    (ONE + "--memory-tokens a,b", "--memory-tokens", "--memory, which is missing"),
    (ONE + "--memory '1;2;3' --memory-tokens a,b", "--memory-tokens has 2 names, but --memory has 3 rows"),
    (ONE + "--memory '1,1;2,1'", "--W-K is 1x1, but --memory is 2x2", "needs 2 rows"),
    # layouts
    (TORCH + "--W-in '1;2;0.5;3'", "--W-in has 4 rows", "three equal parts"),
    (TORCH + "--W-in '1;2;0.5' --b-in 1,2", "--b-in has 2 numbers", "three equal parts"),
    (TORCH + "--W-in '1;2;0.5' --b-in 1,2,3,4,5,6", "--b-in has 6 numbers, 2 for the queries", "--W-in makes 1 column"),
    (TORCH + "--W-in '1,1;2,1;0.5,1'", "--W-in is 3x2, but --X is 2x1", "needs 1 column"),
    (TORCH + "--W-in '1;2;3' --memory '1,1;2,1'", "--W-in is 3x1, but --memory is 2x2", "give --W-Q, --W-K and --W-V"),
    (TORCH + "--W-in '1;2;0.5|1;2;3'", "--W-in is 2x3x1", "one matrix"),
    (TORCH + "--W-in '1;2;0.5' --W-Q 1", "--W-in and --W-Q are both given"),
    (TORCH + "--W-in '1;2;0.5' --b-in 1,2,3 --b-Q 1", "--b-in and --b-Q are both given"),
    (TORCH.replace("s 1", "s 2") + "--W-in '1;2;0.5'", "--heads is 2, but --W-in makes 1 column of queries"),
    (TORCH.replace("--heads 1", "") + "--W-in '1;2;0.5'", "--heads is missing", "--W-in"),
    (TORCH + "--W-in '1e308;1;1'", "--X, --W-in", "Q is beyond"),
    (TORCH + "--W-Q '1|2' --W-K '1|2' --W-V '1|2'", "--W-Q is 2x1x1", "PyTorch keeps one matrix for all heads"),
    (TORCH, "--W-Q is missing", "or --W-in"),
    (TORCH.replace("pytorch", "keras") + "--W-in '1;2;0.5'", "--W-in is PyTorch's way", "give --layout pytorch"),
    (TORCH.replace("--layout pytorch", "") + "--b-in '1;2;3' --W-Q 1 --W-K 1 --W-V 1", "--b-in is PyTorch's way"),
    (TORCH.replace("pytorch", "torch") + "--W-in '1;2;0.5'", "--layout is torch", "did you mean pytorch?"),
    (HEADS + "--layout keras --W-Q '1,2|1,2|3,4' --W-K '1,2|1,2' --W-V '1,2|1,2'", "--W-Q is 3x1x2", "2 rows a head"),
]


@pytest.mark.parametrize(("line", "fragments"), [(case[0], case[1:]) for case in REFUSED])
def test_one_line_that_says_how_to_mend_it(line, fragments, capsys):
    """What cannot be worked is refused by name, with what was given, the rule, and in good English."""
    start = time.perf_counter()
    code = run(shlex.split(line))
    took = time.perf_counter() - start
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("explain: ")
    assert err.count("\n") == 1
    assert len(err) < 300
    for fragment in fragments:
        assert fragment in err
    assert not re.search(r"\b1 (columns|rows|numbers|heads|keys|names)\b", err)
    assert took < 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"Q": np.zeros((2, 2, 2)), "K": [[1]]}, "Q is an array of shape"),
        ({"Q": np.array([["a"]]), "K": [[1]]}, "Q is an array"),
        ({"Q": [[float("nan")]], "K": [[1]]}, "Q is nan"),
        ({"Q": np.array([[np.inf]]), "K": [[1]]}, "Q holds NaN or infinity"),
        ({"scores": [[1, 2]], "mask": np.array([[np.nan, 0.0]])}, "mask holds NaN or infinity"),
        ({"scores": [[1, 2]], "mask": np.array([[np.inf, 0.0]])}, "mask holds NaN or infinity"),
        ({"scores": [[1, 2]], "mask": np.array([[-np.inf, -np.inf]])}, "mask hides every key from token 1"),
        ({"scores": [[1, 2]], "mask": np.array([[False, False]])}, "mask holds 0 alone"),
        ({"scores": [[1, 2]], "mask": True}, "mask is 1x1, but the scores are 1x2"),
        ({"scores": [[1, 2]], "mask": object()}, "mask has <object"),
        ({"scores": [[1, 2]], "mask": [["causal", 1]]}, "mask has causal"),
        ({"scores": [[1, 2]], "mask": np.zeros((0, 2))}, "mask is an array of shape"),
        ({"scores": [], "V": [1]}, "scores is []"),
        ({"scores": [[1, 2]], "tokens": []}, "tokens is"),
        ({"scores": [[1, 2]], "tokens": 7}, "tokens has 1 name"),
        ({"scores": np.zeros((3000, 3000)), "mask": "causal"}, "mask is given with 3000x3000 scores"),
        ({"scores": np.zeros((3000, 3000)), "padding": np.ones(3000)}, "padding is given with 3000x3000 scores"),
    ],
)
def test_from_python(given, told):
    """What a program may hand over: arrays of other axes and types, lists of nothing, objects."""
    start = time.perf_counter()
    with pytest.raises(InputError) as caught:
        attention(**given)
    assert str(caught.value).startswith(told), str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - start < 1


def test_weights_of_five_axes():
    """Protects arrays of weights that are no matrices and no heads."""
    one = {"W_Q": np.zeros((1, 1, 1, 1)), "W_K": np.zeros((1, 1, 1, 1)), "W_V": np.zeros((1, 1, 1, 1))}
    with pytest.raises(InputError, match="W_Q is 1x1x1x1: a matrix belongs here, or with"):
        multi_head_attention(X=[[1]], heads=1, **one)
    with pytest.raises(InputError, match="W_Q is an array of shape"):
        multi_head_attention(X=[[1]], heads=1, W_Q=np.zeros((1, 1, 1, 1, 1)), W_K=[[1]], W_V=[[1]])


def test_masks_from_files(tmp_path, capsys, monkeypatch):
    """Protects masks saved as arrays, with -inf or truth values, and as text, and the mend of -inf in a text."""
    seen = np.array([[True, False], [True, True]])
    scores = ["attention", "--scores", "1,2;3,4"]
    assert run([*scores, "--mask", "1,0;1,1"]) == 0
    usual = capsys.readouterr().out
    np.save(tmp_path / "added.npy", np.where(seen, 0, -np.inf).astype(np.float32))
    np.save(tmp_path / "seen.npy", seen)
    (tmp_path / "seen.csv").write_text("1,0\n1,1\n")
    for name in ("added.npy", "seen.npy", "seen.csv"):
        assert run([*scores, "--mask", f"@{tmp_path / name}"]) == 0
        assert capsys.readouterr().out == usual
    (tmp_path / "added.csv").write_text("0,-inf\n0,0\n")
    assert run([*scores, "--mask", f"@{tmp_path / 'added.csv'}"]) == 2
    assert "line 1 is -inf: in a text file a mask has 1 where" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1,0\n1,1\n")))
    assert run([*scores, "--mask", "-"]) == 0
    assert capsys.readouterr().out == usual


@pytest.mark.parametrize("mask", ["1 " * 10**6, "a" * 10**7, "-" * 10**6, "- " * 10**6, "-inf" * 10**6, "∞" * 10**6])
def test_long_masks_are_refused_at_once(mask, capsys):
    """Protects the time that a pasted mask of a million marks takes to be refused."""
    start = time.perf_counter()
    assert run(["attention", "--scores", "1,2", f"--mask={mask}"]) == 2
    assert time.perf_counter() - start < 2
    err = capsys.readouterr().err
    assert "--mask" in err
    assert len(err) < 400


WORDS = st.sampled_from(
    ["1", "0", "-inf", "2", "nan", ",", ";", " ", "|", "[", "]", "{", "}", "causal", "∞", "-", "1e9"]
)
ANYTHING = st.lists(WORDS, max_size=8).map("".join) | st.text(max_size=10) | st.sampled_from(["1,0", "1,0;1,1", "1;2"])
USUAL = [
    {"scores": "1,2;3,4", "V": "1;2"},
    {"Q": "1,2", "K": "1,2;0,1", "V": "1;2"},
    {"X": "1,2;0,1", "W-Q": "1,2;0,1", "W-K": "1,2;0,1", "W-V": "1,2;0,1"},
    {"X": "1,2;0,1", "memory": "1,2,3", "W-Q": "1;2", "W-K": "1;0;1", "W-V": "1;0;1"},
]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(
    usual=st.sampled_from(USUAL),
    options=st.dictionaries(
        st.sampled_from(["mask", "padding", "tokens", "memory-tokens", "d-k", "dZ", "b-Q", "W-O", "heads", "layout"]),
        ANYTHING,
        min_size=1,
        max_size=3,
    ),
    several=st.booleans(),
)
def test_any_text_is_answered(usual, options, several):
    """Whatever is typed for an option: an answer, or one line; never an exception."""
    words = dict(usual) | options
    name = "multi-head-attention" if several and "X" in usual else "attention"
    if name == "attention":
        words = {option: text for option, text in words.items() if option not in ("W-O", "heads", "layout")}
    else:
        words.setdefault("heads", "1")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([name, *(f"--{option}={text}" for option, text in words.items())])
    assert code in (0, 2), err.getvalue()
    assert (err.getvalue().count("\n") == 1) is (code == 2)
