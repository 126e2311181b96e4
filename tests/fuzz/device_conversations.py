"""Every driver's conversation with a device that answers what it should not: frames, meaning and time together."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from devices.item_pad import obid
from devices.item_pad.feig_line import FeigLine
from devices.item_pad.feig_tags import FeigTags
from devices.item_pad.gate import Gate
from devices.item_pad.tag_data import TagData
from devices.item_pad.tag_models import MODELS
from devices.links import pcsc as pcsc_link
from devices.pass_reader import frames, start_up, transport
from devices.pass_reader.acr122 import acr122_reader
from devices.pass_reader.pcsc import PcscPassReader
from devices.pass_reader.pn532 import FaultyAnswer, Pn532PassReader
from devices.payment_terminal import zvt_messages as zvt
from devices.payment_terminal import zvt_serial
from devices.payment_terminal.zvt_apdu import Apdu
from devices.payment_terminal.zvt_dialogue import Dialogue, Listener, NetworkWire
from devices.payment_terminal.zvt_serial import SerialWire
from devices.ports import DeviceFault, DeviceGone, PrintOutcome, Receipt, Signal, TagSecurity
from devices.receipt_printer import status
from devices.receipt_printer.escpos_printer import EscposPrinter
from devices.receipt_printer.job import Job
from devices.simulators.acr122 import Acr122
from devices.simulators.feig_chip import FeigChip
from devices.simulators.feig_tag import make_tag as make_item
from devices.simulators.pn532_chip import Pn532, _frame
from devices.simulators.smart_card import CARDS
from devices.simulators.tags import make_tag as make_pass
from tests.fuzz.fuzzing import Decoder, chance_of
from tests.fuzz.payment_decoders import APDUS
from tests.fuzz.played_link import Altered, PlayedLink

_HSU_START, _CCID_START = 30, 40  # answers until a reader is ready
_TRUE = bytes(40)


def _heard(_: Signal) -> None:
    pass


# -- readers of passes


def _chip(chance: int) -> Pn532:
    kind = ("ntag213", "mifare-classic", "desfire")[chance % 3]
    uid = bytes.fromhex("04a1b2c3d4e5f6") if kind != "mifare-classic" else bytes.fromhex("01020304")
    return Pn532(lambda _: None, tag=make_pass(kind, uid, "29401000075801" if kind == "ntag213" else None))


def _sensed(reader: Pn532PassReader, played: Altered, link: PlayedLink) -> None:
    clock = link.time
    with (
        patch.object(frames, "time", clock),
        patch.object(start_up, "time", clock),
        patch.object(transport, "time", clock),
        patch("time.sleep", clock.sleep),
    ):
        try:
            reader.open()
            for _ in range(12):
                reader._sense(_heard)
                if not played.left:
                    break
        finally:
            _closes(reader.close)


def _closes(close: Any) -> None:
    try:
        close()
    except Exception as error:
        raise AssertionError("close() raised") from error


def _hsu_framed(asked: bytes, content: bytes) -> bytes:
    at = asked.find(b"\x00\xff")
    code = asked[at + 5] if 0 <= at < len(asked) - 5 else 0
    return _frame(bytes([0xD5, code + 1 & 0xFF]) + content)


def _ccid_framed(asked: bytes, content: bytes) -> bytes:
    told = bytes([0xD5, asked[16] + 1 & 0xFF]) + content + b"\x90\x00" if len(asked) > 16 else content
    return b"\x80" + len(told).to_bytes(4, "little") + bytes(5) + told


def _hsu_reader(data: bytes) -> None:
    chance, chip = chance_of(data), _chip(chance_of(data))
    played = Altered(data, lambda asked: chip.receive(asked, link.baud), _hsu_framed)
    link = PlayedLink(answers=played, piece=1 + chance % 300)
    played.faithful = _HSU_START if chance & 0x700 else 0
    reader = Pn532PassReader("reader", "there", clock=link.clock)
    with patch.object(transport, "SerialLink", lambda *_: link):
        _sensed(reader, played, link)


def _ccid_reader(data: bytes) -> None:
    chance, usb = chance_of(data), Acr122(_chip(chance_of(data)))
    played = Altered(data, lambda asked: usb.receive(asked, 0), _ccid_framed)
    link = PlayedLink(answers=played, piece=1 + chance % 300)
    played.faithful = _CCID_START if chance & 0x700 else 0
    reader = acr122_reader("reader", opened=lambda _: link)
    _sensed(reader, played, link)


class _Service:
    """The calls of winscard.h, whose answers are the case's."""

    def __init__(self, data: bytes) -> None:
        self._data = bytearray(data)
        self.left = 6

    def _some(self, most: int) -> bytes:
        count = self._data.pop(0) if self._data else 0
        taken = bytes(self._data[: min(count, most)])
        del self._data[: len(taken)]
        return taken

    def _code(self) -> int:
        codes = (*(0,) * 12, -0x7FEFFFF7, -0x7FEFFFF6, 0x80100017, 0x8010002E)
        return codes[(self._data.pop(0) if self._data else 0) % len(codes)]

    def SCardEstablishContext(self, *_: Any) -> int:  # noqa: N802 - the names of winscard.h
        return self._code()

    def SCardReleaseContext(self, *_: Any) -> int:  # noqa: N802
        return 0

    def SCardDisconnect(self, *_: Any) -> int:  # noqa: N802
        return 0

    def SCardConnect(self, *_: Any) -> int:  # noqa: N802
        return self._code()

    def SCardListReaders(self, _: Any, __: Any, names: Any, length: Any) -> int:  # noqa: N802
        told = self._some(200)
        names[: len(told)] = told
        length._obj.value = len(told) if chance_of(told) % 7 else 0xFFFFFFFF
        return self._code()

    def SCardGetStatusChange(self, _: Any, __: Any, state: Any, ___: int) -> int:  # noqa: N802
        self.left -= 1
        found, atr = state._obj, self._some(33)
        found.now = int.from_bytes(self._some(4), "little") | (0x20 if chance_of(atr) & 3 else 0)
        found.length = len(atr) if chance_of(atr) % 5 else 0xFFFF
        found.atr[: len(atr)] = list(atr)
        return self._code()

    def SCardTransmit(self, *given: Any) -> int:  # noqa: N802
        told = self._some(258)
        given[5][: len(told)] = told
        given[6]._obj.value = len(told) if chance_of(told) % 5 else 0xFFFF
        return self._code()


