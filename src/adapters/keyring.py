"""An agency's own keys, as files of mode 0600 in `keys/`: identity, signing, sealing, storage, DPoP.

Promises: a rotation is first written here (`pending`) and adopted only once the hub has it in its log, so
that a kill between the two loses no key; an old sealing key opens until it is destroyed. Public key sets lie
beside the seeds, as tokens signed by the identity key. An agency that enrols again makes a new identity in
two steps likewise: storage key and old sealing keys stay, so that nothing journalled or on its way is lost.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from adapters import key_sets
from adapters.key_sets import Former, KeySets, Renewal
from keys import keyset, sealing, store
from keys.errors import BadKey, CannotOpen
from keys.keyset import KeySet, SealingUse
from keys.sealing import Binding, SealingKey
from keys.signing import PublicKey, SigningKey, parse_public_key
from keys.storage import StorageKey

_DAY: Final = 86_400


@dataclass(slots=True, kw_only=True)
class Keyring:
    """Every key of one agency, opened once; `reload` sees what another process rotated."""

    folder: Path
    identity: SigningKey
    storage: StorageKey
    dpop: SigningKey
    signing: SigningKey
    newest: str
    """The kid of the sealing key others seal to now."""
    sets: tuple[str, ...]
    pending: str | None
    former: tuple[tuple[PublicKey, str], ...]
    """Key sets of identities before this one, each with its identity key."""
    retired: dict[str, int]
    """Kids of sealing keys of identities before this one; since when (Unix seconds) nobody seals to them."""
    _sealing: dict[str, SealingKey] = field(default_factory=dict, repr=False)

    @classmethod
    def create(cls, folder: Path, agency: str, *, at: int, days: int) -> "Keyring":
        """Make what is missing, or load what is there: enrolment may be repeated after a kill."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity = SigningKey.from_seed(store.load_or_create_seed(folder / "identity"))
        for name in ("storage", "dpop"):
            store.load_or_create_seed(folder / name)
        if not (folder / key_sets.FILE).exists():
            key_set = _first_set(folder, agency, identity, at=at, days=days)
            key_sets.save(folder, KeySets(sets=[key_set]))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> "Keyring":
        """Read every key but the sealing keys, which are read when first needed. Raises
        keys.errors.UnsafeFile.
        """
        sets = key_sets.read(folder)
        name = "identity" if sets.identity is None else f"identity-{sets.identity}"
        identity = SigningKey.from_seed(store.read_secret(folder / name))
        current = keyset.verify_key_set(sets.sets[-1], identity=identity.public, previous=None, at=0)
        return cls(
            folder=folder,
            identity=identity,
            storage=StorageKey.from_bytes(store.read_secret(folder / "storage")),
            dpop=SigningKey.from_seed(store.read_secret(folder / "dpop")),
            signing=SigningKey.from_seed(store.read_secret(folder / f"signing-{current.signing.kid}")),
            newest=_newest(current),
            sets=tuple(sets.sets),
            pending=sets.pending,
            former=tuple((parse_public_key(each.identity), each.key_set) for each in sets.former),
            retired=dict(sets.retired),
        )

    def reload(self) -> None:
        """Take in what another process of this agency has written."""
        fresh = Keyring.load(self.folder)
        self.signing, self.newest = fresh.signing, fresh.newest
        self.sets, self.pending = fresh.sets, fresh.pending
        self.identity, self.former, self.retired = fresh.identity, fresh.former, fresh.retired

    def open(self, sealed: bytes, binding: Binding) -> bytes:
        """Open what was sealed to one of our keys, most often the newest.

        Raises:
            keys.errors.CannotOpen: `no-such-key` for a key not ours or destroyed; as `open_sealed` else.
            keys.errors.MalformedInput: as `open_sealed`.
        """
        newest = self.sealing(self.newest)
        if newest is not None:
            try:
                return sealing.open_sealed(sealed, newest, binding)
            except CannotOpen as error:
                if error.code != "other-key":
                    raise
        key = self.sealing(sealing.parse_sealed(sealed).kid)
        if key is None:
            raise CannotOpen("no-such-key", "the body is sealed to a key that is not here any more")
        return sealing.open_sealed(sealed, key, binding)

    def forget(self, kid: str) -> None:
        """Drop a sealing key that another process of ours has destroyed."""
        self._sealing.pop(kid, None)

    @property
    def current(self) -> KeySet:
        """The key set in force."""
        return keyset.verify_key_set(self.sets[-1], identity=self.identity.public, previous=None, at=0)

    def sealing(self, kid: str) -> SealingKey | None:
        """The private sealing key of a kid, or None when it is not ours or was destroyed."""
        if kid not in self._sealing:
            # A kid comes from outside: only a spelling that names a file of the folder is joined to a path.
            if kid not in self.sealing_kids():
                return None
            self._sealing[kid] = SealingKey.from_seed(store.read_secret(self.folder / f"sealing-{kid}"))
        return self._sealing[kid]

    def signing_public(self, kid: str) -> PublicKey:
        """The public signing key of one of our key sets. Raises keys.errors.BadKey, `unknown-key`."""
        if self.signing.public.kid == kid:
            return self.signing.public
        for token in self.sets:
            found = keyset.verify_key_set(token, identity=self.identity.public, previous=None, at=0).signing
            if found.kid == kid:
                return found
        raise BadKey("unknown-key", "that signing key is in none of this agency's key sets")

    def sealing_kids(self) -> tuple[str, ...]:
        """The kids of every sealing key that still opens."""
        return tuple(sorted(entry.name.removeprefix("sealing-") for entry in self.folder.glob("sealing-*")))

    def prepare_rotation(self, *, at: int, days: int, overlap: int) -> str:
        """Make the next key set, new signing and sealing keys in it; the same again while one is pending."""
        if self.pending is not None:
            return self.pending
        before, signing, fresh = self.current, _new_signing(self.folder), _new_sealing(self.folder)
        expires = at + days * _DAY
        old = max(before.sealing, key=lambda use: use.seal_until)
        following = KeySet(
            agency=before.agency,
            version=before.version + 1,
            previous=keyset.digest(self.sets[-1]),
            expires=expires,
            signing=signing.public,
            sealing=(
                SealingUse(key=fresh.public, seal_until=expires),
                SealingUse(key=old.key, seal_until=min(old.seal_until, at + overlap)),
            ),
        )
        self.pending = keyset.sign_key_set(following, self.identity)
        self._keep(pending=self.pending)
        return self.pending

    def adopt(self, token: str) -> None:
        """The hub has the pending key set: from here it is ours."""
        if token not in self.sets:
            self.sets, self.pending = (*self.sets, token), None
            self._keep(sets=list(self.sets), pending=None)
        current = self.current
        self.newest = _newest(current)
        self.signing = SigningKey.from_seed(store.read_secret(self.folder / f"signing-{current.signing.kid}"))

    def give_up(self) -> None:
        """The hub refused the pending key set: it never was."""
        self.pending = None
        self._keep(pending=None)

    def prepare_renewal(self, *, at: int, days: int) -> "Keyring":
        """Another identity with its first key set, to enrol again with; the same again until it is adopted or
        given up. What is returned signs and opens with the new keys, and is in force nowhere yet.
        """
        renewal = key_sets.read(self.folder).renewal
        if renewal is None:
            identity = SigningKey.generate()
            store.write_secret(self.folder / f"identity-{identity.public.kid}", identity.seed)
            key_set = _first_set(self.folder, self.current.agency, identity, at=at, days=days)
            renewal = Renewal(identity=identity.public.kid, key_set=key_set)
            self._keep(renewal=renewal)
        identity = SigningKey.from_seed(store.read_secret(self.folder / f"identity-{renewal.identity}"))
        keys = keyset.verify_key_set(renewal.key_set, identity=identity.public, previous=None, at=0)
        signing = SigningKey.from_seed(store.read_secret(self.folder / f"signing-{keys.signing.kid}"))
        sets = (renewal.key_set,)
        return replace(
            self, identity=identity, signing=signing, newest=_newest(keys), sets=sets, pending=None
        )

    def adopt_renewal(self, *, at: int) -> None:
        """The hub has the new identity: from here it is ours, and nobody seals to the keys before it. What is
        in force already stays.
        """
        stored = key_sets.read(self.folder)
        if stored.renewal is None:
            return
        jwk = {name: str(value) for name, value in self.identity.public.jwk().items()}
        before = [Former(identity=jwk, key_set=token) for token in self.sets]
        new = self.prepare_renewal(at=at, days=0).newest
        self._keep(
            sets=[stored.renewal.key_set],
            pending=None,
            identity=stored.renewal.identity,
            renewal=None,
            former=[*stored.former, *before],
            retired={kid: at for kid in self.sealing_kids() if kid != new} | stored.retired,
        )

    def give_up_renewal(self) -> None:
        """The hub refused the new identity: it never was."""
        self._keep(renewal=None)

    def drained(self, *, at: int, grace: int) -> tuple[str, ...]:
        """Kids of sealing keys that nobody has sealed to for `grace` seconds."""
        if len(self.sealing_kids()) == 1:
            return ()
        until = dict(self.retired)
        for token in self.sets:  # the newest word about a key counts
            for use in keyset.verify_key_set(
                token, identity=self.identity.public, previous=None, at=0
            ).sealing:
                until[use.key.kid] = use.seal_until
        return tuple(
            kid
            for kid in self.sealing_kids()
            if kid in until and until[kid] + grace <= at and kid != self.newest
        )

    def _keep(self, **changed: object) -> None:
        # From the file, not from memory: what another process has written beside it stays.
        key_sets.save(self.folder, key_sets.read(self.folder).model_copy(update=changed))

    def destroy(self, kid: str) -> None:
        """Destroy a sealing key: what is still sealed to it will be answered `cannot_open`."""
        self._sealing.pop(kid, None)
        (self.folder / f"sealing-{kid}").unlink(missing_ok=True)


def _first_set(folder: Path, agency: str, identity: SigningKey, *, at: int, days: int) -> str:
    """Make a signing and a sealing key; version 1 of an identity's key sets."""
    signing, fresh, expires = _new_signing(folder), _new_sealing(folder), at + days * _DAY
    first = KeySet(
        agency=agency,
        version=1,
        previous=None,
        expires=expires,
        signing=signing.public,
        sealing=(SealingUse(key=fresh.public, seal_until=expires),),
    )
    return keyset.sign_key_set(first, identity)


def _newest(keys: KeySet) -> str:
    return max(keys.sealing, key=lambda use: use.seal_until).key.kid


def _new_signing(folder: Path) -> SigningKey:
    key = SigningKey.generate()
    store.write_secret(folder / f"signing-{key.public.kid}", key.seed)
    return key


def _new_sealing(folder: Path) -> SealingKey:
    key = SealingKey.generate()
    store.write_secret(folder / f"sealing-{key.kid}", key.seed)
    return key
