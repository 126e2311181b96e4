"""The membership store over real sockets: what each of its answers means, and what no answer can make happen."""

from datetime import date
from queue import Queue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation import wire
from circulation.affairs import Account, BranchLoans, CheckedIn, LoanLine, Renewed, RenewedAll, Route
from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, Event, Kind
from circulation.identifiers import BranchCode, EventId, ItemBarcode, PatronRef
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from kiosk.desks.store import StoreDesk
from offline_cache.journal_entry import Answer
from offline_cache.store_client import StoreClient
from tests.offline_cache.journals import AT, BOOK, KIOSK, REFUSED, SHOWN, ids, lent
from tests.offline_cache.raw_server import LONG_S, Call, RawServer, Script, answering, head_and_body

EVENT = Event(ids()(), KIOSK, 7, Kind.REQUEST, Action.CHECK_OUT, SHOWN, BOOK, AT)


def desk(server: RawServer) -> StoreDesk:
    return StoreDesk(StoreClient(server.url, "token"))


def said(answer: "Answer | Account | Identified") -> bytes:
    """An answer as the store sends it."""
    return wire.dumps(wire.encode_answer(answer))


def deliver(script: Script, event: Event = EVENT) -> Answer:
    with RawServer(script) as server:
        return desk(server).deliver(event, LONG_S)


@pytest.mark.parametrize("answer", [lent(), REFUSED, Voided(EVENT.id)])
def test_the_store_s_answer_to_an_event_is_given(answer: CheckedOut | Refused | Voided) -> None:
    assert deliver(answering(said(answer))) == answer


@pytest.mark.parametrize(
    ("kind", "path"),
    [(Kind.REQUEST, b"/v1/checkouts"), (Kind.FACT, b"/v1/checkouts"), (Kind.VOID, b"/v1/voids")],
)
def test_an_event_travels_by_its_kind_with_its_id_as_key(kind: Kind, path: bytes) -> None:
    seen: Queue[bytes] = Queue()
    deliver(answering(said(lent()), seen=seen), EVENT.as_kind(kind))
    head, body = head_and_body(seen.get(timeout=LONG_S))
    assert head.startswith(b"POST " + path + b" ")
    assert b"idempotency-key: " + EVENT.id.encode() in head.lower()
    assert wire.decode_event(wire.loads(body)) == EVENT.as_kind(kind)


@pytest.mark.parametrize("kind", [Kind.REQUEST, Kind.FACT])
def test_a_return_travels_as_one_and_its_answer_is_about_its_item(kind: Kind) -> None:
    brought = Event(EVENT.id, KIOSK, 7, kind, Action.CHECK_IN, None, BOOK, AT)
    seen: Queue[bytes] = Queue()
    taken = CheckedIn(BOOK, "Oeroeg", Route.SHELF)
    assert deliver(answering(said(taken), seen=seen), brought) == taken
    head, _ = head_and_body(seen.get(timeout=LONG_S))
    assert head.startswith(b"POST /v1/checkins ")
    with pytest.raises(DeskFault):
        deliver(answering(said(CheckedIn(ItemBarcode("30000000000999"), "x"))), brought)


DAY = date(2026, 8, 26)


@pytest.mark.parametrize(
    ("action", "item", "answer"),
    [
        (Action.RENEW, BOOK, Renewed(BOOK, "Oeroeg", DAY, 1)),
        (Action.RENEW, BOOK, REFUSED),
        (Action.RENEW_ALL, None, RenewedAll((Renewed(BOOK, "Oeroeg", DAY),))),
    ],
)
def test_a_renewal_travels_as_one_and_is_answered_as_one(
    action: Action, item: ItemBarcode | None, answer: Renewed | RenewedAll | Refused
) -> None:
    wanted = Event(EVENT.id, KIOSK, 7, Kind.REQUEST, action, SHOWN, item, AT)
    seen: Queue[bytes] = Queue()
    assert deliver(answering(said(answer), seen=seen), wanted) == answer
    head, body = head_and_body(seen.get(timeout=LONG_S))
    assert head.startswith(b"POST /v1/renewals ")
    assert wire.decode_event(wire.loads(body)) == wanted


@pytest.mark.parametrize("action", [Action.RENEW, Action.RENEW_ALL])
@pytest.mark.parametrize("answer", [lent(), CheckedIn(BOOK, "x"), Renewed(ItemBarcode("30000000000999"), "x", DAY)])
def test_an_answer_to_something_else_is_no_renewal(action: Action, answer: Answer) -> None:
    item = BOOK if action is Action.RENEW else None
    with pytest.raises(DeskFault):
        deliver(answering(said(answer)), Event(EVENT.id, KIOSK, 7, Kind.REQUEST, action, SHOWN, item, AT))


ACCOUNT = Account(
    PatronRef("anna"), (BranchLoans(BranchCode("3550"), "Zottegem", (LoanLine(BOOK, "Oeroeg", DAY, renewals=1),)),)
)


@pytest.mark.parametrize("answer", [ACCOUNT, REFUSED])
def test_the_store_says_what_is_theirs(answer: Account | Refused) -> None:
    seen: Queue[bytes] = Queue()
    with RawServer(answering(said(answer), seen=seen)) as server:
        assert desk(server).account(SHOWN, LONG_S) == answer
    head, _ = head_and_body(seen.get(timeout=LONG_S))
    assert head.startswith(b"POST /v1/account ")


