"""The training objective without numbers: for a text of known tokens, of a known length, or of n tokens."""

from __future__ import annotations

from explain.engine.answer import Answer
from explain.engine.functions import EXP, LOG
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Add
from explain.engine.nodes.base import Node
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.products import Factors, Product
from explain.engine.notation import related
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count
from explain.tokens import Tokens
from explain.topics._language.objective import check_symbols, objective_conventions
from explain.topics._language.words import conditional, general, joint

LISTED = 6  # positions that are named one by one
KNOWN = ("nothing before it", "the token before it", *(f"the {at} tokens before it" for at in range(2, LISTED)))


def in_symbols(sheet: Worksheet, tokens: Tokens | None, length: Count | None) -> Answer:
    """The formulas for a text of known tokens, of a known length, or of n tokens."""
    count = len(tokens) if tokens is not None else (length.number if length is not None else None)
    names = tokens.items if tokens is not None else None
    if names is not None and len(names) > LISTED:
        told = f"{{tokens}} has {len(names)} names: formulas are written out for at most {LISTED}"
        raise InputError(f"{told}; give {{length}} {len(names)} instead")
    objective_conventions(sheet)
    if count is not None and count <= LISTED:
        n: Node = sheet.given("n", Values((), (str(count),)), "positions, one token each")
        parts = [
            sheet.given(f"p_{at}", None, f"token {at}, given {told}", written=conditional(at, names, f"p_{at}"))
            for at, told in enumerate(KNOWN[:count], 1)
        ]
        whole: Node = parts[0] if count == 1 else Factors(parts)
        logs: Node = LOG(parts[0]) if count == 1 else Add(*map(LOG, parts))
    else:
        letter = length.name if length is not None and length.name else "n"
        n = sheet.given(letter, None if count is None else Values((), (str(count),)), "positions", option="length")
        p = sheet.given(
            "p",
            None,
            say("{f}, one a position", f=related(word("p", "i"), "=", general())),
            shape=(letter if count is None else count, 1),
        )
        whole, logs = Product(p), Sum(LOG(p))
    P = sheet.define(
        "P_text",
        whole,
        "Probability of the whole text",
        "chain rule of probability: every token given all before it",
        written=joint(count or "n", names if count and count <= LISTED else None, "P_text"),
    )
    total = sheet.define(
        "L_sum",
        -logs,
        "Training objective: negative log-likelihood",
        say(
            "minus the logarithm of {P}, as the sum of the logarithms of its factors: the weights {t} are trained "
            "to make it small",
            P=P,
            t=word("theta"),
        ),
    )
    mean = sheet.define(
        "L_mean", total / n, "Mean loss per token", say("{L} shared among the {n} positions", L=total, n=n)
    )
    found = sheet.define(
        "PPL",
        EXP(mean),
        "Perplexity",
        say(
            "e to the power of {L}, which is {P} to the power of -1/{n}; a fair choice among k tokens gives each 1/k, "
            "a loss of log k, so its perplexity is k",
            L=mean,
            P=P,
            n=n,
        ),
    )
    check_symbols(sheet, [P, total, found])
    return sheet.answer(P, total, mean, found)
