"""Windows and costs against PyTorch: pooling, transposed convolutions, both ways round, fields, work, memory."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from math import prod

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Integer, Symbol, expand
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from explain import InputError, conv_shape, flops, memory, pool_shape, receptive_field, updates
from explain.engine.lowering import to_sympy

AXES = {1: "L", 2: "HW", 3: "DHW"}
FEW = st.integers(1, 4)


def many(examples):
    """The settings of a test with so many random questions."""
    return settings(max_examples=examples, deadline=None, database=None, derandomize=True)


def layer(name, rank):
    """A layer of PyTorch for so many axes."""
    return getattr(torch.nn, f"{name}{rank}d")


def run(build, shape, device="meta"):
    """A layer and the shape that it gives; None where PyTorch refuses, or nothing is left."""
    try:
        with torch.device(device), torch.no_grad():
            module = build()
            output = list(module(torch.empty(shape)).shape)
    except RuntimeError:
        return None, None
    return (module, output) if all(output) else (None, None)


def text(sizes):
    return str(sizes) if isinstance(sizes, int) else "x".join(map(str, sizes))


def each(draw, rank, low, high):
    """One number an axis; half of the time the same along all."""
    number = st.integers(low, high)
    return (draw(number),) * rank if draw(st.booleans()) else tuple(draw(number) for _ in range(rank))


def windows(draw, rank, pooling=False, said=(), **high):
    """A window and its input, one number an axis; and as it is asked for, some options left out that are as usual."""
    high = {"input": 30, "kernel": 7, "stride": 4, "padding": 4, "dilation": 3, **high}
    full = {name: each(draw, rank, name != "padding", most) for name, most in high.items()}
    usual = {"stride": full["kernel"] if pooling else (1,) * rank, "padding": (0,) * rank, "dilation": (1,) * rank}
    left = [name for name in usual if name not in said and draw(st.booleans())]
    full.update({name: usual[name] for name in left})
    return full, {name: text(sizes) for name, sizes in full.items() if name not in left}


def moves(window, *names):
    return {name: window[name] for name in names or ("stride", "padding", "dilation")}


def numbers(answer):
    """The results as plain integers, of an answer whose checks hold."""
    assert answer.passed
    return {name: answer[name].value.tolist() for name in answer.results}


@pytest.mark.parametrize(("kind", "rank"), [("Max", 1), ("Max", 2), ("Max", 3), ("Avg", 1), ("Avg", 2)])
@many(100)
@given(data=st.data(), channels=FEW, batch=st.sampled_from([(), (5,)]), ceil=st.booleans())
def test_pooling_is_that_of_pytorch(kind, rank, data, channels, batch, ceil):
    """Protects shapes, floors, ceilings and defaults, often at the border of a window that is too large.

    What PyTorch refuses is refused, and nothing else.
    """
    average = {"dilation": 1} if kind == "Avg" else {}
    full, asked = windows(data.draw, rank, pooling=True, padding=2, **average)
    if data.draw(st.booleans()):
        spans = zip(full["dilation"], full["kernel"], full["padding"], each(data.draw, rank, -1, 2), strict=True)
        full["input"] = tuple(max(1, d * (k - 1) + more - 2 * p) for d, k, p, more in spans)
    shape = (*batch, channels, *full["input"])
    given = moves(full, *(["stride", "padding"] if average else []))
    _, output = run(partial(layer(f"{kind}Pool", rank), full["kernel"], ceil_mode=ceil, **given), shape)
    asked = {**asked, "input": shape, "ceil": "yes" if ceil else "no", "dims": str(rank)}
    if output is None:
        with pytest.raises(InputError, match=r"^(kernel|padding)\b[^\n]*$"):
            pool_shape(**asked)
    else:
        assert numbers(pool_shape(**asked)) == {"output": output, "flat": prod(output[-rank - 1 :])}


@pytest.mark.parametrize("rank", [1, 2, 3])
@many(150)
@given(
    data=st.data(),
    ends=st.tuples(FEW, FEW),
    batch=st.sampled_from([(), (2,)]),
    extra=st.sampled_from([0, 0, 1, 2]),
    bias=st.booleans(),
)
def test_transposed_convolutions_are_those_of_pytorch(rank, data, ends, batch, extra, bias):
    """Protects weight, output, parameters and flattened size; and the refusals, of which the meta device has fewer."""
    full, asked = windows(data.draw, rank, input=3, kernel=4, stride=3, padding=3, dilation=2)
    shape, more = (*batch, ends[0], *full["input"]), {"output_padding": extra} if extra else {}
    build = partial(layer("ConvTranspose", rank), *ends, full["kernel"], **moves(full), **more, bias=bias)
    module, output = run(build, shape, "cpu")
    asked = {**asked, **more, "input": shape, "filters": ends[1], "bias": "yes" if bias else "no", "dims": str(rank)}
    if output is None:
        with pytest.raises(InputError, match=r"^(output_padding|padding)\b[^\n]*$"):
            conv_shape(**asked, type="transposed")
        return
    expected = {"weight": list(module.weight.shape), "output": output, "flat": prod(output[-rank - 1 :])}
    expected["P"] = sum(parameter.numel() for parameter in module.parameters())
    assert numbers(conv_shape(**asked, type="transposed")) == expected


OPTIONS = {"i": "input", "k": "kernel", "s": "stride", "p": "padding", "d": "dilation"}
LIMIT = 400


def places(i, k, s, p, d):
    """How often a window fits, counted."""
    return len(range(0, i + 2 * p - d * (k - 1), s))


@pytest.mark.parametrize("unknown", "kips")
@pytest.mark.parametrize("topic", [conv_shape, pool_shape])
@many(100)
@given(data=st.data(), rank=st.integers(1, 3), small=st.booleans(), off=st.sampled_from([0, 0, 1]))
def test_what_is_left_out_is_found(topic, unknown, data, rank, small, off):
    """Protects every value of the unknown, and only those: all are tried; where none is right, it is refused.

    Pooling windows of which padding would be more than half are left out: no framework takes them.
    """
    pooling = topic is pool_shape
    said = {"p": ["padding"], "s": ["stride", "padding"]}.get(unknown, [])
    largest = 3 if small and unknown == "i" else 60
    full, asked = windows(data.draw, rank, pooling, said, input=largest, kernel=9, padding=2 if pooling else 4)
    tied = pooling and unknown == "k" and "stride" not in asked
    if tied:
        full["dilation"] = (1,) * rank
        asked.pop("dilation", None)
    build = partial(layer("MaxPool", rank) if pooling else partial(layer("Conv", rank), 1, 1), full["kernel"])
    _, output = run(partial(build, **moves(full)), (1, *full["input"]))
    output = [1] * rank if output is None else output[1:]
    output = [max(1, o + more) for o, more in zip(output, each(data.draw, rank, -off, off), strict=True)]
    del asked[OPTIONS[unknown]]
    right = []
    for o, *sizes in zip(output, *full.values(), strict=True):
        axis = {**dict(zip(OPTIONS, sizes, strict=True)), unknown: 0}
        tried = [{**axis, unknown: v, **({"s": v} if tied else {})} for v in range(unknown != "p", LIMIT)]
        fitting = [trial for trial in tried if places(**trial) == o]
        assume(not pooling or all(2 * trial["p"] <= trial["k"] for trial in fitting))
        in_all = [] if fitting or unknown != "p" else range(LIMIT)
        uneven = [z for z in in_all if places(**{**axis, "i": axis["i"] + z}) == o]
        assume(not pooling or max(uneven, default=0) <= axis["k"])
        right.append(("z", uneven) if uneven else (unknown, [trial[unknown] for trial in fitting]))
    if not all(values for _, values in right):
        with pytest.raises(InputError, match=r"^(output_size|kernel)\b[^\n]*$"):
            topic(**asked, output_size=text(output))
        return
    several = len({*zip(output, *(full[name] for name in asked), strict=True)}) > 1
    found = numbers(topic(**asked, output_size=text(output)))
    for at, axis in enumerate(AXES[rank] if several else [""]):
        letter, values = right[at]
        one = found.get(f"{letter}_{axis}".rstrip("_"))
        end = LIMIT - 1 if one is None else one
        low, top = found.get(f"{letter}_min{axis}", one), found.get(f"{letter}_max{axis}", end)
        assert [*range(low, top + 1)] == values


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel", range(1, 10))
def test_padding_that_keeps_the_size(kernel, dilation):
    """Protects same padding for any size and for a known one: on each side where that is whole, in all where not."""
    asked = {"kernel": kernel, "output_size": "same", **({} if dilation == 1 else {"dilation": dilation})}
    conv = torch.nn.Conv1d(1, 1, kernel, dilation=dilation, device="meta")
    answers = [
        conv_shape(**asked),
        conv_shape(**asked, input=20),
        *([pool_shape(**asked, stride=1)] if dilation == 1 else []),
    ]
    for answer in answers:
        ((name, found),) = numbers(answer).items()
        assert name == ("z" if dilation * (kernel - 1) % 2 else "p")
        pad = torch.nn.ConstantPad1d((found, found) if name == "p" else (found // 2, found - found // 2), 0)
        for size in (1, 2, 9, 30):
            assert run(partial(torch.nn.Sequential, pad, conv), (1, size))[1] == [1, size]


@pytest.mark.parametrize(
    ("topic", "spread"), [(conv_shape, {}), (conv_shape, {"dilation": 3}), (pool_shape, {"stride": 1})]
)
def test_padding_for_a_window_of_any_size(topic, spread):
    """Protects the formula (k - 1)/2, and with a dilation as many times as much."""
    answer, d = topic(kernel="k", output_size="same", **spread), spread.get("dilation", 1)
    zeros, padding = (to_sympy(answer[name].expression) for name in ("z", "p"))
    assert expand(padding.subs("z", zeros).subs("d", d) - d * (Symbol("k") - 1) / 2) == 0
    assert answer.results == ["p"]
    assert answer.passed


def word(kind, *sizes, **options):
    """A layer as it is written in a chain."""
    return " ".join([kind, *map(text, sizes), *(f"{name} {text(value)}" for name, value in options.items())])


def seen(looks, sizes):
    """How many places one number in the middle of the output reaches along each axis: where its gradient is."""
    x = y = torch.zeros(1, 1, *sizes, dtype=torch.float64, requires_grad=True)
    for _, kernel, options in looks:
        weight = torch.ones(1, 1, *kernel, dtype=torch.float64)
        y = getattr(torch.nn.functional, f"conv{len(sizes)}d")(y, weight, **options)
    y[(0, 0, *(size // 2 for size in y.shape[2:]))].backward()
    reached = x.grad[0, 0].nonzero()
    return (reached.max(0).values - reached.min(0).values + 1).tolist()


def field(looks, chain, rank):
    """The field that the answer for a chain has along each axis: as far as the gradients reach in a larger input."""
    found = [*numbers(receptive_field(chain=chain)).values()]
    found = found * rank if len(found) == 1 else found
    assert seen(looks, [2 * size for size in found]) == found
    return found


@pytest.mark.parametrize(("rank", "most"), [(1, 6), (2, 4), (3, 2)])
@many(30)
@given(data=st.data())
def test_receptive_fields_are_what_gradients_reach(rank, most, data):
    """Protects the field along every axis with strides and dilations, and with entry-by-entry layers between."""
    looks, chain = [], []
    for _ in range(data.draw(st.integers(1, most))):
        kind = data.draw(st.sampled_from(["conv", "depthwise", "separable", "pool", "avgpool"]))
        full, asked = windows(data.draw, rank, kind.endswith("pool"), kernel=3, stride=3, padding=2, dilation=2)
        options = {name: full[name] for name in ("stride", "padding", "dilation") if name in asked}
        looks.append((kind, full["kernel"], moves(full, "stride", "dilation")))
        chain += [word(kind, full["kernel"], **options), *data.draw(st.sampled_from([[], ["relu", "batchnorm"]]))]
    field(looks, ", ".join(chain), rank)


CONV, POOL, APART = ("conv", (3,), {}), ("pool", (2,), {"stride": 2}), ("pool", (3,), {"stride": 2})
VGG_16 = [look for times in (2, 2, 3, 3, 3) for look in (*[CONV] * times, POOL)]
ALEXNET = [("conv", (11,), {"stride": 4}), APART, ("conv", (5,), {}), APART, *[CONV] * 3, APART]


@pytest.mark.parametrize(("looks", "size"), [(VGG_16, 212), (ALEXNET, 195)], ids=["VGG-16", "AlexNet"])
def test_published_receptive_fields(looks, size):
    """Protects the fields that Araujo et al. give for the last pooling layer."""
    assert field(looks, ", ".join(word(*names, **options) for *names, options in looks), 1) == [size]


def convolution(draw, x):
    """A convolution of any kind: its words, and the layer of PyTorch."""
    _, channels, *sizes = x.shape
    rank, filters, kind = len(sizes), draw(FEW), draw(st.sampled_from(["conv", "depthwise", "separable", "transposed"]))
    kernel, options = each(draw, rank, 1, 3), {"stride": each(draw, rank, 1, 2)}
    conv = layer("Conv", rank)
    if kind == "transposed":
        module = layer("ConvTranspose", rank)(channels, filters, kernel, **options)
        return word(kind, filters, kernel, **options), module
    options.update(padding=1, dilation=each(draw, rank, 1, 2 if min(sizes) > 2 else 1))
    apart = partial(conv, channels, kernel_size=kernel, **options)
    if kind == "depthwise":
        return word(kind, kernel, multiplier=filters, **options), apart(filters * channels, groups=channels)
    if kind == "separable":
        module = torch.nn.Sequential(apart(channels, groups=channels), conv(channels, filters, 1))
        return word(kind, filters, kernel, **options), module
    groups = draw(st.sampled_from([g for g in (1, 2, channels) if channels % g == 0]))
    return word(kind, filters * groups, kernel, groups=groups, **options), apart(filters * groups, groups=groups)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@many(40)
@given(data=st.data(), batch=FEW, channels=FEW, widths=st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_work_is_two_operations_a_multiply_add(rank, data, batch, channels, widths):
    """Protects grouped, depthwise, separable and transposed convolutions and dense layers, one after the other."""
    first = x = torch.empty(batch, channels, *each(data.draw, rank, 1, 9), device="meta")
    chain = []
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        for _ in range(data.draw(st.integers(1, 3)) if rank else 0):
            words, module = convolution(data.draw, x)
            x, chain = module(x), [*chain, words, "relu"]
        torch.nn.Sequential(*(torch.nn.Linear(*ends) for ends in pairwise([x[0].numel(), *widths])))(x.flatten(1))
    chain += ["flatten", *(f"dense {width}" for width in widths)]
    found = numbers(flops(chain=chain, input=tuple(first.shape[1:]), batch=batch, framework="pytorch"))
    operations = counter.get_total_flops()
    in_all = {"M_batch": operations // 2} if batch > 1 else {}
    assert {**found, "M": found["M"] * batch} == {"M": operations // 2, **in_all, "F": operations}


LETTERS = {"samples": "n", "batch_size": "m", "epochs": "t", "accumulate": "u"}
COUNTS = st.tuples(st.integers(1, 90), st.integers(1, 30), FEW, FEW)


@many(40)
@given(sizes=COUNTS, last=st.sampled_from(["keep", "drop"]), symbols=st.sets(st.sampled_from([*LETTERS])))
def test_updates_are_those_of_a_loop(sizes, last, symbols):
    """Protects batches and updates, with what is left at the end of an epoch; symbols stay symbols."""
    known = dict(zip(LETTERS, sizes, strict=True))
    batches = len(DataLoader(range(known["samples"]), known["batch_size"], drop_last=last == "drop"))
    done = 0
    for _ in range(known["epochs"]):
        for at in range(1, batches + 1):
            done += at % known["accumulate"] == 0 or at == batches
    asked = {**known, **{name: LETTERS[name] for name in symbols}, "last": last}
    if not batches and symbols.isdisjoint(("samples", "batch_size")):
        with pytest.raises(InputError, match=r"^batch_size is [^\n]*$"):
            updates(**asked)
        return
    answer = updates(**asked)
    assert (answer["U"].value is None) == bool(symbols)
    for step, number in (answer["S"], batches), (answer["U"], done):
        formula = to_sympy(step.closed) if step.value is None else Integer(step.value.item())
        assert formula.subs({LETTERS[name]: known[name] for name in symbols}) == number
    assert answer.passed


OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
}


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_memory_of_training_is_what_pytorch_holds(optimizer, precision):
    """Protects the bytes of parameters, gradients and state after one update; counters of steps are left out."""
    dtype = getattr(torch, precision)
    model = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3)).to(dtype)
    used, parameters = OPTIMIZERS[optimizer](model.parameters()), [*model.parameters()]
    model(torch.ones(2, 5, dtype=dtype)).sum().backward()
    used.step()
    state = [kept for p in parameters for kept in used.state[p].values() if getattr(kept, "shape", None) == p.shape]
    held = {"B_P": parameters, "B_G": [p.grad for p in parameters], "B_O": state}
    size = {name: sum(tensor.nbytes for tensor in tensors) for name, tensors in held.items() if tensors}
    answer = memory(params=sum(p.numel() for p in parameters), optimizer=optimizer, precision=precision)
    assert {step.name: step.value.item() for step in answer.steps} == {**size, "B": sum(size.values())}
    assert answer.passed


@pytest.mark.parametrize("precision", ["float16", "bfloat16", "float32"])
@many(25)
@given(layers=FEW, sizes=st.tuples(*[st.integers(1, 50)] * 3), groups=FEW, shared=st.none() | FEW)
def test_cache_of_keys_and_values(precision, layers, sizes, groups, shared):
    """Protects the bytes of two tensors a layer, with grouped queries too, and how many times smaller they are."""
    batch, tokens, width = sizes
    heads, dtype = groups * (shared or 1), getattr(torch, precision)

    def held(kept):
        shape = (batch, kept, tokens, width)
        return sum(torch.empty(shape, dtype=dtype, device="meta").nbytes for _ in range(2 * layers))

    asked = {"layers": layers, "heads": heads, "head_dim": width, "tokens": tokens, "batch": batch}
    found = numbers(memory(**asked, precision=precision, **({"kv_heads": groups} if shared else {})))
    grouped = {"B_KVg": held(groups), "q": shared} if shared else {}
    assert found == {"B_KV": held(heads), **grouped}


MAPS = {"input": "3x9x9", "kernel": 3, "filters": 2}
STAMPED = {**MAPS, "type": "transposed"}
LINE = {"input": 9, "kernel": 3}
CACHE = {"layers": 2, "heads": 8, "head_dim": 4, "tokens": 9}


@pytest.mark.parametrize(
    ("topic", "asked", "says"),
    [
        (pool_shape, {"kernel": 2}, ["input is missing", "pool-shape", "output_size"]),
        (pool_shape, {"input": "3x9x9"}, ["kernel is missing", "pool-shape", "output_size"]),
        (pool_shape, {"input": "3x0x9", "kernel": 3}, ["input is 3x0x9", "from 1"]),
        (pool_shape, {"input": "3x9x9", "kernel": "2x-2"}, ["kernel is", "-2", "from 1"]),
        (pool_shape, {"input": "3x9x9", "kernel": 2.5}, ["kernel is 2.5", "whole number"]),
        (pool_shape, {"input": "3x9x9", "kernel": 3, "padding": 2}, ["padding is 2", "half", "kernel 3", "at most 1"]),
        (pool_shape, {"input": 9, "output_size": 4, "ceil": "yes"}, ["ceil is yes", "output_size"]),
        (pool_shape, {"input": 9, "output_size": 10}, ["output_size is 10", "no size of the window"]),
        (conv_shape, {"kernel": 2, "filters": 2}, ["input is missing", "conv-shape", "output_size"]),
        (conv_shape, {**MAPS, "filters": "F"}, ["filters is F", "whole number from 1"]),
        (conv_shape, {**MAPS, "output_padding": 1}, ["output_padding", "transposed"]),
        (conv_shape, {**STAMPED, "output_padding": 1}, ["output_padding is 1", "stride is 1", "smaller"]),
        (conv_shape, {**STAMPED, "stride": 2, "output_padding": 2}, ["output_padding is 2", "stride is 2"]),
        (conv_shape, {**STAMPED, "padding": 6}, ["padding is 6", "pad less"]),
        (conv_shape, {"output_size": 0, "input": 9}, ["output_size is 0", "from 1"]),
        (conv_shape, {"output_size": 2.5, "input": 9}, ["output_size is 2.5", "whole numbers"]),
        (conv_shape, {"output_size": 10, "input": 9}, ["output_size is 10", "a window of 1 gives 9"]),
        (conv_shape, {**LINE, "output_size": 3}, ["output_size is 3", "without padding it is 7"]),
        (conv_shape, {**LINE, "output_size": 8, "padding": 1}, ["output_size is 8", "no stride"]),
        (conv_shape, {**LINE, "output_size": 9, "padding": 1, "stride": 1}, ["output_size", "nothing is left out"]),
        (conv_shape, {"output_size": 3, "kernel": 3, "padding": 9}, ["output_size is 3", "no size of the input"]),
        (conv_shape, {"output_size": "same", "kernel": 3, "stride": 2}, ["stride is 2", "stride of 1"]),
        (receptive_field, {"chain": "conv 3, flatten, dense 10"}, ["layer", "sees the whole input"]),
        (receptive_field, {"chain": "conv 3x3, pool 2x2x2"}, ["2 and 3 sizes", "as many axes"]),
        (flops, {"chain": "conv 4 3", "input": "3x9x9", "batch": 0}, ["batch is 0", "from 1"]),
        (updates, {"samples": 9, "batch_size": 10, "last": "drop"}, ["batch_size is 10", "9 samples", "last keep"]),
        (memory, {}, ["params is missing", "layers, heads, head_dim and tokens"]),
        (memory, {"params": 10, **CACHE}, ["params", "two questions"]),
        (memory, {**CACHE, "kv_heads": 3}, ["kv_heads is 3", "does not divide the 8 heads"]),
        (memory, {**CACHE, "tokens": None}, ["tokens is missing", "key-value cache"]),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(topic, asked, says):
    """Protects the message: which option, what is wrong with it, and what to do instead."""
    with pytest.raises(InputError, match=r"^[^\n]*$") as refused:
        topic(**asked)
    assert [words for words in says if words not in str(refused.value)] == []
