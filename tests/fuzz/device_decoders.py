"""Every decoder of what a device sends, with real frames to begin from: published vectors, and our own encoders'."""

from __future__ import annotations

import functools
import json
import operator
from typing import Any

from devices.item_pad import danish, iso28560_2, obid, obid_tags
from devices.item_pad.danish import DanishModel
from devices.item_pad.dutch import FORMS, DutchModel, layout_of
from devices.item_pad.iso28560_2 import Iso28560Part2Model
from devices.item_pad.tag_data import TagData, TagError, crc16
from devices.item_pad.tag_models import TagModel, read_tag
from devices.item_scanner.evdev_events import EVENT_32, EVENT_64, KeyDecoder
from devices.item_scanner.framing import Framed, Framer, Scan, interpret
from devices.item_scanner.key_layouts import LAYOUTS
from devices.pass_reader import ccid, hsu, ndef
from devices.pass_reader.cards import kind_of, uid_in
from devices.pass_reader.frames import Cut
from devices.ports import Receipt, ReceiptLine
from devices.receipt_printer import status
from devices.receipt_printer.layout import rows
from devices.signals.light_line import Answers
from devices.signals.quiet_hours import QuietHours
from devices.simulators.smart_card import CARDS
from devices.tactile.input_events import InputDecoder
from devices.tactile.key_line import LineDecoder
from devices.touch_watch import TouchCounter
from tests.fuzz.fuzzing import Decoder, chance_of, in_pieces, json_mended

_PUBLISHED_TAG = bytes.fromhex("11010131313232333334340000000000000000513e4445373035000000000000")
_TAGS = (
    _PUBLISHED_TAG,
    danish.encode(TagData("3000123456789", 2, 5, 1, "NL-0800070000")),
    danish.encode(TagData("29401000075801", 1, 1, 8)),
    iso28560_2.encode(TagData("30001234567890", 4, 5, 1)),
    iso28560_2.encode(TagData("ZO3714780", usage=1)),
    iso28560_2.encode(TagData("0012345678")),
    iso28560_2.encode(TagData("abcdef")),
    bytes.fromhex("d10100140a4e4c2d303830303037"),
)
_DUTCH = {"length": 30, "mark_at": 0, "mark": "4e4c", "number_at": 4, "number_length": 8, "parts_at": 12, "part_at": 13}
_LAYOUTS = [layout_of({**_DUTCH, "number_form": form, "usage_at": 2}) for form in FORMS]
_LAYOUTS.append(layout_of({**_DUTCH, "number_form": "bcd", "crc_at": 28}))
_MODELS: tuple[TagModel, ...] = (DanishModel(), Iso28560Part2Model(), *map(DutchModel, _LAYOUTS))
_DUTCH_TAG = b"NL\x01\x00" + bytes.fromhex("30001234567890ff") + b"\x01\x01" + bytes(16)
_UID = bytes.fromhex("e004015012345678")
_ANSWERS = (
    b"\xb0\x00\x02" + b"\x03\x06" + _UID + b"\x03\x00" + _UID,
    b"\xb0\x00" + bytes([9, 4]) + b"".join(b"\x00" + _PUBLISHED_TAG[at : at + 4] for at in range(0, 32, 4)) + bytes(5),
    b"\xb0\x00\x06" + _UID + b"\x07\x1b\x03\x01",
    b"\xb0\x01",
    b"\xb0\x95\x0f",
    b"\x65\x00\x02\x00\x00\x00\x00\x00\x00",
)
_TOLD = (b"\0" + _ANSWERS[0][2:], b"\1" + _ANSWERS[1][2:], b"\2" + _ANSWERS[2][2:])
_SCANS = (
    b"30001234567890\r",
    b"]C029401000075801\r\n",
    b"\x02]C0ZO3714780\x03",
    b"P9789025703721S\n",
    b"|" * 9 + b"\t",
)


def _obid_frame(body: bytes) -> bytes:
    whole = bytes([min(255, len(body) + 4), 0]) + body[:251]
    return whole + obid.crc(whole).to_bytes(2, "little")


def _frames_cut(data: bytes) -> None:
    buffer, found = bytearray(), 0
    for piece in in_pieces(data):
        buffer += piece
        while (cut := hsu.cut_frame(buffer)) is not Cut.MORE:
            found += isinstance(cut, bytes)
        assert len(buffer) <= hsu.LONGEST
    assert found <= len(data)


