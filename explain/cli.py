"""The command line: one command a topic, built from its declaration; a topic's file is loaded when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from explain import __version__
from explain.commands import command_of, file_names, output_options, plain_text
from explain.concept_command import concept
from explain.errors import InputError, printable, shown
from explain.output import Output
from explain.topics import declared, find_topic

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EXAMPLES = (
    "explain attention --scores 112,96",
    "explain lstm-params --units 30 --features 1",
    'explain mlp --x -2,3 --W "0.5,-0.2" --b 0.1 --activation sigmoid --target 1 --loss binary-cross-entropy',
)
UNUSABLE = 2
INTERRUPTED = 130


class TopicGroup(click.Group):
    """Finds a topic's command by loading only that topic."""

    def get_help(self, ctx: click.Context) -> str:
        """The help text."""
        return plain_text(super().get_help(ctx))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All topics, and the commands of the program itself."""
        return sorted([*declared(), *super().list_commands(ctx)])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the topics by field; the title of a topic is enough for it, its file is not loaded."""
        from explain.listing import by_field

        own = {name: super(TopicGroup, self).get_command(ctx, name) for name in super().list_commands(ctx)}
        width = max(map(len, [*own, *declared()]))
        with formatter.section("Commands"):
            told = {name: command.get_short_help_str(limit=200) for name, command in own.items() if command is not None}
            formatter.write_dl([(f"{name:{width}}", text) for name, text in sorted(told.items())])
        for field, topics in by_field(declared()).items():
            with formatter.section(field):
                formatter.write_dl([(f"{name:{width}}", entry.title) for name, entry in topics.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names that begin so; a topic's file is not loaded for it."""
        from click.shell_completion import CompletionItem

        own = [(name, super(TopicGroup, self).get_command(ctx, name)) for name in super().list_commands(ctx)]
        found = {name: entry.title for name, entry in declared().items()}
        found |= {name: command.get_short_help_str() for name, command in own if command is not None}
        named = [CompletionItem(name, help=told) for name, told in sorted(found.items()) if name.startswith(incomplete)]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a topic."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        topic = find_topic(cmd_name)
        return None if topic is None else command_of(topic)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; an unknown one gets the nearest name."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            near = get_close_matches(name.lower().replace("_", "-"), self.list_commands(ctx), 1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else "explain topics lists what there is, explain topics --search WORD finds"
            )
            raise click.UsageError(f"{shown(name)} is not a topic: {hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=TopicGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: " + EXAMPLES[0],
)
@click.version_option(__version__, "-V", "--version", message="explain %(version)s")
@click.pass_context
def group(context: click.Context) -> None:
    """Worked answers to deep-learning calculation questions: every formula, every number, every shape."""
    if context.invoked_subcommand is None:
        click.echo("Worked answers to deep-learning calculation questions. Try one:\n")
        for example in EXAMPLES:
            click.echo(f"  {example}")
        click.echo("\nexplain topics lists what can be asked; explain TOPIC --help its options.")


@group.command(
    "topics", short_help="List what can be asked, or search it", epilog="Example: explain topics --search gru"
)
@click.option("--search", metavar="WORDS", help="only the topics that speak of it")
def topics(search: str | None) -> None:
    """List what can be asked, by field, with the source of each."""
    from explain.listing import listed, searched

    click.echo(plain_text(listed(declared()) if search is None else searched(declared(), search)))


@group.command(
    "solve",
    short_help="Solve an exam file",
    epilog="Example: explain solve samples/recurrent-and-attention.toml --check",
)
@click.argument("files", nargs=-1, metavar="FILE...", shell_complete=file_names)
@click.option("--check", is_flag=True, help="one line a question: does the answer hold what is expected?")
def solve(files: Sequence[str], check: bool, **chosen: Any) -> None:
    """Solve exam files: every question worked, its expectations held against the answer; exit 1 on a difference."""
    from explain.paper import solve as solved
    from explain.render.paper import PaperDocument, checked_lines

    output = Output.read(chosen)
    if not files:
        raise click.UsageError("FILE is missing: name an exam file; explain new-exam prints one to start from")
    papers = [solved(path, output.detail, output.digits) for path in files]
    if output.file is not None and len(papers) > 1:
        raise InputError("{output} is one file, but there are several papers: solve them one by one")
    for paper in papers:
        if check:
            click.echo(plain_text("\n".join(checked_lines(paper))))
        else:
            output.write(PaperDocument(paper))
    if not all(paper.holds for paper in papers):
        raise click.exceptions.Exit(1)


solve.params += [option for option in output_options() if option.name != "find"]


group.add_command(concept)


@group.command(
    "new-exam", short_help="Print an exam file to start from", epilog="Example: explain new-exam > mine.toml"
)
def new_exam() -> None:
    """Print a commented exam file to start from; it can be solved as it is."""
    from importlib.resources import files as resources

    click.echo(plain_text(resources("explain").joinpath("new-exam.toml").read_text(encoding="utf-8")), nl=False)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    try:
        result = group.main(list(arguments), prog_name="explain", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except InputError as error:
        return complain(error.as_options())
    except click.exceptions.NoSuchOption as error:
        options = [name for param in error.ctx.command.params for name in param.opts] if error.ctx else []
        same = [name for name in options if name.lower() == error.option_name.lower()]  # --w for --W
        possible = [*same, *(name for name in error.possibilities or () if "_" not in name)]
        hint = f"did you mean {possible[0]}?" if possible else "see --help"
        return complain(f"{shown(error.option_name)} is not an option here: {hint}")
    except click.ClickException as error:
        return complain(error.format_message().replace("\n", " ").rstrip("."))
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as stop:  # click leaves this way after completion, and when the reader of a pipe has gone
        return int(stop.code or 0) if "_EXPLAIN_COMPLETE" in os.environ else _hush(0)
    except BrokenPipeError:
        return _hush(0)
    except OSError as error:
        complain(f"{shown(error.filename or 'output')}: {(error.strerror or str(error)).lower()}; choose another place")
        return _hush(UNUSABLE)
    except RecursionError:
        return complain("the input is nested too deeply to be worked: take it apart")


def _hush(code: int) -> int:
    """What is still buffered goes nowhere, so that leaving does not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code


def complain(message: str) -> int:
    """One line on standard error."""
    click.echo(plain_text(printable(f"explain: {message}")), err=True)
    return UNUSABLE
