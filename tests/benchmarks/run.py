"""What the program costs, against what it is built on, measured side by side in one run.

    python -m tests.benchmarks.run [--repeats N]

Every number is a median of interleaved runs, so that a busy machine slows both sides alike; only the ratio is held
against its budget. Bytecode is cached as it is for a user. The exit code is 1 when a budget is exceeded.
"""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PYTHON = sys.executable
EXPLAIN = [PYTHON, "-m", "explain"]
FOUR = [PYTHON, "-c", "import sympy, numpy, rich.console, click"]
CLICK = [PYTHON, "-c", "import click"]
NETWORK = (
    'mlp --x -2,3 --W "-1.6,0.8;0.3,0.6;1.6,-0.2" --b 0.3,0.5,-0.7 --W 0.2,0.8,-0.5 --b 0.6 '
    "--activation sigmoid --target 1 --loss binary-cross-entropy"
)
SMALL = [
    "lstm-params --units 30 --features 1",
    "lstm-params --units n --features m",
    "attention --scores 112,96",
    'attention --scores 112,96 --V "1,0;0,1"',
    NETWORK,
    'network "conv 32 3x3 same, relu, pool 2, flatten, dense 10" --input 3x32x32',
    "transformer-params --part gpt --d-model 768 --layers 12 --vocabulary 50257 --positions 1024",
    "backprop '(x + y) * z' x=-2 y=5 z=-4",
    "derivative 'sigmoid(w*x + b)' --wrt w",
    "gru --x 1 --W 0.5,-0.5,1 --U 0.1,0.2,0.3",
    "rnn-gradient",
    'conv --X "1,2,0;0,1,3;2,1,1" --K "1,0;-1,2"',
    'batch-norm --X "1,2;3,6;5,7"',
]
LISTING = ["--help", "--version", "topics", "topics --search gru", "concept", "concept --search gate"]
COMPLETION = {"_EXPLAIN_COMPLETE": "bash_complete", "COMP_WORDS": "explain att", "COMP_CWORD": "1"}
LAYERS = (784, 256, 10)
BATCH = 64


class Result(NamedTuple):
    """One line of the table: what was measured, what it is compared with, and the most the ratio may be."""

    name: str
    ours: float
    theirs: float
    unit: str
    budget: float

    @property
    def ratio(self) -> float:
        """How much more ours costs."""
        return self.ours / self.theirs

    @property
    def passed(self) -> bool:
        """Whether the budget is kept."""
        return self.ratio <= self.budget


