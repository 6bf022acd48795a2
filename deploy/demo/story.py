"""The case, chapter by chapter. Each step is typed at a command line of one of the two programs, and checked
at once: what comes out otherwise than the story says stops the play.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from deploy.demo import papers
from deploy.demo.papers import CARE, HEALTH, POLICE, SCHOOL
from deploy.demo.people import FERN, MORGAN, OTHERS, WREN
from deploy.demo.programs import Answer, WentWrong
from deploy.demo.stage import Desk, Stage

REFUSED: Final = 3
HELD: Final = 4
DUE: Final = 12
"""Seconds in which answers are due in the play, in place of the policy's 24 hours for amber."""
LATER: Final = 3_600
"""Seconds for asks whose due time plays no part."""

_HEALTH_CATEGORIES: Final = "health_attendances, health_conditions, health_observations"

Tell = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Exchanges:
    """The ids the story needs again."""

    health: str = ""
    intelligence: str = ""
    missing: str = ""
    early_help: str = ""
    concerns: str = ""
    consent: str = ""


@dataclass(slots=True, kw_only=True)
class Story:
    """The play: a stage, today, and whoever listens."""

    stage: Stage
    now: datetime
    tell: Tell
    ids: Exchanges
    asked_at: float = 0.0
    """When the ask that meets silence was opened, by the loop's clock."""
    held: set[str]
    """Envelopes the hub held at first."""

    @property
    def today(self) -> date:
        """The day it is played on."""
        return self.now.date()

    def desk(self, name: str) -> Desk:
        """One agency's desk."""
        return self.stage.desks[name]

    async def contact(self) -> None:
        """The school tells; social care reads."""
        form = self.desk(SCHOOL).paper("contact.yaml", papers.contact(self.today))
        told = await self.desk(SCHOOL).do("tell", form, "--wait", "30", "--until", "settled")
        body = await self.read(CARE, told.said["jti"])
        must("19 days" in body["concern"], "the contact reads as the school wrote it")
        self.tell(
            f"{SCHOOL} told {CARE}: contradictory accounts of illness, 19 days of absence. Opened and read."
        )

    async def asks(self) -> None:
        """Social care asks under s.47: one ask is refused, one is held."""
        self.tell("Social care recorded its threshold decision. Consent not sought: asking would prejudice.")
        bad = papers.s47_ask(
            HEALTH, _HEALTH_CATEGORIES, WREN, MORGAN, now=self.now, due=DUE, grounds=papers.WITHOUT_ARTICLE_9
        )
        intelligence = papers.s47_ask(POLICE, "police_intelligence", WREN, MORGAN, now=self.now, due=DUE)
        refused, held = await asyncio.gather(
            self._ask("ask-health-1.yaml", bad, "decided", REFUSED),
            self._ask("ask-police-intelligence.yaml", intelligence, "decided", HELD),
        )
        sentence = _sentence(refused.said, "missing-article9")
        self.tell(f"The ask to {HEALTH} was refused: {sentence}")
        (need,) = held.said["needs"]
        must(
            (need["fact"], need["who"], need["agency"]) == ("agreement", "duty_contact", POLICE),
            "the hold names what is missing and who may lift it",
        )
        self.tell(f"The ask to {POLICE} is held: no agreement covers it. Ring {need['contact']}.")
        self.held.add(held.said["jti"])
        self.ids.intelligence = held.said["jti"]

    async def mended(self) -> None:
        """The refused ask, put right; health's record system answers two categories."""
        good = papers.s47_ask(HEALTH, _HEALTH_CATEGORIES, WREN, MORGAN, now=self.now, due=DUE)
        asked = await self._ask("ask-health-2.yaml", good, "settled", 0)
        self.ids.health = asked.said["jti"]
        self.tell(
            f"Mended with the preset s47-asking, the ask to {HEALTH} was permitted, proved, opened there."
        )
        inbox = await self.desk(CARE).do(
            "inbox", "--exchange", self.ids.health, "--count", "2", "--wait", "30"
        )
        for item in inbox.said["received"]:
            body = await self.read(CARE, item["jti"])
            wanted = {"health_attendances": "wheeze", "health_conditions": "not confirmed"}[body["category"]]
            texts = " ".join(entry["what"] for entry in body["entries"])
            must(wanted in texts, f"{body['category']} holds what the records hold")
        self.tell(f"{HEALTH} answered two categories from its FHIR records, by exact NHS number. Read.")
        refused = await self._refused_item()
        must(refused["categories"] == ["health_observations"], "health's third category is the one refused")
        self.tell(f"Its third item was refused: {_sentence(refused, 'missing-schedule1-reason')}")

    async def lifted_and_declined(self) -> None:
        """The police's duty contact lifts the hold; then the police decline, and their desk goes dark."""
        police = self.desk(POLICE)
        await police.do("lift", CARE, self.ids.intelligence, "agreement", "--by", "duty-sergeant-4")
        await self.desk(CARE).do("status", self.ids.intelligence, "--until", "settled", "--wait", "30")
        self.tell(f"{POLICE}'s duty contact lifted the hold for this one ask. It went through.")
        form = police.paper("decline.yaml", papers.POLICE_DECLINE)
        answer = await police.do("answer", self.ids.intelligence, "--from", form)
        must([each["way"] for each in answer.said["answers"]] == ["decline"], "the police decline")
        self.tell(f"{POLICE} declined; its reason stays there.")
        missing = papers.s47_ask(POLICE, "missing_episodes", WREN, now=self.now, due=DUE)
        asked = await self._ask("ask-police-missing.yaml", missing, "settled", 0)
        # At once: a running adapter would say "no answer yet" by itself, and that is not silence.
        await police.stop()
        self.ids.missing, self.asked_at = asked.said["jti"], asyncio.get_running_loop().time()
        self.tell(f"{CARE} asked {POLICE} for missing episodes; it arrived, and then that desk went dark.")

    async def other_family(self) -> None:
        """Another child: asked about for early help, by consent, and under s.47."""
        given = await self.desk(CARE).do(
            "consent", "give", "--purpose", "early_help", "--by", "family-worker-12"
        )
        self.ids.consent = given.said["reference"]
        early, concerns = await asyncio.gather(
            self._ask("ask-early.yaml", papers.early_help_ask(SCHOOL, self.ids.consent, LATER), "settled", 0),
            self._ask(
                "ask-concerns.yaml",
                papers.s47_ask(SCHOOL, "school_concerns", FERN, now=self.now, due=LATER), "settled", 0,
            ),
        )  # fmt: skip
        self.ids.early_help, self.ids.concerns = early.said["jti"], concerns.said["jti"]
        self.tell(f"Another family: {CARE} asked {SCHOOL} for early help, by consent, and under s.47.")

    async def consent_withdrawn(self) -> None:
        """What rests on consent is recalled while its recipient is away; the s.47 item goes on."""
        care, school = self.desk(CARE), self.desk(SCHOOL)
        await care.stop()
        self.tell(f"{CARE} goes offline.")
        item, duty = await asyncio.gather(
            self._answer(
                self.ids.early_help, "early.yaml", papers.early_help_answer(self.ids.consent, self.today)
            ),
            self._answer(self.ids.concerns, "concerns.yaml", papers.concerns_answer(self.today)),
        )
        await school.do("consent", "withdraw", self.ids.consent, "--by", "safeguarding-lead-3")
        self.tell(f"{SCHOOL} answered both; then the family withdrew its consent, and told {SCHOOL}.")
        await care.start()
        recalled, opened = await asyncio.gather(
            *(school.do("status", jti, "--until", "ended", "--wait", "30") for jti in (item, duty))
        )
        must(recalled.said["state"] == "recalled", "what rested on consent is recalled")
        must(opened.said["state"] == "opened", "what rests on a duty goes on")
        body = await self.read(CARE, duty)
        must(any("bruise" in entry["what"] for entry in body["entries"]), "the s.47 item reads as written")
        self.tell(
            f"{CARE} is back: the early-help item was recalled unread, the s.47 item came and was read."
        )

    async def closed(self) -> None:
        """At the due time the asker reads the same of a decline, a refusal and a silence."""
        self.tell(f"The clock is compressed: 24 hours of policy are {DUE} seconds here.")
        care = self.desk(CARE)
        ticking = asyncio.create_task(self._tick())
        ids = (self.ids.intelligence, self.ids.missing, self.ids.health)
        ended = await asyncio.gather(
            *(care.do("status", jti, "--until", "ended", "--wait", "45") for jti in ids)
        )
        ticking.cancel()
        wanted = ("police_intelligence", "missing_episodes", "health_observations")
        for answer, category in zip(ended, wanted, strict=True):
            must(
                [each["category"] for each in answer.said["closures"]] == [category], f"{category} is closed"
            )
        for word in ("declin", "live_operation", "silen"):
            must(word not in str([each.said for each in ended[:2]]).lower(), f"nothing tells of '{word}'")
        self.tell("Of what was declined, refused, or met silence the asker reads one and the same sentence:")
        self.tell("no information was shared; this does not mean nothing is held.")

    async def read(self, reader: str, envelope: str) -> dict[str, Any]:
        """Open an envelope at its recipient; nobody who was not asked about may be in it."""
        answer = await self.desk(reader).do("open", envelope)
        for person in OTHERS:
            must(person.family not in str(answer.said), "nobody else's record is in an answer")
        body: dict[str, Any] = answer.said["body"]
        return body

    async def _refused_item(self) -> dict[str, Any]:
        for _ in range(20):
            for sent in (await self.desk(HEALTH).do("status")).said["sent"]:
                if sent["outcome"] == "refuse":
                    found: dict[str, Any] = sent
                    return found
            await asyncio.sleep(0.2)
        raise WentWrong("No item of health's was refused, and one must be.")

    async def _tick(self) -> None:
        """Show the policy's clock, from the ask that meets silence."""
        while (gone := asyncio.get_running_loop().time() - self.asked_at) < DUE:
            self.tell(f"  … the silent ask has {24 - 24 * gone / DUE:.0f} of its 24 hours left")
            await asyncio.sleep(DUE / 8)

    async def _ask(self, name: str, text: str, until: str, expect: int) -> Answer:
        form = self.desk(CARE).paper(name, text)
        return await self.desk(CARE).do("ask", form, "--wait", "30", "--until", until, expect=(expect,))

    async def _answer(self, exchange: str, name: str, text: str) -> str:
        school = self.desk(SCHOOL)
        form = school.paper(name, text)
        answer = await school.do("answer", exchange, "--from", form, "--until", "deposited", "--wait", "30")
        (given,) = answer.said["answers"]
        jti: str = given["sent"]["jti"]
        return jti


def must(holds: bool, what: str) -> None:
    """Stop the play where the story came out otherwise."""
    if not holds:
        raise WentWrong(f"This must hold and does not: {what}.")


def _sentence(sent: dict[str, Any], code: str) -> str:
    for finding in sent["findings"]:
        if finding["code"] == code:
            return str(finding["sentence"])
    raise WentWrong(f"There is no finding {code}.")