def _memory_read(data: bytes) -> None:
    size = ndef.data_area_size(data[:4])
    memory = data[4:]
    span = ndef.message_span(memory)
    if span is not None:
        assert 0 <= span[0] <= span[1] <= len(memory) + 0xFFFF + 4
        assert span[1] - span[0] <= ndef.LONGEST_MESSAGE
        ndef.number_in(ndef.text_of(memory[:size][span[0] : span[1]]))


def _tag_read(data: bytes) -> None:
    chance = chance_of(data)
    size, whole = (1, 4, 8, 32)[chance % 4], bool(chance & 16)
    read = read_tag(_MODELS, data[1:], size, data[0] if data else 0, whole=whole)
    assert read.data is None or not read.unfinished
    if read.data is not None:
        assert read.data.number.isascii()
        assert read.data.number.isprintable()
        assert 1 <= read.data.part <= read.data.parts <= 999


def _tag_mended(data: bytes) -> bytes:
    """A wrong checksum hides all that is behind it."""
    if len(data) > danish.SMALL_BLOCK and chance_of(data) % 3:
        size = danish.SMALL_BLOCK if chance_of(data) & 64 else danish.BASIC_BLOCK
        block = bytes([data[0] & 0x0F | 0x10]) + data[1:size]
        if len(block) == size:
            return block[:19] + danish.checksum(block).to_bytes(2, "little") + block[21:] + data[size:]
    block = (b"NL" + data[2:28]).ljust(28, b"\0")
    return block + crc16(block).to_bytes(2, "little") + data[30:]


def _danish_mended(data: bytes) -> bytes:
    return _tag_mended(data.ljust(34, b"\0")) if chance_of(data) & 2 else data


def _dutch_read(data: bytes) -> None:
    model = _MODELS[2 + chance_of(data) % 4]
    said = model.read(data, 0, whole=bool(data and data[0] & 1))
    assert said.number.isascii()


def _layout_read(data: bytes) -> None:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        return
    DutchModel(layout_of(table))


def _answers_taken(data: bytes) -> None:
    framer = obid.Framer()
    for piece in in_pieces(data):
        framer.feed(piece)
        while framer.take() is not None:
            pass


def _answer_understood(data: bytes) -> None:
    answer = obid.Answer(0xB0, 0, data[1:])
    what = data[0] % 3 if data else 0
    if what == 0:
        assert all(len(one.uid) == obid_tags.UID_LENGTH for one in obid_tags.sightings(answer))
    elif what == 1:
        found = obid_tags.blocks(answer, data[1] if len(data) > 1 else 0)
        assert len(found.data) % found.size == 0
    else:
        obid_tags.afi_of(answer, _UID)


def _framed(framer: Framer, pieces: list[bytes]) -> list[Framed]:
    found = [one for piece in pieces for one in framer.feed(piece)]
    return [*found, *framer.quiet()]


def _scans_framed(data: bytes) -> None:
    prefix, suffix = (("", ""), ("P", "S"), ("]C0", ""))[chance_of(data) % 3]
    whole = _framed(Framer(prefix, suffix), [data])
    assert whole == _framed(Framer(prefix, suffix), list(in_pieces(data)))
    for one in whole:
        if isinstance(one, Scan):
            assert 1 <= len(one.text) <= 64
            assert one.text.isascii()
            assert one.text.isprintable()
            assert "|" not in one.text


def _interpreted(data: bytes) -> None:
    prefix, suffix = (("", ""), ("P", "S"), ("]C0", "x"))[chance_of(data) % 3]
    interpret(data, prefix, suffix)


def _keys_decoded(data: bytes) -> None:
    chance = chance_of(data)
    layout, form = sorted(LAYOUTS)[chance % len(LAYOUTS)], (EVENT_32, EVENT_64)[chance >> 8 & 1]
    whole = KeyDecoder(layout, form).feed(data)
    decoder = KeyDecoder(layout, form)
    assert whole == b"".join(map(decoder.feed, in_pieces(data)))
    assert whole.isascii()


def _keypad_told(decoder: Any, data: bytes) -> None:
    """Keys and switches are the same in pieces as whole."""
    whole = list(decoder().feed(data))
    one = decoder()
    assert whole == [told for piece in in_pieces(data) for told in one.feed(piece)]


def _touches_counted(data: bytes) -> None:
    whole, one = TouchCounter(), TouchCounter()
    whole.feed(data)
    for piece in in_pieces(data):
        one.feed(piece)
    assert whole.count == one.count


def _typed(codes: bytes, form: Any) -> bytes:
    events = [(0, 0, 1, code, value) for code in codes for value in (1, 0)]
    return b"".join(form.pack(*event) + form.pack(0, 0, 0, 0, 0) for event in events)


