"""A kiosk at a desk over a database, without HTTP, and what it finds in the books."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any

from circulation.events import Action, Event, Kind, Payment
from circulation.identifiers import ItemBarcode
from circulation.presented import Presented
from membership_store.credentials import Kiosk, add_kiosk
from membership_store.database import Database
from membership_store.desk import StoreDesk
from membership_store.opening import Spec, open_database
from tests.membership_store.running import ANNEN, DRENTHE, new_act, new_event


class Counter:
    """One kiosk at a desk over a database, and what it finds in the books."""

    def __init__(self, database: Database, name: str = "counter-1") -> None:
        self.database = database
        self.now = datetime.now(UTC)
        self.desk = StoreDesk(self.database, lambda: self.now)
        self.kiosk = Kiosk(DRENTHE, name, ANNEN)
        self.database.write(lambda session: add_kiosk(session, self.kiosk))
        self.seq = 0
        self.folder = TemporaryDirectory(prefix="counter-")  # gone with the counter

    def another(self, name: str) -> Counter:
        """Another kiosk over the same database."""
        return Counter(self.database, name)

    def event(self, presented: Presented, item: ItemBarcode, kind: Kind = Kind.FACT) -> Event:
        """The next event, of now."""
        self.seq += 1
        return replace(new_event(self.kiosk.id, self.seq, presented, item, kind), at=self.now)

    def act(
        self,
        action: Action,
        presented: Presented | None = None,
        item: ItemBarcode | None = None,
        payment: Payment | None = None,
        kind: Kind = Kind.REQUEST,
    ) -> Event:
        """The next event, whatever is done, of now."""
        self.seq += 1
        return replace(new_act(self.kiosk.id, self.seq, action, presented, item, payment, kind), at=self.now)

    def do(self, action: Action, *what: Any, **more: Any) -> dict[str, Any]:
        """The decoded answer to a new act (`act`)."""
        return self.tell(self.act(action, *what, **more))

    def borrow(self, presented: Presented, item: ItemBarcode) -> dict[str, Any]:
        """The decoded answer to a new request."""
        return self.tell(self.event(presented, item, Kind.REQUEST))

    def tell(self, event: Event) -> dict[str, Any]:
        """The decoded answer."""
        answer: dict[str, Any] = json.loads(self.desk.deliver(self.kiosk, event))
        return answer

    def rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return self.database.read(lambda session: session.rows(sql, *values))

    def change(self, sql: str, *values: str) -> None:
        """Changes the database."""
        self.database.write(lambda session: session.run(sql, *values))

    def flags(self, event: Event) -> set[str]:
        """The reasons that staff were told."""
        return {reason for (reason,) in self.rows("SELECT reason FROM staff_flag WHERE event = ?", event.id)}

    def loans(self, item: ItemBarcode) -> list[tuple[str, bool]]:
        """Which loans the item had and whether each is open, the oldest first."""
        found = self.rows("SELECT loan, returned_at IS NULL FROM loan WHERE item = ? ORDER BY lent_at", item)
        return [(loan, bool(is_open)) for loan, is_open in found]


@contextmanager
def open_counter(address: Spec, name: str = "counter-1") -> Iterator[Counter]:
    """A counter that is closed in the end."""
    with closing(open_database(address)) as database:
        yield Counter(database, name)