def medians(
    runs: Sequence[Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Median milliseconds of each, run in turn: one after the other, again and again."""
    times: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run()
    for _ in range(repeats):
        for run, measured in zip(runs, times, strict=True):
            start = clock()
            run()
            measured.append(1000 * (clock() - start))
    return [statistics.median(measured) for measured in times]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A user's environment: bytecode is cached, output is buffered."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPROFILEIMPORTTIME", "COVERAGE_PROCESS_START")
    return {key: value for key, value in os.environ.items() if key not in left_out} | {
        "PYTHONUTF8": "1",
        **(extra or {}),
    }


def process(command: Sequence[str], extra: Mapping[str, str] | None = None) -> Callable[[], object]:
    """A whole process as a thing to be timed; it must succeed."""
    surroundings = environment(extra)

    def run() -> None:
        subprocess.run(command, check=True, env=surroundings, stdout=subprocess.DEVNULL)

    return run


def commands(repeats: int) -> list[Result]:
    """Whole small commands against the bare import of the four libraries they use."""
    lines = [shlex.split(line) for line in SMALL]
    runs = [process([*EXPLAIN, *line]) for line in [*lines, [*shlex.split(NETWORK), "--format", "terminal"]]]
    names = [short(line) for line in SMALL] + [short(NETWORK) + " (terminal)"]
    console = Path(PYTHON).with_name("explain")
    if console.exists():
        runs.append(process([str(console), *shlex.split(SMALL[2])]))
        names.append(f"console script: {short(SMALL[2])}")
    *ours, theirs = medians([*runs, process(FOUR)], repeats)
    return [Result(name, took, theirs, "ms", 1.0) for name, took in zip(names, ours, strict=True)]


def listing(repeats: int) -> list[Result]:
    """What must not wait for any of them, against click alone."""
    runs = [process([*EXPLAIN, *line.split()]) for line in LISTING]
    names = [*LISTING]
    console = Path(PYTHON).with_name("explain")
    if console.exists():  # completion goes by the name of the program
        runs.append(process([str(console)], COMPLETION))
        names.append("completion")
    *ours, theirs = medians([*runs, process(CLICK)], 2 * repeats)
    return [Result(name, took, theirs, "ms", 1.6) for name, took in zip(names, ours, strict=True)]


def steps(repeats: int) -> list[Result]:
    """Milliseconds a printed step, warm: the answer built, laid out, and written for a terminal.

    This budget is an absolute one, so the time counted is that of this process alone.
    """
    import explain
    from explain.page import page
    from explain.render.terminal import plain

    def network() -> explain.Answer:  # type: ignore[name-defined]
        return explain.mlp(
            x="-2,3", W=["-1.6,0.8;0.3,0.6;1.6,-0.2", "0.2,0.8,-0.5"], b=["0.3,0.5,-0.7", "0.6"],
            activation="sigmoid", target="1", loss="binary-cross-entropy",
        )  # fmt: skip

    def heads() -> explain.Answer:  # type: ignore[name-defined]
        return explain.attention(Q="1,0;0,2", K="1,1;0,1", V="2,0;0,4", dZ="1,2;3,4")

    def scores() -> explain.Answer:  # type: ignore[name-defined]
        return explain.attention(scores="112,96", V="1,0;0,1")

    gc.disable()  # as the console entry does
    found = []
    for name, build in (("mlp", network), ("attention with gradients", heads), ("attention", scores)):
        count = len(build().steps)

        def work(build: Callable[[], explain.Answer] = build) -> None:  # type: ignore[name-defined]
            plain(page(build()), 80)

        stages = {"answer": build, "answer and page": lambda build=build: page(build()), "all": work}
        took = dict(zip(stages, medians(list(stages.values()), 4 * repeats, time.process_time), strict=True))
        told = f"{name}, a step of {count} (answer {took['answer'] / count:.2f}, page "
        told += f"{(took['answer and page'] - took['answer']) / count:.2f}, text "
        told += f"{(took['all'] - took['answer and page']) / count:.2f})"
        found.append(Result(told, took["all"] / count, 0.5, "ms", 1.0))
    gc.enable()
    return found


def gradients(repeats: int) -> list[Result]:
    """Values and gradients of a real network, walked over the steps, against the same written by hand in NumPy."""
    import numpy as np

    import explain
    from explain.engine.evaluate import run

    draw = np.random.default_rng(0)
    inputs, hidden, outputs = LAYERS
    x = draw.normal(size=(BATCH, inputs))
    weights = [draw.normal(size=(hidden, inputs)) / 28, draw.normal(size=(outputs, hidden)) / 16]
    biases = [draw.normal(size=(1, hidden)), draw.normal(size=(1, outputs))]
    target = np.eye(outputs)[draw.integers(0, outputs, BATCH)]
    start = time.perf_counter()
    answer = explain.mlp(
        x=x, W=weights, b=biases, activation=["sigmoid", "softmax"], target=target, loss="cross-entropy"
    )
    print(f"one answer with checks of a {'-'.join(map(str, LAYERS))} network, batch of {BATCH}: "
          f"{1000 * (time.perf_counter() - start):.0f} ms, {len(answer.steps)} steps")  # fmt: skip
    given = {item.symbol.name: item.values.array for item in answer.given if item.values is not None}
    definitions = [(step.name, step.expression) for step in answer.steps]

    def ours() -> dict[str, np.ndarray]:
        return run(definitions, given)

    def by_hand() -> dict[str, np.ndarray]:
        X, W1, b1, W2, b2, y = (given[name] for name in ("X", "W_1", "b_1", "W_2", "b_2", "y"))
        z1 = W1 @ X + b1
        h1 = 1 / (1 + np.exp(-z1))
        z2 = W2 @ h1 + b2
        shifted = np.exp(z2 - z2.max(axis=0))
        p = shifted / shifted.sum(axis=0)
        loss = -(y * np.log(p)).sum() / BATCH
        dz2 = (p - y) / BATCH
        dW2, db2 = dz2 @ h1.T, dz2.sum(axis=1, keepdims=True)
        dz1 = (W2.T @ dz2) * h1 * (1 - h1)
        dW1, db1 = dz1 @ X.T, dz1.sum(axis=1, keepdims=True)
        return {"L": loss, "dL/dW_1": dW1, "dL/db_1": db1, "dL/dW_2": dW2, "dL/db_2": db2}

    mine, plain = ours(), by_hand()
    for name, value in plain.items():
        np.testing.assert_allclose(mine[name].reshape(np.shape(value)), value, rtol=1e-9, atol=1e-15, err_msg=name)
    took, theirs = medians([ours, by_hand], 10 * repeats)
    slow = slowest(definitions, given)
    print("  its slowest steps: " + ", ".join(f"{name} {share:.1f} ms" for name, share in slow))
    return [Result("values and gradients against plain NumPy", took, theirs, "ms", 1.5)]


def recurrent(repeats: int) -> list[Result]:
    """An LSTM through time, against the same written by hand in NumPy."""
    from tests.benchmarks.recurrent import LENGTH, through_time

    ours, by_hand = through_time()
    took, theirs = medians([ours, by_hand], 2 * repeats)
    return [Result(f"LSTM through {LENGTH} steps against plain NumPy", took, theirs, "ms", 2.0)]


def convolution(repeats: int) -> list[Result]:
    """A convolution of an image, forward and backward, against the same as products of matrices in NumPy."""
    from tests.benchmarks.convolution import CHANNELS, FILTERS, SIZE, memory_of_an_image, over_an_image

    ours, by_hand = over_an_image()
    took, theirs = medians([ours, by_hand], 2 * repeats)
    name = f"convolution {CHANNELS}×{SIZE}×{SIZE}, {FILTERS} filters"
    return [
        Result(f"{name}, against plain NumPy", took, theirs, "ms", 2.0),
        Result(f"{name}, peak memory against its arrays", *memory_of_an_image(), "MiB", 3.0),
    ]


def attention(repeats: int) -> list[Result]:
    """Attention of a long sequence, with and without a causal mask, against the same written by hand in NumPy."""
    from tests.benchmarks.attention import TOKENS, of_a_sequence

    found = []
    for causal in (False, True):
        ours, by_hand, definitions, given = of_a_sequence(causal)
        took, theirs = medians([ours, by_hand], 2 * repeats)
        slow = slowest(definitions, given)
        print("  its slowest steps: " + ", ".join(f"{name} {share:.1f} ms" for name, share in slow))
        told = f"attention of {TOKENS} tokens{', causal,' if causal else ''} against plain NumPy"
        found.append(Result(told, took, theirs, "ms", 1.5))
    return found


def slowest(
    definitions: Sequence[tuple[str, object]], given: Mapping[str, object], most: int = 4
) -> list[tuple[str, float]]:
    """Where the time of an evaluation goes."""
    from explain.engine.evaluate import evaluate

    values, best = dict(given), []
    for name, expression in definitions:
        values[name] = evaluate(expression, values)
        best.append((name, medians([lambda e=expression: evaluate(e, values)], 5)[0]))
    return sorted(best, key=lambda item: -item[1])[:most]


def memory() -> list[tuple[str, float]]:
    """Peak resident memory of each command in MiB, told by the operating system when the process has ended."""
    rows = [("import sympy, numpy, rich.console, click", FOUR), ("import click", CLICK)]
    rows += [(short(line), [*EXPLAIN, *shlex.split(line)]) for line in [*SMALL, *LISTING]]
    return [(name, peak(command)) for name, command in rows]


def peak(command: Sequence[str]) -> float:
    """Peak memory of one process; at least that of this one, whose pages it starts with, so it is measured first."""
    child = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def short(line: str) -> str:
    """A command line that fits into the table."""
    return line if len(line) <= 44 else line[:41] + "..."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everything, print the table; 1 when a budget is exceeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--repeats", type=int, default=15, help="interleaved runs of every process (default: 15)")
    repeats = parser.parse_args(arguments).repeats
    used = memory()
    results = [*commands(repeats), *listing(repeats), *gradients(repeats), *recurrent(repeats)]
    results += [*convolution(repeats), *attention(repeats), *steps(repeats)]
    width = max(len(result.name) for result in results)
    print(f"\n{'':{width}}  {'ours':>10}  {'against':>10}  {'ratio':>6}  budget")
    for result in results:
        print(
            f"{result.name:{width}}  {result.ours:7.2f} {result.unit}  {result.theirs:7.2f} {result.unit}  "
            f"{result.ratio:6.2f}  {result.budget:4.1f}  {'' if result.passed else 'OVER BUDGET'}"
        )
    print("\npeak memory")
    for name, peaked in used:
        print(f"{name:{width}}  {peaked:7.1f} MiB")
    over = [result.name for result in results if not result.passed]
    print(f"\n{len(over)} of {len(results)} over budget" if over else "\nall budgets kept")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
