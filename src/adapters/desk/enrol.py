"""Enrolment: make the keys, prove that we have each of them, pin the hub's.

May be repeated with the same code after a kill at any point: keys already made are used again, and the hub
answers a repeated completion as it did the first.
"""

import hashlib
from pathlib import Path
from typing import Final

from adapters import agency as agency_file
from adapters import transport
from adapters.agency import AgencyFile, Settings
from adapters.clock import SYSTEM, Clock
from adapters.errors import Unreachable, Unusable, WrongOrder
from adapters.folder import KEYS
from adapters.keyring import Keyring
from adapters.problem import HubProblem
from broker.protocol.evidence import HubKeys, TrustedHub
from keys import base64url, jws, sealing, strict_json
from keys.errors import Rejected
from keys.sealing import Binding

_TYP: Final = "gatehouse-possession+1"
_HUB_MEMBERS: Final = ("hub", "origin", "decision_key", "log_vkey")


async def enrol(
    state: Path,
    *,
    hub_url: str,
    agency: str,
    code: str,
    ca_file: str | None = None,
    settings: Settings | None = None,
    clock: Clock = SYSTEM,
) -> AgencyFile:
    """Enrol an agency with the single-use code its hub's administrator gave out; write `agency.json` and
    `keys/`.

    Raises:
        Unusable: `already-enrolled`.
        WrongOrder: `hub-url`, `ca-file`, `enrolment-refused` (wrong, used or expired code, or a key refused).
        Unreachable: the hub did not answer; try again with the same code.
    """
    if (state / agency_file.FILE).exists():
        raise Unusable("already-enrolled", f"{state} already belongs to an agency: give another --state.")
    url = transport.check_url(hub_url)
    _make_folder(state)
    session = transport.open_session(ca_file)
    try:
        hub = _hub_keys(await transport.call(session, "GET", f"{url}/v1/hub"))
        chosen, at = settings or Settings(), clock.now()
        keyring = Keyring.create(state / KEYS, agency, at=at, days=chosen.key_set_days)
        offer = strict_json.dump(
            {
                "code": code,
                "agency": agency,
                "identity": keyring.identity.public.jwk(),
                "key_set": keyring.sets[-1],
                "possession": _possession(keyring, hub.hub, agency, code),
            }
        )
        challenges = await transport.call(session, "POST", f"{url}/v1/enrolments", body=offer)
        answers = _answers(keyring, hub.hub, agency, challenges)
        done = strict_json.dump({"code": code, "agency": agency, "answers": answers})
        await transport.call(session, "POST", f"{url}/v1/enrolments/complete", body=done)
    except HubProblem as problem:
        raise WrongOrder("enrolment-refused", f"{problem.detail} ({problem.code})") from None
    finally:
        await session.close()
    file = AgencyFile(
        agency=agency,
        hub_url=url,
        ca_file=_absolute(ca_file),
        hub=hub,
        enrolled_at=at,
        settings=chosen,
    )
    agency_file.save(state, file)
    return file


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


def _possession(keyring: Keyring, hub: str, agency: str, code: str) -> list[str]:
    digest = base64url.encode(hashlib.sha256(code.encode("ascii", "replace")).digest())
    payload = strict_json.dump({"hub": hub, "agency": agency, "code_digest": digest})
    return [jws.sign(payload, key, _TYP) for key in (keyring.identity, keyring.signing)]


def _answers(keyring: Keyring, hub: str, agency: str, answer: dict[str, object]) -> list[dict[str, str]]:
    binding = Binding(
        hub_id=hub, exchange="enrolment", jti=agency, kind="challenge", sender=hub, recipient=agency
    )
    challenges = answer.get("challenges")
    found = []
    for challenge in challenges if isinstance(challenges, list) else []:
        kid, sealed = challenge.get("kid"), challenge.get("sealed")
        key = keyring.sealing(kid) if isinstance(kid, str) else None
        if key is None or not isinstance(sealed, str):
            raise Unreachable("strange-answer", "The hub asked for a key that is not ours.")
        nonce = sealing.open_sealed(sealed.encode(), key, binding)
        found.append({"kid": key.kid, "nonce": base64url.encode(nonce)})
    return found
