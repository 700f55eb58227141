"""What a model takes in memory: for training, and for the keys and values of attention that are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.lowering import factored
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.sizes import Quotient, Sizes
from explain.engine.prose import Prose, say
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count
from explain.topics._counting import Asked, introduced
from explain.topics._units import in_units

Precision = Literal["float64", "float32", "float16", "bfloat16", "int8"]
BYTES: dict[str, int] = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
STATES: dict[str, tuple[int, str]] = {
    "none": (0, "nothing is trained: there are no gradients and no state"),
    "sgd": (0, "plain gradient descent keeps nothing between updates"),
    "momentum": (1, "one velocity for each parameter"),
    "adagrad": (1, "one sum of squared gradients for each parameter"),
    "rmsprop": (1, "one average of squared gradients for each parameter"),
    "adam": (2, "two moments for each parameter: averages of its gradient and of the squared gradient"),
    "adamw": (2, "two moments for each parameter: averages of its gradient and of the squared gradient"),
}
Optimizer = Literal["none", "sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw"]


@topic
def memory(
    params: Annotated[Count | None, "number of parameters, for training: with gradients and optimiser state"] = None,
    optimizer: Annotated[Optimizer, "whose state is kept for each parameter"] = "adam",
    activations: Annotated[Count | None, "numbers that one sample keeps for the backward pass"] = None,
    batch: Annotated[Count, "samples, or sequences, at once"] = Count(1),  # noqa: B008 - never changed
    precision: Annotated[Precision, "how a number is kept"] = "float32",
    layers: Annotated[Count | None, "key-value cache: layers with attention"] = None,
    heads: Annotated[Count | None, "key-value cache: query heads of a layer"] = None,
    kv_heads: Annotated[
        Count | None, "key-value cache: heads of keys and values (grouped queries); default heads"
    ] = None,
    head_dim: Annotated[Count | None, "key-value cache: width of one head"] = None,
    tokens: Annotated[Count | None, "key-value cache: tokens that are kept"] = None,
) -> Answer:
    """Memory: parameters, gradients, optimiser state, activations; or the key-value cache of attention.

    Training keeps every parameter, a gradient for it, and what the optimiser needs; and for every sample the numbers
    that the backward pass reads again. Generating keeps a key and a value for every token, layer and head; with
    grouped queries several query heads share one of them. Sizes may be symbols.

    Field: Counting

    Source: Rajbhandari et al. 2020, ZeRO, section 3.1; Kingma and Ba 2015, Adam, algorithm 1; Ainslie et al. 2023,
    GQA, section 2.2; Shazeer 2019, Fast Transformer Decoding

    Examples:
        explain memory --params 124439808 --optimizer adam
        explain memory --params 1000000 --optimizer momentum --activations 250000 --batch 32 --precision float16
        explain memory --layers 32 --heads 32 --kv-heads 8 --head-dim 128 --tokens 4096 --precision float16

    Raises:
        InputError: neither parameters nor the sizes of a cache are given; kv_heads that do not divide the heads.
    """
    cache = {"layers": layers, "heads": heads, "head_dim": head_dim, "tokens": tokens}
    cached = any(size is not None for size in (*cache.values(), kv_heads))
    if params is None and activations is None and not cached:
        raise InputError(
            "{params} is missing: number of parameters; or give {layers}, {heads}, {head_dim} and {tokens} for a "
            "key-value cache"
        )
    if cached and (params is not None or activations is not None):
        raise InputError("{params} and the sizes of a key-value cache are two questions: ask for one of them")
    if activations is None and not cached and batch.number != 1:
        raise InputError(
            "{batch} is given, but {activations} is missing: parameters are shared by all samples; give both"
        )
    if params is None and not cached and optimizer != "adam":
        raise InputError(
            "{optimizer} is given, but {params} is missing: its state belongs to the parameters; give both"
        )
    if cached and optimizer != "adam":
        raise InputError("{optimizer} is given, but a key-value cache trains nothing: leave it out")
    if not cached and precision == "int8" and (optimizer != "none" or activations is not None):
        raise InputError("{precision} is int8, in which nothing is trained: take {optimizer} none, or a floating type")
    sheet = Worksheet("Memory of the key-value cache" if cached else "Memory of a model", memory.source)
    if cached:
        results = _cache(sheet, cache, kv_heads, batch, precision)
    else:
        results = _training(sheet, params, optimizer, activations, batch, precision)
    return sheet.answer(*results)


def _bytes(sheet: Worksheet, precision: str) -> Symbol:
    size = BYTES[precision]
    return sheet.given("b", whole(size), f"bytes of one number in {precision}", option="precision")


def _step(sheet: Worksheet, name: str, formula: Node, title: str, why: Prose) -> Symbol:
    """A number of bytes, also in the unit that people read."""
    symbol = sheet.define(name, formula, title, why, closed=factored)
    if name in sheet.values:
        note = in_units(int(sheet.values[name].item()))
        sheet.steps[-1].note = say(note) if note else ()
    return symbol


def _training(
    sheet: Worksheet, params: Count | None, optimizer: str, activations: Count | None, batch: Count, precision: str
) -> list[Symbol]:
    """Parameters, gradients, state of the optimiser, activations."""
    asked = []
    if params is not None:
        asked.append(Asked("params", params, "P", "number of parameters"))
    if activations is not None:
        asked.append(Asked("activations", activations, "A", "numbers that one sample keeps for the backward pass"))
        asked.append(Asked("batch", batch, "N", "samples at once"))
    symbols = dict(zip([item.option for item in asked], introduced(sheet, asked), strict=True))
    b = _bytes(sheet, precision)
    parts: list[tuple[str, Symbol]] = []
    if params is not None:
        p = symbols["params"]
        parts.append(
            ("parameters", _step(sheet, "B_P", b * p, "Parameters, in bytes", say("each takes {b} bytes", b=b)))
        )
        if optimizer != "none":
            why = "one gradient for each parameter, of the same shape"
            parts.append(("gradients", _step(sheet, "B_G", b * p, "Gradients, in bytes", say(why))))
        kept, told = STATES[optimizer]
        if kept:
            s = sheet.given("m", whole(kept), f"numbers that {optimizer} keeps for each parameter", option="optimizer")
            parts.append(
                ("optimiser state", _step(sheet, "B_O", b * s * p, "State of the optimiser, in bytes", say(told)))
            )
        else:
            sheet.convention(told)
        if optimizer != "none":
            sheet.convention(f"parameters, gradients and state are all kept in {precision}")
        if optimizer in ("adam", "adamw") and precision in ("float16", "bfloat16"):
            sheet.convention(
                "mixed precision keeps parameters and moments in float32 beside them: 16 bytes for each parameter "
                "(Rajbhandari et al. 2020, section 3.1)"
            )
    if activations is not None:
        why = "every sample of the batch keeps numbers of its own, parameters are shared"
        a, n = symbols["activations"], symbols["batch"]
        parts.append(("activations", _step(sheet, "B_A", b * n * a, "Activations, in bytes", say(why))))
    if len(parts) == 1:
        _again(sheet, parts[0][1], *_other_way(sheet, symbols, b, optimizer))
        return [parts[0][1]]
    formula: Node = parts[0][1]
    for _, part in parts[1:]:
        formula = formula + part
    total = _step(sheet, "B", formula, "Together, in bytes", say("what has to be in memory at the same time"))
    rows: list[list[Cell]] = [[(name,), part] for name, part in parts]
    sheet.tables.append(
        Table(
            "Memory", [Column("what"), Column("bytes", True)], [*rows, [("together",), total]], 1, needs=(total.name,)
        )
    )
    _again(sheet, total, *_other_way(sheet, symbols, b, optimizer))
    return [total]


def _other_way(sheet: Worksheet, symbols: dict[str, Symbol], b: Symbol, optimizer: str) -> tuple[Node, Prose]:
    """Counted by the bytes of one parameter and of one sample."""
    copies = 1 + (optimizer != "none") + STATES[optimizer][0]
    terms: list[Node] = []
    told: list[str] = []
    if "params" in symbols:
        terms.append(copies * b * symbols["params"])
        told.append(f"{copies * int(sheet.values['b'].item())} bytes for each parameter")
    if "activations" in symbols:
        terms.append(symbols["activations"] * b * symbols["batch"])
        told.append("the bytes of its activations for each sample")
    other = terms[0] if len(terms) == 1 else terms[0] + terms[1]
    return other, say(" and ".join(told) + " come to the same")


def _cache(
    sheet: Worksheet, cache: dict[str, Count | None], kv_heads: Count | None, batch: Count, precision: str
) -> list[Symbol]:
    """Keys and values of all tokens, with and without grouped queries."""
    told = {
        "layers": ("L", "layers with attention"),
        "heads": ("h", "query heads of a layer"),
        "head_dim": ("d_h", "width of one head"),
        "tokens": ("T", "tokens that are kept"),
    }
    asked = []
    for name, (letter, meaning) in told.items():
        given = cache[name]
        if given is None:
            needs = "a key-value cache needs {layers}, {heads}, {head_dim} and {tokens}"
            raise InputError(f"{{{name}}} is missing: {meaning}; {needs}")
        asked.append(Asked(name, given, letter, meaning))
    heads = cache["heads"]
    if kv_heads is not None:
        if heads is not None and heads.number and kv_heads.number and heads.number % kv_heads.number:
            raise InputError(
                f"{{kv_heads}} is {kv_heads.number}, which does not divide the {heads.number} {{heads}}: every group "
                "has as many query heads"
            )
        asked.append(Asked("kv_heads", kv_heads, "g", "heads of keys and values: each serves a group of query heads"))
    asked.append(Asked("batch", batch, "N", "sequences at once"))
    symbols = dict(zip([item.option for item in asked], introduced(sheet, asked), strict=True))
    b = _bytes(sheet, precision)
    layers, h, width, tokens, n = (symbols[name] for name in ("layers", "heads", "head_dim", "tokens", "batch"))
    sheet.convention("the keys and values of all tokens are kept, so that a new token computes its own only")
    full = _of_heads(sheet, "", h, (layers, width, tokens, n, b))
    if kv_heads is None:
        sheet.convention("every query head has keys and values of its own (multi-head attention)")
        _again(sheet, full, *_arrays(h, (layers, width, tokens, n, b)))
        return [full]
    sheet.convention("the query heads of a group share keys and values (grouped queries; one group: multi-query)")
    grouped = _of_heads(sheet, "_g", symbols["kv_heads"], (layers, width, tokens, n, b))
    ratio = sheet.define(
        "q",
        Quotient(h, symbols["kv_heads"]),
        "How many times smaller",
        say("{h} query heads share {g} heads of keys and values", h=h, g=symbols["kv_heads"]),
    )
    _again(sheet, grouped, *_arrays(symbols["kv_heads"], (layers, width, tokens, n, b)))
    return [grouped, full, ratio]


def _arrays(heads: Symbol, sizes: tuple[Symbol, ...]) -> tuple[Node, Prose]:
    """Counted by the arrays of keys and of values in every layer."""
    layers, width, tokens, n, b = sizes
    shape = n * heads * tokens * width
    shapes = Sizes(n, heads, tokens, width)
    told = say("two arrays of {s} numbers in each of the {l} layers come to the same", l=layers, s=shapes)
    return layers * (shape * b + shape * b), told


def _of_heads(sheet: Worksheet, suffix: str, heads: Symbol, sizes: tuple[Symbol, ...]) -> Symbol:
    """The cache for a number of heads of keys and values."""
    layers, width, tokens, n, b = sizes
    which = "with grouped queries" if suffix else "every head with its own keys and values"
    each = sheet.define(
        f"C{suffix}",
        2 * layers * heads * width,
        f"Numbers for one token, {which}",
        say("a key and a value (the 2) in each of the {l} layers for each of the {h} heads", l=layers, h=heads),
        closed=factored,
    )
    why = say("for each of the {t} tokens of each of the {n} sequences, {b} bytes a number", t=tokens, n=n, b=b)
    return _step(sheet, f"B_KV{suffix[1:]}", b * n * tokens * each, f"Cache, in bytes, {which}", why)


def _again(sheet: Worksheet, total: Symbol, other: Node, told: Prose) -> None:
    """A second route: another way of counting comes to the same, as numbers or as symbols."""
    import sympy

    from explain.engine.lowering import to_sympy

    difference = sympy.expand(to_sympy(sheet.inlined(total)) - to_sympy(sheet.inlined(other)))
    sheet.check(difference == 0, [total], told)
