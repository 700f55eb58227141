"""Exam questions with known answers: what a marker would look up, compared number by number."""

from __future__ import annotations

import json
import re
from functools import cache

import numpy as np
import pytest
import sympy
from cases import CASES, works

from explain import (
    adam,
    attention,
    conv_shape,
    cross_entropy,
    dense_params,
    embedding_params,
    kl_divergence,
    lstm,
    lstm_params,
    mlp,
    mse,
    multi_head_attention,
    network,
    next_token_loss,
    output_softmax,
    positional_encoding,
    regularization,
    rnn,
    seq2seq_attention,
    softmax,
    transformer_block,
)
from explain.engine.lowering import to_sympy

NETWORK = CASES["mlp-2-3-1"]["expected"]
ROUNDED = 6e-11  # the expected numbers have ten decimals


def perceptron():
    """The answer to the question about the 2-3-1 network."""
    given = CASES["mlp-2-3-1"]["inputs"]
    return mlp(
        x=given["x"],
        W=[given["W_1"], given["W_2"]],
        b=[given["b_1"], given["b_2"]],
        activation="sigmoid",
        target=given["y"],
        loss="binary-cross-entropy",
    )


def assert_rounds_to(value, expected):
    """The numbers in order, whatever their shape: the cases write columns as rows."""
    expected = np.asarray(expected, dtype=float)
    assert np.size(value) == expected.size
    np.testing.assert_allclose(np.asarray(value, dtype=float).reshape(expected.shape), expected, rtol=0, atol=ROUNDED)


@works("attention-112-96")
def test_attention_from_two_scores():
    """Protects the numbers of one query: scaled scores and weights."""
    case = CASES["attention-112-96"]
    answer = attention(**case["inputs"])
    assert_rounds_to(answer["u"].value, case["expected"]["scaled"])
    assert_rounds_to(answer["alpha"].value, case["expected"]["weights"])
    assert answer.passed


@works("attention-112-96")
def test_attention_output_in_symbols():
    """Protects the output with symbolic values: the weights are the coefficients of v₁ and v₂, also on the page."""
    case = CASES["attention-112-96"]
    answer = attention(**case["inputs"])
    alpha = sympy.MatrixSymbol("alpha", 1, 2)
    weights = {alpha[0, at]: float(answer["alpha"].value[0, at]) for at in range(2)}
    found = sympy.expand(answer["z_1"].sympy).subs(weights)
    expected = {name: float(number) for number, name in re.findall(r"([\d.]+) (v_\d)", case["expected"]["z_1"])}
    assert {str(symbol) for symbol in found.free_symbols} == expected.keys() == {"v_1", "v_2"}
    for name, number in expected.items():
        assert round(float(found.coeff(sympy.Symbol(name))), 2) == number
    assert "z₁ ≈ 0.8808 v₁ + 0.1192 v₂" in str(answer)


@works("attention-5x4")
def test_attention_of_five_tokens():
    """Protects the whole of Z, and the first row of the scores and of the weights on the way."""
    case = CASES["attention-5x4"]
    answer, expected = attention(**case["inputs"]), case["expected"]
    assert_rounds_to(answer["S"].value[0], expected["scores_row_1"])
    assert_rounds_to(answer["A"].value[0], expected["weights_row_1"])
    assert_rounds_to(answer["Z"].value[0], expected["Z_row_1"])
    assert_rounds_to(answer["Z"].value, expected["Z"])
    assert answer.passed


@works("attention-5x4")
def test_printed_attention_of_five_tokens():
    """Protects our numbers where the printed ones carry slips: row 5 of the scores, weights that sum to 1.0056."""
    case = CASES["attention-5x4"]
    answer, published = attention(**case["inputs"]), case["published"]
    np.testing.assert_allclose(answer["S"].value[4], [38.61, 88.02, 35.63, 86.56, 130.63], atol=0.01)
    assert (np.abs(answer["S"].value[4] - published["scores_row_5"]) > 5).all()
    assert sum(published["weights_row_1"]) > 1.005
    assert abs(answer["A"].value[0].sum() - 1) < 1e-12
    assert abs(answer["Z"].value[0, 0] - published["Z_row_1"][0]) > 0.6  # 3.78 printed where V has 3.09
    np.testing.assert_allclose(answer["Z"].value[0, 1:], published["Z_row_1"][1:], atol=0.02)


