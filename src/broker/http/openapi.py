"""`GET /openapi.json`: OpenAPI 3.1, made from the operations and the models in use."""

from functools import cache
from importlib.metadata import version
from typing import Any, Final

from aiohttp import web
from pydantic.json_schema import models_json_schema

from broker.http.answers import ProblemDocument
from broker.http.operations import OPERATIONS, Operation
from broker.http.respond import json_response
from broker.protocol.problem import TITLES
from broker.protocol.wire import Wire
from keys import strict_json

_ABOUT: Final = "Strict JSON throughout; the rules and the meaning are in docs/protocol.md."
_REF: Final = "#/components/schemas/{model}"
_PROBLEM: Final = "application/problem+json"
_ASKED: Final = "validation"
_ANSWERED: Final = "serialization"

Schemas = dict[tuple[type[Wire], str], dict[str, Any]]


async def show_openapi(request: web.Request) -> web.StreamResponse:
    """The document."""
    return json_response(_bytes())


@cache
def _bytes() -> bytes:
    return strict_json.dump(document())


def document() -> dict[str, Any]:
    """The document as a value."""
    wanted = [(each.asked, _ASKED) for each in OPERATIONS if each.asked]
    wanted += [(each.answer, _ANSWERED) for each in OPERATIONS if isinstance(each.answer, type)]
    wanted.append((ProblemDocument, _ANSWERED))
    found, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REF)  # type: ignore[arg-type]  # modes are two words
    schemas: Schemas = dict(found)  # type: ignore[arg-type]  # as above
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method] = _operation(each, schemas)
    components = definitions.get("$defs", {})
    components["ProblemDocument"]["properties"]["code"]["enum"] = list(TITLES)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gatehouse hub",
            "version": version("gatehouse"),
            "summary": "Sealed envelopes between agencies, decisions, and a log that others can check.",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _schemes()},
    }


def _operation(each: Operation, schemas: Schemas) -> dict[str, Any]:
    words = each.path.strip("/").replace("v1/", "").replace("{", "").replace("}", "")
    made: dict[str, Any] = {
        "operationId": f"{each.method}-{words.replace('/', '-').replace('.', '-')}",
        "summary": each.does,
        "parameters": _parameters(each),
        "responses": {**_answers(each, schemas), **_problems(each)},
        "security": _security(each),
    }
    if each.asked is not None:
        made["requestBody"] = {
            "required": True,
            "content": {each.media_type: {"schema": schemas[each.asked, _ASKED]}},
        }
    return made


def _answers(each: Operation, schemas: Schemas) -> dict[str, Any]:
    shown: dict[str, Any] = {"description": "As asked."}
    if isinstance(each.answer, type):
        shown["content"] = {"application/json": {"schema": schemas[each.answer, _ANSWERED]}}
    elif each.answer is not None:
        shown["content"] = {each.answer: {}}
    return {str(status): shown for status in (each.status, *each.also)}


def _problems(each: Operation) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(each.problems):
        by_status.setdefault(TITLES[code][0], []).append(code)
    if each.asked is not None:
        by_status[408] = ["malformed"]  # the body came too slowly
    made = {}
    for status, codes in sorted(by_status.items()):
        if status in each.also:
            continue
        lines = "; ".join(f"`{code}`: {TITLES[code][1]}" for code in codes)
        narrowed = {"properties": {"code": {"enum": codes}}}
        made[str(status)] = {
            "description": lines,
            "content": {
                _PROBLEM: {"schema": {"allOf": [{"$ref": _REF.format(model="ProblemDocument")}, narrowed]}}
            },
        }
        if any(code in ("too-many", "unavailable") for code in codes):
            made[str(status)]["headers"] = {
                "Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}
            }
    return made


def _parameters(each: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{path}" in each.path:
        found.append(
            {
                "name": "path",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
                "description": "As C2SP tlog-tiles has it, such as `0/000` or `0/000.p/7`.",
            }
        )
    for query in each.queries:
        schema: dict[str, Any] = {"type": "integer", "minimum": query.least}
        if query.most is not None:
            schema["maximum"] = query.most
        found.append(
            {
                "name": query.name,
                "in": "query",
                "required": query.needed,
                "schema": schema,
                "description": query.says,
            }
        )
    if each.token and each.asked is not None:
        found += [
            _header("Gatehouse-Seen", 0, "Size of the newest checkpoint the adapter has verified."),
            _header("Gatehouse-Connection", 1, "The number that `take` gave: what was replaced is refused."),
        ]
    return found


def _header(name: str, least: int, says: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": least, "maximum": 1 << 53}
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": says}


def _security(each: Operation) -> list[dict[str, list[str]]]:
    if each.token:
        return [{"access_token": [], "proof": []}]
    return [{"proof": []}] if each.proof else []


def _schemes() -> dict[str, Any]:
    return {
        "access_token": {
            "type": "http",
            "scheme": "dpop",
            "description": "`Authorization: DPoP <token>` (RFC 9449): a token of POST /v1/token, bound to "
            "the key that signs the proof.",
        },
        "proof": {
            "type": "apiKey",
            "in": "header",
            "name": "DPoP",
            "description": "For exactly this method and address, now, used once (RFC 9449 section 4): "
            "header `typ`, `alg`, `jwk`; payload `htm`, `htu`, `iat`, `jti`, and with a token `ath`.",
        },
    }
