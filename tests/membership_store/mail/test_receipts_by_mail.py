"""K9: a receipt by mail, from the kiosk's request to a real relay that fails in each phase: once, or said to staff."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from circulation import wire
from circulation.affairs import ReceiptTaken
from circulation.events import Action, MailedReceipt
from circulation.identifiers import EventId, new_event_id
from circulation.mail_address import masked
from circulation.outcomes import Identified, Refused
from devices.ports import Receipt, ReceiptLine
from kiosk.desks.in_background import Workers
from kiosk.desks.mail import StoreMail
from kiosk.desks.store import StoreDesk
from membership_store.answers import IdentityConflict
from membership_store.demo.casting import DEMO_PIN
from membership_store.mail.letter import NoLetter, Waiting, letter
from membership_store.mail.queue import GIVE_UP, send_all
from membership_store.mail.relay import Relay, RelayAddress, RelayDown, Tls
from membership_store.staff.nightly import Night, run
from offline_cache.store_client import StoreClient
from tests.membership_store.counter import Counter
from tests.membership_store.mail.relay import RelayProcess
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess
from tests.membership_store.running import run as run_command
from tests.membership_store.test_certificates import signed

ADDRESS = "ria.plant@biblio.example.nl"
SENDER = "bibliotheek@aaenhunze.example.nl"
LINES = ("Bibliotheek Annen", "", "Oeroeg — één boek", "Terug voor of op wo 12 augustus", "مع السلامة")
SUBJECT = "Je bon van Bibliotheek Annen"


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    one = RelayProcess(tmp_path / "relay")
    yield one
    one.stop()


@pytest.fixture
def anna(counter: Counter, demo: Demo) -> str:
    """Her reference; she has an address, and her library mails receipts."""
    number = demo.passes["anna"]["number"]
    [(patron,)] = counter.rows("SELECT patron FROM pass WHERE number = ? AND consortium = ?", number, DRENTHE)
    give_address(counter, patron, ADDRESS)
    return str(patron)


def give_address(counter: Counter, patron: str, address: str) -> None:
    counter.change("UPDATE person SET email = ? WHERE patron = ? AND consortium = ?", address, patron, DRENTHE)
    counter.change("UPDATE institution SET mail_from = ? WHERE institution = 'aa-en-hunze'", SENDER)
    counter.change("UPDATE network_version SET version = version + 1 WHERE consortium = ?", DRENTHE)


def receipt(demo: Demo, number: int = 1, **changes: Any) -> MailedReceipt:
    return replace(MailedReceipt(new_event_id(number, bytes(10)), demo.shown("anna"), "nl", SUBJECT, LINES), **changes)


def sent(counter: Counter, relay: RelayProcess) -> dict[str, int]:
    with Relay(RelayAddress("127.0.0.1", relay.port, Tls.NONE, patience_s=5)) as line:
        return send_all(counter.database, line, lambda: counter.now)


def queue(counter: Counter) -> list[tuple[Any, ...]]:
    return counter.rows("SELECT state, tries, subject, body FROM receipt_mail ORDER BY event")


# ---- what a kiosk sees


def test_a_kiosk_sees_a_masked_address_and_only_where_mail_can_go(counter: Counter, demo: Demo, anna: str) -> None:
    def greeted() -> str:
        said = counter.desk.identify(counter.kiosk, demo.shown("anna"))
        assert isinstance(said, Identified)
        assert ADDRESS not in repr(said) + wire.dumps(wire.encode_answer(said)).decode()
        return said.mail_to

    assert greeted() == "r•••@b…nl"
    for unusable in ("", "ria.plant", "ria@", "@example.nl", "ria@nl", "ria plant@example.nl", "a@b@c.nl"):
        give_address(counter, anna, unusable)
        assert greeted() == ""
        assert isinstance(counter.desk.mail_receipt(counter.kiosk, receipt(demo)), Refused)
    give_address(counter, anna, ADDRESS)
    counter.change("UPDATE institution SET mail_from = ''")
    counter.change("UPDATE network_version SET version = version + 1")
    assert greeted() == ""


def test_what_is_shown_of_an_address_hides_its_length() -> None:
    assert masked("r@b.nl") == masked("ria.van.der.plant@bibliotheek-annen.co.nl") == "r•••@b…nl"
    assert masked("r\u0007ia@b.nl") == ""


def test_an_older_store_tells_no_address_and_an_older_kiosk_passes_it_over() -> None:
    assert wire.decode_answer({"outcome": "identified", "patron": "p1"}, Identified).mail_to == ""
    told = wire.encode_answer(
        Identified(wire.decode_answer({"outcome": "identified", "patron": "p"}, Identified).patron)
    )
    assert wire.decode_answer(told | {"something_newer": "x"}, Identified) is not None


# ---- the queue


def test_k9_a_receipt_is_mailed_once_however_often_it_is_told(
    counter: Counter, demo: Demo, anna: str, relay: RelayProcess
) -> None:
    one = receipt(demo)
    assert [counter.desk.mail_receipt(counter.kiosk, one) for _ in range(3)] == [ReceiptTaken(one.id)] * 3
    assert sent(counter, relay) == {"sent": 1, "later": 0, "failed": 0}
    assert counter.desk.mail_receipt(counter.kiosk, one) == ReceiptTaken(one.id)
    assert sent(counter, relay)["sent"] == 0
    [found] = relay.letters()
    assert found.get_content().splitlines() == list(LINES)
    assert (found["To"], found["Subject"], found["Content-Language"]) == (ADDRESS, SUBJECT, "nl")
    assert SENDER in found["From"]
    assert found["Message-ID"] == f"<{one.id}@aaenhunze.example.nl>"
    assert demo.passes["anna"]["number"] not in found.as_string()
    assert queue(counter) == [("sent", 1, "", "")]


def test_k9_it_is_told_again_after_its_patron_left_and_p6_no_other_is_taken_then(counter: Counter, demo: Demo) -> None:
    shown, number = demo.shown("pin"), demo.passes["pin"]["number"]
    [(patron,)] = counter.rows("SELECT patron FROM pass WHERE number = ? AND consortium = ?", number, DRENTHE)
    give_address(counter, patron, ADDRESS)
    one, other = receipt(demo, presented=shown), receipt(demo, 2, presented=shown)
    assert isinstance(counter.desk.identify(counter.kiosk, shown, DEMO_PIN), Identified)
    assert counter.desk.mail_receipt(counter.kiosk, one) == ReceiptTaken(one.id)
    counter.tell(counter.act(Action.END_VISIT, shown))
    assert counter.desk.mail_receipt(counter.kiosk, one) == ReceiptTaken(one.id)  # its first answer was lost
    refused = counter.desk.mail_receipt(counter.kiosk, other)
    assert isinstance(refused, Refused)
    assert refused.rule == "P6"
    with pytest.raises(IdentityConflict):
        counter.desk.mail_receipt(counter.kiosk, replace(one, presented=demo.shown("anna")))


def test_another_receipt_under_the_same_event_is_an_alarm(counter: Counter, demo: Demo, anna: str) -> None:
    counter.desk.mail_receipt(counter.kiosk, receipt(demo))
    with pytest.raises(IdentityConflict):
        counter.desk.mail_receipt(counter.kiosk, receipt(demo, lines=("something else",)))


@pytest.mark.parametrize(
    "how",
    ["connect 554", "connect drop", "ehlo drop", "mail 451", "mail 550", "rcpt 450", "data 451", "data drop",
     "end 451", "end drop"],
)  # fmt: skip
def test_what_fails_for_now_is_sent_later_by_a_pause_that_grows(
    counter: Counter, demo: Demo, anna: str, relay: RelayProcess, how: str
) -> None:
    counter.desk.mail_receipt(counter.kiosk, receipt(demo))
    relay.fails(how)
    for pause in (1, 5, 15):
        if how.startswith(("connect", "ehlo")):
            with pytest.raises(RelayDown):
                sent(counter, relay)
        else:
            assert sent(counter, relay)["later"] == 1
        counter.now += timedelta(minutes=pause, seconds=-1)
        assert sent(counter, relay) == {"sent": 0, "later": 0, "failed": 0}
        counter.now += timedelta(seconds=1)
    relay.fails("")
    assert sent(counter, relay)["sent"] == 1
    assert len(relay.letters()) == 1
    assert counter.rows("SELECT reason FROM staff_flag WHERE rule = 'K9'") == []


def test_what_was_taken_while_its_answer_was_lost_comes_again_under_the_same_message_id(
    counter: Counter, demo: Demo, anna: str, relay: RelayProcess
) -> None:
    counter.desk.mail_receipt(counter.kiosk, receipt(demo))
    relay.fails("taken drop")
    assert sent(counter, relay)["later"] == 1
    relay.fails("")
    counter.now += timedelta(minutes=1)
    assert sent(counter, relay)["sent"] == 1
    first, again = relay.letters()
    assert first["Message-ID"] == again["Message-ID"]


@pytest.mark.parametrize("how", ["rcpt 550", "data 554", "end 554"])
def test_what_will_never_be_taken_is_on_the_list_of_staff_without_its_text_and_the_next_letter_goes(
    counter: Counter, demo: Demo, anna: str, relay: RelayProcess, how: str
) -> None:
    one = receipt(demo)
    counter.desk.mail_receipt(counter.kiosk, one)
    relay.fails(how)
    assert sent(counter, relay) == {"sent": 0, "later": 0, "failed": 1}
    assert queue(counter) == [("failed", 1, "", "")]
    flags = counter.rows("SELECT rule, reason, event, shown_pass, shown_item FROM staff_flag WHERE rule = 'K9'")
    assert flags == [("K9", "address_refuses_mail", one.id, demo.passes["anna"]["number"], None)]
    relay.fails("")
    counter.desk.mail_receipt(counter.kiosk, receipt(demo, 2))
    assert sent(counter, relay)["sent"] == 1


def test_a_relay_that_is_away_for_two_days_ends_it_with_a_word_to_staff(
    counter: Counter, demo: Demo, anna: str, relay: RelayProcess
) -> None:
    counter.desk.mail_receipt(counter.kiosk, receipt(demo))
    relay.fails("connect drop")
    counter.now += GIVE_UP + timedelta(seconds=1)
    assert sent(counter, relay)["failed"] == 1
    assert queue(counter) == [("failed", 1, "", "")]
    flags = counter.rows("SELECT reason, shown_pass FROM staff_flag WHERE rule = 'K9'")
    assert flags == [("receipt_not_mailed", None)]


def test_an_address_that_became_unusable_meanwhile_is_told_and_breaks_nothing(
    counter: Counter, demo: Demo, anna: str, relay: RelayProcess
) -> None:
    for number, address in enumerate(("geen adres", "a@[b.nl"), 1):
        give_address(counter, anna, ADDRESS)
        counter.desk.mail_receipt(counter.kiosk, receipt(demo, number))
        give_address(counter, anna, address)
        assert sent(counter, relay)["failed"] == 1
        assert len(counter.rows("SELECT 1 FROM staff_flag WHERE reason = 'address_refuses_mail'")) == number


def test_the_night_forgets_it_after_a_week(counter: Counter, demo: Demo, anna: str) -> None:
    counter.desk.mail_receipt(counter.kiosk, receipt(demo))
    counter.now += timedelta(days=7, minutes=1)
    night = Night(counter.database, DRENTHE, counter.now, lambda: "x", lambda _: None)
    assert run(night)["mailed receipts forgotten"] == 1
    assert queue(counter) == []


# ---- the letter


def a_letter(**changes: Any) -> Waiting:
    stands = Waiting(
        DRENTHE, "k", "e", "9401", "p", "nl", SUBJECT, "x", 0, "", "", SENDER, "Bibliotheek Aa en Hunze", ADDRESS
    )
    return replace(stands, **changes)


@pytest.mark.parametrize("text", ["x\r\nBcc: all@example.org", "x\nBcc: all@example.org", "x\r\n\r\nbody"])
def test_no_text_can_add_a_header(text: str) -> None:
    for changes in ({"subject": text}, {"sender_name": text}):
        found = letter(a_letter(**changes), datetime.now(UTC))
        assert "Bcc" not in found
        assert found.get_content() == "x\n"
    with pytest.raises(NoLetter):
        letter(a_letter(to=f"a@b.nl{text}"), datetime.now(UTC))


@pytest.mark.parametrize("to", ["a,b@c.nl", "<a@b.nl>", "ë@b.nl", "a@b..nl", '"a"@b.nl, c@d.nl', "", "a@[b.nl"])
def test_an_address_that_is_none_or_two_is_no_letter(to: str) -> None:
    with pytest.raises(NoLetter):
        letter(a_letter(to=to), datetime.now(UTC))


@given(st.text(alphabet="ab.@[]()<>:;,\\\"'=?% \r\n\x00é\u200b", max_size=12), st.sampled_from(["to", "sender"]))
@settings(max_examples=2000, deadline=None)
@example("a@[b.nl", "to")
@example("a@[b.nl", "sender")
def test_k9_no_address_breaks_the_sending(text: str, whose: str) -> None:
    for address in (text, f"a@{text}", f"a@{text}.nl"):
        with suppress(NoLetter):
            letter(a_letter(**{whose: address}), datetime.now(UTC))


def test_a_domain_of_other_letters_is_written_as_every_relay_reads_it() -> None:
    assert letter(a_letter(to="a@bücher.example"), datetime.now(UTC))["To"] == "a@xn--bcher-kva.example"


# ---- over HTTP, and as a command


def test_over_http_it_is_taken_once_and_what_is_too_much_is_refused(kiosk: Caller, demo: Demo) -> None:
    body = wire.encode(receipt(demo))
    status, said = kiosk.post("/v1/receipts", body)
    assert (status, json.loads(said)["outcome"]) == (200, "refused")  # this library mails none
    wrongs: list[dict[str, object]] = [
        {"lines": []},
        {"lines": ["x"] * 601},
        {"lines": ["x" * 501]},
        {"lines": ["a\nb"]},
        {"subject": "a\r\nBcc: x@y.nl"},
        {"subject": ""},
        {"subject": "x" * 151},
        {"language": "nl-BE; x"},
        {"id": EventId("x")},
        {"to": "somebody@example.org"},
    ]
    for wrong in wrongs:
        assert kiosk.post("/v1/receipts", body | wrong)[0] == 422, wrong
    assert kiosk.post("/v1/receipts", b"x" * 70_000)[0] in (400, 413)


def test_the_command_sends_over_tls_and_says_when_the_relay_is_away(
    counter: Counter, demo: Demo, anna: str, tmp_path: Path, address: Any
) -> None:
    signed(tmp_path, "authority")
    certificate, key, _ = signed(tmp_path, "server", "authority")
    relay = RelayProcess(tmp_path / "relay", certificate, key)
    counter.desk.mail_receipt(counter.kiosk, receipt(demo))
    where = ("--database", str(address), "--relay", f"localhost:{relay.port}")
    refused = run_command("mail-send", *where, "--user", "x")
    assert (refused.returncode, "--password-file" in refused.stderr) == (2, True)
    assert run_command("mail-send", *where).returncode == 1  # nobody vouches for it
    counter.change("UPDATE receipt_mail SET next_at = asked_at")
    done = run_command("mail-send", *where, "--relay-ca", tmp_path / "authority.pem", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [{"sent": 1, "later": 0, "failed": 0}])
    assert len(relay.letters()) == 1
    relay.stop()
    counter.desk.mail_receipt(counter.kiosk, receipt(demo, 2))
    away = run_command("mail-send", *where)
    assert (away.returncode, ADDRESS in away.stderr) == (1, False)


def test_a_receipt_of_a_real_kiosk_reaches_the_mailbox(
    kiosk: Caller, demo: Demo, store: StoreProcess, relay: RelayProcess
) -> None:
    store.change("UPDATE institution SET mail_from = ? WHERE institution = 'aa-en-hunze'", SENDER)
    store.change("UPDATE network_version SET version = version + 1 WHERE consortium = ?", DRENTHE)
    who = "SELECT patron FROM pass WHERE number = ? AND consortium = ?"
    [(patron,)] = store.rows(who, demo.passes["anna"]["number"], DRENTHE)
    store.change("UPDATE person SET email = ? WHERE patron = ? AND consortium = ?", ADDRESS, patron, DRENTHE)
    workers = Workers()
    try:
        line = StoreClient(kiosk.url, kiosk.token)
        assert StoreDesk(line).identify(demo.shown("anna"), 5).mail_to == "r•••@b…nl"  # type: ignore[union-attr]
        event = new_event_id(9, bytes(10))
        post = StoreMail(line, workers, lambda: event, lambda _: SUBJECT)
        paper = Receipt(tuple(ReceiptLine(one) for one in LINES))
        assert asyncio.run(post.send(demo.shown("anna"), "nl", paper))
        assert asyncio.run(post.send(demo.shown("anna"), "nl", paper))
    finally:
        workers.close()
    relay_at = ("--relay", f"127.0.0.1:{relay.port}", "--tls", "none")
    done = run_command("mail-send", "--database", str(store.database), *relay_at)
    assert done.returncode == 0, done.stderr
    [found] = relay.letters()
    assert (found["Subject"], found.get_content().splitlines()) == (SUBJECT, list(LINES))
    assert ADDRESS not in store.log_file.read_text("utf-8") + done.stderr
