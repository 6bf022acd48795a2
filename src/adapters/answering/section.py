"""One part of a form: a YAML mapping whose every field is asked for by name, or refused.

Promises: what is read is exactly what was typed (`no` and `0123` stay text), a repeated or unknown field is
refused with its line and what to do, and no error repeats a value, because a value may be about a child. Does
not know which fields a form has: the form's own file does.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn, Self, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from adapters.errors import AdapterError

FORM_LIMIT: Final = 1 << 20
"""Bytes of one form; a body may hold more, but nobody types more."""
LINE: Final = 500
WORDS: Final = 20_000
_LIST: Final = 5_000
_PLAIN: Final = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "timestamp")
)
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class BadForm(AdapterError):
    """A form that cannot be sent as it is: `form-unreadable`, `form-field`, `form-unknown-field`, `form-
    grounds`.
    """


class Section:
    """A mapping being read. `what` names it in errors, such as "an ask" or "a subject"."""

    def __init__(self, node: MappingNode, *, what: str, source: str) -> None:
        self._what = what
        self._source = source
        self._line = _line(node)
        self._asked: list[str] = []
        self._fields: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._refuse(key, "form-unreadable", "a field's name is one word")
            if key.value in self._fields:
                self._refuse(key, "form-field", f"`{key.value}` is given twice; keep one")
            _no_references(key, self._refuse)
            _no_references(value, self._refuse)
            self._fields[key.value] = value

    def has(self, field: str) -> bool:
        """Whether the field is there."""
        return self._take(field) is not None

    def line(self, field: str) -> str:
        """One line of text, at most 500 characters."""
        return self._text(field, self._required(field), LINE)

    def line_or_none(self, field: str) -> str | None:
        """One line of text, or None where the field is left out."""
        node = self._take(field)
        return None if node is None else self._text(field, node, LINE)

    def words(self, field: str) -> str:
        """Text of several lines, at most 20,000 characters."""
        return self._text(field, self._required(field), WORDS)

    def words_or_none(self, field: str) -> str | None:
        """Text of several lines, or None where the field is left out."""
        node = self._take(field)
        return None if node is None else self._text(field, node, WORDS)

    def code(self, field: str, codes: type[E]) -> E:
        """One word of a closed set."""
        return self._code(field, self._required(field), codes)

    def code_or_none(self, field: str, codes: type[E]) -> E | None:
        """One word of a closed set, or None where the field is left out."""
        node = self._take(field)
        return None if node is None else self._code(field, node, codes)

    def codes(self, field: str, codes: type[E]) -> tuple[E, ...]:
        """A list of words of a closed set, each at most once."""
        found = tuple(self._code(field, node, codes) for node in self._list(field, self._required(field)))
        if len(set(found)) != len(found):
            self.refuse(field, "names one thing twice; name each once")
        return found

    def lines(self, field: str) -> tuple[str, ...]:
        """A list of lines; none where the field is left out."""
        node = self._take(field)
        return (
            () if node is None else tuple(self._text(field, each, LINE) for each in self._list(field, node))
        )

    def flag_or_none(self, field: str) -> bool | None:
        """`true` or `false`, or None where the field is left out."""
        node = self._take(field)
        if node is None:
            return None
        text = self._text(field, node, 5)
        if text not in ("true", "false"):
            self.refuse(field, "is `true` or `false`")
        return text == "true"

    def day_or_none(self, field: str) -> date | None:
        """A date as YYYY-MM-DD, or None where the field is left out."""
        text = self.line_or_none(field)
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.refuse(field, "is a date written YYYY-MM-DD")

    def moment(self, field: str) -> datetime:
        """A date and time as YYYY-MM-DDTHH:MM, with an offset or taken as UTC."""
        try:
            at = datetime.fromisoformat(self.line(field))
        except ValueError:
            self.refuse(field, "is a date and time written YYYY-MM-DDTHH:MMZ")
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

    def day_or_moment_or_none(self, field: str) -> date | datetime | None:
        """A date, or a date and time; None where the field is left out."""
        text = self.line_or_none(field)
        return None if text is None else self.day_or_none(field) if len(text) == 10 else self.moment(field)

    def seconds_or_none(self, field: str) -> int | None:
        """A length of time such as `90s`, `24h` or `3d`, in seconds; None where the field is left out."""
        text = self.line_or_none(field)
        if text is None:
            return None
        number, unit = (text[:-1], text[-1]) if text[-1] in _UNITS else ("", "s")
        if not (number.isascii() and number.isdigit() and 0 < len(number) < 9) or int(number) == 0:
            self.refuse(field, "is a number with s, m, h or d after it, such as `24h`")
        return int(number) * _UNITS[unit]

    def count(self, field: str, *, most: int) -> int:
        """A whole number from 1 to `most`."""
        text = self.line(field)
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
            self.refuse(field, f"is a whole number from 1 to {most}")
        return int(text)

    def section_or_none(self, field: str, what: str) -> "Section | None":
        """A mapping inside this one, or None where the field is left out."""
        node = self._take(field)
        return None if node is None else self._section(field, node, what)

    def section(self, field: str, what: str) -> "Section":
        """A mapping inside this one."""
        return self._section(field, self._required(field), what)

    def each(self, field: str, what: str, read: Callable[["Section"], T]) -> tuple[T, ...]:
        """A list of mappings, each read by `read` and checked for fields it did not ask for; none if left
        out.
        """
        node = self._take(field)
        found = []
        for inner in () if node is None else self._list(field, node):
            section = self._section(field, inner, what)
            found.append(read(section))
            section.end()
        return tuple(found)

    def refuse(self, field: str, fault: str) -> NoReturn:
        """Refuse a field that is there but not right; `fault` continues the sentence "`field` …"."""
        self._refuse(self._fields.get(field), "form-field", f"`{field}` {fault}")

    def end(self) -> None:
        """Refuse whatever was not asked for."""
        for field, node in self._fields.items():
            if field not in self._asked:
                near = get_close_matches(field, self._asked, 1)
                hint = (
                    f"perhaps `{near[0]}` is meant"
                    if near
                    else f"it takes {', '.join(sorted(set(self._asked)))}"
                )
                self._refuse(node, "form-unknown-field", f"{self._what} has no field `{field[:40]}`; {hint}")

    def _take(self, field: str) -> Node | None:
        self._asked.append(field)
        return self._fields.get(field)

    def _required(self, field: str) -> Node:
        node = self._take(field)
        if node is None:
            self._refuse(None, "form-field", f"{self._what} needs `{field}`; add it")
        return node

    def _text(self, field: str, node: Node, limit: int) -> str:
        if not isinstance(node, ScalarNode) or node.tag not in _PLAIN or not node.value.strip():
            self.refuse(field, "is text; write some, or leave the field out")
        text: str = node.value.strip()
        if len(text) > limit:
            self.refuse(field, f"is longer than {limit} characters; shorten it")
        return text

    def _code(self, field: str, node: Node, codes: type[E]) -> E:
        try:
            return codes(self._text(field, node, LINE))
        except ValueError:
            self.refuse(field, "is one of " + ", ".join(code.value for code in codes))

    def _list(self, field: str, node: Node) -> list[Node]:
        if not isinstance(node, SequenceNode):
            self.refuse(field, "is a list: one `- ` line for each")
        if len(node.value) > _LIST:
            self.refuse(field, f"has more than {_LIST} lines")
        for inner in node.value:
            _no_references(inner, self._refuse)
        return list(node.value)

    def _section(self, field: str, node: Node, what: str) -> "Section":
        if not isinstance(node, MappingNode):
            self.refuse(field, "holds fields of its own, indented under it")
        return Section(node, what=what, source=self._source)

    def _refuse(self, node: Node | None, code: str, message: str) -> NoReturn:
        raise BadForm(code, f"{self._source}, line {self._line if node is None else _line(node)}: {message}.")

    @classmethod
    def of_text(cls, data: bytes, *, what: str, source: str) -> Self:
        """Read a form's bytes; `source` names them in errors.

        Raises:
            BadForm: `form-unreadable` for what is not one YAML mapping in UTF-8.
        """
        if len(data) > FORM_LIMIT:
            raise BadForm(
                "form-unreadable", f"{source} is larger than {FORM_LIMIT} bytes; a form is shorter."
            )
        try:
            node = YAML(typ="safe", pure=True).compose(data.decode("utf-8"))
        except UnicodeDecodeError:
            raise BadForm("form-unreadable", f"{source} is not UTF-8 text; save it as UTF-8.") from None
        except MarkedYAMLError as error:
            line = 1 if error.problem_mark is None else error.problem_mark.line + 1
            raise BadForm(
                "form-unreadable",
                f"{source}, line {line}: this is not YAML; look at the indentation, quotes and colons there.",
            ) from None
        except (YAMLError, RecursionError, ValueError):
            raise BadForm(
                "form-unreadable", f"{source} is not a YAML form; start from the example in --help."
            ) from None
        if not isinstance(node, MappingNode):
            raise BadForm("form-unreadable", f"{source} has no fields; start from the example in --help.")
        return cls(node, what=what, source=source)


def section_of_file(path: Path, *, what: str) -> Section:
    """Read a form from a file. Raises BadForm, also where the file cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(FORM_LIMIT + 1)
    except OSError as error:
        raise BadForm("form-unreadable", f"{path.name} cannot be read: {error.strerror}.") from None
    return Section.of_text(data, what=what, source=path.name)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _no_references(node: Node, refuse: Callable[[Node, str, str], NoReturn]) -> None:
    # Anchors let one value stand in two places, and a small file grow without end.
    if node.anchor is not None:
        refuse(node, "form-unreadable", "a form has no `&` or `*` references; write the value out")
