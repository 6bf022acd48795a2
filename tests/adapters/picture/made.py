"""Enquiries put together for these tests. Everybody and everything in them is invented."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapters.picture.gathered import AgencyNamed, AskStanding, Gathered, Told
from broker.protocol.body import (
    NHS_NUMBER,
    AskBody,
    Body,
    Correction,
    Decided,
    Entry,
    Grading,
    Identifier,
    ItemBody,
    MessageAbout,
    MessageBody,
    Nature,
    NoticeBody,
    OutcomeTold,
    Person,
    Redaction,
    Searched,
)
from broker.protocol.declaration import (
    Ask,
    BodyDigest,
    Declaration,
    Item,
    Message,
    Notice,
    NoticeKind,
    SubjectCommitment,
)
from keys import base64url
from policies.vocabulary import Category, HandlingCode, Purpose, Rating, SubjectRole
from tests.adapters.core.made import NOT_SOUGHT, WORKER, grounds

HUB = "0" * 32
DIGEST = "A" * 43
NOW = int(datetime(2026, 11, 25, 9, 0, tzinfo=UTC).timestamp())
HOUR = 3_600
AGENCIES = (
    AgencyNamed(id="care", name="Eastmere social care (invented)", duty_contact="duty desk, 01632 960001"),
    AgencyNamed(
        id="health", name="Eastmere health (invented)", duty_contact="safeguarding nurse, 01632 960002"
    ),
    AgencyNamed(id="school", name="Oakfield School (invented)", duty_contact="designated lead, 01632 960003"),
    AgencyNamed(id="police", name="Eastmere police (invented)", duty_contact="protection desk, 01632 960004"),
    AgencyNamed(
        id="probation", name="Eastmere probation (invented)", duty_contact="duty officer, 01632 960005"
    ),
)
OSP = HandlingCode.OFFICIAL_SENSITIVE_PERSONAL


def person(
    name: str | None,
    born: date | None = None,
    *,
    nhs: str | None = None,
    role: SubjectRole = SubjectRole.CHILD,
    t1: str | None = None,
    others: Sequence[Identifier] = (),
    **more: Any,
) -> Person:
    """One description; traced where an NHS number is given."""
    numbers = [] if nhs is None else [Identifier(system=NHS_NUMBER, value=nhs, checked=True)]
    mark = base64url.encode(hashlib.sha256((t1 or nhs or f"{name}{born}{role}").encode()).digest())
    return Person(
        role=role,
        t1=mark,
        r=DIGEST,
        traced=nhs is not None,
        name=name,
        born=born,
        identifiers=[*numbers, *others],
        **more,
    )


WREN = person("Wren Imaginary", date(2018, 3, 9), nhs="9991001018", address="4 Nowhere Lane, Inventon")
MORGAN = person(
    "Morgan Imaginary", date(1989, 7, 21), nhs="9991001042", role=SubjectRole.PARENT, relation="mother"
)
ROWAN = person("Rowan Notreal", date(2006, 1, 30), role=SubjectRole.SIBLING, relation="half-brother")


def entry(on: date | datetime | None, what: str, *, subject: int = 0, **more: Any) -> Entry:
    """One entry."""
    return Entry(subject=subject, on=on, what=what, **more)


@dataclass
class Case:
    """An enquiry as it grows; `at` is when the next envelope is written."""

    at: int = NOW - 48 * HOUR
    told: list[Told] = field(default_factory=list)
    asks: list[AskStanding] = field(default_factory=list)
    _last: int = 0

    def ask(
        self,
        to: str,
        *categories: Category,
        subjects: Sequence[Person] = (WREN,),
        due_in: int = 24 * HOUR,
        concern: str = "The school was given three accounts of one illness.",
        closed: Mapping[Category, int] | None = None,
        **standing: Any,
    ) -> str:
        """Social care asks; the exchange."""
        jti = self._id()
        self._put(
            AskBody(
                **self._common(jti, "care", to, jti, subjects),
                concern=concern,
                necessity="Only the records show whether the child was seen on those days.",
            ),
            Ask(
                **self._declared(jti, "care", to, jti, subjects),
                categories=list(categories),
                due_within=due_in,
            ),
        )
        self.asks.append(
            AskStanding(
                exchange=jti,
                to=to,
                categories=categories,
                asked_at=self.at,
                due_at=self.at + due_in,
                closed=closed or {},
                **standing,
            )
        )
        return jti

    def item(
        self,
        exchange: str,
        sender: str,
        category: Category,
        *entries: Entry,
        subjects: Sequence[Person] = (WREN,),
        as_of: date | None = date(2026, 11, 23),
        systems: Sequence[str] = ("Main record system",),
        handling: HandlingCode = OSP,
        **more: Any,
    ) -> str:
        """An answer to it; the envelope."""
        jti = self._id()
        self._put(
            ItemBody(
                **self._common(jti, sender, "care", exchange, subjects),
                category=category,
                result="held" if entries else "nil",
                entries=list(entries),
                searched=Searched(systems=list(systems), by=["NHS number"], as_of=as_of),
                handling=handling,
                necessity="It bears on the accounts given.",
                **more,
            ),
            Item(
                **self._declared(jti, sender, "care", exchange, subjects),
                category=category,
                handling=handling,
            ),
        )
        return jti

    def notice(
        self,
        sender: str,
        *entries: Entry,
        notice: NoticeKind = NoticeKind.CONTACT,
        category: Category = Category.CONTACT_REPORT,
        concern: str = "Absent often; three different illnesses were named for the same week.",
        subjects: Sequence[Person] = (WREN,),
        regards: str | None = None,
        to: str = "care",
        correction: Correction | None = None,
        outcome: OutcomeTold | None = None,
    ) -> str:
        """Something told unasked; the envelope."""
        jti = self._id()
        self._put(
            NoticeBody(
                **self._common(jti, sender, to, regards or jti, subjects),
                category=category,
                concern=concern,
                entries=list(entries),
                correction=correction,
                outcome=outcome,
            ),
            Notice(
                **self._declared(jti, sender, to, regards or jti, subjects),
                notice=notice,
                category=category,
                handling=OSP,
                regards=regards,
                corrects=None if correction is None else correction.item,
            ),
        )
        return jti

    def message(
        self,
        exchange: str,
        sender: str,
        to: str,
        about: MessageAbout,
        words: str,
        *,
        subjects: Sequence[Person] = (WREN,),
    ) -> None:
        """Words between the two parties."""
        jti = self._id()
        self._put(
            MessageBody(**self._common(jti, sender, to, exchange, subjects), about=about, words=words),
            Message(**self._declared(jti, sender, to, exchange, subjects), regards=exchange),
        )

    def gathered(self, *, at: int = NOW, enquiry: str = "enquiry-2026-114") -> Gathered:
        """What the journal would give."""
        return Gathered(
            enquiry=enquiry,
            me="care",
            at=at,
            told=tuple(self.told),
            asks=tuple(self.asks),
            agencies=AGENCIES,
        )

    def _id(self) -> str:
        self._last += 1
        self.at += 60
        return f"{self._last:08x}-0000-4000-8000-000000000000"

    def _put(self, body: Body, declaration: Declaration) -> None:
        self.told.append(Told(declaration=declaration, body=body, mine=body.sender == "care"))

    def _common(
        self, jti: str, sender: str, to: str, exchange: str, subjects: Sequence[Person]
    ) -> dict[str, Any]:
        return {
            "sender": sender,
            "recipient": to,
            "exchange": exchange,
            "jti": jti,
            "salt": DIGEST,
            "subjects": list(subjects),
        }

    def _declared(
        self, jti: str, sender: str, to: str, exchange: str, subjects: Sequence[Person]
    ) -> dict[str, Any]:
        return {
            "iss": sender,
            "sub": WORKER,
            "aud": [HUB, to],
            "jti": jti,
            "iat": self.at,
            "exp": self.at + HOUR,
            "exchange": exchange,
            "purpose": Purpose.CHILD_PROTECTION_ENQUIRY,
            "rating": Rating.AMBER,
            "needed_until": self.at + 720 * HOUR,
            "grounds": grounds("s47-asking", subjects=len(subjects)),
            "consent": NOT_SOUGHT,
            "subjects": [SubjectCommitment(role=each.role, epoch=1, c=DIGEST) for each in subjects],
            "body": BodyDigest(digest=DIGEST, commitment=DIGEST),
        }


def story() -> Gathered:
    """The whole case: about forty statements from five agencies, and everything a picture can show."""
    case = Case()
    family = (WREN, MORGAN)
    contact = case.notice(
        "school",
        entry(date(2026, 11, 16), "Absent. Reason given by telephone: hospital appointment."),
        entry(
            date(2026, 11, 17),
            "Absent. A note named a chest infection.",
            detail={"reason": "chest infection"},
            recorded_by="attendance officer",
        ),
        entry(
            date(2026, 11, 17),
            "The mother told the office it was a stomach bug.",
            detail={"reason": "stomach bug"},
        ),
        entry(date(2026, 11, 18), "Appeared well, and hungry.", nature=Nature.OPINION),
    )

    health = case.ask(
        "health",
        Category.HEALTH_ATTENDANCES,
        Category.HEALTH_CONDITIONS,
        Category.GP_REGISTRATION,
        subjects=family,
        closed={Category.GP_REGISTRATION: NOW - 22 * HOUR},
    )
    police = case.ask(
        "police", Category.POLICE_INTELLIGENCE, Category.POLICE_INCIDENTS, subjects=(*family, ROWAN)
    )
    case.ask("probation", Category.PROBATION_SUPERVISION, subjects=(ROWAN,))
    school = case.ask("school", Category.ATTENDANCE, due_in=72 * HOUR)
    assert school
    elsewhere = person(
        "Wren  Imaginary", date(2018, 3, 9), t1=health, address="17 Figment Crescent", role=SubjectRole.CHILD
    )
    attended = case.item(
        health,
        "health",
        Category.HEALTH_ATTENDANCES,
        *(
            entry(
                date(2026, 1, 5) + timedelta(days=11 * number),
                f"Emergency department, visit {number + 1}: parent reports a fit; examination normal.",
                detail={"department": "children's emergency", "seen by": "duty doctor"},
                recorded_by="emergency department",
                reference=f"ED-{number:04d}",
            )
            for number in range(20)
        ),
        entry(
            datetime(2026, 11, 16, 10, 15, tzinfo=UTC),
            "Outpatient clinic: did not attend.",
            recorded_by="clinic desk",
        ),
        entry(
            date(2026, 9, 2),
            "Broken arm; account given: fell from a swing.",
            detail={"reason": "fell from a swing"},
        ),
        subjects=(elsewhere, MORGAN),
        redactions=[
            Redaction(place="name of the person who rang", reason="third-party", entry=3),
            Redaction(place="2 more entries", reason="restricted-record"),
        ],
    )
    case.item(health, "health", Category.HEALTH_CONDITIONS, subjects=family)
    case.at += 4 * HOUR
    case.notice(
        "health",
        entry(
            date(2026, 9, 2),
            "Sprained wrist; account given: fell from a swing.",
            detail={"reason": "fell from a swing"},
        ),
        notice=NoticeKind.CORRECTION,
        category=Category.HEALTH_ATTENDANCES,
        subjects=(elsewhere,),
        regards=health,
        concern="The record of a twin was opened by mistake.",
        correction=Correction(item=attended, entries=[21], why="The entry belongs to another child."),
    )
    case.item(
        police,
        "police",
        Category.POLICE_INTELLIGENCE,
        entry(
            date(2026, 8, 14),
            "A person said that money for the child's treatment was collected and not spent on it.",
            subject=1,
            nature=Nature.ALLEGATION,
            grading=Grading(source=2, information="D", handling="C"),
        ),
        entry(
            date(2026, 10, 3),
            "Seen at the address late at night on several days.",
            subject=2,
            grading=Grading(source=1, information="A", handling="P"),
        ),
        entry(None, "An earlier report under another name in another force's area.", subject=1),
        subjects=(*family, ROWAN),
        conditions="Not to be repeated to the family or in an open meeting; ring the protection desk first.",
        handling=HandlingCode.C,
        redactions=[Redaction(place="how it became known", reason="source-protection", entry=0)],
    )
    case.message(
        health,
        "care",
        "health",
        MessageAbout.QUESTION,
        "Was the child seen alone at any visit?",
        subjects=family,
    )
    case.message(
        health, "health", "care", MessageAbout.REPLY, "Once, in March; nothing was said.", subjects=family
    )
    case.notice(
        "care",
        notice=NoticeKind.OUTCOME,
        category=Category.OUTCOME,
        to="school",
        regards=contact,
        concern="A strategy discussion is held tomorrow.",
        outcome=OutcomeTold(
            decided=Decided.STRATEGY_DISCUSSION,
            by="team manager",
            at=datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
        ),
    )
    return case.gathered()


def many(number: int = 400) -> Gathered:
    """As many statements, by two agencies, long and short."""
    case = Case()
    health = case.ask("health", Category.HEALTH_ATTENDANCES, subjects=(WREN, MORGAN))
    school = case.ask("school", Category.ATTENDANCE)
    half = number // 2
    case.item(
        health,
        "health",
        Category.HEALTH_ATTENDANCES,
        *(
            entry(
                date(2024, 1, 1) + timedelta(days=5 * each),
                f"Visit {each}: " + "parent reports a fit, examination normal. " * (1 + each % 7),
                subject=each % 2,
                detail={"seen by": "duty doctor", "record": "x" * (each % 60 + 1)},
            )
            for each in range(half)
        ),
        subjects=(WREN, MORGAN),
    )
    case.item(
        school,
        "school",
        Category.ATTENDANCE,
        *(
            entry(date(2024, 1, 2) + timedelta(days=4 * each), f"Absent, morning. Note {each}.")
            for each in range(number - half)
        ),
    )
    return case.gathered()
