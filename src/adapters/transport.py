"""HTTP to the hub: one TLS context, one session, and who we are (private_key_jwt, DPoP).

Promises: plain HTTP only to this very machine; certificates are checked against the CA file given at
enrolment, or the system's; redirects are not followed. Retrying is the caller's.
"""

import ssl
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import aiohttp

from adapters.clock import Clock
from adapters.errors import Unreachable, WrongOrder
from adapters.problem import problem_from
from keys import dpop, jws, strict_json
from keys.errors import MalformedInput
from keys.signing import SigningKey

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_TYP: Final = "client-authentication+jwt"
_ASSERTION_SECONDS: Final = 60
_LIMIT: Final = 32 << 20
"""Bytes of an answer: the largest is to a poll, four envelopes of the largest class."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=90, connect=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token and the Unix second from which it is worth nothing."""

    value: str
    expires: int


def check_url(url: str) -> str:
    """The hub's URL without a trailing slash. Raises WrongOrder, `hub-url`."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if safe and parts.hostname and not (parts.query or parts.fragment or parts.username):
        return url.rstrip("/")
    raise WrongOrder("hub-url", "The hub's URL is https://…, or http:// on this machine only.")


def open_session(ca_file: str | None) -> aiohttp.ClientSession:
    """A client session; close it. Raises WrongOrder, `ca-file`."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise WrongOrder("ca-file", f"{ca_file} is not a readable file of CA certificates in PEM.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # No proxy variables, no netrc: what is sent goes to the hub and nowhere else.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        timeout=_TIMEOUT,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def call(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    content_type: str = "application/json",
) -> dict[str, Any]:
    """One request; the JSON object it was answered with.

    Raises:
        HubProblem: the hub refused.
        Unreachable: `no-connection` or `strange-answer`.
    """
    sent = dict(headers or {})
    if body is not None:
        sent["Content-Type"] = content_type
    try:
        async with session.request(method, url, data=body, headers=sent, allow_redirects=False) as response:
            data = await response.content.read(_LIMIT + 1)
            status = response.status
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Unreachable(
            "no-connection",
            f"The hub cannot be reached ({type(error).__name__}): is it running, is the URL right?",
        ) from None
    try:
        value = strict_json.parse_object(data, limit=_LIMIT)
    except MalformedInput:
        if status < 400:
            raise Unreachable("strange-answer", "What answers at the hub's URL is not a hub.") from None
        value = {}
    if status >= 400:
        raise problem_from(value, status=status)
    if status >= 300:
        raise Unreachable(
            "strange-answer",
            "The hub's URL redirects elsewhere: give the URL it redirects to, if that is the hub's.",
        )
    return value


async def fetch_token(
    session: aiohttp.ClientSession,
    *,
    hub_url: str,
    hub_id: str,
    agency: str,
    signing: SigningKey,
    proof_key: SigningKey,
    clock: Clock,
) -> AccessToken:
    """Trade a signed assertion (RFC 7523) for an access token bound to `proof_key` (RFC 9449). Raises as
    `call`.
    """
    at = clock.now()
    claims: dict[str, strict_json.JsonValue] = {
        "iss": agency,
        "sub": agency,
        "aud": hub_id,
        "jti": clock.new_id(),
        "iat": at,
        "exp": at + _ASSERTION_SECONDS,
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION,
        "client_assertion": jws.sign(strict_json.dump(claims), signing, _ASSERTION_TYP),
    }
    url = f"{hub_url}/v1/token"
    answer = await call(
        session,
        "POST",
        url,
        body=urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"DPoP": dpop.make_proof(proof_key, method="POST", url=url, at=at, jti=clock.new_id())},
    )
    value, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(value, str) or not isinstance(seconds, int) or answer.get("token_type") != "DPoP":
        raise Unreachable("strange-answer", "The hub's token answer is not one.")
    return AccessToken(value=value, expires=at + seconds)


def authorised(
    token: AccessToken, *, method: str, url: str, proof_key: SigningKey, clock: Clock
) -> dict[str, str]:
    """The headers of one request under an access token."""
    proof = dpop.make_proof(
        proof_key, method=method, url=url, at=clock.now(), jti=clock.new_id(), access_token=token.value
    )
    return {"Authorization": f"DPoP {token.value}", "DPoP": proof}
