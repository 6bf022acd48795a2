"""A small FHIR R4 server over loopback: search with paging, reads, OperationOutcomes; in the manner of UK
Core or of PDS; and it can be told to misbehave.
"""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.connectors.nhs_number import FHIR_SYSTEM

Json = dict[str, Any]
FHIR_JSON = "application/fhir+json"
Test = Callable[[Json, str], bool]


def outcome(code: str, severity: str = "error") -> Json:
    """An OperationOutcome with one of Spine's codes."""
    coding = {"system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", "code": code}
    issue = {"severity": severity, "code": "processing", "details": {"coding": [coding]}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _each(resource: Json, *path: str) -> Iterator[Any]:
    found: list[Any] = [resource]
    for step in path:
        found = [
            value for each in found for value in _list(each.get(step) if isinstance(each, dict) else None)
        ]
    yield from found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _identified(resource: Json, value: str) -> bool:
    return value in {f"{each.get('system')}|{each.get('value')}" for each in _each(resource, "identifier")}


def _of_patient(resource: Json, value: str) -> bool:
    member = "patient" if resource["resourceType"] == "RelatedPerson" else "subject"
    return any(each.split("/")[-1] == value for each in _each(resource, member, "reference"))


def _starts(part: str) -> Test:
    return lambda resource, value: any(
        each.lower().startswith(value.lower()) for each in _each(resource, "name", part)
    )


PARAMETERS: dict[str, Test] = {
    "identifier": _identified,
    "patient": _of_patient,
    "family": _starts("family"),
    "given": _starts("given"),
    "birthdate": lambda resource, value: f"eq{resource.get('birthDate')}" == value,
    "address-postalcode": lambda resource, value: value in _each(resource, "address", "postalCode"),
    "telecom": lambda resource, value: value in _each(resource, "telecom", "value"),
}
OF_PDS = frozenset({"family", "given", "birthdate"})


@dataclass
class Service:
    """The server. `faults` are answered first, one a request, before anything is looked up."""

    resources: Sequence[Json]
    pds: bool = False
    page: int = 2
    inflate: int = 0
    """How many more it says it has than it gives."""
    next_link: str | None = None
    """What it gives as every next page instead of its own."""
    faults: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    refuse: frozenset[str] = frozenset()
    """Resource types it does not have."""
    token: str | None = None
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.seen.append((request.method, request.path_qs, dict(request.headers)))
        if self.faults:
            status, headers, body = self.faults.pop(0)
            if status == 0:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            if status == -1:
                await asyncio.sleep(3_600)
            return web.Response(status=status, headers=headers, body=body)
        if self.token is not None and request.headers.get("Authorization") != f"Bearer {self.token}":
            return _give(401, outcome("ACCESS_DENIED"))
        steps = request.path.removeprefix("/fhir/").split("/")
        if steps[0] in self.refuse:
            return _give(404, outcome("NOT_SUPPORTED"))
        if len(steps) == 1:
            return self._search(request, steps[0])
        if len(steps) == 3:
            found = [r for r in self.resources if r["resourceType"] == steps[2] and _of_patient(r, steps[1])]
            return self._bundle(request, found) if self.pds else _give(404, outcome("NOT_SUPPORTED"))
        for resource in self.resources:
            if resource["resourceType"] == steps[0] and self._named(resource, steps[1]):
                return _give(200, resource)
        return _give(404, outcome("RESOURCE_NOT_FOUND", "information"))

    def _named(self, resource: Json, given: str) -> bool:
        # PDS gives the record that took an old number's place.
        old = self.pds and _identified(resource, f"{FHIR_SYSTEM}|{given}")
        return resource.get("id") == given or old or given in resource.get("_was", ())

    def _search(self, request: web.Request, kind: str) -> web.Response:
        asked = {k: v for k, v in request.query.items() if k not in ("_count", "_page")}
        if asked.keys() - (OF_PDS if self.pds else PARAMETERS.keys()) or not asked:
            return _give(400, outcome("NOT_SUPPORTED_SEARCH" if asked else "MISSING_VALUE"))
        found = [
            resource
            for resource in self.resources
            if resource["resourceType"] == kind and all(PARAMETERS[k](resource, v) for k, v in asked.items())
        ]
        return self._bundle(request, found)

    def _bundle(self, request: web.Request, found: Sequence[Json]) -> web.Response:
        at = int(request.query.get("_page", "0")) * self.page
        shown = found[at : at + self.page]
        entries = [
            {
                "fullUrl": f"{self.url}/{r['resourceType']}/{r.get('id')}",
                "resource": r,
                "search": {"mode": "match"},
            }
            for r in shown
        ]
        links = [{"relation": "self", "url": str(request.url)}]
        if at + self.page < len(found):
            query = {**request.query, "_page": str(at // self.page + 1)}
            links.append({"relation": "next", "url": self.next_link or str(request.url.with_query(query))})
        total = len(found) + self.inflate
        return _give(
            200,
            {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links, "entry": entries},
        )


def _give(status: int, value: Json) -> web.Response:
    return web.Response(status=status, body=json.dumps(value).encode(), content_type=FHIR_JSON)


@contextmanager
def serving(service: Service, *, tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    """Serve in a thread with a loop of its own: the connector blocks in ours."""
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", service.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        service.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/fhir"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(30)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
