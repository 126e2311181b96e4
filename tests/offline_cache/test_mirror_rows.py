"""A body of the mirror reads as the generic reader would read it, and takes in nothing that names anybody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation import wire
from circulation.identifiers import (
    BranchCode,
    ChipUid,
    InstitutionCode,
    Isil,
    ItemBarcode,
    PassNumber,
    PatronRef,
    SubscriptionCode,
    isil,
)
from circulation.masking import masked_item, masked_patron
from circulation.model import Fee, FeeKind, FeeStatus, Hold, Item, Loan, Membership, Message, Pass, Patron
from circulation.presented import ReceiptChoice
from offline_cache.mirror_rows import BadRow, item_body, network_body, patron_body, read_item, read_network, read_patron
from tests.circulation import worlds
from tests.offline_cache.model_store import KEY, network
from tests.offline_cache.model_store import patron as made_patron

codes = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z_\-]{0,9}", fullmatch=True)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
places, refs = codes.map(InstitutionCode), codes.map(PatronRef)
barcodes = st.from_regex(r"[0-9A-Z]{1,14}", fullmatch=True).map(ItemBarcode)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30)
passes = st.builds(
    Pass,
    number=st.from_regex(r"[0-9A-Z]{1,14}", fullmatch=True).map(PassNumber),
    institutions=st.frozensets(places, max_size=2),
    chips=st.frozensets(st.from_regex(r"[0-9A-F]{14}", fullmatch=True).map(ChipUid), max_size=2),
    status=..., unique=..., document_number=..., eid=..., kind=..., follow_on=...,
    locked_until=st.none() | st.datetimes(timezones=st.just(UTC)),
)  # fmt: skip
memberships = st.builds(
    Membership,
    institution=places,
    subscription=codes.map(SubscriptionCode),
    starts=days,
    ends=days,
    strips_left=st.none() | st.integers(-3, 200),
    verified=st.none() | days,
    status=..., confirmed=..., paid=...,
)  # fmt: skip
loans = st.builds(
    Loan, item=barcodes, patron=refs, branch=codes.map(BranchCode), lent=days, due=days, renewals=st.integers(0, 9),
    internal=...,
)  # fmt: skip
holds = st.builds(Hold, patron=refs, on_shelf=..., branch=st.none() | codes.map(BranchCode), shelf=texts)
fees = st.builds(
    Fee, ref=codes, cents=st.integers(-9999, 9999), institution=places, since=st.none() | days, status=..., kind=...
)
patrons = st.builds(
    Patron,
    ref=refs,
    type=...,
    language=codes,
    receipt=...,
    first_name=texts,
    home=st.none() | st.sampled_from([Isil("NL-070288"), Isil("BE-X")]),
    main_library=st.none() | places,
    memberships=st.lists(memberships, max_size=3).map(tuple),
    passes=st.lists(passes, max_size=3).map(tuple),
    fees=st.lists(fees, max_size=3).map(tuple),
    messages=st.lists(st.builds(Message, text=texts, for_patron=..., acknowledge=...), max_size=2).map(tuple),
    loans=st.lists(loans, max_size=3).map(tuple),
    home_known=..., pin_required=..., emailed=..., keeps_history=..., tells_borrowed_before=...,
)  # fmt: skip
patrons = patrons.map(lambda one: replace(one, loans=tuple(replace(loan, patron=one.ref) for loan in one.loans)))
items = st.builds(
    Item,
    barcode=barcodes,
    title=texts,
    institution=places,
    branch=codes.map(BranchCode),
    loan=st.none() | loans,
    hold=st.none() | holds,
    wanted_by=st.lists(holds, max_size=2).map(tuple),
    status=..., interlibrary=...,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def masks_are_codes() -> Any:
    """Lets the generic reader take masks for numbers, UIDs and barcodes; all else it reads as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "_PARSERS", {Isil: isil})
        yield


@given(patrons)
def test_a_patron_reads_as_the_generic_reader_reads(clear: Patron) -> None:
    masked = masked_patron(KEY.key, clear)
    lean = wire.dumps(wire.encode_lean(masked))
    body, shown = patron_body(masked.ref, lean)
    assert read_patron(body) == wire.decode(Patron, wire.loads(lean, 10**6)) == masked
    masks = {one.number for one in masked.passes} | {uid for one in masked.passes for uid in one.chips}
    assert shown.hex() == "".join(sorted(masks))


