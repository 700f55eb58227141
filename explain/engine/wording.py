"""What is done and why, for the steps that the chain rule writes: each names its rule and its quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explain.engine import wording_windows
from explain.engine.evaluate import symbols
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Times
from explain.engine.nodes.base import Node, Number, Symbol, Textbook
from explain.engine.nodes.blocks import Rows
from explain.engine.nodes.functions import Apply, ScalarFunction, Softmax
from explain.engine.nodes.linear import MatMul, Sum, Transpose, transpose
from explain.engine.notation import Word
from explain.engine.prose import Prose, say

Said = tuple[Prose, Prose]


def primed(function: ScalarFunction, operand: Symbol) -> Word:
    """How the derivative of an activation is written: σ′(z₁)."""
    return Word(
        f"{function.word.text}′({operand.word.text})",
        f"{function.word.latex}'({operand.word.latex})",
        key=f"d{operand.name}",
    )


RULES = {
    "sigmoid": "σ′ = σ(1 - σ)",
    "tanh": "tanh′ = 1 - tanh²",
    "relu": "ReLU′ is 1 where its input is positive and 0 elsewhere, 0 at 0 as in PyTorch",
    "leaky-relu": "the slope is 1 where the input is positive and 0.01 elsewhere",
    "exp": "e to the power of z is its own derivative",
    "log": "log z, the natural logarithm, has the derivative 1/z",
    "log2": "log₂ z has the derivative 1/(z ln 2)",
    "log10": "log₁₀ z has the derivative 1/(z ln 10)",
    "sin": "sin′ = cos",
    "cos": "cos′ = -sin",
    "abs": "|z| has the derivative sign(z): 1 where z is positive, -1 where it is negative, 0 at 0 as in PyTorch",
    "hard-sigmoid": "the slope is 1/6 where the output lies between 0 and 1, the input between -3 and 3, else 0",
    "softplus": "softplus(z) = log(1 + e^z) has the derivative σ(z)",
    "elu": "the slope is 1 where the input is positive and e^z elsewhere",
    "selu": "the slope is λ where the input is positive and λ α e^z elsewhere, λ α at 0 as in PyTorch",
    "gelu": "product rule: z Φ(z) has the derivative Φ(z) + z φ(z), because the derivative of Φ is the density φ",
    "gelu-tanh": "product rule on 0.5 z (1 + tanh u), with tanh′ = 1 - tanh² and the inner derivative of u",
    "silu": "product rule: z σ(z) has the derivative σ(z) + z σ(z) (1 - σ(z))",
    "mish": "product rule on z tanh(softplus(z)), with tanh′ = 1 - tanh² and the inner derivative σ(z) of softplus",
    "softsign": "quotient rule: z/(1 + |z|) has the derivative 1/(1 + |z|)²",
    "hardtanh": "the slope is 1 where the input lies between -1 and 1 and 0 elsewhere, 0 at ±1 as in PyTorch",
    "relu6": "the slope is 1 where the input lies between 0 and 6 and 0 elsewhere, 0 at 0 and 6 as in PyTorch",
    "hard-swish": "the slope is 0 below -3, z/3 + 0.5 between -3 and 3, 1 above; 0 at -3 and 1 at 3 as in PyTorch",
    "identity": "z itself has the derivative 1",
}


SAFER = {
    "sigmoid": "written with σ(-z) in place of 1 - σ(z), which has lost its digits where σ is nearly 1",
    "tanh": "written as 4 σ(2z) σ(-2z), σ(z) = 1/(1 + e^-z), because 1 - tanh² loses digits where tanh is nearly ±1",
}
FROM_OUTPUT = (RULES["sigmoid"], RULES["tanh"])  # these need no new evaluation of the function


def activation_derivative(function: ScalarFunction, output: Symbol, operand: Symbol, safe: bool, vector: bool) -> Said:
    """A step ∂h/∂z of an activation; of a `vector` it is a Jacobian."""
    single = all(size == 1 for size in output.shape)
    rule = RULES[function.name]
    if safe:
        rule += f"; {SAFER[function.name]} (saturated)"
    if single:
        return (
            say("Derivative of the activation at {z}", z=operand),
            say(rule + "; {h} is known from the forward pass", h=output) if rule in FROM_OUTPUT else say(rule),
        )
    matrix = ", so the Jacobian is a diagonal matrix; worked here is its diagonal" if vector else ""
    return (
        say("Derivative of the activation at {z}", z=operand),
        say(
            rule + "; each entry of {h} depends on its own entry of {z} only" + matrix,
            h=output,
            z=operand,
        ),
    )


def softmax_jacobian(output: Symbol, operand: Symbol, safe: bool) -> Said:
    """The step ∂p/∂z of softmax."""
    return (
        say("Jacobian of softmax"),
        say(
            "quotient rule: raising one entry of {z} raises its own probability in {p} and lowers all others, "
            "because {p} always sums to 1"
            + (
                "; on the diagonal p - p² is taken as p times the sum of the others, because an entry is almost 1 "
                "(saturated)"
                if safe
                else ""
            ),
            z=operand,
            p=output,
        ),
    )


def linear_local(output: Symbol, operand: Symbol, jacobian: Node, sliced: bool) -> Said:
    """A step ∂z/∂W or ∂z/∂h of a linear definition."""
    title = say("How {z} depends on {W}", z=output, W=operand)
    if sliced:
        return title, say(
            "row i of {W} enters only entry i of {z}, each weight multiplied by its input: that input is the "
            "derivative, the same for every i, and all other derivatives are 0",
            W=operand,
            z=output,
        )
    return title, say(
        "{z} is linear in {W}: the derivative is the factor that stands beside {W}, {J}",
        z=output,
        W=operand,
        J=jacobian,
    )


def averages(output: Symbol, arriving: Node, axis: int) -> Said:
    """The weighted averages that the pull-back of softmax takes away."""
    line = "row" if axis == 1 else "column"
    return (
        say("Averages of {g}, weighted by {p}", g=arriving, p=output),
        say(
            f"softmax keeps the sum of each {line} of {{p}} at 1, so only what differs from the average of the {line} "
            "can move it; these averages are taken away next",
            p=output,
        ),
    )


def linked(target: Symbol, middle: Symbol, operand: Symbol) -> Said:
    """A step ∂z₂/∂z₁ over the activation between the two layers."""
    return (
        say("From {z} back to {a}", z=target, a=operand),
        say(
            "chain rule: {a} reaches {z} only through {h}; often asked for by itself, not needed below",
            a=operand,
            z=target,
            h=middle,
        ),
    )


def gradient(
    top: Symbol,
    operand: Symbol,
    through: Sequence[Symbol],
    piece: Node,
    arriving: Node,
    definition: Node,
    told: Mapping[str, str] | None = None,
) -> Said:
    """A step ∂L/∂operand; `definition` is the expression of the quantity it is reached through.

    Args:
        told: what the paths are called in words; None where they are the uses of one shared weight.
    """
    title = say("Gradient at {x}", x=operand)
    middle = through[0]
    if told is None and len(through) > 1:
        return title, shared(operand, [symbol.name for symbol in through], piece)
    if len(through) > 1:
        return title, _paths(top, operand, through, told or {})
    if isinstance(arriving, Number) and isinstance(definition, Divide) and isinstance(definition.operands[0], Add):
        return (
            say("Derivative of the loss at {x}", x=operand),
            say("{L} is a mean, in which {x} counts with this share", L=top, x=operand),
        )
    if isinstance(arriving, Number):
        return (
            say("Derivative of the loss at {x}", x=operand),
            say(
                _variable(operand, definition) + "".join(f": {rule}" for rule in _loss_rules(definition)),
                L=top,
                x=operand,
            ),
        )
    return title, _why(top, operand, middle, piece, arriving, definition)


def _variable(operand: Symbol, definition: Node) -> str:
    """What is held constant, where there is anything beside the variable."""
    if symbols(definition).keys() <= {operand.name}:
        return "{L} is differentiated with respect to {x}"
    return "{L} is differentiated with {x} as the variable and the target as a constant"


def _paths(top: Symbol, operand: Symbol, through: Sequence[Symbol], told: Mapping[str, str]) -> Prose:
    """Several ways from a quantity to the loss, each named."""
    names: dict[str, Node] = {f"p{at}": path for at, path in enumerate(through)}
    listed = [
        f"{{p{at}}} ({told[path.name]})" if path.name in told else f"{{p{at}}}" for at, path in enumerate(through)
    ]
    return say(
        "chain rule: {x} reaches {L} through " + ", ".join(listed[:-1]) + f" and {listed[-1]}; "
        f"what comes back along the {len(through)} paths is added",
        x=operand, L=top, **names,
    )  # fmt: skip


def shared(operand: Symbol, through: Sequence[str], piece: Node) -> Prose:
    """Why the gradient of a weight that every time step uses is a sum over time.

    Args:
        through: the names of the quantities it enters, in the order of the terms.
        piece: the term of one use.
    """
    listed = "{first} and {last}" if len(through) == 2 else "{first} to {last}"
    added = "" if isinstance(piece, MatMul) else "; {x} is added, so what arrives passes as it is"
    if isinstance(piece, Sum):
        added = "; {x} is added to the column of every sample, so what arrives is summed over the samples"
    return say(
        f"the same {{x}} is used {{n}} times, in {listed}: each use sends back a term of its own, and the gradient "
        "is their sum over time" + added,
        x=operand, n=len(through), first=word(through[0]), last=word(through[-1]),
    )  # fmt: skip


LOSS_RULES = {
    "squared-error": "the square gives a factor 2",
    "half-squared-error": "the 2 of the square and the half cancel",
    "bernoulli-likelihood": "log u has the derivative 1/u, and the inner derivative of 1 - ŷ is -1",
    "bernoulli-from-logits": "softplus has the derivative σ, and with σ(-z) = 1 - σ(z) this is σ(z) - y",
    "likelihood": "log u has the derivative 1/u",
    **RULES,
}


def _beside(operand: Symbol, inner: Node, arriving: Node, definition: Node) -> tuple[str, Node] | None:
    """What stands beside a quantity in its definition, and so is its derivative."""
    if isinstance(inner, Rows):
        part = "the upper" if inner.start == 0 else "the lower"
        return f"{{x}} is {part} part of {{z}}, so its gradient is that part of {{g}}", arriving
    if isinstance(inner, MatMul) and arriving in inner.operands:
        other = inner.operands[0] if inner.operands[1] is arriving else inner.operands[1]
        return ", where it is multiplied by {F}: that is its derivative", transpose(other)
    if isinstance(inner, Times) and inner.operands[0] is arriving and not isinstance(definition, Apply):
        factor = inner.operands[1] if len(inner.operands) == 2 else Times(*inner.operands[1:])
        if _is_factor(operand, definition):
            return ", where it is multiplied by {F}: that is its derivative", factor
        return ", whose derivative with respect to {x} is {F}", factor
    return None


def _is_factor(operand: Symbol, definition: Node) -> bool:
    """Whether a quantity is a factor of one product, and nothing else, in a definition."""
    if isinstance(definition, Times):
        return sum(isinstance(part, Symbol) and part.name == operand.name for part in definition.operands) == 1
    terms = definition.operands if isinstance(definition, Add) else ()
    return sum(_is_factor(operand, term) for term in terms) == 1


def _loss_rules(definition: Node) -> list[str]:
    """What is to be known about the derivative of the loss."""
    if isinstance(definition, Textbook):
        return ["the logarithm of the sum of exponentials has softmax as its derivative"]
    found = [LOSS_RULES[definition.function.name]] if isinstance(definition, Apply) else []
    for operand in definition.operands if not found else ():
        found += _loss_rules(operand)
    return list(dict.fromkeys(found))


def _passed(piece: Node, definition: Node) -> str:
    """What is sent back without any work on it."""
    if isinstance(piece, Transpose) and isinstance(definition, Transpose):
        return "{z} is {x} transposed, so {g} is transposed back"
    if not isinstance(piece, Symbol):
        return ""
    if isinstance(definition, Symbol):
        return "{z} is {x} itself, so {g} passes as it is"
    return "{x} is added to {z} unchanged: {J} is the identity, and {g} passes as it is"


def _why(top: Symbol, operand: Symbol, middle: Symbol, piece: Node, arriving: Node, definition: Node) -> Prose:
    only = "chain rule: {L} depends on {x} only through {z}"
    parts: dict[str, Node] = {"L": top, "x": operand, "z": middle, "g": arriving}
    parts["J"] = Symbol(f"d{middle.name}/d{operand.name}")
    unworked = _passed(piece, definition)
    if unworked:
        return say(unworked, **parts)
    sent = wording_windows.sent_back(piece, arriving)
    if sent:
        return say(only + sent, **parts)
    if isinstance(piece, Sum) and piece.axis is None:
        return say(only + ", in every entry of which it is added: all entries of {g} are summed", **parts)
    if isinstance(piece, Sum):
        line = "column" if piece.axis == 1 else "row"
        return say(only + f"; {{x}} is added to every {line} (sample), so the {line}s of {{g}} are summed", **parts)
    inner = piece.operands[0] if isinstance(piece, Negative) else piece
    if isinstance(inner, MatMul) and any(size != 1 for size in operand.shape):
        if inner.operands[0] is arriving:
            other = inner.operands[1]
            outer = (
                "entry i of {g} times entry j of {o}" if other.shape[0] == 1 else "row i of {g} times column j of {o}"
            )
            those = "order and the transpose are those that give" if isinstance(other, Transpose) else "order gives"
            return say(
                only + f"; the {those} the shape of {{x}}: entry (i, j) is " + outer,
                o=other,
                **parts,
            )
        first, second = transpose(inner.operands[0]), inner.operands[1]
        place, what = ("i", "{B}") if operand.shape[1] == 1 else ("(i, j)", "column j of {B}")
        through = "{x} enters {z} through {A}" if second is arriving else "the transpose gives the shape of {x}"
        return say(only + f"; {through}: entry {place} is column i of {{A}} times {what}", A=first, B=second, **parts)
    if isinstance(inner, Divide):
        return say("{z} is {x} divided by {d}, so {g} is divided by it too", d=inner.operands[1], **parts)
    if isinstance(definition, Softmax):
        line = "row" if definition.axis == 1 else "column"
        return say(
            f"{only}; through softmax, {line} by {line}: the average of its {line} is taken away from each entry of "
            "{g}, and what is left is multiplied by {z}",
            **parts,
        )
    if isinstance(inner, Apply | Add):
        return say(only, **parts)
    beside = _beside(operand, inner, arriving, definition)
    if beside is not None:
        return say((only if "{z}" not in beside[0] else "") + beside[0], F=beside[1], **parts)
    if all(size == 1 for size in operand.shape):
        return say(only + ", so the two derivatives are multiplied", **parts)
    return say(only + ", entry by entry: the two derivatives are multiplied entry by entry", **parts)