@pytest.mark.parametrize("answer", [Identified(PatronRef("anna"), may_borrow=3), REFUSED])
def test_the_store_says_who_it_is(answer: Identified | Refused) -> None:
    with RawServer(answering(said(answer))) as server:
        assert desk(server).identify(SHOWN, LONG_S) == answer


def test_an_answer_may_be_larger_than_any_request() -> None:
    more = said(lent())[:-1] + b',"later":"' + b"x" * 2 * wire.MAX_BYTES + b'"}'
    assert deliver(answering(more)) == lent()


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "429 Too Many Requests"])
def test_who_may_not_ask_has_not_been_heard(status: str) -> None:
    with pytest.raises(DeskUnreachable) as caught:
        deliver(answering(b"{}", status))
    assert caught.value.sent is False


@pytest.mark.parametrize(
    "status",
    ["302 Found", "404 Not Found", "500 Internal Server Error", "502 Bad Gateway", "503 Unavailable", "204 None"],
)
def test_a_status_that_says_nothing_of_the_event_leaves_it_open(status: str) -> None:
    with pytest.raises(DeskUnreachable) as caught:
        deliver(answering(b"", status, b"Location: http://127.0.0.1:1/\r\n"))
    assert caught.value.sent is True


@pytest.mark.parametrize("status", ["400 Bad Request", "413 Too Large", "415 Unsupported", "422 Unprocessable"])
def test_an_event_that_the_store_cannot_take_is_for_staff(status: str) -> None:
    with pytest.raises(DeskFault) as caught:
        deliver(answering(b"{}", status))
    assert caught.value.settled is True


def test_a_gap_names_the_number_that_is_expected() -> None:
    with pytest.raises(DeskFault) as caught:
        deliver(answering(b'{"type":"/problems/sequence-gap","expected_seq":3}', "409 Conflict"))
    assert (caught.value.expected_seq, caught.value.settled) == (3, False)


@pytest.mark.parametrize(
    "body", [b"{}", b"no json", b'{"expected_seq":"3"}', b'{"expected_seq":true}', b'{"expected_seq":0}', b"[3]"]
)
def test_any_other_conflict_is_one_of_identity_and_for_staff(body: bytes) -> None:
    with pytest.raises(DeskFault) as caught:
        deliver(answering(body, "409 Conflict"))
    assert (caught.value.expected_seq, caught.value.settled) == (None, True)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Welcome to the free network</html>",
        b"",
        b"[]",
        b'{"outcome":"checked_out"}',
        said(Identified(PatronRef("anna"))),
        said(lent(ItemBarcode("30000000000099"))),
        said(Voided(ids(99)())),
        said(lent()).replace(b'"open_loans":1', b'"open_loans":"1"'),
        said(lent()).replace(b"2026-08-05", b"2026-02-30"),
        said(lent())[:-1],
    ],
    ids=lambda body: f"{len(body)} bytes",  # an EventId in a name would be another one in every run
)
def test_an_answer_that_cannot_be_believed_is_a_fault_without_its_content(body: bytes) -> None:
    with pytest.raises(DeskFault) as caught:
        deliver(answering(body))
    assert (caught.value.settled, caught.value.expected_seq) == (False, None)
    for value in ("free network", "30000000000099", "vloek"):
        assert value not in str(caught.value)


@pytest.mark.parametrize("status", ["401 Unauthorized", "503 Unavailable", "302 Found", "409 Conflict"])
def test_without_a_proper_answer_nobody_is_identified(status: str) -> None:
    with RawServer(answering(b"{}", status)) as server, pytest.raises(DeskUnreachable):
        desk(server).identify(SHOWN, LONG_S)


def test_a_line_that_breaks_after_the_request_leaves_it_open() -> None:
    def script(call: Call) -> None:
        call.request()

    with pytest.raises(DeskUnreachable) as caught:
        deliver(script)
    assert caught.value.sent is True


@pytest.mark.parametrize(
    ("body", "status", "well"),
    [
        (b'{"status":"ok"}', "200 OK", True),
        (b"<html>Log in to the network</html>", "200 OK", False),
        (b'{"status":"starting"}', "200 OK", False),
        (b'{"status":"ok"}', "503 Unavailable", False),
    ],
)
def test_the_store_is_there_when_it_says_itself_that_it_is_well(body: bytes, status: str, well: bool) -> None:
    with RawServer(answering(body, status)) as server:
        assert desk(server).is_reachable(LONG_S) is well


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
CHANGED = st.builds(
    lambda answer, name, value: wire.dumps({**wire.encode_answer(answer), name: value}),
    st.sampled_from([lent(), REFUSED, Voided(EVENT.id)]),
    st.sampled_from(["outcome", "item", "title", "due", "open_loans", "may_borrow", "reason", "rule", "values", "x"]),
    JSON,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=CHANGED | JSON.map(wire.dumps) | st.binary(max_size=60), status=st.sampled_from([200, 200, 200, 409, 400]))
def test_whatever_the_store_says_is_an_answer_or_a_fault(body: bytes, status: int) -> None:
    try:
        answer = deliver(answering(body, f"{status} X"))
    except (DeskFault, DeskUnreachable):
        return
    assert isinstance(answer, CheckedOut | Refused | Voided)
    assert not isinstance(answer, CheckedOut) or answer.item == BOOK
    assert not isinstance(answer, Voided) or answer.event == EVENT.id
    assert EventId(EVENT.id) == EVENT.id
