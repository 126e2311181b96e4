"""The staff's desk where guests are taken in too: home is asked between two transactions, never within one."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from circulation.identifiers import EventId
from circulation.rules.guests import HomeSays
from membership_store.database import Database
from membership_store.guests.acts import ENROL, MustAsk, enrol
from membership_store.guests.homes import Home, Question
from membership_store.staff.acts import Act, Answer, Given
from membership_store.staff.credentials import Staff
from membership_store.staff.desk import Clock, StaffDesk

Ask = Callable[[Home, Question], HomeSays]


class GuestDesk(StaffDesk):
    """A desk that asks home libraries. What was answered under an EventId is given again without asking."""

    def __init__(
        self, database: Database, clock: Clock, ask: Ask, chance: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> None:
        super().__init__(database, clock, chance)
        self._ask = ask

    def perform(self, staff: Staff, act: Act[Any], key: EventId, given: Given) -> bytes:
        """See StaffDesk.perform."""
        try:
            return super().perform(staff, act, key, given)
        except MustAsk as need:
            says = self._ask(need.home, need.question)
        return super().perform(staff, _on_the_word(says), key, given)

    def operate(self, staff: Staff, act: Act[Any], given: Given) -> Answer:
        """See StaffDesk.operate."""
        try:
            return super().operate(staff, act, given)
        except MustAsk as need:
            says = self._ask(need.home, need.question)
        return super().operate(staff, _on_the_word(says), given)


def _on_the_word(says: HomeSays) -> Act[Any]:
    return replace(ENROL, do=partial(enrol, says=says))