def _card_read(data: bytes) -> None:
    """An ATR, and what the reader answers to GET DATA."""
    cut = chance_of(data) % (len(data) + 1)
    uid = uid_in(kind_of(data[:cut]), data[cut:])
    assert uid is None or len(uid) in {4, 7, 10}


def _atr_mended(data: bytes) -> bytes:
    told = data[4:19]
    body = bytes([0x80 | len(told), 0x80, 0x01]) + told
    return b"\x3b" + body + bytes([functools.reduce(operator.xor, body)]) + data[20:] + b"\x90\x00"


def _messages_cut(data: bytes) -> None:
    buffer = bytearray()
    for piece in in_pieces(data):
        buffer += piece
        while isinstance(cut := ccid.cut_message(buffer), bytes):
            assert len(cut) <= ccid.LONGEST
        if cut is Cut.BROKEN:
            buffer.clear()
        assert len(buffer) < ccid.LONGEST


def _status_read(data: bytes) -> None:
    answers = dict(zip(status.QUESTIONS, (data + b"\x12\x12\x12")[:3], strict=False))
    found = status.status_of(answers)
    assert isinstance(found.trouble, str)
    assert not any(status.is_answer(byte) and status.is_confirmation(byte) for byte in data)


def _text_laid_out(data: bytes) -> None:
    """A title may hold anything; what is printed is characters that the printer has, and no control code."""
    columns, text = 8 + chance_of(data) % 41, data.decode("utf-8", "surrogateescape")
    line = ReceiptLine(text, large=bool(chance_of(data) & 64), centred=bool(chance_of(data) & 128))
    for row in rows(Receipt((line,)), columns, str.isascii):
        assert len(row.text) <= columns
        assert row.text.isascii()
        assert row.text.isprintable()


def _light_answers(data: bytes) -> None:
    whole, light = Answers().feed(data), Answers()
    assert len(whole) <= 1 + data.count(b"\n")
    for piece in in_pieces(data):
        light.feed(piece)


def _quiet_hours(data: bytes) -> None:
    QuietHours.read(data.decode("utf-8", "surrogateescape"))


