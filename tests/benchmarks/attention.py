"""Attention of a long sequence: the program's values and gradients, and the same written by hand in NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import explain
from explain.engine.evaluate import run
from explain.page import page
from explain.render.terminal import plain

TOKENS, WIDTH = 1024, 64

Way = Callable[[], dict[str, Any]]


def of_a_sequence(causal: bool) -> tuple[Way, Way, list[tuple[str, Any]], dict[str, Any]]:
    """Both ways as things to be timed, after they were found to agree to nine digits; the steps and what is given."""
    draw = np.random.default_rng(0)
    question = {name: draw.normal(size=(TOKENS, WIDTH)) for name in ("Q", "K", "V", "dZ")}
    mask = "causal" if causal else "none"
    start = time.perf_counter()
    answer = explain.attention(**question, mask=mask)
    built = time.perf_counter()
    lines = plain(page(answer), 80).splitlines()
    print(
        f"one answer with checks of attention ({mask}) of {TOKENS} tokens of width {WIDTH}, with gradients: "
        f"{1000 * (built - start):.0f} ms, its page {1000 * (time.perf_counter() - built):.0f} ms, {len(lines)} lines"
    )
    given = {item.symbol.name: item.values.array for item in answer.given if item.values is not None}
    definitions = [(step.name, step.expression) for step in answer.steps]

    def ours() -> dict[str, Any]:
        return run(definitions, given)

    M = np.where(np.tri(TOKENS, dtype=bool), 0.0, -np.inf) if causal else None

    def by_hand() -> dict[str, Any]:
        return attended(**question, M=M)

    mine, theirs = ours(), by_hand()
    for name, value in theirs.items():
        np.testing.assert_allclose(mine[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    return ours, by_hand, definitions, given


def attended(Q: Any, K: Any, V: Any, dZ: Any, M: Any) -> dict[str, Any]:
    """softmax(QKᵀ/√d + M) V and the gradients of Q, K and V."""
    root = np.sqrt(Q.shape[1])
    U = Q @ K.T / root
    if M is not None:
        U = U + M
    A = np.exp(U - U.max(axis=1, keepdims=True))
    A = A / A.sum(axis=1, keepdims=True)
    dA = dZ @ V.T
    dS = A * (dA - (dA * A).sum(axis=1, keepdims=True)) / root
    return {"A": A, "Z": A @ V, "dL/dQ": dS @ K, "dL/dK": dS.T @ Q, "dL/dV": A.T @ dZ}
