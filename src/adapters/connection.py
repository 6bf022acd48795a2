"""The one live connection to the hub, kept alive: access token, next connection before it runs out,
reconnecting.

Promises: `ask` waits for a connection and repeats the same bytes on the next when one is lost, so its caller
sees an answer, a refusal, or `Unreachable` after a while. All the hub's verbs take a repeat. Credits and
queues are others'.
"""

import asyncio
from typing import Final, TypeVar
from urllib.parse import urlencode

import aiohttp

from adapters import transport
from adapters.clock import Clock
from adapters.errors import Unreachable
from adapters.folder import Folder
from adapters.link import HEARTBEAT, Handlers, Link, LinkLost
from adapters.logs import log
from adapters.problem import HubProblem
from adapters.seen import Seen
from adapters.transport import AccessToken
from broker.protocol.frame import FRAME_LIMIT, Verb
from broker.protocol.wire import Wire
from keys.errors import Rejected

M = TypeVar("M", bound=Wire)
REPLACED: Final = 4001
STOPPED: Final = 4003
_FIRST: Final = 0.2
_LONGEST: Final = 30.0
"""Seconds between attempts to connect: doubled from the first up to the longest, spread by jitter."""
AFTER_REPLACED: Final = 4
"""A newer connection of ours is another process on the same keys: wait long enough not to fight it."""
AFTER_REFUSED: Final = 8
"""Refused as an agency: stopped, or its key revoked. A person has to act, so there is no hurry. To be closed
with 4003 is less: it may have been another key of ours, so the next attempt comes soon and tells.
"""
ANSWER_WITHIN: Final = 60.0
TRIES: Final = 5
"""How often one ask is repeated where the hub says "not now"."""