DECODERS = (
    Decoder(
        "keys of a keypad and a headphone socket (InputDecoder.feed)",
        (_typed(bytes((105, 106, 28)), EVENT_64), EVENT_64.pack(0, 0, 5, 2, 1), EVENT_64.pack(0, 0, 5, 2, 0)),
        functools.partial(_keypad_told, InputDecoder),
    ),
    Decoder(
        "keys of a keypad on a line (LineDecoder.feed)",
        (b"key next\nkey ok\n", b"headphones in\r\nheadphones out\r\n", b"key repeat"),
        functools.partial(_keypad_told, LineDecoder),
    ),
    Decoder(
        "touches of a screen (TouchCounter.feed)",
        (EVENT_64.pack(0, 0, 1, 0x14A, 1) + EVENT_64.pack(0, 0, 1, 0x14A, 0), EVENT_64.pack(0, 0, 3, 0x35, 500)),
        _touches_counted,
    ),
    Decoder(
        "frames of a PN532 (hsu.cut_frame)",
        (hsu.ACK, hsu.NACK, hsu.command_frame(0x02), hsu.command_frame(0x4A, b"\x01\x00"), b"\x55" * 8 + hsu.START),
        _frames_cut,
        mend=lambda data: data[:9] + hsu.command_frame(data[0] if data else 0, data[1:250]) + data[9:12],
        words=(hsu.START, hsu.ACK, b"\x00\x00\xff\xff\xff\x01\x05\xfa"),
    ),
    Decoder(
        "messages of an ACR122U (ccid.cut_message)",
        (b"\x80\x02" + bytes(8) + b"\x90\x00", b"\x80\x0a" + bytes(8) + b"ACR122U207", b"\x80" + bytes(9)),
        _messages_cut,
        words=(b"\x80\x00\x01\x00\x00", b"\x80\x2c\x01\x00\x00"),
    ),
    Decoder(
        "a Type 2 tag's memory (ndef)",
        (
            b"\xe1\x10\x12\x00\x03\x0b\xd1\x01\x07T\x02nl1234\xfe",
            b"\xe1\x10\x3e\x00\x01\x03\xa0\x10\x44\x03\xff\x00\x10\xc1\x01\x00\x00\x00\x09T\x82nl\xff\xfe1\x002\x00\xfe",
            b"\xe1\x10\x12\x00\x00\x00\x03\x1b\x91\x01\x0bU\x04library.nl\x51\x01\x08T\x02nl12345\xfe",
        ),
        _memory_read,
        (ndef.NdefError,),
        words=(b"\x03", b"\xfe", b"\x03\xff\x02\x00", b"\xd1\x01", b"T\x02nl"),
        largest=1024,
    ),
    Decoder(
        "an NDEF message (ndef.text_of)",
        (
            b"\xd1\x01\x07T\x02nl1234",
            b"\x91\x01\x0bU\x04library.nl\x51\x01\x08T\x02nl12345",
            b"\xc1\x01\0\0\0\x04T\x02nl1",
        ),
        lambda data: ndef.number_in(ndef.text_of(data)),
        (ndef.NdefError,),
        words=(b"\xd9", b"\x19\x01\x02\x03", b"T\x82nl\xfe\xff"),
        largest=600,
    ),
    Decoder("a basic block (danish.decode)", _TAGS, danish.decode, (TagError,), _danish_mended, largest=128),
    Decoder(
        "data elements (iso28560_2.decode)",
        _TAGS,
        lambda data: iso28560_2.decode(data, whole=bool(chance_of(data) & 1)),
        (TagError,),
        words=(b"\x41\x02", b"\xf1\x00\x01", b"\x7f", b"\x11\x08"),
        largest=300,
    ),
    Decoder(
        "the Dutch model (DutchModel.read)", (_DUTCH_TAG, *_TAGS), _dutch_read, (TagError,), _tag_mended, largest=160
    ),
    Decoder(
        "a layout of the configuration (dutch.layout_of)",
        (json.dumps({**_DUTCH, "number_form": "bcd"}).encode(), b'{"length": 1, "mark": "00"}', b"[]"),
        _layout_read,
        (ValueError,),
        json_mended({**_DUTCH, "number_form": "bcd", "crc_at": 28, "usage_at": 2}),
        words=(b'"crc_at": 1', b"-1", b"1e9", b'"mark": ""', b"true", b"99999999999999999999"),
    ),
    Decoder("a tag by all models (read_tag)", (*_TAGS, _DUTCH_TAG), _tag_read, mend=_tag_mended, largest=300),
    Decoder(
        "answers of a pad (obid.Framer)",
        tuple(map(_obid_frame, _ANSWERS)),
        _answers_taken,
        (obid.FrameError,),
        lambda data: _obid_frame(data[:200]) + _obid_frame(data[200:]),
    ),
    Decoder("what a pad answers (obid_tags)", _TOLD, _answer_understood, (obid.FrameError,), largest=260),
    Decoder("scans on a line (Framer)", _SCANS, _scans_framed, words=(b"\x02", b"\x03", b"]C0", b"\r"), largest=1500),
    Decoder("one scan (interpret)", _SCANS, _interpreted, words=(b"]C0", b"]", b"P", b"S"), largest=200),
    Decoder(
        "keys of a scanner (KeyDecoder)",
        tuple(
            _typed(codes, form) for codes in (bytes(range(2, 12)), bytes(range(96))) for form in (EVENT_64, EVENT_32)
        ),
        _keys_decoded,
        words=(EVENT_64.pack(0, 0, 1, 42, 1), EVENT_32.pack(0, 0, 1, 42, 1), EVENT_64.pack(0, 0, 0, 3, 0)),
    ),
    Decoder(
        "a card's ATR and UID (cards)",
        tuple(atr + uid + b"\x90\x00" for atr, uid in CARDS.values()),
        _card_read,
        mend=_atr_mended,
        largest=64,
    ),
    Decoder("a printer's status (status_of)", (b"\x12\x12\x12", b"\x16\x32\x7e", b"\x00"), _status_read, largest=64),
    Decoder(
        "a text on a receipt (layout.rows)",
        (
            b"Het geheim van de zeven meeuwen",
            "  ĳsĳs – één € ‘zo’ ŉ ﬁ ½".encode(),
            "e\u0301\u200f\u00ad".encode(),
        ),
        _text_laid_out,
        words=tuple(one.encode() for one in ("ĳ", "€", "\u0300", "\u2028", "ﷺ", "\U0001d7d8", "\x1b@", "x" * 60)),
        largest=600,
    ),
    Decoder("a light's answers (Answers)", (b"ok ready\r\n", b"ok help\nok off\n"), _light_answers),
    Decoder("quiet hours (QuietHours.read)", (b"20:00-09:00, 12:30-13:30",), _quiet_hours, (ValueError,), largest=300),
)
