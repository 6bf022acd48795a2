"""The embedded PostgreSQL: private, found again after every crash, shared, and silent about contents."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from broker.store.postgres import DatabaseUnavailable, Embedded, start

Start = Callable[[Path], Awaitable[Embedded]]


@pytest.fixture
async def begin() -> AsyncIterator[Start]:
    """`start`, of which whatever still runs is stopped at the end of the test."""
    started: list[Embedded] = []

    async def begin(state: Path) -> Embedded:
        started.append(await start(state))
        return started[-1]

    yield begin
    for embedded in started:
        await embedded.stop()


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def tell(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def postmaster_of(embedded: Embedded) -> int:
    return int((embedded.folder / "data" / "postmaster.pid").read_text().split()[0])


def has_pid_file(state: Path) -> bool:
    return (state / "postgres" / "data" / "postmaster.pid").exists()


def owner_of(process: int) -> int:
    return Path(f"/proc/{process}").stat().st_uid


def socket_of(embedded: Embedded) -> Path:
    return Path(parse_qs(urlsplit(embedded.url).query)["host"][0])


async def test_what_was_stored_is_there_after_a_stop_and_a_start(begin: Start, tmp_path: Path) -> None:
    first = await begin(tmp_path)
    await tell(first.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    assert await first.stop()
    again = await begin(tmp_path)
    assert (await ask(again.url, "SELECT n FROM kept"), again.adopted) == (7, False)


async def test_it_is_reached_through_a_private_socket_with_a_password_only(
    begin: Start, tmp_path: Path
) -> None:
    running = await begin(tmp_path)
    assert await ask(running.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert await ask(running.admin_url, "SHOW listen_addresses") == ""
    assert await ask(running.admin_url, "SHOW data_checksums") == "on"
    assert await ask(running.admin_url, "SHOW fsync") == "on"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(running.url, password="wrong")
    for name in ("password", "admin-password", "server.log"):
        assert (running.folder / name).stat().st_mode & 0o077 == 0, name
    assert running.folder.stat().st_mode & 0o067 == 0
    assert socket_of(running).stat().st_mode & 0o077 == 0
    assert (await asyncio.to_thread((running.folder / "password").read_text)) not in repr(running)


async def test_a_server_that_was_killed_is_recovered(begin: Start, tmp_path: Path) -> None:
    first = await begin(tmp_path)
    await tell(first.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    os.kill(postmaster_of(first), signal.SIGKILL)
    again = await begin(tmp_path)
    assert (await ask(again.url, "SELECT n FROM kept"), again.adopted) == (7, False)


async def test_the_server_of_a_hub_that_was_killed_is_adopted(begin: Start, tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys; from broker.store.postgres import start\n"
        "asyncio.run(start(pathlib.Path(sys.argv[1]))); print('up', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as hub:
        assert hub.stdout is not None
        assert await asyncio.to_thread(hub.stdout.readline) == "up\n"
        hub.kill()
    running = await begin(tmp_path)
    assert running.adopted
    assert await ask(running.url, "SELECT 1") == 1
    assert await running.stop()
    assert not has_pid_file(tmp_path)


async def test_a_fast_stop_that_hangs_becomes_an_immediate_one_and_loses_nothing(
    begin: Start, tmp_path: Path
) -> None:
    first = await begin(tmp_path)
    await tell(first.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    connection = await asyncpg.connect(first.url)
    # A fast stop waits for every process of the server; one that is stopped never hears that it should end.
    deaf = await connection.fetchval("SELECT pg_backend_pid()")
    os.kill(deaf, signal.SIGSTOP)
    try:
        # Half of this for the fast stop; then PostgreSQL waits five seconds before it kills its own.
        assert await first.stop(wait_s=16)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(deaf, signal.SIGCONT)
        connection.terminate()
    assert not has_pid_file(tmp_path)
    log = (first.folder / "server.log").read_text()
    assert 0 < log.find("received fast shutdown request") < log.find("received immediate shutdown request")
    again = await begin(tmp_path)
    assert (await ask(again.url, "SELECT n FROM kept"), again.adopted) == (7, False)


async def test_a_stop_that_nothing_hinders_is_a_fast_one_only(begin: Start, tmp_path: Path) -> None:
    first = await begin(tmp_path)
    assert await first.stop()
    assert "immediate shutdown" not in (first.folder / "server.log").read_text()


async def test_hubs_that_share_a_folder_share_the_server(begin: Start, tmp_path: Path) -> None:
    one, other = await asyncio.gather(begin(tmp_path), begin(tmp_path))
    assert sorted([one.adopted, other.adopted]) == [False, True]
    assert not await one.stop()
    assert await ask(other.url, "SELECT 1") == 1
    assert await other.stop()


async def test_a_path_too_long_for_a_socket_gets_a_short_one_and_remembers_it(
    begin: Start, tmp_path: Path
) -> None:
    state = tmp_path / ("long" * 30)
    first = await begin(state)
    short = socket_of(first)
    assert len(f"{short}/.s.PGSQL.5432") <= 107
    assert short.stat().st_mode & 0o077 == 0
    assert await ask(first.url, "SELECT 1") == 1
    os.kill(postmaster_of(first), signal.SIGKILL)
    again = await begin(state)
    assert socket_of(again) == short
    assert await ask(again.url, "SELECT 1") == 1
    for embedded in (first, again):
        await embedded.stop()
    assert not short.exists()


async def test_a_short_folder_that_someone_else_made_is_not_used(begin: Start, tmp_path: Path) -> None:
    state = tmp_path / ("long" * 30)
    (state / "postgres").mkdir(parents=True)
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o755)
    (state / "postgres" / "socket-folder").write_text(f"{foreign}\n")
    running = await begin(state)
    assert socket_of(running) != foreign
    assert await ask(running.url, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["a,b", 'it\'s "so"', "$HOME \\ x", "ünï%20", "-c"])
async def test_a_folder_may_have_any_name(begin: Start, tmp_path: Path, name: str) -> None:
    running = await begin(tmp_path / name)
    assert await ask(running.url, "SELECT 1") == 1


async def test_a_pid_file_that_names_another_process_stops_nobody(begin: Start, tmp_path: Path) -> None:
    first = await begin(tmp_path)
    stale = (first.folder / "data" / "postmaster.pid").read_text().splitlines()
    await first.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        (first.folder / "data" / "postmaster.pid").write_text(
            "\n".join([str(bystander.pid), *stale[1:]]) + "\n"
        )
        again = await begin(tmp_path)
        assert await ask(again.url, "SELECT 1") == 1
        await again.stop()
        assert bystander.poll() is None
        bystander.kill()


async def test_another_major_version_is_one_clear_line(begin: Start, tmp_path: Path) -> None:
    first = await begin(tmp_path)
    await first.stop()
    (first.folder / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DatabaseUnavailable) as caught:
        await begin(tmp_path)
    assert caught.value.code == "database-version"
    assert "\n" not in str(caught.value)


async def test_a_half_made_database_is_made_anew(begin: Start, tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    running = await begin(tmp_path)
    assert await ask(running.url, "SELECT 1") == 1
    assert not half.exists()


async def test_a_lost_password_is_not_replaced(begin: Start, tmp_path: Path) -> None:
    first = await begin(tmp_path)
    await first.stop()
    (first.folder / "password").unlink()
    with pytest.raises(DatabaseUnavailable) as caught:
        await begin(tmp_path)
    assert caught.value.code == "password-missing"


async def test_a_password_others_may_read_is_refused(begin: Start, tmp_path: Path) -> None:
    first = await begin(tmp_path)
    await first.stop()
    (first.folder / "password").chmod(0o644)
    with pytest.raises(DatabaseUnavailable) as caught:
        await begin(tmp_path)
    assert caught.value.code == "another-owner"


async def test_a_file_in_the_folders_place_is_one_clear_line(begin: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable) as caught:
        await begin(tmp_path / "file")
    assert caught.value.code == "no-folder"


async def test_a_cancelled_start_leaves_no_server_behind(tmp_path: Path) -> None:
    task = asyncio.create_task(start(tmp_path))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not has_pid_file(tmp_path)


async def test_the_servers_log_holds_no_statement_and_no_value(begin: Start, tmp_path: Path) -> None:
    running = await begin(tmp_path)
    canary = "Zebedee Canary"
    connection = await asyncpg.connect(running.url)
    await connection.execute("CREATE TABLE people (name text PRIMARY KEY CHECK (length(name) < 20))")
    await connection.execute("INSERT INTO people VALUES ($1)", canary)
    for statement, values in (
        ("INSERT INTO people VALUES ($1)", (canary,)),
        ("INSERT INTO people VALUES ($1)", (canary * 2,)),
        ("SELECT $1::text::int", (canary,)),
        (f"SELECT nothing FROM '{canary}'", ()),
        (f"DO $$ BEGIN RAISE WARNING '{canary}'; RAISE EXCEPTION '{canary}'; END $$", ()),
    ):
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(statement, *values)
    backend = await connection.fetchval("SELECT pg_backend_pid()")
    sleeping = asyncio.create_task(connection.execute(f"SELECT pg_sleep(60), '{canary}'"))
    while not await ask(
        running.admin_url,
        f"SELECT count(*) FROM pg_stat_activity WHERE pid = {backend} AND wait_event = 'PgSleep'",
    ):
        await asyncio.sleep(0.01)
    os.kill(backend, signal.SIGKILL)  # the server's own report of a crash would quote the statement
    with pytest.raises((asyncpg.PostgresError, ConnectionError)):
        await sleeping
    while (running.folder / "server.log").read_text().count("ready to accept connections") < 2:
        await asyncio.sleep(0.01)
    await running.stop()
    log = (running.folder / "server.log").read_text()
    assert "was terminated by signal 9" in log
    for word in ("Zebedee", "people", "SELECT", "INSERT"):
        assert word not in log


@pytest.mark.as_root
async def test_root_gives_the_server_a_user_id_nothing_else_has(begin: Start, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    running = await begin(closed / "state")
    owner = (running.folder / "data").stat().st_uid
    assert owner in range(60706, 61184)
    assert owner_of(postmaster_of(running)) == owner
    assert (running.folder / "password").stat().st_uid == 0
    assert await ask(running.url, "SELECT 1") == 1
    await running.stop()
    again = await begin(closed / "state")
    assert owner_of(postmaster_of(again)) == owner


@pytest.mark.as_root
async def test_root_never_serves_a_database_that_root_owns(begin: Start, tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(DatabaseUnavailable) as caught:
        await begin(tmp_path)
    assert caught.value.code == "another-owner"
