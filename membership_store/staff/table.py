"""Everything that staff can do, subject by subject: the web's operations and the command line come from this table."""

from typing import Any

from membership_store.guests import acts as guests
from membership_store.staff import (
    accounts,
    administrative,
    calendar,
    cases,
    changing,
    enrolling,
    explaining,
    lists,
    memberships,
    merging,
    messages,
    money,
    passes,
    pins,
    privacy,
    searching,
    shelves,
    strips,
    unclaimed,
)
from membership_store.staff.acts import Act

ACTS: tuple[Act[Any], ...] = (
    *searching.ACTS,
    *enrolling.ACTS,
    *changing.ACTS,
    *memberships.ACTS,
    *passes.ACTS,
    *pins.ACTS,
    *accounts.ACTS,
    *strips.ACTS,
    *messages.ACTS,
    *money.ACTS,
    *shelves.ACTS,
    *unclaimed.ACTS,
    *administrative.ACTS,
    *calendar.ACTS,
    *cases.ACTS,
    *lists.ACTS,
    *merging.ACTS,
    *privacy.ACTS,
    *explaining.ACTS,
    *guests.ACTS,
)
BY_PATH = {act.path: act for act in ACTS}
