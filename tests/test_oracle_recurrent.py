"""Recurrent networks through time against torch: every number of the page, with weights in every form they come in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.unrolled import FUNCTIONS, GATES, Form, Tape, mark, names, total, unroll

from explain import gru, lstm, rnn

EXAMPLES = settings(max_examples=35, deadline=None, database=None, derandomize=True)
TOPICS = {"rnn": rnn, "lstm": lstm, "gru": gru}
LOSSES = ("squared-error", "half-squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy")
ACTIVATIONS = ("tanh", "sigmoid", "relu", "leaky-relu", "softplus", "hard-sigmoid", "identity")
GATE_ACTIVATIONS = ("sigmoid", "hard-sigmoid", "tanh", "relu", "identity")
KINKED = ("relu", "leaky-relu", "identity")
OUTPUTS = ("identity", "sigmoid", "tanh", "relu", "leaky-relu", "softmax")
ORDERS = {("lstm", "keras"): "ifco", ("lstm", "pytorch"): "ifco", ("gru", "keras"): "zrh", ("gru", "pytorch"): "rzh"}
YES = {True: "yes", False: "no"}
EITHER = st.booleans()


class Question(NamedTuple):
    """What is asked: the topic's arguments, and the same tensors by their names on the page."""

    form: Form
    arguments: dict[str, Any]
    tensors: dict[str, torch.Tensor]
    layers: int
    ways: int
    output: str
    loss: str | None
    reduction: str

    def answer(self):
        """As `explain` works it."""
        return TOPICS[self.form.kind](**self.arguments)

    def by_torch(self):
        """Everything that has a name, with its gradient where there is a loss."""
        tape = Tape({name: tensor.requires_grad_() for name, tensor in self.tensors.items()})
        x = numbered(tape, "x")
        targets = {t: tape[f"target_{t}"].detach() for t in range(1, len(x) + 1) if f"target_{t}" in tape}
        outputs = unroll(self.form, tape, x, self.layers, self.ways, tape)
        if "V" in tape:
            outputs = [self.read_out(tape, t, h, targets) for t, h in enumerate(outputs, 1)]
        logits = [tape.get(f"{self.logit}_{t}") for t in range(1, len(x) + 1)]
        if self.loss is not None:
            total(self.loss, self.reduction, outputs, logits, targets, tape).backward(retain_graph=True)
        return tape

    @property
    def logit(self):
        """What goes into the activation of the output; o is a gate in an LSTM."""
        return "u" if self.form.kind == "lstm" else "o"

    def read_out(self, tape, t, h, targets):
        """The output of a step, if it is asked: of all, or of those that have a target."""
        if targets and t not in targets:
            return None
        y = tape["V"] @ h
        y = y + tape["b_y"] if "b_y" in tape else y
        if self.output == "identity":
            return tape.keep(f"y_{t}", y)
        logits = tape.keep(f"{self.logit}_{t}", y)
        return tape.keep(f"y_{t}", FUNCTIONS[self.output](logits))


def numbered(tape, base):
    """x_1, x_2, … as far as they go."""
    return [tape[f"{base}_{t}"] for t in range(1, len(tape)) if f"{base}_{t}" in tape]


