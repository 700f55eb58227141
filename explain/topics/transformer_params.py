"""Parameters of a transformer: its blocks, its layers, whole models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.evaluate import symbols
from explain.engine.lowering import factored
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.layers.base import Flow, Layer, Size, Stored, as_node, counted, multiplied, times
from explain.layers.simple import Dense, Embedding, MultiHead, Normalisation
from explain.parameters import Count
from explain.topics._counting import Asked, direct_count, introduced, other_count

YesNo = Literal["yes", "no"]


@topic
def transformer_params(
    d_model: Annotated[Count, "width of the tokens, d_model"],
    part: Annotated[
        Literal["feed-forward", "encoder-layer", "decoder-layer", "gpt", "bert", "encoder-decoder"],
        "a block, a layer, or a whole model",
    ] = "encoder-layer",
    d_ff: Annotated[Count | None, "width inside the feed-forward block; default 4 d_model"] = None,
    layers: Annotated[Count | None, "number of layers; of the encoder and of the decoder for encoder-decoder"] = None,
    vocabulary: Annotated[Count | None, "number of tokens that have an embedding"] = None,
    positions: Annotated[Count | None, "number of positions with a learned embedding (gpt, bert)"] = None,
    segments: Annotated[Count | None, "number of segments with an embedding (bert); default 2"] = None,
    tied: Annotated[YesNo, "whether the output uses the embedding of the tokens again"] = "yes",
    bias: Annotated[YesNo, "whether the projections and the feed-forward block have biases"] = "yes",
) -> Answer:
    """Parameters of a transformer: a feed-forward block, a layer, or a whole model.

    A layer is attention, a feed-forward block and their normalisations. A whole model adds embeddings: gpt with
    learned positions and a normalisation at the end, bert with segments, a normalisation after the embeddings and a
    pooler, encoder-decoder with positions that have no parameters. Sizes may be symbols; the number of heads does not
    matter where they share the width.

    Field: Counting

    Source: Vaswani et al. 2017, Attention Is All You Need, section 3; Radford et al. 2019, Language Models are
    Unsupervised Multitask Learners, section 2.3; Devlin et al. 2019, BERT, section 3

    Examples:
        explain transformer-params --part gpt --d-model 768 --layers 12 --vocabulary 50257 --positions 1024
        explain transformer-params --part bert --d-model 768 --layers 12 --vocabulary 30522 --positions 512
        explain transformer-params --d-model d --d-ff f

    Raises:
        InputError: a size that the model needs is missing; one that it has no use for.
    """
    whole = part in ("gpt", "bert", "encoder-decoder")
    if tied == "no" and part not in ("gpt", "encoder-decoder"):
        raise InputError(f"{{tied}} is no, but {{part}} {part} has no output to tie: leave it out")
    given = {"layers": layers, "vocabulary": vocabulary, "positions": positions, "segments": segments}
    _check_sizes(part, given)
    sheet = Worksheet(TITLES[part], transformer_params.source)
    asked = [Asked("d_model", d_model, "d", "width of a token")]
    if d_ff is not None:
        asked.append(Asked("d_ff", d_ff, "d_ff", "width inside the feed-forward block"))
    if part == "bert" and segments is None:
        given["segments"] = Count(2)
    for name, size in given.items():
        if size is not None:
            asked.append(Asked(name, size, *LETTERS[name]))
    symbols = dict(zip([item.option for item in asked], introduced(sheet, asked), strict=True))
    model = _Model(sheet, symbols, bias == "yes")
    if d_ff is None:
        sheet.convention("{f} = 4 {d} (default)", f=model.inner, d=model.d)
    if part == "bert" and segments is None:
        sheet.convention("two segments (default): the first sentence and the second")
    if part == "feed-forward":
        result = model.feed_forward("P", 1)
    elif not whole:
        result = model.layer("P", part.removesuffix("-layer"))
    elif part == "encoder-decoder":
        result = model.pair(tied == "yes")
    else:
        result = model.stack(bert=part == "bert", tied=tied == "yes")
    return model.finished(result)


TITLES = {
    "feed-forward": "Parameters of a feed-forward block",
    "encoder-layer": "Parameters of a transformer's encoder layer",
    "decoder-layer": "Parameters of a transformer's decoder layer",
    "gpt": "Parameters of a decoder-only transformer (GPT)",
    "bert": "Parameters of an encoder-only transformer (BERT)",
    "encoder-decoder": "Parameters of an encoder-decoder transformer",
}
LETTERS = {
    "layers": ("N", "number of layers"),
    "vocabulary": ("V", "tokens in the vocabulary"),
    "positions": ("T", "positions with a learned embedding"),
    "segments": ("S", "segments with an embedding"),
}
NEEDS = {
    "gpt": ("layers", "vocabulary", "positions"),
    "bert": ("layers", "vocabulary", "positions", "segments"),
    "encoder-decoder": ("layers", "vocabulary"),
}


def _check_sizes(part: str, given: dict[str, Count | None]) -> None:
    """Every size that the part needs, and no other."""
    for name, size in given.items():
        if size is None and name in NEEDS.get(part, ()) and name != "segments":
            raise InputError(f"{{{name}}} is missing: {LETTERS[name][1]}, which {{part}} {part} needs")
        if size is not None and name not in NEEDS.get(part, ()):
            users = ", ".join(other for other, names in NEEDS.items() if name in names)
            raise InputError(
                f"{{{name}}} is given, but {{part}} {part} has none: leave it out, or take {{part}} {users}"
            )


class _Model:
    """A transformer on a worksheet: every block is counted from the description of its layers."""

    def __init__(self, sheet: Worksheet, symbols: dict[str, Symbol], bias: bool) -> None:
        self.sheet, self.symbols, self.bias = sheet, symbols, bias
        self.d = symbols["d_model"]
        self.inner = symbols.get("d_ff") or sheet.define(
            "d_ff",
            4 * self.d,
            say("{f}, the width inside the feed-forward block", f=word("d_ff")),
            "four times the width of a token, as in the original (default)",
            closed=factored,
        )
        self.rows: list[tuple[str, Size, Symbol]] = []  # of the table: block, how many, parameters of one
        self.arrays: list[tuple[Size, Stored]] = []
        self.norms: Size | None = None  # normalisations in all layers

    def block(
        self,
        name: str,
        layers: Sequence[tuple[str, Layer, Size]],
        title: str,
        why: Prose,
        copies: Size,
    ) -> Symbol:
        """The parameters of some layers, each with its name and the width of what enters it."""
        tensors = [tensor for _, layer, width in layers for tensor in layer.tensors(Flow((width,), "vector"))]
        for called, layer, width in layers:
            for array in layer.stored(Flow((width,), "vector"), "pytorch"):
                self.arrays.append((copies, array._replace(name=called + array.name)))
        one = as_node(counted(tensors))
        return self.sheet.define(name, one, say(f"{{p}}, {title}", p=word(name)), why, closed=factored)

    def attention(self, copies: Size) -> Symbol:
        """Four projections of the width of the tokens."""
        d = self.d
        biases = ", and {d} biases" if self.bias else ""
        each = self.sheet.define(
            "P_proj",
            as_node(counted(Dense(d, self.bias).tensors(Flow((d,), "vector")))),
            say("{p}, one projection", p=word("P_proj")),
            say("from {d} numbers to {d}: one weight for each pair of them" + biases, d=d),
            closed=factored,
        )
        for array in MultiHead(d, 1, d, d, self.bias).stored(Flow((1, d), "sequence"), "pytorch"):
            self.arrays.append((copies, array))
        return self.sheet.define(
            "P_att",
            4 * each,
            say("{p}, multi-head attention", p=word("P_att")),
            "queries, keys, values and the output have one projection each; the heads share its columns, so that their "
            "number does not count",
            closed=factored,
        )

    def feed_forward(self, name: str, copies: Size) -> Symbol:
        """Two dense layers."""
        up, down = Dense(self.inner, self.bias), Dense(self.d, self.bias)
        biases = ", each with one bias for each of its units" if self.bias else "; there are no biases"
        told = say("a dense layer from {d} to {f} and one back to {d}" + biases, d=self.d, f=self.inner)
        layers = [("linear1.", up, self.d), ("linear2.", down, self.inner)]
        return self.block(name, layers, "the feed-forward block", told, copies)

    def norm(self, copies: Size) -> Symbol:
        """A scale and a shift for each feature."""
        told = say("a scale and a shift for each of the {d} features", d=self.d)
        layer = Normalisation(batch=False)
        for array in layer.stored(Flow((self.d,), "vector"), "pytorch"):
            self.arrays.append((copies, array._replace(name="norm." + array.name)))
        one = multiplied((2, self.d))
        return self.sheet.define(
            "P_norm", as_node(one), say("{p}, one layer normalisation", p=word("P_norm")), told, closed=factored
        )

    def layer(self, name: str, which: str, copies: Size = 1, norms: Size = 0) -> Symbol:
        """One layer; `norms` more normalisations stand outside of the layers."""
        decoder = which == "decoder"
        attentions, normed = (2, 3) if decoder else (1, 2)
        attention = self.attention(times(copies, attentions))
        block = self.feed_forward("P_ffn", copies)
        self.norms = times(copies, normed)
        norm = self.norm(self.norms + norms)
        return self.joined(name, which, attention, block, norm)

    def joined(self, name: str, which: str, attention: Symbol, block: Symbol, norm: Symbol) -> Symbol:
        """The parameters of a layer from those of its blocks."""
        if which == "decoder":
            formula = 2 * attention + block + 3 * norm
            told = (
                "masked attention to itself, attention to the encoder, a feed-forward block; a normalisation with each"
            )
        else:
            formula = attention + block + 2 * norm
            told = "attention and the feed-forward block; a normalisation with each"
        self.rows += [("attention", 2 if which == "decoder" else 1, attention), ("feed-forward block", 1, block)]
        self.rows.append(("layer normalisation", 3 if which == "decoder" else 2, norm))
        return self.sheet.define(
            name, formula, say(f"{{p}}, one {which} layer".replace("  ", " "), p=word(name)), told, closed=factored
        )

    def embedding(self, option: str, name: str, what: str) -> Symbol:
        """A table with a row for each token, position or segment."""
        size = self.symbols[option]
        layer = Embedding(size, self.d)
        told = say(f"each of the {{s}} {what} has a row of {{d}} numbers", s=size, d=self.d)
        return self.block(name, [(f"{what} ", layer, size)], f"the embedding of the {what}", told, 1)

    def stack(self, bert: bool, tied: bool) -> Symbol:
        """A whole model of one stack: GPT or BERT."""
        sheet, d, copies = self.sheet, self.d, self.symbols["layers"]
        sheet.part("Embeddings")
        tokens = self.embedding("vocabulary", "P_tok", "tokens")
        places = self.embedding("positions", "P_pos", "positions")
        parts: list[tuple[str, Size, Symbol]] = [("token embedding", 1, tokens), ("position embedding", 1, places)]
        if bert:
            parts.append(("segment embedding", 1, self.embedding("segments", "P_seg", "segments")))
        sheet.part("One layer")
        each = self.layer("P_layer", "", copies, 1)
        norm = sheet.last("P_norm")
        self.rows = [*parts, ("layer", copies, each)]
        self.rows.append(("normalisation after the embeddings" if bert else "normalisation at the end", 1, norm))
        sheet.part("The whole model")
        if bert:
            told = say("a dense layer with tanh on the first token, from {d} to {d}", d=d)
            pooler = self.block("P_pool", [("pooler ", Dense(d), d)], "the pooler", told, 1)
            self.rows.append(("pooler", 1, pooler))
        elif not tied:
            told = say(
                "one weight from each of the {d} numbers to each of the {v} tokens", d=d, v=self.symbols["vocabulary"]
            )
            head = self.block("P_out", [("head ", Dense(self.symbols["vocabulary"], False), d)], "the output", told, 1)
            self.rows.append(("output", 1, head))
        if bert:
            sheet.convention("the model without its heads for pre-training, which are not counted")
        elif tied:
            sheet.convention("the output uses the embedding of the tokens again (weight tying): it adds nothing")
        ends = "after the embeddings" if bert else "after the last layer"
        return self.total(f"the embeddings, {{n}} layers, a normalisation {ends}", {"n": copies})

    def pair(self, tied: bool) -> Symbol:
        """An encoder and a decoder with as many layers each."""
        sheet, copies = self.sheet, self.symbols["layers"]
        sheet.convention("positions are sines and cosines: they have no parameters")
        sheet.convention("no normalisation stands after the stacks; PyTorch's nn.Transformer has one after each")
        sheet.part("Embeddings")
        tokens = self.embedding("vocabulary", "P_tok", "tokens")
        sheet.part("One layer")
        encoder = self.layer("P_enc", "encoder", copies)
        attention, block, norm = (sheet.last(name) for name in ("P_att", "P_ffn", "P_norm"))
        again = {"in_proj": 2, "out_proj": 2, "norm": 3}  # how often a decoder layer has what an encoder layer has
        tokens_first, *layer = self.arrays
        self.arrays = [tokens_first, *((n, array._replace(name=f"encoder {array.name}")) for n, array in layer)]
        for _, array in layer:
            kind = re.split(r"\.|_(?:weight|bias)", array.name)[0]
            self.arrays.append((times(copies, again.get(kind, 1)), array._replace(name=f"decoder {array.name}")))
        self.norms = times(copies, 5)
        decoder = self.joined("P_dec", "decoder", attention, block, norm)
        self.rows = [
            ("token embedding", 1, tokens),
            ("encoder layer", copies, encoder),
            ("decoder layer", copies, decoder),
        ]
        sheet.part("The whole model")
        if tied:
            sheet.convention("encoder, decoder and output share the embedding of the tokens: it is counted once")
        else:
            self.rows[0] = ("token embedding, two and the output", 3, tokens)
            self.arrays[0] = (3, self.arrays[0][1])
        return self.total("the embeddings, {n} encoder and {n} decoder layers", {"n": copies})

    def total(self, why: str, known: dict[str, Symbol]) -> Symbol:
        """All blocks, each as often as it is there."""
        terms = [as_node(times(copies, one)) for _, copies, one in self.rows]
        formula = terms[0]
        for term in terms[1:]:
            formula = formula + term
        told = say("{p}, the parameters of the model", p=word("P"))
        return self.sheet.define("P", formula, told, say(why, **known), closed=factored)

    def _short(self, size: Node) -> Node:
        """A count for the table: as it is where it has a number, else in symbols and simplified."""
        known = all(name in self.sheet.values for name in symbols(size))
        return size if known else factored(self.sheet.inlined(size))

    def finished(self, total: Symbol) -> Answer:
        """The table of the blocks, the check, the answer."""
        if self.rows:
            columns = [
                Column("block"),
                Column("how often", True),
                Column("parameters of one", True),
                Column("together", True),
            ]
            rows: list[list[Cell]] = [
                [(name,), as_node(copies), self._short(one), self._short(as_node(times(copies, one)))]
                for name, copies, one in self.rows
            ]
            rows.append([("together",), (), (), self._short(total)])
            self.sheet.tables.append(Table("Blocks", columns, rows, 1, needs=(total.name,)))
        if not self.bias and self.norms is not None:
            told = (
                "normalisations keep their shifts; PyTorch's layers with bias=False leave these out too, {more} fewer"
            )
            other_count(self.sheet, told, times(self.norms, self.d), total, -1)
        direct_count(self.sheet, total, self.arrays, "pytorch", "" if self.bias else "of these blocks")
        return self.sheet.answer(total)
