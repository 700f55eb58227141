"""Recurrent cells unrolled with torch tensors, one line a quantity; torch's autograd gives every gradient.

Vectors are columns and samples stand side by side, as on the page, and a tensor has the name it has there. Nothing here
is shared with `explain`. Sources: the documentation of torch.nn.RNN, LSTM and GRU; Cho et al. 2014 for the reset gate
before the product.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional


class Sigmoid(torch.autograd.Function):
    """1/(1 + e^-z); torch's own derivative s(1 - s) loses its digits where s is nearly 1, this one does not."""

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return torch.sigmoid(z)

    @staticmethod
    def backward(ctx, seed):
        (z,) = ctx.saved_tensors
        return seed * torch.sigmoid(z) * torch.sigmoid(-z)


class Tanh(torch.autograd.Function):
    """tanh with the derivative 1/cosh², which does not cancel as 1 - tanh² does."""

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return torch.tanh(z)

    @staticmethod
    def backward(ctx, seed):
        (z,) = ctx.saved_tensors
        return seed / torch.cosh(z) ** 2


class Complement(torch.autograd.Function):
    """1 - z of a gate z = s(a): s(-a), where 1 - z would lose its digits; its derivative is that of 1 - z."""

    @staticmethod
    def forward(ctx, z, a):
        return torch.sigmoid(-a)

    @staticmethod
    def backward(ctx, seed):
        return -seed, None


FUNCTIONS = {
    "identity": lambda z: z * 1,
    "sigmoid": Sigmoid.apply,
    "tanh": Tanh.apply,
    "relu": torch.relu,
    "leaky-relu": lambda z: functional.leaky_relu(z, 0.01),
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
    "hard-sigmoid": lambda z: torch.clamp((z + 3) / 6, 0, 1),  # torch's own has its slope in single precision
    "softmax": lambda z: torch.softmax(z, 0),
}
GATES = {"rnn": "h", "lstm": "fico", "gru": "rzh"}
CANDIDATES = ("c", "h")


class Form(NamedTuple):
    """The conventions of a cell."""

    kind: str
    activation: str = "tanh"
    gate_activation: str = "sigmoid"
    stacked: bool = False
    after: bool = True  # the reset gate multiplies the product
    keeps: bool = True  # the update gate keeps the old state


class Tape(dict):
    """Tensors by their names on the page; the gradient of each is kept."""

    def keep(self, name, tensor):
        if tensor.requires_grad:
            tensor.retain_grad()
        self[name] = tensor
        return tensor


def mark(layer, way, layers):
    """`^1`, `^2b`; nothing where there is one layer and one direction."""
    text = (str(layer + 1) if layers > 1 else "") + ("b" if way else "")
    return f"^{text}" if text else ""


def names(form, gate):
    """Input weights, recurrent weights, bias, second bias."""
    return ("U", "W", "b_h", "") if form.kind == "rnn" else (f"W_{gate}", f"U_{gate}", f"b_{gate}", f"b_U{gate}")


def unroll(form, given, x, layers, ways, tape):
    """What stands above the last layer at each step.

    Args:
        given: the weights and first states, by their names on the page.
        x: the inputs, features×samples.
    """
    steps = len(x)
    for layer in range(layers):
        both = []
        for way in range(ways):
            at = mark(layer, way, layers)
            before, order = (steps + 1, range(steps, 0, -1)) if way else (0, range(1, steps + 1))
            state = given[f"h_{before}{at}"], given.get(f"c_{before}{at}")
            found = {}
            for t in order:
                state = Step(form, given, tape, t, at).work(x[t - 1], *state)
                found[t] = state[0]
            both.append([found[t] for t in range(1, steps + 1)])
        x = both[0]
        if ways > 1:
            whole = f"^{layer + 1}" if layers > 1 else ""
            x = [tape.keep(f"s_{t}{whole}", torch.cat(pair)) for t, pair in enumerate(zip(*both, strict=True), 1)]
    return x


