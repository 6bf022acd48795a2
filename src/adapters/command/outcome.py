"""What became of something sent, said to people and as an exit code."""

from collections.abc import Iterator, Sequence

from adapters.command.exit import Exit
from adapters.command.screen import give, moment, say, words
from adapters.desk.follow import Milestone, reached
from adapters.view import ActSent, Progress, Sent
from broker.protocol.declaration import Kind
from broker.protocol.frame import CLOSURE_SENTENCE
from broker.protocol.life import State
from policies.finding import Effect, Finding, Need
from policies.vocabulary import Outcome


def report(sent: Sent, milestone: Milestone, *, me: str, waited: bool, as_json: bool) -> Exit:
    """Print one envelope's outcome, after it was waited for as far as a milestone; `me` is our agency."""
    if as_json:
        give(sent)
    else:
        say(*lines(sent, me=me))
    return exit_after(sent, milestone, waited=waited)


def report_act(act: ActSent, *, done: str, as_json: bool, **more: object) -> Exit:
    """Print what the hub said of a signed act; `done` is the sentence when it is in the log."""
    if as_json:
        give({"act": act, **more})
    elif act.problem_code is not None:
        say(f"Not done: {act.problem} ({act.problem_code})")
    elif act.done:
        say(f"{done} It is record {act.index} of the log.")
    else:
        say("Signed and kept; the running adapter will send it. Is gatehouse-adapter run running?")
    return exit_of_act(act)


def exit_of(sent: Sent) -> Exit:
    """The exit code that says how far an envelope got."""
    if sent.progress is Progress.FAILED:
        return Exit.FAILED
    match sent.outcome:
        case Outcome.REFUSE:
            return Exit.REFUSED
        case Outcome.HOLD:
            return Exit.HELD
        case Outcome.ALLOW:
            return Exit.DONE
        case None:
            return Exit.WAITING


def exit_after(sent: Sent, milestone: Milestone, *, waited: bool) -> Exit:
    """The exit code after waiting for a milestone: it must have come, if it was waited for."""
    end = exit_of(sent)
    return Exit.WAITING if end is Exit.DONE and waited and not reached(sent, milestone) else end


def exit_of_act(act: ActSent) -> Exit:
    """The exit code that says how far a signed act got."""
    return Exit.FAILED if act.problem_code is not None else Exit.DONE if act.done else Exit.WAITING


def lines(sent: Sent, *, me: str, brief: bool = False) -> Iterator[str]:
    """Everything worth knowing of one envelope; `brief` leaves out what changed nothing."""
    what = ", ".join(words(category.value) for category in sent.categories)
    yield f"{sent.kind.value.capitalize()} {sent.jti} to {sent.recipient}{': ' + what if what else ''}"
    yield f"  {state_words(sent)}"
    yield from findings(sent.findings, brief=brief)
    for need in sent.needs:
        yield from _need(need, sent, me)
    if sent.kind is Kind.ASK:
        yield from _answers(sent)


def state_words(sent: Sent) -> str:
    """Where it is, in one sentence."""
    if sent.progress is Progress.FAILED:
        return f"Not sent: {sent.problem} ({sent.problem_code})"
    if sent.replaced_by is not None:
        return f"Could not be opened there; sealed again as {sent.replaced_by}."
    if sent.outcome is Outcome.REFUSE:
        return "Refused by the hub; nothing has left. What was found:"
    if sent.outcome is Outcome.HOLD and sent.state is State.HELD:
        return "Held by the hub; nothing has left yet. What was found:"
    if sent.state is None or sent.outcome is None:
        return "Kept here, on its way to the hub. Is gatehouse-adapter run running?"
    return f"{words(sent.state.value).capitalize()}; its record is number {sent.index} of the log."


def findings(found: Sequence[Finding], *, brief: bool = False) -> Iterator[str]:
    """Each finding with what would put it right; what only informs comes last, in one line."""
    weighty = [finding for finding in found if finding.effect is not Effect.NOTE]
    for number, finding in enumerate(weighty, 1):
        yield f"  {number}. {finding.sentence}"
        yield f"     Put right by: {finding.remedy}"
        yield f"     [{finding.code}] {finding.source} ({words(finding.verification.value)})"
    for finding in found:
        if finding.effect is Effect.NOTE and not brief:
            yield f"  Note: {finding.sentence}"


def _need(need: Need, sent: Sent, me: str) -> Iterator[str]:
    who = f"{words(need.who.value)} of {need.agency}"
    yield f"  Needs: {words(need.fact.value)}, from the {who}. Ring {need.contact}."
    yield f"     They run: gatehouse-adapter lift {me} {sent.jti} {need.fact.value}"


def _answers(sent: Sent) -> Iterator[str]:
    if sent.due_at is not None:
        yield f"  Due {moment(sent.due_at)}."
    if sent.undelivered:
        yield "  Never reached the source before its time ran out; that is not the source's silence."
    for category in sent.answered:
        yield f"  {words(category.value)}: answered, see gatehouse-adapter inbox."
    for closure in sent.closures:
        yield f"  {words(closure.category.value)}: {CLOSURE_SENTENCE}"
