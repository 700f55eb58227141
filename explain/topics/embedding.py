"""Embedding: ids of tokens made rows of numbers, as a product with a one-hot matrix and as the look-up it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.names import word
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.onehot import OneHot
from explain.engine.notation import Word, product, related
from explain.engine.prose import Prose, say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount, shown
from explain.parameters import Matrix
from explain.tokens import Tokens
from explain.topics._tokens.ids import Ids, as_values, checked_vocabulary, looked_up, within

MOST_CELLS = 10**7  # of the one-hot matrix
MOST_TOLD = 6  # tokens that are told one by one


class Sequenced(NamedTuple):
    """The tokens that are looked up: their ids, their names, and the names of the vocabulary, where there are any."""

    ids: list[int]
    typed: Values
    names: tuple[str, ...] | None
    vocabulary: tuple[str, ...] | None

    def named(self, at: int) -> str:
        """What a sentence calls token `at` of the sequence."""
        return f"token {at + 1}" if self.names is None else f'"{self.names[at]}"'

    def known_as(self, token: int) -> str:
        """What a sentence calls a token of the vocabulary."""
        return f"id {token}" if self.vocabulary is None else f'"{self.vocabulary[token]}"'


@topic
def embedding(
    E: Annotated[Matrix, "embedding matrix, one token a row: 0.1,0.2;0.3,-0.4;0.5,0.6"],
    ids: Annotated[Ids | None, "ids of the tokens, counted from 0 as in PyTorch and Keras: 2,0,2"] = None,
    tokens: Annotated[Tokens | None, "the tokens by name: the,cat,the; with a vocabulary they are looked up"] = None,
    vocabulary: Annotated[Tokens | None, "names of the rows of E, in order: a,cat,the"] = None,
    scale: Annotated[Literal["no", "yes"], "yes: multiplied by √d, as in the Transformer"] = "no",
    padding: Annotated[Ids | None, "id of the padding token, whose row of E is 0 and is not learned"] = None,
    dX: Annotated[Matrix | None, "∂L/∂X arriving from above: the gradient at E is worked too"] = None,
) -> Answer:
    """Embedding: a row of numbers for each token.

    X = O E, where row i of the one-hot matrix O has its single 1 in the column of token i: the product picks rows of
    E, which programs look up without multiplying. Shapes: E (V×d), V tokens in the vocabulary; O (n×V) and X (n×d),
    one token a row. With a gradient from above, the gradient at E, in which the uses of one token add up.

    Field: Language models

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 12.4.2 (word embeddings in place of
    one-hot vectors); Vaswani et al. 2017, Attention Is All You Need, section 3.4 (multiplied by √d)

    Examples:
        explain embedding --E "0.1,0.2;0.3,-0.4;0.5,0.6" --ids 2,0,2
        explain embedding --E "0.1,0.2;0.3,-0.4;0.5,0.6" --ids 2,0,2 --dX "1,0;0,1;2,1"
        explain embedding --E "0.1,0.2;0.3,-0.4;0.5,0.6" --vocabulary a,cat,the --tokens the,cat,the --scale yes

    Raises:
        InputError: neither ids nor names, an id outside the vocabulary, a name that is not in it, a padding row that
            is not 0, sizes that do not meet.
    """
    matrix = E.reshape((1, len(E))) if len(E.shape) == 1 else E
    size, width = (int(number) for number in matrix.shape)
    told = _sequence(ids, tokens, vocabulary, size)
    hidden = _padding(padding, matrix)
    count = len(told.ids)
    if count * size > MOST_CELLS:
        raise InputError(
            f"{{ids}} has {count} ids, and {{E}} {size} rows: the one-hot matrix may have at most {MOST_CELLS} entries"
        )
    sheet = Worksheet(f"Embedding: {amount(count, 'token')} from a vocabulary of {size}", embedding.source)
    rows = sheet.given(
        "E", matrix, "embedding matrix (V×d), learned: one token of the vocabulary a row", option="E",
        rows=told.vocabulary,
    )  # fmt: skip
    meaning = "ids of the tokens, in their order" if ids is not None else "ids of the tokens: places in the vocabulary"
    t = sheet.given("t", told.typed, meaning, option="ids", columns=told.names)
    d = sheet.given("d", Values((), (str(width),)), "numbers a token: the width of E") if scale == "yes" else None
    upstream = _upstream(sheet, dX, (count, width), told)
    _conventions(sheet, hidden, "X" if d is None else "R")

    sheet.part("Forward pass" if upstream else "")
    hot = sheet.define("O", OneHot(t, size, hidden), "One-hot matrix", _one_hot(told, hidden), columns=told.vocabulary)
    picked = sheet.define(
        "X" if d is None else "R",
        hot @ rows,
        "Embeddings" if d is None else "Rows looked up",
        say("row i of {O} is 1 in one column and 0 in all others, so row i of the product is that one row of {E}: ",
            O=hot, E=rows) + say(_looked_up(told, hidden)),
        note=_saved(told, size, width, hidden),
    )  # fmt: skip
    output = picked
    if d is not None:
        output = sheet.define(
            "X",
            sqrt(d) * picked,
            "Embeddings, scaled",
            say(
                "Vaswani et al. multiply by {r}. They give no reason; a common one: {E} is the output layer's weight "
                "too, whose entries start at about 1/{r}, and times {r} they have the size of the positional encoding "
                "that is added next",
                r=sqrt(d),
                E=rows,
            ),
        )
    _check_rows(sheet, picked, rows, told, hidden)
    if upstream is None:
        return sheet.answer(output)
    sheet.part("Backward pass")
    return sheet.answer(output, _gradient(sheet, output, rows, upstream, told, hidden))


def _sequence(ids: Ids | None, tokens: Tokens | None, vocabulary: Tokens | None, size: int) -> Sequenced:
    """The tokens, from their ids or from their names."""
    names = checked_vocabulary(vocabulary, size, "E", "row")
    if ids is None:
        if tokens is None:
            raise InputError("{ids} is missing: which rows of {E}? Give ids from 0 as 2,0,2, or {tokens}, {vocabulary}")
        if vocabulary is None:
            raise InputError("{vocabulary} is missing: it says which row of {E} belongs to which of the {tokens}")
        found = [looked_up("tokens", at, token, vocabulary) for at, token in enumerate(tokens.items, 1)]
        return Sequenced(found, as_values(found), tokens.items, names)
    texts = [ids.text((0, at)) for at in range(len(ids))]
    found = [within("ids", at, text, size, "E", "row") for at, text in enumerate(texts, 1)]
    if tokens is not None and len(tokens) != len(found):
        has = amount(len(found), "id")
        raise InputError(f"{{tokens}} has {amount(len(tokens), 'name')}, but {{ids}} has {has}: one name an id")
    if tokens is not None and names is not None:
        for at, (token, number) in enumerate(zip(tokens.items, found, strict=True), 1):
            if token != names[number]:
                raise InputError(
                    f"{{tokens}} has {shown(token)} as number {at}, but {{ids}} has {number} there, which is "
                    f"{shown(names[number])} in {{vocabulary}}: leave {{ids}} or {{tokens}} out"
                )
    own = tuple(names[number] for number in found) if names is not None else None
    return Sequenced(found, ids, tokens.items if tokens is not None else own, names)


def _padding(padding: Ids | None, matrix: Values) -> int | None:
    """The id of the padding token, whose row is 0."""
    if padding is None:
        return None
    if len(padding) > 1:
        raise InputError(f"{{padding}} has {len(padding)} ids: there is one padding token, such as 0")
    found = within("padding", 1, padding.text((0, 0)), int(matrix.shape[0]), "E", "row")
    for column in range(int(matrix.shape[1])):
        if matrix.array[found, column] != 0:
            raise InputError(
                f"{{E}} has {matrix.text((found, column))} in row {found + 1}, the row of {{padding}} {found}: the row "
                "of a padding token is 0 and stays 0; make it 0, or leave {padding} out"
            )
    return found


def _upstream(sheet: Worksheet, dX: Matrix | None, shape: tuple[int, int], told: Sequenced) -> Symbol | None:
    if dX is None:
        return None
    flat = len(dX.shape) == 1
    given = dX.reshape((1, len(dX)) if shape[0] == 1 or shape[1] != 1 else (len(dX), 1)) if flat else dX
    if given.shape != shape:
        raise InputError(f"{{dX}} is {write(given.shape)}, but X is {write(shape)}: one row a token, as wide as {{E}}")
    return sheet.given(
        "dL/dX", given, "gradient of the loss L, arriving from above", option="dX", rows=told.names
    )  # fmt: skip


def _conventions(sheet: Worksheet, hidden: int | None, name: str) -> None:
    picked = related(word(name), "=", product([word("O"), word("E")]))
    sheet.convention("one token a row: {f}, as in Vaswani et al. 2017", f=picked)
    entry = word("O", "ij")
    hot = related(entry, "=", Word("1[tᵢ = j - 1]", r"\mathbb{1}\left[t_i = j - 1\right]"))
    sheet.convention(
        "ids are counted from 0, as in PyTorch and Keras, rows and columns from 1: id k is row k + 1 of E, and onehot "
        "means {o}, which is 1 where token i has the id of column j and 0 elsewhere",
        o=hot,
    )
    if hidden is not None:
        sheet.convention(
            f"id {hidden} is padding, which only fills sequences up to one length: its row of E is 0, its rows of O "
            "are 0 too, and so no gradient reaches it (padding_idx in PyTorch)"
        )


def _one_hot(told: Sequenced, hidden: int | None) -> str:
    """Where the first 1 stands."""
    first = next((at for at, number in enumerate(told.ids) if number != hidden), None)
    if first is None:
        return "every token is padding, which has no 1"
    number = told.ids[first]
    column = f"column {number + 1}" + (f", that of {told.known_as(number)}" if told.vocabulary else "")
    rest = "; a padding token has none" if hidden in told.ids else ""
    return (
        f"row i says which token stands at place i: {told.named(first)} has id {number}, so its 1 is in {column}{rest}"
    )


def _looked_up(told: Sequenced, hidden: int | None) -> str:
    """Which row of E each token gets."""
    parts = [
        f"{told.named(at)} is padding and gets 0" if number == hidden else f"{told.named(at)} gets row {number + 1}"
        for at, number in enumerate(told.ids[:MOST_TOLD])
    ]
    return ", ".join(parts) + (", …" if len(told.ids) > MOST_TOLD else "")


def _saved(told: Sequenced, size: int, width: int, hidden: int | None) -> Prose:
    """What the product would cost, and the look-up does not."""
    count = len(told.ids)
    total, used = count * size * width, sum(number != hidden for number in told.ids) * width
    return say(
        f"in practice nothing is multiplied: the rows are looked up. The product of n×V and V×d would take n V d = "
        f"{count}·{size}·{width} = {total} multiplications, {used} of them by 1 and {total - used} by 0"
    )


def _check_rows(sheet: Worksheet, picked: Symbol, rows: Symbol, told: Sequenced, hidden: int | None) -> None:
    """The same by indexing, without a product."""
    import numpy as np

    direct = sheet.values[rows.name][told.ids]
    if hidden is not None:
        direct = np.where((np.array(told.ids) == hidden)[:, None], 0.0, direct)
    sheet.check(
        bool(np.array_equal(direct, sheet.values[picked.name])),
        [picked],
        say("direct indexing, row {t} of {E} for each token, gives the same {X} number for number",
            t=Word("tᵢ + 1", "t_i + 1"), E=rows, X=picked),
    )  # fmt: skip


def _gradient(
    sheet: Worksheet, output: Symbol, rows: Symbol, upstream: Symbol, told: Sequenced, hidden: int | None
) -> Symbol:
    """∂L/∂E, and where its rows come from."""
    import numpy as np

    sheet.backward(output, [rows], seed=upstream, jacobians=False)
    reached = Sum(output * upstream)
    finite_difference(sheet, reached, [rows], reached)
    gradient = sheet.last("dL/dE")
    arriving = sheet.last("dL/dR") if output.name != "R" and "dL/dR" in sheet.values else upstream
    sheet.steps[-1].note = say(_uses(told, int(rows.shape[0]), hidden), g=arriving)
    added = np.zeros_like(sheet.values[rows.name])
    for at, number in enumerate(told.ids):
        if number != hidden:
            added[number] += sheet.values[arriving.name][at]
    sheet.check(
        bool(np.allclose(added, sheet.values[gradient.name], rtol=1e-12, atol=1e-300)),
        [gradient],
        say("row by row: each row of {g} added to the row of its token gives the same {d}", g=arriving, d=gradient),
    )
    return gradient


def _uses(told: Sequenced, size: int, hidden: int | None) -> str:
    """Which tokens are used several times, and which not at all."""
    places: dict[int, list[int]] = {}
    for at, number in enumerate(told.ids):
        places.setdefault(number, []).append(at + 1)
    parts = []
    several = [number for number, found in places.items() if len(found) > 1 and number != hidden]
    for number in several[:MOST_TOLD]:
        listed = _listed(places[number])
        parts.append(
            f"{told.known_as(number)} stands at places {listed}, so its row is the sum of rows {listed} of {{g}}"
        )
    unused = [number for number in range(size) if number not in places]
    if unused:
        names = _listed([told.known_as(number) for number in unused[:MOST_TOLD]], len(unused) > MOST_TOLD)
        what = "is not looked up, so its row is" if len(unused) == 1 else "are not looked up, so their rows are"
        parts.append(f"{names} {what} 0: this sequence does not teach {'it' if len(unused) == 1 else 'them'}")
    if hidden is not None and hidden in places:
        parts.append(f"{told.known_as(hidden)} is padding, so its row is 0")
    return "; ".join(parts) or "every token stands here once: its row is that of its place in {g}"


def _listed(items: Sequence[int | str], more: bool = False) -> str:
    """`1 and 3`, `1, 2 and 3`; of many the first."""
    texts = [str(item) for item in items[:MOST_TOLD]]
    if more or len(items) > MOST_TOLD:
        return ", ".join(texts) + ", …"
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + f" and {texts[-1]}"
