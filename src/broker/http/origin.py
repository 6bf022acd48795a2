"""The addresses under which clients reach this hub, which their DPoP proofs must name (RFC 9449 section 4.3).

The `Host` header is the client's to write, so it only picks one of the addresses the hub knows to be its own:
a proof made for another host is never good here.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Addresses as `scheme://host[:port]`, the public one first."""

    known: tuple[str, ...]

    @property
    def public(self) -> str:
        """The address to tell others."""
        return self.known[0]

    def chosen(self, host: str) -> str:
        """The known address that a `Host` header names, else the public one."""
        wanted = host.lower()
        return next((origin for origin in self.known if urlsplit(origin).netloc == wanted), self.public)


def origins_of(*, scheme: str, host: str, port: int, public: str | None) -> Origins:
    """The addresses of a hub listening at `host` and `port`; `public` is what a proxy in front of it is known
    by."""
    names = [f"[{host}]" if ":" in host else host]
    if names[0] in ("127.0.0.1", "[::1]", "localhost"):
        names += [name for name in ("127.0.0.1", "[::1]", "localhost") if name not in names]
    default = {"http": 80, "https": 443}[scheme]
    listening = [f"{scheme}://{name}" + ("" if port == default else f":{port}") for name in names]
    return Origins(known=tuple([public.rstrip("/").lower(), *listening] if public else listening))
