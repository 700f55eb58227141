"""What the regression losses, the penalties and the losses with a margin refuse: one line that says what to mend."""

from __future__ import annotations

import io
import shlex
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from explain import huber, regularization
from explain.cli import run
from explain.errors import InputError

PAIR = "--y 1,2 --yhat 1,2 "
L2 = "regularization --theta 1,-2 --lam 0.1 "
TRIPLE = "triplet --anchor 0,0 --positive 3,4 --negative 6,0 "
TWO = "contrastive --x1 0,0 --x2 3,4 --label 1 "
GOOD = [f"mse {PAIR}", f"mae {PAIR}", f"huber {PAIR}", L2, TRIPLE, TWO]
REFUSED = [
    ("mse --y 1,2 --yhat 1,2,3", "--y has 2 numbers, but --yhat has 3", "one length"),
    ('mse --y "1,2;3,4" --yhat 1,2,3', "--yhat is 3, but --y is 2x2", "one shape"),
    ('mae --y "1,2,3;4,5,6" --yhat "1,2;3,4;5,6"', "--yhat is 3x2, but --y is 2x3", "its transpose fits"),
    ('huber --y "1,2,3;4,5,6" --yhat 1', "--yhat is 1, but --y is 2x3", "one shape"),
    ("mse --y 1", "--yhat is missing"),
    ("mse --y 1,nan --yhat 1,2", "--y is nan", "finite"),
    ("mse --y 1e200 --yhat 0", "--y", "e is beyond 1.8e308", "smaller"),
    (f"mse {PAIR} --reduction halves", "--reduction is halves", "half"),
    (f"mse {PAIR} --over rows", "--over is rows", "entries, examples"),
    (f"mae {PAIR} --reduction half", "--reduction is half", "mean, sum"),
    (f"huber {PAIR} --delta 0", "--delta is 0", "positive"),
    (f"huber {PAIR} --delta -1", "--delta is -1", "positive"),
    ("huber --y 1e308 --yhat -1e308", "beyond 1.8e308"),
    ("regularization --theta 1,-2 --lam -0.1", "--lam is -0.1", "0 or more"),
    ("regularization --theta 1,-2", "--lam is missing"),
    ("regularization --lam 1", "--theta is missing"),
    (L2 + "--penalty l3", "--penalty is l3", "l2"),
    (L2 + "--l1-ratio 0.5", "--l1-ratio is given, but --penalty is l2", "elastic-net"),
    (L2 + "--penalty elastic-net --l1-ratio 2", "--l1-ratio is 2", "from 0"),
    (L2 + "--coefficient lambda/2N", "--coefficient is lambda/2N", "number of examples is missing", "--N"),
    (L2 + "--N n", "--N is n", "give one, such as 5"),
    (L2 + "--N 0", "--N is 0", "whole number from 1"),
    (L2 + PAIR + "--N 3", "--N is 3, but --y has 2 examples"),
    (L2 + "--y 1,2", "--y is given, but --yhat is missing"),
    (L2 + "--yhat 1,2", "--yhat is given, but --y is missing"),
    (L2 + PAIR + "--loss 1", "--loss and --y are both given", "leave one away"),
    (L2 + "--y 1,2 --yhat 1,2,3", "--y has 2 numbers, but --yhat has 3"),
    (L2 + "--lr 0.1", "--lr is given, but --gradient is missing"),
    (L2 + "--gradient 1,2 --lr 0", "--lr is 0", "positive"),
    (L2 + "--gradient 1,2,3", "--gradient is 3x1, but its parameter in --theta is 2x1", "shape of its parameter"),
    (L2 + "--gradient 1,2 --gradient 1", "--gradient is given 2 times, but --theta 1", "once for every parameter"),
    (L2 + "--theta 5 --gradient 1,2 --gradient 1,2", "--gradient number 2 is 2x1", "1x1"),
    ("regularization --theta 1e200 --lam 1", "--theta", "beyond 1.8e308"),
    ("triplet --anchor 0,0 --positive 1 --negative 1,2", "--positive is 1x1, but --anchor is 1x2", "one shape"),
    ('triplet --anchor 0,0 --positive 1,1 --negative "1,2;3,4"', "--negative is 2x2, but --anchor is 1x2"),
    (TRIPLE + "--margin -1", "--margin is -1", "0 or more"),
    (TRIPLE + "--distance cosine", "--distance is cosine", "euclidean, squared"),
    ("triplet --anchor 1e200 --positive 0 --negative 0 --distance squared", "beyond 1.8e308"),
    ("contrastive --x1 0,0 --x2 1 --label 1", "--x2 is 1x1, but --x1 is 1x2", "one shape"),
    ("contrastive --x1 0,0 --x2 1,1 --label 2", "--label has 2", "0 or 1"),
    ("contrastive --x1 0,0 --x2 1,1 --label 1,0", "--label has 2 numbers, but --x1 has 1 pair", "one label a pair"),
    (TWO + "--margin 0", "--margin is 0", "positive"),
    (TWO + "--similar same", "--similar is same", "0, 1"),
]


def refused(arguments):
    """Exit code, standard output and error, and how long it took."""
    out, err = io.StringIO(), io.StringIO()
    start = time.perf_counter()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(shlex.split(arguments))
    return code, out.getvalue(), err.getvalue(), time.perf_counter() - start


@pytest.mark.parametrize("arguments", GOOD)
def test_what_the_errors_start_from_is_accepted(arguments):
    """Protects the tests of errors: without the one change the question is a good one."""
    code, out, err, _ = refused(arguments)
    assert (code, err) == (0, "")
    assert "✗" not in out


@pytest.mark.parametrize(("arguments", "says"), [(row[0], row[1:]) for row in REFUSED], ids=[row[0] for row in REFUSED])
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
    """Protects messages of a call: parameters without dashes."""
    with pytest.raises(InputError, match=r"^delta is 0: it is a distance"):
        huber(y=[1], yhat=[2], delta=0)
    with pytest.raises(InputError, match=r"^l1_ratio is given, but penalty is l2"):
        regularization(theta=[1, 2], lam=1, l1_ratio=0.5)