@works("attention-equation")
@pytest.mark.parametrize(
    "given",
    [
        {"Q": "1,0;0,2", "K": "1,1;0,1", "V": "2,0;0,4"},
        {"X": "1,0;0,2", "W_Q": "1,1;0,1", "W_K": "2,0;0,4", "W_V": "1;1"},
    ],
    ids=["Q, K, V", "X"],
)
def test_attention_as_one_equation(given):
    """Protects the equation in one line, under the last step; each part of it is a step of its own."""
    assert CASES["attention-equation"]["expected"]["equation"] == "softmax(Q K^T / sqrt(d)) V"
    answer = attention(**given)
    assert "in one line: Z = softmax((Q Kᵀ)/√d_k) V" in str(answer)
    assert answer.names[-4:] == ["S", "U", "A", "Z"]


@works("query-row", "key-row")
def test_query_and_key_rows():
    """Protects the first rows of Q and K from a token of six numbers; two entries of the sheet's key are slips."""
    query, key = CASES["query-row"], CASES["key-row"]
    assert query["inputs"]["x"] == key["inputs"]["x"]
    answer = attention(X=query["inputs"]["x"], W_Q=query["inputs"]["W_Q"], W_K=key["inputs"]["W_K"])
    assert_rounds_to(answer["Q"].value, query["expected"]["q_1"])
    assert_rounds_to(answer["K"].value, key["expected"]["k_1"])
    np.testing.assert_allclose(answer["Q"].value[0], query["published"]["q_1"], atol=0.01)
    slips = np.abs(answer["K"].value[0] - key["published"]["k_1"]) > 0.01
    assert slips.tolist() == [False, False, True, True]
    assert answer.passed


@works("mlp-2-3-1")
@pytest.mark.parametrize("name", [name for name, expected in NETWORK.items() if not isinstance(expected, str)])
def test_network(name):
    """Protects every number of the network: forward pass, loss, local derivatives and gradients by their names."""
    assert_rounds_to(perceptron()[name].value, NETWORK[name])


@works("mlp-2-3-1")
def test_network_local_derivative_in_words():
    """Protects ∂z₁/∂W₁, which is told by its form: row i holds xᵀ, every other row is zero."""
    told = NETWORK["dz_1/dW_1"]
    assert "row i holds x^T in its own row and zeros elsewhere" in told
    step = perceptron()["dz_1/dW_1"]
    assert step.local.form == "slice"
    np.testing.assert_array_equal(step.value, [json.loads(told.rpartition("= ")[2])])


@works("mlp-2-3-1")
def test_network_checks_hold():
    """Protects the second routes of the same question."""
    assert perceptron().passed


@works("lstm-params-symbolic")
def test_lstm_parameters_in_symbols():
    """Protects the count in the question's own letters: the same polynomial, and factored on the page."""
    case = CASES["lstm-params-symbolic"]
    answer = lstm_params(**case["inputs"])
    expected = sympy.sympify(case["expected"]["params"])
    found = to_sympy(answer["P"].closed)
    assert sympy.expand(found - expected) == 0
    assert found.is_Mul
    assert answer["P"].value is None
    assert answer.passed


@works("rnn-forward", "rnn-forward-b")
@pytest.mark.parametrize("name", ["rnn-forward", "rnn-forward-b"])
def test_recurrent_network(name):
    """Protects every number of the two time steps; the vectors of the question turn the way the weights ask for."""
    case = CASES[name]
    given = {"h_0" if option == "h0" else option: value for option, value in case["inputs"].items()}
    answer = rnn(**given)
    assert answer.names == list(case["expected"])
    assert answer.results == ["y_1", "y_2"]
    for quantity, expected in case["expected"].items():
        assert_rounds_to(answer[quantity].value, expected)
    assert answer.passed


@works("conv-shapes")
def test_convolution_shapes():
    """Protects the three answers to the question about 100 images, and the parameters with their bias."""
    case = CASES["conv-shapes"]
    answer, expected = conv_shape(**case["inputs"]), case["expected"]
    names = {"weight": "weight", "output": "output", "flat": "linear_in", "P": "params_with_bias"}
    assert answer.results == ["weight", "output", "P", "flat"]
    assert names.keys() == set(answer.results)
    assert expected.keys() == set(names.values())
    for ours, theirs in names.items():
        assert answer[ours].value.tolist() == expected[theirs]
    assert answer.passed


def counts(answer, expected):
    """The parameters of some layers of a network, by their numbers, and of all of it."""
    return {name: int(answer[f"P_{at}"].value) for name, at in expected.items()} | {"total": int(answer["P"].value)}


