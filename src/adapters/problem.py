"""The hub's refusals as the adapter meets and keeps them: RFC 9457 documents, read leniently, since a refusal
must never be lost because of its shape."""

from collections.abc import Mapping
from typing import Any, Final

from broker.protocol.wire import Wire

KEY_ENDED: Final = frozenset({"key-revoked", "key-set-expired"})
"""Reasons that are only about the key something was signed with: signed by another it may be taken."""
_RETRY = frozenset({"too-many", "internal", "unavailable", "unauthenticated"})


class Failure(Wire):
    """Why something went no further; what is journalled and shown."""

    code: str
    message: str
    reason: str | None = None


class HubProblem(Exception):
    """The hub refused a request. `retry` says whether the same bytes may do better later."""

    def __init__(
        self, *, status: int, code: str, detail: str, reason: str | None, retry_after: int | None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.reason = reason
        self.retry_after = retry_after

    @property
    def retry(self) -> bool:
        """Whether to send the same bytes again."""
        return self.code in _RETRY or self.status >= 500

    @property
    def failure(self) -> Failure:
        """What is journalled of it."""
        return Failure(code=self.code, message=self.detail, reason=self.reason)


def problem_from(document: Mapping[str, Any], *, status: int = 500) -> HubProblem:
    """Read a problem document, whatever it lacks."""
    found, retry_after = document.get("status"), document.get("retry_after")
    reason = document.get("reason")
    return HubProblem(
        status=found if isinstance(found, int) else status,
        code=str(document.get("code", "internal")),
        detail=str(document.get("detail") or document.get("title") or "The hub gave no reason."),
        reason=reason if isinstance(reason, str) else None,
        retry_after=retry_after if isinstance(retry_after, int) else None,
    )
