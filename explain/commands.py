"""The command of a topic: its options from its declaration, the output options that all share."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from explain.engine.names import GREEK
from explain.output import AnswerDocument, Output, has_utf8

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from explain.declare import Parameter, Topic


class Choices(click.Choice[str]):
    """Offers its choices to shell completion; the topic itself says what is wrong with a value."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value as typed."""
        return value


NAMED = re.compile(r"--[^\W\d_][\w-]*")


class TopicCommand(click.Command):
    """A command whose help can be read in any locale."""

    def get_help(self, ctx: click.Context) -> str:
        """The help text."""
        return plain_text(super().get_help(ctx))

    loose = False  # whether there are names beside the options: the inputs of a formula

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; a word that belongs to none is refused with the mend."""
        try:
            return super().parse_args(ctx, self.sorted(ctx, args) if self.loose else self.signed(args))
        except click.UsageError as error:
            if "unexpected extra argument" not in error.message:
                raise
            mend = "every value follows its option, and a list has no spaces or stands in quotes"
            raise click.UsageError(f"{error.message}: {mend}", ctx) from error

    def signed(self, args: list[str]) -> list[str]:
        """A formula that begins with `-` is set apart at the end, so that it is not taken for options."""
        if not any(isinstance(param, click.Argument) for param in self.params) or "--" in args:
            return args
        for at, word in enumerate(args):
            if re.match(r"-[^-].*[(*/+^]", word) and not (at and args[at - 1].startswith("-")):
                return [*args[:at], *args[at + 1 :], "--", word]
        return args

    def sorted(self, ctx: click.Context, args: Sequence[str]) -> list[str]:
        """The options first, then the loose words as they stand, `--w0 2` among them as `w0=2`.

        The first loose word may begin with `-`: it is a formula.
        """
        options = {name: option for option in self.get_params(ctx) for name in option.opts if name.startswith("-")}
        own: list[str] = []
        words: list[str] = []
        named: dict[str, str] = {}
        left = list(args)
        while left:
            word = left.pop(0)
            name, told, value = word.partition("=")
            option = options.get(name)
            if word == "--":
                words, left = words + left, []
            elif option is not None:
                own.append(word)
                if left and not told and not getattr(option, "is_flag", False):
                    own.append(left.pop(0))
            elif NAMED.fullmatch(name):
                if not told and not left and not ctx.resilient_parsing:
                    raise click.UsageError(f"{name} needs a value: {name} 2, or {name[2:]}=2", ctx)
                plain = name[2:].replace("-", "_")
                named[plain] = name
                words.append(f"{plain}={value if told or not left else left.pop(0)}")
            else:
                words.append(word)
        self._misspelled(ctx, words, named, options)
        return [*own, "--", *words]

    def _misspelled(
        self, ctx: click.Context, words: Sequence[str], named: Mapping[str, str], options: Collection[str]
    ) -> None:
        """A name that the formula does not have, but an option nearly has."""
        formula = next((word for word in words if word.partition("=")[0] not in named), "")
        for plain, name in named.items():
            near = get_close_matches(name.lower(), options, 1, 0.75)
            typed = rf"(?<!\w)({re.escape(plain)}|{GREEK.get(plain, plain)})(?!\w)"
            if near and not ctx.resilient_parsing and not re.search(typed, formula):
                raise click.NoSuchOption(name, possibilities=near, ctx=ctx)

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
    told = parameter.help + _left_out(parameter)
    return click.Option(
        list(names),
        multiple=parameter.many,
        help=told,
        type=Choices(parameter.offered) if parameter.offered else click.STRING,
        metavar=None if parameter.choices else parameter.kind.__name__.upper(),
    )


SAYS_SO = re.compile(r"default|left out|without|not given|if given|never")


def _left_out(parameter: Parameter) -> str:
    """What holds where an option is left out; nothing where its help says so."""
    if parameter.required:
        return " [required]"
    if SAYS_SO.search(parameter.help):
        return ""
    return " [optional]" if parameter.default in (None, ()) else f" (default: {parameter.default})"


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
    positional = {parameter.name for parameter in parameters if parameter.positional}

    def run(**values: Any) -> None:
        given = {name: value for name, value in values.items() if name in names and value not in (None, ())}
        for name in positional & given.keys():
            words = given[name]
            if topic.loose is not None:  # one formula, and values for its names
                words, given[topic.loose.name] = words[:1], words[1:]
            given[name] = " ".join(words)
        chosen = {name: value for name, value in values.items() if name not in names}
        find = chosen.pop("find")
        deliver(topic, given, find, Output.read(chosen))

    about = inspect.cleandoc(topic.__doc__ or "").split("Examples:")[0].strip()
    about += "".join(f"\n\n{item.name.upper()}: {item.help}" for item in parameters if item.positional or item.loose)
    command = TopicCommand(
        topic.name,
        params=[*(option_of(item) for item in parameters if not item.loose), *output_options()],
        callback=run,
        help=about,
        short_help=topic.title,
        epilog="Example: " + topic.examples[0] if topic.examples else None,
    )
    command.loose = topic.loose is not None
    return command


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
