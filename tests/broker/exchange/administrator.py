"""The first administrator's hand: acts signed with the key that was made with the hub."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broker.exchange.administer import administer
from broker.hub import Hub
from broker.keyring import FIRST_ADMINISTRATOR
from broker.protocol import act as acts
from keys import jws, store
from keys.signing import SigningKey
from policies.agreement import Agreement
from policies.vocabulary import Category, Purpose
from tests.broker.exchange.desk import new_jti


def administrator_key(folder: Path) -> SigningKey:
    """The key in the hub's folder of keys."""
    return SigningKey.from_seed(store.read_secret(folder / FIRST_ADMINISTRATOR))


def signed(hub: Hub, key: SigningKey, model: Any, *, at: int, **fields: Any) -> str:
    """A signed act of the administrator."""
    act = model(iss=FIRST_ADMINISTRATOR, jti=new_jti(), iat=at, exp=at + 3600, hub=hub.hub_id, **fields)
    return jws.sign(act.dump(), key, acts.typ_of(model))


async def stop_agency(hub: Hub, key: SigningKey, agency: str, *, at: int) -> int:
    """Stop an agency; the record's index."""
    return await administer(hub, signed(hub, key, acts.AgencyStop, at=at, agency=agency), None, at=at)


def signed_agreement(hub: Hub, key: SigningKey, controllers: list[str], *, at: int) -> tuple[str, str]:
    """A signed agreement for every purpose and category; the act, and the agreement's id."""
    agreement = Agreement(
        id=new_jti(),
        controllers=tuple(controllers),
        purposes=tuple(Purpose),
        categories=tuple(Category),
        starts=datetime(2020, 1, 1, tzinfo=UTC),
        ends=None,
        version=1,
    )
    return signed(hub, key, acts.AgreementSigning, at=at, agreement=agreement), agreement.id


async def sign_agreement(hub: Hub, key: SigningKey, controllers: list[str], *, at: int) -> str:
    """Put an agreement for every purpose and category in force; its id."""
    token, name = signed_agreement(hub, key, controllers, at=at)
    await administer(hub, token, None, at=at)
    return name