@works("keras-lstm-stack")
def test_stacked_lstm_in_keras():
    """Protects the count of every layer of a stack, by itself and as a network, and what the sheet prints."""
    expected, published = (CASES["keras-lstm-stack"][which] for which in ("expected", "published"))
    answer = network(chain="lstm 30 sequences, relu, lstm 30, relu, dense 1", input="3x1")
    assert counts(answer, {"lstm_1": 1, "lstm_2": 3, "dense": 5}) == expected
    assert published.items() <= expected.items()
    assert int(lstm_params(units=30, features=1)["P"].value) == expected["lstm_1"]
    assert int(lstm_params(units=30, features=30)["P"].value) == expected["lstm_2"]
    assert int(dense_params(inputs=30, units=1)["P"].value) == expected["dense"]
    assert answer.passed


@works("lstm-stack-torch")
def test_stacked_lstm_in_pytorch():
    """Protects two bias vectors a gate; what the sheet prints is the first LSTM and the linear layer alone."""
    case = CASES["lstm-stack-torch"]
    sizes, (_, outputs) = case["inputs"]["layers"], case["inputs"]["linear"]
    words = [f"lstm {units}" for _, units in sizes]
    answer = network(chain=[*words, f"linear {outputs}"], input=f"20x{sizes[0][0]}", framework="pytorch")
    found = [int(answer[f"P_{at}"].value) for at in range(1, 5)]
    expected = case["expected"]
    assert (found[:3], found[3], int(answer["P"].value)) == (expected["lstm"], expected["linear"], expected["total"])
    alone = [lstm_params(units=n, features=m, framework="pytorch")["P"].value for m, n in sizes]
    assert [int(count) for count in alone] == expected["lstm"]
    assert case["published"]["total"] == found[0] + found[3] != expected["total"]


@works("keras-text-classifier")
def test_text_classifier_in_keras():
    """Protects embedding, LSTM and dense layers in one chain, and what the sheet prints of them."""
    expected, published = (CASES["keras-text-classifier"][which] for which in ("expected", "published"))
    chain = "embedding 1000 16, lstm 32, flatten, dropout 0.1, dense 256, sigmoid, dense 1, sigmoid"
    answer = network(chain=chain, input=200)
    found = counts(answer, {"embedding": 1, "lstm": 2, "dense_1": 5, "dense_2": 7})
    found["dense_both"] = found["dense_1"] + found["dense_2"]
    assert found == expected
    assert published.items() <= found.items()
    assert int(embedding_params(vocabulary=1000, dim=16)["P"].value) == expected["embedding"]


TWO_STEPS = CASES["lstm-two-steps"]["expected"]


@cache
def two_steps():
    """The answer to the question about two steps of an LSTM."""
    given = dict(CASES["lstm-two-steps"]["inputs"])
    return lstm(target=given.pop("targets"), loss="squared-error", **given)


@works("lstm-two-steps")
@pytest.mark.parametrize("name", TWO_STEPS)
def test_lstm_of_two_steps(name):
    """Protects every gate, state, the loss and every gradient of the question, and that its checks hold."""
    own = {"L_sum": "L"}.get(name, name.replace("c_tilde", "ctilde"))
    assert_rounds_to(two_steps()[own].value, TWO_STEPS[name])
    assert two_steps().passed


@works("gpt-objective")
def test_objective_of_gpt():
    """Protects the objective in symbols: it stands on every page, with numbers and without."""
    formula = CASES["gpt-objective"]["expected"]["objective"]
    assert formula == "-sum_i log P(x_i | x_1..x_{i-1}; theta)"
    for given in ({}, {"p": "0.5,0.25,0.8"}, {"logits": "2,1", "targets": "0"}):
        answer = next_token_loss(**given)
        assert "-Σᵢ log P(xᵢ | x₁, …, xᵢ₋₁; θ)" in " ".join(str(answer).split())
        assert answer.passed
    numbers = next_token_loss(p="0.5,0.25,0.8")
    assert_rounds_to(
        [numbers[name].value for name in ("L_sum", "L_mean", "PPL")], [2.302585093, 0.7675283643, 2.1544346900]
    )


@works("positional-encoding-row")
def test_positions_of_one_dimension():
    """Protects the row of six numbers read as positions of dimension 0; the sheet's sums carry slips of rounding."""
    case = CASES["positional-encoding-row"]
    given, expected = case["inputs"], case["expected"]
    answer = positional_encoding(X=given["embedding"], positions=given["positions"], dimension=given["dimension"])
    assert_rounds_to(answer["PE"].value, expected["pe"])
    assert_rounds_to(answer["Y"].value, expected["sum"])
    assert np.abs(answer["Y"].value[:, 0] - case["published"]["sum"]).max() < 0.011
    assert answer.passed


