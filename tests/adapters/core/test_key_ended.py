"""A key ends before the hub has taken what it signed: that is signed anew, and takes effect once."""

from adapters.desk import follow, inbox, keys
from adapters.desk.act import withdraw
from adapters.desk.ask import ask
from adapters.errors import Unreachable
from adapters.step import Step
from broker.protocol.act import AgencyAct, parse_agency_act
from broker.protocol.life import State
from broker.protocol.record import Received, parse_record
from policies.vocabulary import WithdrawReason
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER, ask_order


class CutOff:
    """Keeps an adapter from telling of what it has opened, until it is let."""

    def __init__(self) -> None:
        self.cut = True
        self.journalled = False

    def __call__(self, step: Step) -> None:
        if step is Step.JOURNALLED:
            self.journalled = True
        if self.cut and self.journalled and step in (Step.JOURNALLED, Step.HANDED):
            raise Unreachable("cut-off", "Cut off here, on purpose.")


async def received(town: Town) -> list[tuple[Received, str, AgencyAct]]:
    """Every receipt in the log: the record, the kid of the act in it, the act."""
    rows = await town.hub.pool.fetch("SELECT text FROM record_text ORDER BY index")
    found = []
    for row in rows:
        _, record = parse_record(bytes(row["text"]).decode())
        if isinstance(record, Received):
            parsed, act = parse_agency_act(record.act)
            found.append((record, parsed.kid, act))
    return found


async def test_a_receipt_whose_key_was_revoked_after_the_opening_is_signed_anew(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    await pair.halt("health")
    cut = CutOff()
    await pair.start("health", observe=cut)
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.until(lambda: bool(inbox.inbox(health)))
    old = health.keyring.signing.public.kid
    rotation = await keys.rotate_keys(health, practitioner=WORKER)
    assert (await follow.wait_for_act(health, rotation, within=20)).index is not None
    revocation = await keys.revoke_key(health, old, practitioner=WORKER)
    assert (await follow.wait_for_act(health, revocation, within=20)).index is not None
    assert await received(pair) == []
    (row,) = health.journal.rows("unacknowledged")
    parsed, first = parse_agency_act(row["receipt"])
    assert parsed.kid == old

    cut.cut = False
    await pair.halt("health")
    await pair.start("health")
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.jti, settled.state) == (exchange, State.OPENED)
    ((record, kid, act),) = await received(pair)
    assert record.envelope == exchange
    assert kid == health.keyring.signing.public.kid != old
    assert act.jti == first.jti
    await pair.until(lambda: health.journal.rows("unacknowledged") == [])


async def test_a_receipt_is_kept_while_no_key_may_sign_it_and_goes_after_enrolling_again(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    await pair.halt("health")
    await pair.start("health", observe=CutOff())
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.until(lambda: bool(inbox.inbox(health)))
    await keys.revoke_key(health, health.keyring.signing.public.kid, practitioner=WORKER)
    await pair.until(lambda: not pair.at_work["health"].adapter.connection.connected)
    await pair.halt("health")
    health = await pair.enrol_again("health")
    await pair.start("health")
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.jti, settled.state) == (exchange, State.OPENED)
    ((_, kid, _),) = await received(pair)
    assert kid == health.keyring.signing.public.kid


async def test_what_was_queued_under_an_identity_before_goes_out_under_the_new_one(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    asked = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", asked, follow.Milestone.SETTLED)
    await pair.halt("care")
    act = await withdraw(care, exchange=asked, reason=WithdrawReason.NO_LONGER_NEEDED, practitioner=WORKER)
    queued = await ask(care, ask_order(pair.clock()))
    care = await pair.enrol_again("care")
    await pair.start("care")
    assert (await follow.wait_for_act(care, act, within=20)).index is not None
    await pair.until(lambda: any(each.changed_fingerprint for each in keys.peers(health)))
    await keys.confirm(health, "care", keys.fingerprint(care))
    settled = await pair.ended("care", queued, follow.Milestone.SETTLED)
    assert (settled.state, settled.replaces) == (State.OPENED, queued)


async def test_an_act_whose_time_ran_out_before_the_hub_was_there_goes_out_all_the_same(pair: Town) -> None:
    care = pair.folders["care"]
    asked = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", asked, follow.Milestone.SETTLED)
    await pair.halt("care")
    act = await withdraw(care, exchange=asked, reason=WithdrawReason.NO_LONGER_NEEDED, practitioner=WORKER)
    revocation = await keys.revoke_key(care, care.keyring.newest, practitioner=WORKER)
    pair.clock.ahead += care.settings.accept_within + 1
    await pair.start("care")
    for jti in (act, revocation):
        told = await follow.wait_for_act(care, jti, within=20)
        assert told.index is not None, told
    (withdrawn,) = await pair.hub.pool.fetch("SELECT withdrawn FROM exchange WHERE id = $1", asked)
    assert withdrawn["withdrawn"]
