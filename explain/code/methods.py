"""Methods of lists, dicts and texts, of tensors, containers and arrays."""

from __future__ import annotations

from typing import Any

from explain.code import classes, graph, keras_calls, options, passing, tensors, torch_calls
from explain.code.objects import Container, Functional, Made, Numbers, Tensor
from explain.code.parts import Unknown
from explain.code.program import Above, Given, Instance, Method
from explain.code.reading import Reading
from explain.code.texts import text_method
from explain.code.values import MOST_ITEMS, NoValueError, items_of, key, small


def called(reading: Reading, what: Method, given: Given) -> Any:
    """What a method gives."""
    of = what.of
    if isinstance(of, Tensor):
        return tensors.operate(reading, what.name, [of, *given.positional], given.named, given.node)
    if isinstance(of, Above):
        return _above(reading, of, what.name, given)
    if isinstance(of, Instance):
        if of.of.framework == "keras" and what.name == "add_weight":
            return torch_calls.parameter(reading, given)
        shape = given.get(0, "input_shape")
        if what.name == "build" and isinstance(shape, (tuple, list)) and not isinstance(shape, Unknown):
            of.samples = of.samples or [Numbers(tuple(shape))]
        return torch_calls.method(reading, what, given)
    if isinstance(of, (Container, Functional)):
        build = keras_calls.method if isinstance(of, Functional) or of.framework == "keras" else torch_calls.method
        return build(reading, what, given)
    if isinstance(of, Made):
        return of if what.name in torch_calls.KEEPS else reading.unknown(given.node, "it is not read")
    if isinstance(of, (Numbers, options.Options, str, list, dict)):
        return _of_value(reading, of, what.name, given)
    if isinstance(of, Unknown) and what.name == "reshape":
        return _array(reading, Numbers(()), "reshape", given)
    found = graph.tensors_in([*given.positional, *given.named.values()])
    why = of.why if isinstance(of, Unknown) else "it is not read"
    if found:
        return tensors.doubtful(reading, what.name, found, given.node, why, weightless=False)
    return reading.unknown(given.node, why)


def _of_value(reading: Reading, of: Any, name: str, given: Given) -> Any:
    """Of a text, a list, a dict, an array, the options of a command line."""
    if isinstance(of, Numbers):
        return _array(reading, of, name, given)
    if isinstance(of, options.Options):
        return options.method(reading, of, name, given)
    reading.step(given.node, len(of) // 50)
    if isinstance(of, str):
        return text_method(of, name, given.positional, given.named)
    return _list(of, name, given) if isinstance(of, list) else _dict(of, name, given)


def _above(reading: Reading, of: Above, name: str, given: Given) -> Any:
    """`super().__init__()` of what is not in the file."""
    instance = of.instance
    if name == "__init__" and classes.contains(instance.of, "Sequential"):
        classes.filled(instance, given.positional)
    if name in ("forward", "call") and classes.contains(instance.of, "Sequential"):
        return passing.chained(reading, list(instance.values.values()), given.positional[0], given.line)
    return None


def _array(reading: Reading, of: Numbers, name: str, given: Given) -> Any:
    if name == "reshape" or (name == "view" and of.shape):
        sizes: Any = given.positional
        if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) and not isinstance(sizes[0], Unknown):
            sizes = sizes[0]
        open_ = Unknown("-1", given.line, "what is left of the data is known when it is there")
        return Numbers(tuple(open_ if each == -1 else each for each in sizes))
    if name in ("astype", *torch_calls.KEEPS):
        return of
    return reading.unknown(given.node, "it is made of data")


def _list(of: list[Any], name: str, given: Given) -> Any:
    """A list is changed where it stands."""
    first = given.positional[0] if given.positional else None
    if len(of) >= MOST_ITEMS:
        raise NoValueError("the list is too long to be read")
    if name == "append":
        of.append(first)
    elif name == "extend":
        more = list(first.children.values()) if isinstance(first, Container) else items_of(first)
        if len(of) + len(more) > MOST_ITEMS:
            raise NoValueError("the list is too long to be read")
        of.extend(more)
    elif name == "insert" and len(given.positional) == 2 and isinstance(first, int) and abs(first) < MOST_ITEMS:
        of.insert(first, given.positional[1])
    elif name == "pop" and of and (first is None or (isinstance(first, int) and -len(of) <= first < len(of))):
        return of.pop(-1 if first is None else first)
    elif name == "reverse":
        of.reverse()
    elif name == "copy":
        return list(of)
    elif name in ("index", "count") and small(of) and small(first):
        return of.count(first) if name == "count" else of.index(first) if first in of else -1
    else:
        raise NoValueError(f"{name} of a list is not read")
    return None


def _dict(of: dict[Any, Any], name: str, given: Given) -> Any:
    first = given.positional[0] if given.positional else None
    if name == "items":
        return [tuple(pair) for pair in of.items()]
    if name in ("keys", "values"):
        return list(of) if name == "keys" else list(of.values())
    if name == "update" and isinstance(first, (dict, type(None))):
        of.update({**(first or {}), **given.named})
        return None
    if name in ("get", "pop", "setdefault"):
        otherwise = given.positional[1] if len(given.positional) > 1 else None
        if name == "setdefault":
            return of.setdefault(key(first), otherwise)
        return of.get(key(first), otherwise) if name == "get" else of.pop(key(first), otherwise)
    if name == "copy":
        return dict(of)
    raise NoValueError(f"{name} of a dict is not read")
