"""A text dump of every table, with every key of the hub and of the recipient, opens nothing before the
deposit; and at no time does a plain column hold what the sealed body or the openings say.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from broker.hub import Hub
from broker.protocol import act as acts
from broker.protocol import declaration as declared
from broker.protocol import frame
from keys import base64url, sealing, subject
from keys.errors import Rejected
from keys.sealing import SealingKey
from policies.vocabulary import Purpose, SubjectRole
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent

NHS: Final = "9990000018"
"""From the range kept for tests, with its check digit."""
NAME: Final = "Zebedee Quillfeather (invented)"
WORDS: Final = f"{NAME}, NHS number {NHS}, born 2019-02-29, of 1 Nowhere Street"


async def dump(hub: Hub) -> bytes:
    """Every table of the database as text, as `COPY … TO STDOUT` gives it."""
    parts: list[bytes] = []

    async def taken(data: bytes) -> None:
        parts.append(data)

    async with hub.pool.acquire() as connection:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        )
        assert len(tables) > 20
        for table in tables:
            parts.append(f"\n-- {table['table_name']}\n".encode())
            await connection.copy_from_table(table["table_name"], output=taken)
    return b"".join(parts)


def texts(dumped: bytes) -> Iterator[bytes]:
    """Every field of a dump, and what its `bytea` fields stand for."""
    for line in dumped.split(b"\n"):
        for field in line.split(b"\t"):
            yield field
            if field.startswith(b"\\\\x"):
                yield bytes.fromhex(field[3:].decode())


def opened(dumped: bytes, keys: list[SealingKey], sent: Sent, hub: Hub) -> tuple[int, list[bytes]]:
    """How many sealed bodies a dump holds, and what opens of them with these keys."""
    claims = sent.declaration
    binding = sealing.Binding(
        hub_id=hub.hub_id,
        exchange=claims.exchange,
        jti=claims.jti,
        kind=claims.kind.value,
        sender=claims.iss,
        recipient=claims.recipient,
    )
    sealed = [each for text in texts(dumped) for each in re.findall(rb'\{[^{}]*"ciphertext"[^{}]*\}', text)]
    found = []
    for each in sealed:
        for key in keys:
            try:
                found.append(sealing.open_sealed(each, key, binding))
            except Rejected:
                continue
    return len(sealed), found


def traces(dumped: bytes, *secrets: bytes) -> list[bytes]:
    """Which secrets a dump holds: as they are, in hexadecimal or in base64url."""
    forms = {secret: (secret, secret.hex().encode(), base64url.encode(secret).encode()) for secret in secrets}
    return [secret for secret, shapes in forms.items() if any(shape in dumped for shape in shapes)]


async def test_a_dump_and_all_keys_open_nothing_before_the_deposit(play: Play, tmp_path: Path) -> None:
    care, health, hub = play["care"], play["health"], play.hub
    child = subject.t1(b"k" * 32, hub_id=hub.hub_id, epoch=1, subject_id=f"nhs:{NHS}")
    ask = care.ask(health, at=play.clock.at, words=WORDS, t1=child)
    (opening,) = ask.request.openings
    r = base64url.decode(opening.r)
    secrets = (
        NHS.encode(),
        NAME.encode(),
        b"Quillfeather",
        b"Nowhere",
        b"2019-02-29",
        child,
        r,
        WORDS.encode(),
    )
    # Everything the hub and the recipient have: seeds of the hub's keys, the recipient's sealing key.
    seeds = [path.read_bytes() for path in sorted((tmp_path / "keys").iterdir())]
    assert len(seeds) == 4
    keys = [health.sealing]

    await play.declare(care, ask)
    before = await dump(hub)
    assert opened(before, keys, ask, hub) == (0, [])
    assert traces(before, *secrets, *seeds) == []

    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    after = await dump(hub)
    # The control: what is found here is what there is to be found.
    count, (text,) = opened(after, keys, ask, hub)
    assert count == 1
    assert json.loads(text)["words"] == WORDS
    assert traces(after, *secrets, *seeds) == []

    await play.act(health, health.receipt(handed, at=play.clock.at))
    received = await dump(hub)
    assert opened(received, keys, ask, hub) == (0, [])
    assert traces(received, *secrets, *seeds) == []
    # What the hub does keep of the child is a token that its own key made and no dump can be searched for.
    token = subject.token(hub.keys.subject, child)
    assert traces(received, token) == [token]


async def test_openings_beside_a_consent_are_forgotten(play: Play) -> None:
    care = play["care"]
    child, r = b"c" * 32, b"r" * 32
    person = declared.SubjectCommitment(
        role=SubjectRole.CHILD, epoch=1, c=base64url.encode(subject.commit(r, child))
    )
    given = care.act(
        acts.Consent,
        at=play.clock.at,
        reference="00000000-0000-4000-8000-000000000001",
        outcome="given",
        purposes=[Purpose.EARLY_HELP],
        subjects=[person],
    )
    opening = frame.Opening(t1=base64url.encode(child), r=base64url.encode(r))
    await play.act(care, given.model_copy(update={"openings": [opening]}))
    dumped = await dump(play.hub)
    assert traces(dumped, child, r) == []
    token = subject.token(play.hub.keys.subject, child)
    assert traces(dumped, token) == [token]
