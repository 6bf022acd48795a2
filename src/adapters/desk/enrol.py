"""Enrolment: make the keys, prove that we have each of them, pin the hub's.

May be repeated with the same code after a kill at any point: keys already made are used again, and the hub
answers a repeated completion as it did the first. An agency that was invited again enrols in the folder it
has: journal, storage key and old sealing keys stay.
"""

import hashlib
from pathlib import Path
from typing import Final

from adapters import agency as agency_file
from adapters import transport
from adapters.agency import AgencyFile, Settings
from adapters.clock import SYSTEM, Clock
from adapters.errors import Unreachable, Untrusted, Unusable, WrongOrder
from adapters.folder import KEYS
from adapters.keyring import Keyring
from adapters.problem import HubProblem
from broker.protocol.evidence import HubKeys, TrustedHub
from broker.protocol.problem import Problem
from broker.protocol.wire import Wire, parse_wire
from keys import base64url, jws, sealing, store, strict_json
from keys.errors import Rejected
from keys.sealing import Binding

_TYP: Final = "gatehouse-possession+1"
_PENDING: Final = "enrolling.json"
_HUB_MEMBERS: Final = ("hub", "origin", "decision_key", "log_vkey")


class _Pending(Wire):
    """An enrolment whose completion is about to be sent."""

    hub_url: str
    agency: str
    code: str
    hub: HubKeys
    answers: list[dict[str, str]]


async def enrol(
    state: Path,
    *,
    hub_url: str,
    agency: str,
    code: str,
    ca_file: str | None = None,
    settings: Settings | None = None,
    again: bool = False,
    clock: Clock = SYSTEM,
) -> AgencyFile:
    """Enrol an agency with the single-use code its hub's administrator gave out; write `agency.json` and
    `keys/`.

    Args:
        again: the folder's agency was invited again: it gets a new identity, and keeps journal, storage key
            and settings. Nothing may run on the folder meanwhile.

    Raises:
        Unusable: `already-enrolled`, `not-enrolled`.
        Untrusted: `another-hub`: not the hub that was pinned when the folder's agency enrolled first.
        WrongOrder: `hub-url`, `ca-file`, `other-agency`, `enrolment-refused` (wrong, used or expired code, or
            a key refused).
        Unreachable: the hub did not answer; try again with the same code.
    """
    before = _before(state, agency, again=again)
    url = transport.check_url(hub_url)
    _make_folder(state)
    session = transport.open_session(ca_file)
    chosen, at = settings or (Settings() if before is None else before.settings), clock.now()
    try:
        pending = _resumed(state, url, agency, code)
        if pending is None:
            hub = _hub_keys(await transport.call(session, "GET", f"{url}/v1/hub"))
            if before is not None and before.hub != hub:
                raise Untrusted("another-hub", "The hub at that URL is not the one this agency enrolled at.")
            keyring = _keyring(state, agency, again=again, at=at, days=chosen.key_set_days)
            pending = _Pending(hub_url=url, agency=agency, code=code, hub=hub, answers=[])
            offered = await transport.call(
                session, "POST", f"{url}/v1/enrolments", body=_offer(keyring, pending)
            )
            pending = pending.model_copy(update={"answers": _answers(keyring, pending, offered)})
            # The hub takes these answers once; only the same ones again get the same answer.
            store.write_secret(state / _PENDING, pending.dump())
        done = strict_json.dump({"code": code, "agency": agency, "answers": list(pending.answers)})
        await transport.call(session, "POST", f"{url}/v1/enrolments/complete", body=done)
    except HubProblem as problem:
        if problem.status >= 500 or problem.code == "too-many":
            # It may have been done all the same: what is kept here gets the same answer again.
            raise Unreachable(
                "hub-busy", "The hub cannot take it now; try again with the same code."
            ) from None
        (state / _PENDING).unlink(missing_ok=True)
        if again:
            Keyring.load(state / KEYS).give_up_renewal()
        raise WrongOrder("enrolment-refused", f"{problem.detail} ({problem.code})") from None
    finally:
        await session.close()
    if again:
        Keyring.load(state / KEYS).adopt_renewal(at=at)
    file = AgencyFile(
        agency=agency,
        hub_url=url,
        ca_file=_absolute(ca_file),
        hub=pending.hub,
        enrolled_at=at,
        settings=chosen,
    )
    agency_file.save(state, file)
    (state / _PENDING).unlink(missing_ok=True)
    return file


