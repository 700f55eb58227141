"""The command of a topic: its options from its declaration, the output options that all share."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from explain.output import AnswerDocument, Output, has_utf8

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from explain.declare import Parameter, Topic


class Choices(click.Choice[str]):
    """Offers its choices to shell completion; the topic itself says what is wrong with a value."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value as typed."""
        return value


class TopicCommand(click.Command):
    """A command whose help can be read in any locale."""

    def get_help(self, ctx: click.Context) -> str:
        """The help text."""
        return plain_text(super().get_help(ctx))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; a word that belongs to none is refused with the mend."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if "unexpected extra argument" not in error.message:
                raise
            mend = "every value follows its option, and a list has no spaces or stands in quotes"
            raise click.UsageError(f"{error.message}: {mend}", ctx) from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The options, each once: `--d_k` only where an underscore was typed."""
        offered = super().shell_complete(ctx, incomplete)
        return offered if "_" in incomplete else [item for item in offered if "_" not in item.value]


def option_of(parameter: Parameter) -> click.Parameter:
    """A topic's parameter as an option; `--b-h` and `--b_h` are the same. A positional one is all the loose words."""
    if parameter.positional:
        return click.Argument([parameter.name], nargs=-1, required=False, metavar=parameter.name.upper())
    dashed = "--" + parameter.name.replace("_", "-")
    names = dict.fromkeys([parameter.name, dashed, "--" + parameter.name])
    told = parameter.help
    if not parameter.required and isinstance(parameter.default, str):
        told += f" (default: {parameter.default})"
    return click.Option(
        list(names),
        multiple=parameter.many,
        help=told + (" [required]" if parameter.required else ""),
        type=Choices(parameter.choices) if parameter.choices else click.STRING,
        metavar=None if parameter.choices else parameter.kind.__name__.upper(),
    )


def file_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leaves completion to the shell, which knows its files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def output_options() -> list[click.Option]:
    """The options that every topic shares."""
    return [
        click.Option(["--find"], multiple=True, metavar="NAME", help="only what leads to this step; may be repeated"),
        click.Option(
            ["--detail"],
            type=Choices(["brief", "exam", "full"]),
            default="exam",
            help="how much is worked (default: exam)",
        ),
        click.Option(["--digits"], metavar="N", default="4", help="decimals shown, 1 to 15 (default: 4)"),
        click.Option(
            ["--format"],
            type=Choices(["terminal", "markdown", "svg", "json"]),
            help="default: terminal on a terminal, else markdown",
        ),
        click.Option(
            ["-o", "--output"],
            metavar="FILE",
            shell_complete=file_names,
            help="write a file; .md, .txt, .svg or .json chooses the format",
        ),
        click.Option(["--width"], metavar="N", help="columns of the terminal page, 20 to 400"),
        click.Option(
            ["--color"], type=Choices(["auto", "always", "never"]), default="auto", help="colour (default: auto)"
        ),
    ]


def command_of(topic: Topic) -> click.Command:
    """The command of a topic: its options, the shared ones, its examples."""
    parameters = topic.parameters
    names = {parameter.name for parameter in parameters}
    loose = {parameter.name for parameter in parameters if parameter.positional}

    def run(**values: Any) -> None:
        given = {name: value for name, value in values.items() if name in names and value not in (None, ())}
        given.update({name: " ".join(given[name]) for name in loose & given.keys()})
        chosen = {name: value for name, value in values.items() if name not in names}
        find = chosen.pop("find")
        deliver(topic, given, find, Output.read(chosen))

    about = inspect.cleandoc(topic.__doc__ or "").split("Examples:")[0].strip()
    about += "".join(f"\n\n{item.name.upper()}: {item.help}" for item in parameters if item.positional)
    return TopicCommand(
        topic.name,
        params=[*map(option_of, parameters), *output_options()],
        callback=run,
        help=about,
        short_help=topic.title,
        epilog="Example: " + topic.examples[0] if topic.examples else None,
    )


def deliver(topic: Topic, given: dict[str, Any], find: Sequence[str], output: Output) -> None:
    """Work the answer and write it."""
    answer = topic(find=find, **given)
    output.write(AnswerDocument(answer, output.detail, output.digits))
    if not answer.passed:
        raise click.exceptions.Exit(1)


def plain_text(text: str) -> str:
    """Text as the terminal can show it: ASCII where the locale has no UTF-8."""
    if has_utf8():
        return text
    from explain.render.glyphs import to_ascii

    return to_ascii(text)
