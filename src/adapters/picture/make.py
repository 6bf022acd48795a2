"""From what was gathered to the picture. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from adapters.picture.answers import answers_of
from adapters.picture.differences import differences_of
from adapters.picture.gathered import Gathered, Told
from adapters.picture.glance import doubts, glance
from adapters.picture.people import Described, join
from adapters.picture.picture import MessageSeen, Picture, Question
from adapters.picture.statements import account_of
from adapters.picture.wording import strictest
from broker.protocol.body import AskBody, ItemBody, MessageBody
from broker.protocol.declaration import Item, Notice
from policies.vocabulary import HandlingCode


def picture_of(gathered: Gathered) -> Picture:
    """Join everything of an enquiry into one picture."""
    agencies = {each.id: each for each in gathered.agencies}
    names = {each.id: each.name for each in gathered.agencies}
    told = tuple(sorted(gathered.told, key=lambda one: (one.at, one.body.jti)))
    household = join([each for one in told for each in _described(one, names)])
    account = account_of(told, household, names)
    differences = differences_of(account.statements, household, told, names)
    part: dict[str, list[str]] = defaultdict(list)
    for difference in differences:
        for side in difference.sides:
            if side.statement is not None:
                part[side.statement].append(difference.ref)
    statements = tuple(replace(each, differs=tuple(part[each.ref])) for each in account.statements)
    picture = Picture(
        enquiry=gathered.enquiry,
        made_by=names.get(gathered.me, gathered.me),
        made_at=gathered.at,
        handling=strictest(_codes(told)),
        glance=(),
        doubtful=(),
        questions=_questions(told, names),
        people=household.people,
        answers=answers_of(gathered, agencies),
        dated=tuple(each for each in statements if each.on is not None),
        undated=tuple(each for each in statements if each.on is None),
        differences=differences,
        corrections=account.corrections,
        messages=tuple(_messages(told, names)),
    )
    return replace(picture, glance=tuple(glance(picture)), doubtful=tuple(doubts(picture)))


def _described(one: Told, names: dict[str, str]) -> Iterator[Described]:
    body = one.body
    for index, person in enumerate(body.subjects):
        says = names.get(body.sender, body.sender)
        yield Described(agency=body.sender, says=says, envelope=body.jti, index=index, person=person)


def _codes(told: Iterable[Told]) -> Iterator[HandlingCode]:
    for one in told:
        if isinstance(one.declaration, Item | Notice):
            yield one.declaration.handling
        if isinstance(one.body, ItemBody):
            yield one.body.handling
            for entry in one.body.entries:
                if entry.grading is not None:
                    yield HandlingCode.C if entry.grading.handling == "C" else HandlingCode.P


def _questions(told: Sequence[Told], names: dict[str, str]) -> tuple[Question, ...]:
    found: dict[tuple[str, str], Question] = {}
    for one in told:
        if not isinstance(one.body, AskBody):
            continue
        words = one.body.concern, one.body.necessity
        name = names.get(one.body.recipient, one.body.recipient)
        known = found.get(words)
        if known is None:
            found[words] = Question(asked=(name,), concern=words[0], necessity=words[1], first_at=one.at)
        elif name not in known.asked:
            found[words] = replace(known, asked=(*known.asked, name))
    return tuple(found.values())


def _messages(told: Iterable[Told], names: dict[str, str]) -> Iterator[MessageSeen]:
    for one in told:
        body = one.body
        if isinstance(body, MessageBody):
            yield MessageSeen(
                sender=names.get(body.sender, body.sender),
                recipient=names.get(body.recipient, body.recipient),
                at=one.at,
                about=body.about.value,
                words=body.words,
            )
