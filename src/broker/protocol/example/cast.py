"""Who plays in the example: a hub, two agencies, an administrator and a child, their keys made from names.

A key whose seed anyone can compute protects nothing: these are for reading, never for use.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from keys import keyset, subject
from keys.hybrid import SealingKey
from keys.keyset import KeySet, SealingUse
from keys.note import VerifierKey
from keys.signing import SigningKey
from policies.party import ControllerFacts, Party
from policies.vocabulary import Sector

START: Final = 1_790_000_000
"""When the example's hub was made: 21 September 2026, 14:13:20 UTC."""
ASKED: Final = START + 3_600
ANSWERED: Final = ASKED + 900
ORIGIN: Final = "hub.example/gatehouse"
EPOCH: Final = 1
ADMINISTRATOR: Final = "administrator"
NAME: Final = "Wren Example"
NHS_NUMBER: Final = "9990000018"
"""Of the range kept for tests, with a valid check digit."""


def seed(name: str) -> bytes:
    """The 32 bytes of a name: SHA-256 of the ASCII text `gatehouse example ` and the name."""
    return hashlib.sha256(f"gatehouse example {name}".encode("ascii")).digest()


def uuid(name: str) -> str:
    """An id of a name, in the form of a random UUID (RFC 9562 section 5.4)."""
    digits = seed(f"id {name}").hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


HUB: Final = seed("hub").hex()[:32]
DECISION: Final = SigningKey.from_seed(seed("decision"))
LOG: Final = SigningKey.from_seed(seed("log"))
LOG_VKEY: Final = VerifierKey(name=ORIGIN, key=LOG.public)
ADMINISTERING: Final = SigningKey.from_seed(seed(ADMINISTRATOR))
K_A: Final = seed("K_A")
K_H: Final = seed("K_H")
T1: Final = subject.t1(K_A, hub_id=HUB, epoch=EPOCH, subject_id=f"nhs:{NHS_NUMBER}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One agency with its keys and first key set."""

    id: str
    name: str
    sector: Sector
    duty_contact: str
    controller: ControllerFacts
    identity: SigningKey
    signing: SigningKey
    sealing: SealingKey
    key_set: str

    @property
    def party(self) -> Party:
        """The agency as a side of a question, without grounds."""
        return Party(
            agency=self.id,
            sector=self.sector,
            controllers=(self.controller,),
            duty_contact=self.duty_contact,
        )

    @property
    def code(self) -> str:
        """The single-use code that enrols the agency."""
        return f"{self.id}-0123-4567"


def _agency(id: str, *, name: str, sector: Sector, duty_contact: str, controller: ControllerFacts) -> Agency:
    identity, signing = (SigningKey.from_seed(seed(f"{id} {use}")) for use in ("identity", "signing"))
    sealing = SealingKey.from_seed(seed(f"{id} sealing"))
    expires = START + 400 * 86_400
    first = KeySet(
        agency=id,
        version=1,
        previous=None,
        expires=expires,
        signing=signing.public,
        sealing=(SealingUse(key=sealing.public, seal_until=expires),),
    )
    return Agency(
        id=id,
        name=name,
        sector=sector,
        duty_contact=duty_contact,
        controller=controller,
        identity=identity,
        signing=signing,
        sealing=sealing,
        key_set=keyset.sign_key_set(first, identity),
    )


CARE: Final = _agency(
    "northtown-care",
    name="Northtown children's social care (invented)",
    sector=Sector.SOCIAL_CARE,
    duty_contact="Front door, 01632 960001",
    controller=ControllerFacts(
        id="northtown-council",
        name="Northtown Council (invented)",
        public_authority=True,
        local_authority=True,
    ),
)
HEALTH: Final = _agency(
    "eastmere-health",
    name="Eastmere Trust (invented)",
    sector=Sector.HEALTH,
    duty_contact="Safeguarding desk, 01632 960002",
    controller=ControllerFacts(
        id="eastmere-trust", name="Eastmere Trust (invented)", public_authority=True, nhs_body=True
    ),
)
