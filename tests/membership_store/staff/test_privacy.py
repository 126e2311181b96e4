"""What a person may ask of the library, and what it may keep no longer (GDPR art. 5, 15, 17; K4, S4, K14)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from circulation import wire
from circulation.events import Kind
from circulation.identifiers import ItemBarcode
from membership_store.database import Database
from membership_store.opening import open_database
from membership_store.staff import privacy, retention
from membership_store.staff.nightly import Night, run
from tests.membership_store.running import DRENTHE, Caller, StoreProcess
from tests.membership_store.staff.desk import TODAY, Clerk, application, new_event, regional, years_ago
from tests.membership_store.staff.test_administrative import lend
from tests.membership_store.staff.test_at_the_desk import chip

# Planted wherever something of a person can be written; none of it may be anywhere after erasing.
PLANTED = {
    "surname": "Plantsurname", "prefix": "van der Plantprefix", "initials": "P.L.A.N.", "email": "plant@example.org",
    "phone": "0612345678901", "street": "Plantstraat", "house_number": "41plant", "postcode": "9468 PL",
    "town": "Plantdorp", "selection": "plantselectie",
}  # fmt: skip
NUMBER, CHIP, ACCOUNT = "20009876543210", "04BADBADBADBAD", "Plant.Account"
MESSAGE, MANDATE, SHELF, PIN = "Plantmelding over iemand", "6775991190016999", "plantplank", "86420975"


def planted(clerk: Clerk, kiosk: Caller, item: ItemBarcode, other: ItemBarcode) -> str:
    """Somebody of whom all is kept that can be."""
    asked = application("1971-11-17", PLANTED) | {
        "card": {"number": NUMBER, "chip": CHIP},
        "account": True,
        "user_name": ACCOUNT,
        "language": "nl",
    }
    said = clerk.done("patrons/enrol", **asked)
    patron = str(said["patron"])
    clerk.done("pins/set", patron=patron, pin=PIN)
    clerk.done("messages/add", patron=patron, text=MESSAGE)
    mandate = {"mandate": MANDATE, "iban": "NL91ABNA0417164300", "signed_on": TODAY.isoformat()}
    clerk.done("mandates/record", patron=patron, **mandate)
    hold = clerk.done("holds/place", patron=patron, item=other)["hold"]
    clerk.done("holds/shelve", patron=patron, hold=hold, item=other, shelf=SHELF)
    clerk.done("fees/pay", patron=patron, fees=[clerk.done("fees/add", patron=patron, cents=777)["fee"]], cents=777)
    assert kiosk.borrow(chip(NUMBER), item)["outcome"] == "checked_out"
    case = {"id": new_event(), "rule": "F4", "reason": "open_amount", "presented": wire.encode(chip(NUMBER))}
    assert kiosk.post("/v1/handovers", case)[0] == 200
    kiosk.tell(kiosk.event(chip(NUMBER), ItemBarcode("39999999999999"), Kind.FACT))
    return patron


def test_art_17_nothing_of_a_person_is_left_in_the_whole_database_and_the_reasons_against_come_first(
    boss: Clerk, kiosk: Caller, books: Iterator[ItemBarcode], store: StoreProcess
) -> None:
    item, other = next(books), next(books)
    patron = planted(boss, kiosk, item, other)
    export = boss.done("patrons/export", patron=patron)["kept"]
    told = json.dumps(export)
    shown = [*PLANTED.values(), NUMBER, CHIP, ACCOUNT, MESSAGE, MANDATE, SHELF, "1971-11-17", item]
    assert [one for one in shown if one not in told] == []
    fee = boss.done("fees/add", patron=patron, cents=300)["fee"]
    status, said = boss.tell("patrons/erase", patron=patron)
    assert (status, said["reason"], said["values"]) == (200, "not_settled", {"open_cents": 300, "open_loans": 1})
    boss.done("fees/waive", patron=patron, fee=fee)
    store.change("UPDATE loan SET returned_at = lent_at WHERE patron = ?", patron)
    private = [*PLANTED.values(), NUMBER, CHIP, ACCOUNT, MESSAGE, MANDATE, SHELF, "1971-11-17"]
    assert left_in(store, [*private, PIN]) == private
    event = new_event()
    first = boss.tell("patrons/erase", event, patron=patron)
    assert first[1]["outcome"] == "done"
    assert boss.tell("patrons/erase", event, patron=patron) == first
    assert boss.tell("patrons/look", patron=patron)[0] == 404
    assert left_in(store, [*private, PIN]) == []
    assert store.rows("SELECT patron FROM loan WHERE item = ? AND loan LIKE 'kiosk-%'", item)[0][0] == "anonymous"
    assert [row[0] for row in store.rows("SELECT patron FROM payment WHERE cents = 777")] == [None]
    assert {row[0] for row in store.rows("SELECT act FROM audit WHERE patron = ?", patron)} >= {"patrons/erase"}


def left_in(store: StoreProcess, texts: list[str]) -> list[str]:
    """Which of the texts are still to be found: in a file byte by byte, behind a server in every row of every table."""
    if isinstance(store.database, Path):
        beside = [store.database, *store.database.parent.glob(f"{store.database.name}-*"), store.log_file]
        whole = b"".join(file.read_bytes() for file in beside if file.exists())
        return [one for one in texts if one.encode() in whole]
    tables = store.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    rows = "".join(str(store.rows(f"SELECT * FROM {table}")) for (table,) in tables)
    return [one for one in texts if one in rows + store.log_file.read_text("utf-8")]


def test_art_15_everything_with_the_patrons_reference_is_in_the_export(boss: Clerk, store: StoreProcess) -> None:
    if not isinstance(store.database, Path):
        pytest.skip("SQLite tells its own tables")
    rows = store.rows(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name = 'patron'"
    )
    exported = {where.split()[0] for _, _, where in privacy._KEPT}
    assert {name for (name,) in rows} - exported - {"pin_proof"} == set()


def test_erasing_lets_go_of_a_pass_so_that_its_number_can_be_given_again(boss: Clerk) -> None:
    number = regional()
    first = boss.enrol(card={"number": number})["patron"]
    boss.done("patrons/erase", patron=first)
    assert boss.enrol(card={"number": number})["patron"] != first
    assert boss.tell("patrons/erase", patron=first)[0] == 404
    assert boss.tell("messages/add", patron=first, text="x")[0] == 404


def test_only_a_manager_erases_and_exports(clerk: Clerk) -> None:
    patron = clerk.enrol()["patron"]
    assert clerk.tell("patrons/erase", patron=patron)[0] == 403
    assert clerk.tell("patrons/export", patron=patron)[0] == 403


_ids = (f"{n:016x}" for n in count(10**9))


def night(store: StoreProcess, days: int = 0) -> dict[str, int]:
    """The night of that many days from now."""
    with closing(open_database(store.database)) as opened:
        now = datetime.now(UTC) + timedelta(days=days)
        return run(Night(opened, DRENTHE, now, lambda: next(_ids), lambda _: None))


def test_k4_closed_loans_lose_their_patron_after_the_institutions_days_unless_the_patron_chose_otherwise(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode]
) -> None:
    wishes: dict[str, dict[str, Any]] = {
        "none": {}, "open": {}, "fined": {},
        "history": {"keeps_history": True}, "told": {"tells_borrowed_before": True},
    }  # fmt: skip
    items, patrons = {}, {}
    for name, wish in wishes.items():
        patrons[name], items[name] = clerk.enrol(**wish)["patron"], next(books)
        lend(store, patrons[name], items[name])
        returned = (datetime.now(UTC) - timedelta(days=27)).isoformat(timespec="microseconds")
        if name != "open":
            store.change("UPDATE loan SET returned_at = ? WHERE loan = ?", returned, f"made-{items[name]}")
    clerk.done("fees/add", patron=patrons["fined"], cents=100, kind="fine")
    store.change(
        "UPDATE fee SET loan = ? WHERE patron = ? AND kind = 'fine'", f"made-{items['fined']}", patrons["fined"]
    )

    def whose() -> set[str]:
        kept = {row[0] for row in store.rows("SELECT patron FROM loan WHERE loan LIKE 'made-%'")}
        return {name for name, patron in patrons.items() if patron in kept}

    night(store)
    assert whose() == set(wishes)
    assert night(store, 2)["closed loans forgotten"] >= 1
    assert whose() == {"history", "told", "open", "fined"}


def test_art_5_who_lapsed_long_ago_and_owes_nothing_is_erased_by_the_night(
    boss: Clerk, clerk: Clerk, neighbour: Clerk, store: StoreProcess, books: Iterator[ItemBarcode]
) -> None:
    gone, owes, borrows, runs, elsewhere = (clerk.enrol()["patron"] for _ in range(5))
    clerk.done("fees/add", patron=owes, cents=100)
    lend(store, borrows, next(books))
    neighbour.done("patrons/enrol-again", patron=elsewhere, choice={"subscription": "0045"}, second=True)
    binder = clerk.done("administrative/make", name="Binder")["patron"]
    ended = (datetime.now(UTC) - timedelta(days=731)).date().isoformat()  # the night counts from its instant, in UTC
    for patron in (gone, owes, borrows, binder):
        store.change("UPDATE membership SET starts = '2020-01-01', ends = ? WHERE patron = ?", ended, patron)
    store.change(
        "UPDATE membership SET starts = '2020-01-01', ends = ? WHERE patron = ? AND institution = 'aa-en-hunze'",
        ended,
        elsewhere,
    )
    night(store)
    there = {patron for patron in (gone, owes, borrows, runs, elsewhere, binder) if clerk_sees(boss, patron)}
    assert there == {owes, borrows, runs, elsewhere, binder}


def clerk_sees(clerk: Clerk, patron: str) -> bool:
    """Whether there is such a patron."""
    return clerk.tell("patrons/look", patron=patron)[0] == 200


def test_s4_at_19_youth_becomes_start_with_twelve_strips_in_the_night_once_and_open_loans_cost_none(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode], kiosks: Callable[[], Caller]
) -> None:
    number = regional()
    asked = application(years_ago(19, -5), {"first_name": "Daan"})
    asked |= {"choice": {"subscription": "JEUGD"}, "card": {"number": number}}
    patron = clerk.done("patrons/enrol", **asked)["patron"]
    kiosks().borrow(chip(number), next(books))
    assert night(store)["come of age"] == 0
    assert night(store, 6)["come of age"] == 1
    assert night(store, 7)["come of age"] == 0
    rows = sorted(clerk.look(patron)["memberships"], key=lambda one: str(one["starts"]))
    of_age = TODAY + timedelta(days=5)
    assert [one["subscription"] for one in rows] == ["JEUGD", "0021"]
    assert rows[0]["ends"] == (of_age - timedelta(days=1)).isoformat()
    assert (rows[1]["starts"], rows[1]["strips"]) == (of_age.isoformat(), 12)
    assert clerk.look(patron)["person"]["first_name"] == ""


def test_k14_n10_accounts_that_nobody_activated_and_cases_that_are_over_go_in_the_night(
    clerk: Clerk, store: StoreProcess
) -> None:
    asked = application(years_ago(40), {"email": "iemand@example.org"}) | {"account": True}
    patron = clerk.done("patrons/enrol", **asked)["patron"]
    night(store)
    assert len(clerk.look(patron)["accounts"]) == 1
    assert night(store, 2)["accounts that nobody activated"] >= 1
    assert clerk.look(patron)["accounts"] == []
    clerk.done("accounts/generate", patron=patron)


def test_k4_a_long_past_is_forgotten_in_short_transactions_and_a_night_broken_off_goes_on(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode]
) -> None:
    patron, item, many = clerk.enrol()["patron"], next(books), 3 * retention.TOGETHER + 7
    lend(store, patron, item)
    with closing(open_database(store.database)) as opened:
        known = "SELECT * FROM loan WHERE loan = ?"
        row = opened.read(lambda session: session.rows(known, f"made-{item}"))[0]
        long_ago = (datetime.now(UTC) - timedelta(days=90)).isoformat(timespec="microseconds")
        copies = [tuple(f"past-{n:04d}" if one == f"made-{item}" else one for one in row) for n in range(many)]
        opened.write(lambda session: session.run("DELETE FROM loan WHERE loan = ?", f"made-{item}"))
        places = ", ".join("?" * len(row))
        ended = [tuple(long_ago if n == RETURNED_AT else one for n, one in enumerate(each)) for each in copies]
        opened.write(lambda session: session.run_many(f"INSERT INTO loan VALUES ({places})", ended))
        most = Most(opened)
        for death in (2, None):
            most.left = death
            with suppress(KeyboardInterrupt):
                retention.forget_closed_loans(cast(Database, most), DRENTHE, datetime.now(UTC), lambda _: None)
            left = store.rows("SELECT COUNT(*) FROM loan WHERE loan LIKE 'past-%' AND patron = ?", patron)[0][0]
            assert left == (many - 2 * retention.TOGETHER if death else 0)
    assert most.changed
    assert max(most.changed) <= retention.TOGETHER


RETURNED_AT = 8


class Most:
    """A database that notes how much each transaction changed, and dies after so many."""

    def __init__(self, database: Database) -> None:
        self._database, self.left, self.changed = database, cast(int | None, None), list[int]()

    def write(self, work: Callable[[Any], Any]) -> Any:
        """As the database, as long as it lives."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        self.changed.append(self._database.write(work))
        return self.changed[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)
