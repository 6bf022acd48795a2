"""Where a FHIR server is: a URL, or a TOML file with `url` and perhaps `name`, `token_file`, `ca_file`.

Promises: TLS, but to this very machine; a token is read from a file that only its owner can read, and never
shown.
"""

import os
import ssl
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from adapters.connectors.connector import ConnectorFailed
from adapters.connectors.registry import UNKNOWN
from adapters.errors import WrongOrder

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
NAME: Final = "Health records (FHIR server)"
_FIELDS: Final = frozenset({"url", "name", "token_file", "ca_file"})
_FILE_LIMIT: Final = 1 << 16
_TOKEN_LIMIT: Final = 8 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server as it was named."""

    url: str
    name: str = NAME
    token_file: Path | None = None
    ca_file: Path | None = None

    def context(self) -> ssl.SSLContext | None:
        """TLS to it; None for plain HTTP to this machine. Raises WrongOrder, `ca-file`."""
        if self.url.startswith("http://"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError):
            raise WrongOrder(
                "ca-file", "The `ca_file` is no readable file of CA certificates in PEM."
            ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def token(self) -> Callable[[], str | None]:
        """Give what reads the token anew each time."""
        return (lambda: None) if self.token_file is None else partial(_token, self.token_file)


def parse_place(written: str) -> Place:
    """Read a place as a URL or as the name of a TOML file.

    Raises:
        WrongOrder: `unknown-connector`, `server-url`, `server-file`.
    """
    if "://" in written:
        return Place(url=_checked_url(written))
    path = Path(written)
    try:
        with path.open("rb") as file:
            given = tomllib.loads(file.read(_FILE_LIMIT).decode("utf-8"))
    except OSError:
        raise WrongOrder(UNKNOWN, "A FHIR server is named by its https:// URL, or by a TOML file.") from None
    except ValueError:
        raise _bad("is not TOML in UTF-8") from None
    if unknown := sorted(given.keys() - _FIELDS):
        raise _bad(f"has an unknown field `{unknown[0][:40]}`; it takes {', '.join(sorted(_FIELDS))}")
    if not all(isinstance(value, str) and value.strip() for value in given.values()) or "url" not in given:
        raise _bad("needs `url`, and each of its fields is text")
    files = {name: path.parent / given[name] for name in ("token_file", "ca_file") if name in given}
    return Place(url=_checked_url(given["url"]), name=given.get("name", NAME), **files)


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.query or parts.fragment or parts.username is not None:
        raise WrongOrder("server-url", "A FHIR server's URL is https://…, or http:// on this machine only.")
    return url.rstrip("/")


def _bad(fault: str) -> WrongOrder:
    return WrongOrder("server-file", f"The FHIR server's file {fault}.")


def _token(path: Path) -> str:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise ConnectorFailed(
            "token-unreadable", "The token's file cannot be read; see `token_file`."
        ) from None
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
            raise ConnectorFailed(
                "token-open-to-others", "Others may read the token's file; chmod it to 600."
            )
        token = file.read(_TOKEN_LIMIT).decode("ascii", "replace").strip()
    if not token or not all(33 <= ord(letter) < 127 for letter in token):
        raise ConnectorFailed("token-malformed", "The token's file does not hold one token; write it anew.")
    return token
