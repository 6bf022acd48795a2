"""XML from outside, read without what makes it dangerous.

Promises: a document type, an entity of its own, a processing instruction, too many elements or too deep a
nesting ends the reading at once; nothing is ever fetched. Namespaces are left off names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

# Expat itself fetches nothing; entities cannot be declared without the document type, which is refused.
from xml.parsers import expat

_DEEPEST: Final = 32
"""A census nests seven deep."""
_MOST: Final = 5_000_000
"""Elements: a large authority's census has a tenth of it."""


class NotSafeXml(Exception):
    """The sentence that says why; it names a line, never what stands there."""


@dataclass(slots=True)
class Element:
    """An element: its name, its text without surrounding space, its children. Text beside children is left
    out.
    """

    tag: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, tag: str) -> Iterator["Element"]:
        """Give every element of that name (in small letters) below, in order."""
        for child in self.children:
            if child.tag.lower() == tag:
                yield child
            else:
                yield from child.all(tag)


def parse_xml(data: bytes) -> Element:
    """Read a document.

    Raises:
        NotSafeXml: it is not well-formed, or holds what is refused.
    """
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.ProcessingInstructionHandler = _no_instruction
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        said = expat.ErrorString(error.code)
        raise NotSafeXml(f"line {error.lineno} is not well-formed ({said}); export it again.") from None
    except (ValueError, LookupError):
        raise NotSafeXml("its encoding is not known; export it as UTF-8.") from None
    assert builder.root is not None
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEEPEST or self._count > _MOST:
            raise NotSafeXml("it nests too deep or is too long for a census; export less.")
        element = Element(tag.rpartition(" ")[2])
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, tag: str) -> None:
        element = self._open.pop()
        element.text = "" if element.children else element.text.strip()

    def data(self, text: str) -> None:
        self._open[-1].text += text


def _no_doctype(*_: object) -> NoReturn:
    raise NotSafeXml("it declares a document type; take the DOCTYPE out, a census has none.")


def _no_instruction(*_: object) -> NoReturn:
    raise NotSafeXml("it holds a processing instruction; take it out, a census has none.")
