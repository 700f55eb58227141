"""A gradient through several units: the largest singular value bounds each step, the largest eigenvalue decides."""

from __future__ import annotations

from explain.engine.functions import ABS
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Raise, sqrt
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.spectrum import SpectralRadius
from explain.engine.notation import Word
from explain.engine.paths import along
from explain.engine.prose import Prose, say
from explain.engine.rounding import show
from explain.engine.worksheet import Worksheet


def several(sheet: Worksheet, given: dict[str, Symbol], slope: Symbol) -> list[Symbol]:
    """Several units: the largest singular value bounds each step, the largest eigenvalue decides the long run."""
    W, T, h, z = given["w"], given["T"], Symbol("h_t", (given["w"].shape[0], 1)), Symbol("z", (given["w"].shape[0], 1))
    J = sheet.define(
        "J",
        slope * along({z.name: (z, W @ h)}, (h, z)),
        "Jacobian of one step",
        say(
            "all slopes are the same here, so their diagonal matrix is a number; {W} is what {h} enters {z} through",
            W=W,
            h=h,
            z=z,
        ),
        written=word("dh_t+1/dh_t"),
    )
    G = sheet.define(
        "G", W.T @ W, say("Gram matrix of {W}", W=W), say("its eigenvalues are the squared singular values of {W}", W=W)
    )
    norm = sheet.define(
        "norm_W",
        sqrt(_largest(sheet, G)),
        "Largest singular value",
        say("root of the largest eigenvalue of {G}: the most by which {W} can lengthen a vector", G=G, W=W),
        written=Word("‖W‖", r"\lVert W \rVert", key="norm_W"),
    )
    radius = sheet.define(
        "rho",
        _largest(sheet, W),
        say("Largest eigenvalue of {W}, in size", W=W),
        say("in the long run each product with {W} lengthens a vector by this factor", W=W),
    )
    edge = sheet.define(
        "w_0",
        1 / slope,
        "Threshold",
        say("one step has the size 1 where a size of {W} times {s} is 1: both sizes are held against it", W=W, s=slope),
        note=_between(sheet, norm, radius),
    )
    sheet.part("Many steps back")
    bound = sheet.define(
        "B",
        Raise(slope * norm, T),
        say("Over {T} steps: at most", T=T),
        say("no step lengthens by more than {e}, and the lengths multiply", e=slope * norm),
    )
    run = sheet.define(
        "R",
        Raise(slope * radius, T),
        say("Over {T} steps: at least", T=T),
        say("along the eigenvector of {r} each step multiplies by {e}", r=radius, e=slope * radius),
    )
    _check_several(sheet, J, norm, bound, run)
    return [norm, radius, edge, bound, run]


def _largest(sheet: Worksheet, A: Symbol) -> Node:
    """The largest size among the eigenvalues; of a 2×2 matrix worked by its quadratic equation."""
    if A.shape != (2, 2):
        sheet.convention("ρ(A) is the spectral radius of A: the largest size among its eigenvalues, worked by NumPy")
        return SpectralRadius(A)
    t, d, D = (f"{letter}_{A.name}" for letter in "tdD")
    trace = sheet.define(
        t, A[0, 0] + A[1, 1], say("Trace of {A}", A=A), "the sum of the diagonal: the sum of both eigenvalues"
    )
    det = sheet.define(
        d, A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0], say("Determinant of {A}", A=A), "the product of both eigenvalues"
    )
    inside = sheet.define(
        D,
        trace**2 - 4 * det,
        say("Discriminant of {A}", A=A),
        say("the eigenvalues solve {e} = 0; this stands under the root", e=_characteristic(trace, det)),
    )
    if float(sheet.values[D]) >= 0:
        return (ABS(trace) + sqrt(inside)) / 2
    return sqrt(det)  # a complex pair: the product of both is the square of their size


def _characteristic(trace: Symbol, det: Symbol) -> Node:
    unknown = Symbol("lambda")
    return unknown**2 - trace * unknown + det


def _between(sheet: Worksheet, norm: Symbol, radius: Symbol) -> Prose:
    """Which side of the threshold both sizes are on."""
    edge = 1 / float(sheet.values["slope"])
    high, low = float(sheet.values[norm.name]), float(sheet.values[radius.name])
    parts = {"n": norm, "r": radius, "e": Symbol("w_0")}
    if high < edge:
        return say("{n} < {e}: the gradient vanishes, each step makes it shorter", **parts)
    if low > edge:
        return say("{r} > {e}: the gradient explodes, as long as the slopes stay so", **parts)
    return say(
        "{r} does not exceed {e}, {n} is not below it: single steps may lengthen the gradient, the long run does not",
        **parts,
    )


def _check_several(sheet: Worksheet, J: Symbol, norm: Symbol, bound: Symbol, run: Symbol) -> None:
    """The Jacobian multiplied with itself, step by step, between both powers."""
    import numpy as np

    matrix = sheet.values[J.name]
    length = float(np.linalg.svd(sheet.values["W"], compute_uv=False)[0])
    sheet.check(
        abs(length - float(sheet.values[norm.name])) <= 1e-7 * max(1.0, length),
        [norm],
        say("NumPy's singular value decomposition gives the same {n}", n=norm),
    )
    steps = int(sheet.values["T"]) if "T" in sheet.values else 10
    slope, radius = float(sheet.values["slope"]), float(sheet.values["rho"])
    norms = float(np.linalg.norm(np.linalg.matrix_power(matrix, steps), 2))
    low, high = (slope * radius) ** steps, (slope * length) ** steps
    sheet.check(
        low * (1 - 1e-9) <= norms + 1e-300 and norms <= high * (1 + 1e-9) + 1e-300,
        [J, bound, run],
        say(
            f"NumPy takes {{J}} to the power {steps}: its largest singular value {show(norms).text} lies between both",
            J=J,
        ),
    )
