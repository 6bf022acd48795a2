"""One agency as it is pinned: its identity key, its verified key sets, and which of its keys may be used.

Pure. Promises: `verify_entry` gives only what the identity key signed and what follows what was pinned.
"""

from dataclasses import dataclass
from typing import Final

from adapters.errors import Untrusted
from adapters.problem import Failure
from broker.protocol.frame import DirectoryEntry
from keys import keyset
from keys.errors import Rejected
from keys.keyset import KeySet
from keys.sealing import SealingPublicKey
from keys.signing import PublicKey, parse_public_key

IDENTITY_CHANGED: Final = "identity-changed"
UNCONFIRMED: Final = "unconfirmed-agency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """An agency as pinned here: its verified key sets, oldest first, each with its token."""

    entry: DirectoryEntry
    identity: PublicKey
    sets: tuple[tuple[str, KeySet], ...]
    confirmed_at: int | None
    doubt: Failure | None = None
    """Why what the hub shows of it now was refused; what stands here is as it was before."""
    changed: PublicKey | None = None
    """The identity key that the hub shows in place of `identity`; no person here has confirmed it."""

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

    def holds(self, kid: str) -> bool:
        """Whether a sealing key is one of this agency's, and not revoked: what is sealed to it may leave."""
        ours = any(use.key.kid == kid for _, keys in self.sets for use in keys.sealing)
        return ours and kid not in self.entry.revoked

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
                UNCONFIRMED,
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


def verify_entry(entry: DirectoryEntry, *, before: Pinned | None, confirmed_at: int | None) -> Pinned:
    """Verify a directory entry against itself and against what was pinned.

    An expired key set is taken (its signing key still proves old declarations) but never sealed to.

    Raises:
        Untrusted: `identity-changed` or `key-set-refused`.
    """
    try:
        identity = parse_public_key(dict(entry.identity))
        if before is not None and before.identity.raw != identity.raw:
            raise identity_changed(entry.agency)
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


def identity_of(entry: str) -> PublicKey:
    """The identity key of a journalled directory entry that was verified."""
    return parse_public_key(dict(DirectoryEntry.model_validate_json(entry).identity))


def identity_changed(agency: str) -> Untrusted:
    """That the hub shows another identity key, and what a person is to do about it."""
    return Untrusted(
        IDENTITY_CHANGED,
        f"The hub shows another identity key for {agency} than the one pinned here: nothing is sealed to it. "
        "Now ring the agency on a known number. If it has enrolled again, have its new fingerprint read out "
        f"and run gatehouse-adapter keys confirm {agency} FINGERPRINT; if not, tell the hub's administrator.",
    )
