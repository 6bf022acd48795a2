"""Taking a request's body, number or header in, within its limits; what is not exactly as it must be is
refused."""

import asyncio
import re
from typing import Final

from aiohttp import web

from broker.http.problems import too_large
from broker.protocol.problem import Problem

_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


async def read_body(request: web.Request, *, media_type: str, limit: int, wait: float) -> bytes:
    """The body's exact bytes.

    Raises:
        Problem: `unsupported` (another media type, any content encoding), `too-large`, `malformed` (408, too
            slow).
    """
    if request.content_type != media_type:
        raise Problem("unsupported", f"Send the body as {media_type}.")
    if "Content-Encoding" in request.headers:
        raise Problem("unsupported", "Send the body without a content encoding.")
    if request.content_length is not None and request.content_length > limit:
        raise too_large()
    # One byte beyond: aiohttp's own limit refuses what is larger, and this hub's body may be exactly as
    # large.
    received = bytearray()
    try:
        async with asyncio.timeout(wait):
            async for chunk in request.content.iter_any():
                received += chunk
                if len(received) > limit:
                    raise too_large()
    except TimeoutError:
        raise Problem("malformed", f"The body did not come within {wait:.0f} seconds.", status=408) from None
    except web.RequestPayloadError:
        raise Problem.malformed("body-broken", "The body is not what its headers say.") from None
    return bytes(received)


def promised(request: web.Request, *, limit: int) -> int:
    """How many bytes a body may turn out to have: what its header promises, else as many as are taken."""
    length = request.content_length
    return limit if length is None else min(length, limit)


def only_header(request: web.Request, name: str) -> str | None:
    """A header's value; None where it is absent.

    Raises:
        Problem: `malformed` where it is given twice, since two readers might then read two values.
    """
    values = request.headers.getall(name, [])
    if len(values) > 1:
        raise Problem.malformed("repeated-header", f"The header {name} is given more than once.")
    return values[0] if values else None


def whole_number(text: str, *, name: str, least: int, most: int = 1 << 62) -> int:
    """A decimal number in its one spelling, within bounds.

    Raises:
        Problem: `malformed`.
    """
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise Problem.malformed("wrong-number", f"{name} is a whole number from {least} to {most}.")
    return int(text)


def seen_of(request: web.Request) -> int | None:
    """The checkpoint size an adapter has verified, by `Gatehouse-Seen` or the query member `seen`."""
    text = only_header(request, "Gatehouse-Seen") or request.query.get("seen")
    return None if text is None else whole_number(text, name="seen", least=0)


def connection_of(request: web.Request) -> int | None:
    """The number given to an agency that polls, by `Gatehouse-Connection`; None where it does not say."""
    text = only_header(request, "Gatehouse-Connection")
    return None if text is None else whole_number(text, name="Gatehouse-Connection", least=1)
