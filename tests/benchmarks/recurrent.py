"""An LSTM over a long sequence: the program's values and gradients, and the same written by hand in NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import explain
from explain.engine.evaluate import run

UNITS, FEATURES, BATCH, LENGTH = 128, 64, 32, 100


def through_time() -> tuple[Callable[[], dict[str, Any]], Callable[[], dict[str, Any]]]:
    """Both ways as things to be timed, after they were found to agree to nine digits."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(BATCH, LENGTH, FEATURES))
    target = draw.normal(size=(BATCH, LENGTH, UNITS))
    W, U = draw.normal(size=(FEATURES, 4 * UNITS)) / 8, draw.normal(size=(UNITS, 4 * UNITS)) / 11
    b = draw.normal(size=4 * UNITS)
    start = time.perf_counter()
    answer = explain.lstm(x=x, W=W, U=U, b=b, target=target, loss="squared-error")
    took = 1000 * (time.perf_counter() - start)
    print(
        f"one answer with checks of an LSTM of {UNITS} units, {FEATURES} features, batch {BATCH}, {LENGTH} steps: "
        f"{took:.0f} ms, {len(answer.shown_steps)} of {len(answer.steps)} steps shown"
    )
    given = {item.symbol.name: item.values.array for item in answer.given if item.values is not None}
    definitions = [(step.name, step.expression) for step in answer.steps]

    def ours() -> dict[str, Any]:
        return run(definitions, given)

    def by_hand() -> dict[str, Any]:
        return lstm_by_hand(x, W, U, b, target)

    mine, plain = ours(), by_hand()
    for name, at in (("W", 0), ("U", 0), ("b", None)):
        gates = [mine[f"dL/d{name}_{gate}"] for gate in "ifco"]
        found = np.hstack([part.T for part in gates]) if at == 0 else np.vstack(gates)[:, 0]
        np.testing.assert_allclose(found, plain[name], rtol=1e-9, atol=1e-9, err_msg=name)
    return ours, by_hand


def lstm_by_hand(x: Any, W: Any, U: Any, b: Any, target: Any) -> dict[str, Any]:
    """The sum of the squared errors of every state, and its gradients; all gates in one product, as Keras does."""
    batch, length, _ = x.shape
    n = len(U)
    h, c, kept, loss = np.zeros((batch, n)), np.zeros((batch, n)), [], 0.0
    for t in range(length):
        z = x[:, t] @ W + h @ U + b
        i, f, o = (1 / (1 + np.exp(-z[:, at * n : (at + 1) * n])) for at in (0, 1, 3))
        g = np.tanh(z[:, 2 * n : 3 * n])
        new = f * c + i * g
        shown = np.tanh(new)
        kept.append((h, c, i, f, g, o, shown))
        h, c = o * shown, new
        loss += ((h - target[:, t]) ** 2).sum()
        kept[-1] += (h,)
    dW, dU, db, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.empty_like(x)
    dh, dc = np.zeros((batch, n)), np.zeros((batch, n))
    for t in reversed(range(length)):
        before, cell, i, f, g, o, shown, state = kept[t]
        dh = dh + 2 * (state - target[:, t])
        dc = dc + dh * o * (1 - shown**2)
        dz = np.hstack([dc * g * i * (1 - i), dc * cell * f * (1 - f), dc * i * (1 - g**2), dh * shown * o * (1 - o)])
        dc = dc * f
        dW, dU, db = dW + x[:, t].T @ dz, dU + before.T @ dz, db + dz.sum(axis=0)
        dh, dx[:, t] = dz @ U.T, dz @ W.T
    return {"L": loss, "W": dW, "U": dU, "b": db, "x": dx}
