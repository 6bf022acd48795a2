"""A person sent as untraced although the number is in the words: the hub then cannot see that two envelopes
are about the same person, and its token finds nothing.

It is no reason to refuse: what a child needs must come through, and a sender without K_A has no choice. But a
sender that held K_A could have traced, so whoever receives is told, for its officer to look into.
"""

from collections.abc import Sequence
from typing import Final

from adapters.connectors import nhs_number
from adapters.desk.exchange import BODY, body_id
from adapters.epoch import key_of, open_epoch
from adapters.folder import Folder
from adapters.identify import verify_people
from broker.protocol.body import Body, Person, parse_body
from broker.protocol.declaration import Ask, Declaration, Notice, SubjectCommitment, parse_declaration
from keys.errors import BadProof

KNOWN_BUT_UNTRACED: Final = "known-but-untraced"
"""What the journal keeps beside an opened envelope of that kind."""
_LOOKED_BACK: Final = 64
"""Envelopes of a sender looked through for one that shows its K_A: a sender that has it uses it."""


def doubt_of(folder: Folder, claims: Declaration, body: Body) -> str | None:
    """`known-but-untraced` where an opened envelope keeps a number from the hub that its sender could trace.

    Only what opens an exchange is looked at: within one, everybody keeps the t1 that the first envelope gave.
    """
    opens = isinstance(claims, Ask) or (isinstance(claims, Notice) and claims.regards is None)
    if not opens or not any(_known_but_untraced(person) for person in body.subjects):
        return None
    return KNOWN_BUT_UNTRACED if _had_key(folder, claims) else None


def _known_but_untraced(person: Person) -> bool:
    return not person.traced and any(
        each.system == nhs_number.SYSTEM and _valid(each.value) for each in person.identifiers
    )


def _valid(value: str) -> bool:
    # Whatever the sender says of it: that a number was not checked is easily said.
    try:
        nhs_number.check(value)
    except nhs_number.NumberRefused:
        return False
    return True


def _had_key(folder: Folder, claims: Declaration) -> bool:
    """Whether the sender has shown that it held K_A: it passed it to us, or traced somebody no later."""
    epoch = open_epoch(folder)
    k_a = key_of(folder, epoch)
    if k_a is None:
        return False
    row = folder.journal.row("get_subject_key", epoch=epoch)
    if row is not None and row["source"] == claims.iss:
        return True
    for earlier in folder.journal.rows("opened_of_sender", sender=claims.iss, limit=_LOOKED_BACK):
        _, declared = parse_declaration(earlier["declaration"])
        if declared.iat > claims.iat:
            continue
        plaintext = folder.journal.open(
            earlier["sealed_body"], BODY, body_id(earlier["sender"], earlier["jti"])
        )
        people = parse_body(declared.kind, plaintext).subjects
        shown = [
            (person, committed)
            for person, committed in zip(people, declared.subjects, strict=True)
            if person.traced and committed.epoch == epoch
        ]
        if _traces(shown, k_a, folder.hub.hub):
            return True
    return False


def _traces(shown: Sequence[tuple[Person, SubjectCommitment]], k_a: bytes, hub_id: str) -> bool:
    try:
        verify_people(
            [person for person, _ in shown],
            [committed for _, committed in shown],
            key_of=lambda _: k_a,
            hub_id=hub_id,
        )
    except BadProof:
        return False
    return bool(shown)
