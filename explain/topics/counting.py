"""Parameters of dense, embedding and normalisation layers."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.names import word
from explain.engine.prose import say
from explain.engine.rounding import number_word
from explain.engine.worksheet import Worksheet
from explain.layers.base import Flow, Framework, as_node, counted
from explain.layers.simple import Dense, Embedding, Normalisation
from explain.parameters import Count
from explain.topics._counting import Asked, direct_count, introduced, number_of, tensors_table


@topic
def dense_params(
    units: Annotated[Count, "number of units n: one output each"],
    inputs: Annotated[Count, "number of inputs m"],
    bias: Annotated[Literal["yes", "no"], "whether each unit has a bias"] = "yes",
    framework: Annotated[Framework, "whose arrays are counted for the check"] = "keras",
) -> Answer:
    """Parameters of a dense (fully connected, linear) layer.

    Every unit has one weight for each input, and one bias. Sizes may be symbols; on a sequence or a batch the same
    weights are used again, so that neither counts.

    Field: Counting

    Source: Goodfellow et al. 2016, Deep Learning, section 6.1; PyTorch documentation, torch.nn.Linear; Keras
    documentation, Dense

    Examples:
        explain dense-params --inputs 784 --units 128
        explain dense-params --inputs m --units n

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    sheet = Worksheet("Parameters of a dense layer", dense_params.source)
    m, n = introduced(
        sheet,
        [
            Asked("inputs", inputs, "m", "number of inputs, the entries of x"),
            Asked("units", units, "n", "number of units, the entries of the output"),
        ],
    )
    layer, arrived = Dense(n, bias == "yes"), Flow((m,), "vector")
    told = "z = W x + b" if bias == "yes" else "z = W x: there is no bias"
    sheet.convention(f"vectors are columns: {told}; Keras stores W transposed, which changes no count")
    why = "each of the {n} units has one weight for each of the {m} inputs" + (
        ", and one bias" if bias == "yes" else ""
    )
    tensors = layer.tensors(arrived)
    total = sheet.define("P", as_node(counted(tensors)), "Parameters of the layer", say(why, n=n, m=m), closed=factored)
    tensors_table(sheet, tensors, total)
    direct_count(sheet, total, [(1, array) for array in layer.stored(arrived, framework)], framework)
    return sheet.answer(total)


@topic
def embedding_params(
    vocabulary: Annotated[Count, "number of tokens V that the table has a row for"],
    dim: Annotated[Count, "width d of a row: the numbers that stand for a token"],
    framework: Annotated[Framework, "whose arrays are counted for the check"] = "keras",
) -> Answer:
    """Parameters of an embedding layer.

    A table with one row for each token; looking a row up is a product with a one-hot vector. How long the sequences
    are does not matter.

    Field: Counting

    Source: Goodfellow et al. 2016, Deep Learning, section 12.4.2; PyTorch documentation, torch.nn.Embedding; Keras
    documentation, Embedding

    Examples:
        explain embedding-params --vocabulary 1000 --dim 16
        explain embedding-params --vocabulary V --dim d

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    sheet = Worksheet("Parameters of an embedding layer", embedding_params.source)
    v, d = introduced(
        sheet,
        [
            Asked("vocabulary", vocabulary, "V", "tokens in the vocabulary, one row each"),
            Asked("dim", dim, "d", "width of a row: the numbers that stand for one token"),
        ],
    )
    layer, arrived = Embedding(v, d), Flow((1,), "vector")
    sheet.convention("there is no bias; the length of the sequences is not in the count (input_length in old Keras)")
    tensors = layer.tensors(arrived)
    total = sheet.define(
        "P",
        as_node(counted(tensors)),
        "Parameters of the layer",
        say("each of the {v} tokens has a row of {d} numbers of its own, and all of them are learned", v=v, d=d),
        closed=factored,
    )
    tensors_table(sheet, tensors, total)
    direct_count(sheet, total, [(1, array) for array in layer.stored(arrived, framework)], framework)
    return sheet.answer(total)


@topic
def norm_params(
    features: Annotated[Count, "channels of the maps (batch), or features of a vector (layer)"],
    type: Annotated[Literal["batch", "layer"], "which normalisation"] = "batch",
    framework: Annotated[Framework, "whose arrays are counted for the check"] = "keras",
) -> Answer:
    """Parameters of a normalisation layer, trainable and not.

    Batch normalisation has a scale and a shift for each channel, which are learned, and keeps a running mean and
    variance for inference, which are not. Layer normalisation has the two that are learned. The size of the maps does
    not matter.

    Field: Counting

    Source: Ioffe and Szegedy 2015, Batch Normalization, algorithms 1 and 2; Ba, Kiros and Hinton 2016, Layer
    Normalization, section 3

    Examples:
        explain norm-params --features 64
        explain norm-params --features d --type layer

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    batch = type == "batch"
    name = "batch normalisation" if batch else "layer normalisation"
    sheet = Worksheet(f"Parameters of {name}", norm_params.source)
    told = "channels; each has a mean and a variance of its own" if batch else "features that are normalised together"
    (c,) = introduced(sheet, [Asked("features", features, "C" if batch else "d", told)])
    layer, arrived = Normalisation(batch), Flow((c,), "vector")
    tensors = layer.tensors(arrived)
    learned = [tensor for tensor in tensors if tensor.trainable]
    symbols = {tensor.name: word(tensor.name) for tensor in tensors}
    trainable = sheet.define(
        "P_trainable" if batch else "P",
        as_node(counted([tensor._replace(shape=(len(learned), c)) for tensor in learned[:1]])),
        "Parameters that are trained" if batch else "Parameters of the layer",
        say(
            f"a scale {{gamma}} and a shift {{beta}} for each of the {{c}} {'channels' if batch else 'features'}: "
            "they are learned",
            c=c,
            gamma=symbols["gamma"],
            beta=symbols["beta"],
        ),
        closed=factored,
    )
    total = trainable
    if batch:
        kept = sheet.define(
            "P_fixed",
            2 * c,
            "Numbers that are kept, but not trained",
            say(
                "a running mean {mu} and a running variance {v} for each of the {c} channels; they are averaged over "
                "the batches of training and used at inference; no gradient reaches them",
                c=c,
                mu=symbols["mu"],
                v=symbols["v"],
            ),
            closed=factored,
        )
        total = sheet.define("P", trainable + kept, "Together", "as Keras' summary counts them", closed=factored)
        sheet.convention(
            "Keras' summary counts all of them as parameters, {t} of them trainable; PyTorch counts {t} parameters and "
            "keeps the others as buffers (with one number more, which counts the batches)",
            t=number_word(str(known)) if (known := number_of(sheet, 2 * c)) else 2 * c,
        )
    else:
        sheet.convention("mean and variance come from each input anew, so that nothing is kept for inference")
    tensors_table(sheet, tensors, total)
    direct_count(sheet, total, [(1, array) for array in layer.stored(arrived, framework)], framework)
    return sheet.answer(*([trainable, kept, total] if batch else [total]))
