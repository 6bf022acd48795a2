"""What the two programs say of themselves: every command has help with an example, every example and every
line of the README is a command line that parses, and another one is a usage error.
"""

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest

import adapters.command.main
import broker.command.main
from tests.whole.programs import ROOT, command

_PARSERS = {
    "gatehouse": broker.command.main.parser(),
    "gatehouse-adapter": adapters.command.main._parser(),
}


def _commands(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from _commands(inner, (*words, name))


_ALL = [words for name, parser in _PARSERS.items() for words in _commands(parser, (name,))]


@pytest.mark.parametrize("words", _ALL, ids=" ".join)
def test_every_command_has_help_with_an_example_that_parses(words: tuple[str, ...]) -> None:
    ran = command(*words, "--help")
    assert ran.err == ""
    parts = re.split(r"^(?:examples?|start):", ran.out, maxsplit=1, flags=re.MULTILINE)
    assert len(parts) == 2, f"{' '.join(words)} --help shows no example"
    lines = list(_typed(parts[1]))
    assert lines
    for line in lines:
        _parse(line)


def test_every_command_in_the_readme_parses() -> None:
    lines = list(_typed((ROOT / "README.md").read_text().replace(".venv/bin/", "")))
    assert len(lines) > 10
    for line in lines:
        _parse(line)


def _typed(text: str) -> Iterator[list[str]]:
    """The commands in a text as the shell would read them, without what is said beside them."""
    lines = iter(text.splitlines())
    for line in lines:
        whole = line.strip()
        if not re.match(r"gatehouse(-adapter)? ", whole):
            continue
        while (words := _words(whole)) is None:
            whole = f"{whole.removesuffix(chr(92))} {next(lines).strip()}"
        yield words


def _words(whole: str) -> list[str] | None:
    """The words of a command that is complete; None while a quotation or a line goes on."""
    bare = re.split(r"\s{3,}|\s[|>#]\s|\s\(|, then ", whole)[0]
    if bare.endswith(chr(92)):
        return None
    try:
        return shlex.split(bare.replace("…", "x"))
    except ValueError:
        return None


def _parse(words: list[str]) -> None:
    program, *arguments = words
    try:
        _PARSERS[program].parse_args(arguments)
    except SystemExit as ended:
        raise AssertionError(f"this is shown to people and does not parse: {' '.join(words)}") from ended


@pytest.mark.parametrize("program", _PARSERS)
@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("status", "--nonsense"), ("keys", "nonsense"), ("--version=x",)]
)
def test_a_wrong_command_line_is_a_usage_error(program: str, arguments: tuple[str, ...]) -> None:
    ran = command(program, *arguments, expect=2)
    assert ran.out == ""
    assert ran.err.splitlines()[-1].startswith(f"{program}")
    assert ": error: " in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err
