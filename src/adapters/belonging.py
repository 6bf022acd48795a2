"""Whether a received envelope is part of something: an item answers an ask of ours, a message an exchange of
ours.
"""

from typing import assert_never

from adapters.desk.writing import split
from adapters.folder import Folder
from broker.protocol.declaration import Ask, Declaration, Item, Kind, Message, Notice


class NotOurs(Exception):
    """The envelope belongs to nothing of ours; `code` goes to the journal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def verify_belonging(folder: Folder, claims: Declaration) -> None:
    """Accept an item only for an ask we sent to that source and a category it asked; the rest only from its
    party.

    Raises:
        NotOurs: `not-asked`, `exchange-in-use` or `unknown-exchange`.
    """
    match claims:
        case Ask():
            if folder.journal.row("get_sent", jti=claims.exchange) is not None or _others(folder, claims):
                raise NotOurs("exchange-in-use")
        case Item():
            row = folder.journal.row("get_sent", jti=claims.exchange)
            if row is None or row["kind"] != Kind.ASK or row["recipient"] != claims.iss:
                raise NotOurs("not-asked")
            if claims.category not in split(row["categories"]):
                raise NotOurs("not-asked")
        case Notice():
            if claims.regards is not None:
                _verify_party(folder, claims)
        case Message():
            _verify_party(folder, claims)
        case _:
            assert_never(claims)


def _verify_party(folder: Folder, claims: Declaration) -> None:
    row = folder.journal.row("get_sent", jti=claims.exchange)
    if row is not None and row["recipient"] == claims.iss:
        return
    if not any(
        each["sender"] == claims.iss
        for each in folder.journal.rows("received_of_exchange", exchange=claims.exchange)
    ):
        raise NotOurs("unknown-exchange")


def _others(folder: Folder, claims: Declaration) -> bool:
    # Two askers with one exchange id: whoever came second chose the id to be confused with the first.
    rows = folder.journal.rows("received_of_exchange", exchange=claims.exchange)
    return any(row["sender"] != claims.iss for row in rows)
