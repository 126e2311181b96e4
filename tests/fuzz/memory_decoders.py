"""Every decoder of what the kiosk's memory is given: by its own disk, or by the store over the line."""

from __future__ import annotations

import io
import json
import zlib
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from circulation import wire
from circulation.events import Action, ClockState, Event, Kind, Told
from circulation.identifiers import EventId, ItemBarcode, KioskId, PassNumber
from circulation.outcomes import CheckedOut, NextStep, Reason, Refused, Voided
from circulation.presented import Presented, Source
from offline_cache import daybook, snapshot_file
from offline_cache.journal_entry import answer_bytes, event_bytes, place, read_entry
from offline_cache.journal_faults import JournalFault
from offline_cache.mirror_rows import BadRow, item_body, network_body, patron_body, read_network
from offline_cache.pull import Puller, _Behind
from offline_cache.sealing import Seal
from offline_cache.snapshot_file import SnapshotRefused, read_manifest, row_of
from offline_cache.store_client import LineDown, Response
from tests.fuzz.fuzzing import Decoder, chance_of, json_mended

_AT = datetime(2026, 7, 15, 12, 30, tzinfo=UTC)
_KIOSK = KioskId("annen-1")
_ID = EventId("00000000-0001-7190-bff6-6cbf84b4c1b0")
_SEAL = Seal(bytes(range(32)))
_SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_SHOWN = Presented(Source.CHIP, PassNumber("20000000000014"))
_EVENTS = (
    Event(_ID, _KIOSK, 7, Kind.REQUEST, Action.CHECK_OUT, _SHOWN, ItemBarcode("30000000000012"), _AT),
    Event(_ID, _KIOSK, 8, Kind.FACT, Action.CHECK_IN, None, ItemBarcode("30000000000012"), _AT),
    Event(
        _ID, _KIOSK, 9, Kind.VOID, Action.END_VISIT, _SHOWN, None, _AT, told=Told("boot", 1, ClockState.SYNCHRONISED)
    ),
)
_LOAN = CheckedOut(ItemBarcode("30000000000012"), "De vloek van de Roemenen", date(2026, 8, 5), 1, 9)
_ANSWERS = (
    _LOAN,
    Refused(Reason.ITEM_UNKNOWN, "K7", NextStep.DESK, {"place": "Annen", "day": date(2026, 7, 15), "count": 3}),
    Voided(_ID),
)
_EVENT_BYTES, _ANSWER_BYTES = tuple(map(event_bytes, _EVENTS)), tuple(answer_bytes(one) for one in _ANSWERS)
_ZERO = "0" * 32
_PATRON = {
    "ref": _ZERO,
    "type": "00",
    "passes": [{"number": _ZERO, "chips": [_ZERO]}],
    "loans": [{"item": _ZERO, "patron": _ZERO, "branch": "1", "lent": "2026-01-01", "due": "2026-01-02"}],
    "fees": [{"ref": _ZERO, "cents": 100, "institution": "a", "kind": "fine", "status": "open"}],
    "memberships": [],
    "receipt": "ask",
}
_ITEM = {
    "barcode": _ZERO,
    "title": "Een boek",
    "institution": "a",
    "branch": "1",
    "hold": {"patron": _ZERO, "on_shelf": False},
}
_HERE = {
    "branch": {"code": "1", "institution": "a", "name": "Annen", "region": "n"},
    "institutions": [{"code": "a", "name": "A", "isil": "NL-0800070000"}],
}
_ROWS = (
    {"kind": "patron", "key": _ZERO, "ver": 3, "patron": _PATRON},
    {"kind": "item", "key": _ZERO, "ver": 4, "item": _ITEM},
    {"kind": "network", "key": "", "ver": 1, "here": _HERE, "zone": "Europe/Amsterdam", "branches": {"1": "Annen"}},
    {"kind": "item", "key": _ZERO, "ver": 5, "gone": True},
)
PAGE_OF_CHANGES = {"rows": list(_ROWS), "next": "g1:12", "more": True, "at": "2026-07-15T12:30:00Z", "acked_seq": None}
_MANIFEST = {
    "snapshot": "s-1", "cursor": "g1:12", "generation": "g1", "seq": 12, "made_at": "2026-07-15T12:30:00Z",
    "not_after": "2026-07-22T12:30:00Z", "schema": snapshot_file.SCHEMA, "rows": 4, "blocks": 1, "bytes": 100,
    "sha256": "00" * 32, "key_id": "k",
}  # fmt: skip
_WORDS = (
    b"null",
    b"[" * 1300,
    b'{"a":' * 700,
    b"9" * 30,
    b"9" * 5000,
    b"-1",
    b'"\\ud800"',
    b"1e999",
    b'"patron":',
    b"{}",
)
_CIPHER, _PLACE, _NONCE = AESGCM(bytes(32)), "s-1/0/1", bytes(12)


def _dumped(*values: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(one).encode() for one in values)


def _page_of(seq: int, body: bytes, promised: bytes = b"") -> bytes:
    """A page as `Daybook.put` writes it."""
    lengths = (len(body), len(promised))
    head = bytearray(daybook._HEAD.pack(daybook._MARK, 0, seq, 0, *lengths, _ID.encode()))
    return _checked((bytes(head) + body + promised).ljust(daybook.PAGE, b"\0"))


