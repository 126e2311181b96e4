"""Administrative passes: A1 to A6."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from circulation.identifiers import ItemBarcode, PassNumber, luhn_holds
from circulation.presented import Presented, Source
from tests.membership_store.running import Caller, StoreProcess, eventually
from tests.membership_store.staff.desk import TODAY, Clerk, application, regional, years_ago
from tests.membership_store.staff.test_memberships import all_of


def lend(store: StoreProcess, patron: str, item: str, *, internal: bool = False, days: int = 40) -> None:
    """An item that has been out for so many days."""
    lent = (TODAY - timedelta(days=days)).isoformat()
    due = lent if internal else (TODAY - timedelta(days=days - 21)).isoformat()
    store.change(
        "INSERT INTO loan (consortium, loan, item, patron, branch, lent, due, lent_at, internal)"
        " VALUES ('demo-drenthe', ?, ?, ?, '9401', ?, ?, ?, ?)",
        f"made-{item}", item, patron, lent, due, f"{lent}T10:00:00.000000+00:00", int(internal),
    )  # fmt: skip


@pytest.fixture
def home(clerk: Clerk) -> str:
    """A special patron."""
    asked = application(None, {"sex": "instelling", "initials": ""})
    return str(clerk.done("patrons/enrol", **asked | {"type": "01", "choice": {"subscription": "0083"}})["patron"])


def test_a2_a_new_pass_takes_the_next_number_or_an_own_barcode(clerk: Clerk, boss: Clerk) -> None:
    one, two = clerk.done("administrative/make", name="Binder"), boss.done("administrative/make", name="Plak")
    assert one["number"].startswith("29999")
    assert luhn_holds(one["number"])
    assert int(two["number"][:-1]) == int(one["number"][:-1]) + 1
    own = clerk.done("administrative/make", name="NBD retour", number="29401000075801")
    assert own["number"] == "29401000075801"
    assert clerk.denied("administrative/make", name="Nog een", number="29401000075801") == "P4 number_in_use"
    assert clerk.tell("administrative/make", name="  ")[0] == 422


def test_a2_it_has_0089_to_2099_its_name_and_neither_account_nor_address(clerk: Clerk) -> None:
    patron = clerk.done("administrative/make", name="Binder")["patron"]
    seen = clerk.look(patron)
    assert (seen["type"], seen["person"]["surname"], seen["person"]["email"]) == ("14", "Binder", "")
    row = seen["memberships"][0]
    assert (row["subscription"], row["ends"], seen["accounts"]) == ("0089", "2099-12-31", [])
    assert clerk.denied("accounts/generate", patron=patron) == "A2 no_account_for_a_pass"
    assert clerk.denied("accounts/link", patron=patron, user_name="Binder") == "A2 no_account_for_a_pass"
    person = {"surname": "Binder 2", "email": "binder@example.org"}
    assert clerk.denied("patrons/change-person", patron=patron, person=person) == "A2 no_account_for_a_pass"
    clerk.done("patrons/change-person", patron=patron, person={"surname": "Binder 2"})


def test_a1_shown_by_a_patron_it_refuses(clerk: Clerk) -> None:
    number = clerk.done("administrative/make", name="Binder")["number"]
    assert clerk.done("explain", number=number, action="visit")["decided"]["rule"] == "A1"


def test_a6_a_special_patron_becomes_one_by_its_type_alone_and_a_regular_one_never(clerk: Clerk, home: str) -> None:
    before = clerk.look(home)
    clerk.done("administrative/turn", patron=home)
    after = clerk.look(home)
    assert (before["type"], after["type"]) == ("01", "14")
    for same in ("memberships", "passes"):
        assert after[same] == before[same]
    regular = clerk.enrol()["patron"]
    assert clerk.denied("administrative/turn", patron=regular) == "A6 never_administrative"
    assert clerk.denied("administrative/turn", patron=home) == "A6 never_administrative"


def test_a5_what_is_out_is_counted_from_its_loans(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode]
) -> None:
    patron = clerk.done("administrative/make", name="Binder")["patron"]
    assert clerk.done("administrative/out", patron=patron)["count"] == 0
    items = [next(books) for _ in range(2)]
    for item in items:
        lend(store, patron, item, internal=True)
    said = clerk.done("administrative/out", patron=patron)
    assert (said["count"], {one["item"] for one in said["loans"]}) == (2, set(items))
    assert clerk.denied("administrative/out", patron=clerk.enrol()["patron"]) == "A1 not_administrative"
    assert clerk.done("items/look", item=items[0])["status"] == "internal_loan"


def test_a3_neither_the_pass_nor_its_loans_are_counted_and_nobody_is_reminded_of_them(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode]
) -> None:
    period = {"first": (TODAY - timedelta(days=60)).isoformat(), "last": TODAY.isoformat()}
    before = clerk.done("statistics", **period)
    binder = clerk.done("administrative/make", name="Binder")["patron"]
    inside, late = (next(books) for _ in range(2))
    lend(store, binder, inside, internal=True)
    assert clerk.done("statistics", **period) == before
    patron = clerk.enrol()["patron"]
    lend(store, patron, late)
    after = clerk.done("statistics", **period)
    for name in ("loans", "members", "new_memberships"):
        assert after[name] == before[name] + 1
    assert after["cents_paid"] == before["cents_paid"] + 5600
    reminded = {str(one["item"]): one for one in all_of(clerk, "reminders/overdue", "loans")}
    assert (reminded[late]["patron"], reminded[late]["days_late"]) == (patron, 19)
    assert inside not in reminded


def test_a3_nobody_is_reminded_on_the_due_date_itself_and_what_becomes_internal_is_due_on_its_first_day(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode], home: str
) -> None:
    item: ItemBarcode = next(books)
    lend(store, home, item, days=21)
    assert item not in {one["item"] for one in all_of(clerk, "reminders/overdue", "loans")}
    clerk.done("administrative/turn", patron=home)
    assert store.rows("SELECT internal, due = lent FROM loan WHERE item = ?", item) in ([(1, 1)], [(1, True)])


def test_a3_s8_a_reminder_tells_the_fine_so_far(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode], home: str
) -> None:
    item: ItemBarcode = next(books)
    lend(store, home, item, days=31)
    reminded = {str(one["item"]): one for one in all_of(clerk, "reminders/overdue", "loans")}
    assert (reminded[item]["days_late"], reminded[item]["fine"]) == (10, 150)


def test_a4_holds_on_what_is_out_internally_go_by_the_desk(
    clerk: Clerk, store: StoreProcess, books: Iterator[ItemBarcode]
) -> None:
    item: ItemBarcode = next(books)
    lend(store, clerk.done("administrative/make", name="Binder")["patron"], item, internal=True)
    assert clerk.done("holds/place", patron=clerk.enrol(born=years_ago(30))["patron"], item=item)["hold"]


def test_a1_staff_are_told_once_a_day_of_an_administrative_pass_that_was_shown_at_a_kiosk(
    clerk: Clerk, kiosk: Caller, store: StoreProcess
) -> None:
    number = clerk.done("administrative/make", name="Plak")["number"]
    shown = Presented(Source.BARCODE, PassNumber(number))

    def flags() -> list[dict[str, Any]]:
        return [one for one in clerk.done("flags/list")["flags"] if one["shown_pass"] == number]

    for _ in range(3):
        said = kiosk.ask("/v1/identify", shown)
        assert (said["rule"], said["reason"]) == ("A1", "administrative_pass")
        eventually("staff are told", lambda: len(flags()) == 1)
    (flag,) = flags()
    assert (flag["rule"], flag["kiosk"]) == ("A1", kiosk.kiosk.id)
    clerk.done("flags/settle", flag=flag["flag"])
    kiosk.ask("/v1/identify", shown)
    kiosk.ask("/v1/identify", Presented(Source.BARCODE, PassNumber(regional())))
    assert flags() == []
    assert len(store.rows("SELECT flag FROM staff_flag WHERE rule = 'A1' AND kiosk = ?", kiosk.kiosk.id)) == 1
