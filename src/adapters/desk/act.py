"""Signed acts: nil, decline, withdraw, recall, lift, consent. Each is journalled, then sent by the running
adapter.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from adapters.compose import people
from adapters.desk.answer import settle
from adapters.desk.ask import clock_of
from adapters.desk.writing import OPENINGS, QUEUED
from adapters.epoch import subject_key
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.identify import identify
from adapters.journal.journal import execute
from adapters.order import Subject
from adapters.view import TaskState
from broker.protocol import act as acts
from broker.protocol.act import AgencyAct
from broker.protocol.declaration import Practitioner
from broker.protocol.wire import Wire, describe
from keys import base64url, commitment, jws, strict_json
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    DeclineReason,
    Purpose,
    Rating,
    RecallReason,
    WithdrawReason,
)

NOTE = "note"
A = TypeVar("A", bound=Wire)


async def nil(folder: Folder, *, exchange: str, category: Category, practitioner: Practitioner) -> str:
    """Nothing is held in a category whose existence may not be confirmed. Raises WrongOrder as `answer`."""
    act = make(folder, acts.Nil, practitioner, exchange=exchange, category=category)
    return await _settling(folder, act, exchange, category, TaskState.NIL)


async def decline(
    folder: Folder, *, exchange: str, category: Category, reason: DeclineReason, practitioner: Practitioner
) -> str:
    """Give nothing in a category. The reason stays here, sealed; the act commits to it. Raises WrongOrder as
    `answer`.
    """
    salt = folder.clock.draw(commitment.SALT_SIZE)
    act = make(
        folder,
        acts.Decline,
        practitioner,
        exchange=exchange,
        category=category,
        reason=commitment.commit_content(salt, reason.value.encode()),
    )
    note = strict_json.dump({"reason": reason.value, "salt": base64url.encode(salt)})
    return await _settling(folder, act, exchange, category, TaskState.DECLINED, note=note)


async def withdraw(
    folder: Folder, *, exchange: str, reason: WithdrawReason, practitioner: Practitioner
) -> str:
    """Want no answer any more to an ask of ours."""
    return await queue(
        folder, make(folder, acts.Withdraw, practitioner, exchange=exchange, reason=reason), exchange=exchange
    )


async def rate(
    folder: Folder,
    *,
    exchange: str,
    rating: Rating,
    practitioner: Practitioner,
    due_within: int | None = None,
) -> str:
    """Rate an ask of ours anew; its answer is due `due_within` seconds after its handover, by the hub's clock
    for the rating when None. Raises WrongOrder, `unknown-clock`.
    """
    within = due_within or clock_of(folder, rating)
    act = make(folder, acts.Rate, practitioner, exchange=exchange, rating=rating, due_within=within)
    return await queue(folder, act, exchange=exchange)


async def recall(folder: Folder, *, envelope: str, reason: RecallReason, practitioner: Practitioner) -> str:
    """Take back an envelope of ours that has not been opened."""
    return await queue(folder, make(folder, acts.Recall, practitioner, envelope=envelope, reason=reason))


async def lift(folder: Folder, *, sender: str, envelope: str, fact: str, practitioner: Practitioner) -> str:
    """Say that the fact a hold names may be done without, this once."""
    return await queue(
        folder, make(folder, acts.Lift, practitioner, sender=sender, envelope=envelope, fact=fact)
    )


async def consent(
    folder: Folder,
    *,
    outcome: ConsentOutcome,
    practitioner: Practitioner,
    reference: str | None = None,
    purposes: Sequence[Purpose] = (),
    subjects: Sequence[Subject] = (),
) -> tuple[str, str]:
    """Record a consent given, refused or withdrawn; return its reference and the act's jti.

    `reference` None makes a new one. A reference is what declarations that rest on the consent name.
    """
    reference = reference or folder.clock.new_id()
    found = identify(
        subjects, before=(), k_a=subject_key(folder), hub_id=folder.hub.hub, draw=folder.clock.draw
    )
    committed = people(found, folder.clock.draw)
    act = make(
        folder,
        acts.Consent,
        practitioner,
        reference=reference,
        outcome=outcome.value,
        purposes=list(purposes),
        subjects=committed.committed,
    )
    openings = [{"t1": person.t1, "r": person.r} for person in committed.persons]
    return reference, await queue(folder, act, openings=openings)


async def waiting(folder: Folder, *, exchange: str, category: Category, practitioner: Practitioner) -> str:
    """Say "no answer yet"; the running adapter does so by itself."""
    act = make(folder, acts.Waiting, practitioner, exchange=exchange, category=category)
    return await queue(folder, act, exchange=exchange, category=category)


def put_act(
    folder: Folder,
    act: AgencyAct,
    *,
    exchange: str | None = None,
    category: Category | None = None,
    openings: Sequence[dict[str, str]] = (),
    note: bytes | None = None,
    passed: str | None = None,
) -> dict[str, Any]:
    """Sign an act; the values of the row that journals it (query `put_act`)."""
    jti, journal = act.jti, folder.journal
    return {
        "jti": jti,
        "act": act.act,
        "token": jws.sign(act.dump(), folder.keyring.signing, acts.typ_of(type(act))),
        "sealed_openings": journal.seal(strict_json.dump(list(openings)), OPENINGS, jti)
        if openings
        else None,
        "passed": passed,
        "sealed_note": None if note is None else journal.seal(note, NOTE, jti),
        "exchange": exchange,
        "category": None if category is None else category.value,
        "created_at": act.iat,
    }


async def queue(
    folder: Folder,
    act: AgencyAct,
    *,
    exchange: str | None = None,
    category: Category | None = None,
    openings: Sequence[dict[str, str]] = (),
    passed: str | None = None,
) -> str:
    """Journal an act for the running adapter; return its jti."""
    row = put_act(folder, act, exchange=exchange, category=category, openings=openings, passed=passed)
    await folder.journal.run("put_act", **row, touches=(QUEUED, act.jti))
    return act.jti


def make(folder: Folder, model: type[A], practitioner: Practitioner, **members: object) -> A:
    """An act of ours with its id and times: the hub may take it for the first time while `accept_within`
    lasts.

    Raises:
        WrongOrder: `not-an-act`: a member, such as an id that somebody typed, is not what the act takes.
    """
    at = folder.clock.now()
    try:
        return model.model_validate(
            {
                "iss": folder.me,
                "sub": practitioner,
                "jti": folder.clock.new_id(),
                "iat": at,
                "exp": at + folder.settings.accept_within,
                "hub": folder.hub.hub,
                **members,
            }
        )
    except ValidationError as error:
        raise WrongOrder(
            "not-an-act",
            f"That cannot be signed ({describe(error)}): give ids as status, inbox and keys list show them.",
        ) from None


async def _settling(
    folder: Folder,
    act: acts.Nil | acts.Decline,
    exchange: str,
    category: Category,
    state: TaskState,
    *,
    note: bytes | None = None,
) -> str:
    row = put_act(folder, act, exchange=exchange, category=category, note=note)

    def work(db: sqlite3.Connection) -> None:
        settle(db, exchange, category, state)
        execute(db, "put_act", **row)

    await folder.journal.write(work, touches=(QUEUED, act.jti, exchange))
    return act.jti
