"""Who is meant, without names: each subject's t1 (protocol, "Subjects without names"). Pure.

Promises: a subject with a checked NHS number gets the same t1 at every agency that has K_A; anyone else a
random one, the same throughout an exchange. Does not match people beyond that: a connector or a person does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.order import Subject
from broker.protocol.body import NHS_NUMBER, Person
from broker.protocol.declaration import SubjectCommitment
from broker.protocol.frame import Opening
from keys import base64url, subject
from keys.errors import BadProof

_DIGITS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochKey:
    """The epoch under which subjects are named, and K_A of it (32 bytes) once it has reached us."""

    epoch: int
    key: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A subject with its t1 (32 bytes), the epoch of that, and whether it came from a checked NHS number."""

    subject: Subject
    t1: bytes
    epoch: int
    traced: bool


def identify(
    subjects: Sequence[Subject],
    *,
    before: Sequence[tuple[Person, SubjectCommitment]],
    k_a: EpochKey,
    hub_id: str,
    draw: Callable[[int], bytes],
) -> tuple[Identified, ...]:
    """Give each subject its t1.

    Args:
        before: the people already named in this exchange, whose t1 and epoch are kept.
    """
    found = []
    for each in subjects:
        number = nhs_number_of(each)
        known = next((known for known in before if _same(each, number, known[0])), None)
        if known is not None:
            person, committed = known
            t1, epoch = base64url.decode(person.t1), committed.epoch
            traced = person.traced and number is not None
        elif number is not None and k_a.key is not None:
            t1, epoch, traced = _traced(k_a.key, hub_id, k_a.epoch, number), k_a.epoch, True
        else:
            t1, epoch, traced = draw(subject.SIZE), k_a.epoch, False
        found.append(Identified(subject=each, t1=t1, epoch=epoch, traced=traced))
    return tuple(found)


def again(people: Sequence[Person], declared: Sequence[SubjectCommitment]) -> tuple[Identified, ...]:
    """The same people as in another envelope of the exchange: t1 and epoch as there, and the flags."""
    return tuple(
        Identified(
            subject=replace(
                subject_of(person),
                protected_person=flags.protected_person,
                at_risk_recorded=flags.at_risk_recorded,
                cannot_consent=flags.cannot_consent,
            ),
            t1=base64url.decode(person.t1),
            epoch=flags.epoch,
            traced=person.traced,
        )
        for person, flags in zip(people, declared, strict=True)
    )


def subject_of(person: Person) -> Subject:
    """A person of a body as an order describes one; the flags are not in a body."""
    return Subject(
        role=person.role,
        name=person.name,
        born=person.born,
        identifiers=tuple(person.identifiers),
        address=person.address,
        relation=person.relation,
    )


def verify_people(
    people: Sequence[Person],
    committed: Sequence[SubjectCommitment],
    *,
    key_of: Callable[[int], bytes | None],
    hub_id: str,
) -> None:
    """Recompute t1 of everyone said to be traced.

    Args:
        committed: the declaration's subjects, one for each of the people.
        key_of: K_A of an epoch, or None where it has not reached us: then only the form is looked at.

    Raises:
        keys.errors.BadProof: `subject-mismatch`: the number in the body is not the person the hub was shown.
    """
    for person, shown in zip(people, committed, strict=True):
        if not person.traced:
            continue
        number, key = nhs_number_of(subject_of(person)), key_of(shown.epoch)
        if number is None or (
            key is not None and _traced(key, hub_id, shown.epoch, number) != base64url.decode(person.t1)
        ):
            raise BadProof(
                "subject-mismatch", "A subject's NHS number is not the one the declaration committed to."
            )


def nhs_number_of(subject: Subject) -> str | None:
    """The one checked NHS number of a subject; None when there is none, or several that differ."""
    numbers = {each.value for each in subject.identifiers if each.system == NHS_NUMBER and each.checked}
    if len(numbers) != 1:
        return None
    (number,) = numbers
    return number if len(number) == _DIGITS and number.isascii() and number.isdigit() else None


def opening(t1: bytes, r: bytes) -> Opening:
    """What travels beside a declaration or act for one subject."""
    return Opening(t1=base64url.encode(t1), r=base64url.encode(r))


def _traced(k_a: bytes, hub_id: str, epoch: int, number: str) -> bytes:
    return subject.t1(k_a, hub_id=hub_id, epoch=epoch, subject_id=f"nhs:{number}")


def _same(each: Subject, number: str | None, person: Person) -> bool:
    other = nhs_number_of(subject_of(person))
    if number is not None and other is not None:
        return number == other
    return (
        each.role is person.role
        and each.name is not None
        and each.born is not None
        and (each.name.casefold(), each.born) == ((person.name or "").casefold(), person.born)
    )