class Maker:
    """Draws a question: its shape is drawn, its numbers come from a seed."""

    def __init__(self, draw, kind, way_given, sizes=None):
        self.draw, self.kind, self.way_given = draw, kind, way_given
        self.sizes = sizes or {}  # how much larger the weights of a gate are than those of the others
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.layers, self.ways = draw(st.sampled_from([(1, 1), (1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]))
        self.steps = draw(st.integers(1, 5 if self.layers * self.ways == 1 else 3))
        self.samples = draw(st.sampled_from([1, 1, 2, 3]))
        self.arguments, self.tensors = {}, {}

    def number(self, *shape):
        return self.random.uniform(-1, 1, shape)

    def tensor(self, name, columns):
        self.tensors[name] = torch.tensor(np.array(columns))

    def collect(self, name, array):
        self.arguments.setdefault(name, []).append(array)

    def question(self, loss=None, activations=ACTIVATIONS, gate_activations=GATE_ACTIVATIONS):
        """Cells, states, outputs and targets."""
        draw, kind = self.draw, self.kind
        stacked = self.way_given == "stacked"
        after = kind == "gru" and not stacked and draw(EITHER)
        act, gate = draw(st.sampled_from(activations)), draw(st.sampled_from(gate_activations))
        if act in KINKED and gate in KINKED and self.steps * self.layers > 2:
            gate = "sigmoid"  # nothing bounds the states: softmax would saturate, and torch lose its digits there
        output = draw(st.sampled_from(OUTPUTS))
        if loss is not None and "cross-entropy" in loss:
            output = "softmax" if loss == "cross-entropy" else "sigmoid"
        form = Form(kind, act, "sigmoid" if kind == "rnn" else gate, stacked, after, kind != "gru" or draw(EITHER))
        features = draw(st.integers(1, 4))
        units = [draw(st.integers(1, 4)) for _ in range(self.layers)]
        self.weights(form, features, units)
        self.states(form, units)
        x = 2 * self.number(self.samples, self.steps, features)
        self.arguments["x"] = x if self.samples > 1 else x[0]
        for t in range(self.steps):
            self.tensor(f"x_{t + 1}", x[:, t].T)
        last, reduction = draw(EITHER), draw(st.sampled_from(["sum", "mean"]))
        outputs, output = self.outputs(units[-1] * self.ways, output, loss)
        if loss is not None:
            self.targets(loss, outputs, last, reduction)
        self.arguments = {name: unwrapped(value) for name, value in self.arguments.items()}
        self.arguments |= {"activation": act, "bidirectional": YES[self.ways > 1]}
        self.arguments |= {} if kind == "rnn" else {"gate_activation": gate}
        if kind == "gru":
            self.arguments |= {} if stacked else {"reset_after": YES[after]}
            self.arguments |= {"update": "keeps" if form.keeps else "renews"}
        return Question(form, self.arguments, self.tensors, self.layers, self.ways, output, loss, reduction)

    def weights(self, form, features, units):
        """Every layer and direction in the form asked for; either all of them have biases or none has."""
        with_bias, with_second = self.draw(EITHER), self.draw(EITHER)
        for layer, n in enumerate(units):
            m = features if layer == 0 else self.ways * units[layer - 1]
            for way in range(self.ways):
                gates = {}
                for gate in GATES[self.kind]:
                    shapes = ((n, m), (n, n), (n, 1), (n, 1))
                    size = self.sizes.get(gate, 1)
                    gates[gate] = W, U, b, second = [size * self.number(*shape) for shape in shapes]
                    entry, recurrent, bias, beside = names(form, gate)
                    at = mark(layer, way, self.layers)
                    if form.stacked:
                        self.tensor(("W" if self.kind == "rnn" else entry) + at, np.hstack([U, W]))
                    else:
                        self.tensor(entry + at, W)
                        self.tensor(recurrent + at, U)
                    if with_bias:
                        self.tensor(bias + at, b)
                    if with_second and self.has_second(form, gate):
                        self.tensor(beside + at, second)
                self.give(form, gates, with_bias, with_second)

    def has_second(self, form, gate):
        """Where a second bias may stand."""
        joined = self.way_given in ("keras", "pytorch")
        return (joined and (form.after or self.kind == "lstm")) or (self.kind == "gru" and form.after and gate == "h")

    def give(self, form, gates, with_bias, with_second):
        """The weights of one layer and direction as arguments."""
        if self.way_given in ("keras", "pytorch"):
            order = ORDERS[self.kind, self.way_given]
            wide = [np.vstack([gates[gate][part] for gate in order]) for part in range(4)]
            second = with_second and self.has_second(form, order[0])
            for name, array, there in zip(("W", "U", "b", "b_U"), wide, (1, 1, with_bias, second), strict=True):
                if there:
                    self.collect(name, array.T if self.way_given == "keras" else array)
            self.arguments["framework"] = self.way_given
            return
        for gate, (W, U, b, second) in gates.items():
            entry, recurrent, bias, beside = names(form, gate)
            if form.stacked:
                self.collect("W" if self.kind == "rnn" else entry, np.hstack([U, W]))
            else:
                self.collect(entry, W)
                self.collect(recurrent, U)
            if with_bias:
                self.collect(bias, b)
            if with_second and self.has_second(form, gate):
                self.collect(beside, second)

    def states(self, form, units):
        """First states: none, one for all samples, or one a sample."""
        for base in ("h", "c") if self.kind == "lstm" else ("h",):
            rows = self.draw(st.sampled_from([0, 1, self.samples]))
            for layer, n in enumerate(units):
                for way in range(self.ways):
                    state = self.number(rows, n)
                    if rows:
                        self.collect(f"{base}_0", state)
                    columns = np.zeros((n, self.samples)) + (state.T if rows else 0)
                    self.tensor(f"{base}_{self.steps + 1 if way else 0}{mark(layer, way, self.layers)}", columns)

    def outputs(self, width, output, loss):
        """An output layer, or none where the loss can do without it."""
        if not (loss is not None and "cross-entropy" in loss) and self.draw(EITHER):
            return width, "identity"
        k = self.draw(st.integers(2 if loss == "cross-entropy" else 1, 3))
        self.arguments |= {"V": self.number(k, width), "output_activation": output}
        self.tensor("V", self.arguments["V"])
        if self.draw(EITHER):
            self.arguments["b_y"] = self.number(k)
            self.tensor("b_y", self.arguments["b_y"][:, None])
        return k, output

    def targets(self, loss, outputs, last, reduction):
        """Targets of every step, or of the last one."""
        shape = (self.samples, 1 if last else self.steps, outputs)
        target = self.random.uniform(0, 1, shape)
        if loss == "cross-entropy":
            target /= target.sum(axis=2, keepdims=True)
        elif loss == "binary-cross-entropy" and self.draw(EITHER):
            target = target.round()
        for at in range(shape[1]):
            self.tensor(f"target_{self.steps - shape[1] + at + 1}", target[:, at].T)
        self.arguments |= {
            "target": target if self.samples > 1 else target[0], "loss": loss, "loss_on": "last" if last else "every",
            "reduction": reduction,
        }  # fmt: skip


def unwrapped(value):
    """One matrix stands by itself, several in a list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


@st.composite
def questions(draw, kind, way_given, losses=(None, *LOSSES)):
    return Maker(draw, kind, way_given).question(draw(st.sampled_from(losses)))


def assert_close(ours, theirs, name, rtol=1e-9):
    """To nine digits; an entry that cancels, against the largest one beside it; what is smaller than 1e-290 is 0."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else theirs
    if ours.shape != np.shape(theirs) and ours.size == np.size(theirs) == 1:
        theirs = np.reshape(theirs, ours.shape)
    assert ours.shape == np.shape(theirs), name
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-290 + 1e-13 * np.abs(theirs).max(), err_msg=name)


