"""Elements of a page: text in, text out. Pure.

Promises: whatever is given as text is text on the page. The standard library's serialiser escapes every text
and every attribute; nothing here takes markup as a string.
"""

from typing import Final
from xml.etree.ElementTree import Element, tostring

from adapters.plain_text import clean

Child = Element | str | None
_ROLES: Final = {
    "table": "table",
    "caption": "caption",
    "thead": "rowgroup",
    "tbody": "rowgroup",
    "tr": "row",
    "td": "cell",
}
"""Tables are laid out as blocks on a narrow screen, which would take their meaning from a screen reader."""


def el(tag: str, *children: Child, cls: str | None = None, **attributes: str) -> Element:
    """An element with its children; None is left out. `cls` is its class."""
    made = Element(tag, {name.replace("_", "-"): clean(value) for name, value in attributes.items()})
    if cls is not None:
        made.set("class", cls)
    if tag in _ROLES and "role" not in attributes:
        made.set("role", _ROLES[tag])
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            made.append(child)
            last = child
        elif child is not None and last is None:
            made.text = (made.text or "") + clean(child)
        elif child is not None and last is not None:
            last.tail = (last.tail or "") + clean(child)
    return made


def document(root: Element) -> str:
    """The whole page as HTML."""
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"
