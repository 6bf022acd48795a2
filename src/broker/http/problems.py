"""From whatever went wrong to what the client is told: an RFC 9457 problem, never a traceback, never what was
sent.

Problem                                      as it is
keys.errors.MalformedInput                   400 malformed
keys.errors.Rejected (keys, proofs)          422 unprocessable
a value PostgreSQL cannot store              400 malformed
database away, busy, full, or too slow       503 unavailable, to be repeated
anything else                                500 internal, logged as type and place
"""

from typing import Final

import asyncpg
from aiohttp import web

from broker.logging import log
from broker.protocol.problem import Problem
from broker.store.transaction import LOST, CommitUnknown
from broker.store.unavailable import StoreUnavailable
from keys import strict_json
from keys.errors import MalformedInput, Rejected

_AWAY: Final = (
    *LOST,
    CommitUnknown,
    StoreUnavailable,
    TimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
)
_RETRY: Final = 2
MEDIA_TYPE: Final = "application/problem+json"


def problem_of(error: Exception) -> Problem:
    """The problem a client is told of; logs what is the hub's own failure."""
    match error:
        case Problem():
            return error
        case MalformedInput():
            return Problem.malformed(error.code, _sentence(error.message))
        case Rejected():
            return Problem("unprocessable", _sentence(error.message), reason=error.code)
        case asyncpg.DataError():
            # Text with a NUL is good JSON and no PostgreSQL text.
            return Problem.malformed(
                "unstorable", "A value holds a character that cannot be stored, such as NUL."
            )
        case web.HTTPException():
            return _of_http(error)
        case _ if isinstance(error, _AWAY):
            log.warning("unavailable", exc_info=error, sqlstate=getattr(error, "sqlstate", None))
            return Problem(
                "unavailable",
                "The hub cannot reach its database now. Repeat the same bytes in a moment.",
                retry_after=_RETRY,
            )
        case _:
            log.error("internal", exc_info=error, sqlstate=getattr(error, "sqlstate", None))
            return Problem(
                "internal", "The hub failed at this request. Repeat the same bytes, then tell the operator."
            )


def problem_bytes(problem: Problem) -> bytes:
    """The problem document as JSON."""
    return strict_json.dump(problem.document())


def problem_response(problem: Problem) -> web.Response:
    """The problem as a response with the headers its status asks for."""
    response = web.Response(status=problem.status, body=problem_bytes(problem), content_type=MEDIA_TYPE)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        error = ', error="invalid_token"' if problem.reason == "invalid-token" else ""
        response.headers["WWW-Authenticate"] = f'DPoP algs="EdDSA"{error}'
    return response


def _of_http(error: web.HTTPException) -> Problem:
    match error.status:
        case 404:
            return Problem(
                "not-found", "There is nothing at this address: see the list of routes in docs/protocol.md."
            )
        case 405:
            return Problem("method-not-allowed", "This address is there, but not for that method.")
        case 413:
            return too_large()
        case 415:
            return Problem("unsupported", "That media type is not spoken here.")
        case status if status < 500:
            return Problem("malformed", "The request is not well formed.", status=status)
        case _:
            return Problem(
                "internal", "The hub failed at this request. Repeat the same bytes, then tell the operator."
            )


def too_large() -> Problem:
    """A body or frame beyond its limit."""
    return Problem("too-large", "The request is larger than this hub takes.")


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:]}."
