"""Polling: for an agency that cannot hold a connection. The same verbs over plain HTTP, one `take` at a time.

Promises what `connection` does: `ask` repeats the same bytes until there is an answer or a refusal; what is
handed over is taken in by the same handler; the newest of our processes wins. An answer that was lost is no
loss: the next `take` opens a new number, and the hub hands over again at once what the old one had.
"""

import asyncio
from typing import Any, Final, TypeVar

import aiohttp
from pydantic import ValidationError

from adapters import transport
from adapters.connection import AFTER_REFUSED, AFTER_REPLACED, ANSWER_WITHIN, TRIES, delay
from adapters.errors import AdapterError, Unreachable
from adapters.folder import Folder
from adapters.link import Handlers
from adapters.logs import log
from adapters.problem import HubProblem
from adapters.seen import Seen
from adapters.transport import AccessToken
from broker.protocol.frame import Changed, HandedOver, Handover, Take, Verb
from broker.protocol.problem import Problem
from broker.protocol.wire import Wire, describe
from keys import strict_json
from keys.errors import Rejected

M = TypeVar("M", bound=Wire)
LONG: Final = 20
"""Seconds for which the hub holds a poll that finds nothing, where polls follow one another at once."""
_RENEW: Final = 0.8
"""Of an access token's life, after which the next is fetched."""


class Polling:
    """Runs until cancelled; `ask` from any task.

    Args:
        every: seconds between polls that find nothing; 0 has the hub hold each poll for a while instead.
    """

    def __init__(self, folder: Folder, handlers: Handlers, seen: Seen, *, every: int) -> None:
        self._folder = folder
        self._handlers = handlers
        self._seen = seen
        self._every = every
        self._number: int | None = None
        self._up = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._token: AccessToken | None = None
        self._renew_at = 0
        self._renewing = asyncio.Lock()
        self.opened = asyncio.Event()
        """Set when the hub was reached anew, for whoever has to look at everything again."""

    @property
    def connected(self) -> bool:
        """Whether the hub was reached by the last poll."""
        return self._up.is_set()

    async def run(self) -> None:
        """Poll until cancelled; what was handed over by then is journalled first."""
        self._session = transport.open_session(self._folder.agency.ca_file)
        failures = 0
        try:
            while True:
                try:
                    answer = await self._take()
                    failures = 0
                    await self._serve(answer)
                    if self._every and not answer.more and not answer.handovers:
                        await asyncio.sleep(self._every)
                except HubProblem as problem:
                    log.warning(
                        "poll-refused", code=problem.code, reason=problem.reason, status=problem.status
                    )
                    failures = self._refused(problem, failures + 1)
                    await asyncio.sleep(problem.retry_after or self._delay(failures))
                except (Unreachable, Rejected) as error:
                    log.warning("poll-failed", code=error.code)
                    failures += 1
                    self._down()
                    await asyncio.sleep(self._delay(failures))
        finally:
            self._down()
            await self._session.close()

    async def ask(self, verb: Verb, body: Wire, answer: type[M]) -> M:
        """Ask the hub; the same bytes again while it is away or busy.

        Raises:
            HubProblem: the hub refused, or was busy too often (`retry` tells which).
            Unreachable: `timed-out`.
        """
        tries = 0
        while True:
            await self._up.wait()
            number = self._number
            try:
                return await self._post(verb, body, answer, within=ANSWER_WITHIN)
            except Unreachable as error:
                if error.code == "timed-out":
                    raise
                await asyncio.sleep(self._delay(1))
            except HubProblem as problem:
                if problem.reason == "replaced":
                    if self._number == number:
                        self._down()
                    continue
                known = problem.status != 401 or tries
                if known and not (problem.retry and tries < TRIES):
                    raise
                tries += 1
                if problem.status != 401:
                    await asyncio.sleep(problem.retry_after or self._delay(tries))

    async def _take(self) -> HandedOver:
        wait = 0 if self._every else LONG
        # The first answer says at once that we are there.
        asked = Take(
            connection=self._number,
            credit=self._folder.settings.credit,
            wait=wait if self._up.is_set() else 0,
        )
        answer = await self._post(Verb.TAKE, asked, HandedOver, within=LONG + ANSWER_WITHIN)
        self._number = answer.connection
        if not self._up.is_set():
            log.info("poll-answered")
            self._up.set()
            self.opened.set()
        return answer

    async def _serve(self, answer: HandedOver) -> None:
        # Taken in to the end, even where we are asked to stop: half a handover is handed over again.
        work = asyncio.gather(*(self._handed(each) for each in answer.handovers))
        await asyncio.shield(work)
        if answer.changed is not None:
            await self._changed(answer.changed)

    async def _handed(self, handover: Handover) -> None:
        try:
            await self._handlers.handover(handover)
        except (Problem, AdapterError, Rejected):
            pass  # the receiver has said why; there is no receipt, and the hub hands it over again
        except Exception as error:  # one envelope's fault: the others go on
            log.error("handover-failed", envelope=handover.envelope, error=type(error).__name__)

    async def _changed(self, changed: Changed) -> None:
        await self._handlers.changed(changed)

    def _refused(self, problem: HubProblem, failures: int) -> int:
        self._down()
        if problem.reason == "replaced":
            # Another process on the same keys: wait long enough not to fight it.
            return AFTER_REPLACED
        if problem.status in (401, 403):
            self._token = None
            return failures if failures == 1 else max(failures, AFTER_REFUSED)
        return failures

    def _down(self) -> None:
        self._number = None
        self._up.clear()

    def _delay(self, failures: int) -> float:
        return delay(failures, self._folder.clock)

    async def _post(self, verb: Verb, body: Wire, answer: type[M], *, within: float) -> M:
        session = self._session
        assert session is not None
        url = f"{self._folder.agency.hub_url}/v1/{verb.value}"
        token = await self._current(session)
        headers = transport.authorised(
            token, method="POST", url=url, proof_key=self._folder.keyring.dpop, clock=self._folder.clock
        )
        if self._seen.size is not None:
            headers["Gatehouse-Seen"] = str(self._seen.size)
        if self._number is not None and verb is not Verb.TAKE:
            headers["Gatehouse-Connection"] = str(self._number)
        try:
            async with asyncio.timeout(within):
                found = await transport.call(session, "POST", url, body=body.dump(), headers=headers)
        except TimeoutError:
            raise Unreachable(
                "timed-out", "The hub did not answer in time; it is asked again later."
            ) from None
        except HubProblem as problem:
            if problem.status == 401 and self._token is token:
                self._token = None
            raise
        return _read(answer, found)

    async def _current(self, session: aiohttp.ClientSession) -> AccessToken:
        async with self._renewing:
            if self._token is None or self._folder.clock.now() >= self._renew_at:
                keyring, at = self._folder.keyring, self._folder.clock.now()
                self._token = await transport.fetch_token(
                    session,
                    hub_url=self._folder.agency.hub_url,
                    hub_id=self._folder.hub.hub,
                    agency=self._folder.me,
                    signing=keyring.signing,
                    proof_key=keyring.dpop,
                    clock=self._folder.clock,
                )
                self._renew_at = at + int((self._token.expires - at) * _RENEW)
            return self._token


def _read(answer: type[M], found: dict[str, Any]) -> M:
    try:
        return answer.model_validate_json(strict_json.dump(found))
    except ValidationError as error:
        raise HubProblem(
            status=400,
            code="strange-answer",
            detail=f"The hub's answer is malformed: {describe(error)}",
            reason=None,
            retry_after=None,
        ) from None