def expected(name, tape, gradients):
    """The value of a step by its name: a quantity, its gradient, or the derivative of an activation."""
    top, _, below = name.partition("/")
    if name.startswith("r_y_"):  # softmax: the average of the gradient under its probabilities
        y_name = name.removeprefix("r_")
        y = tape[y_name]
        return (y * gradients[y_name]).sum(0, keepdim=True)
    if not below:
        return tape[name]
    below = below.removeprefix("d")
    if top == "dL":
        return gradients[below]
    return torch.autograd.grad(tape[top.removeprefix("d")].sum(), tape[below], retain_graph=True)[0]


def assert_whole_page(answer, question, rtol=1e-9):
    """Every step is what torch has; nothing of torch is missing: states, outputs, losses, gradients."""
    tape = question.by_torch()
    gradients = {name: None if tensor.grad is None else tensor.grad.clone() for name, tensor in tape.items()}
    for step in answer.steps:
        assert_close(step.value, expected(step.name, tape, gradients), step.name, rtol)
    worked = set(tape) - set(question.tensors)
    assert worked <= set(answer.names)
    given_states = [name for name in question.tensors if name[:2] in ("h_", "c_")]
    if question.loss is not None:
        wanted = set(question.tensors) - set(given_states) - {n for n in question.tensors if n.startswith("target")}
        assert {f"dL/d{name}" for name in wanted} <= set(answer.names)
        weights = [f"dL/d{name}" for name in wanted if not name.startswith("x_")]
        assert set(weights) | {"L"} <= set(answer.results)
    assert [check.text for check in answer.all_checks if not check.passed] == []
    assert answer.passed


WAYS_GIVEN = [(kind, way) for kind in TOPICS for way in ("apart", "stacked", "keras", "pytorch")]
WAYS_GIVEN = [(kind, way) for kind, way in WAYS_GIVEN if kind != "rnn" or way in ("apart", "stacked")]


@pytest.mark.parametrize(("kind", "way_given"), WAYS_GIVEN)
@EXAMPLES
@given(data=st.data())
def test_every_number_is_that_of_torch(kind, way_given, data):
    """Protects every gate, state, output, loss and gradient, for weights in every form, and all checks of the page."""
    question = data.draw(questions(kind, way_given))
    assert_whole_page(question.answer(), question)


MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


