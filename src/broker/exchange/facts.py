"""The facts a decision rests on, read inside the transaction that acts on it (docs/protocol.md,
"Transactions").

First the guard rows, share-locked in one order; everything else in later statements, so that what is read
cannot be older than the guards. Facts that only change with their guard's version (agencies, keys, policy,
agreements) are kept by that version: an equal version proves that nothing changed. Facts of the case
(consents, exchanges) are read each time.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from broker.protocol.problem import Problem
from broker.protocol.record import GuardVersion
from broker.store.query import queries
from broker.store.transaction import Connection, Pool
from keys.errors import Rejected
from keys.signing import PublicKey, public_key
from policies.agreement import Agreement
from policies.errors import PolicyError
from policies.party import ControllerFacts, Party
from policies.policy_set import PolicySet, parse_policy_set
from policies.vocabulary import Sector

_SQL = queries("facts")
_CONTROLLERS: Final = TypeAdapter(tuple[ControllerFacts, ...])
_AGREEMENT: Final = TypeAdapter(Agreement)


class Guard(StrEnum):
    """The kinds of guard rows."""

    POLICY = "policy"
    AGENCY = "agency"
    KEYS = "keys"
    AGREEMENT = "agreement"
    CONSENT = "consent"


HEAD: Final = "head"
"""The one guard of the policy in force."""
ALL: Final = "all"
"""The one guard of all agreements: a change of one may make or end coverage between any two agencies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyFacts:
    """A signing key: whether revoked, and until when (Unix seconds) its key set runs."""

    key: PublicKey
    revoked: bool
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyFacts:
    """An agency as administrators recorded it."""

    id: str
    name: str
    sector: Sector
    controllers: tuple[ControllerFacts, ...]
    duty_contact: str
    active: bool

    def party(self) -> Party:
        """The agency as a side of a question, without grounds."""
        return Party(
            agency=self.id,
            sector=self.sector,
            controllers=self.controllers,
            duty_contact=self.duty_contact,
            grounds=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """A consent on record: who registered it, what it came to, what for, and about whom (tokens; empty where
    the
    act named nobody)."""

    agency: str
    outcome: str
    purposes: frozenset[str]
    subjects: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything fixed that a batch of decisions reads, and the versions it was read at."""

    agencies: Mapping[str, AgencyFacts]
    keys: Mapping[str, Mapping[str, SigningKeyFacts]]
    policy: PolicySet
    agreements: tuple[Agreement, ...]
    consents: Mapping[str, ConsentFacts]
    versions: Mapping[tuple[str, str], int]

    def guards(self, agencies: Collection[str], consents: Collection[str]) -> list[GuardVersion]:
        """The guard versions that one decision between these agencies and on these consents was made from."""
        scopes = [(Guard.POLICY.value, HEAD), (Guard.AGREEMENT.value, ALL)]
        scopes += [(kind.value, agency) for agency in sorted(agencies) for kind in (Guard.AGENCY, Guard.KEYS)]
        scopes += [(Guard.CONSENT.value, reference) for reference in sorted(consents)]
        return [
            GuardVersion(kind=kind, id=scope, version=self.versions.get((kind, scope), 0))
            for kind, scope in scopes
        ]


class FactReader:
    """Reads facts for one hub process; keeps what a guard's version proves unchanged."""

    def __init__(self) -> None:
        self._agencies: dict[str, tuple[int, AgencyFacts]] = {}
        self._keys: dict[str, tuple[int, dict[str, SigningKeyFacts]]] = {}
        self._policy: tuple[int, PolicySet] | None = None
        self._agreements: tuple[int, tuple[Agreement, ...]] | None = None
        self._owners: dict[str, tuple[str, PublicKey]] = {}

    async def read(
        self, connection: Connection, *, agencies: Collection[str], consents: Collection[str]
    ) -> Facts:
        """Share-lock the guards, then read. The first statements of a deciding transaction.

        Raises:
            Problem: `unavailable` when there is no readable policy (fail closed).
        """
        versions = await self._share(connection, agencies, consents)
        wanted = [name for name in agencies if (Guard.AGENCY.value, name) in versions]
        await self._load_agencies(connection, wanted, versions)
        await self._load_keys(connection, wanted, versions)
        policy = await self._load_policy(connection, versions)
        agreements = await self._load_agreements(connection, versions)
        standing: dict[str, ConsentFacts] = {}
        if consents:
            rows = await connection.fetch(_SQL["read_consents"], list(consents))
            standing = {
                row["reference"]: ConsentFacts(
                    agency=row["agency"],
                    outcome=row["outcome"],
                    purposes=frozenset(row["purposes"]),
                    subjects=frozenset(bytes(token) for token in row["subjects"]),
                )
                for row in rows
            }
        return Facts(
            agencies={name: self._agencies[name][1] for name in wanted if name in self._agencies},
            keys={name: self._keys[name][1] for name in wanted if name in self._keys},
            policy=policy,
            agreements=agreements,
            consents=standing,
            versions=versions,
        )

    async def owner(self, pool: Pool, kid: str) -> tuple[str, PublicKey] | None:
        """Whose signing key a kid names. Never changes, so kept; whether it is revoked is read with the
        facts.
        """
        known = self._owners.get(kid)
        if known is None:
            row = await pool.fetchrow(_SQL["read_key"], kid)
            if row is None:
                return None
            known = (row["agency"], public_key(bytes(row["raw"])))
            self._owners[kid] = known
        return known

    async def _share(
        self, connection: Connection, agencies: Collection[str], consents: Collection[str]
    ) -> dict[tuple[str, str], int]:
        scopes = [(Guard.POLICY.value, HEAD), (Guard.AGREEMENT.value, ALL)]
        scopes += [(kind.value, agency) for agency in agencies for kind in (Guard.AGENCY, Guard.KEYS)]
        scopes += [(Guard.CONSENT.value, reference) for reference in consents]
        rows = await connection.fetch(
            _SQL["share_guards"], [kind for kind, _ in scopes], [scope for _, scope in scopes]
        )
        return {(row["kind"], row["id"]): row["version"] for row in rows}

    async def _load_agencies(
        self, connection: Connection, wanted: Collection[str], versions: Mapping[tuple[str, str], int]
    ) -> None:
        stale = [n for n in wanted if self._agencies.get(n, (None,))[0] != versions[Guard.AGENCY.value, n]]
        if not stale:
            return
        for row in await connection.fetch(_SQL["read_agencies"], stale):
            facts = AgencyFacts(
                id=row["id"],
                name=row["name"],
                sector=Sector(row["sector"]),
                controllers=_CONTROLLERS.validate_json(row["controllers"]),
                duty_contact=row["duty_contact"],
                active=row["state"] == "active",
            )
            self._agencies[row["id"]] = (versions[Guard.AGENCY.value, row["id"]], facts)

    async def _load_keys(
        self, connection: Connection, wanted: Collection[str], versions: Mapping[tuple[str, str], int]
    ) -> None:
        stale = [n for n in wanted if self._keys.get(n, (None,))[0] != versions.get((Guard.KEYS.value, n), 0)]
        if not stale:
            return
        loaded: dict[str, dict[str, SigningKeyFacts]] = {name: {} for name in stale}
        for row in await connection.fetch(_SQL["read_keys"], stale):
            loaded[row["agency"]][row["kid"]] = SigningKeyFacts(
                key=public_key(bytes(row["raw"])), revoked=row["revoked"], expires=row["expires"]
            )
        for name, keys in loaded.items():
            self._keys[name] = (versions.get((Guard.KEYS.value, name), 0), keys)

    async def _load_policy(
        self, connection: Connection, versions: Mapping[tuple[str, str], int]
    ) -> PolicySet:
        version = versions.get((Guard.POLICY.value, HEAD))
        if version is None:
            raise _no_policy()
        if self._policy is None or self._policy[0] != version:
            row = await connection.fetchrow(_SQL["read_policy"])
            if row is None:
                raise _no_policy()
            try:
                policy = parse_policy_set(json.loads(bytes(row["document"])))
            except (ValueError, PolicyError):
                raise _no_policy() from None
            if (policy.version, policy.digest) != (row["version"], row["digest"]):
                raise _no_policy()
            self._policy = (version, policy)
        return self._policy[1]

    async def _load_agreements(
        self, connection: Connection, versions: Mapping[tuple[str, str], int]
    ) -> tuple[Agreement, ...]:
        version = versions.get((Guard.AGREEMENT.value, ALL), 0)
        if self._agreements is None or self._agreements[0] != version:
            rows = await connection.fetch(_SQL["read_agreements"])
            self._agreements = (version, tuple(_AGREEMENT.validate_json(row["document"]) for row in rows))
        return self._agreements[1]


def check_signing_key(facts: Facts, *, agency: str, kid: str, at: int) -> None:
    """Refuse a key that is not this agency's, is revoked, or whose set has run out.

    Raises:
        keys.errors.Rejected: with a stable code.
    """
    key = facts.keys.get(agency, {}).get(kid)
    if key is None:
        raise Rejected("unknown-key", "No such signing key is enrolled for this agency.")
    if key.revoked:
        raise Rejected("key-revoked", "This signing key has been revoked; sign with the key set in force.")
    if key.expires <= at:
        raise Rejected("key-set-expired", "The key set of this signing key has run out; rotate the keys.")


def check_connection_key(facts: Facts, *, agency: str, kid: str) -> None:
    """Refuse a connection whose access token was asked for with a key that is revoked: whoever holds it may
    be a thief.

    Raises:
        Problem: `forbidden`, reason `key-revoked`.
    """
    key = facts.keys.get(agency, {}).get(kid)
    if key is None or key.revoked:
        raise Problem(
            "forbidden",
            "The key this connection was opened with has been revoked; connect with the key set in force.",
            reason="key-revoked",
        )


def _no_policy() -> Problem:
    return Problem(
        "unavailable",
        "The hub has no readable sharing policy, so nothing may pass. An administrator must activate one.",
    )
