"""The declines signed here with their coded reasons, which never left: for their officer."""

from dataclasses import dataclass

from adapters.desk.act import NOTE
from adapters.folder import Folder
from broker.protocol.act import Decline, parse_agency_act
from keys import base64url, commitment, strict_json
from keys.errors import BadProof
from policies.vocabulary import Category, DeclineReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineKept:
    """One decline. `committed`: the reason kept here is the one the signed act commits to. `done`: the hub
    has it; `salt` lets anybody who is shown the reason check it against the act.
    """

    act: str
    exchange: str
    category: Category
    by: str
    role: str
    at: int
    reason: DeclineReason
    salt: str
    commitment: str
    committed: bool
    done: bool


def declines(folder: Folder) -> tuple[DeclineKept, ...]:
    """Every decline, newest first."""
    found = []
    for row in folder.journal.rows("declines"):
        _, act = parse_agency_act(row["token"])
        assert isinstance(act, Decline)
        note = strict_json.parse_object(folder.journal.open(row["sealed_note"], NOTE, row["jti"]))
        reason, salt = DeclineReason(str(note["reason"])), str(note["salt"])
        found.append(
            DeclineKept(
                act=row["jti"],
                exchange=act.exchange,
                category=act.category,
                by=act.sub.id,
                role=act.sub.role.value,
                at=row["created_at"],
                reason=reason,
                salt=salt,
                commitment=act.reason,
                committed=_holds(act.reason, salt, reason),
                done=bool(row["done"]),
            )
        )
    return tuple(found)


def _holds(committed: str, salt: str, reason: DeclineReason) -> bool:
    try:
        commitment.verify_content(committed, base64url.decode(salt), reason.value.encode())
    except BadProof:
        return False
    return True
