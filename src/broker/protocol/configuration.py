"""Settings of a program: a flag, else its variable, else one TOML file, else the default; in that order.

Both programs read them alike, and this is the floor they share; it touches nothing itself, for environment
and files are handed in. Only flags that describe an installation are settings: what one command is to do,
and for whom, is said on its command line alone.
"""

import argparse
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = "gatehouse.toml"
_PLACES: Final = ("state", "config")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a program's settings come from.

    Args:
        names: the flags that are settings, as argparse names them.
        prefix: of its variables.
        state: its state folder where nothing names one.
        read: a file's text; None where there is none; OSError where it cannot be read.
    """

    names: frozenset[str]
    prefix: str
    environ: Mapping[str, str]
    state: Callable[[], Path]
    read: Callable[[Path], str | None]

    def variable(self, name: str) -> str:
        """The variable of a setting."""
        return self.prefix + name.upper()


class Unconfigured(Exception):
    """A settings file that cannot be used; the sentence says which, why and what to do."""


def prepare(root: argparse.ArgumentParser, source: Source) -> None:
    """Give every command `--config`, and have the help of each setting name its variable."""
    for parser in _commands(root):
        for action in _settings(parser, source):
            name = source.variable(action.dest)
            if action.help and name not in action.help:
                action.help = f"{action.help} [{name}]"
        states = [action for action in parser._actions if action.dest == "state"]
        if states:
            parser.add_argument(
                "--config",
                type=Path,
                metavar="FILE",
                default=argparse.SUPPRESS,
                help=f"settings in TOML (default: {FILE} in the state folder) [{source.variable('config')}]",
            )


def configure(root: argparse.ArgumentParser, arguments: Sequence[str], source: Source) -> None:
    """Put variables and the file in the place of the defaults, before `arguments` are read.

    Raises:
        Unconfigured: the file is not there though named, is no TOML, or holds what is no setting.
    """
    told = _file(arguments, source)
    for parser in _commands(root):
        for action in _settings(parser, source):
            text = source.environ.get(source.variable(action.dest)) or told.get(action.dest)
            if text is not None and action.default is not argparse.SUPPRESS:
                # Text: argparse reads a default that is text as it would read it on the command line.
                action.default = text
                action.required = False


def _commands(root: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in root._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield inner
                yield from _commands(inner)


def _settings(parser: argparse.ArgumentParser, source: Source) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if action.option_strings and action.dest in source.names:
            yield action


def _file(arguments: Sequence[str], source: Source) -> dict[str, str]:
    places = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in _PLACES:
        places.add_argument(f"--{name}", default=source.environ.get(source.variable(name)))
    try:
        found = places.parse_known_args(list(arguments))[0]
    except argparse.ArgumentError:
        return {}  # the program's own parser says what is wrong
    path = Path(found.config) if found.config else Path(found.state or source.state()) / FILE
    try:
        text = source.read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Unconfigured(f"{path} cannot be read ({type(error).__name__}).") from None
    if text is None:
        if found.config:
            raise Unconfigured(f"{path} is not there: name another with --config.")
        return {}
    return _values(path, text, source, named=bool(found.config))


def _values(path: Path, text: str, source: Source, *, named: bool) -> dict[str, str]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unconfigured(f"{path} is no TOML: {error}.") from None
    known = {name.replace("_", "-"): name for name in source.names if named or name != "state"}
    unknown = sorted(document.keys() - known.keys())
    if unknown:
        raise Unconfigured(
            f"{path}: there is no setting {', '.join(unknown)}; settings are {', '.join(sorted(known))}."
        )
    return {known[key]: _text(path, key, value) for key, value in document.items()}


def _text(path: Path, key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unconfigured(f"{path}: {key} is to be a text or a whole number.")
