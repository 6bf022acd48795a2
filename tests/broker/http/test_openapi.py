"""`/openapi.json`: valid, and about every route there is and no other."""

from typing import Any

from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from broker.http.openapi import document
from broker.http.operations import OPERATIONS
from broker.protocol.frame import ANSWERED, ASKED_BY_POST
from broker.protocol.problem import TITLES
from tests.broker.http.conftest import House


def test_it_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(document()).iter_errors()) == []


async def test_every_route_is_in_it_and_nothing_else(house: House) -> None:
    served = (await house.send("GET", "/openapi.json")).body
    told = {(method.upper(), path) for path, item in served["paths"].items() for method in item}
    assert told == {
        (method, path.replace("{path:.+}", "{path}"))
        for method, path in _routes(house.app)
        if method != "HEAD"
    }


def _routes(app: web.Application) -> set[tuple[str, str]]:
    return {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
    }


def test_every_verb_has_its_models() -> None:
    paths = document()["paths"]
    for verb, model in ASKED_BY_POST.items():
        operation = paths[f"/v1/{verb.value}"]["post"]
        assert _model(operation["requestBody"]) == model.__name__
        assert _model(operation["responses"]["200"]) == ANSWERED[verb].__name__


def _model(told: dict[str, Any]) -> str:
    reference: str = told["content"]["application/json"]["schema"]["$ref"]
    return reference.rsplit("/", 1)[1].removesuffix("-Input").removesuffix("-Output")


def test_every_problem_it_tells_of_has_its_status() -> None:
    paths = document()["paths"]
    for each in OPERATIONS:
        responses = paths[each.path][each.method]["responses"]
        assert {str(TITLES[code][0]) for code in each.problems} <= responses.keys()
