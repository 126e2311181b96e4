"""Asks a running store all sorts of things that its OpenAPI document allows or forbids, and holds it to that document.

schemathesis makes the requests. Half of those that name numbers are led to numbers, kiosks and sequences that exist, so
that more is reached than the first refusal.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]


@dataclass
class Grounds:
    """What exists in the store that is asked: for each field's name some values; the kiosk and its next number."""

    url: str
    tokens: Mapping[str, str]
    known: Mapping[str, list[Any]]
    kiosk: str = ""
    cursor: str = ""
    seq: int = 0
    statuses: dict[str, dict[int, int]] = field(default_factory=dict)

    def note(self, name: str, response: requests.Response) -> None:
        """Counts what was answered, and follows the kiosk's sequence."""
        counted = self.statuses.setdefault(name, {})
        counted[response.status_code] = counted.get(response.status_code, 0) + 1
        if response.status_code == 409:
            self.seq = response.json().get("expected_seq", self.seq + 1) - 1


def closed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document, whose answers may carry no field that does not stand in it: clients allow more, we say all."""
    strict = copy.deepcopy(dict(document))
    for name, one in strict["components"]["schemas"].items():
        if "properties" in one and name != "Problem":
            one.setdefault("additionalProperties", False)
    return strict


def ask_all(grounds: Grounds, document: Mapping[str, Any], examples: int) -> None:
    """So many allowed and so many forbidden requests for each operation. Raises what a check found."""
    schema = schemathesis.openapi.from_dict(closed(document))
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found.err()
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.POSITIVE or _takes_anything(operation):
                _ask(grounds, operation, mode, examples)


def _takes_anything(operation: Operation) -> bool:
    return bool(operation.body) or bool(operation.query)


def _ask(grounds: Grounds, operation: Operation, mode: GenerationMode, examples: int) -> None:
    name = f"{operation.method.upper()} {operation.path}"

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), led=st.booleans(), choice=st.integers(0, 2**16))
    def ask(case: Case[Any], led: bool, choice: int) -> None:
        checks = CHECKS if led else [*CHECKS, negative_data_rejection]
        if led:
            case.body = _led(grounds, case.body, choice)
            case.path_parameters = _led(grounds, dict(case.path_parameters or {}), choice)
            case.query = _led(grounds, dict(case.query or {}), choice)
        if isinstance(case.body, dict) and "id" in case.body and led:
            case.headers.pop("Idempotency-Key", None)
        token = next((grounds.tokens[one] for one in _schemes(operation) if one in grounds.tokens), None)
        if token is not None:
            case.headers["Authorization"] = f"Bearer {token}"
        response = case.call(base_url=grounds.url)
        grounds.note(name, response)  # type: ignore[arg-type]
        case.validate_response(response, checks=checks)

    ask()


def _schemes(operation: Operation) -> list[str]:
    return [name for row in operation.definition.raw.get("security", []) for name in row]


def _led(grounds: Grounds, data: Any, choice: int) -> Any:
    """The same data, whose fields of a known name bear values that exist: each by its own bit of the choice."""
    if isinstance(data, list):
        return [_led(grounds, one, choice) for one in data]
    if not isinstance(data, dict):
        return data
    made: dict[str, Any] = {}
    for name, value in data.items():
        choice = choice * 31 + len(name)
        if name == "kiosk" and grounds.kiosk:
            made[name] = grounds.kiosk
        elif name == "since" and grounds.cursor:
            made[name] = grounds.cursor
        elif name == "seq":
            grounds.seq += 1
            made[name] = grounds.seq
        elif name in grounds.known and isinstance(value, str) and choice % 4:
            made[name] = grounds.known[name][choice % len(grounds.known[name])]
        else:
            made[name] = _led(grounds, value, choice)
    return made
