"""Signing a person's act and giving it to the hub: what every administrator's command does."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from broker.clock import SYSTEM
from broker.command.client import ask
from broker.command.failed import CommandFailed
from broker.command.state import default_state, read_hub_file
from broker.keyring import FIRST_ADMINISTRATOR
from broker.protocol.act import PersonAct, typ_of
from broker.protocol.wire import describe
from keys import jws, store, strict_json
from keys.signing import SigningKey
from keys.strict_json import JsonValue

_GOOD_FOR: Final = 300
"""Seconds an act may take to reach the hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A person with a key, at one hub."""

    url: str
    hub: str
    person: str
    key: SigningKey
    authority: str | None

    def give(self, model: "type[PersonAct]", **members: Any) -> int:
        """Sign an act and give it to the hub; its record's index in the log.

        Raises:
            CommandFailed: a member is not what the act allows, or the hub refuses.
        """
        at = SYSTEM.now()
        try:
            act = model(
                jti=SYSTEM.new_id(), iat=at, exp=at + _GOOD_FOR, hub=self.hub, iss=self.person, **members
            )
        except ValidationError as error:
            raise CommandFailed(f"That is not what the hub takes: {describe(error)}.") from None
        # With absent members spelled out: an agreement without an end says so.
        token = jws.sign(act.model_dump_json().encode(), self.key, typ_of(model))
        answer = ask(
            self.url, "/v1/administration", strict_json.dump({"act": token}), authority=self.authority
        )
        return _index(answer)


def signer_of(options: argparse.Namespace) -> Signer:
    """The person the options name, at the hub they name.

    Raises:
        CommandFailed: the hub or the key is not there.
    """
    state: Path = options.state or default_state()
    if options.hub is None:
        known = read_hub_file(state)
        url, hub = known.url, known.keys.hub
    else:
        url, hub = options.hub, str(ask(options.hub, "/v1/hub", authority=options.ca).get("hub"))
    path: Path = options.key or state / "keys" / FIRST_ADMINISTRATOR
    try:
        key = SigningKey.from_seed(store.read_secret(path))
    except FileNotFoundError:
        raise CommandFailed(f"{path} is not there: name the person's key with --key FILE.") from None
    return Signer(
        url=url, hub=hub, person=options.person or FIRST_ADMINISTRATOR, key=key, authority=options.ca
    )


def _index(answer: dict[str, JsonValue]) -> int:
    index = answer.get("index")
    if not isinstance(index, int):
        raise CommandFailed("The hub's answer has no index: it may be of another version.")
    return index
