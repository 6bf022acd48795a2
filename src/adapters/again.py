"""Writing an envelope again: the same words from the archive copy, as a new envelope.

When: the recipient could not open it (its sealing key is gone), its sealing key was revoked before it was
handed over, the hub's time to take or to deposit it had passed, or the key it was declared with had ended
before the hub took it. The old envelope names the new one. Not
more than `seal_again` times.
"""

import sqlite3

from adapters import compose
from adapters.compose import Letter
from adapters.desk.writing import ARCHIVE, ENQUIRY, put
from adapters.errors import Untrusted
from adapters.folder import Folder
from adapters.journal.journal import execute
from adapters.logs import log
from adapters.pinned import IDENTITY_CHANGED, UNCONFIRMED
from adapters.problem import KEY_ENDED, HubProblem
from adapters.work import Work
from broker.protocol.body import parse_body
from broker.protocol.declaration import Declaration, parse_declaration
from broker.protocol.life import State


def letter_of(folder: Folder, row: sqlite3.Row) -> tuple[Letter, Declaration]:
    """What was written, out of the journal."""
    _, claims = parse_declaration(row["declaration"])
    plaintext = folder.journal.open(row["sealed_archive"], ARCHIVE, row["jti"])
    return Letter(declaration=claims, body=parse_body(claims.kind, plaintext)), claims


def outlived(folder: Folder, row: sqlite3.Row, problem: HubProblem) -> bool:
    """Whether the hub turned a declaration down only for its time, or for a key that is in force no more: the
    same words may go out again.
    """
    if problem.code == "gone":
        return problem.reason is None
    parsed, _ = parse_declaration(row["declaration"])
    return problem.reason in KEY_ENDED and parsed.kid != folder.keyring.signing.public.kid


async def write_again(work: Work, row: sqlite3.Row, state: State | None) -> bool:
    """Journal the same words as a new envelope; False when that is not to be done any more. True also while
    it waits for a person here to confirm the recipient: the row stays as it is, and is looked at again.

    Args:
        state: the ending of the old envelope, None when the hub never took it.
    """
    folder, at = work.folder, work.now()
    settings = folder.settings
    if row["attempt"] >= settings.seal_again or row["needed_until"] <= at or row["replaced_by"] is not None:
        return False
    letter, _ = letter_of(folder, row)
    fresh = compose.renew(
        letter, jti=folder.clock.new_id(), at=at, accept_within=settings.accept_within, draw=folder.clock.draw
    )
    pinned = folder.directory.find(row["recipient"])
    if pinned is None:
        return True  # forgotten here, and not seen again yet
    try:
        recipient = pinned.sealing_key(at)
    except Untrusted as error:
        waits = error.code in (UNCONFIRMED, IDENTITY_CHANGED)
        event = "waits-for-confirmation" if waits else "not-written-again"
        log.warning(event, envelope=row["jti"], recipient=row["recipient"], code=error.code)
        return waits
    written = compose.seal(fresh, signing=folder.keyring.signing, to=recipient)
    sealed = row["sealed_enquiry"]
    enquiry = None if sealed is None else folder.journal.open(sealed, ENQUIRY, row["jti"]).decode()
    journalled = put(folder, written, at=at, attempt=row["attempt"] + 1, replaces=row["jti"], enquiry=enquiry)
    new = written.claims.jti

    def replaced(db: sqlite3.Connection) -> None:
        journalled(db)
        execute(
            db, "set_replaced", jti=row["jti"], replaced_by=new, state=None if state is None else state.value
        )

    await folder.journal.write(replaced, touches=(row["jti"], new))
    log.info(
        "written-again", envelope=row["jti"], replaced_by=new, kind=row["kind"], attempt=row["attempt"] + 1
    )
    work.send(new)
    return True
