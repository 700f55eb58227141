"""The chain rule in reverse: each named step differentiated locally, the pieces joined into gradients.

Nothing here knows a topic. A definition is linear in its symbols or one function of a symbol; what arrives at
it is pulled back to each symbol it reads, and where several definitions read the same symbol the pieces add up.
Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.5; PyTorch and JAX call the pull-back a
vector-Jacobian product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from explain.engine import local_derivatives, wording, wording_beside, wording_over
from explain.engine.answer import Local
from explain.engine.evaluate import symbols
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.beside import together
from explain.engine.nodes.functions import Apply, Softmax
from explain.engine.nodes.linear import Diagonal
from explain.engine.notation import PLUS, SUM, Notation, Row, Word, product
from explain.engine.prose import SYMBOLIC
from explain.engine.pullback import joined, pull

if TYPE_CHECKING:
    from explain.engine.worksheet import Worksheet


class Course(NamedTuple):
    """How a long backward pass is laid out.

    Attributes:
        heading: the part of the working that a quantity's gradient stands in.
        last: the quantities whose gradients stand at the end, such as weights that every time step shares.
        told: what a path is called in words, by the name of the quantity it leads through.
    """

    heading: Callable[[str], str]
    last: frozenset[str]
    told: Mapping[str, str]


def backward(
    sheet: Worksheet,
    loss: Symbol,
    wrt: Sequence[Symbol],
    *,
    seed: Symbol | None = None,
    links: Mapping[str, str] | None = None,
    jacobians: bool = True,
    course: Course | None = None,
) -> None:
    """Define the gradients of `loss` with respect to `wrt`, and all that they need on the way.

    Args:
        seed: ∂(something)/∂loss, where the gradient arrives from outside; without it `loss` is the end.
        links: `{"z_1": "z_2"}` also works ∂z₂/∂z₁, once both local derivatives are there.
        jacobians: whether local derivatives are worked as Jacobians too; every vector must be a single column then.
        course: the order and the headings of a long pass; a derivative that is 1 gets no step of its own then.
    """
    Backward(sheet, loss, wrt, seed, links or {}, jacobians, course).run()


def followed(expression: Node) -> dict[str, Symbol]:
    """The symbols that an expression is differentiated with respect to: all it reads but those that stand aside."""
    aside = getattr(expression, "aside", ())
    return {name: read for name, read in symbols(expression).items() if name not in aside}


class Backward:
    """One pass in reverse."""

    def __init__(
        self,
        sheet: Worksheet,
        loss: Symbol,
        wrt: Sequence[Symbol],
        seed: Symbol | None,
        links: Mapping[str, str],
        jacobians: bool,
        course: Course | None,
    ) -> None:
        self.sheet = sheet
        self.course = course
        self.wrt = wrt
        self.late: list[Symbol] = []
        self.top = Symbol("L") if seed is not None else loss
        self.links = links
        self.jacobians = jacobians
        self.definitions = [(step.symbol, step.expression) for step in sheet.steps]
        self.active = self._path(loss, {symbol.name for symbol in wrt})
        self.adjoints: dict[str, Node] = {loss.name: seed if seed is not None else Number(Fraction(1), "1")}
        self.pieces: dict[str, list[tuple[Symbol, Node]]] = {}
        self.waiting = {
            name: sum(name in followed(e) for s, e in self.definitions if s.name in self.active) for name in self.active
        }

    def run(self) -> None:
        """Work the definitions from the loss back."""
        for symbol, expression in reversed(self.definitions):
            if self.course is not None and symbol.name in self.pieces and symbol.name not in self.adjoints:
                self._gradient(symbol)  # a long pass is worked in the order of the steps, last to first
            if symbol.name in self.active and symbol.name in self.adjoints:
                self._through(symbol, expression)
        order = {symbol.name: at for at, symbol in enumerate(self.wrt)}
        for operand in sorted(self.late, key=lambda symbol: order.get(symbol.name, 0)):
            self._gradient(operand)

    def _path(self, loss: Symbol, wrt: set[str]) -> set[str]:
        """The names between the loss and the wanted symbols."""
        reaching = set(wrt)
        for symbol, expression in self.definitions:
            if reaching & followed(expression).keys():
                reaching.add(symbol.name)
        leading = {loss.name}
        for symbol, expression in reversed(self.definitions):
            if symbol.name in leading:
                leading.update(followed(expression))
        return reaching & leading

    def _through(self, symbol: Symbol, expression: Node) -> None:
        seed = self.adjoints[symbol.name]
        self._place(symbol)
        if not isinstance(seed, Number):
            local_derivatives.of_function(self.sheet, symbol, expression, self.active, self.jacobians)
        pulled = self._pulled(symbol, expression, seed)
        defined = {defined.name for defined, _ in self.definitions}
        reads = symbols(expression)
        for name in sorted(pulled, key=lambda name: name in defined):  # what is given first
            self.pieces.setdefault(name, []).append((symbol, pulled[name]))
            if self.jacobians and not isinstance(seed, Number):
                local_derivatives.of_linear(self.sheet, symbol, reads[name], expression)
            self.waiting[name] -= 1
            if self.waiting[name] == 0:
                self._reached(reads[name])

    def _reached(self, operand: Symbol) -> None:
        """All paths to a quantity are there."""
        pieces = self.pieces[operand.name]
        if self.course is None:
            self._gradient(operand)
        elif operand.name in self.course.last:
            self.late.append(operand)
        elif len(pieces) == 1 and isinstance(pieces[0][1], Number):
            self.adjoints[operand.name] = pieces[0][1]
        elif not any(symbol.name == operand.name for symbol, _ in self.definitions):
            self._gradient(operand)

    def _place(self, symbol: Symbol) -> None:
        if self.course is not None:
            self.sheet.part(self.course.heading(symbol.name))

    def _pulled(self, symbol: Symbol, expression: Node, seed: Node) -> dict[str, Node]:
        """The pieces, with a named local derivative in place of its formula."""
        operand = expression.operands[0] if isinstance(expression, Apply | Softmax) else None
        if isinstance(operand, Symbol):
            local = self._defined(f"d{symbol.name}/d{operand.name}")
            if local is not None:
                return {operand.name: seed * local if isinstance(expression, Apply) else local.T @ seed}
            if isinstance(expression, Softmax) and operand.name in self.active:
                said = wording.averages(symbol, seed, expression.axis)
                averages = self.sheet.define(
                    f"r_{symbol.name}",
                    expression.averages(seed, symbol),
                    *said,
                    written=Word(f"r_{symbol.word.text}", f"r_{{{symbol.word.latex}}}", key=f"r_{symbol.name}"),
                )
                return {operand.name: expression.pulled(seed, symbol, averages)}
        return pull(expression, seed, symbol, self.active)

    def _expression(self, symbol: Symbol) -> Node:
        return next(e for s, e in self.definitions if s.name == symbol.name)

    def _defined(self, name: str) -> Symbol | None:
        return next((step.symbol for step in self.sheet.steps if step.name == name), None)

    def _gradient(self, operand: Symbol) -> None:
        self._place(operand)
        pieces = self.pieces[operand.name]
        expression = together([piece for _, piece in pieces])
        if expression is None:
            expression = pieces[0][1]
            for _, piece in pieces[1:]:
                expression = joined(expression, piece)
        through = [symbol for symbol, _ in pieces]
        chain = self._chain(operand, through)
        definition = self._expression(through[0])
        paths = [(symbol, self._expression(symbol)) for symbol in through]
        said = wording_over.gradient(self.top, operand, paths, self.sheet.definition(operand.name))
        said = said or wording_beside.gradient(operand, through, expression, self.adjoints[through[0].name])
        gradient = self.sheet.define(
            f"d{self.top.name}/d{operand.name}",
            expression,
            *(
                said
                or wording.gradient(
                    self.top,
                    operand,
                    through,
                    pieces[0][1],
                    self.adjoints[through[0].name],
                    definition,
                    self._told(operand),
                )
            ),
            chain=chain,
        )
        self.adjoints[operand.name] = gradient
        if operand.name in self.links and self.jacobians:
            self._link(operand, self.links[operand.name])

    def _told(self, operand: Symbol) -> Mapping[str, str] | None:
        """What the paths are called; None for weights that are used many times, whose paths are all alike."""
        if self.course is None:
            return {}
        return None if operand.name in self.course.last else self.course.told

    def _chain(self, operand: Symbol, through: Sequence[Symbol]) -> Row | None:
        """The chain of partial derivatives that a gradient step begins with: a sum where several paths meet."""
        if len(through) > 1:
            row: list[Notation] = []
            for middle in through:
                local = word(f"d{middle.name}/d{operand.name}")
                direct = isinstance(self.adjoints[middle.name], Number)
                arriving = word(f"d{self.top.name}/d{middle.name}")
                if direct and middle.name == self.top.name:  # ∂f/∂a itself is what is sought
                    row += [PLUS, SYMBOLIC.write(self.pieces[operand.name][0][1])]
                else:
                    row += [PLUS, local if direct else product([arriving, local])]
            return Row(row[1:], SUM)
        if isinstance(self.adjoints[through[0].name], Number):
            return None
        only = through[0].name
        function = isinstance(self._expression(through[0]), Apply | Softmax)
        if (
            function
            and all(size == 1 for size in (*through[0].shape, *operand.shape))
            and self._defined(f"d{only}/d{operand.name}")
        ):
            return None  # the formula is the chain itself
        return Row([product([word(f"d{self.top.name}/d{only}"), word(f"d{only}/d{operand.name}")])])

    def _link(self, operand: Symbol, target: str) -> None:
        """∂target/∂operand over the function between them."""
        middle = next(s for s, e in self.definitions if operand.name in symbols(e) and s.name in self.active)
        outer, inner = self._defined(f"d{target}/d{middle.name}"), self._defined(f"d{middle.name}/d{operand.name}")
        symbol = next(s for s, _ in self.definitions if s.name == target)
        copied = isinstance(self._expression(middle), Symbol)
        if outer is None or (inner is None and not copied):
            return
        expression: Node = outer
        if inner is not None:
            expression = outer @ Diagonal(inner) if any(size != 1 for size in inner.shape) else outer @ inner
        self.sheet.define(
            f"d{target}/d{operand.name}",
            expression,
            *wording.linked(symbol, middle, operand),
            chain=Row([product([word(f"d{target}/d{middle.name}"), word(f"d{middle.name}/d{operand.name}")])]),
            local=Local("matrix", symbol, operand),
        )
