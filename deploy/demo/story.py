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


@dataclass(slots=True, kw_only=True)
class Story:
    """The play: a stage, today, and whoever listens."""

    stage: Stage
    now: datetime
    tell: Tell
    ids: Exchanges
    opened: dict[str, Any]
    """Bodies as their recipients read them, by envelope."""
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
        """Social care asks under s.47: one ask is refused and mended, one is held, one goes through."""
        self.tell("Social care recorded its threshold decision. Consent not sought: asking would prejudice.")
        health_bad = papers.s47_ask(
            HEALTH, _HEALTH_CATEGORIES, WREN, MORGAN, now=self.now, due=DUE, grounds=papers.WITHOUT_ARTICLE_9
        )
        police = papers.s47_ask(POLICE, "police_intelligence", WREN, MORGAN, now=self.now, due=DUE)
        missing = papers.s47_ask(POLICE, "missing_episodes", WREN, now=self.now, due=DUE)
        refused, held, asked = await asyncio.gather(
            self._ask("ask-health-1.yaml", health_bad, "decided", REFUSED),
            self._ask("ask-police-intelligence.yaml", police, "decided", HELD),
            self._ask("ask-police-missing.yaml", missing, "settled", 0),
        )
        codes = [finding["code"] for finding in refused.said["findings"] if finding["effect"] == "refuse"]
        must("missing-article9" in codes, "the refusal names the missing condition")
        self.tell(f"The ask to {HEALTH} was refused: {_sentence(refused.said, 'missing-article9')}")
        self.ids.missing, self.ids.intelligence = asked.said["jti"], held.said["jti"]
        self.held.add(held.said["jti"])
        (need,) = held.said["needs"]
        must(
            (need["fact"], need["who"], need["agency"]) == ("agreement", "duty_contact", POLICE),
            "the hold names what is missing and who may lift it",
        )
        self.tell(f"The ask to {POLICE} is held: no agreement covers it. Ring {need['contact']}.")

    async def mended(self) -> None:
        """The refused ask, put right; health's record system answers two categories, the third is refused."""
        good = papers.s47_ask(HEALTH, _HEALTH_CATEGORIES, WREN, MORGAN, now=self.now, due=DUE)
        asked = await self._ask("ask-health-2.yaml", good, "settled", 0)
        self.ids.health = asked.said["jti"]
        self.tell(
            f"Mended with the preset s47-asking, the ask to {HEALTH} was permitted, proved, opened there."
        )
        items = await self._until(self._health_items, "health's answers")
        opened = [item for item in items if item["state"] == "opened"]
        (refused,) = [item for item in items if item["outcome"] == "refuse"]
        for item in opened:
            self._check_item(await self.read(CARE, item["jti"]))
        self.tell(
            f"{HEALTH} answered two categories from its FHIR records, by exact NHS number. Opened and read."
        )
        must(refused["categories"] == ["health_observations"], "the third category is the one refused")
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
        await self.desk(CARE).do("status", self.ids.missing, "--until", "settled", "--wait", "30")
        await police.stop()
        self.tell(
            f"{POLICE} declined, with a reason that stays there; then its desk went dark, one ask unanswered."
        )

    async def other_family(self) -> None:
        """Early help resting on consent is recalled when consent is withdrawn; the s.47 item goes on."""
        care, school = self.desk(CARE), self.desk(SCHOOL)
        given = await care.do("consent", "give", "--purpose", "early_help", "--by", "family-worker-12")
        reference = given.said["reference"]
        early, concerns = await asyncio.gather(
            self._ask("ask-early-help.yaml", papers.early_help_ask(SCHOOL, reference, LATER), "settled", 0),
            self._ask(
                "ask-concerns.yaml",
                papers.s47_ask(SCHOOL, "school_concerns", FERN, now=self.now, due=LATER), "settled", 0,
            ),
        )  # fmt: skip
        self.ids.early_help, self.ids.concerns = early.said["jti"], concerns.said["jti"]
        self.tell(
            f"Another family: {CARE} asked {SCHOOL} by consent, and under s.47. Then {CARE} goes offline."
        )
        await care.stop()
        item, duty = await asyncio.gather(
            self._answer(
                school, self.ids.early_help, "early.yaml", papers.early_help_answer(reference, self.today)
            ),
            self._answer(school, self.ids.concerns, "concerns.yaml", papers.concerns_answer(self.today)),
        )
        await asyncio.gather(
            *(school.do("status", jti, "--until", "deposited", "--wait", "30") for jti in (item, duty))
        )
        await school.do("consent", "withdraw", reference, "--by", "safeguarding-lead-3")
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
            f"{CARE} is back: the early-help item was recalled unread, the s.47 item arrived and was opened."
        )

    async def closed(self) -> None:
        """At the due time the asker reads the same of a decline, a refusal and a silence."""
        self.tell(
            f"The clock is compressed: 24 hours of policy are {DUE} seconds here. Waiting for it to run out …"
        )
        care = self.desk(CARE)
        ids = (self.ids.intelligence, self.ids.missing, self.ids.health)
        ended = await asyncio.gather(
            *(care.do("status", jti, "--until", "ended", "--wait", "45") for jti in ids)
        )
        for answer, categories in zip(
            ended, (["police_intelligence"], ["missing_episodes"], ["health_observations"]), strict=True
        ):
            must(
                [each["category"] for each in answer.said["closures"]] == categories,
                "the unanswered is closed",
            )
        declined, silent, _ = ended
        for word in ("declin", "live_operation", "silen"):
            must(
                word not in str([declined.said, silent.said]).lower(), f"the asker reads nothing of '{word}'"
            )
        self.tell(
            "Declined, refused or silent, the asker reads one sentence: no information was shared; this does"
        )
        self.tell("not mean nothing is held.")

    async def read(self, reader: str, envelope: str) -> dict[str, Any]:
        """Open an envelope at its recipient; nobody who was not asked about may be in it."""
        answer = await self.desk(reader).do("open", envelope)
        for person in OTHERS:
            must(person.family not in str(answer.said), "nobody else's record is in an answer")
        body: dict[str, Any] = answer.said["body"]
        self.opened[envelope] = body
        return body

    async def _ask(self, name: str, text: str, until: str, expect: int) -> Answer:
        form = self.desk(CARE).paper(name, text)
        return await self.desk(CARE).do("ask", form, "--wait", "30", "--until", until, expect=(expect,))

    async def _answer(self, desk: Desk, exchange: str, name: str, text: str) -> str:
        answer = await desk.do("answer", exchange, "--from", desk.paper(name, text))
        (given,) = answer.said["answers"]
        jti: str = given["sent"]["jti"]
        return jti

    async def _health_items(self) -> list[dict[str, Any]] | None:
        sent = (await self.desk(HEALTH).do("status")).said["sent"]
        settled = [each for each in sent if each["state"] in ("opened", "refused")]
        return settled if len(settled) == 3 else None

    def _check_item(self, body: dict[str, Any]) -> None:
        texts = " ".join(entry["what"] for entry in body["entries"])
        wanted = {"health_attendances": "wheeze", "health_conditions": "not confirmed"}[body["category"]]
        must(wanted in texts, f"{body['category']} holds what the records hold")
        must(
            all(entry["subject"] in (0, 1) for entry in body["entries"]),
            "every entry is about somebody asked about",
        )

    async def _until(self, look: Callable[[], Any], what: str) -> Any:
        for _ in range(40):
            if (found := await look()) is not None:
                return found
            await asyncio.sleep(0.2)
        raise WentWrong(f"{what} did not come")


def must(holds: bool, what: str) -> None:
    """Stop the play where the story came out otherwise."""
    if not holds:
        raise WentWrong(f"This must hold and does not: {what}.")


def _sentence(sent: dict[str, Any], code: str) -> str:
    for finding in sent["findings"]:
        if finding["code"] == code:
            return str(finding["sentence"])
    raise WentWrong(f"There is no finding {code}.")
