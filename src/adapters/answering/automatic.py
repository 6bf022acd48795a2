"""An ask has come in and there is a record system: prepare every category, send what a rule lets go, keep the
rest.

Promises: whatever fails leaves the task waiting for a person, with a coded reason, and says so in the log; an
answer already given is never given again, and what a person has prepared is never prepared over.
"""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.answering.draft import Draft, prepare
from adapters.answering.policy import own_sector, policy_in_force
from adapters.answering.reason import CANNOT_SEND, FAILED
from adapters.answering.release_rules import load_rules
from adapters.answering.sending import draft_bytes, send_item, unprepared_categories
from adapters.connectors.connector import Connector
from adapters.desk.act import decline
from adapters.desk.choice import chosen, save_candidates
from adapters.desk.exchange import ask_of
from adapters.desk.inbox import save_draft, wait_for_person
from adapters.errors import AdapterError
from adapters.folder import Folder
from adapters.logs import log
from adapters.work import ADAPTER
from broker.protocol.body import AskBody
from keys.errors import Rejected


def answering(folder: Folder, connector: Connector) -> Callable[[str], Awaitable[None]]:
    """What the running adapter calls with the exchange of each ask."""

    async def on_ask(exchange: str) -> None:
        wanted = unprepared_categories(folder, exchange)
        if not wanted:
            return
        try:
            drafts = await _prepare(folder, connector, exchange)
        except (AdapterError, Rejected) as error:
            log.warning("answer-not-prepared", exchange=exchange, code=error.code)
            for category in sorted(wanted & unprepared_categories(folder, exchange)):
                await wait_for_person(folder, exchange=exchange, category=category, why=FAILED)
            return
        for unsure in drafts[0].unsure:
            await save_candidates(folder, exchange, unsure.subject, unsure.candidates)
        for draft in drafts:
            # While the record system was asked, a person may have prepared or answered it.
            if draft.category in wanted & unprepared_categories(folder, exchange):
                await _settle(folder, exchange, draft)

    return on_ask


async def _prepare(folder: Folder, connector: Connector, exchange: str) -> tuple[Draft, ...]:
    ask, opening = ask_of(folder, exchange)
    rules, policy, sector = load_rules(folder.path), policy_in_force(folder), own_sector(folder)
    body = opening.body
    assert isinstance(body, AskBody)
    while True:
        picked = chosen(folder, exchange)
        # A record system may take its time; the connection must not wait for it.
        drafts = await asyncio.to_thread(
            prepare,
            ask=ask,
            body=body,
            connector=connector,
            rules=rules,
            policy=policy,
            sector=sector,
            chosen=picked,
        )
        # What was made of a record that a person has since said is not theirs is thrown away.
        if chosen(folder, exchange) == picked:
            return drafts


async def _settle(folder: Folder, exchange: str, draft: Draft) -> None:
    category, why = draft.category, draft.why
    if draft.declined is not None and why is None:
        await _withhold(folder, exchange, draft)
        return
    if draft.item is not None and why is None:
        try:
            await send_item(folder, draft.item)
            log.info("answered-by-rule", exchange=exchange, category=category.value)
            return
        except (AdapterError, Rejected, ValueError) as error:
            why = CANNOT_SEND
            log.warning(
                "answer-not-sent",
                exchange=exchange,
                category=category.value,
                code=getattr(error, "code", "order"),
            )
    if draft.item is not None:
        await save_draft(folder, exchange=exchange, category=category, draft=draft_bytes(draft.item), why=why)
    else:
        await wait_for_person(folder, exchange=exchange, category=category, why=why or FAILED)
    log.info("answer-waits", exchange=exchange, category=category.value, reason=why)


async def _withhold(folder: Folder, exchange: str, draft: Draft) -> None:
    assert draft.declined is not None
    by = load_rules(folder.path).practitioner or ADAPTER
    try:
        await decline(
            folder, exchange=exchange, category=draft.category, reason=draft.declined, practitioner=by
        )
    except (AdapterError, Rejected) as error:
        log.warning("answer-not-sent", exchange=exchange, category=draft.category.value, code=error.code)
        await wait_for_person(folder, exchange=exchange, category=draft.category, why=CANNOT_SEND)
        return
    # As of any other answer by rule: the log must not tell more than the asker may know.
    log.info("answered-by-rule", exchange=exchange, category=draft.category.value)
