"""One FHIR server asked over HTTP: GET only, one connection, and how each of its answers is understood.

Promises: nothing but GET is sent, to one origin and below one path; redirects are not followed; what a call
takes is bounded in requests, bytes and waiting; only what the server says in FHIR's words counts as "not
there", so that a proxy's page or a wrong URL never reads as nobody.
"""

import contextlib
import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

from adapters.connectors.connector import ConnectorFailed
from adapters.connectors.fhir_json import JsonObject, objects, text
from keys import strict_json
from keys.errors import MalformedInput

_UNSUPPORTED: Final = frozenset({400, 404, 405, 422, 501})
_BUSY: Final = frozenset({429, 503})
_DEPTH: Final = 64
"""FHIR nests about fifteen deep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """How much one find or one reading may take of a server."""

    seconds: float = 10
    """Without a byte from the server."""
    answer_bytes: int = 8 << 20
    """A page of a hundred resources is under one MiB."""
    total_bytes: int = 64 << 20
    """A whole life's record is a few MiB."""
    requests: int = 300
    pages: int = 50
    """Of one search."""
    page_size: int = 100
    waits: int = 3
    """How often a server that is busy is asked again,"""
    wait_seconds: int = 5
    """and after how long at most; who asks for more is asked another day."""


class Reply(StrEnum):
    """What an answer means."""

    GIVEN = "given"
    ABSENT = "absent"
    """The server says, in an OperationOutcome, that there is no such thing."""
    INVALID = "invalid"
    """There was such a record, and it was marked as invalid."""
    UNSUPPORTED = "unsupported"
    """The server does not do what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `raw` only where something was given."""

    reply: Reply
    raw: JsonObject = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one server is reached. `token` gives the bearer token anew for each call, so that it may change."""

    base: str
    context: ssl.SSLContext | None
    token: Callable[[], str | None]
    new_id: Callable[[], str]
    sleep: Callable[[float], None]
    limits: ServerLimits


class Asking:
    """One call's requests to a server, on one connection. Use as a context manager, in one thread."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._base = access.base.rstrip("/") + "/"
        self._origin = urlsplit(self._base)
        self._token = access.token()
        self._requests = 0
        self._bytes = 0
        self._connection = self._new_connection()

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def limits(self) -> ServerLimits:
        """The limits of this call."""
        return self._access.limits

    def url_of(self, path: str, **parameters: str) -> str:
        """Give the URL of a path below the base, with parameters."""
        return urljoin(self._base, path) + (f"?{urlencode(parameters)}" if parameters else "")

    def within(self, url: str) -> str | None:
        """Give an absolute or relative URL as an absolute one; None where it leads to another origin."""
        whole = urljoin(self._base, url)
        parts = urlsplit(whole)
        same = (parts.scheme, parts.hostname, _port(parts.scheme, parts.port)) == (
            self._origin.scheme,
            self._origin.hostname,
            _port(self._origin.scheme, self._origin.port),
        )
        return whole if same and parts.username is None else None

    def get(self, url: str) -> Answer:
        """Ask for one URL of this server, waiting out what it says of being busy.

        Raises:
            ConnectorFailed: `server-unreachable`, `server-busy`, `server-denied`, `server-failed`,
                `server-strange`, `server-elsewhere` or `server-too-much`.
        """
        for attempt in range(self.limits.waits + 1):
            status, after, data = self._request(url)
            if status not in _BUSY:
                return self._understood(status, data)
            if attempt < self.limits.waits:
                if after > self.limits.wait_seconds:
                    break
                self._access.sleep(after)
        raise ConnectorFailed("server-busy", "The record server is too busy to answer; ask again later.")

    def _request(self, url: str) -> tuple[int, int, bytes]:
        """Give status, seconds to wait and body."""
        self._requests += 1
        if self._requests > self.limits.requests or self._bytes > self.limits.total_bytes:
            raise ConnectorFailed(
                "server-too-much", "Reading this took more than is allowed; answer by hand."
            )
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            status, after, data = self._exchange(target, again=True)
        except ssl.SSLError:
            raise ConnectorFailed(
                "server-untrusted", "The record server's certificate does not hold; see its CA file."
            ) from None
        except (http.client.HTTPException, OSError):
            raise ConnectorFailed(
                "server-unreachable", "The record server does not answer; see that it runs."
            ) from None
        self._bytes += len(data)
        if len(data) > self.limits.answer_bytes:
            raise ConnectorFailed("server-too-much", "The record server gave more than fits; answer by hand.")
        return status, after, data

    def _exchange(self, target: str, *, again: bool) -> tuple[int, int, bytes]:
        try:
            self._connection.request("GET", target, headers=self._headers())
            response = self._connection.getresponse()
            data = response.read(self.limits.answer_bytes + 1)
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            self._connection = self._new_connection()
            # Read-only, so it may be asked twice: the server may have closed the connection meanwhile. What
            # took its full time, or is not trusted, is not asked again.
            if not again or isinstance(error, TimeoutError | ssl.SSLError):
                raise
            return self._exchange(target, again=False)
        if response.will_close or len(data) > self.limits.answer_bytes:
            self._connection.close()
        return response.status, _seconds(response.getheader("Retry-After")), data

    def _understood(self, status: int, data: bytes) -> Answer:
        if status in (401, 403):
            raise ConnectorFailed("server-denied", "The record server refuses us; see to the token's rights.")
        if 300 <= status < 400:
            raise ConnectorFailed(
                "server-elsewhere", "The record server redirects; give the URL it leads to."
            )
        try:
            raw = strict_json.parse_object(data, limit=self.limits.answer_bytes, depth=_DEPTH)
        except MalformedInput:
            raw = {}
        kind = text(raw, "resourceType")
        if status == 200 and kind is not None:
            return Answer(reply=Reply.GIVEN, raw=raw)
        if kind != "OperationOutcome":
            if status >= 500:
                raise ConnectorFailed("server-failed", "The record server failed; see to it, ask again.")
            raise ConnectorFailed(
                "server-strange", "What answers at that URL is no FHIR server; see the URL."
            )
        if status in (404, 410):
            gone = "INVALIDATED_RESOURCE" in outcome_codes(raw)
            return Answer(reply=Reply.INVALID if gone else Reply.ABSENT)
        if status in _UNSUPPORTED:
            return Answer(reply=Reply.UNSUPPORTED)
        raise ConnectorFailed("server-failed", "The record server failed; see to it, ask again.")

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "application/fhir+json",
            "Accept-Encoding": "identity",
            # A server that ignores a parameter would answer with everybody.
            "Prefer": "handling=strict",
            "X-Request-ID": self._access.new_id(),
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _new_connection(self) -> http.client.HTTPConnection:
        host, port = self._origin.hostname or "", self._origin.port
        if self._origin.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self.limits.seconds, context=self._access.context
            )
        return http.client.HTTPConnection(host, port, timeout=self.limits.seconds)


def outcome_codes(outcome: JsonObject) -> frozenset[str]:
    """Give the codes an OperationOutcome names, Spine's and FHIR's."""
    found: set[str] = set()
    for issue in objects(outcome, "issue"):
        found.update(filter(None, (text(issue, "code"), text(issue, "details", "coding", "code"))))
    return frozenset(found)


def _port(scheme: str, port: int | None) -> int | None:
    return port or {"http": 80, "https": 443}.get(scheme)


def _seconds(written: str | None) -> int:
    # A date would need a clock; whoever gives one is asked again after a second, a few times.
    with contextlib.suppress(ValueError):
        return max(1, int(written or "1"))
    return 1
