"""Problems: every refusal a client sees, as RFC 9457 gives them, each with a stable `code`.

The tree is flat: one class, many codes. A detail tells what is wrong and what to do; it never repeats what
was sent, because what was sent may be about a child.
"""

from typing import Any, Final, Self

TITLES: Final[dict[str, tuple[int, str]]] = {
    "malformed": (400, "The request is not well formed"),
    "unauthenticated": (401, "The caller is not known"),
    "forbidden": (403, "The caller may not do this"),
    "not-found": (404, "Nothing of yours is there"),
    "method-not-allowed": (405, "That method does not exist here"),
    "conflict": (409, "The request contradicts what is already recorded"),
    "already-answered": (409, "This category of this exchange has its final answer"),
    "replayed-differently": (409, "This id was used before for other bytes"),
    "wrong-state": (409, "The envelope is not at that step of its life"),
    "gone": (410, "The time for this has passed"),
    "too-large": (413, "The request is larger than this hub takes"),
    "unsupported": (415, "That version or media type is not spoken here"),
    "unprocessable": (422, "The request contradicts itself"),
    "too-many": (429, "Too many requests are in flight"),
    "internal": (500, "The hub failed"),
    "unavailable": (503, "The hub cannot answer now"),
}


class Problem(Exception):
    """A refusal with a status, a stable code, and one sentence that says what to do."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        reason: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        known, title = TITLES[code]
        self.code = code
        self.status = status or known
        self.title = title
        self.detail = detail
        self.reason = reason
        self.retry_after = retry_after

    @classmethod
    def malformed(cls, reason: str, detail: str) -> Self:
        """Refuse bytes that are not what the protocol says; `reason` narrows the code."""
        return cls("malformed", detail, reason=reason)

    @classmethod
    def not_found(cls) -> Self:
        """Refuse what is not there and what is not yours, with the same bytes (invariant I7)."""
        return cls("not-found", "There is nothing by that id among what your agency is party to.")

    def document(self) -> dict[str, Any]:
        """Give the RFC 9457 document: type, title, status, detail and our `code` (and `reason`)."""
        document: dict[str, Any] = {
            "type": f"urn:gatehouse:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.reason is not None:
            document["reason"] = self.reason
        if self.retry_after is not None:
            document["retry_after"] = self.retry_after
        return document
