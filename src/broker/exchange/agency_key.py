"""An agency's keys after enrolment: the next key set, a revocation, a drained sealing key."""

from typing import Final

from broker.exchange.acting import Effect, Hint, Verified
from broker.exchange.answer import acted
from broker.exchange.facts import Guard
from broker.exchange.wake import EVERYONE
from broker.protocol import act as acts
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from keys import keyset
from keys.errors import Rejected
from keys.keyset import KeySet
from keys.signing import public_key

_SQL = queries("act")
_FACTS = queries("facts")

SEALING_KEYS: Final = 4
"""Sealing keys in one set: the one in use, the one before it, and room for a mistake."""
CHANGES_A_DAY: Final = 8
"""Key sets an agency may publish in a day: every other agency fetches and keeps each of them for good."""


async def change(connection: Connection, verified: Verified, taken: acts.KeySetChange) -> Effect:
    """Put the next key set in force beside the last, whose signing key serves until its set runs out or is
    revoked.

    Raises:
        Problem: the set does not follow the last, is not signed by the identity key, that key is revoked, or
        the set holds a key in other use.
    """
    newest = await connection.fetchrow(_SQL["newest_key_set"], taken.iss)
    if newest is None:
        raise Problem.not_found()
    if newest["revoked"]:
        raise Problem(
            "forbidden",
            "Your identity key has been revoked: it signs no key set any more. Enrol again.",
            reason="identity-revoked",
        )
    try:
        key_set = keyset.verify_key_set(
            taken.key_set,
            identity=public_key(bytes(newest["identity"])),
            previous=newest["token"],
            at=verified.acting.at,
        )
    except Rejected as error:
        raise Problem("forbidden", str(error), reason=error.code) from error
    if key_set.agency != taken.iss:
        raise Problem("forbidden", "The key set is another agency's.", reason="another-agency")
    if len(key_set.sealing) > SEALING_KEYS:
        raise Problem(
            "unprocessable", f"A key set names at most {SEALING_KEYS} sealing keys: drop drained ones."
        )
    day_ago = verified.acting.at - 86_400
    if await connection.fetchval(_SQL["lately_changed"], taken.iss, day_ago) >= CHANGES_A_DAY:
        raise Problem("too-many", "Your keys have changed too often today; change them again tomorrow.")
    await add_keys(connection, key_set, taken.key_set, at=verified.acting.at)
    await connection.execute(_FACTS["move_guard"], Guard.KEYS.value, taken.iss)
    return Effect(entries=[acted(verified)], hints=[Hint(kind="directory", to=EVERYONE)])


async def add_keys(connection: Connection, key_set: KeySet, token: str, *, at: int) -> None:
    """Write a verified key set and its keys; one key serves one agency and one use for ever.

    Raises:
        Problem: `conflict` when a key is in use elsewhere.
    """
    await connection.execute(_SQL["add_key_set"], key_set.agency, key_set.version, token, key_set.expires, at)
    keys = [(key_set.signing.kid, "signing", key_set.signing.raw)]
    keys += [(each.key.kid, "sealing", each.key.raw) for each in key_set.sealing]
    for kid, use, raw in keys:
        if await connection.fetchval(_SQL["add_key"], kid, key_set.agency, use, raw, key_set.version) is None:
            raise Problem(
                "conflict",
                "A key of this set is in use by another agency or for another purpose; make new keys.",
                reason="key-in-use",
            )


async def revoke_own(connection: Connection, verified: Verified, taken: acts.KeyRevocation) -> Effect:
    """Revoke one of the caller's own keys at once.

    Raises:
        Problem: `not-found` when the key is not the caller's.
    """
    await revoke(connection, taken.iss, taken.kid)
    return Effect(entries=[acted(verified)], hints=revocation_hints(taken.iss))


async def revoke(connection: Connection, agency: str, kid: str) -> None:
    """Mark a key revoked, end the access tokens it obtained, move the guard. The guard table is locked by the
    caller.

    Raises:
        Problem: `not-found` when the agency has no such key.
    """
    if await connection.fetchval(_SQL["revoke_key"], agency, kid) is None:
        raise Problem.not_found()
    await connection.execute(_SQL["end_tokens"], agency, kid)
    await connection.execute(_FACTS["move_guard"], Guard.KEYS.value, agency)


def revocation_hints(agency: str) -> list[Hint]:
    """Whom a revocation wakes: the agency's connection, to be closed if the key opened it, and everyone's
    directory.
    """
    return [Hint(kind="stopped", to={agency: ()}), Hint(kind="directory", to=EVERYONE)]


def drained(verified: Verified) -> Effect:
    """Record that nothing is left sealed to a key, and that it has been destroyed."""
    return Effect(entries=[acted(verified)])
