"""What each kind of envelope says: a declaration and a body out of an order. Pure.

The declaration's `body` is blank until `compose.seal`. Purpose, rating and the time of need of an answer are
those of the ask it answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.compose import Letter, blank, new_salt, people
from adapters.identify import Identified
from adapters.order import AskOrder, ItemOrder, MessageOrder, TellOrder
from broker.protocol.body import AskBody, ItemBody, MessageBody, NoticeBody
from broker.protocol.declaration import Ask, Declaration, Item, Message, Notice
from policies.vocabulary import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every envelope takes from outside the order. Times are Unix seconds; `draw` gives random bytes."""

    hub_id: str
    me: str
    jti: str
    at: int
    accept_within: int
    needed_until: int
    draw: Callable[[int], bytes]

    @property
    def exp(self) -> int:
        """Until when the hub may take the declaration for the first time."""
        return min(self.at + self.accept_within, self.needed_until)


def ask_letter(order: AskOrder, frame: Frame, found: Sequence[Identified], *, due_within: int) -> Letter:
    """One ask to one source."""
    subjects = people(found, frame.draw)
    return Letter(
        declaration=Ask(
            iss=frame.me,
            sub=order.practitioner,
            aud=[frame.hub_id, order.to],
            jti=frame.jti,
            iat=frame.at,
            exp=frame.exp,
            exchange=frame.jti,
            purpose=order.purpose,
            rating=order.rating,
            needed_until=frame.needed_until,
            grounds=order.grounds,
            consent=order.consent,
            subjects=subjects.committed,
            body=blank(),
            categories=list(order.categories),
            due_within=due_within,
            threshold=order.threshold,
        ),
        body=AskBody(
            sender=frame.me,
            recipient=order.to,
            exchange=frame.jti,
            jti=frame.jti,
            salt=new_salt(frame.draw),
            subjects=subjects.persons,
            concern=order.concern,
            necessity=order.necessity,
            contact=order.contact,
        ),
    )


def item_letter(order: ItemOrder, frame: Frame, found: Sequence[Identified], *, ask: Ask) -> Letter:
    """One category of the answer to `ask`; no entries is a nil."""
    subjects = people(found, frame.draw)
    return Letter(
        declaration=Item(
            iss=frame.me,
            sub=order.practitioner,
            aud=[frame.hub_id, ask.iss],
            jti=frame.jti,
            iat=frame.at,
            exp=frame.exp,
            exchange=ask.exchange,
            purpose=ask.purpose,
            rating=ask.rating,
            needed_until=frame.needed_until,
            grounds=order.grounds,
            consent=order.consent or ask.consent,
            subjects=subjects.committed,
            body=blank(),
            category=order.category,
            handling=order.handling,
        ),
        body=ItemBody(
            sender=frame.me,
            recipient=ask.iss,
            exchange=ask.exchange,
            jti=frame.jti,
            salt=new_salt(frame.draw),
            subjects=subjects.persons,
            category=order.category,
            result="held" if order.entries else "nil",
            entries=list(order.entries),
            searched=order.searched,
            handling=order.handling,
            conditions=order.conditions,
            redactions=list(order.redactions),
            necessity=order.necessity,
        ),
    )


def notice_letter(order: TellOrder, frame: Frame, found: Sequence[Identified]) -> Letter:
    """Something told unasked."""
    subjects = people(found, frame.draw)
    exchange = order.regards or frame.jti
    return Letter(
        declaration=Notice(
            iss=frame.me,
            sub=order.practitioner,
            aud=[frame.hub_id, order.to],
            jti=frame.jti,
            iat=frame.at,
            exp=frame.exp,
            exchange=exchange,
            purpose=order.purpose,
            rating=order.rating,
            needed_until=frame.needed_until,
            grounds=order.grounds,
            consent=order.consent,
            subjects=subjects.committed,
            body=blank(),
            notice=order.notice,
            category=order.category,
            handling=order.handling,
            regards=order.regards,
            corrects=None if order.correction is None else order.correction.item,
        ),
        body=NoticeBody(
            sender=frame.me,
            recipient=order.to,
            exchange=exchange,
            jti=frame.jti,
            salt=new_salt(frame.draw),
            subjects=subjects.persons,
            category=order.category,
            concern=order.concern,
            entries=list(order.entries),
            family_informed=order.family_informed,
            contact=order.contact,
            outcome=order.outcome,
            correction=order.correction,
        ),
    )


def message_purpose(opening: Declaration, me: str) -> Purpose:
    """A message has its exchange's purpose; whoever was told of a concern answers with what became of it."""
    told = isinstance(opening, Notice) and opening.recipient == me
    return Purpose.OUTCOME_FEEDBACK if told else opening.purpose


def message_letter(
    order: MessageOrder, frame: Frame, found: Sequence[Identified], *, about: Declaration, to: str
) -> Letter:
    """Words to the other party of the exchange that `about` opened."""
    subjects = people(found, frame.draw)
    return Letter(
        declaration=Message(
            iss=frame.me,
            sub=order.practitioner,
            aud=[frame.hub_id, to],
            jti=frame.jti,
            iat=frame.at,
            exp=frame.exp,
            exchange=about.exchange,
            purpose=message_purpose(about, frame.me),
            rating=about.rating,
            needed_until=frame.needed_until,
            grounds=order.grounds,
            consent=order.consent or about.consent,
            subjects=subjects.committed,
            body=blank(),
            regards=about.exchange,
        ),
        body=MessageBody(
            sender=frame.me,
            recipient=to,
            exchange=about.exchange,
            jti=frame.jti,
            salt=new_salt(frame.draw),
            subjects=subjects.persons,
            about=order.about,
            words=order.words,
            item=order.item,
        ),
    )
