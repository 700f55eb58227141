"""The list of topics and its search: every topic can be found, and what is not found is told."""

import re

import click
import pytest
from click.testing import CliRunner

from explain import cli
from explain.commands import SAYS_SO, command_of
from explain.errors import InputError
from explain.listing import listed, searched, short
from explain.topics import FIELDS, all_topics, declared

ALL = all_topics()


def names_in(text):
    """The topics of a listing, in order: what stands first on a line that has two spaces before it."""
    return re.findall(r"^  (\S+)  ", text, re.MULTILINE)


def test_every_topic_stands_under_its_field():
    """The headings come in the order of a course, each with its topics and no others."""
    blocks = dict(block.split("\n", 1) for block in listed(declared()).split("\n\n"))
    assert list(blocks) == list(FIELDS)
    for field, block in blocks.items():
        assert names_in(block) == sorted(name for name, topic in ALL.items() if topic.field == field)


def test_help_groups_the_topics_as_the_list_does():
    """Whoever reads --help finds the same headings."""
    shown = CliRunner().invoke(cli.group, ["--help"]).output
    places = [shown.index(f"\n{field}:\n") for field in FIELDS]
    assert places == sorted(places)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_topic_is_found_by_its_name_and_by_its_title(name):
    """Protects the search: names with dashes and titles with signs are found too."""
    assert name in names_in(searched(declared(), name))
    assert name in names_in(searched(declared(), ALL[name].title))


def test_what_is_named_so_comes_first():
    """`--search gru` shows the GRU topics first, then those that speak of it."""
    first, _, rest = searched(declared(), "GRU").partition("Also speak of it")
    assert names_in(first) == ["gru", "gru-equations", "gru-params"]
    assert "network" in names_in(rest)


def test_concepts_are_found_too():
    """The texts stand after the topics, under the command that prints them."""
    _, _, concepts = searched(declared(), "forget gate").partition("In words: explain concept NAME\n")
    assert "lstm-gates" in names_in(concepts)


@pytest.mark.parametrize("sought", ["hochreiter", "perplexity", "kingma 2015", "pytorch"])
def test_sources_and_texts_are_searched(sought):
    """An author or a word of the description finds a topic too, and every one found has all the words."""
    found = names_in(searched(declared(), sought).partition("In words")[0])
    assert found
    for name in found:
        text = " ".join((name, *declared()[name])).lower()
        assert all(word in text for word in sought.split())


@pytest.mark.parametrize(
    ("sought", "told"),
    [
        ("atention", "did you mean attention?"),
        ("zzzz", "explain topics lists"),
        (" ", "give a word"),
        ("a " * 30, "at most 20 words"),
    ],
)
def test_nothing_found_is_told_with_the_mend(sought, told):
    """A slip of the pen gets the nearest word."""
    with pytest.raises(InputError, match=re.escape(told)):
        searched(declared(), sought)
    assert cli.run(["topics", "--search", sought]) == 2


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_source_keeps_who_and_when(name):
    """Protects the short sources: never empty, no longer than the whole."""
    assert 3 < len(short(ALL[name].source)) <= len(ALL[name].source)


@pytest.mark.parametrize("name", sorted(ALL))
def test_help_says_what_holds_for_each_option_that_is_left_out(name):
    """Every option of a topic is required, has a default that can be read, or may be left out."""
    options = {option.name: option.help for option in command_of(ALL[name]).params if isinstance(option, click.Option)}
    for parameter in ALL[name].parameters:
        if not parameter.positional and not parameter.loose:
            told = options[parameter.name]
            assert " object at 0x" not in told
            assert "[required]" in told or "[optional]" in told or SAYS_SO.search(told), parameter.name