@given(items)
def test_an_item_reads_as_the_generic_reader_reads(clear: Item) -> None:
    masked = masked_item(KEY.key, clear)
    lean = wire.dumps(wire.encode_lean(masked))
    assert read_item(item_body(masked.barcode, lean)) == wire.decode(Item, wire.loads(lean, 10**6)) == masked


@given(patrons)
def test_a_patron_who_is_not_masked_is_not_taken_in(clear: Patron) -> None:
    with pytest.raises(BadRow, match=r"row"):
        patron_body(clear.ref, wire.dumps(wire.encode_lean(clear)))


@pytest.mark.parametrize(
    "more",
    [
        {"first_name": "Anna"},
        {"messages": [{"text": "Anna heeft gebeld"}]},
        {"passes": [{"number": "20000000000014"}]},
        {"passes": [{"number": "0" * 32, "chips": ["04A1B2C3D4E5F6"]}]},
        {"loans": [{"item": "B1", "patron": "0" * 32, "branch": "1", "lent": "2026-01-01", "due": "2026-01-02"}]},
        {"loans": [{"item": "0" * 32, "patron": "1" * 32, "branch": "1", "lent": "2026-01-01", "due": "2026-01-02"}]},
        {"fees": [{"ref": "12", "cents": 1, "institution": "a"}]},
        {"passes": [{"number": "0" * 16}, {"number": "0" * 48}]},
        {"passes": [{"number": "0" * 30 + "  "}]},
        {"type": "nobody knows"},
        {"memberships": "none"},
    ],
)
def test_what_a_row_must_not_say_keeps_it_out_and_is_not_repeated(more: dict[str, Any]) -> None:
    with pytest.raises(BadRow) as told:
        patron_body("0" * 32, wire.dumps({"ref": "0" * 32, "type": "00", **more}))
    assert not re.search(r"Anna|2000|04A1|nobody", str(told.value))


def test_what_a_newer_store_says_is_read_as_an_answer_would_be() -> None:
    fee = {"ref": "0" * 32, "cents": 100, "institution": "a", "kind": "a_new_kind", "status": "a_new_status"}
    row = {"ref": "0" * 32, "type": "00", "fees": [fee], "receipt": "by_pigeon", "a_new_field": 1}
    patron = read_patron(patron_body("0" * 32, wire.dumps(row))[0])
    assert (patron.fees[0].kind, patron.fees[0].status) == (FeeKind.OTHER, FeeStatus.DIRECT_DEBIT)
    assert patron.receipt is ReceiptChoice.ASK


def test_the_network_is_the_stores_without_a_date() -> None:
    here = worlds.here()
    plain = wire.encode(here)
    del plain["today"]
    plain["institutions"] = wire.encode(tuple(here.institutions.values()))
    found = read_network(network_body(wire.dumps(plain), "Europe/Brussels", b'{"9402":"Gieten"}'))
    assert (found.here.branch, found.here.institutions, found.here.links) == (
        here.branch,
        here.institutions,
        here.links,
    )
    assert (found.here.policy, found.here.catalogue) == (here.policy, here.catalogue)
    assert found.zone.key == "Europe/Brussels"
    assert found.branches == {"9402": "Gieten"}


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd"])
def test_a_network_in_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadRow):
        network_body(msgspec.json.encode(network()["here"]), zone, b"{}")


@pytest.mark.parametrize("branches", [b"", b"[]", b'{"9402":7}', b'{"9402":'])
def test_a_network_whose_branches_have_no_names_is_refused(branches: bytes) -> None:
    with pytest.raises(BadRow):
        network_body(msgspec.json.encode(network()["here"]), "Europe/Brussels", branches)


@pytest.mark.parametrize("until", ["2026-07-15T10:15:00", "soon", 7])
def test_a_lock_until_an_instant_of_nowhere_is_refused(until: object) -> None:
    row = made_patron("anna", ("20000000000014",))
    row["passes"][0]["locked_until"] = until
    with pytest.raises(BadRow):
        patron_body(row["ref"], wire.dumps(row))
