"""What a person at this agency must see to, beyond single envelopes: said by `status` until it is done."""

from adapters.answering.release_rules import NO_RULES
from adapters.answering.waiting import Clock, waiting
from adapters.contradiction import NOT_SHOWN, SPLIT_VIEW
from adapters.desk.inbox import tasks
from adapters.desk.keys import key_set_state
from adapters.folder import Folder
from adapters.problem import Failure


def attention(folder: Folder) -> tuple[Failure, ...]:
    """Each matter as a stable code and a sentence that says what to do; empty when there is none."""
    return (*_alarms(folder), *_own_keys(folder), *_doubts(folder), *_due(folder))


def _alarms(folder: Folder) -> list[Failure]:
    said = {
        SPLIT_VIEW: "The hub has shown two histories of its log, and nothing is sent or taken in: give your "
        "officer what gatehouse-adapter alarm shows; gatehouse-adapter alarm clear ends it.",
        NOT_SHOWN: "The hub has not shown that its log goes on from what was seen here, and nothing rests on "
        "what it showed. It is asked again; if this stays, give your officer what gatehouse-adapter alarm "
        "shows.",
    }
    return [_failure(row["code"], said[row["code"]]) for row in folder.journal.rows("open_alarms")]


def _due(folder: Folder) -> list[Failure]:
    waits = waiting(tasks(folder), NO_RULES, at=folder.clock.now())
    overdue = sum(each.clock is Clock.OVERDUE for each in waits)
    soon = sum(each.clock is Clock.DUE_SOON for each in waits)
    listed = "gatehouse-adapter inbox lists them, the most urgent first."
    found = []
    if overdue:
        found.append(_failure("answers-overdue", f"Answers past their due time: {overdue}; {listed}"))
    if soon:
        found.append(_failure("answers-due-soon", f"Answers due within the hour: {soon}; {listed}"))
    return found


def _own_keys(folder: Folder) -> list[Failure]:
    state, at = key_set_state(folder), folder.clock.now()
    if at >= state.expires:
        return [
            _failure(
                "keys-ran-out",
                "The keys of this agency have run out, and it can sign nothing: ask the hub's administrator "
                "to invite it again, stop gatehouse-adapter run, then run gatehouse-adapter enrol --again.",
            )
        ]
    if at >= state.rotates_from:
        return [
            _failure(
                "keys-end-soon",
                "The keys of this agency end soon and are not rotated yet: see that gatehouse-adapter run is "
                "running and connected, or run gatehouse-adapter keys rotate.",
            )
        ]
    return []


def _doubts(folder: Folder) -> list[Failure]:
    return [each.doubt for each in folder.directory.all() if each.doubt is not None]


def _failure(code: str, message: str) -> Failure:
    return Failure(code=code, message=message)
