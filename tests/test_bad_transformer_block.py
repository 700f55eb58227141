"""What transformer-block refuses: exit code 2 and one line that names the option, its value, the rule and the mend."""

from __future__ import annotations

import io
import shlex
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from explain import InputError, transformer_block
from explain.cli import run

X = '--X "1,0;0,2" '
OWN = '--heads 1 --W-Q "1,0;0,1" --W-K "1,1;0,1" --W-V "1,0;0,1" '
CROSSED = '--W-Q-2 "1,0;0,1" --W-K-2 "0,1;1,0" --W-V-2 "1,0;0,1" '
MEMORY = '--kind decoder --memory "1,1;2,0;0,1" '
FEED = '--W-1 "1,0,1;0,1,-1" --W-2 "1,0;0,1;1,1" '
STACKED = '"1,0;0,1;1,1;0,1;1,0;0,1" '
ENCODER = X + OWN
DECODER = ENCODER + MEMORY + CROSSED
PYTORCH = X + "--layout pytorch --heads 2 --W-in " + STACKED
KERAS = X + '--layout keras --W-Q "1|0" --W-K "1|1" --W-V "1|0" '
GOOD = {
    "encoder": ENCODER + FEED,
    "decoder": DECODER + FEED,
    "pytorch": PYTORCH + '--W-O "1,0;0,1" --W-1 "1,2;1,2;1,2" --W-2 "1,2,3;1,2,3"',
    "pytorch decoder": PYTORCH + MEMORY + "--W-in-2 " + STACKED,
    "keras": KERAS + '--W-O "1,0"',
}
ONLY_DECODER = "--kind is encoder: only a decoder block looks at a memory; choose decoder or leave"
SECOND = ["W-Q-2", "W-K-2", "W-V-2", "W-O-2", "b-Q-2", "b-K-2", "b-V-2", "b-O-2", "W-in-2", "b-in-2"]
EQUAL = "the residual connection adds the two, so they must be equal"
HIDES = "softmax of -inf alone is 0/0"

