"""From an order to a journalled envelope: the steps every kind of envelope shares."""

import sqlite3
from collections.abc import Callable, Sequence

from adapters import compose
from adapters.compose import Letter, Written
from adapters.errors import Untrusted
from adapters.folder import Folder
from adapters.journal.journal import execute
from adapters.letter import Frame
from adapters.pinned import Pinned
from broker.protocol.declaration import categories_of
from broker.protocol.frame import Opening
from keys import strict_json
from policies.vocabulary import Category

QUEUED = "queued"
"""What a running adapter in the same process waits on for new rows; another process's it sees by itself."""
ARCHIVE = "archive"
OPENINGS = "openings"
ENQUIRY = "enquiry"


def frame(folder: Folder, *, needed_until: int | None = None, needed_within: int | None = None) -> Frame:
    """What an envelope takes from the clock and the settings."""
    at = folder.clock.now()
    return Frame(
        hub_id=folder.hub.hub,
        me=folder.me,
        jti=folder.clock.new_id(),
        at=at,
        accept_within=folder.settings.accept_within,
        needed_until=needed_until or at + (needed_within or folder.settings.needed_within),
        draw=folder.clock.draw,
    )


def verify_no_alarm(folder: Folder) -> None:
    """Refuse to write while proof against the hub is journalled. Raises Untrusted, by the alarm's code."""
    for row in folder.journal.rows("alarms"):
        raise Untrusted(
            row["code"],
            "The hub has shown two histories of its log; nothing is sent. Give your officer what "
            "gatehouse-adapter alarm shows.",
        )


def seal(folder: Folder, letter: Letter, to: Pinned, *, at: int) -> Written:
    """Seal a letter to a confirmed agency. Raises Untrusted."""
    verify_no_alarm(folder)
    return compose.seal(letter, signing=folder.keyring.signing, to=to.sealing_key(at))


def put(
    folder: Folder,
    written: Written,
    *,
    at: int,
    attempt: int = 0,
    replaces: str | None = None,
    enquiry: str | None = None,
) -> Callable[[sqlite3.Connection], None]:
    """The piece of work that journals an envelope: from its commit on it will be sent, whatever happens to
    us.
    """
    journal, claims = folder.journal, written.claims
    jti = claims.jti
    openings = strict_json.dump([{"t1": each.t1, "r": each.r} for each in written.openings])
    values = {
        "jti": jti,
        "exchange": claims.exchange,
        "kind": claims.kind.value,
        "recipient": claims.recipient,
        "categories": join(categories_of(claims)),
        "declaration": written.declaration,
        "sealed_openings": journal.seal(openings, OPENINGS, jti),
        "body": written.sealed,
        "sealed_to": written.sealed_to,
        "sealed_archive": journal.seal(written.plaintext, ARCHIVE, jti),
        "sealed_enquiry": None if enquiry is None else journal.seal(enquiry.encode(), ENQUIRY, jti),
        "attempt": attempt,
        "replaces": replaces,
        "needed_until": claims.needed_until,
        "created_at": at,
    }

    def work(db: sqlite3.Connection) -> None:
        execute(db, "put_sent", **values)

    return work


def openings_from(folder: Folder, sealed: bytes, table: str, id: str) -> list[Opening]:
    """The openings that were journalled beside a declaration or an act."""
    value = strict_json.parse(folder.journal.open(sealed, table, id))
    assert isinstance(value, list)
    return [Opening.model_validate(each) for each in value]


def join(categories: Sequence[Category]) -> str:
    """Categories as one column."""
    return " ".join(category.value for category in categories)


def split(column: str) -> tuple[Category, ...]:
    """Categories out of one column."""
    return tuple(Category(word) for word in column.split())
