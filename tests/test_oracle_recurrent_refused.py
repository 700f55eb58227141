"""What recurrent topics refuse: one line that names the parameter, its value, the rule and the mend."""

from __future__ import annotations

import numpy as np
import pytest

from explain import InputError, gru, lstm, rnn

TOPICS = {"rnn": rnn, "lstm": lstm, "gru": gru}
GOOD = {
    "rnn": {
        "x": "1,2;3,4", "U": "1,2;3,4;5,6", "W": "1,2,3;4,5,6;7,8,9", "b_h": "1,2,3", "h_0": "1,2,3",
        "V": "1,2,3;4,5,6", "b_y": "1,2", "target": "1,2;3,4", "loss": "squared-error",
    },
    "lstm": {
        "x": "1,2;3,4", "h_0": "0.5", "c_0": "0.1", "target": "1,2", "loss": "squared-error", "W_f": "0.1,0.2",
        "U_f": "0.3", "b_f": "1", "W_i": "0.1,0.2", "U_i": "0.3", "b_i": "1", "W_c": "0.1,0.2", "U_c": "0.3",
        "b_c": "1", "W_o": "0.1,0.2", "U_o": "0.3", "b_o": "1",
    },
    "gru": {
        "x": "1;2", "W": "1,2,3,4,5,6", "U": "1,2,3,4,5,6;6,5,4,3,2,1", "b": "1,2,3,4,5,6", "b_U": "1,2,3,4,5,6",
        "h_0": "1,2", "target": "1,2;3,4", "loss": "squared-error",
    },
}  # fmt: skip


# A GRU whose gates read [h; x], in place of what is good; two layers, the second of which reads too much.
ONE_GATE = {
    **dict.fromkeys(["W", "U", "b", "b_U"]),
    "W_r": "1,2",
    "W_z": "1,2",
    "W_h": "1,2",
    "h_0": "1",
    "target": "1,2",
}
TWO_LAYERS = {
    "U": "1,2;3,4;5,6 | 1,2;3,4",
    "W": "1,2,3;4,5,6;7,8,9 | 1,2;3,4",
    "b_h": None,
    "h_0": None,
    "V": "1,2;3,4",
}


@pytest.mark.parametrize("kind", list(TOPICS))
def test_what_the_errors_start_from_is_accepted(kind):
    """Protects the tests of errors: without the one change the question is a good one."""
    assert TOPICS[kind](**GOOD[kind]).passed


@pytest.mark.parametrize(
    ("kind", "changes", "says"),
    [
        # a gate or a matrix is missing
        ("lstm", {"W_i": None}, "W_i is missing: every gate needs its input weights"),
        ("lstm", {"U_o": None}, "U_o is missing, but U_f is given: give it for every gate, or for none"),
        ("lstm", {"b_c": None}, "b_c is missing, but b_f is given: give it for every gate, or for none"),
        ("gru", {"U": None}, "U is missing: all gates in one matrix need W (inputs) and U (states)"),
        ("rnn", {"W": None}, "W is missing"),
        # shapes, gate by gate
        ("lstm", {"W_o": "1,2,3"}, "W_o is 3 numbers: it needs 1x2"),
        ("lstm", {"U_f": "1,2"}, "U_f is 2 numbers: it joins every unit with every unit"),
        ("lstm", {"U_i": "1,2;3,4"}, "U_i is 2x2: it needs 1x1"),
        ("lstm", {"b_f": "1,2"}, "b_f is 2 numbers: it needs 1 number"),
        ("rnn", {"U": None}, "W is 3x3: without U it reads the state stacked upon the input"),
        # all gates in one
        ("gru", {"U": "1,2,3,4;5,6,7,8"}, "U is 2x4: it needs the shape units x 3·units for 3 gates"),
        ("gru", {"W": "1,2,3"}, "W is 3 numbers: it needs 1x6"),
        ("gru", {"b": "1,2,3"}, "b is 3 numbers: it needs 6 numbers"),
        ("gru", {"b_U": "1,2,3;4,5,6"}, "b_U is 2x3: it needs 6 numbers"),
        ("gru", {"framework": "pytorch"}, "U is 2x6: it needs the shape 3·units x units for 3 gates"),
        # first states
        ("rnn", {"h_0": "1,2"}, "h_0 has 2 numbers, but there are 3 units: it needs 3 numbers"),
        ("lstm", {"c_0": "1,2"}, "c_0 has 2 numbers, but there is 1 unit: it needs 1 number"),
        ("rnn", {"h_0": "1,2,3 | 1,2,3"}, "h_0 has 2 matrices, but there is 1 state to begin with: one a layer"),
        ("lstm", {"h_0": "1;2"}, "h_0 has 2 numbers, but there is 1 unit"),
        # targets
        ("rnn", {"target": "1,2"}, "target has 2 numbers, but there are 2 outputs at 2 steps: it needs 4"),
        ("rnn", {"loss_on": "last"}, "target has 4 numbers, but there are 2 outputs at 1 step: it needs 2"),
        ("lstm", {"target": "1,2 | 1,2"}, "target is given for 2 samples, but x has 1"),
        ("lstm", {"loss": None}, "target is given, but loss is missing"),
        ("lstm", {"target": None}, "loss is given, but target is missing"),
        ("lstm", {"loss": "cross-entropy"}, "loss is cross-entropy, but there is one output"),
        # sequences
        ("rnn", {"x": "1,2 | 1,2;3,4"}, "x has sequences of 1 and 2 steps: a batch needs equal lengths"),
        ("rnn", {"x": "1,2,3;4,5,6"}, "x has 3 numbers a step, but U is for 2"),
        ("gru", {"x": "1,2;3,4"}, "x has 2 numbers a step, but W is for 1"),
        ("gru", {"x": np.ones((2001, 1))}, "x has 2001 time steps"),
        ("gru", {"x": "1 |"}, "x is 1 |: an empty place beside |"),
        # layers and directions
        ("rnn", {"bidirectional": "yes"}, "W has 1 matrix: a bidirectional layer needs two"),
        ("lstm", {"W_f": "0.1,0.2 | 0.1"}, "U_f has 1 matrix, but W_f has 2: give one a layer"),
        # the output layer
        ("rnn", {"V": None}, "b_y is given, but V is missing"),
        ("rnn", {"V": None, "b_y": None, "output_activation": "sigmoid"}, "output_activation is sigmoid, but V is"),
        ("rnn", {"V": "1,2;3,4"}, "V is 2x2, but the states have 3 entries: it needs 3 columns"),
        ("rnn", {"b_y": "1"}, "b_y has 1 number, but there are 2 outputs: it needs 2 numbers"),
        # what is not offered
        ("lstm", {"gate_activation": "softmax"}, "gate_activation"),
        ("gru", {"update": "forgets"}, "update"),
        ("gru", {"framework": "jax"}, "framework"),
        ("rnn", {"reduction": "max"}, "reduction"),
        # faults that are known
        pytest.param("gru", {**ONE_GATE, "b_Uh": "1"}, "b_Uh"),
        pytest.param("rnn", {"x": "1,2;3,4;5,6", "target": "1,2,3;4,5,6"}, "target is 2x3"),
        pytest.param("rnn", TWO_LAYERS, "U of layer 2"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(kind, changes, says):
    """Protects one line that names the parameter, its value and what it should be."""
    arguments = {name: value for name, value in {**GOOD[kind], **changes}.items() if value is not None}
    with pytest.raises(InputError) as refusal:
        TOPICS[kind](**arguments)
    assert str(refusal.value).startswith(says)
    assert "\n" not in str(refusal.value)