@st.composite
def modules(draw, kind):
    """A module of torch with its inputs and first states."""
    torch.manual_seed(draw(st.integers(0, 2**31)))
    layers, both, bias = draw(st.integers(1, 3)), draw(EITHER), draw(EITHER)
    sizes = [draw(st.integers(1, most)) for most in (4, 4, 3, 3)]
    features, units, samples, steps = sizes
    module = MODULES[kind](
        features, units, layers, bias=bias, bidirectional=both, batch_first=True, dtype=torch.float64
    )
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-1, 1)
    x = torch.randn(samples, steps, features, dtype=torch.float64, requires_grad=True)
    count = 2 if kind == "lstm" else 1
    states = [torch.randn(layers * (1 + both), samples, units, dtype=torch.float64) for _ in range(count)]
    return module, x, states if draw(EITHER) else []


def parameters(module, start):
    """The parameters of a kind in the order of layers and directions, as the state_dict has them."""
    return [value for name, value in module.named_parameters() if name.startswith(start)]


def copied(module, kind):
    """The arguments of a topic, straight from the state_dict; the biases of a simple RNN become one."""
    W, U = ([p.detach().numpy() for p in parameters(module, start)] for start in ("weight_ih", "weight_hh"))
    b, b_U = ([p.detach().numpy()[:, None] for p in parameters(module, start)] for start in ("bias_ih", "bias_hh"))
    if kind == "rnn":
        return {"U": W, "W": U} | ({"b_h": [one + other for one, other in zip(b, b_U, strict=True)]} if b else {})
    return {"W": W, "U": U, "framework": "pytorch"} | ({"b": b, "b_U": b_U} if b else {})


@pytest.mark.parametrize("kind", list(TOPICS))
@EXAMPLES
@given(data=st.data(), last=EITHER, mean=EITHER)
def test_a_module_of_pytorch(kind, data, last, mean):
    """Protects weights straight from a state_dict: all states, and the gradient of every parameter and input."""
    module, x, states = data.draw(modules(kind))
    layers, both = module.num_layers, module.bidirectional
    output, _ = module(x, None if not states else tuple(states) if kind == "lstm" else states[0])
    asked = output[:, -1:] if last else output
    target = torch.randn_like(asked)
    loss = (asked - target).pow(2).sum()
    loss = loss / (asked.shape[0] * asked.shape[1]) if mean else loss
    loss.backward()
    firsts = dict(zip(("h_0", "c_0"), (state.numpy() for state in states), strict=False))
    answer = TOPICS[kind](
        x=x.detach().numpy(), **copied(module, kind), **firsts, bidirectional=YES[both], loss="squared-error",
        target=target.numpy(), loss_on="last" if last else "every", reduction="mean" if mean else "sum",
    )  # fmt: skip
    top = ("s_{}" if both else "h_{}") + (f"^{layers}" if layers > 1 else "")
    for t in range(x.shape[1]):
        assert_close(answer[top.format(t + 1)].value, output[:, t].T, f"output {t + 1}")
        assert_close(answer[f"dL/dx_{t + 1}"].value, x.grad[:, t].T, f"dL/dx_{t + 1}")
    assert_close(answer["L"].value, loss, "L")
    assert_gradients_of(answer, module, kind, layers, 1 + both)
    assert answer.passed


def assert_gradients_of(answer, module, kind, layers, ways):
    """The gradients of the gates, put together as the module keeps them."""
    starts = {"W": "weight_ih", "U": "weight_hh", "b": "bias_ih", "b_U": "bias_hh"}
    for name, start in starts.items():
        for place, parameter in enumerate(parameters(module, start)):
            at = mark(*divmod(place, ways), layers)
            if kind == "rnn":
                parts = [{"W": "U", "U": "W"}.get(name, "b_h")]
            else:
                parts = [name + ("" if name == "b_U" else "_") + gate for gate in ORDERS[kind, "pytorch"]]
            ours = np.vstack([answer[f"dL/d{part}{at}"].value for part in parts])
            assert_close(ours.reshape(parameter.shape), parameter.grad, f"{start} {at}")


