"""What can be asked of the store: one row an operation. The routes of `app` and the OpenAPI document come from them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from circulation.events import Action, Kind

Endpoint = Callable[[Request], Awaitable[Response]]
Schema = dict[str, Any]


class Asker(Enum):
    """Who may ask: anybody, a kiosk, a member of staff, another library's store."""

    ANYBODY = "anybody"
    KIOSK = "kiosk"
    STAFF = "staff"
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class Acts:
    """The events that a route takes: of these actions, told in these ways."""

    actions: frozenset[Action]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path. `name`: its id in OpenAPI; `answers`: the classes (or JSON schemas) that a 200 may carry.

    `takes`: the class, the JSON schema or the events of the body, None where there is none. `problems`: kinds of
    problem besides those that every operation of this asker may give. `media`: what a 200 is, where it is not JSON.
    `in_parts`: a part of it may be asked for with `Range`. `keyed`: asked under an EventId of its own in
    `Idempotency-Key`.
    """

    method: str
    path: str
    endpoint: Endpoint
    name: str
    summary: str
    asker: Asker
    takes: type | Schema | Acts | None = None
    answers: tuple[type | Schema, ...] = ()
    problems: tuple[str, ...] = ()
    query: tuple[Schema, ...] = ()
    media: str = "application/json"
    keyed: bool = False
    in_parts: bool = False