REFUSED = [
    # encoder and decoder
    (ENCODER + "--kind decoder", "--memory is missing", "encoder's output", "choose --kind encoder"),
    (ENCODER + CROSSED + "--kind decoder", "--memory is missing"),
    (ENCODER + '--memory "1,2"', "--memory is given", ONLY_DECODER),
    (ENCODER + "--memory-tokens a,b", "--memory-tokens is given", ONLY_DECODER),
    (ENCODER + "--memory-padding 1,0", "--memory-padding is given", ONLY_DECODER),
    *((ENCODER + f"--{name} 1", f"--{name} is given", ONLY_DECODER, f"leave --{name} out") for name in SECOND),
    (ENCODER + "--gamma-2 1,1", "--gamma-2 is given", "1 normalisation,", "give --W-1 and --W-2"),
    (ENCODER + "--beta-3 1,1", "--beta-3 is given", "1 normalisation,", "leave it out"),
    (ENCODER + FEED + "--gamma-3 1,1", "--gamma-3 is given", "2 normalisations", "choose --kind decoder"),
    (ENCODER + FEED + "--beta-3 1,1", "--beta-3 is given", "2 normalisations", "choose --kind decoder"),
    (DECODER + "--gamma-3 1,1", "--gamma-3 is given", "2 normalisations", "give --W-1 and --W-2"),
    (ENCODER + "--kind both", "--kind is both", "choose encoder, decoder"),
    (ENCODER + "--norm sandwich", "--norm is sandwich", "choose post, pre"),
    (ENCODER + "--layout tensorflow", "--layout is tensorflow", "choose paper, pytorch, keras"),
    (ENCODER + "--encoding rope", "--encoding is rope", "choose none, sinusoidal"),
    (ENCODER + FEED + "--activation swiglu", "--activation is swiglu", "choose relu, gelu"),
    # what is missing
    (OWN, "--X is missing"),
    (X, "--W-Q is missing", "--W-Q, --W-K and --W-V"),
    (X + '--heads 1 --W-Q "1,0;0,1" --W-K "1,1;0,1"', "--W-V is missing"),
    (X + '--heads 1 --W-Q "1,0;0,1" --W-V "1,1;0,1"', "--W-K is missing"),
    (ENCODER.replace("--heads 1", ""), "--heads is missing", "1 for a single head"),
    (X + "--layout pytorch --heads 1", "--W-Q is missing", "or --W-in"),
    (ENCODER + MEMORY, "--W-Q-2 is missing", "--W-Q-2, --W-K-2 and --W-V-2"),
    (ENCODER + MEMORY + '--W-Q-2 "1,0;0,1" --W-K-2 "1,0;0,1"', "--W-V-2 is missing"),
    (PYTORCH + MEMORY, "--W-Q-2 is missing", "or --W-in-2"),
    (ENCODER + "--W-1 1,2", "--W-2 is missing, but --W-1 is given", "needs both weights"),
    (ENCODER + "--W-2 1,2", "--W-1 is missing, but --W-2 is given", "needs both weights"),
    (ENCODER + "--b-1 1", "--W-1 is missing, but --b-1 is given", "needs both weights"),
    (ENCODER + "--b-2 1,2", "--W-1 is missing, but --b-2 is given", "needs both weights"),
    (ENCODER + "--b-O 1,2", "--b-O is given, but --W-O is missing"),
    (DECODER + "--b-O-2 1,2", "--b-O-2 is given, but --W-O-2 is missing"),
    # weights of the attentions
    (ENCODER + '--W-Q "1,0;0,1;1,1"', "--W-Q is 3x2, but --X is 2x2", "2 rows"),
    (ENCODER + '--W-Q "1,0,0"', "--W-Q is 3x1, but --X is 2x2", "2 rows"),
    (ENCODER + '--W-K "1;0;1"', "--W-K is 3x1, but --X is 2x2", "2 rows"),
    (ENCODER + '--W-K "1,0,1;0,1,1"', "--W-K makes 3 columns of keys, but --W-Q makes 2", "dot product"),
    (ENCODER + '--W-V "1;0;1"', "--W-V is 3x1, but --X is 2x2", "2 rows"),
    (ENCODER + '--W-O "1,0;1,0;0,0"', "--W-O is 3x2", "2 columns", "2 rows"),
    (DECODER + '--W-Q-2 "1,0;0,1;1,1"', "--W-Q-2 is 3x2, but --X is 2x2", "2 rows"),
    (DECODER + '--W-K-2 "1;0;1"', "--W-K-2 is 3x1, but --memory is 3x2", "2 rows"),
    (DECODER + '--W-V-2 "1;0;1"', "--W-V-2 is 3x1, but --memory is 3x2", "2 rows"),
    (DECODER + '--W-K-2 "1,0,1;0,1,1"', "--W-K-2 makes 3 columns", "--W-Q-2 makes 2"),
    (DECODER + '--W-O-2 "1,0;1,0;0,0"', "--W-O-2 is 3x2", "2 rows"),
    (DECODER + '--memory "1,1,1;2,2,2"', "--W-K-2 is 2x2, but --memory is 2x3", "3 rows"),
    (PYTORCH + '--W-Q "1,0;0,1"', "--W-in and --W-Q are both given", "leave one of them out"),
    (PYTORCH + '--W-in "1,0;0,1;1,1;0,1;1,0"', "--W-in has 5 rows", "three equal parts"),
    (PYTORCH + '--W-in "1,0,1;0,1,1;1,1,1"', "--W-in is 3x3, but --X is 2x2", "2 columns"),
    (PYTORCH + '--W-in "1,0|1,0"', "--W-in is 2x1x2", "one matrix"),
    (PYTORCH + '--W-O "1,0,1;0,1,1"', "--W-O is 2x3", "2 columns"),
    (PYTORCH + MEMORY + '--W-in-2 "1,0;0,1;1,1;0,1;1,0"', "--W-in-2 has 5 rows", "three equal parts"),
    (PYTORCH + MEMORY + '--memory "1,2,3" --W-in-2 ' + STACKED, "--W-in-2 is 6x2, but --memory is 1x3", "--W-K-2"),
    (PYTORCH + MEMORY + "--W-V-2 1,2 --W-in-2 " + STACKED, "--W-in-2 and --W-V-2 are both given"),
    (ENCODER + "--W-in " + STACKED, "--W-in is PyTorch's way", "--layout pytorch"),
    (DECODER + "--W-in-2 " + STACKED, "--W-in-2 is PyTorch's way", "--layout pytorch"),
    (KERAS + '--W-O "1,0;0,1"', "--W-O is 2x2", "1 row"),
    # what a residual connection cannot add
    (ENCODER + '--W-V "1;1"', "--W-V makes 1 column, but --X is 2 wide", EQUAL, "or give --W-O"),
    (ENCODER + '--W-V "1,2,3;1,2,3"', "--W-V makes 3 columns, but --X is 2 wide", EQUAL, "or give --W-O"),
    (ENCODER + '--W-O "1,0,1;0,1,1"', "--W-O makes 3 columns, but --X is 2 wide", EQUAL),
    (ENCODER + "--W-O 1,0", "--W-O makes 1 column, but --X is 2 wide", EQUAL),
    (DECODER + '--W-V-2 "1;1"', "--W-V-2 makes 1 column, but --X is 2 wide", EQUAL, "or give --W-O-2"),
    (DECODER + '--W-O-2 "1,0,1;0,1,1"', "--W-O-2 makes 3 columns, but --X is 2 wide", EQUAL),
    (KERAS, "--W-V makes 1 column, but --X is 2 wide", EQUAL),
    # biases
    (ENCODER + "--b-Q 1", "--b-Q has 1 number, but --W-Q makes 2 columns of queries"),
    (ENCODER + "--b-K 1,2,3", "--b-K has 3 numbers, but --W-K makes 2 columns of keys"),
    (ENCODER + "--b-V 1,2,3", "--b-V has 3 numbers, but --W-V makes 2 columns of values"),
    (ENCODER + '--W-O "1,0;0,1" --b-O 1,2,3', "--b-O has 3 numbers, but --W-O makes 2 columns"),
    (DECODER + "--b-K-2 1,2,3", "--b-K-2 has 3 numbers, but --W-K-2 makes 2 columns of keys"),
    (PYTORCH + "--b-in 1,2,3", "--b-in has 3 numbers, 1 for the queries, but --W-in makes 2 columns"),
    (PYTORCH + "--b-in 1,2,3,4,5", "--b-in has 5 numbers", "three equal parts"),
    (PYTORCH + "--b-in 1,2,3,4,5,6 --b-Q 1,2", "--b-in and --b-Q are both given"),
    (PYTORCH + MEMORY + "--b-in-2 1,2 --W-in-2 " + STACKED, "--b-in-2 has 2 numbers", "three equal parts"),
    (ENCODER + "--b-in 1,2,3,4,5,6", "--b-in is PyTorch's way", "--layout pytorch"),
    (ENCODER + FEED + "--b-1 1", "--b-1 has 1 number: it needs 3, one for each hidden unit"),
    (ENCODER + FEED + '--b-1 "1,2;3,4"', "--b-1 has 4 numbers: it needs 3"),
    (ENCODER + FEED + "--b-2 1,2,3", "--b-2 has 3 numbers: it needs 2, one for each column of --X"),
    # scales and shifts
    (ENCODER + "--gamma-1 1", "--gamma-1 has 1 number, but --X has 2 columns"),
    (ENCODER + "--beta-1 1,2,3", "--beta-1 has 3 numbers, but --X has 2 columns"),
    (ENCODER + FEED + "--gamma-2 1,2,3", "--gamma-2 has 3 numbers, but --X has 2 columns"),
    (ENCODER + FEED + '--beta-2 "1,2;3,4"', "--beta-2 has 4 numbers, but --X has 2 columns"),
    (DECODER + FEED + "--gamma-3 1", "--gamma-3 has 1 number, but --X has 2 columns"),
    (DECODER + FEED + "--beta-3 1", "--beta-3 has 1 number, but --X has 2 columns"),
    # the feed-forward network, in both layouts
    (ENCODER + '--W-1 1,2,3 --W-2 "1;2;3"', "--W-1 has 3 numbers, but --X is 2 wide", "2 rows"),
    (ENCODER + '--W-1 1,2,3,4 --W-2 "1,2;1,2"', "--W-1 has 4 numbers, but --X is 2 wide", "2 rows"),
    (ENCODER + '--W-1 "1,2;1,2;1,2" --W-2 "1;2;3"', "--W-1 is 3x2", "2 rows; its transpose fits"),
    (ENCODER + '--W-1 "1,2;1,2;1,2;0,0;0,1" --W-2 1,2', "--W-1 is 5x2", "2 rows; its transpose fits"),
    (ENCODER + '--W-1 "1,2,3;1,2,3" --W-2 "1,2,3;1,2,3"', "--W-2 is 2x3", "3 hidden units", "3 rows and 2 columns"),
    (ENCODER + '--W-1 "1,2,3;1,2,3" --W-2 "1;2;3"', "--W-2 is 3x1", "3 hidden units", "3 rows and 2 columns"),
    (ENCODER + '--W-1 "1,2,3;1,2,3" --W-2 1,2,3', "--W-2 has 3 numbers", "3 rows and 2 columns"),
    (ENCODER + "--W-1 1,2 --W-2 1,2,3", "--W-2 has 3 numbers", "1 hidden unit:", "1 row and 2 columns"),
    (PYTORCH + '--W-1 "1,2,3;1,2,3" --W-2 "1,2;1,2;3,3"', "--W-1 is 2x3", "2 columns; its transpose fits"),
    (PYTORCH + '--W-1 "1,2;1,2;1,2" --W-2 "1,2;1,2;3,3"', "--W-2 is 3x2", "3 columns and 2 rows; its transpose fits"),
    (PYTORCH + '--W-1 "1,2;1,2;1,2" --W-2 "1,2,3,4;1,2,3,4"', "--W-2 is 2x4", "3 columns and 2 rows"),
    (PYTORCH + "--W-1 1,2,3 --W-2 1,2,3", "--W-1 has 3 numbers", "2 columns"),
    # heads
    (ENCODER + "--heads 3", "--heads is 3, but --W-Q makes 2 columns", "must divide 2"),
    (ENCODER + f"--heads {10**21}", "--heads is 1000000000000000000000", "must divide 2"),
    (ENCODER + "--heads h", "--heads is h", "give one, such as 2"),
    (ENCODER + "--heads 0", "--heads is 0", "whole number from 1"),
    (DECODER + '--heads 2 --W-Q-2 "1,0,0;0,1,0" --W-K-2 "1,0,0;0,1,0"', "--heads is 2, but --W-Q-2 makes 3 columns"),
    (PYTORCH + "--heads 4", "--heads is 4, but --W-in makes 2 columns of queries"),
    (KERAS + '--W-O "1,0" --heads 2', "--heads is 2, but --W-Q has 1 head"),
    (X + '--W-Q "1;0|0;1" --W-K "1;1|0;1|1;1" --W-V "1;0|1;1"', "heads in --W-Q is 2, but --W-K has 3 heads"),
    (X + '--W-Q "1;0|0;1" --W-K "1,1;0,1" --W-V "1;0|1;1"', "--W-K is 2x2, one matrix", "in the same way"),
    (X + '--W-Q "1;0|0;1" --W-K "1;1|0;1" --W-V "1;0|1;1" --W-O "1,0|0,1|1,1"', "--W-O is 3x1x2", "one matrix a head"),
    (DECODER + '--W-Q-2 "1;0|0;1" --W-K-2 "1;1|0;1" --W-V-2 "1;0|1;1"', "--heads is 1, but --W-Q-2 has 2 heads"),
    # masks
    (ENCODER + '--mask "0,0;1,1"', "--mask hides every key from token 1", HIDES, "see one key at least"),
    (ENCODER + '--mask "0,0;1,1" --tokens Thinking,Machines', "hides every key from Thinking"),
    (ENCODER + '--mask "1,0,0;1,1,1"', "--mask is 2x3, but the scores are 2x2"),
    (ENCODER + '--mask "2,1;1,1"', "--mask has 2"),
    (ENCODER + "--mask sideways", "--mask is sideways", "choose none, causal"),
    (ENCODER + "--padding 0,0", "--padding hides every key from token 1", HIDES),
    (ENCODER + "--padding 0,1 --mask causal", "--mask and --padding hide every key from token 1", HIDES),
    (ENCODER + "--padding 1,1,1", "--padding has 3 numbers, but there are 2 keys"),
    (ENCODER + "--padding 2,1", "--padding has 2", "1 for a token and 0 for padding"),
    (DECODER + "--padding 0,1", "--padding hide", "every key from token 1", HIDES),
    (DECODER + "--memory-padding 0,0,0", "--memory-padding hides every key", HIDES),
    (DECODER + "--memory-padding 1,1", "--memory-padding has 2 numbers, but there are 3 keys"),
    # names
    (ENCODER + "--tokens a", "--tokens has 1 name, but --X has 2 rows", "one name a row"),
    (ENCODER + "--tokens a,b,c", "--tokens has 3 names, but --X has 2 rows"),
    (DECODER + "--memory-tokens a,b", "--memory-tokens has 2 names, but --memory has 3 rows"),
    # epsilon
    (ENCODER + "--eps -1", "--eps is -1", "must not be negative"),
    (ENCODER + "--eps nan", "--eps is nan", "finite"),
    (ENCODER + "--eps 1e9", "--eps is 1e9", "small number"),
    (ENCODER + '--eps 0 --X "1,1;1,2" --norm pre', "--eps is 0, but the variance of one token is 0", "1e-5"),
    (ENCODER + '--eps 0 --X "1,1;1,2" --W-V "0,0;0,0"', "--eps is 0, but the variance of one token is 0"),
    ("--X 3 --heads 1 --W-Q 1 --W-K 1 --W-V 1 --eps 0", "--eps is 0, but the variance of one token is 0"),
    # the gradient from above
    (ENCODER + "--dY 1,2", "--dY has 2 numbers, but Y is 2x2"),
    (ENCODER + '--dY "1,2;3,4;5,6"', "--dY is 3x2, but Y is 2x2", "shape of Y"),
    (ENCODER + '--dY "1,nan;3,4"', "--dY in row 1 is nan", "finite"),
    # numbers
    (ENCODER + '--X "nan,1;1,1"', "--X in row 1 is nan", "finite"),
    (ENCODER + '--X "1,inf;1,1"', "--X in row 1 is inf", "finite"),
    (ENCODER + '--X "a,b;c,d"', "--X in row 1 has a", "number"),
    (ENCODER + '--X ""', "--X is empty"),
    (ENCODER + '--X "1,2|3,4"', "--X has 2|3", "number"),
    (ENCODER + '--W-Q "nan,1;1,1"', "--W-Q", "nan", "finite"),
    (ENCODER + FEED + '--W-2 "1e999,1;1,1;1,1"', "--W-2 in row 1 is 1e999", "1e308"),
    (ENCODER + '--X "1e300,1;1,1"', "--X, --W-Q, --W-K", "S is beyond 1.8e308", "give smaller ones"),
    (PYTORCH + '--X "1e300,1;1,1"', "--X, --W-in", "beyond 1.8e308"),
    (DECODER + '--memory "1e300,1;1e300,1;1,1" --W-K-2 "1e10,1;1,1"', "--memory, --W-K-2", "beyond 1.8e308"),
    (ENCODER + "--gamma-1 1e308,1e308 --beta-1 1e308,1e308", "--gamma-1", "--beta-1", "Y is beyond 1.8e308"),
    (ENCODER + '--dY "1e308,1;1,1"', "--dY", "beyond 1.8e308"),
]


