"""An agency's own keys, as files of mode 0600 in `keys/`: identity, signing, sealing, storage, DPoP.

Promises: a rotation is first written here (`pending`) and adopted only once the hub has it in its log, so
that a kill between the two loses no key; an old sealing key opens until it is destroyed. Public key sets lie
beside the seeds, as tokens signed by the identity key.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker.protocol.wire import Token, Wire, parse_wire
from keys import keyset, sealing, store
from keys.errors import BadKey, CannotOpen
from keys.keyset import KeySet, SealingUse
from keys.sealing import Binding, SealingKey
from keys.signing import PublicKey, SigningKey
from keys.storage import StorageKey

_SETS: Final = "key-sets.json"
_DAY: Final = 86_400


class _Sets(Wire):
    sets: list[Token]
    pending: Token | None = None


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
    _sealing: dict[str, SealingKey] = field(default_factory=dict, repr=False)

    @classmethod
    def create(cls, folder: Path, agency: str, *, at: int, days: int) -> "Keyring":
        """Make what is missing, or load what is there: enrolment may be repeated after a kill."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity = SigningKey.from_seed(store.load_or_create_seed(folder / "identity"))
        for name in ("storage", "dpop"):
            store.load_or_create_seed(folder / name)
        if not (folder / _SETS).exists():
            signing, fresh = _new_signing(folder), _new_sealing(folder)
            expires = at + days * _DAY
            first = KeySet(
                agency=agency,
                version=1,
                previous=None,
                expires=expires,
                signing=signing.public,
                sealing=(SealingUse(key=fresh.public, seal_until=expires),),
            )
            _save(folder, _Sets(sets=[keyset.sign_key_set(first, identity)]))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> "Keyring":
        """Read every key but the sealing keys, which are read when first needed. Raises
        keys.errors.UnsafeFile.
        """
        identity = SigningKey.from_seed(store.read_secret(folder / "identity"))
        sets = parse_wire(_Sets, store.read_secret(folder / _SETS))
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
        )

    def reload(self) -> None:
        """Take in what another process of this agency has written."""
        fresh = Keyring.load(self.folder)
        self.signing, self.newest = fresh.signing, fresh.newest
        self.sets, self.pending = fresh.sets, fresh.pending

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
        _save(self.folder, _Sets(sets=list(self.sets), pending=self.pending))
        return self.pending

    def adopt(self, token: str) -> None:
        """The hub has the pending key set: from here it is ours."""
        if token not in self.sets:
            self.sets, self.pending = (*self.sets, token), None
            _save(self.folder, _Sets(sets=list(self.sets)))
        current = self.current
        self.newest = _newest(current)
        self.signing = SigningKey.from_seed(store.read_secret(self.folder / f"signing-{current.signing.kid}"))

    def give_up(self) -> None:
        """The hub refused the pending key set: it never was."""
        self.pending = None
        _save(self.folder, _Sets(sets=list(self.sets)))

    def drained(self, *, at: int, grace: int) -> tuple[str, ...]:
        """Kids of sealing keys that nobody has sealed to for `grace` seconds."""
        if len(self.sealing_kids()) == 1:
            return ()
        until: dict[str, int] = {}
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

    def destroy(self, kid: str) -> None:
        """Destroy a sealing key: what is still sealed to it will be answered `cannot_open`."""
        self._sealing.pop(kid, None)
        (self.folder / f"sealing-{kid}").unlink(missing_ok=True)


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


def _save(folder: Path, sets: _Sets) -> None:
    store.write_secret(folder / _SETS, sets.dump())
