"""One envelope's permit as a file: what `gatehouse verify FILE` reads, offline."""

from adapters.desk.inbox import received_row
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.pinned import Pinned
from broker.protocol.declaration import parse_declaration
from broker.protocol.evidence import Evidence
from broker.protocol.frame import Proof
from keys import keyset
from keys.signing import PublicKey


def evidence(folder: Folder, jti: str, *, sender: str | None = None) -> bytes:
    """The evidence of an envelope sent or received, as JSON.

    Raises:
        WrongOrder: `unknown-envelope`, `several-senders`, or `no-permit` while there is no proof of a permit.
    """
    row = folder.journal.row("get_sent", jti=jti) if sender in (None, folder.me) else None
    if row is None:
        row = received_row(folder, jti, sender)
    if row["proof"] is None:
        raise WrongOrder(
            "no-permit",
            "No permit of that envelope has been proved: gatehouse-adapter status says how far it is.",
        )
    parsed, claims = parse_declaration(row["declaration"])
    if claims.iss == folder.me:
        identity, token = _own_set(folder, parsed.kid)
    else:
        pinned = _pinned(folder, claims.iss, parsed.kid)
        identity = pinned.identity
        token = next(
            (token for token, keys in pinned.sets if keys.signing.kid == parsed.kid), pinned.sets[-1][0]
        )
    return Evidence(
        hub=folder.agency.hub,
        sender_identity={name: str(value) for name, value in identity.jwk().items()},
        sender_key_set=token,
        declaration=row["declaration"],
        # How its checkpoint extends one that was seen here before is nothing a reader could check.
        proof=Proof.model_validate_json(row["proof"]).model_copy(
            update={"consistency_from": None, "consistency": []}
        ),
    ).dump()


def _pinned(folder: Folder, agency: str, kid: str) -> Pinned:
    """The pin whose key sets hold the signing key: what an earlier identity vouched for stays provable."""
    now = folder.directory.find(agency)
    pins = (*(() if now is None else (now,)), *folder.directory.former(agency))
    holding = (pin for pin in pins if any(keys.signing.kid == kid for _, keys in pin.sets))
    return next(holding, None) or folder.directory.get(agency)


def _own_set(folder: Folder, kid: str) -> tuple[PublicKey, str]:
    """Our identity, of now or before, and its key set that holds the signing key."""
    ring = folder.keyring
    now = [(ring.identity.public, token) for token in reversed(ring.sets)]
    for identity, token in (*now, *ring.former):
        if keyset.verify_key_set(token, identity=identity, previous=None, at=0).signing.kid == kid:
            return identity, token
    return now[0]
