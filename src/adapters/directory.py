"""Other agencies: pinned at first sight, their key sets followed link by link, sealed to only once confirmed.

Promises: an identity key never changes here, a key set is taken only if the pinned identity signed it and it
follows the one before, and no sealing key is given out for an agency whose fingerprint no person here has
confirmed, or of which the hub shows now what cannot be believed. So a sealing key that the hub has put in
another's place is refused, or is heard to be wrong on the telephone.
"""

from dataclasses import dataclass, replace

from adapters.errors import Untrusted, WrongOrder
from adapters.journal.journal import Journal
from adapters.problem import Failure
from broker.protocol.frame import DirectoryEntry
from keys import keyset
from keys.errors import Rejected
from keys.keyset import KeySet
from keys.sealing import SealingPublicKey
from keys.signing import PublicKey, parse_public_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """An agency as pinned here: its verified key sets, oldest first, each with its token."""

    entry: DirectoryEntry
    identity: PublicKey
    sets: tuple[tuple[str, KeySet], ...]
    confirmed_at: int | None
    doubt: Failure | None = None
    """Why what the hub shows of it now was refused; what stands here is as it was before."""

    def signing_key(self, kid: str) -> tuple[PublicKey, str]:
        """The public key of a kid and the key set token it stands in.

        Raises:
            Untrusted: `unknown-signer` or `key-revoked`.
        """
        if kid in self.entry.revoked:
            raise Untrusted("key-revoked", f"{self.entry.agency} signed with a key that was revoked.")
        for token, keys in reversed(self.sets):
            if keys.signing.kid == kid:
                return keys.signing, token
        raise Untrusted(
            "unknown-signer", f"{self.entry.agency} signed with a key that is in none of its key sets."
        )

    def sealing_key(self, at: int) -> SealingPublicKey:
        """The key to seal to at `at`.

        Raises:
            Untrusted: `unconfirmed-agency`, `stopped-agency`, `key-set-expired`, `key-revoked`; and while the
            hub shows what was refused, `identity-changed` or `key-set-refused`.
        """
        name = self.entry.agency
        if self.doubt is not None:
            raise Untrusted(self.doubt.code, self.doubt.message)
        if self.confirmed_at is None:
            raise Untrusted(
                "unconfirmed-agency",
                f"Nobody here has confirmed {name} yet: ring {self.entry.duty_contact}, have the fingerprint "
                f"read out, then run gatehouse-adapter keys confirm {name} FINGERPRINT.",
            )
        if not self.entry.active:
            raise Untrusted("stopped-agency", f"{name} is stopped at the hub: nothing can be sent to it.")
        current = self.sets[-1][1]
        if at >= current.expires:
            raise Untrusted(
                "key-set-expired",
                f"The keys of {name} have expired: it must rotate them.",
            )
        usable = [
            use for use in current.sealing if at < use.seal_until and use.key.kid not in self.entry.revoked
        ]
        if not usable:
            raise Untrusted(
                "key-revoked", f"{name} has no sealing key in use: it must run gatehouse-adapter keys rotate."
            )
        return max(usable, key=lambda use: use.seal_until).key


