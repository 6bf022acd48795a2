"""Two who could be meant are kept apart by a person: both shown side by side, one chosen or none."""

from adapters.answering.reason import CHOSEN
from adapters.answering.releasing import send_answer
from adapters.answering.sending import drafted, prepared
from adapters.command.answer_choose import ask_whose, question_lines
from adapters.command.prompt import Prompt
from adapters.connectors.connector import Candidate, SourceEntry, WaitReason
from adapters.desk.choice import questions
from adapters.desk.inbox import read
from adapters.view import TaskState
from tests.adapters.answering.records import CLEAN, VISITS, Records, reference, rules
from tests.adapters.answering.scene import answers_from, asked, looked_at, task
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER

_TWINS = (
    Candidate(
        person=reference("one"),
        name="Zebedee Quillfeather",
        born="2016-05-04",
        restricted=False,
        score=21,
        reasons=("the same birth date", "the same family name"),
    ),
    Candidate(
        person=reference("other"),
        name="Z. Quillfeather",
        born="2016-05-04",
        restricted=False,
        score=17,
        reasons=("the same birth date", "the same initial"),
    ),
)
_OTHER = SourceEntry(on=CLEAN.on, what="Outpatient attendance: check of the ears.")


async def _seated(pair: Town) -> tuple[Records, str]:
    records = Records(rows={"one": {VISITS: (CLEAN,)}, "other": {VISITS: (_OTHER,)}}, candidates=_TWINS)
    await answers_from(pair, records, rules(VISITS.value))
    exchange = await asked(pair)
    found = await looked_at(pair, exchange)
    assert (found.state, found.why) == (TaskState.WAITING, WaitReason.NEAR.value)
    return records, exchange


async def test_the_record_chosen_is_read_for_the_person_who_chose(pair: Town) -> None:
    _, exchange = await _seated(pair)
    health = pair.folders["health"]
    people = read(health, exchange).body.subjects
    (question,) = questions(health, exchange)
    shown = "\n".join(question_lines(question, people))
    assert "1. Zebedee Quillfeather, 2016-05-04, 21 points\n" in shown
    assert "2. Z. Quillfeather, 2016-05-04, 17 points (runner-up)\n" in shown
    assert "the same initial" in shown

    said = iter(["three", "3", "2"])  # What is no record is asked again.
    prompt = Prompt(lambda _question: next(said))
    await ask_whose(health, exchange, people, WORKER, prompt, within=60)
    found = task(health, exchange)
    # Prepared, and not sent: the person looks at it first, however automatic the rule is.
    assert (found.state, found.why) == (TaskState.PREPARED, CHOSEN)
    draft = drafted(health, exchange, VISITS)
    assert draft is not None
    assert [entry.what for entry in draft.entries] == [_OTHER.what]
    (question,) = questions(health, exchange)
    assert (question.choice, question.by) == (reference("other"), WORKER.id)
    assert question.at
    await send_answer(health, exchange, prepared(health, exchange, frozenset({VISITS}), WORKER))
    assert (await pair.ended("care", exchange)).answered == (VISITS,)
    # Whose record it may be lies in no readable byte.
    data = b"".join(path.read_bytes() for path in (pair.root / "health").glob("journal.sqlite*"))
    assert b"Quillfeather" not in data


async def test_none_of_them_is_a_nil_that_waits(pair: Town) -> None:
    _, exchange = await _seated(pair)
    health = pair.folders["health"]
    people = read(health, exchange).body.subjects
    await ask_whose(health, exchange, people, WORKER, Prompt(lambda _question: "none"), within=60)
    draft = drafted(health, exchange, VISITS)
    assert draft is not None
    assert draft.entries == ()
    assert "a person said that none is theirs" in draft.searched.by[0]
    assert task(health, exchange).why == CHOSEN


async def test_a_choice_made_while_nothing_runs_is_read_at_the_next_start(pair: Town) -> None:
    records, exchange = await _seated(pair)
    await pair.halt("health")
    health = pair.folders["health"]
    people = read(health, exchange).body.subjects
    await ask_whose(health, exchange, people, WORKER, Prompt(lambda _question: "1"), within=0.1)
    assert task(health, exchange).why is None
    await pair.start("health")
    await answers_from(pair, records, rules(VISITS.value))
    assert (await looked_at(pair, exchange)).why == CHOSEN
