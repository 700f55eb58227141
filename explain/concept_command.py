"""`explain concept`: the list of concepts, the search, and one concept worked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from explain.commands import output_options, plain_text
from explain.output import Output

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from explain.concepts import Listed


def concept_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names that begin so, with their titles."""
    from click.shell_completion import CompletionItem

    from explain.concepts import listed

    return [CompletionItem(item.name, help=item.title) for item in listed() if item.name.startswith(incomplete)]


class ConceptCommand(click.Command):
    """A command whose help can be read in any locale."""

    def get_help(self, ctx: click.Context) -> str:
        """The help text."""
        return plain_text(super().get_help(ctx))


@click.command(
    "concept",
    cls=ConceptCommand,
    short_help="Explain a concept beside the calculation that shows it; without a name, list them",
    epilog="Example: explain concept lstm-gates",
)
@click.argument("name", nargs=-1, shell_complete=concept_names)
@click.option("--search", metavar="WORDS", help="list the concepts that speak of these words")
def concept(name: Sequence[str], search: str | None, **chosen: Any) -> None:
    """Explain a concept: a short text with its sources, the calculations that show it, and statements judged true or
    false. Every number of the text is computed on the spot.

    Without NAME, list the concepts there are; with --search, those that speak of a word.
    """
    from explain import concepts

    output = Output.read(chosen)
    if search is not None and name:
        raise click.UsageError("--search lists concepts: leave the name out, or the search")
    if search is not None:
        _list(concepts.search(search))
    elif not name:
        _list(concepts.listed(), fields=True)
    else:
        called = concepts.known(" ".join(name))
        from explain.essay import work
        from explain.render.essay import EssayDocument

        worked = work(called)
        output.write(EssayDocument(worked.essay(output.detail, output.digits)))
        if not worked.passed:
            raise click.exceptions.Exit(1)


concept.params += [option for option in output_options() if option.name != "find"]


def _list(found: Sequence[Listed], fields: bool = False) -> None:
    """One line a concept; under the names of their fields where all are listed."""
    width = max(len(item.name) for item in found)
    field = ""
    for item in found:
        if fields and item.field != field:
            click.echo(plain_text(f"\n{item.field}" if field else item.field))
            field = item.field
        click.echo(plain_text(f"{'  ' * fields}{item.name:{width}}  {item.title}"))
