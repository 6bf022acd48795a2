"""The case, chapter by chapter. Each step is typed at a command line of one of the two programs, and checked
at once: what comes out otherwise than the story says stops the play.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from deploy.demo import papers
from deploy.demo.papers import CARE, ENQUIRY, HEALTH, POLICE, PROBATION, SCHOOL
from deploy.demo.people import ASH, FERN, LARK, MORGAN, OTHERS, WREN, Person
from deploy.demo.programs import ADAPTER, Answer, WentWrong
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

    contact: str = ""
    health: str = ""
    intelligence: str = ""
    police: str = ""
    offences: str = ""
    brother: str = ""
    household: str = ""
    joint: str = ""
    missing_item: str = ""
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
        """The school tells; a person at social care reads, says so, and opens an enquiry with it."""
        form = self.desk(SCHOOL).paper("contact.yaml", papers.contact(self.today))
        told = await self.desk(SCHOOL).do("tell", form, "--wait", "30", "--until", "settled")
        self.ids.contact = told.said["jti"]
        body = await self.read(CARE, self.ids.contact)
        must("19 days" in body["concern"], "the contact reads as the school wrote it")
        self.tell(
            f"{SCHOOL} told {CARE}: contradictory accounts of illness, 19 days of absence. Opened and read."
        )
        care = self.desk(CARE)
        await asyncio.gather(
            care.do("acknowledge", self.ids.contact, "--by", "screener-2"),
            care.do("enquiry", "add", ENQUIRY, self.ids.contact),
        )
        self.tell("A screener has seen it, which the school is told; an enquiry begins.")

    async def asks(self) -> None:
        """Social care asks under s.47: one ask is refused, one is held, four go through."""
        self.tell("Social care recorded its threshold decision. Consent not sought: asking would prejudice.")
        bad = self._s47(HEALTH, _HEALTH_CATEGORIES, WREN, MORGAN, grounds=papers.WITHOUT_ARTICLE_9)
        refused, held, police, offences, brother = await asyncio.gather(
            self._ask("ask-health-1.yaml", bad, "decided", REFUSED),
            self._ask(
                "ask-police-intelligence.yaml",
                self._s47(POLICE, "police_intelligence", WREN, MORGAN, due=LATER), "decided", HELD,
            ),
            self._ask(
                "ask-police.yaml",
                self._s47(POLICE, "police_incidents, missing_episodes", WREN, MORGAN, due=LATER),
                "settled", 0,
            ),
            self._ask("ask-offences.yaml", self._s47(POLICE, "offences", WREN, MORGAN), "settled", 0),
            self._ask(
                "ask-probation.yaml",
                self._s47(PROBATION, "probation_supervision", WREN, ASH, due=LATER), "settled", 0,
            ),
        )  # fmt: skip
        self.tell(f"The ask to {HEALTH} was refused: {_sentence(refused.said, 'missing-article9')}")
        (need,) = held.said["needs"]
        must(
            (need["fact"], need["who"], need["agency"]) == ("agreement", "duty_contact", POLICE),
            "the hold names what is missing and who may lift it",
        )
        self.tell(
            f"The ask to {POLICE} for intelligence is held: no agreement covers it. Ring {need['contact']}."
        )
        self.held.add(held.said["jti"])
        self.ids.intelligence, self.ids.police = held.said["jti"], police.said["jti"]
        self.ids.offences, self.ids.brother = offences.said["jti"], brother.said["jti"]
        self.tell("Asked as well: what the police hold of mother and child, and probation of the brother.")

    async def mended(self) -> None:
        """The refused ask, put right; health's record system answers two categories."""
        good = self._s47(HEALTH, _HEALTH_CATEGORIES, WREN, MORGAN)
        asked = await self._ask("ask-health-2.yaml", good, "settled", 0)
        self.ids.health = asked.said["jti"]
        self.tell(
            f"Mended with the preset s47-asking, the ask to {HEALTH} was permitted, proved, opened there."
        )
        for body in await self._answers(self.ids.health, 2):
            wanted = {"health_attendances": "wheeze", "health_conditions": "not confirmed"}[body["category"]]
            must(wanted in _texts(body), f"{body['category']} holds what the records hold")
        self.tell(f"{HEALTH} answered two categories from its FHIR records, by exact NHS number. Read.")
        refused = await self._refused_item()
        must(refused["categories"] == ["health_observations"], "health's third category is the one refused")
        self.tell(f"Its third item was refused: {_sentence(refused, 'missing-schedule1-reason')}")

    async def elsewhere(self) -> None:
        """What the police hold: two children of nearly one name are kept apart by a person, then a database
        answers, which that person lets go.
        """
        police = self.desk(POLICE)
        shown = await self._whose(self.ids.police)
        self.tell(
            f"{POLICE} holds two children who could be meant, {shown}. A person there looked, and chose."
        )
        await police.do("answer", self.ids.police, "--approve", "--as", "detective-77")
        incidents, missing = sorted(
            await self._answers(self.ids.police, 2), key=lambda body: body["category"] == "missing_episodes"
        )
        must("seizures" in _texts(incidents), "the mother's history in another area is found")
        must(
            "waiting room" in _texts(missing) and "shop" not in _texts(missing), "the right child's are given"
        )
        self.ids.missing_item = missing["jti"]
        self.tell("Its database answered: the same account, of another infant, in another area.")
        form = police.paper("decline.yaml", papers.POLICE_DECLINE)
        answer = await police.do("answer", self.ids.offences, "--from", form)
        must([each["way"] for each in answer.said["answers"]] == ["decline"], "the police decline")
        self.tell(f"{POLICE} declined to tell of offences; its reason stays there.")

    async def brother(self) -> None:
        """What the brother said to probation."""
        (supervision,) = await self._answers(self.ids.brother, 1)
        must("off school" in _texts(supervision), "the brother's words to probation are found")
        self.tell(f"{PROBATION} answered from its extract: what the brother said about school and illness.")

    async def _whose(self, exchange: str) -> str:
        """Choose, as a person at the police, the child whose record has the initial; give both as shown."""
        police = self.desk(POLICE)
        unsure: list[Any] = []
        for _ in range(40):
            unsure = (await police.do("answer", exchange, "--show")).said["unsure"]
            if unsure:
                break
            await asyncio.sleep(0.25)
        (question,) = unsure
        names = [str(each["name"]) for each in question["candidates"]]
        must(len(names) >= 2, "both near matches are shown side by side")
        number = 1 + next(at for at, name in enumerate(names) if name.startswith("W "))
        chosen = f"{question['person']}={number}"
        await police.do("answer", exchange, "--choose", chosen, "--as", "detective-77", "--wait", "20")
        return " and ".join(names[:2])

    async def sanitised(self) -> None:
        """The hold is lifted; intelligence is sanitised by one person and approved by another."""
        police = self.desk(POLICE)
        await police.do("lift", CARE, self.ids.intelligence, "agreement", "--by", "duty-sergeant-4")
        await self.desk(CARE).do("status", self.ids.intelligence, "--until", "settled", "--wait", "30")
        self.tell(f"{POLICE}'s duty contact lifted the hold for this one ask. It went through.")
        await self._whose(self.ids.intelligence)
        form = police.paper("intelligence.yaml", papers.INTELLIGENCE_SANITISED)
        await police.do("answer", self.ids.intelligence, "--from", form)
        waiting = (await police.do("approve", self.ids.intelligence, "police_intelligence", "--show")).said
        must("neighbour" not in str(waiting).lower(), "who said it is taken out before anybody approves")
        digest = waiting["drafts"][0]["digest"]
        await police.do(
            "approve", self.ids.intelligence, "police_intelligence", "--digest", digest,
            "--as", "detective-inspector-1", "--until", "deposited", "--wait", "20",
        )  # fmt: skip
        (given,) = await self._answers(self.ids.intelligence, 1)
        must(given["conditions"] is not None, "intelligence travels with its conditions")
        self.tell(
            "The intelligence report went without its source, graded, under conditions, by two persons."
        )

    async def dark(self) -> None:
        """Probation is asked once more, and its desk goes dark."""
        asked = await self._ask(
            "ask-household.yaml", self._s47(PROBATION, "household", WREN, ASH), "settled", 0
        )
        # At once: a running adapter would say "no answer yet" by itself, and that is not silence.
        await self.desk(PROBATION).stop()
        self.ids.household, self.asked_at = asked.said["jti"], asyncio.get_running_loop().time()
        self.tell(f"{CARE} asked {PROBATION} for the household; it arrived, and then that desk went dark.")

    async def joint(self) -> None:
        """The police ask social care in the joint enquiry; its database answers, but for a restricted row."""
        police = self.desk(POLICE)
        form = police.paper(
            "ask-care.yaml",
            self._s47(CARE, "social_care_history", WREN, due=LATER, preset="s47-asking-police"),
        )
        asked = await police.do("ask", form, "--wait", "30", "--until", "settled")
        self.ids.joint = asked.said["jti"]
        (history,) = await self._answers(self.ids.joint, 1, reader=POLICE)
        must("another area" in _texts(history), "social care's history is given")
        must("restricted" not in _texts(history).lower(), "a restricted row stays")
        self.tell(f"{POLICE} asked {CARE} in turn; its database answered, all but a restricted row.")

    async def corrected(self) -> None:
        """One missing episode was the twin's: everybody who was given it is told."""
        police, care = self.desk(POLICE), self.desk(CARE)
        await police.do(
            "correct", self.ids.missing_item, "--entry", "1", "--by", "detective-77",
            "--why", f"It was {LARK.given}, the twin.", "--wait", "20",
        )  # fmt: skip
        told = await care.do("inbox", "--exchange", self.ids.police, "--count", "3", "--wait", "30")
        for each in told.said["received"]:
            if each["kind"] == "notice":
                await self.read(CARE, each["jti"])
        said = (await care.do("corrected")).said
        must(len(said["received"]) == 1, "who opened the wrong one before is listed")
        self.tell(f"{POLICE} found that one episode was the twin's. {CARE}, which had read it, was told.")

    async def outcome(self) -> None:
        """Social care tells the school what was decided."""
        form = self.desk(CARE).paper("outcome.yaml", papers.outcome(self.ids.contact, self.now))
        told = await self.desk(CARE).do("tell", form, "--wait", "30", "--until", "settled")
        body = await self.read(SCHOOL, told.said["jti"])
        must(body["outcome"]["decided"] == "strategy_discussion", "the school hears what was decided")
        self.tell(f"{CARE} told {SCHOOL} what was decided: a strategy discussion.")

    async def picture(self) -> None:
        """Everything that was opened, as one chronology."""
        care, page = self.desk(CARE), self.stage.state / "picture.html"
        told, _ = await asyncio.gather(
            care.programs.ask(ADAPTER, "picture", ENQUIRY, "--state", care.folder, as_json=False),
            care.do("picture", ENQUIRY, "--html", page),
        )
        words = " ".join(told.said.split())
        for part in ("chicken pox", "wheeze", "seizures", "off school", "waiting room"):
            must(part in words, f"the picture shows what was said of '{part}'")
        must("number 6" not in words, "the picture shows nothing that was taken out")
        must(f"It was {LARK.given}, the twin." in words, "the picture says what was corrected, and why")
        self.tell(
            f"The picture of the enquiry joins school, hospital, two police areas and probation:\n{told.said}"
        )

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
                papers.s47_ask(
                    SCHOOL, "school_concerns", FERN, now=self.now, due=LATER, enquiry="other-family"
                ), "settled", 0,
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
        ids = (self.ids.offences, self.ids.household, self.ids.health)
        ended = await asyncio.gather(
            *(care.do("status", jti, "--until", "ended", "--wait", "45") for jti in ids)
        )
        ticking.cancel()
        wanted = ("offences", "household", "health_observations")
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

    def _s47(self, to: str, categories: str, *people: Person, due: int = DUE, **changes: str) -> str:
        return papers.s47_ask(to, categories, *people, now=self.now, due=due, **changes)

    async def _answers(self, exchange: str, count: int, *, reader: str = CARE) -> list[dict[str, Any]]:
        """Wait for so many items of an exchange, and read them."""
        inbox = await self.desk(reader).do(
            "inbox", "--exchange", exchange, "--count", str(count), "--wait", "30"
        )
        return [await self.read(reader, item["jti"]) for item in inbox.said["received"]]

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


def _texts(body: dict[str, Any]) -> str:
    return " ".join(str(entry["what"]) for entry in body["entries"])


def _sentence(sent: dict[str, Any], code: str) -> str:
    for finding in sent["findings"]:
        if finding["code"] == code:
            return str(finding["sentence"])
    raise WentWrong(f"There is no finding {code}.")