@works("transformer-by-hand")
def test_positional_encoding_of_the_transformer_by_hand():
    """Protects the first stage of the walk through a transformer: three tokens of width 4."""
    case = CASES["transformer-by-hand"]
    expected, embedded = case["expected"]["positional_encoding"], case["inputs"]["embedding"]
    assert_rounds_to(positional_encoding(positions=3, d=4)["PE"].value, expected)
    answer = positional_encoding(X=embedded)
    assert_rounds_to(answer["PE"].value, expected)
    assert_rounds_to(answer["Y"].value, np.add(embedded, expected))
    assert answer.passed


@works("transformer-by-hand")
def test_heads_of_the_transformer_by_hand():
    """Protects the second stage: the weights of both heads, and Z, the heads side by side times W_O."""
    case = CASES["transformer-by-hand"]
    given, expected = case["inputs"], case["expected"]
    tokens = positional_encoding(X=given["embedding"])["Y"].value
    weights = {name: given[name] for name in ("W_Q", "W_K", "W_V", "W_O")}
    answer = multi_head_attention(X=tokens, **weights)
    assert_rounds_to(answer["A_1"].value, expected["weights_head_1"])
    assert_rounds_to(answer["A_2"].value, expected["weights_head_2"])
    assert_rounds_to(answer["Z"].value, expected["Z"])
    assert answer.passed


@works("transformer-by-hand")
def test_block_of_the_transformer_by_hand():
    """Protects all stages on one page, from the embeddings to Add & Norm, and the sheet's number of heads."""
    case = CASES["transformer-by-hand"]
    given, expected = case["inputs"], case["expected"]
    weights = {name: given[name] for name in ("W_Q", "W_K", "W_V", "W_O", "heads")}
    answer = transformer_block(X=given["embedding"], encoding="sinusoidal", eps=given["eps"], **weights)
    names = {"PE": "positional_encoding", "A_1": "weights_head_1", "A_2": "weights_head_2", "Z_1": "Z", "Y": "add_norm"}
    assert set(names.values()) == expected.keys()
    for ours, theirs in names.items():
        assert_rounds_to(answer[ours].value, expected[theirs])
    assert_rounds_to(answer["X"].value, np.add(given["embedding"], expected["positional_encoding"]))
    assert f"d_k = {given['d_k']} " in str(answer)
    assert answer.results == ["Y"]
    assert answer.passed


@works("seq2seq-attention")
def test_sequence_to_sequence_with_and_without_attention():
    """Protects what differs: the weighted sum of all encoder states, beside the last one alone at every step."""
    case = CASES["seq2seq-attention"]
    answer, expected = seq2seq_attention(**case["inputs"]), case["expected"]
    assert "sum_j alpha_j h_j for every output step" in expected["with"]
    assert "last encoder state only" in expected["without"]
    for name in ("e", "alpha", "c", "c_last"):
        assert_rounds_to(answer[name].value, expected[name])
    states, weights = np.array(case["inputs"]["H"]), answer["alpha"].value
    assert_rounds_to(answer["c"].value, sum(weights[0, at] * states[at] for at in range(3)))
    assert_rounds_to(answer["c_last"].value, states[-1])
    several = seq2seq_attention(H=case["inputs"]["H"], s=[[2, 1], [0, 1]])
    assert several["c_last"].value.shape == (1, 2)
    assert not np.allclose(*several["C"].value)
    assert answer.passed


@works("softmax-row")
def test_softmax_of_a_printed_row():
    """Protects the row of weights whose printed form sums to 1.0056; ours sums to 1, from either topic."""
    case = CASES["softmax-row"]
    expected, published = case["expected"]["softmax"], case["published"]["softmax"]
    assert sum(published) > 1.005
    for answer, name in ((softmax(z=case["inputs"]["z"]), "p"), (output_softmax(logits=case["inputs"]["z"]), "P")):
        assert_rounds_to(answer[name].value, expected)
        assert abs(answer[name].value.sum() - 1) < 1e-12
        assert answer.passed


@works("kl-bags")
def test_divergence_of_two_bags():
    """Protects entropy, cross-entropy and both divergences, in bits and in nats, from either base."""
    case = CASES["kl-bags"]
    expected = case["expected"]
    bits, nats = (kl_divergence(**case["inputs"], base=base) for base in ("2", "natural"))
    names = {"H_P": "H_p_bits", "H_PQ": "H_pq_bits", "KL": "KL_bits", "KL_reverse": "KL_reverse_bits"}
    for name, key in names.items():
        assert_rounds_to(bits[name].value, expected[key])
    for answer, name in ((bits, "KL_nats"), (nats, "KL")):
        assert_rounds_to(answer[name].value, expected["KL_nats"])
    assert_rounds_to(nats["KL_bits"].value, expected["KL_bits"])
    assert bits.passed
    assert nats.passed


