"""The hub as it answers here and now: reached, trusted, the one that was pinned, in time, and knowing us."""

import ssl
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from adapters import transport
from adapters.doctor.finding import Finding, advice, failed, well
from adapters.errors import AdapterError
from adapters.folder import Folder
from adapters.problem import HubProblem
from broker.protocol.evidence import HubKeys
from keys import strict_json
from keys.errors import MalformedInput

_SKEW: Final = 30
"""Seconds between the clocks from which on a proof may soon be refused; the hub takes 60."""
_WIDEST: Final = 55
_CERTIFICATE_DAYS: Final = 14
_LIMIT: Final = 1 << 20


async def look_at_hub(folder: Folder) -> list[Finding]:
    """Every step in turn; the first that fails ends it."""
    try:
        session = transport.open_session(folder.agency.ca_file)
    except AdapterError as error:
        return [failed("hub", error.message)]
    async with session:
        try:
            document, date, ends = await _ask(session, folder.agency.hub_url)
        except aiohttp.ClientConnectorCertificateError:
            return [
                failed(
                    "hub", f"The certificate at {folder.agency.hub_url} is not trusted: see --ca of enrol."
                )
            ]
        except (aiohttp.ClientError, OSError, TimeoutError, MalformedInput) as error:
            return [
                failed(
                    "hub",
                    f"{folder.agency.hub_url} does not answer as a hub ({type(error).__name__}): look at the "
                    "network, then ask its administrator.",
                )
            ]
        found = [_pinned(folder, document), _clock(folder, date), *_certificate(folder, ends)]
        if any(each.verdict == "failed" for each in found):
            return found
        return [*found, await _known(session, folder)]


async def _ask(
    session: aiohttp.ClientSession, url: str
) -> tuple[dict[str, strict_json.JsonValue], str, str | None]:
    """The hub's document, the time it says it has, and until when its certificate is good."""
    async with session.get(f"{url}/v1/hub", allow_redirects=False) as answer:
        underneath = None if answer.connection is None else answer.connection.transport
        peer = None if underneath is None else underneath.get_extra_info("peercert")
        data = await answer.content.read(_LIMIT)
        return (
            strict_json.parse_object(data, limit=_LIMIT),
            answer.headers.get("Date", ""),
            (peer or {}).get("notAfter"),
        )


def _pinned(folder: Folder, document: dict[str, strict_json.JsonValue]) -> Finding:
    keys = folder.agency.hub.model_dump()
    other = [name for name in HubKeys.model_fields if document.get(name) != keys[name]]
    if other:
        return failed(
            "hub",
            f"What answers at {folder.agency.hub_url} is not the hub of enrolment ({', '.join(other)} "
            "differ): send nothing, and ask its administrator by telephone.",
        )
    if document.get("database") != "ok":
        return failed("hub", "The hub answers, but cannot reach its database: tell its administrator.")
    return well("hub", f"{folder.agency.hub_url} is the hub this agency enrolled at.")


def _certificate(folder: Folder, ends: str | None) -> list[Finding]:
    if ends is None:
        return []
    days = (int(ssl.cert_time_to_seconds(ends)) - folder.clock.now()) // 86_400
    if days < _CERTIFICATE_DAYS:
        return [advice("hub", f"The hub's certificate ends in {days} days: tell its administrator.")]
    return [well("hub", f"The hub's certificate is good for {days} days.")]


def _clock(folder: Folder, date: str) -> Finding:
    what = "clock"
    try:
        skew = folder.clock.now() - int(parsedate_to_datetime(date).timestamp())
    except ValueError:
        return advice(what, "The hub does not say what time it has: compare the clocks by hand.")
    says = f"This clock is {abs(skew)} s {'ahead of' if skew > 0 else 'behind'} the hub's"
    if abs(skew) >= _WIDEST:
        return failed(what, f"{says}, and it refuses what is a minute off: set this machine's time.")
    if abs(skew) >= _SKEW:
        return advice(what, f"{says}: let this machine keep its time by NTP.")
    return well(what, f"{says}.")


async def _known(session: aiohttp.ClientSession, folder: Folder) -> Finding:
    what, keyring = "access", folder.keyring
    try:
        await transport.fetch_token(
            session,
            hub_url=folder.agency.hub_url,
            hub_id=folder.hub.hub,
            agency=folder.me,
            signing=keyring.signing,
            proof_key=keyring.dpop,
            clock=folder.clock,
        )
    except HubProblem as problem:
        return failed(
            what,
            f"The hub does not let {folder.me} in ({problem.reason or problem.code}): it is stopped, or "
            "its keys ended. Ask the hub's administrator to invite it again, then run enrol --again.",
        )
    except AdapterError as error:
        return failed(what, error.message)
    return well(what, f"The hub knows {folder.me} and its key.")
