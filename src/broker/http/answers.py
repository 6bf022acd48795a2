"""What routes that are no verbs answer with and are sent, as models: dumped by their handlers, shown in
`/openapi.json`."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from broker.protocol.evidence import HubKeys
from broker.protocol.wire import Token, Wire

Part = Literal["ok", "failed"]


class HubAnswer(HubKeys):
    """A hub's public keys and state."""

    speaks: list[str]
    database: str


class PolicyAnswer(Wire):
    """The policy set in force: its version, digest and text."""

    version: int
    digest: str
    policy: dict[str, JsonValue]


class TokenRequest(Wire):
    """The form of a token request (RFC 6749 section 4.4, RFC 7523): exactly these members, each once."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Token


class TokenAnswer(Wire):
    """An access token, how it is shown (RFC 9449), and for how many seconds it is good."""

    access_token: str
    token_type: Literal["DPoP"] = "DPoP"
    expires_in: int


class Alive(Wire):
    """This process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Wire):
    """Whether the hub can do its work, and which part cannot."""

    status: Literal["ready", "not-ready"]
    database: Part
    policy: Part
    checkpoint: Part
    log: Part
    taking: Part


class ProblemDocument(Wire):
    """A refusal (RFC 9457): what is wrong and what to do. It never repeats what was sent."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: str
    reason: str | None = None
    retry_after: int | None = None