class Step(NamedTuple):
    """One time step of a layer in one direction."""

    form: Form
    given: dict
    tape: Tape
    t: int
    at: str

    def work(self, x, h, c):
        """The new state and cell."""
        return {"rnn": self.rnn, "lstm": self.lstm, "gru": self.gru}[self.form.kind](x, h, c)

    def keep(self, base, tensor):
        return self.tape.keep(base + str(self.t) + self.at, tensor)

    def weight(self, name):
        return self.given.get(name + self.at)

    def affine(self, gate, x, h):
        """W x + U h + b; stacked, W v + b, where x is v."""
        entry, recurrent, bias, second = names(self.form, gate)
        if self.form.stacked:
            z = self.weight("W" if self.form.kind == "rnn" else entry) @ x
        else:
            z = self.weight(entry) @ x + self.weight(recurrent) @ h
        return sum((b for b in (self.weight(bias), self.weight(second)) if b is not None), z)

    def gate(self, gate, z):
        """The gate or candidate of what goes in."""
        z = self.keep(f"{'a' if self.form.kind == 'gru' else 'z'}_{gate},", z)
        candidate = gate in CANDIDATES
        function = FUNCTIONS[self.form.activation if candidate else self.form.gate_activation]
        return self.keep(f"{gate}tilde_" if candidate else f"{gate}_", function(z))

    def stack(self, base, h, x):
        """What the gates read: x, or the state stacked upon it."""
        return self.keep(base, torch.cat([h, x])) if self.form.stacked else x

    def rnn(self, x, h, c):
        x = self.stack("v_", h, x)
        z = self.keep("z_", self.affine("h", x, h))
        return self.keep("h_", FUNCTIONS[self.form.activation](z)), None

    def lstm(self, x, h, c):
        x = self.stack("v_", h, x)
        f, i, candidate, o = (self.gate(gate, self.affine(gate, x, h)) for gate in "fico")
        c = self.keep("c_", f * c + i * candidate)
        return self.keep("h_", o * FUNCTIONS[self.form.activation](c)), c

    def gru(self, x, h, c):
        read = self.stack("v_", h, x)
        r, z = (self.gate(gate, self.affine(gate, read, h)) for gate in "rz")
        candidate = self.gate("h", self.candidate(x, h, r))
        sigmoid = self.form.gate_activation == "sigmoid"
        rest = Complement.apply(z, self.tape[f"a_z,{self.t}{self.at}"].detach()) if sigmoid else 1 - z
        return self.keep("h_", z * h + rest * candidate if self.form.keeps else rest * h + z * candidate), None

    def candidate(self, x, h, r):
        """What goes into the candidate of a GRU."""
        if self.form.stacked or not self.form.after:
            q = self.keep("q_", r * h)
            return self.affine("h", self.stack("w_", q, x), q)
        second, bias = self.weight("b_Uh"), self.weight("b_h")
        q = self.weight("U_h") @ h
        q = self.keep("q_", q if second is None else q + second)
        z = self.weight("W_h") @ x + r * q
        return z if bias is None else z + bias


def loss_of(name, y, target, logits):
    """The loss of every sample; columns are samples. Probabilities near 0 or 1 are left out: logits in their place."""
    used = y[target > 0]
    if name == "cross-entropy" and bool(((used < 1e-300) | (1 - used < 1e-6)).any()):
        return -(target * torch.log_softmax(logits, 0)).sum(0)
    if name == "binary-cross-entropy" and bool((torch.minimum(y, 1 - y) < 1e-6).any()):
        return functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(0)
    y, target = y.T, target.T
    if name == "cross-entropy":
        return -(target * torch.log(y)).sum(1)
    if name == "binary-cross-entropy":
        return functional.binary_cross_entropy(y, target, reduction="none").mean(1)
    squares = functional.mse_loss(y, target, reduction="none")
    return {"squared-error": squares.sum(1), "half-squared-error": squares.sum(1) / 2}.get(name, squares.mean(1))


def total(loss, reduction, outputs, logits, targets, tape):
    """The loss over all samples of the steps that have a target; `targets` by time step."""
    single = len(targets) == 1
    losses = []
    for t, target in targets.items():
        each = loss_of(loss, outputs[t - 1], target, logits[t - 1])
        name = "L" if single else f"L_{t}"
        losses.append(tape.keep(name, each.mean() if reduction == "mean" else each.sum()))
    if not single:
        tape.keep("L", sum(losses) / (len(losses) if reduction == "mean" else 1))
    return tape["L"]
