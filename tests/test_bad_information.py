"""Probabilities that are none: one line that names the option, what was given, the rule and the mend."""

from __future__ import annotations

import io
import shlex
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from explain.cli import run

LONG = ",".join(["0.5"] * 5000)
REFUSED = [
    # no probabilities
    ("entropy --p 0.5,0.4", "--p sums to 0.9", "the probabilities of all outcomes sum to 1", "--normalise yes divides"),
    ("entropy --p -1,2", "--p has -1", "a probability lies between 0 and 1", "scores (logits)"),
    ("entropy --p 2,1", "--p has 2", "between 0 and 1", "counts become probabilities with --normalise yes"),
    ("entropy --p 0.3", "--p sums to 0.3", "of two outcomes give both: 0.3,0.7"),
    ("entropy --p 1", "--p has one number", "nothing is uncertain", "give two or more"),
    ("entropy --p 0,0", "--p sums to 0"),
    ("entropy --p 0,0 --normalise yes", "--p sums to 0", "needs a number above 0"),
    ("entropy --p 3,-1 --normalise yes", "--p has -1", "must not be negative"),
    ("entropy --p 1e308,1e308 --normalise yes", "--p sums to more than 1.8e308", "give smaller numbers"),
    ("entropy --p 0.99999,0.001", "--p sums to 1.001"),
    ("entropy --p '0.5,0.5;0.1,0.9'", "--p is 2x2", "a vector belongs here"),
    (f"entropy --p {LONG}", "--p sums to 2500"),
    ("entropy --p 0.5,x", "--p has x where a number belongs"),
    ("entropy --p ''", "--p is empty"),
    ("entropy --p 0.5,0.5 --base 3", "--base"),
    ("entropy --p 0.5,0.5 --outcomes a", "--outcomes has 1 name", "--p has 2 numbers"),
    ("entropy --p 0.5,0.5 --outcomes a,a", "--outcomes has a twice"),
    # two distributions
    ("kl-divergence --p 0.5,0.5 --q 1", "--p has 2 numbers, --q has 1", "one number an outcome"),
    ("kl-divergence --p 0.5,0.5 --q 0.6,0.5", "--q sums to 1.1"),
    ("kl-divergence --p 1 --q 1", "--p has one number"),
    ("kl-divergence --p 0.5,0.5", "--q"),
    ("kl-divergence --p 0.5,0.5 --q 0.5,0.5 --find KL_x", "--find KL_x is not in this answer"),
    # tables
    ("mutual-information --P 0.5,0.5", "--P has one row", "a row for each value"),
    ("mutual-information --P '0.5;0.5'", "--P has one column", "a column for each value"),
    ("mutual-information --P '0.5,0.2;0.1,0.1'", "--P sums to 0.9", "whole table", "--normalise yes"),
    ("mutual-information --P '0.5,-0.2;0.1,0.6'", "--P has -0.2 in row 1"),
    ("mutual-information --P '0.1,0.2;0.3,4'", "--P has 4 in row 2", "counts become probabilities"),
    ("mutual-information --P '0.4,0.1;0.2,0.3' --rows a,b,c", "--rows has 3 names", "--P has 2 rows"),
    ("mutual-information --P '0.4,0.1;0.2,0.3' --columns a,a", "--columns has a twice"),
    # Gaussians
    ("gaussian-kl --mu 1", "--logvar or --sigma is missing"),
    ("gaussian-kl --mu 1 --logvar 0 --sigma 1", "--logvar and --sigma are both given", "leave one of them out"),
    ("gaussian-kl --mu 1,2 --logvar 0", "--logvar has 1 number, --mu has 2"),
    ("gaussian-kl --mu 1 --sigma 0", "--sigma is 0", "positive"),
    ("gaussian-kl --mu 1,2 --sigma 1,-1", "number 2 of --sigma is -1", "positive"),
    ("gaussian-kl --mu 1 --logvar 701", "--logvar is 701", "at most 700"),
    ("gaussian-kl --mu 1e200 --logvar 0", "--mu", "beyond 1.8e308"),
    ("gaussian-kl --mu '1,2;3,4' --logvar '1,2;3,4'", "--mu is 2x2"),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0][:60])
def test_refused_in_one_line(row):
    """Protects the message, the exit status and the time it takes."""
    command, *needed = row
    out, err, start = io.StringIO(), io.StringIO(), time.perf_counter()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(shlex.split(command))
    assert code == 2
    assert out.getvalue() == ""
    message = err.getvalue().strip()
    assert message.count("\n") == 0, message
    assert len(message) < 300
    for part in needed:
        assert part in message, message
    assert time.perf_counter() - start < 1