def refused(arguments):
    """Exit code, standard output and error, and how long it took."""
    out, err = io.StringIO(), io.StringIO()
    start = time.perf_counter()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["transformer-block", *shlex.split(arguments)])
    return code, out.getvalue(), err.getvalue(), time.perf_counter() - start


@pytest.mark.parametrize("kind", GOOD)
def test_what_the_errors_start_from_is_accepted(kind):
    """Protects the tests of errors: without the one change the question is a good one."""
    code, out, err, _ = refused(GOOD[kind])
    assert (code, err) == (0, "")
    assert "✗" not in out


@pytest.mark.parametrize(("arguments", "says"), [(row[0], row[1:]) for row in REFUSED], ids=[row[1] for row in REFUSED])
def test_one_line_that_says_what_to_mend(arguments, says):
    """Protects every refusal: one line within a second, and in it the option, what it is, the rule and the mend."""
    code, out, err, seconds = refused(arguments)
    assert (code, out) == (2, "")
    assert err.startswith("explain: ")
    assert err.count("\n") == 1
    assert len(err) < 320
    assert "{" not in err
    assert not [part for part in says if part not in err], err
    assert seconds < 1


def test_from_python_options_have_their_own_names():
    """Protects messages of a call: parameters without dashes, no matter how the numbers come."""
    with pytest.raises(InputError, match=r"^memory is missing: .* choose kind encoder$"):
        transformer_block(X=[[1, 2]], kind="decoder", heads=1, W_Q=[[1], [1]], W_K=[[1], [1]], W_V=[[1, 2], [3, 4]])
    with pytest.raises(InputError, match=r"^gamma_1 has 1 number, but X has 2 columns"):
        transformer_block(X=[[1, 2]], heads=1, W_Q=[[1], [1]], W_K=[[1], [1]], W_V=[[1, 2], [3, 4]], gamma_1=[1])