def _service_heard(data: bytes) -> None:
    service = _Service(data)
    stop = SimpleNamespace(is_set=lambda: service.left <= 0)
    told: list[Signal] = []
    with patch.object(pcsc_link, "_library", lambda _: service):
        reader = PcscPassReader("reader", ("", "ACS", "é")[chance_of(data) % 3])
        try:
            reader.open()
            reader.run(told.append, stop)  # type: ignore[arg-type]
        finally:
            _closes(reader.close)
    assert len(told) <= 20


def _service_case(atr: bytes, uid: bytes) -> bytes:
    names = b"\x0eACS ACR122U 00\0"[:14] + b"\0"
    answer = uid + b"\x90\x00"
    state = bytes([len(atr)]) + atr + b"\x04\x22\x00\x01\x00" + b"\0"
    return b"\0" + names + b"\0" + state + b"\0" + bytes([len(answer)]) + answer + b"\0"


# -- the item pad


def _pad_framed(asked: bytes, content: bytes) -> bytes:
    whole = bytes([len(content) + 5, 0, asked[2] if len(asked) > 2 else 0]) + content
    return whole + obid.crc(whole).to_bytes(2, "little")


def _pad_asked(data: bytes) -> None:
    chance, chip = chance_of(data), FeigChip()
    for number in range(1 + chance % 3):
        model = ("iso28560-3", "iso28560-2", "foreign")[(chance >> number) % 3]
        tag = make_item(TagData(f"3000123456789{number}"), model, b"", None, turn=bool(chance & 64))
        chip.tags[tag.uid] = tag

    def true(asked: bytes) -> Iterator[bytes]:
        return (chip.answer(command) for command in chip.receive(asked))

    played = Altered(data, true, _pad_framed)
    link: Any = PlayedLink(answers=played, piece=1 + chance % 300)
    gate = Gate(("afi", "eas", "both")[chance >> 8 & 1], 0x07, 0xC2)
    tags = FeigTags(
        FeigLine(link, link.clock), [MODELS[one]({}) for one in ("iso28560-3", "iso28560-2")], gate, link.clock
    )
    tags.wake_all()
    for sighting in tags.look():
        item = tags.read(sighting)
        assert item is None or item.number is None or item.number.isprintable()
        until = link.now + 3.0
        outcome = tags.switch(sighting.uid, TagSecurity.UNSECURED, until)
        assert link.now <= until + 1.1, "a switching outlasts its time by more than one write"
        assert isinstance(outcome, TagSecurity)


# -- payment terminals, printers


def _terminal_asked(data: bytes) -> None:
    """What a ZVT terminal says to a payment, on the network or on a serial line."""
    chance = chance_of(data)
    piece = 1 + chance % 300
    if chance & 1:
        link: Any = PlayedLink((zvt.DONE.encode() if chance & 12 else b"") + data, piece=piece)
        wire: Any = NetworkWire(link)
    else:
        done = b"\x06" + zvt_serial.encode_block(zvt.DONE.encode())
        link = PlayedLink(done + (_blocks(data) if chance & 2 else data), lambda _: iter((b"\x06",)), piece)
        wire = SerialWire(link, link.clock)
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1

    dialogue = Dialogue(wire, zvt.CHARSETS[chance >> 4 & 1], beat, link.clock)
    listener = Listener(wants_end=lambda: link.now > 20.0, must_end=lambda: link.now > 60.0)
    heard = dialogue.ask(zvt.authorisation(2040), 90.0, listener)
    assert len(heard.lines) <= 500
    zvt.customers_receipt(heard.lines)


