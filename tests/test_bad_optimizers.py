"""What the optimisers refuse: exit code 2 and one line that names the option, its value, the rule and the mend."""

from __future__ import annotations

import io
import shlex
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from explain.cli import run

TOPICS = ["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "adamax"]
EVERYWHERE = [
    ("--theta 1,2", "--g is missing", "give the gradients, or --f"),
    ("--theta 1 --g 1 --f x^2", "--g and --f: both are given", "keep one"),
    ("--theta 1,2 --g 1", "--g has 1 number, --theta has 2 numbers", "| between steps"),
    ("--theta 1 --g 1,2,3", "--g has 3 numbers, --theta has 1 number", "| between steps"),
    ('--theta "1,2;3,4" --g "1,2;3,4|1,2,3,4"', "--g has 4 numbers in step 2", "--theta has 2x2 numbers"),
    ('--theta 1 --g "1|2" --steps 3', "--steps is 3", "gradients for 2 steps", "leave --steps out"),
    ("--theta 1 --g 1 --steps n", "--steps is n", "from 1 to 1000"),
    ("--theta 1 --g 1 --steps 5000", "--steps is 5000", "from 1 to 1000"),
    ("--theta 1 --g 1 --lr 0", "--lr is 0", "must be positive"),
    ("--theta 1 --g 1 --lr -0.1", "--lr is -0.1", "must be positive"),
    ("--theta 1 --g 1 --weight-decay -1", "--weight-decay is -1", "must not be negative"),
    ("--theta 1 --g 1 --clip-norm 0", "--clip-norm is 0", "must be positive"),
    ("--theta 1 --g 1 --clip-value -1", "--clip-value is -1", "must be positive"),
    ("--theta 1 --g 1 --clip-norm 1 --clip-value 1", "--clip-norm and --clip-value are both given", "keep one"),
    ("--theta 1,2 --f x^2", "--theta has 2 numbers, --f has 1 name (x)", "one number for each"),
    ("--theta 1 --f eta^2", "--f has the name eta", "take x, y or w"),
    ('--theta 1 --f "x +"', "f, column 4", "ends too early"),
    ("--theta 1 --f 3", "column 1", "no name is in it"),
    ("--theta 0 --f log(x)", "--theta has x=0", "choose another number for x"),
]
SINGLE = [
    ("sgd --theta 1 --f log(x) --lr 2 --steps 3", "--f has no finite number", "step 1 leads", "smaller --lr"),
    ("adam --theta 0.1,0.1 --f x^0.1+y^-52.58 --lr 0.05 --steps 9", "--f has no finite number", "another --theta"),
    ("sgd --theta 1 --f x^4 --lr 10 --steps 100", "--f has no finite number", "smaller --lr"),
    ("sgd --theta 1e308 --g 1e308 --lr 10", "beyond 1.8e308", "give smaller ones"),
    ("sgd --theta 1 --g 1 --momentum 1", "--momentum is 1", "the past never fades", "0.9"),
    ("sgd --theta 1 --g 1 --momentum -0.1", "--momentum is -0.1", "from 0"),
    ("sgd --theta 1 --g 1 --nesterov yes", "--nesterov is given without --momentum", "give --momentum 0.9"),
    ("sgd --theta 1 --g 1 --dampening 0.1", "--dampening is given without --momentum", "give --momentum 0.9"),
    ("sgd --theta 1 --g 1 --velocity averaged", "--velocity is given without --momentum", "give --momentum 0.9"),
    ("sgd --theta 1 --g 1 --momentum 0.9 --dampening 0.1 --nesterov yes", "--dampening is given with --nesterov yes"),
    ("sgd --theta 1 --g 1 --momentum 0.9 --dampening -1", "--dampening is -1", "must not be negative"),
    (
        "sgd --theta 1 --g 1 --momentum 0.9 --dampening 0.1 --velocity averaged",
        "--dampening is given with --velocity averaged",
        "leave one out",
    ),
    (
        "sgd --theta 1 --g 1 --momentum 0.9 --velocity averaged --nesterov yes",
        "--nesterov is yes with --velocity averaged",
        "change one",
    ),
    ("adam --theta 1 --g 1 --beta-1 1", "--beta-1 is 1", "the past never fades"),
    ("adam --theta 1 --g 1 --beta-2 1.5", "--beta-2 is 1.5", "the past never fades"),
    ("adam --theta 1 --g 1 --eps -1", "--eps is -1", "must not be negative"),
    ("adam --theta 1 --g 0 --eps 0", "--eps is 0", "in step 1 the second moment", "such as 1e-8"),
    ("adam --theta 1e200 --g 1e200", "beyond 1.8e308", "give smaller ones"),
    ("adamw --theta 1,2 --g 1,0 --eps 0", "--eps is 0", "in step 1", "such as 1e-8"),
    ("rmsprop --theta 1 --g 1 --alpha 1", "--alpha is 1", "the past never fades"),
    ("rmsprop --theta 1 --g 1 --momentum 1", "--momentum is 1", "the past never fades"),
    ("rmsprop --theta 1 --g 0 --eps 0", "--eps is 0", "the average of the squares", "such as 1e-8"),
    ("adagrad --theta 1 --g 0 --eps 0", "--eps is 0", "the sum of the squares", "such as 1e-8"),
    ("adagrad --theta 1 --g 1 --initial -1", "--initial is -1", "must not be negative"),
    ("adagrad --theta 1 --g 1 --lr-decay -1", "--lr-decay is -1", "must not be negative"),
    ("adadelta --theta 1 --g 1 --eps 0", "--eps is 0", "must be positive", "1e-6"),
    ("adadelta --theta 1 --g 1 --rho 1", "--rho is 1", "the past never fades"),
    ("optimizers --use sgd --theta 1 --g 1", "--use is sgd", "2 or 3 different ones"),
    ("optimizers --use sgd,adm --theta 1 --g 1", "--use has adm", "did you mean adam?"),
    ("optimizers --use sgd,adam --theta 1 --g 1 --lr 1,2,3", "--lr has 3 numbers", "one for all, or 2"),
    ("optimizers --use sgd,adam --theta 1 --g 1 --lr 0.1,0", "--lr is 0", "must be positive"),
    ("optimizers --use sgd,adam --theta 1,2 --g 1", "--g has 1 number, --theta has 2 numbers"),
    ("adamax --theta 1 --g 0 --eps 0", "--eps is 0", "the largest gradient", "such as 1e-8"),
    ("adamax --theta 1 --g 1 --beta-2 -0.1", "--beta-2 is -0.1", "from 0"),
]
REFUSED = [(f"{topic} {line}", *told) for topic in TOPICS for line, *told in EVERYWHERE] + SINGLE


@pytest.mark.parametrize(("line", "told"), [(line, told) for line, *told in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(line, told):
    """Protects every refusal: one line, exit code 2, at once."""
    out, error, start = io.StringIO(), io.StringIO(), time.perf_counter()
    with redirect_stdout(out), redirect_stderr(error):
        code = run(shlex.split(line))
    message = error.getvalue()
    assert code == 2, out.getvalue()
    assert message.count("\n") == 1
    assert out.getvalue() == ""
    assert time.perf_counter() - start < 5
    for part in told:
        assert part in message


@pytest.mark.parametrize("topic", TOPICS)
def test_a_gradient_of_zero(topic):
    """Protects the step that does not move: the page says so, and ε keeps it from 0/0."""
    out = io.StringIO()
    with redirect_stdout(out):
        code = run([topic, "--theta", "1", "--g", "0", *(["--weight-decay", "0"] if topic == "adamw" else [])])
    assert code == 0
    assert "nothing moved: the step is 0" in out.getvalue()
