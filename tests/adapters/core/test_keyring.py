"""An agency's own keys on disk: made once, rotated in two steps, destroyed for good."""

from pathlib import Path

import pytest

from adapters.keyring import Keyring
from keys import keyset
from keys.errors import BadKey, UnsafeFile

AT = 1_790_000_000
DAY = 86_400


def made(folder: Path) -> Keyring:
    return Keyring.create(folder, "care", at=AT, days=100)


def rotate(ring: Keyring, *, at: int = AT + DAY) -> str:
    return ring.prepare_rotation(at=at, days=100, overlap=3_600)


def test_making_keys_twice_makes_them_once(tmp_path: Path) -> None:
    one, two = made(tmp_path / "k"), made(tmp_path / "k")
    assert one.identity.seed == two.identity.seed
    assert one.sets == two.sets
    assert one.storage.raw == two.storage.raw
    assert one.signing.seed == two.signing.seed
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "k").iterdir()} == {0}
    assert (tmp_path / "k").stat().st_mode & 0o077 == 0


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    made(tmp_path / "k")
    (tmp_path / "k" / "identity").chmod(0o644)
    with pytest.raises(UnsafeFile):
        Keyring.load(tmp_path / "k")


def test_a_rotation_is_pending_until_it_is_adopted(tmp_path: Path) -> None:
    ring = made(tmp_path / "k")
    old_signing, old_sealing = ring.signing.public.kid, ring.current.sealing[0].key.kid
    token = rotate(ring)
    assert rotate(ring) == token
    # Killed here: the next process has it pending and still signs with the old key.
    again = Keyring.load(tmp_path / "k")
    assert (again.pending, again.signing.public.kid) == (token, old_signing)
    assert rotate(again) == token

    again.adopt(token)
    again.adopt(token)
    ring.reload()
    for each in (again, ring, Keyring.load(tmp_path / "k")):
        assert each.pending is None
        assert len(each.sets) == 2
        assert each.signing.public.kid == each.current.signing.kid != old_signing
        assert each.signing_public(old_signing).kid == old_signing
        assert each.sealing(old_sealing) is not None
    following = keyset.verify_key_set(
        ring.sets[1], identity=ring.identity.public, previous=ring.sets[0], at=AT + DAY
    )
    assert following.sealing_key(AT + DAY).kid != old_sealing


def test_a_rotation_the_hub_refused_never_was(tmp_path: Path) -> None:
    ring = made(tmp_path / "k")
    token = rotate(ring)
    ring.give_up()
    assert Keyring.load(tmp_path / "k").pending is None
    assert rotate(ring) != token


def test_an_old_sealing_key_is_drained_after_its_grace_and_the_newest_never(tmp_path: Path) -> None:
    ring = made(tmp_path / "k")
    old = ring.current.sealing[0].key.kid
    ring.adopt(rotate(ring))
    over = AT + DAY + 3_600
    assert ring.drained(at=over + 99, grace=100) == ()
    assert ring.drained(at=over + 100, grace=100) == (old,)
    assert ring.drained(at=over + 1_000 * DAY, grace=100) == (old,)
    ring.destroy(old)
    assert ring.sealing(old) is None
    assert Keyring.load(tmp_path / "k").sealing(old) is None
    assert ring.drained(at=over + 1_000 * DAY, grace=100) == ()


def test_a_kid_is_only_looked_up(tmp_path: Path) -> None:
    ring = made(tmp_path / "k")
    for kid in ("../identity", "x" * 43, "", "/etc/passwd", "\0"):
        assert ring.sealing(kid) is None
    with pytest.raises(BadKey):
        ring.signing_public("x" * 43)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    ring = made(tmp_path / "k")
    assert ring.sealing(ring.current.sealing[0].key.kid)
    shown = repr(ring)
    for seed in (ring.identity.seed, ring.signing.seed, ring.storage.raw, ring.dpop.seed):
        assert seed.hex() not in shown
        assert repr(seed)[2:-1] not in shown
