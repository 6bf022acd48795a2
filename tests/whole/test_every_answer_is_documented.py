"""schemathesis over the OpenAPI document, against a hub that is a process: no 5xx, no answer not told.

Requests are made of the document, right and wrong ones, by an agency that is enrolled and by nobody. A fixed
seed shows the same to everybody; a fresh one, printed, looks elsewhere each time.
"""

import asyncio
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters import transport
from adapters.clock import SYSTEM
from adapters.folder import Folder, open_folder
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
_EXAMPLES = 3


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
            "DPoP": dpop.make_proof(
                self.key, method=method, url=self.url + path, at=at, jti=str(uuid.uuid4())
            )
        }


@pytest.fixture(scope="module")
def door(bare_stage: Stage) -> Iterator[Door]:
    """A hub with one agency enrolled."""
    bare_stage.serve()
    agency = bare_stage.enrol(CARE)
    folder = open_folder(agency.state)
    try:
        token = asyncio.run(_token(folder))
        yield Door(bare_stage.url, folder.keyring.dpop, token)
    finally:
        folder.close()


async def _token(folder: Folder) -> AccessToken:
    session = transport.open_session(None)
    try:
        return await transport.fetch_token(
            session,
            hub_url=folder.agency.hub_url,
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
    asked: set[tuple[str, int]] = set()
    for operation in operations(schema):
        if mode is GenerationMode.POSITIVE or _can_be_wrong(operation):
            _ask_much(door, operation, number, mode, asked)
    assert len({path for path, _ in asked}) > (15 if mode is GenerationMode.POSITIVE else 10)
    if mode is GenerationMode.POSITIVE:
        # Who asks is known, and what is right is answered.
        assert {status for path, status in asked if path == "/v1/status"} == {200}


def operations(schema: Any) -> list[Any]:
    """Every operation of the document."""
    return [found.ok() for found in schema.get_all_operations()]


def _ask_much(
    door: Door, operation: Any, number: int, mode: GenerationMode, asked: set[tuple[str, int]]
) -> None:
    security = operation.definition.raw["security"]

    @seed(number)
    @settings(max_examples=_EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        method, path = case.method.upper(), case.operation.path
        headers: dict[str, str] = {}
        if security:
            headers = (door.proof if len(security[0]) == 1 else door.headers)(method, path)
        response = case.call(headers=headers, allow_redirects=False)
        case.validate_response(response, checks=_CHECKS)
        asked.add((path, response.status_code))

    ask()


def _can_be_wrong(operation: Any) -> bool:
    raw = operation.definition.raw
    return bool(raw.get("requestBody")) or any(each["in"] == "query" for each in raw["parameters"])


def test_nobody_gets_further_than_the_door(door: Door) -> None:
    schema = schemathesis.openapi.from_url(f"{door.url}/openapi.json")
    refused = set()
    for operation in operations(schema):
        if len((operation.definition.raw["security"] or [{}])[0]) < 2:
            continue
        response = operation.Case(
            body={} if operation.method == "post" else schemathesis.core.NOT_SET,
            media_type="application/json" if operation.method == "post" else None,
            query={"credit": 1} if "connection" in operation.path else {},
        ).call()
        refused.add(response.status_code)
    assert refused == {401}
