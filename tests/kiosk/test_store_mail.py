"""A kiosk gives a receipt to the store over real sockets: what each answer means, and that it is one letter."""

import asyncio
from collections.abc import Iterator
from queue import Queue

import pytest

from circulation import wire
from circulation.affairs import ReceiptTaken
from circulation.events import MailedReceipt
from circulation.identifiers import EventId
from circulation.outcomes import NextStep, Reason, Refused
from devices.ports import Receipt, ReceiptLine
from kiosk.desks.in_background import Workers
from kiosk.desks.mail import StoreMail
from offline_cache.store_client import StoreClient
from tests.offline_cache.journals import SHOWN, ids
from tests.offline_cache.raw_server import LONG_S, RawServer, Script, answering, head_and_body

EVENT = EventId(ids()())
PAPER = Receipt(tuple(ReceiptLine(one) for one in ("Bibliotheek Annen", "", "Oeroeg\u0007", "Terug voor of op wo")))
TAKEN = wire.dumps(wire.encode_answer(ReceiptTaken(EVENT)))
NO = wire.dumps(wire.encode_answer(Refused(Reason.OTHER, "K9", NextStep.DESK)))


@pytest.fixture
def workers() -> Iterator[Workers]:
    one = Workers()
    yield one
    one.close()


def sent(workers: Workers, script: Script) -> bool:
    with RawServer(script) as server:
        mail = StoreMail(
            StoreClient(server.url, "token"), workers, lambda: EVENT, lambda language: f"Bon in {language}"
        )
        return asyncio.run(mail.send(SHOWN, "fy", PAPER))


def test_the_store_takes_the_text_in_the_language_that_was_shown_and_no_address(workers: Workers) -> None:
    seen: Queue[bytes] = Queue()
    assert sent(workers, answering(TAKEN, seen=seen))
    head, body = head_and_body(seen.get(timeout=LONG_S))
    assert head.startswith(b"POST /v1/receipts ")
    assert b"idempotency-key: " + EVENT.encode() in head.lower()
    lines = ("Bibliotheek Annen", "", "Oeroeg ", "Terug voor of op wo")
    assert wire.decode_receipt(wire.loads(body)) == MailedReceipt(EVENT, SHOWN, "fy", "Bon in fy", lines)


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_event(workers: Workers) -> None:
    seen: Queue[bytes] = Queue()
    calls = iter([None, answering(TAKEN, seen=seen)])

    def script(call: object) -> None:
        found = next(calls)
        if found is not None:
            found(call)  # type: ignore[arg-type]

    assert sent(workers, script)
    _, body = head_and_body(seen.get(timeout=LONG_S))
    assert wire.decode_receipt(wire.loads(body)).id == EVENT


@pytest.mark.parametrize(
    "answer",
    [
        NO,
        b"<html>login</html>",
        wire.dumps(wire.encode_answer(ReceiptTaken(EventId("00000000-0001-7000-8000-000000000009")))),
    ],
)
def test_any_other_answer_is_no_letter(workers: Workers, answer: bytes) -> None:
    assert not sent(workers, answering(answer))


def test_an_older_store_that_knows_no_receipts_takes_none(workers: Workers) -> None:
    assert not sent(workers, answering(TAKEN, status="404 Not Found"))


def test_a_store_that_says_nothing_is_not_waited_for(workers: Workers) -> None:
    assert not sent(workers, lambda _: None)
