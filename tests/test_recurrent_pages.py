"""What the pages of recurrent networks say: conventions, paths in words, checks, and what is worked on demand."""

from __future__ import annotations

import numpy as np
import pytest

from explain import InputError, attention, gru, lstm, mlp, rnn
from explain.page import page
from explain.render.terminal import plain

LSTM = {"x": "1,2", "W": "0.5,-0.5,1,0.25", "U": "0.1,0.2,0.3,0.4", "b": "0,1,0,0"}
LOSS = {"target": "0.5,0.8", "loss": "squared-error"}
BOTH = {"x": "1,2", "U": "0.5 | -0.5", "W": "0.1 | 0.2", "bidirectional": "yes"}


def text(answer, detail="exam"):
    """The page without its line breaks."""
    return " ".join(plain(page(answer, detail), 400).split())


def told(answer):
    """All sentences of the checks."""
    return [" ".join(part for part in check.text if isinstance(part, str)) for check in answer.all_checks]


def test_paths_are_named_with_layer_and_direction():
    """Protects the words of a path: two quantities of one name in different layers or directions are told apart."""
    answer = rnn(**BOTH, V="1,-1", target="1,2", loss="squared-error")
    assert "z₂⁽ᵇ⁾ (the state of step 2 before its activation, backward direction)" in text(answer)
    deep = lstm(x="1,2", W="1,2,0,1 | 0,1,1,2", U="0.1,0.2,0.3,0.4 | 0,0,0,0", **LOSS)
    assert "z_o,2⁽²⁾ (the output gate of step 2, layer 2)" in text(deep)


def test_a_gru_says_which_of_its_variants_is_worked():
    """Protects the two conventions that books and frameworks disagree about."""
    weights = {"W_r": 1, "U_r": 2, "W_z": 1, "U_z": 2, "W_h": 1, "U_h": 2}
    after, before = (text(gru(x="1", **weights, reset_after=choice)) for choice in ("yes", "no"))
    assert "the reset gate multiplies the product of the recurrent weights and the old state, as in Keras" in after
    assert "the reset gate multiplies the old state itself, as in Cho et al. 2014" in before
    assert "zₜ lets in the new state, as in Chung et al. 2014" in text(gru(x="1", **weights, update="renews"))
    assert "c₀" not in text(gru(x="1", **weights, h_0="0.5"))


def test_softmax_with_cross_entropy_gives_the_error():
    """Protects the check that every paper asks for: y - target, over the steps and samples of a mean."""
    answer = rnn(
        x="1;2", U="0.5;0.1", W="0.1,0;0,0.2", V="1,0;0,1", output_activation="softmax", target="1,0;0,1",
        loss="cross-entropy", reduction="mean",
    )  # fmt: skip
    assert any("cross-entropy with its own activation must give" in line for line in told(answer))
    assert answer.passed


@pytest.mark.parametrize("name", ["dL/dx_1", "dL/dW_f", "dL/db_o"])
def test_a_gradient_asked_for_alone_has_a_check_of_its_own(name):
    """Protects --find: what is left is compared with finite differences, not only worked again."""
    whole = lstm(**LSTM, **LOSS)
    assert sum("finite differences" in line for line in told(whole)) == 1
    alone = whole.find([name])
    assert sum("finite differences" in line for line in told(alone)) == 1
    assert alone.passed


def test_other_topics_too():
    """Protects the same for the perceptron."""
    answer = mlp(x="1,2", W="0.5,-0.5", activation="sigmoid", target="1", loss="binary-cross-entropy")
    assert any("finite differences" in line for line in told(answer.find(["dL/dW_1"])))
    assert attention(scores="1,2").passed


def test_a_first_state_that_is_given_has_a_gradient():
    """Protects ∂L/∂h₀ and ∂L/∂c₀, against a difference of the whole answer."""
    step = 1e-6
    answer = lstm(**LSTM, **LOSS, h_0="0.3", c_0="-0.2")
    for name, option in (("h_0", "h_0"), ("c_0", "c_0")):
        start = {"h_0": 0.3, "c_0": -0.2}
        ends = [
            float(lstm(**LSTM, **LOSS, **{**start, option: start[option] + sign * step})["L"].value) for sign in (1, -1)
        ]
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(answer[f"dL/d{name}"].value, [[slope]], rtol=1e-6)
    assert "dL/dh_0" not in lstm(**LSTM, **LOSS).names
    long = rnn(x="1,2,3,4,5,6,7,8", U="0.1", W="0.2", h_0="0.5", target="1", loss="squared-error", loss_on="last")
    assert long["dL/dh_0"].value.shape == (1, 1)


def test_a_derivative_across_a_long_sequence():
    """Protects --find dh_7/dh_1 where most steps stand in the table: every step between is worked."""
    answer = rnn(x="1,2,3,4,5,6,7", U="0.1", W="0.3").find(["dh_7/dh_1"])
    states = [float(answer.values[f"h_{t}"].item()) for t in range(2, 8)]
    np.testing.assert_allclose(answer["dh_7/dh_1"].value, [[np.prod([0.3 * (1 - h * h) for h in states])]], rtol=1e-9)
    assert "Time step 5" in text(answer)
    assert answer.passed


def test_asking_twice_leaves_the_first_answer_alone():
    """Protects the answer from steps that are worked on demand."""
    answer = lstm(**LSTM)
    names = list(answer.names)
    assert answer["dh_2/dh_1"].value is not None
    assert answer.names == names


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: lstm(**LSTM).find(["dL/dx_1"]), "find dL/dx_1: a gradient needs a loss; give loss and target too"),
        (lambda: lstm(**LSTM).find(["dh_1/dh_2"]), "find dh_1/dh_2: h_1 does not depend on h_2"),
        (lambda: lstm(**LSTM, loss_on="last"), "loss_on is last, but there is no loss"),
        (lambda: lstm(**LSTM, reduction="mean"), "reduction is mean, but there is no loss"),
        (lambda: lstm(x="1", W_f="1,2", W_i="1,2", W_c="1,2", W_o="1,2", framework="pytorch"), "framework is pytorch"),
        (lambda: gru(x="1", W_r="1,2", W_z="1,2", W_h="1,2", b_Uh="1"), "b_Uh stands beside recurrent weights"),
    ],
)
def test_refusals(build, message):
    """Protects sentences that say what is missing rather than list what there is."""
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        build()


def test_one_sign_does_not_mean_two_numbers():
    """Protects ∂h₂/∂h₁ of the one formula, z₂ in a GRU, from the derivative along every path, with a straight d."""
    answer = gru(x="1,2", W="0.5,-0.5,1", U="0.1,0.2,0.3", b="0,1,0").find(["dh_2/dh_1"])
    assert "dh₂/dh₁ = ∂h₂/∂h₁ + ∂h₂/∂z₂ · dz₂/dh₁ + ∂h₂/∂h̃₂ · dh̃₂/dh₁ = z₂ + " in text(answer)
    assert "a straight d counts every path between the two" in text(answer)
    assert float(answer["dh_2/dh_1"].value.item()) != float(answer.values["z_2"].item())
