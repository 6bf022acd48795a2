"""What came in, what is asked of us, and the words of an envelope."""

import sqlite3

from adapters.desk.exchange import BODY, body_id
from adapters.desk.writing import ARCHIVE, split
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.journal.journal import execute, fetch
from adapters.view import Opened, Received, Task, TaskState
from broker.protocol.act import ReceiptOutcome
from broker.protocol.body import parse_body
from broker.protocol.declaration import Kind, Notice, parse_declaration
from policies.vocabulary import Category, Rating

_MANY = 1_000
_DRAFT = "draft"


def inbox(folder: Folder, *, limit: int = _MANY) -> tuple[Received, ...]:
    """What was handed over to us, newest first."""
    return tuple(received_from_row(folder, row) for row in folder.journal.rows("all_received", limit=limit))


def received_of(folder: Folder, exchange: str) -> tuple[Received, ...]:
    """What was handed over to us in one exchange, oldest first."""
    return tuple(
        received_from_row(folder, row)
        for row in folder.journal.rows("received_of_exchange", exchange=exchange)
    )


def tasks(folder: Folder, exchange: str | None = None) -> tuple[Task, ...]:
    """What is asked of us: of one exchange by category, or all, earliest due first."""
    rows = (
        folder.journal.rows("tasks")
        if exchange is None
        else folder.journal.rows("tasks_of_exchange", exchange=exchange)
    )
    return tuple(task_from_row(row) for row in rows)


def read(folder: Folder, jti: str, *, sender: str | None = None) -> Opened:
    """The readable body of an envelope, received or sent. For showing; never to be stored.

    Args:
        sender: needed only when two senders chose the same id.

    Raises:
        WrongOrder: `unknown-envelope`, `not-opened`, `several-senders`.
    """
    mine = folder.journal.row("get_sent", jti=jti)
    if mine is not None and sender in (None, folder.me):
        _, declaration = parse_declaration(mine["declaration"])
        plaintext = folder.journal.open(mine["sealed_archive"], ARCHIVE, jti)
        return Opened(
            jti=jti,
            declaration=declaration,
            body=parse_body(declaration.kind, plaintext),
            mine=True,
            corrected_by=tuple(each["notice"] for each in folder.journal.rows("corrections_of", item=jti)),
        )
    row = received_row(folder, jti, sender)
    if row["sealed_body"] is None:
        raise WrongOrder("not-opened", f"The envelope was handed over but not opened ({row['outcome']}).")
    _, declaration = parse_declaration(row["declaration"])
    plaintext = folder.journal.open(row["sealed_body"], BODY, body_id(row["sender"], jti))
    return Opened(
        jti=jti,
        declaration=declaration,
        body=parse_body(declaration.kind, plaintext),
        mine=False,
        corrected_by=_corrected(folder, row),
    )


async def note_reading(folder: Folder, opened: Opened, *, person: str) -> None:
    """Journal that a person here has read what was sent to us: who read something wrong is to be found."""
    if not opened.mine:
        await folder.journal.run(
            "put_reading",
            sender=opened.declaration.iss,
            jti=opened.jti,
            person=person,
            at=folder.clock.now(),
        )


def _corrected(folder: Folder, row: sqlite3.Row) -> tuple[str, ...]:
    rows = folder.journal.rows("corrections_received", sender=row["sender"], item=row["jti"])
    return tuple(each["notice"] for each in rows)


def received_row(folder: Folder, jti: str, sender: str | None = None) -> sqlite3.Row:
    """The journal's row of a received envelope. Raises WrongOrder as `read`."""
    rows = [row for row in folder.journal.rows("received_by_jti", jti=jti) if sender in (None, row["sender"])]
    if not rows:
        raise WrongOrder(
            "unknown-envelope", "No such envelope is in the journal: gatehouse-adapter inbox lists them."
        )
    if len(rows) > 1:
        raise WrongOrder("several-senders", "Two agencies used that id: name the sender too.")
    return rows[0]


async def save_draft(
    folder: Folder, *, exchange: str, category: Category, draft: bytes, why: str | None = None
) -> None:
    """Keep a prepared answer, sealed, until a person approves it; `why` is the coded reason it waits."""
    sealed = folder.journal.seal(draft, _DRAFT, f"{exchange}:{category.value}")
    await _on_task(folder, "put_draft", exchange, category, why=why, sealed_draft=sealed)


async def wait_for_person(folder: Folder, *, exchange: str, category: Category, why: str) -> None:
    """Nothing could be prepared: the task waits for a person, with a coded reason."""

    def work(db: sqlite3.Connection) -> None:
        row = fetch(db, "get_task", exchange=exchange, category=category.value)
        if row is not None and row["state"] in (TaskState.WAITING, TaskState.PREPARED):
            execute(db, "settle_task", exchange=exchange, category=category.value, state="waiting", why=why)

    await folder.journal.write(work, touches=(exchange,))


def load_draft(folder: Folder, *, exchange: str, category: Category) -> bytes | None:
    """The prepared answer, or None."""
    row = folder.journal.row("get_task", exchange=exchange, category=category.value)
    if row is None or row["sealed_draft"] is None:
        return None
    return folder.journal.open(row["sealed_draft"], _DRAFT, f"{exchange}:{category.value}")


def received_from_row(folder: Folder, row: sqlite3.Row) -> Received:
    """Read a row of `received`, with what corrects it."""
    _, claims = parse_declaration(row["declaration"])
    return Received(
        jti=row["jti"],
        exchange=row["exchange"],
        kind=Kind(row["kind"]),
        sender=row["sender"],
        categories=split(row["categories"]),
        received_at=row["received_at"],
        outcome=ReceiptOutcome(row["outcome"]),
        receipt_acknowledged=bool(row["acknowledged"]),
        warning=row["why"] if row["outcome"] == ReceiptOutcome.OPENED else None,
        notice=claims.notice if isinstance(claims, Notice) else None,
        corrected_by=_corrected(folder, row),
    )


def task_from_row(row: sqlite3.Row) -> Task:
    """Read a row of `task`."""
    return Task(
        exchange=row["exchange"],
        category=Category(row["category"]),
        asker=row["asker"],
        rating=Rating(row["rating"]),
        state=TaskState(row["state"]),
        due_at=row["due_at"],
        confirmable=bool(row["confirmable"]),
        why=row["why"],
        has_draft=row["sealed_draft"] is not None,
    )


async def _on_task(folder: Folder, query: str, exchange: str, category: Category, **values: object) -> None:
    changed = await folder.journal.run(
        query, exchange=exchange, category=category.value, touches=(exchange,), **values
    )
    if not changed:
        raise WrongOrder(
            "already-answered",
            f"{category.value} of this exchange is not open any more, or was not asked for.",
        )
