"""`POST /v1/enrolments`, `/v1/enrolments/complete` and `/v1/token`: how an agency comes in and gets access
tokens."""

import asyncio
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from broker.enrolment import access, complete, offer
from broker.enrolment.model import OFFER_LIMIT, Completion, Offer
from broker.http.answers import TokenAnswer
from broker.http.authentication import verify_request_proof
from broker.http.respond import answer_response
from broker.http.surface import SURFACE
from broker.protocol.problem import Problem
from broker.protocol.wire import parse_wire

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM: Final = frozenset({"grant_type", "client_assertion_type", "client_assertion"})


async def offer_keys(request: web.Request) -> web.StreamResponse:
    """An agency with a code offers its keys and gets its challenges (201)."""
    surface = request.app[SURFACE]
    with surface.strangers.entered() as visit:
        data = await visit.read(
            request, media_type="application/json", limit=OFFER_LIMIT, wait=surface.limits.stranger_wait
        )
        offered = parse_wire(Offer, data, limit=OFFER_LIMIT)
        hub = surface.hub
        given = await offer.offer_keys(
            hub.pool, hub.hub_id, offered, at=surface.edge.now(), nonce=surface.edge.nonce
        )
        return answer_response(given, status=201)


async def complete_enrolment(request: web.Request) -> web.StreamResponse:
    """An agency answers every challenge and is enrolled."""
    surface = request.app[SURFACE]
    with surface.strangers.entered() as visit:
        data = await visit.read(
            request, media_type="application/json", limit=OFFER_LIMIT, wait=surface.limits.stranger_wait
        )
        completion = parse_wire(Completion, data, limit=OFFER_LIMIT)
        return answer_response(await complete.complete(surface.hub, completion, at=surface.edge.now()))


async def issue_token(request: web.Request) -> web.StreamResponse:
    """An access token for a client assertion (RFC 6749 section 4.4, RFC 7523, RFC 9449 section 5)."""
    surface = request.app[SURFACE]
    limits = surface.limits
    with surface.strangers.entered() as visit:
        data = await visit.read(
            request,
            media_type="application/x-www-form-urlencoded",
            limit=limits.form,
            wait=limits.stranger_wait,
        )
        assertion = parse_token_request(data)
        proof = verify_request_proof(request, access_token=None)
        async with asyncio.timeout(limits.database_wait):
            issued = await access.issue(
                surface.hub.pool,
                surface.hub.hub_id,
                assertion,
                proof,
                at=surface.edge.now(),
                nonce=surface.edge.nonce,
                lifetime=limits.token,
            )
    return answer_response(TokenAnswer(access_token=issued.token, expires_in=issued.expires_in))


def parse_token_request(data: bytes) -> str:
    """The client assertion in a form of exactly the three members, each once.

    Raises:
        Problem: `malformed`.
    """
    try:
        pairs = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=8,
            errors="strict",
        )
    except ValueError:
        raise _not_a_form() from None
    form = dict(pairs)
    if len(form) != len(pairs) or form.keys() != _FORM:
        raise _not_a_form()
    if form["grant_type"] != "client_credentials" or form["client_assertion_type"] != _ASSERTION_TYPE:
        raise _not_a_form()
    return form["client_assertion"]


def _not_a_form() -> Problem:
    return Problem.malformed(
        "token-request",
        "Send grant_type=client_credentials, client_assertion_type (jwt-bearer) and client_assertion, "
        "each once.",
    )
