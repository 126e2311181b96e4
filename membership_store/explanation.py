"""An explanation in words, for staff: which rule decided, which others would have refused, and what they looked at."""

from collections.abc import Iterator, Mapping
from typing import Any


def in_words(told: Mapping[str, Any]) -> str:
    """The lines that `explain` prints. For staff only: they say what the patron's screen does not."""
    return "\n".join(_lines(told))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"at {told['place']} ({told['at']}, {told['institution']}) on {told['on']}, {told['action']}"
    decided = told["decided"]
    yield "allowed: " + _ALLOWED[told["action"]] if decided is None else f"refused by {_said(decided)}"
    for refused in told["also"]:
        yield f"  would also refuse: {_said(refused)}"
    if told["patron"] is not None:
        known = told["patron"]
        yield f"patron {known['patron']}, type {known['type']}, open loans {known['loans']}"
    if told["membership"] is not None:
        row = told["membership"]
        strips = "unlimited" if row["strips"] is None else row["strips"]
        at_most = "no maximum" if row["on_pass"] is None else f"at most {row['on_pass']}"
        yield f"membership of {row['institution']}, {row['subscription']} treated as {row['treated_as']},"
        yield f"  {row['starts']} to {row['ends']}, strips {strips}, on pass {at_most}"
    for step in told["steps"]:
        yield f"{'no ' if step['refused'] else 'yes'}  {'/'.join(step['rules'])} {step['name'].replace('_', ' ')}"
        for one in step["looked_at"]:
            yield f"       {one['name']} = {one['value']}"


_ALLOWED = {
    "visit": "may begin a visit",
    "borrow": "may borrow",
    "renew": "may renew this item",
    "return": "may bring this item back",
}


def _said(refused: Mapping[str, Any]) -> str:
    values = ", ".join(f"{name} {value}" for name, value in sorted(refused["values"].items()))
    return f"{refused['rule']} {refused['reason']} (next: {refused['next']}{', ' + values if values else ''})"
