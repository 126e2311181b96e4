"""Passes, chips, PINs and login accounts: P4 to P8, K14, G9."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from circulation import wire
from circulation.identifiers import ChipUid, PassNumber
from circulation.presented import Presented, Source
from tests.membership_store.running import Caller, StoreProcess
from tests.membership_store.staff.desk import Clerk, application, regional, years_ago


def shown_at(kiosk: Caller, number: str | None = None, uid: str | None = None, **more: str) -> str:
    """What a kiosk hears of a pass: `identified`, or the reason of a refusal."""
    presented = Presented(Source.CHIP, PassNumber(number) if number else None, ChipUid(uid) if uid else None)
    status, body = kiosk.post("/v1/identify", {"presented": wire.encode(presented), **more})
    assert status == 200, body
    said = json.loads(body)
    return str(said["outcome"] if said["outcome"] == "identified" else said["reason"])


def test_p7_a_blocked_pass_goes_to_the_desk_until_it_is_unblocked(clerk: Clerk, kiosk: Caller) -> None:
    number = regional()
    patron = clerk.enrol(card={"number": number})["patron"]
    assert shown_at(kiosk, number) == "identified"
    clerk.done("passes/block", patron=patron, number=number)
    assert shown_at(kiosk, number) == "pass_blocked"
    assert clerk.denied("passes/block", patron=patron, number=number) == "P7 pass_blocked"
    clerk.done("passes/unblock", patron=patron, number=number)
    assert shown_at(kiosk, number) == "identified"


def test_p4_an_old_pass_is_replaced_by_one_that_is_unique(clerk: Clerk, kiosk: Caller) -> None:
    old, new = f"O{regional()}", regional()
    patron = clerk.enrol(card={"number": old, "kind": "ordinary"})["patron"]
    not_unique = {"number": f"O{regional()}", "kind": "ordinary"}
    assert clerk.denied("passes/replace", patron=patron, number=old, card=not_unique) == "P4 not_unique"
    clerk.done("passes/replace", patron=patron, number=old, card={"number": new})
    assert (shown_at(kiosk, old), shown_at(kiosk, new)) == ("pass_replaced", "identified")
    assert (
        clerk.denied("passes/replace", patron=patron, number=old, card={"number": regional()}) == "P7 replaced_already"
    )


def test_p5_a_follow_on_pass_is_only_of_a_unique_kind(clerk: Clerk, kiosk: Caller) -> None:
    patron, second = clerk.enrol()["patron"], regional()
    for kind in ("ordinary",):
        assert (
            clerk.denied("passes/add", patron=patron, card={"number": f"O{regional()}", "kind": kind})
            == "P5 not_unique"
        )
    for kind, number in (("uitpas", regional()), ("a_kaart", regional()), ("national_number", "85073003328")):
        clerk.done("passes/add", patron=patron, card={"number": number, "kind": kind})
    clerk.done("passes/add", patron=patron, card={"number": second})
    assert shown_at(kiosk, second) == "identified"
    assert len(clerk.look(patron)["passes"]) == 5


def test_p1_p4_a_number_is_of_one_patron_and_a_regional_one_begins_as_such(clerk: Clerk) -> None:
    number = regional()
    clerk.enrol(card={"number": number})
    asked = application("1991-01-01") | {"card": {"number": number}}
    assert clerk.denied("patrons/enrol", **asked) == "P4 number_in_use"
    asked["card"] = {"number": "29401000075801"}
    assert clerk.denied("patrons/enrol", **asked) == "P1 not_a_regional_number"
    asked["card"] = {"number": regional(), "kind": "administrative"}
    assert clerk.tell("patrons/enrol", **asked)[0] == 422


def test_p4_an_identity_card_is_a_pass_only_where_the_library_uses_it(clerk: Clerk) -> None:
    asked = application("1991-01-01") | {"card": {"number": "85073003328", "kind": "national_number", "eid": True}}
    assert clerk.denied("patrons/enrol", **asked) == "P4 eid_not_used"


def test_p8_a_chip_is_linked_by_the_desk_and_never_one_that_makes_up_its_number(clerk: Clerk, kiosk: Caller) -> None:
    number = regional()
    patron = clerk.enrol(card={"number": number})["patron"]
    assert shown_at(kiosk, uid="04A1B2C3D4E5F6") == "pass_unknown"
    linked = {"patron": patron, "number": number, "chip": "04A1B2C3D4E5F6"}
    clerk.done("passes/link-chip", **linked)
    assert shown_at(kiosk, uid="04A1B2C3D4E5F6") == "identified"
    assert clerk.denied("passes/link-chip", **(linked | {"chip": "08ABCDEF"})) == "P8 chip_random"
    other = regional()
    another = {"patron": clerk.enrol(card={"number": other})["patron"], "number": other, "chip": "04A1B2C3D4E5F6"}
    assert clerk.denied("passes/link-chip", **another) == "P8 chip_in_use"
    clerk.done("passes/unlink-chip", **linked)
    assert shown_at(kiosk, uid="04A1B2C3D4E5F6") == "pass_unknown"


def test_p6_a_pin_opens_a_pass_that_asks_for_one_and_is_kept_nowhere_in_the_clear(
    clerk: Clerk, kiosks: Callable[[], Caller], store: StoreProcess
) -> None:
    patron, number, kiosk, other = clerk.enrol()["patron"], "90020199915", kiosks(), kiosks()
    clerk.done("passes/add", patron=patron, card={"number": number, "kind": "national_number"})
    assert shown_at(kiosk, number) == "pin_needed"
    clerk.done("pins/set", patron=patron, pin="73519")
    assert shown_at(kiosk, number, pin="73519") == "identified"
    for _ in range(5):
        assert shown_at(other, number, pin="11111") in ("pin_wrong", "pin_locked")
    assert shown_at(other, number, pin="73519") == "pin_locked"
    told = "SELECT COUNT(*) FROM feed WHERE kind = 'patron' AND ref = ?"
    ((before,),) = store.rows(told, patron)
    clerk.done("pins/unlock", patron=patron)
    assert store.rows(told, patron) == [(before + 1,)]
    assert shown_at(other, number, pin="73519") == "identified"
    clerk.done("pins/reset", patron=patron)
    assert shown_at(kiosk, number, pin="73519") in ("pin_wrong", "pin_needed")
    assert "73519" not in store.log_file.read_text("utf-8")
    for table in ("pin", "staff_answer", "audit"):
        assert "73519" not in str(store.rows(f"SELECT * FROM {table}"))


@pytest.mark.parametrize("pin", ["123", "12a4", "", "1234567890123", "１２３４"])
def test_p6_a_pin_is_four_to_twelve_digits(clerk: Clerk, pin: str) -> None:
    status, said = clerk.tell("pins/set", patron=clerk.enrol()["patron"], pin=pin)
    assert (status, said["type"]) == (422, "/problems/invalid")
    assert not pin or pin not in said["detail"]


def with_account(clerk: Clerk) -> str:
    """Somebody with a new login account."""
    asked = application(years_ago(40), {"email": "iemand@example.org"}) | {"account": True}
    return str(clerk.done("patrons/enrol", **asked)["patron"])


def test_k14_an_activation_lives_for_a_day_and_is_then_made_anew(clerk: Clerk, store: StoreProcess) -> None:
    patron = with_account(clerk)
    first = clerk.done("accounts/letter", patron=patron)
    lives = datetime.fromisoformat(first["until"]) - datetime.fromisoformat(made_at(clerk, patron))
    assert lives.total_seconds() == 24 * 3600
    assert first["activation"] not in str(store.rows("SELECT * FROM login_account"))
    store.change("UPDATE login_account SET activation_until = '2026-01-01T00:00:00' WHERE patron = ?", patron)
    assert clerk.denied("accounts/letter", patron=patron) == "K14 activation_over"
    clerk.done("accounts/generate", patron=patron)
    again = clerk.done("accounts/letter", patron=patron)
    assert again["user_name"] != first["user_name"]
    assert again["activation"] != first["activation"]


def made_at(clerk: Clerk, patron: str) -> str:
    """When the account was made."""
    return str(clerk.look(patron)["accounts"][0]["made_at"])


def test_g9_an_existing_account_is_linked_before_the_first_login_in_exactly_its_letters(
    clerk: Clerk, store: StoreProcess
) -> None:
    one, two, three = (clerk.enrol()["patron"] for _ in range(3))
    clerk.done("accounts/link", patron=one, user_name="Anna.Test")
    assert clerk.denied("accounts/link", patron=two, user_name="Anna.Test") == "G9 account_of_another"
    clerk.done("accounts/link", patron=two, user_name="anna.test")
    store.change("UPDATE login_account SET first_login_at = made_at WHERE patron = ?", two)
    assert clerk.denied("accounts/link", patron=two, user_name="annatest") == "G9 logged_in_already"
    assert clerk.denied("accounts/generate", patron=one) == "K14 account_in_use"
    asked = application(years_ago(40)) | {"account": True, "user_name": "Anna.Test"}
    assert clerk.denied("patrons/enrol", **asked) == "G9 account_of_another"
    for blank in ("  ", "Berend ", " Berend"):
        assert clerk.tell("accounts/link", patron=three, user_name=blank)[0] == 422
    clerk.done("accounts/forget", patron=one)
    clerk.done("accounts/link", patron=three, user_name="Anna.Test")
