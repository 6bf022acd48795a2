"""schemathesis over the OpenAPI document, against a hub that is a process: no 5xx, no answer that is not told.

Requests are made of the document, right and wrong ones, by an agency that is enrolled and by nobody. A fixed
seed shows the same to everybody; a fresh one, printed, looks elsewhere each time.
"""

import asyncio
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters import transport
from adapters.clock import SYSTEM
from adapters.folder import open_folder
from adapters.transport import AccessToken
from keys import dpop
from keys.signing import SigningKey
from tests.whole.stage import CARE, Stage

FIXED = 20_260_101
FRESH = secrets.randbelow(1 << 31)
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
_EXAMPLES = 8


@dataclass(frozen=True)
class Door:
    """The served hub, and how an agency there authenticates."""

    url: str
    key: SigningKey
    token: AccessToken

    def headers(self, method: str, path: str) -> dict[str, str]:
        """An access token and a proof for one request."""
        return transport.authorised(
            self.token, method=method, url=self.url + path, proof_key=self.key, clock=SYSTEM
        )

    def proof(self, method: str, path: str) -> dict[str, str]:
        """A proof alone."""
        at = SYSTEM.now()
        return {
            "DPoP": dpop.make_proof(self.key, method=method, url=self.url + path, at=at, jti=str(uuid.uuid4()))
        }


@pytest.fixture(scope="module")
def door(bare_stage: Stage) -> Iterator[Door]:
    """A hub with one agency enrolled."""
    bare_stage.serve()
    agency = bare_stage.enrol(CARE)
    folder = open_folder(agency.state)
    try:
        token = asyncio.run(_token(folder.agency.hub_url, folder))  # type: ignore[arg-type]  # a Folder
        yield Door(bare_stage.url, folder.keyring.dpop, token)
    finally:
        folder.close()


async def _token(url: str, folder: "object") -> AccessToken:
    from adapters.folder import Folder

    assert isinstance(folder, Folder)
    session = transport.open_session(None)
    try:
        return await transport.fetch_token(
            session,
            hub_url=url,
            hub_id=folder.hub.hub,
            agency=folder.me,
            signing=folder.keyring.signing,
            proof_key=folder.keyring.dpop,
            clock=SYSTEM,
        )
    finally:
        await session.close()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("number", [FIXED, FRESH], ids=["fixed", "fresh"])
def test_no_failure_and_no_answer_that_is_not_documented(
    door: Door, number: int, mode: GenerationMode
) -> None:
    print(f"seed {number}")
    schema = schemathesis.openapi.from_url(f"{door.url}/openapi.json")
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not _can_be_wrong(operation):
            continue
        definition = operation.definition.raw

        @seed(number)
        @settings(
            max_examples=_EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case, definition: dict[str, object] = definition) -> None:
            method, path = case.method.upper(), case.operation.path
            if not definition["security"]:
                headers = {}
            elif len(definition["security"][0]) == 1:  # type: ignore[index]  # a list of mappings
                headers = door.proof(method, path)
            else:
                headers = door.headers(method, path)
            response = case.call(headers=headers, allow_redirects=False)
            case.validate_response(response, checks=_CHECKS)
            asked.append((method, path, response.status_code))

        ask()
    assert len({(method, path) for method, path, _ in asked}) > (15 if mode is GenerationMode.POSITIVE else 10)
    assert {status for _, path, status in asked if path == "/v1/status"} <= {200, 400}
    if mode is GenerationMode.POSITIVE:
        assert ("POST", "/v1/status", 200) in asked  # who asks is known, and what is right is answered


def _can_be_wrong(operation: "schemathesis.core.result.Any") -> bool:
    return bool(operation.definition.raw.get("requestBody") or operation.definition.raw.get("parameters"))


def test_nobody_gets_further_than_the_door(door: Door) -> None:
    schema = schemathesis.openapi.from_url(f"{door.url}/openapi.json")
    refused = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if len((operation.definition.raw["security"] or [{}])[0]) < 2:
            continue
        response = operation.Case(
            body={} if operation.method == "post" else schemathesis.core.NOT_SET,
            media_type="application/json" if operation.method == "post" else None,
            query={"credit": 1} if "connection" in operation.path else {},
        ).call()
        refused.add(response.status_code)
    assert refused == {401}