class Directory:
    """The pinned agencies, read from the journal and parsed once per change."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._parsed: dict[str, tuple[str, Pinned]] = {}

    def find(self, agency: str) -> Pinned | None:
        """One pinned agency, or None when it was never seen."""
        row = self._journal.row("get_pin", agency=agency)
        if row is None:
            return None
        known = self._parsed.get(agency)
        mark = f"{row['confirmed_at']}:{row['doubt']}:{row['entry']}"
        if known is None or known[0] != mark:
            entry = DirectoryEntry.model_validate_json(row["entry"])
            pinned = verify_entry(entry, before=None, confirmed_at=row["confirmed_at"])
            doubt = None if row["doubt"] is None else Failure.model_validate_json(row["doubt"])
            known = (mark, replace(pinned, doubt=doubt))
            self._parsed[agency] = known
        return known[1]

    def get(self, agency: str) -> Pinned:
        """One pinned agency. Raises WrongOrder, `unknown-agency`."""
        pinned = self.find(agency)
        if pinned is None:
            raise WrongOrder(
                "unknown-agency",
                f"{agency} is not in the directory as last fetched: check the name, and that "
                "gatehouse-adapter run is running.",
            )
        return pinned

    def all(self) -> tuple[Pinned, ...]:
        """Every pinned agency, by id."""
        return tuple(self.get(row["agency"]) for row in self._journal.rows("all_pins"))

    async def take(self, entry: DirectoryEntry, *, at: int) -> bool:
        """Pin a new agency, or follow a known one; whether anything was new.

        Raises:
            Untrusted: `identity-changed` or `key-set-refused`; what was pinned stays as it was, and until the
            hub shows it again nothing more is sealed to this agency.
        """
        before = self.find(entry.agency)
        if before is not None:
            # A revocation seen once holds: a shorter list shown later would bring a stolen key back.
            held = sorted({*entry.revoked, *before.entry.revoked})
            entry = entry.model_copy(update={"revoked": held})
        if before is not None and before.entry == entry:
            await self._believe(before)
            return False
        try:
            pinned = verify_entry(entry, before=before, confirmed_at=None)
            changed = await self._journal.run(
                "put_pin",
                agency=entry.agency,
                identity=pinned.identity.kid,
                entry=entry.dump().decode(),
                at=at,
            )
            if not changed:
                raise _identity_changed(entry.agency)
        except Untrusted as error:
            if before is not None:
                doubt = Failure(code=error.code, message=error.message).dump().decode()
                await self._journal.run("put_setting", name=_doubt(entry.agency), value=doubt)
            raise
        if before is not None:
            await self._believe(before)
        return True

    async def _believe(self, pinned: Pinned) -> None:
        if pinned.doubt is not None:
            await self._journal.run("drop_setting", name=_doubt(pinned.entry.agency))

    async def confirm(self, agency: str, fingerprint: str, *, at: int) -> None:
        """A person here has heard these digits from the agency itself.

        Raises:
            WrongOrder: `unknown-agency`.
            keys.errors.BadKey: `fingerprint-mismatch`.
        """
        pinned = self.get(agency)
        keyset.verify_fingerprint(fingerprint, pinned.identity)
        await self._journal.run("confirm_pin", agency=agency, identity=pinned.identity.kid, at=at)


def verify_entry(entry: DirectoryEntry, *, before: Pinned | None, confirmed_at: int | None) -> Pinned:
    """Verify a directory entry against itself and against what was pinned.

    An expired key set is taken (its signing key still proves old declarations) but never sealed to.

    Raises:
        Untrusted: `identity-changed` or `key-set-refused`.
    """
    try:
        identity = parse_public_key(dict(entry.identity))
        if before is not None and before.identity.raw != identity.raw:
            raise _identity_changed(entry.agency)
        known = () if before is None else before.sets
        tokens = tuple(entry.key_sets)
        if not tokens or tuple(token for token, _ in known) != tokens[: len(known)]:
            raise Untrusted(
                "key-set-refused",
                f"The hub shows key sets of {entry.agency} that do not continue those seen.",
            )
        sets = list(known)
        for token in tokens[len(known) :]:
            previous = sets[-1][0] if sets else None
            sets.append((token, keyset.verify_key_set(token, identity=identity, previous=previous, at=0)))
    except Rejected as error:
        raise Untrusted(
            "key-set-refused", f"A key of {entry.agency} is refused ({error.code}): ring the agency."
        ) from None
    if any(keys.agency != entry.agency for _, keys in sets):
        raise Untrusted(
            "key-set-refused", f"The hub shows another agency's key set as that of {entry.agency}."
        )
    return Pinned(entry=entry, identity=identity, sets=tuple(sets), confirmed_at=confirmed_at)


def _doubt(agency: str) -> str:
    return f"doubt:{agency}"


def _identity_changed(agency: str) -> Untrusted:
    return Untrusted(
        "identity-changed",
        f"The hub shows another identity key for {agency} than the one pinned here. Send nothing; ring the "
        "agency on a known number and tell the hub's administrator.",
    )