def _checked(page: bytes) -> bytes:
    """The page with its checksum right."""
    if len(page) < daybook._HEAD.size:
        return page
    _, _, seq, floor, body, promised, event_id = daybook._HEAD.unpack_from(page)
    mark = daybook._MARK
    page = daybook._HEAD.pack(mark, 0, seq, floor, body, promised, event_id) + page[daybook._HEAD.size :]
    end = min(len(page), daybook._HEAD.size + body + promised)
    checksum = zlib.crc32(page[daybook._CHECKED_FROM : end])
    return daybook._HEAD.pack(mark, checksum, seq, floor, body, promised, event_id) + page[daybook._HEAD.size :]


def _page_read(data: bytes) -> None:
    found = daybook._read(data)
    assert found is None or len(found.body) + len(found.promised or b"") <= len(data)


def _event_read(data: bytes) -> None:
    event = wire.decode_event(wire.loads(data))
    assert wire.decode_event(wire.loads(event_bytes(event))) == event


def _answer_read(data: bytes) -> None:
    wire.decode_answer(wire.loads(data, wire.MAX_ANSWER_BYTES), CheckedOut, Refused, Voided)


def _row_unsealed(data: bytes) -> None:
    """A row of the journal: the body as given, and an answer that is one."""
    read_entry(_SEAL, _KIOSK, (7, data, "open", 0, _SEALED_ANSWER, None, ""))


def _row_sealed(data: bytes) -> bytes:
    return _SEAL.close_up(data, place(_KIOSK, 7, "body"))


_SEALED_ANSWER = _SEAL.close_up(_ANSWER_BYTES[0], place(_KIOSK, 7, "outcome"))


def _snapshot_row_read(data: bytes) -> None:
    row = row_of(data)
    if row.kind == "patron" and not row.gone:
        patron_body(row.key, bytes(row.patron))
    elif row.kind == "item" and not row.gone:
        item_body(row.key, bytes(row.item))
    elif row.kind == "network":
        read_network(network_body(bytes(row.here), row.zone, bytes(row.branches)))


def _block_read(data: bytes) -> None:
    plain = snapshot_file._opened(io.BytesIO(data), _CIPHER, _PLACE, first=True)
    snapshot_file._rows(plain)


def _block_of(data: bytes) -> bytes:
    packed = zlib.compress(data) if data[:1] == b"{" or chance_of(data) % 4 else data
    sealed = _CIPHER.encrypt(_NONCE, packed, _PLACE.encode())
    return len(sealed).to_bytes(4, "big") + _NONCE + sealed


def _manifest_read(data: bytes) -> None:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return
    read_manifest(answer, _SIGNER.public_key())


def _manifest_signed(data: bytes) -> bytes:
    try:
        manifest = json.loads(_MANIFEST_ALTERED(data))
        signed = wire.dumps(manifest)
    except (ValueError, RecursionError):
        return data
    return json.dumps({"manifest": manifest, "signature": _SIGNER.sign(signed).hex()}).encode()


_MANIFEST_ALTERED = json_mended(_MANIFEST)


def puller_on(body: bytes) -> Any:
    """One whose store answers that."""
    line = SimpleNamespace(get=lambda *_: Response(200, body))
    clock = SimpleNamespace(told=lambda: Told("boot", 1, ClockState.SYNCHRONISED))
    return SimpleNamespace(_line=line, _clock=clock, _settings=SimpleNamespace(scope="items=group"))


def _changes_read(data: bytes) -> None:
    page = Puller._page(puller_on(data), "g1:11")
    assert page.seq >= 11


DECODERS = (
    Decoder(
        "a page of the daybook",
        tuple(_page_of(7, one, _ANSWER_BYTES[0]) for one in _EVENT_BYTES),
        _page_read,
        mend=_checked,
        largest=daybook.PAGE,
    ),
    Decoder(
        "an event (wire.decode_event)",
        _EVENT_BYTES,
        _event_read,
        (wire.WireError,),
        json_mended(*map(json.loads, _EVENT_BYTES)),
        _WORDS,
        8000,
    ),
    Decoder(
        "an answer (wire.decode_answer)",
        _ANSWER_BYTES,
        _answer_read,
        (wire.WireError,),
        json_mended(*map(json.loads, _ANSWER_BYTES)),
        _WORDS,
        8000,
    ),
    Decoder(
        "a row of the journal (read_entry)", _EVENT_BYTES, _row_unsealed, (JournalFault,), _row_sealed, _WORDS, 8000
    ),
    Decoder(
        "a row of a snapshot (row_of, mirror_rows)",
        _dumped(*_ROWS),
        _snapshot_row_read,
        (BadRow,),
        json_mended(*_ROWS),
        _WORDS,
        16000,
    ),
    Decoder(
        "a block of a snapshot (snapshot_file)",
        (b"\n".join(_dumped(*_ROWS)), _block_of(b"\n".join(_dumped(*_ROWS)))),
        _block_read,
        (SnapshotRefused,),
        _block_of,
        _WORDS,
        16000,
    ),
    Decoder(
        "a manifest (read_manifest)",
        _dumped({"manifest": _MANIFEST, "signature": _SIGNER.sign(wire.dumps(_MANIFEST)).hex()}),
        _manifest_read,
        (SnapshotRefused,),
        _manifest_signed,
        _WORDS,
        8000,
    ),
    Decoder(
        "a page of changes (pull)",
        _dumped(PAGE_OF_CHANGES),
        _changes_read,
        (LineDown, _Behind),
        json_mended(PAGE_OF_CHANGES),
        _WORDS,
        16000,
    ),
)