def _blocks(data: bytes) -> bytes:
    third = max(1, len(data) // 3)
    return b"".join(zvt_serial.encode_block(data[at : at + third]) for at in range(0, len(data), third))


def _apdus_of(data: bytes) -> bytes:
    """Its bytes as the contents of messages that a terminal sends."""
    made, rest = b"", data
    while rest:
        chance = chance_of(rest)
        size = 1 + chance % 60
        made += Apdu(_SENT[chance >> 8 & 7], rest[1:size]).encode()
        rest = rest[size:]
    return made + (Apdu(zvt.COMPLETION).encode() if chance_of(data) & 1 else b"")


_SENT = (
    zvt.INTERMEDIATE, zvt.STATUS_INFORMATION, zvt.PRINT_LINE, zvt.PRINT_BLOCK, zvt.ABORTED, zvt.COMPLETION,
    0x8000, 0x0101,
)  # fmt: skip


class _NoPaper:
    """In place of the encoder: what is sent does not matter to what comes back."""

    def encode(self, _: Receipt) -> bytes:
        return b"receipt" + status.CONFIRM

    def prepare(self) -> None:
        pass


def _printed(data: bytes) -> None:
    """What a printer says while it is opened and prints."""
    rest = iter(data)

    def answers(asked: bytes) -> Iterator[bytes]:
        if asked[:2] == b"\x10\x04" or asked.endswith(status.CONFIRM):
            how = next(rest, 0x12)
            yield bytes([how]) if how != 0xEE else b"" if asked[:2] == b"\x10\x04" else b"\0"
        elif asked[:1] == b"\x1d" and chance_of(data) & 1:
            yield bytes(next(rest, 0) % 5)

    link = PlayedLink(answers=answers)
    printer = EscposPrinter("printer", lambda: link, "TM-T20II", clock=link.clock)
    printer._encoder = _NoPaper()  # type: ignore[assignment]
    try:
        printer.open()
        job = Job(Receipt(()), "job", link.now + 8.0)
        began = link.now
        printer._work_off(link, job)
        assert link.now - began < 12.0, "a receipt holds up the printer's thread"
        assert isinstance(job.wait(0.0), PrintOutcome)
    finally:
        _closes(printer.close)


DECODERS = (
    Decoder(
        "a PN532's answers through nfcpy (Pn532PassReader)",
        (_TRUE, bytes(range(256)), b"\x06\x02\x90\x00" * 30),
        _hsu_reader,
        (FaultyAnswer, DeviceFault),
        words=(b"\x05\x01\x01", b"\x06\x08\x01\x01\x00\x44\x00\x04\x01\x02\x03\x04", b"\x06\x11\x00" + bytes(16)),
        largest=1024,
    ),
    Decoder(
        "an ACR122U's answers through nfcpy (acr122_reader)",
        (_TRUE, bytes(range(256)), b"\x06\x02\x90\x00" * 30),
        _ccid_reader,
        (FaultyAnswer, DeviceFault),
        words=(b"\x05\x01\x01", b"\x06\x08\x01\x01\x00\x44\x00\x04\x01\x02\x03\x04", b"\x06\x11\x00" + bytes(16)),
        largest=1024,
    ),
    Decoder(
        "what the PC/SC service says (PcscLink, PcscPassReader)",
        tuple(_service_case(atr, uid) for atr, uid in CARDS.values()),
        _service_heard,
        (DeviceGone,),
        largest=400,
    ),
    Decoder(
        "a conversation with a pad (FeigLine, FeigTags)",
        (_TRUE, bytes(range(256)), b"\x06\x05\x00\x02\x03\x06\xe0\x04" * 9),
        _pad_asked,
        (obid.FrameError, DeviceFault),
        words=(b"\x06\x02\x94\x00", b"\x06\x02\x00\x00", b"\x06\x03\x00\x09\x04", b"\x06\x01\x95"),
        largest=1024,
    ),
    Decoder(
        "a conversation with a ZVT terminal (Dialogue)",
        (b"".join(one.encode() for one in APDUS), Apdu(zvt.INTERMEDIATE, b"\x0a").encode() * 3),
        _terminal_asked,
        (DeviceFault,),
        _apdus_of,
    ),
    Decoder(
        "what a printer answers (EscposPrinter)",
        (b"\x12\x12\x12" * 3, b"\x12\x12\x12" * 2 + b"\0", b"\xee" * 9, b"\x16\x32\x7e" * 3),
        _printed,
        (DeviceFault,),
        words=(b"\xee", b"\x12\x12\x12", b"\x12\x16\x12"),
        largest=200,
    ),
)
