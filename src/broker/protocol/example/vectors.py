"""The example in full, for whoever writes an adapter in another language: every value, nothing shortened."""

import json
from typing import Any, Final

from broker.protocol import evidence
from broker.protocol.example import cast, envelope, log
from broker.protocol.example.cast import CARE, HEALTH, Agency
from broker.protocol.example.envelope import Envelope
from keys import base64url, keyset

SEEDS: Final = {
    "how": "SHA-256 of the ASCII text `gatehouse example ` followed by the name",
    "names": [
        *("decision", "log", "administrator", "K_A", "K_H"),
        *(f"{agency.id} {use}" for agency in (CARE, HEALTH) for use in ("identity", "signing", "sealing")),
        *("ask salt", "ask r", "item salt", "item r", "record salt 0 … 11"),
    ],
}


def hub_keys() -> evidence.HubKeys:
    """What an agency pins of the example's hub."""
    return evidence.HubKeys(
        hub=cast.HUB,
        origin=cast.ORIGIN,
        decision_key=cast.DECISION.public.jwk(),
        log_vkey=str(cast.LOG_VKEY),
    )


def whole() -> str:
    """The document's one block: JSON, spread over lines."""
    return json.dumps(written(), indent=1, ensure_ascii=False)


def written() -> dict[str, Any]:
    """Every value by name."""
    ask, item = envelope.ask(), envelope.item()
    return {
        "seeds": SEEDS,
        "hub": json.loads(hub_keys().dump()),
        "agencies": [_agency(each) for each in (CARE, HEALTH)],
        "subject": {
            "epoch": cast.EPOCH,
            "id": f"nhs:{cast.NHS_NUMBER}",
            "t1": base64url.encode(cast.T1),
        },
        "sealed": {each.letter.name: each.sealed.decode("ascii") for each in (ask, item)},
        "envelopes": [_envelope(each) for each in (ask, item)],
        "records": [
            {
                "index": index,
                "record": each.token,
                "salt": base64url.encode(each.salt),
                "entry": base64url.encode(each.entry),
            }
            for index, each in enumerate(log.log())
        ],
        "evidence": [json.loads(evidence_of(each).dump()) for each in (ask, item)],
    }


def _agency(agency: Agency) -> dict[str, Any]:
    return {
        "agency": agency.id,
        "identity": agency.identity.public.jwk(),
        "fingerprint": keyset.fingerprint(agency.identity.public),
        "signing": agency.signing.public.jwk(),
        "sealing": agency.sealing.public.jwk(),
        "key_set": agency.key_set,
    }


def _envelope(of: Envelope) -> dict[str, Any]:
    return {
        "name": of.letter.name,
        "plaintext": of.letter.plaintext.decode(),
        "binding": base64url.encode(of.letter.binding.extra_info()),
        "declaration": of.token,
        "openings": [json.loads(each.dump()) for each in of.openings],
        "receipt": envelope.receipt(of, at=(cast.ASKED if of.letter.name == "ask" else cast.ANSWERED) + 2),
    }


def evidence_of(of: Envelope) -> evidence.Evidence:
    """The evidence file of one envelope, as `gatehouse verify` reads it."""
    sender = of.letter.sender
    return evidence.Evidence(
        hub=hub_keys(),
        sender_identity=sender.identity.public.jwk(),
        sender_key_set=sender.key_set,
        declaration=of.token,
        proof=log.proof(of.letter.name),
    )
