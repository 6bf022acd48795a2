"""Asking a hub over HTTP from a command: one request, no proxies, no redirects, problems as one line."""

import http.client
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from broker.command.failed import CommandFailed
from keys import strict_json
from keys.errors import MalformedInput
from keys.strict_json import JsonValue

_WAIT: Final = 30.0
_LARGEST: Final = 1 << 20


def ask(
    url: str, path: str, body: bytes | None = None, *, authority: str | None = None
) -> dict[str, JsonValue]:
    """GET, or POST a JSON body; the answer's JSON object.

    Args:
        authority: a file of certificates to trust for https, in place of the system's.

    Raises:
        CommandFailed: no hub answers there, or it refuses; the message is the problem's detail.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CommandFailed(f"{url} is not a hub's address: give it as https://host:port.")
    connection = _connection(parts.scheme, parts.hostname, parts.port, authority)
    try:
        method = "GET" if body is None else "POST"
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read(_LARGEST + 1)
    except ssl.SSLError as error:
        raise CommandFailed(
            f"The certificate at {url} is not trusted ({error.reason}): name its authority with --ca FILE."
        ) from error
    except (OSError, http.client.HTTPException, socket.gaierror) as error:
        raise CommandFailed(
            f"No hub answers at {url} ({type(error).__name__}): is `gatehouse serve` running?"
        ) from error
    finally:
        connection.close()
    return _answer(url, response.status, data)


def _connection(
    scheme: str, host: str, port: int | None, authority: str | None
) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_WAIT)
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise CommandFailed(f"Cannot read the certificates in {authority}: {error.strerror}.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return http.client.HTTPSConnection(host, port, timeout=_WAIT, context=context)


def _answer(url: str, status: int, data: bytes) -> dict[str, JsonValue]:
    try:
        value = strict_json.parse_object(data, limit=_LARGEST)
    except MalformedInput:
        raise CommandFailed(f"What answers at {url} is no Gatehouse hub (status {status}).") from None
    if status >= 400:
        reason = value.get("reason") or value.get("code")
        raise CommandFailed(f"The hub refuses ({reason}): {value.get('detail')}")
    return value
