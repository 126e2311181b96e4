"""A member of staff who asks the store over HTTP, and whom they enrol. Everybody is made up."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, cast
from zoneinfo import ZoneInfo

import requests

from circulation import identifiers as ids
from membership_store.opening import Spec, open_database
from membership_store.staff.credentials import Role, Staff, add_staff
from tests.membership_store.running import ANNEN, DRENTHE, LIMIT_S

_numbers = count(1)
TODAY = datetime.now(ZoneInfo("Europe/Amsterdam")).date()


def new_event() -> str:
    """A new EventId."""
    return ids.new_event_id(time.time_ns() // 1_000_000, os.urandom(10))


def regional() -> str:
    """A number of a regional pass that nobody has."""
    return ids.with_check_digit(f"20009{next(_numbers):08d}")


def years_ago(years: int, days: int = 0) -> str:
    """A birth date: so many years and days ago (28 February for who was born on the 29th)."""
    day = TODAY if (TODAY.month, TODAY.day) != (2, 29) else TODAY - timedelta(days=1)
    return (day.replace(year=day.year - years) - timedelta(days=days)).isoformat()


@dataclass
class Clerk:
    """Somebody with a credential, at a branch."""

    url: str
    token: str
    branch: str = ANNEN
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, data: object, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of any request."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        answer = self.session.post(f"{self.url}/v1/staff/{path}", body, headers=sent, timeout=LIMIT_S)
        return answer.status_code, answer.json()

    def tell(self, path: str, event: str | None = None, **given: Any) -> tuple[int, dict[str, Any]]:
        """An act at the clerk's branch, under a new EventId."""
        return self.post(path, {"branch": self.branch, **given}, **{"Idempotency-Key": event or new_event()})

    def done(self, path: str, **given: Any) -> dict[str, Any]:
        """What an act says that was done."""
        status, said = self.tell(path, **given)
        assert (status, said.get("outcome")) == (200, "done"), (status, said)
        return said

    def denied(self, path: str, **given: Any) -> str:
        """The rule and the reason of an act that was denied, as `N9 not_yours_to_stop`."""
        status, said = self.tell(path, **given)
        assert (status, said.get("outcome")) == (200, "denied"), (status, said)
        return f"{said['rule']} {said['reason']}"

    def look(self, patron: str) -> dict[str, Any]:
        """All that the desk may see of a patron."""
        return self.done("patrons/look", patron=patron)

    def enrol(self, *, born: str = "1991-01-01", person: Any = None, **given: Any) -> dict[str, Any]:
        """Enrols somebody new with a regional pass under Basis; what is given replaces that."""
        asked = application(born, person or {}) | given
        return self.done("patrons/enrol", **asked)


def application(born: str | None, person: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is asked to enrol somebody of whom there is no other."""
    who = {
        "surname": f"Test{word(next(_numbers))}",
        "initials": "A.",
        "born": born,
        "postcode": "9468 BG",
        "house_number": "41",
        "sex": "onbekend",
    }
    return {
        "person": who | (person or {}),
        "card": {"number": regional(), "kind": "regional"},
        "choice": {"subscription": "0045", "paying": "now"},
        "account": False,
    }


def word(number: int) -> str:
    """A number as letters, since surnames are compared by their letters."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def new_clerk(
    address: Spec, url: str, role: Role = Role.DESK, institution: str | None = "aa-en-hunze", consortium: str = DRENTHE,
    branch: str = ANNEN,
) -> Clerk:  # fmt: skip
    """Gives somebody a credential in a database that may be in use."""
    place = cast(ids.InstitutionCode | None, institution)
    staff = Staff(consortium, f"{role.value}-{next(_numbers)}", role, place)
    with closing(open_database(address)) as opened:
        token = opened.write(lambda session: add_staff(session, staff))
    return Clerk(url, token, branch)
