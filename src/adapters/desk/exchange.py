"""What opened an exchange, ours or another's: read back from the journal."""

from dataclasses import dataclass

from adapters.desk.writing import ARCHIVE
from adapters.errors import WrongOrder
from adapters.folder import Folder
from broker.protocol.body import Body, Person, parse_body
from broker.protocol.declaration import Ask, Declaration, SubjectCommitment, parse_declaration

BODY = "received"
"""The table word in the context of a received body's seal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningEnvelope:
    """The ask or notice an exchange began with; `other` is the agency at the other end, `mine` whether we
    sent it.
    """

    declaration: Declaration
    body: Body
    other: str
    mine: bool

    @property
    def known(self) -> tuple[tuple[Person, SubjectCommitment], ...]:
        """Its people, each with what the declaration committed to."""
        return tuple(zip(self.body.subjects, self.declaration.subjects, strict=True))


def exchange_of(folder: Folder, exchange: str) -> OpeningEnvelope:
    """The envelope whose id the exchange bears. Raises WrongOrder, `unknown-exchange`."""
    mine = folder.journal.row("get_sent", jti=exchange)
    if mine is not None:
        _, declaration = parse_declaration(mine["declaration"])
        plaintext = folder.journal.open(mine["sealed_archive"], ARCHIVE, exchange)
        return OpeningEnvelope(
            declaration=declaration,
            body=parse_body(declaration.kind, plaintext),
            other=declaration.recipient,
            mine=True,
        )
    for row in folder.journal.rows("received_by_jti", jti=exchange):
        if row["exchange"] == exchange and row["sealed_body"] is not None:
            _, declaration = parse_declaration(row["declaration"])
            plaintext = folder.journal.open(row["sealed_body"], BODY, body_id(row["sender"], exchange))
            return OpeningEnvelope(
                declaration=declaration,
                body=parse_body(declaration.kind, plaintext),
                other=declaration.iss,
                mine=False,
            )
    raise WrongOrder(
        "unknown-exchange",
        "No such exchange is in the journal: gatehouse-adapter inbox lists what was received.",
    )


def ask_of(folder: Folder, exchange: str) -> tuple[Ask, OpeningEnvelope]:
    """The ask we are to answer. Raises WrongOrder, `unknown-exchange`."""
    opening = exchange_of(folder, exchange)
    if opening.mine or not isinstance(opening.declaration, Ask):
        raise WrongOrder(
            "unknown-exchange",
            "That is not an ask to this agency: gatehouse-adapter inbox lists those that are.",
        )
    return opening.declaration, opening


def body_id(sender: str, jti: str) -> str:
    """The id under which a received body is sealed: a jti is unique per sender only."""
    return f"{sender}:{jti}"
