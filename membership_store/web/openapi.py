"""The OpenAPI 3.1 document of the store, made from the table of operations; served at /v1/openapi.json.

A status that stands here can be answered, and no other: the tests ask a real server all sorts of things and compare.
"""

import inspect
import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from circulation import wire
from circulation.identifiers import EventId
from membership_store import problems
from membership_store.web.body import answer
from membership_store.web.operation import Acts, Asker, Operation, Schema
from membership_store.web.schemas import Schemas

PATH = "/v1/openapi.json"
_SCHEMES = {Asker.KIOSK: "kioskToken", Asker.STAFF: "staffToken", Asker.PEER: "peerToken"}
_ALWAYS = ("internal", "unavailable")
_WITH_BODY = ("malformed", "too-large", "invalid")
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_SAID_BY_ITSELF = "What the store is asked, and how it answers"


def with_document(table: Iterable[Operation]) -> tuple[Operation, ...]:
    """The table and one more operation, which gives the document of all of them."""
    known = tuple(table)
    kept: list[bytes] = []

    async def document_itself(_request: Request) -> Response:
        if not kept:
            kept.append(wire.dumps(document(whole)))
        return answer(kept[0])

    mine = Operation(
        "GET", PATH, document_itself, "openapi", _SAID_BY_ITSELF, Asker.ANYBODY, answers=({"type": "object"},)
    )
    whole = (*known, mine)
    return whole


def document(table: Iterable[Operation]) -> dict[str, Any]:
    """The OpenAPI document of these operations. Raises KeyError for a kind of problem that `problems` does not list."""
    schemas = Schemas()
    paths: dict[str, Schema] = {}
    for one in table:
        paths.setdefault(_PLACE.sub(r"{\1}", one.path), {})[one.method.lower()] = _operation(schemas, one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Membership store",
            "version": "1",
            "description": "Requests are strict. Answers may grow: ignore a field that you do not know.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())) | {"Problem": _PROBLEM},
            "securitySchemes": {name: {"type": "http", "scheme": "bearer"} for name in _SCHEMES.values()},
        },
    }


def _operation(schemas: Schemas, one: Operation) -> Schema:
    made: Schema = {
        "operationId": one.name,
        "summary": one.summary,
        "responses": {"200": _success(schemas, one)} | _troubles(one),
    }
    if one.in_parts:
        made["responses"]["206"] = _success(schemas, one)
    if one.asker in _SCHEMES:
        made["security"] = [{_SCHEMES[one.asker]: []}]
    parameters = [*_path_parameters(one), *({"in": "query"} | schemas.asked(row) for row in one.query)]
    if isinstance(one.takes, Acts):
        key = schemas.asked(EventId)
        said = "The id of the event; another one is refused."
        parameters.append({"in": "header", "name": "Idempotency-Key", "description": said, "schema": key})
    if one.in_parts:
        said = "`bytes=N-`: from that byte on, to go on where a line broke."
        parameters.append({"in": "header", "name": "Range", "description": said, "schema": {"type": "string"}})
    if one.keyed:
        key = schemas.asked(EventId)
        said = "A new EventId for a new act; the same one gives the same answer again."
        parameters.append(
            {"in": "header", "name": "Idempotency-Key", "description": said, "required": True, "schema": key}
        )
    if parameters:
        made["parameters"] = parameters
    if one.takes is not None:
        content = {"application/json": {"schema": schemas.asked(one.takes)}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _path_parameters(one: Operation) -> list[Schema]:
    named = {"in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return [{"name": name, **named} for name in _PLACE.findall(one.path)]


def _success(schemas: Schemas, one: Operation) -> Schema:
    choices = [schemas.said(kind) for kind in one.answers]
    schema: Schema = choices[0] if len(choices) == 1 else {"oneOf": choices}
    names = {outcome for outcome, kind in wire.ANSWERS.items() if kind in one.answers}
    if len(choices) > 1 and len(names) == len(choices):
        mapping = {name: f"#/components/schemas/{wire.ANSWERS[name].__name__}" for name in sorted(names)}
        schema["discriminator"] = {"propertyName": "outcome", "mapping": mapping}
    return {"description": one.summary, "content": {one.media: {"schema": schema if choices else {}}}}


def _troubles(one: Operation) -> Schema:
    kinds = {*_ALWAYS, *one.problems}
    if one.takes is not None:
        kinds.update(_WITH_BODY)
    if one.asker in _SCHEMES:
        kinds.add("unauthorized")
    known, of_status = status_of_kinds(), dict[HTTPStatus, list[str]]()
    for kind in sorted(kinds):
        of_status.setdefault(known[kind], []).append(kind)
    return {str(status.value): _trouble(status, found) for status, found in sorted(of_status.items())}


@cache
def status_of_kinds() -> dict[str, HTTPStatus]:
    """The status of each kind of problem that a function of `problems` makes."""
    found = {}
    for _, make in inspect.getmembers(problems, inspect.isfunction):
        told = inspect.signature(make)
        if told.return_annotation in (problems.Problem, "Problem") and make.__module__ == problems.__name__:
            problem = make(*("" if one.annotation in (str, "str") else 0 for one in told.parameters.values()))
            found[problem.kind] = problem.status
    return found


def _trouble(status: HTTPStatus, kinds: list[str]) -> Schema:
    types = {"properties": {"type": {"enum": [f"/problems/{kind}" for kind in kinds]}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, types]}
    return {"description": status.phrase, "content": {"application/problem+json": {"schema": schema}}}


_PROBLEM: Schema = {
    "description": "RFC 9457. `detail` names the place of a fault and never repeats a value of the request.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "expected_seq": {
            "type": "integer",
            "description": "of a sequence gap: the number that the kiosk must send next",
        },
    },
    "required": ["type", "title", "status", "detail"],
}
