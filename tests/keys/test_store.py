"""Secret files: safe, whole, and one seed for two processes."""

import multiprocessing
import os
import socket
import stat
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from keys import store
from keys.errors import UnsafeFile


def refusal(path: Path) -> str:
    with pytest.raises(UnsafeFile) as refused:
        store.read_secret(path)
    return refused.value.code


def test_a_secret_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    earlier = os.umask(0)
    try:
        store.write_secret(path, b"secret")
    finally:
        os.umask(earlier)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.read_secret(path) == b"secret"
    store.write_secret(path, b"newer")
    assert store.read_secret(path) == b"newer"
    assert os.listdir(tmp_path) == ["key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o610, 0o601])
def test_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    store.write_secret(path, b"secret")
    path.chmod(mode)
    assert refusal(path) == "secret-open-to-others"
    with pytest.raises(UnsafeFile):
        store.load_or_create_seed(path)
    assert path.read_bytes() == b"secret"


def test_a_link_is_refused(tmp_path: Path) -> None:
    store.write_secret(tmp_path / "real", b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert refusal(tmp_path / "link") == "secret-not-a-file"
    assert refusal(tmp_path / "dangling") == "secret-not-a-file"
    with pytest.raises(UnsafeFile):
        store.load_or_create_seed(tmp_path / "dangling")
    assert not (tmp_path / "nowhere").exists()


def test_writing_replaces_a_link_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "key").symlink_to(tmp_path / "other")
    store.write_secret(tmp_path / "key", b"secret")
    assert (tmp_path / "other").read_bytes() == b"other"
    assert store.read_secret(tmp_path / "key") == b"secret"


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    for name in ("pipe", "folder", "socket"):
        assert refusal(tmp_path / name) == "secret-not-a-file"


@pytest.mark.as_root
def test_another_owner_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    store.write_secret(path, b"secret")
    os.chown(path, 65534, 65534)
    assert refusal(path) == "secret-wrong-owner"


def test_a_missing_secret_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.read_secret(tmp_path / "none")


def test_a_secret_has_a_limit(tmp_path: Path) -> None:
    store.write_secret(tmp_path / "key", bytes((1 << 20) + 1))
    assert refusal(tmp_path / "key") == "secret-too-large"


def test_a_failed_write_leaves_the_old_secret_and_no_litter(tmp_path: Path) -> None:
    folder = tmp_path / "key"
    folder.mkdir()
    with pytest.raises(OSError):
        store.write_secret(folder, b"secret")
    assert os.listdir(tmp_path) == ["key"]


def test_a_seed_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "seed"
    seed = store.load_or_create_seed(path)
    assert len(seed) == 32
    assert store.load_or_create_seed(path) == seed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["seed"]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_damaged_seed_is_refused_and_kept(tmp_path: Path, size: int) -> None:
    path = tmp_path / "seed"
    store.write_secret(path, bytes(size))
    with pytest.raises(UnsafeFile) as refused:
        store.load_or_create_seed(path)
    assert refused.value.code == "secret-wrong-size"
    assert path.read_bytes() == bytes(size)


def test_threads_that_race_get_one_seed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        for round_ in range(30):
            path = tmp_path / str(round_)
            assert len(set(pool.map(store.load_or_create_seed, [path] * 16))) == 1


def test_processes_that_race_get_one_seed(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(len, [b""] * 4))  # all started before the race
        for round_ in range(20):
            path = tmp_path / str(round_)
            assert len(set(pool.map(store.load_or_create_seed, [path] * 4))) == 1
    assert len(os.listdir(tmp_path)) == 20
