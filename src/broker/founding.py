"""What a new hub begins with in its database, and whether the database is the hub's of these keys.

Promises: of processes that start at once on an empty database one founds the hub, and all have the same.
"""

from collections.abc import Callable
from importlib.resources import files

from broker.exchange.facts import ALL, HEAD, Guard
from broker.keyring import FIRST_ADMINISTRATOR, HubKeyring
from broker.log.append import Entry, append
from broker.log.recorder import Recorder
from broker.protocol.record import Origin, parse_record
from broker.store.query import queries
from broker.store.transaction import Connection, Pool, committed
from broker.store.unavailable import StoreUnavailable
from keys import strict_json
from policies.policy_set import parse_policy_set

_SQL = queries("administration")
_FACTS = queries("facts")


async def settle(
    pool: Pool, keys: HubKeyring, recorder: Recorder, *, origin: str, new_id: Callable[[], str], at: int
) -> tuple[str, str]:
    """Give the hub's id and its log's name, as the database has them; found the hub where it has none.

    Args:
        origin: the log's name, for a new hub.
    """

    async def work(connection: Connection) -> tuple[str, str]:
        await connection.execute(_FACTS["lock_guards"])
        row = await connection.fetchrow(_SQL["read_hub"])
        if row is not None:
            return row["hub_id"], row["origin"]
        hub_id = new_id().replace("-", "")
        await connection.fetch(_SQL["add_hub"], hub_id, origin, at)
        document = strict_json.parse(files("policies").joinpath("data/seed_policy.json").read_bytes())
        policy = parse_policy_set(document)
        await connection.fetch(
            _SQL["add_policy_set"], policy.version, policy.digest, strict_json.dump(document)
        )
        await connection.fetch(_SQL["set_policy_head"], policy.version)
        await connection.fetch(
            _SQL["add_person"], FIRST_ADMINISTRATOR, "administrator", keys.administrator.raw
        )
        for kind, scope in ((Guard.POLICY, HEAD), (Guard.AGREEMENT, ALL)):
            await connection.execute(_FACTS["move_guard"], kind.value, scope)
        await append(
            connection,
            recorder,
            [
                Entry(
                    record=Origin(
                        at=at,
                        hub=hub_id,
                        decision_key=keys.decision.public.jwk(),
                        log_vkey=str(keys.log_vkey(origin)),
                        administrator=FIRST_ADMINISTRATOR,
                        administrator_key=keys.administrator.jwk(),
                        policy_version=policy.version,
                        policy_digest=policy.digest,
                    )
                )
            ],
        )
        return hub_id, origin

    return await committed(pool, work)


async def verify_keys(pool: Pool, keys: HubKeyring) -> None:
    """Return if the log's first record names our key: with another, every process would stop at the other's.

    Raises:
        StoreUnavailable: `other-keys`.
    """
    row = await pool.fetchrow(queries("log")["read_record"], 0)
    if row is not None:
        _, first = parse_record(bytes(row["text"]).decode("ascii"))
        if not isinstance(first, Origin) or first.decision_key != keys.decision.public.jwk():
            raise other_keys()


def other_keys() -> StoreUnavailable:
    """That the database is another hub's."""
    return StoreUnavailable(
        "other-keys", "The database belongs to a hub with other keys: use the state folder it was made with."
    )
