"""Keys: one's own fingerprint and rotation, and confirming others by telephone."""

from typing import Final

from adapters.agency import Settings
from adapters.desk.act import make, queue
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.view import KeySetState, Peer
from broker.protocol import act as acts
from broker.protocol.declaration import Practitioner
from keys import keyset
from keys.keyset import KeySet

KEY_SET_CHANGE: Final = "key-set-change"
"""The act by which a rotation reaches the hub, as the journal names it."""
_DAY: Final = 86_400
_LATE_SHARE: Final = 4
"""A set is not rotated by itself before the last quarter of its life, or a short one would be at once."""


def fingerprint(folder: Folder) -> str:
    """Our own, to be read out by telephone."""
    return keyset.fingerprint(folder.keyring.identity.public)


def peers(folder: Folder) -> tuple[Peer, ...]:
    """Every other agency, as pinned here."""
    return tuple(
        Peer(
            agency=each.entry.agency,
            name=each.entry.name,
            sector=each.entry.sector,
            duty_contact=each.entry.duty_contact,
            active=each.entry.active,
            fingerprint=keyset.fingerprint(each.identity),
            confirmed_at=each.confirmed_at,
            key_set_version=each.sets[-1][1].version,
            doubt=None if each.doubt is None else each.doubt.message,
            changed_fingerprint=None if each.changed is None else keyset.fingerprint(each.changed),
            former_fingerprints=tuple(
                keyset.fingerprint(pin.identity) for pin in folder.directory.former(each.entry.agency)
            ),
        )
        for each in folder.directory.all()
    )


async def confirm(folder: Folder, agency: str, typed: str) -> bool:
    """A person here has heard these digits from the agency itself; whether a changed identity took the place
    of the one pinned before. Raises as `Directory.confirm`.
    """
    return await folder.directory.confirm(agency, typed, at=folder.clock.now())


async def forget(folder: Folder, agency: str) -> str:
    """A person here has found the identity pinned for an agency false: it is out of force, and kept as
    evidence; give its fingerprint. Raises as `Directory.forget`.
    """
    pinned = await folder.directory.forget(agency, at=folder.clock.now())
    return keyset.fingerprint(pinned.identity)


def peer(folder: Folder, agency: str) -> Peer:
    """One other agency, as pinned here. Raises WrongOrder, `unknown-agency`."""
    folder.directory.get(agency)
    return next(each for each in peers(folder) if each.agency == agency)


def key_set_state(folder: Folder) -> KeySetState:
    """Our key set in force: which, until when, and from when on the running adapter rotates it."""
    current = folder.keyring.current
    return KeySetState(
        version=current.version,
        expires=current.expires,
        rotates_from=rotates_from(current, folder.settings),
        rotating=folder.keyring.pending is not None,
    )


def rotates_from(keys: KeySet, settings: Settings) -> int:
    """From when on (Unix seconds) a key set is near its end; its end itself where a person rotates."""
    near = min(settings.rotate_days, settings.key_set_days / _LATE_SHARE) * _DAY
    return keys.expires - int(near)


async def rotate_keys(folder: Folder, *, practitioner: Practitioner) -> str:
    """Make the next key set and have it sent; return the act's jti. The old sealing key opens until it is
    drained.
    """
    settings = folder.settings
    token = folder.keyring.prepare_rotation(
        at=folder.clock.now(), days=settings.key_set_days, overlap=settings.overlap_seconds
    )
    return await queue(folder, make(folder, acts.KeySetChange, practitioner, key_set=token))


async def revoke_key(folder: Folder, kid: str, *, practitioner: Practitioner) -> str:
    """Say that one of our keys must not be relied on any more; return the act's jti. Raises WrongOrder,
    `unknown-key`.
    """
    if kid not in key_ids(folder):
        raise WrongOrder(
            "unknown-key", "That is no key of this agency: gatehouse-adapter keys list shows them."
        )
    return await queue(folder, make(folder, acts.KeyRevocation, practitioner, kid=kid))


async def drain_key(folder: Folder, kid: str, *, practitioner: Practitioner) -> str:
    """Destroy a sealing key now and say so; mail still sealed to it is answered `cannot_open` and sealed
    again.
    """
    if kid not in folder.keyring.sealing_kids():
        raise WrongOrder(
            "unknown-key", "That is no sealing key of this agency: gatehouse-adapter keys list shows them."
        )
    folder.keyring.destroy(kid)
    return await queue(folder, make(folder, acts.Drained, practitioner, kid=kid))


def key_ids(folder: Folder) -> dict[str, str]:
    """The kids of every key in our key sets, each with its use: `signing` or `sealing`."""
    found: dict[str, str] = {}
    for token in folder.keyring.sets:
        keys = keyset.verify_key_set(token, identity=folder.keyring.identity.public, previous=None, at=0)
        found[keys.signing.kid] = "signing"
        found.update({use.key.kid: "sealing" for use in keys.sealing})
    return found