def test_the_last_loss_of_both_directions_reads_the_last_position():
    """Protects what a loss on the last output means: output[-1] of torch, where the backward cell has read one step."""
    module = torch.nn.LSTM(2, 3, bidirectional=True, dtype=torch.float64)
    x = torch.randn(4, 2, dtype=torch.float64)
    output, (h, _) = module(x)
    answer = lstm(
        x=x.numpy(), **copied(module, "lstm"), bidirectional="yes", target=[0.0] * 6, loss="squared-error",
        loss_on="last",
    )  # fmt: skip
    assert_close(answer["s_4"].value, output[-1][:, None], "s_4")
    assert_close(answer["h_1^b"].value, h[1][:, None], "the state that has read everything backwards")
    assert_close(answer["L"].value, output[-1].pow(2).sum(), "L")
    assert answer.results[:2] == ["s_4", "L"]


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@EXAMPLES
@given(data=st.data())
def test_all_forms_of_the_weights_are_one_network(kind, data):
    """Protects the forms against each other: gates apart or in one, in either order, give the very same floats."""
    draw = data.draw
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m, steps = (draw(st.integers(1, most)) for most in (3, 3, 3))
    gates = {g: [random.uniform(-1, 1, shape) for shape in ((n, m), (n, n), (n, 1))] for g in GATES[kind]}
    x = random.uniform(-1, 1, (steps, m))
    found = {"apart": {f"{base}_{g}": gates[g][at] for g in gates for at, base in enumerate("WUb")}}
    for framework in ("keras", "pytorch"):
        wide = [np.vstack([gates[g][at] for g in ORDERS[kind, framework]]) for at in range(3)]
        given = {base: array.T if framework == "keras" else array for base, array in zip("WUb", wide, strict=True)}
        found[framework] = given | {"framework": framework}
    found["lists"] = {name: array.tolist() for name, array in found["apart"].items()}
    found["text"] = {name: ";".join(",".join(map(repr, row)) for row in rows) for name, rows in found["lists"].items()}
    if kind == "lstm":
        found["stacked"] = {f"W_{g}": np.hstack([gates[g][1], gates[g][0]]) for g in gates}
        found["stacked"] |= {f"b_{g}": gates[g][2] for g in gates}
    first, *others = (TOPICS[kind](x=x, **given) for given in found.values())
    for answer in others:
        for t in range(1, steps + 1):
            np.testing.assert_allclose(answer[f"h_{t}"].value, first[f"h_{t}"].value, rtol=1e-14)


STEEP = {"rnn": "h", "lstm": "fio", "gru": "r"}


@pytest.mark.parametrize("kind", list(TOPICS))
@settings(EXAMPLES, max_examples=8)
@given(data=st.data())
def test_saturated_units(kind, data):
    """Protects nine digits where units are all but open or shut: derivatives must not cancel as 1 - tanh² does."""
    sizes = dict.fromkeys(STEEP[kind], 12.0)
    question = Maker(data.draw, kind, "apart", sizes).question("squared-error", ["tanh"], ["sigmoid"])
    assert_whole_page(question.answer(), question)


@pytest.mark.parametrize("cell", [10.0, 20.0])
def test_a_large_cell(cell):
    """Protects the gradients of an LSTM that has counted: tanh(c) is nearly 1, its derivative is not 0."""
    one = {"W_f": 1.0, "U_f": 0.5, "b_f": 40.0, "W_i": 0.3, "U_i": 0.2, "W_c": 0.5, "U_c": 0.1, "W_o": 0.4, "U_o": 0.1}
    one |= dict.fromkeys(["b_i", "b_c", "b_o"], 0.0)
    question = single("lstm", one, x=0.5, target=0.0, states={"h_0": 0.0, "c_0": cell})
    assert_whole_page(question.answer(), question)


@pytest.mark.parametrize("bias", [20.0, 40.0])
def test_an_update_gate_that_lets_in_next_to_nothing(bias):
    """Protects what a GRU that keeps its state lets in, and the gradient of its candidate."""
    one = {"W_r": 1.0, "U_r": 0.5, "W_z": 0.3, "U_z": 0.2, "b_z": bias, "W_h": 0.5, "U_h": 0.1, "b_r": 0.0, "b_h": 0.0}
    question = single("gru", one, x=0.5, target=1.0, states={"h_0": 0.0})
    assert_whole_page(question.answer(), question)


def single(kind, weights, x, target, states, **options):
    """One unit, one input, one step."""
    numbers = {**weights, "x": x, "target": target, **states}
    tensors = {**weights, "x_1": x, "target_1": target, **states}
    tensors = {name: torch.tensor([[value]], dtype=torch.float64) for name, value in tensors.items()}
    arguments = {**numbers, "loss": "squared-error", **options}
    form = Form(kind, options.get("activation", "tanh"))
    return Question(form, arguments, tensors, 1, 1, "identity", "squared-error", "sum")


@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
@pytest.mark.parametrize("weight", [0.0, 1.0, -1.0])
def test_at_a_kink(activation, weight):
    """Protects the derivative at 0: that of the left side, as in torch."""
    weights = {"U": weight, "W": 0.5, "b_h": -2 * weight}
    question = single("rnn", weights, x=2.0, target=1.0, states={"h_0": 0.0}, activation=activation)
    answer = question.answer()
    assert answer["z_1"].value == 0
    assert_whole_page(answer, question)
