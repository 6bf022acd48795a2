"""Learning from the hub what forms and answers need: the sharing policy in force, and what we are recorded
as.

Promises: what is kept is a whole, readable policy set whose digest is the one the hub names. The hub decides
by its own copy in any case: an old one here can only make a form name a preset that is no longer there.
"""

from typing import Any

from adapters import transport
from adapters.answering.policy import POLICY, SECTOR
from adapters.errors import Unreachable
from adapters.folder import Folder
from adapters.transport import AccessToken
from broker.protocol.frame import Directory, DirectoryAnswer
from keys import strict_json
from policies.errors import PolicyError
from policies.policy_set import parse_policy_set


async def learn(folder: Folder) -> None:
    """Fetch and keep both.

    Raises:
        HubProblem, Unreachable: the hub did not say; what was known stays.
    """
    session = transport.open_session(folder.agency.ca_file)
    try:
        token = await transport.fetch_token(
            session,
            hub_url=folder.agency.hub_url,
            hub_id=folder.hub.hub,
            agency=folder.me,
            signing=folder.keyring.signing,
            proof_key=folder.keyring.dpop,
            clock=folder.clock,
        )

        async def call(method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
            url = f"{folder.agency.hub_url}{path}"
            headers = _authorised(folder, token, method=method, url=url)
            return await transport.call(session, method, url, body=body, headers=headers)

        policy = await call("GET", "/v1/policy")
        directory = await call("POST", "/v1/directory", Directory(agency=folder.me).dump())
    finally:
        await session.close()
    sector = _sector(folder.me, directory)
    await folder.journal.run("put_setting", name=POLICY, value=_policy_text(policy))
    await folder.journal.run("put_setting", name=SECTOR, value=sector)


def _policy_text(answer: dict[str, Any]) -> str:
    document = answer.get("policy")
    try:
        policy = parse_policy_set(document)
    except PolicyError:
        raise _strange("sharing policy") from None
    if policy.digest != answer.get("digest"):
        raise _strange("sharing policy")
    return strict_json.dump(document).decode()


def _sector(me: str, answer: dict[str, Any]) -> str:
    try:
        entries = DirectoryAnswer.model_validate_json(strict_json.dump(answer)).agencies
    except ValueError:
        raise _strange("directory") from None
    for entry in entries:
        if entry.agency == me:
            return entry.sector.value
    raise _strange("directory")


def _strange(what: str) -> Unreachable:
    return Unreachable("strange-answer", f"The hub's {what} is not readable here; tell its administrator.")


def _authorised(folder: Folder, token: AccessToken, *, method: str, url: str) -> dict[str, str]:
    return transport.authorised(
        token, method=method, url=url, proof_key=folder.keyring.dpop, clock=folder.clock
    )
