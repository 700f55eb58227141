"""What PyTorch code makes: modules, containers, and functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from explain.code import graph, making, passing, tensors, torch_layers
from explain.code.objects import WEIGHTS, Container, Made, Outside, Tensor
from explain.code.parts import Arguments, Unknown
from explain.code.program import MODULES, Given, Instance, Method
from explain.code.reading import Reading

CREATE = {"randn", "rand", "zeros", "ones", "empty", "randint", "FloatTensor", "Tensor"}
# classes that are no layers
OTHER = {"Parameter", "Tensor", "FloatTensor", "LongTensor", "Variable", "Generator", "Size", "DataParallel", "Adam"}
KEEPS = {"to", "cuda", "cpu", "eval", "train", "double", "float", "half", "apply", "requires_grad_", "DataParallel",
         "compile", "bfloat16"}  # gives the module back  # fmt: skip


def outside(reading: Reading, what: Outside, given: Given) -> Any:
    """A call of something that PyTorch has."""
    build = MAKERS.get(what.last)
    first = given.positional[0] if given.positional else None
    if build is not None:
        return build(reading, given)
    if what.last in KEEPS and isinstance(first, (Made, Container, Instance)):
        return first
    if graph.tensors_in([*given.positional, *given.named.values()]):
        found = tensors.operate(reading, what.last, given.positional, given.named, given.node)
        return tensors.perhaps_weighted(what, found)
    if what.last in CREATE:
        if what.last == "randint":
            return making.array(Given(given.node, [given.get(2, "size")], {}))
        return making.array(given)
    if what.last[:1].isupper() and what.last not in OTHER and not what.last.endswith("Loss"):
        return layer(reading, what, given)
    if what.last == "Parameter":
        return parameter(reading, given)
    return reading.unknown(given.node, "nothing in the code sets it" if "." not in what.path else "it is not read")


def layer(reading: Reading, what: Outside, given: Given) -> Made:
    """A module of PyTorch; it gets its name from where it is kept."""
    made = making.layer(reading, what.last, given.positional, given.named, given, torch_layers.build)
    made.framework = "pytorch"
    made.arrives = torch_layers.arrives(made.arguments)
    if made.arrives is None and made.layer is not None and what.last in torch_layers.KINDS:
        _says_what_arrives(reading, made, torch_layers.KINDS[what.last].arrives)
    return made


def _says_what_arrives(reading: Reading, made: Made, argument: str) -> None:
    """Tells where what arrives stands in the code but is not known."""
    given = made.arguments.positional
    found = made.arguments.named.get(argument, given[0] if given else None) if argument else None
    if isinstance(found, Unknown):
        mend = f"; give --let {found.lacking}=…" if found.lacking else ""
        reading.remark(made.line, f"{made.kind} has {argument} = {found.text}: {found.why}{mend}")


def parameter(reading: Reading, given: Given) -> Tensor:
    """`nn.Parameter(…)`: weights that belong to no layer; how many they are is not worked here."""
    why = "weights of its own, of no layer, are not counted here"
    unknown = Unknown(reading.written(given.node), given.line, why)
    made = Made(reading.framework, Arguments(WEIGHTS, [], {}, given.line), unknown.text, None, unknown)
    name = given.named.get("name")
    made.name = name if isinstance(name, str) else reading.number("weights") if reading.framework == "keras" else ""
    return Tensor(reading.use(made, []))


def _container(kind: Literal["Sequential", "ModuleList"]) -> Callable[[Reading, Given], Container]:
    def build(reading: Reading, given: Given) -> Container:
        found = Container(kind, "pytorch", given.line)
        first = given.positional[0] if len(given.positional) == 1 else None
        if isinstance(first, dict):
            found.children.update({str(name): each for name, each in first.items()})
        elif isinstance(first, Container):
            found.children.update({str(at): each for at, each in enumerate(first.children.values())})
        elif isinstance(first, (list, tuple)) and not isinstance(first, Unknown):
            if kind == "Sequential":
                reading.remark(
                    given.line,
                    "nn.Sequential is given a list, which PyTorch refuses: write nn.Sequential(*layers); read as that",
                )
            extend(found, first)
        else:
            extend(found, given.positional)
        reading.made += 1
        if kind == "Sequential":
            reading.models.append(found)
        return found

    return build


def _by_name(reading: Reading, given: Given) -> Container:
    found = Container("ModuleDict", "pytorch", given.line)
    first = given.positional[0] if given.positional else given.named.get("modules")
    if isinstance(first, dict):
        found.children.update({str(name): each for name, each in first.items()})
    reading.made += 1
    return found


def extend(container: Container, layers: Any) -> None:
    """Layers behind the others, numbered on."""
    for each in layers:
        container.children[str(len(container.children))] = each


def method(reading: Reading, what: Method, given: Given) -> Any:
    """Methods of modules: those that add layers, those that give the module back, and those that are left out."""
    owner, name = what.of, what.name
    if name in KEEPS:
        return owner
    if name in ("forward", "__call__"):
        return passing.applied(reading, owner, given.positional, given.named, given.line)
    if name in ("add_module", "register_module") and len(given.positional) == 2:
        place, found = given.positional
        if isinstance(place, str):
            (owner.values if isinstance(owner, Instance) else owner.children)[place] = found
            reading.made += 1
        return None
    if isinstance(owner, Container):
        return _fill(reading, owner, name, given)
    if isinstance(owner, Instance) and name in LISTED:
        return _listed({key: each for key, each in owner.values.items() if isinstance(each, MODULES)}, name)
    return reading.unknown(given.node, "it is not read")


def _fill(reading: Reading, owner: Container, name: str, given: Given) -> Any:
    """A container as a list or a dict."""
    reading.made += 1
    if name == "append" and given.positional:
        extend(owner, given.positional[:1])
        return owner
    if name == "extend" and given.positional:
        from explain.code.expressions import items

        extend(owner, items(given.positional[0]))
        return owner
    if name == "insert" and len(given.positional) == 2 and isinstance(given.positional[0], int):
        layers = list(owner.children.values())
        layers.insert(*given.positional)
        owner.children.clear()
        extend(owner, layers)
        return None
    if name in LISTED:
        return _listed(owner.children, name)
    if name == "update" and given.positional and isinstance(given.positional[0], dict):
        owner.children.update({str(key): each for key, each in given.positional[0].items()})
        return None
    return reading.unknown(given.node, "it is not read")


def _listed(children: Mapping[str, Any], name: str) -> list[Any]:
    """The layers of a module, with their names or without."""
    if name == "keys":
        return list(children)
    return list(children.values() if name in ("children", "values") else children.items())


LISTED = {"children", "values", "named_children", "items", "keys"}
MAKERS: dict[str, Callable[[Reading, Given], Any]] = {
    "Sequential": _container("Sequential"),
    "ModuleList": _container("ModuleList"),
    "ModuleDict": _by_name,
    "Parameter": parameter,
}
