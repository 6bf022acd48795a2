"""Bodies that are no bodies: said in a signed receipt, kept nowhere, and the queue moves on."""

import pytest

from adapters.compose import Letter, Written
from adapters.desk import follow, inbox
from adapters.desk.ask import ask
from adapters.folder import Folder
from broker.protocol.act import ReceiptOutcome
from broker.protocol.binding import content_commitment
from broker.protocol.declaration import TYP, BodyDigest
from broker.protocol.life import State
from keys import commitment, jws, sealing
from keys.sealing import Binding
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import ask_order
from tests.adapters.core.test_receive import planted

POISON = {
    "no JSON": b'{"salt":"%s", words',
    "no body of any kind": b'{"salt":"%s"}',
    "another kind's": b'{"body":"message","salt":"%s"}',
    "nested without end": b'{"salt":"%s","subjects":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a member twice": b'{"salt":"%s","body":"ask","body":"ask"}',
    "no text": b'{"salt":"%s","words":"\xff\xfe"}',
}


def _sealed(care: Folder, letter: Letter, written: Written, plaintext: bytes) -> Written:
    """The letter's declaration, honestly over these bytes."""
    draft = letter.declaration
    jti, to = draft.jti, care.directory.get("health").sealing_key(draft.iat)
    binding = Binding(hub_id=draft.hub, exchange=jti, jti=jti, kind="ask", sender="care", recipient="health")
    sealed = sealing.seal(plaintext, to, binding)
    digest = BodyDigest(
        digest=commitment.digest(sealed), commitment=content_commitment(plaintext, letter.body.salt)
    )
    claims = draft.model_copy(update={"body": digest})
    return Written(
        claims=claims,
        declaration=jws.sign(claims.dump(), care.keyring.signing, TYP[claims.kind]),
        sealed=sealed.decode(),
        sealed_to=to.kid,
        plaintext=plaintext,
        openings=written.openings,
    )


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
async def test_a_poison_body_is_set_aside_and_what_comes_after_it_arrives(pair: Town, poison: bytes) -> None:
    def planting(care: Folder, letter: Letter, written: Written) -> Written:
        return _sealed(care, letter, written, poison.replace(b"%s", letter.body.salt.encode()))

    health = pair.folders["health"]
    jti = await planted(pair, planting)
    after = await ask(pair.folders["care"], ask_order(pair.clock()))
    assert (await pair.ended("care", jti)).state is State.SET_ASIDE
    assert (await pair.ended("care", after, follow.Milestone.SETTLED)).state is State.OPENED
    (row,) = health.journal.rows("received_by_jti", jti=jti)
    assert (row["outcome"], row["sealed_body"]) == (ReceiptOutcome.SET_ASIDE.value, None)
    assert [task.exchange for task in inbox.tasks(health)] == [after]