class Connection:
    """Runs until cancelled; `ask` from any task."""

    def __init__(self, folder: Folder, handlers: Handlers, seen: Seen) -> None:
        self._folder = folder
        self._handlers = handlers
        self._seen = seen
        self._link: Link | None = None
        self._up = asyncio.Event()
        self._readers: set[asyncio.Task[int | None]] = set()
        self.opened = asyncio.Event()
        """Set at each new connection, for whoever has to look at everything again."""

    @property
    def connected(self) -> bool:
        """Whether there is a live connection now."""
        return self._link is not None

    async def run(self) -> None:
        """Keep one connection alive until cancelled, then close it once what was taken in is journalled."""
        session = transport.open_session(self._folder.agency.ca_file)
        failures = 0
        try:
            while True:
                try:
                    token = await self._token(session)
                    reader = await self._open(session, token)
                    failures = 0
                    code = await self._keep(session, token, reader)
                except HubProblem as problem:
                    log.warning(
                        "connection-refused", code=problem.code, reason=problem.reason, status=problem.status
                    )
                    failures += 1
                    await self._pause(max(failures, AFTER_REFUSED if problem.status in (401, 403) else 0))
                except (Unreachable, Rejected) as error:
                    log.warning("connection-failed", code=error.code)
                    failures += 1
                    await self._pause(failures)
                else:
                    log.info("connection-closed", close_code=code)
                    failures = {REPLACED: AFTER_REPLACED, STOPPED: 1}.get(code or 0, 0)
                    await self._pause(failures)
        finally:
            await self._shut(session)

    async def ask(self, verb: Verb, body: Wire, answer: type[M]) -> M:
        """Ask the hub; the same bytes again while it is away or busy.

        Raises:
            HubProblem: the hub refused, or was busy too often (`retry` tells which).
            Unreachable: `timed-out`.
        """
        tries = 0
        while True:
            link = await self._current()
            try:
                return await link.ask(verb, body, answer, seen=self._seen.size, within=ANSWER_WITHIN)
            except LinkLost:
                self._lost(link)
            except TimeoutError:
                raise Unreachable(
                    "timed-out", "The hub did not answer in time; it is asked again later."
                ) from None
            except HubProblem as problem:
                if problem.reason == "replaced":
                    # Said on an old socket: the answer is to be had on the newest.
                    self._lost(link)
                    await asyncio.sleep(_FIRST)
                elif problem.retry and tries < TRIES:
                    tries += 1
                    await asyncio.sleep(problem.retry_after or self._delay(tries))
                else:
                    raise

    async def _current(self) -> Link:
        while self._link is None:
            await self._up.wait()
        return self._link

    def _lost(self, link: Link) -> None:
        if self._link is link:
            self._link = None
            self._up.clear()

    async def _token(self, session: aiohttp.ClientSession) -> AccessToken:
        keyring = self._folder.keyring
        return await transport.fetch_token(
            session,
            hub_url=self._folder.agency.hub_url,
            hub_id=self._folder.hub.hub,
            agency=self._folder.me,
            signing=keyring.signing,
            proof_key=keyring.dpop,
            clock=self._folder.clock,
        )

    async def _open(self, session: aiohttp.ClientSession, token: AccessToken) -> "asyncio.Task[int | None]":
        """Open a socket and make it the current one."""
        url = f"{self._folder.agency.hub_url}/v1/connection"
        query = {"credit": self._folder.settings.credit}
        if self._seen.size is not None:
            query["seen"] = self._seen.size
        headers = transport.authorised(
            token, method="GET", url=url, proof_key=self._folder.keyring.dpop, clock=self._folder.clock
        )
        try:
            socket = await session.ws_connect(
                f"{url}?{urlencode(query)}",
                headers=headers,
                heartbeat=HEARTBEAT,
                max_msg_size=FRAME_LIMIT,
                compress=0,
                decode_text=False,
                timeout=aiohttp.ClientWSTimeout(ws_close=5.0),
            )
        except aiohttp.WSServerHandshakeError as error:
            raise HubProblem(
                status=error.status,
                code="connection-refused",
                detail="The hub refused the connection.",
                reason=None,
                retry_after=None,
            ) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(
                "no-connection", f"The hub cannot be reached ({type(error).__name__})."
            ) from None
        link = Link(socket, self._handlers)
        reader = asyncio.ensure_future(self._read(link))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        self._link = link
        self._up.set()
        self.opened.set()
        log.info("connection-opened")
        return reader

    async def _read(self, link: Link) -> int | None:
        try:
            return await link.run()
        finally:
            self._lost(link)
            await link.finish()

    async def _keep(
        self, session: aiohttp.ClientSession, token: AccessToken, reader: "asyncio.Task[int | None]"
    ) -> int | None:
        """Stay connected, opening the next connection before the token runs out; the last's close code."""
        while True:
            left = token.expires - self._folder.clock.now()
            done, _ = await asyncio.wait({reader}, timeout=max(1.0, left * 0.8))
            if done:
                return reader.result()
            try:
                token = await self._token(session)
                # The hub closes the old socket once the new one is open; asks on it go out again on the new.
                reader = await self._open(session, token)
            except (HubProblem, Unreachable) as error:
                log.warning("renewal-failed", code=error.code)
                if reader.done():
                    return reader.result()

    def _delay(self, failures: int) -> float:
        return delay(failures, self._folder.clock)

    async def _pause(self, failures: int) -> None:
        await asyncio.sleep(self._delay(failures) if failures else 0)

    async def _shut(self, session: aiohttp.ClientSession) -> None:
        link = self._link
        if link is not None:
            self._lost(link)
            await link.close()
        readers = list(self._readers)
        if readers:
            await asyncio.gather(*readers, return_exceptions=True)
        await session.close()


def delay(failures: int, clock: Clock) -> float:
    """Seconds to wait before the next attempt to reach the hub, after so many that failed."""
    longest = min(_LONGEST, _FIRST * 2.0 ** min(failures, 16))
    return longest * (0.5 + clock.jitter() / 2)