@works("adam-matrices")
def test_two_steps_of_adam():
    """Protects both moments, corrected or not, and W after two steps; the sheet lost its gradients: these are ours."""
    case = CASES["adam-matrices"]
    given, expected, published = case["inputs"], case["expected"], case["published"]
    settings = {name: given[name] for name in ("lr", "beta_1", "beta_2", "eps")}
    answer = adam(theta=given["W"], g=given["gradients"], **settings)
    names = {"m_2": "V_2", "v_2": "S_2", "mhat_2": "V_hat_2", "vhat_2": "S_hat_2", "theta_2": "W_2"}
    assert answer.results == list(names)
    assert set(names.values()) == expected.keys()
    for ours, theirs in names.items():
        assert_rounds_to(answer[ours].value, expected[theirs])
    assert "some courses call them V and S" in " ".join(str(answer).split())
    assert not np.allclose(answer["m_2"].value, published["V_2"], atol=0.01)
    assert answer.passed


@works("l2-loss")
def test_l2_loss():
    """Protects the regularised loss of the sheet: the squared errors, the data loss, all four strengths of λ."""
    given, expected = CASES["l2-loss"]["inputs"], CASES["l2-loss"]["expected"]
    answer = regularization(**given)
    assert_rounds_to(answer["e"].value, expected["squared_errors"])
    assert_rounds_to(answer["J_data"].value, expected["data_loss"])
    assert_rounds_to(answer["S"].value, expected["norm_sq"])
    assert_rounds_to(answer["J"].value, expected["J[lam/2N]"])
    for name in ("lam", "lam/2", "lam/2N", "lam/N"):
        other = regularization(**given, coefficient=name.replace("lam", "lambda"))
        assert_rounds_to(other["J"].value, expected[f"J[{name}]"])
        assert other.passed
    again = mse(y=given["y"], yhat=given["yhat"], reduction="half-mean")
    assert_rounds_to(again["e"].value, expected["squared_errors"])
    assert_rounds_to(again["L"].value, expected["data_loss"])


@works("lstm-scalar")
def test_lstm_scalar_loss():
    """Protects sum and mean of the squared errors at two time steps; the sheet calls the sum an MSE."""
    case = CASES["lstm-scalar"]
    given, expected = case["inputs"], case["expected"]
    total = mse(y=given["targets"], yhat=given["h"], reduction="sum")
    assert_rounds_to(total["L"].value, expected["sum_squared_error"])
    assert round(float(total["L"].value), 4) == case["published"]["loss"]
    assert "some sheets call it MSE" in " ".join(str(total).split())
    assert_rounds_to(mse(y=given["targets"], yhat=given["h"])["L"].value, expected["mean"])


@works("cross-entropy-model-1", "cross-entropy-model-2")
@pytest.mark.parametrize("name", ["cross-entropy-model-1", "cross-entropy-model-2"])
def test_cross_entropy_of_a_model(name):
    """Protects the comparison of two models: per row, per class, in total, and the error rate they share."""
    case = CASES[name]
    given, expected = case["inputs"], case["expected"]
    classes = ",".join(map(str, given["classes"]))
    answer = cross_entropy(p=given["probabilities"], classes=classes, base=str(given["base"]))
    assert_rounds_to(answer["l"].value, expected["per_row"])
    # 0.666576266 of the second model has nine decimals
    np.testing.assert_allclose(answer["L_class"].value[0], expected["per_class"], rtol=0, atol=5e-10)
    assert_rounds_to(answer["L_sum"].value, expected["total"])
    assert round(float(answer["L_sum"].value), 3) == case["published"]["total"]
    assert_rounds_to(answer["error"].value, expected["error_rate"])
    assert answer.passed


@works("cross-entropy-one-hot", "cross-entropy-cat")
@pytest.mark.parametrize("name", ["cross-entropy-one-hot", "cross-entropy-cat"])
def test_cross_entropy_of_two_distributions(name):
    """Protects H(P, Q) of one-hot P in nats and bits, given as rows and as a class."""
    given, expected = CASES[name]["inputs"], CASES[name]["expected"]
    for base, unit in (("natural", "nats"), ("2", "bits")):
        answer = cross_entropy(y=given["p"], p=given["q"], base=base)
        assert_rounds_to(answer["H"].value, expected[unit])
        assert answer.passed
        assert_rounds_to(cross_entropy(p=given["q"], classes="0", base=base)["H"].value, expected[unit])
    assert_rounds_to(cross_entropy(y=given["p"], p=given["q"])["H_bits"].value, expected["bits"])
