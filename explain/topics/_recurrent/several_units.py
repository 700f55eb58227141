"""A gradient through several units: the largest singular value bounds each step, the largest eigenvalue decides."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.functions import ABS
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Raise, sqrt
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.spectrum import RHO, SpectralRadius, eigenvalues
from explain.engine.notation import Word
from explain.engine.paths import along
from explain.engine.prose import Prose, say
from explain.engine.rounding import show
from explain.engine.worksheet import Worksheet
from explain.topics._recurrent.in_symbols import compared, power_of

ZERO = Number(0, "0")


class Largest(NamedTuple):
    """The largest size among the eigenvalues of a matrix: its expression, why it is that, and whether it is real."""

    size: Node
    why: Prose
    real: bool = True
    found: Prose = ()


def several(sheet: Worksheet, given: dict[str, Symbol], slope: Symbol) -> list[Symbol]:
    """Several units: the largest singular value bounds each step, the largest eigenvalue decides the long run."""
    W, h, z = given["w"], Symbol("h_t", (given["w"].shape[0], 1)), Symbol("z", (given["w"].shape[0], 1))
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
    squared = _largest(sheet, G)
    norm = sheet.define(
        "norm_W",
        sqrt(squared.size),
        "Largest singular value",
        (*say("root of the largest eigenvalue of {G}: the most by which {W} can lengthen a vector; ", G=G, W=W),
         *squared.why),
        written=Word("‖W‖", r"\lVert W \rVert", key="norm_W"),
        note=squared.found,
    )  # fmt: skip
    own = _largest(sheet, W)
    radius = sheet.define("rho", own.size, say("Largest eigenvalue of {W}, in size", W=W), own.why, note=own.found)
    edge = sheet.define(
        "w_0",
        1 / slope,
        "Threshold",
        say("one step has the size 1 where a size of {W} times {s} is 1: both sizes are held against it", W=W, s=slope),
        note=_between(sheet, norm, radius),
    )
    bound, run = _over_steps(sheet, given, slope, norm, radius, own.real)
    _check_several(sheet, J, norm, bound, run)
    return [norm, radius, edge, bound, run]


def _over_steps(
    sheet: Worksheet, given: dict[str, Symbol], slope: Symbol, norm: Symbol, radius: Symbol, real: bool
) -> tuple[Symbol, Symbol]:
    """Both factors of one step, and their powers."""
    T, W = given["T"], given["w"]
    sheet.part("Many steps back")
    most = sheet.define(
        "q_max",
        slope * norm,
        "Largest factor of one step",
        say("{J} lengthens no gradient by more: {s} is the same for all units, {n} is the most for {W}",
            J=word("dh_t+1/dh_t"), s=slope, n=norm, W=W),
    )  # fmt: skip
    bound = sheet.define(
        "B",
        Raise(most, T),
        say("Over {T} steps: at most", T=T),
        say("no step lengthens a gradient by more than {q}, and the factors multiply", q=most),
        closed=power_of(sheet, most, T),
    )
    along_it = say("along the eigenvector of {r}", r=radius)
    kept = sheet.define(
        "q_rho",
        slope * radius,
        ("Factor of one step, ", *along_it) if real else say("Factor of one step, in the long run"),
        say(
            "back goes {J}, and {T} has the eigenvalues of {W}: its eigenvector is only made {q} times as long",
            J=slope * W.T, T=W.T, W=W, q=Word("q_ρ", r"q_{\rho}", key="q_rho"),
        ) if real else say(
            "the pair is complex, so no real gradient is only lengthened: each step turns it too, and in the long run "
            "its length changes by this factor a step on average"
        ),
        written=Word("q_ρ", r"q_{\rho}", key="q_rho"),
    )  # fmt: skip
    told = (
        "a gradient along this eigenvector is multiplied by {q} in each step, in size" if real
        else "no real eigenvector belongs to {r}, but the size of each complex eigenvalue is multiplied by {q} a step"
    )  # fmt: skip
    run = sheet.define(
        "R",
        Raise(kept, T),
        (*say("Over {T} steps, ", T=T), *(along_it if real else say("in the long run"))),
        say(told, q=kept, r=radius),
        closed=power_of(sheet, kept, T),
        note=say(
            ("along other directions a gradient may shrink more" if real else "a single gradient may shrink more")
            + ": {R} bounds the norm of the product of all steps from below, not every gradient",
            R=Symbol("R"),
        ),
    )  # fmt: skip
    return bound, run


def _largest(sheet: Worksheet, A: Symbol) -> Largest:
    """The largest size among the eigenvalues; of a 2×2 matrix worked by its quadratic equation."""
    if A.shape != (2, 2):
        return _of_many(sheet, A)
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
    sign = sheet.proof().entry(D, ())
    known = {"t": trace, "d": det, "D": inside, "A": A, "l": Symbol("lambda")}
    if sign is not None and sign < 0:
        return Largest(
            sqrt(det),
            say(
                "{D} < 0: the eigenvalues are a complex pair {l} and {c}, both of one size; their product is {d}, and "
                "it is also {s}: so {a} is the root of {d}",
                c=Word("λ̄", r"\bar{\lambda}"), s=ABS(known["l"]) ** 2, a=ABS(known["l"]), **known,
            ),
            real=False,
        )  # fmt: skip
    if sign == 0:
        return Largest(ABS(trace) / 2, say("{D} = 0: both eigenvalues are half of {t}", **known))
    return Largest(
        (ABS(trace) + sqrt(inside)) / 2,
        say("the eigenvalues are half of {t} plus or minus the root of {D}: the one of the sign of {t} is the larger "
            "in size", **known),
    )  # fmt: skip


def _of_many(sheet: Worksheet, A: Symbol) -> Largest:
    """More than two rows: the roots of the characteristic polynomial, and the largest in size."""
    if not any(step.name == "norm_W" for step in sheet.steps):
        sheet.convention("{r}(A), the spectral radius, is the largest size among the eigenvalues of A", r=RHO)
    proof = sheet.proof()
    rows, columns = (range(int(size)) for size in A.shape)
    found = eigenvalues([[proof.entry(A.name, (row, column)) for column in columns] for row in rows])
    listed = ", ".join(root.text for root in found)
    name = A.word
    polynomial = compared(Word(f"det(λ I - {name.text})", rf"\det(\lambda I - {name.latex})"), "=", ZERO)
    return Largest(
        SpectralRadius(A),
        say("{r} is the largest size among the eigenvalues of {A}, the roots of {d}, worked by SymPy",
            r=SpectralRadius(A), A=A, d=polynomial),
        found[0].real,
        say(f"eigenvalues of {{A}}, the largest in size first: {listed}", A=A),
    )  # fmt: skip


def _characteristic(trace: Symbol, det: Symbol) -> Node:
    unknown = Symbol("lambda")
    return unknown**2 - trace * unknown + det


def _between(sheet: Worksheet, norm: Symbol, radius: Symbol) -> Prose:
    """Which side of the threshold both sizes are on."""
    edge = 1 / float(sheet.values["slope"])
    high, low = float(sheet.values[norm.name]), float(sheet.values[radius.name])
    e = Symbol("w_0")
    if high < edge:
        return say("{n}: the gradient vanishes, each step makes it shorter", n=compared(norm, "<", e))
    if low > edge * (1 + 1e-12):
        return say("{r}: the gradient explodes, as long as the slopes stay so", r=compared(radius, ">", e))
    if low < edge * (1 - 1e-12):
        return say(
            "{r}, {n}: single steps may lengthen a gradient, in the long run it vanishes",
            r=compared(radius, "<", e), n=compared(norm, "≥", e),
        )  # fmt: skip
    return say("{r}: along the eigenvalues of this size a gradient keeps its size", r=compared(radius, "=", e))


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
            f"NumPy takes {{J}} to the power {steps}: its largest singular value {show(norms).text} lies between "
            "{R} and {B}" + ("" if "T" in sheet.values else f" for {{T}} = {steps}"),
            J=J, R=run, B=bound, T=Symbol("T"),
        ),
    )  # fmt: skip
