"""Which question a formula with softmax asks: the Jacobian, or the gradient of the cross-entropy."""

from __future__ import annotations

from explain.engine.answer import Answer
from explain.errors import InputError
from explain.formulas.tree import Tree
from explain.formulas.words import wrong
from explain.topics._derivative.cross_entropy import CrossEntropy
from explain.topics._derivative.softmax import Asked, Softmax
from explain.topics._graph.formula import Names, Point, Question

FORMS = "softmax is worked as softmax(z), or as -sum(y*log(softmax(z)))"


def softmax_page(
    asked: Question, wrt: Names | None, classes: int, order: str, hessian: str, at: Point | None, source: str
) -> Answer:
    """The Jacobian of softmax, or the gradient of the cross-entropy by the scores.

    Raises:
        InputError: another formula with softmax in it; options that do not go with it.
    """
    found = _read(asked)
    for name in wrt.names if wrt else []:
        if name != found.z:
            known = (
                f"the variable here is {found.z}" if name in asked.names else f"its names are {', '.join(asked.names)}"
            )
            raise InputError(f"{{wrt}} is {name}: not a variable of this formula with softmax; {known}")
    if at is not None:
        raise InputError(
            "{at} is given: with softmax the page stays with letters; mlp and attention work it in numbers"
        )
    if order != "1" or hessian != "no":
        raise InputError(
            f"{{{'order' if order != '1' else 'hessian'}}}: of softmax only the first derivatives are worked"
        )
    page = (CrossEntropy if found.y else Softmax)(found, classes, source)
    return page.answer()


def _read(asked: Question) -> Asked:
    """Which of the two forms it is; parts with a name are put in."""
    parts: dict[str, Tree] = {}
    for statement in asked.statements:
        parts[statement.target] = _filled(statement.tree, parts)
    tree, sign = parts[asked.statements[-1].target], 1
    target = asked.statements[-1].target
    if _is_softmax(tree):
        return Asked(tree.operands[0].text, "", target)
    while tree.kind == "neg" or (tree.kind == "call" and tree.text == "sum" and tree.axis is None):
        sign = -sign if tree.kind == "neg" else sign
        tree = tree.operands[0]
    factors = list(tree.operands) if tree.kind == "*" else []
    while any(factor.kind == "neg" for factor in factors):
        at = next(at for at, factor in enumerate(factors) if factor.kind == "neg")
        factors[at], sign = factors[at].operands[0], -sign
    logs = [f for f in factors if f.kind == "call" and f.text == "log" and _is_softmax(f.operands[0])]
    names = [factor for factor in factors if factor.kind == "name"]
    if sign > 0 or len(factors) != 2 or len(logs) != 1 or len(names) != 1 or "sum" not in str(asked.last):
        wrong("formula", asked.last.column, f"{FORMS}; other formulas belong to backprop, or write the sum out")
    z = logs[0].operands[0].operands[0].text
    if z == names[0].text:
        wrong("formula", names[0].column, f"{z} is score and target at once: give the target another name")
    return Asked(z, names[0].text, target)


def _filled(tree: Tree, parts: dict[str, Tree]) -> Tree:
    if tree.kind == "name":
        return parts.get(tree.text, tree)
    operands = tuple(_filled(operand, parts) for operand in tree.operands)
    return Tree(tree.kind, tree.text, operands, tree.signs, tree.axis, tree.column, tree.depth)


def _is_softmax(tree: Tree) -> bool:
    return tree.kind == "call" and tree.text == "softmax" and tree.operands[0].kind == "name"