def _before(state: Path, agency: str, *, again: bool) -> AgencyFile | None:
    """Whose folder it is already, if that fits what is to be done."""
    if not (state / agency_file.FILE).exists():
        if again:
            raise Unusable(
                "not-enrolled",
                f"No agency is enrolled in {state}: name its folder with --state, or, if its keys are lost, "
                "leave --again out.",
            )
        return None
    if not again:
        raise Unusable(
            "already-enrolled",
            f"{state} already belongs to an agency: give another --state, or --again if the hub's "
            "administrator has invited that agency again.",
        )
    before = agency_file.load(state)
    if before.agency != agency:
        raise WrongOrder("other-agency", f"{state} belongs to {before.agency}: give the --state of {agency}.")
    return before


def _keyring(state: Path, agency: str, *, again: bool, at: int, days: int) -> Keyring:
    if again:
        return Keyring.load(state / KEYS).prepare_renewal(at=at, days=days)
    return Keyring.create(state / KEYS, agency, at=at, days=days)


def _resumed(state: Path, url: str, agency: str, code: str) -> _Pending | None:
    """What was about to be completed when an earlier attempt ended, if it was this very enrolment."""
    try:
        pending = parse_wire(_Pending, store.read_secret(state / _PENDING))
    except (FileNotFoundError, Problem):
        return None
    same = (pending.hub_url, pending.agency, pending.code) == (url, agency, code)
    return pending if same else None


def _make_folder(state: Path) -> None:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)


def _absolute(ca_file: str | None) -> str | None:
    return None if ca_file is None else str(Path(ca_file).resolve())


def _hub_keys(answer: dict[str, object]) -> HubKeys:
    try:
        keys = HubKeys.model_validate({name: answer.get(name) for name in _HUB_MEMBERS})
        TrustedHub.from_keys(keys)
    except (ValueError, Rejected):
        raise Unreachable("strange-answer", "What answers at the hub's URL is not a hub.") from None
    return keys


def _offer(keyring: Keyring, pending: _Pending) -> bytes:
    digest = base64url.encode(hashlib.sha256(pending.code.encode("ascii", "replace")).digest())
    payload = strict_json.dump({"hub": pending.hub.hub, "agency": pending.agency, "code_digest": digest})
    return strict_json.dump(
        {
            "code": pending.code,
            "agency": pending.agency,
            "identity": keyring.identity.public.jwk(),
            "key_set": keyring.sets[-1],
            "possession": [jws.sign(payload, key, _TYP) for key in (keyring.identity, keyring.signing)],
        }
    )


def _answers(keyring: Keyring, pending: _Pending, offered: dict[str, object]) -> list[dict[str, str]]:
    hub, agency = pending.hub.hub, pending.agency
    binding = Binding(
        hub_id=hub, exchange="enrolment", jti=agency, kind="challenge", sender=hub, recipient=agency
    )
    challenges = offered.get("challenges")
    found = []
    for challenge in challenges if isinstance(challenges, list) else []:
        kid, sealed = challenge.get("kid"), challenge.get("sealed")
        key = keyring.sealing(kid) if isinstance(kid, str) else None
        if key is None or not isinstance(sealed, str):
            raise Unreachable("strange-answer", "The hub asked for a key that is not ours.")
        nonce = sealing.open_sealed(sealed.encode(), key, binding)
        found.append({"kid": key.kid, "nonce": base64url.encode(nonce)})
    return found
