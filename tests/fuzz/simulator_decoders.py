"""Every decoder of what a kiosk, of any make, sends to the simulators; and what a transcript makes of it."""

from __future__ import annotations

import io
import json
import struct
import wave
from collections.abc import Callable
from typing import Any

from devices.item_pad import obid, obid_tags
from devices.item_pad.tag_data import TagData
from devices.pass_reader.hsu import ACK, command_frame
from devices.payment_terminal import zvt_messages as zvt
from devices.payment_terminal import zvt_serial
from devices.signals.tones import error_tone
from devices.simulators import decoding
from devices.simulators.acr122 import Acr122
from devices.simulators.bench.framebuffer import NoPicture, parse_header
from devices.simulators.control import ControlServer, plain
from devices.simulators.escpos import EscposPaper, PaperLine, split_real_time
from devices.simulators.feig_chip import FeigChip
from devices.simulators.feig_tag import make_tag as make_item
from devices.simulators.nexo_wire import _body
from devices.simulators.pn532_chip import Pn532
from devices.simulators.sound import heard_in
from devices.simulators.tags import make_tag as make_pass
from devices.simulators.transcript import Transcript
from tests.fuzz.fuzzing import Decoder, in_pieces, json_mended

_UID = bytes.fromhex("e004010003fcaf19")
_PAD = (
    obid_tags.inventory(), obid_tags.read_blocks(_UID, 0, 9), obid_tags.write_afi(_UID, 0xC2), obid_tags.RF_RESET,
    obid_tags.system_information(_UID), obid_tags.write_eas(_UID, on=True), obid_tags.eas_alarm(_UID),
)  # fmt: skip
_READER = (command_frame(0x02), command_frame(0x4A, b"\x01\x00"), command_frame(0x42, b"\x30\x04"), ACK)
_CCID = tuple(
    bytes([0x6F]) + len(one).to_bytes(4, "little") + bytes(5) + one
    for one in (bytes.fromhex("ff00480000"), bytes.fromhex("ff00000004d44a0100"), bytes.fromhex("ff00000004d4420130"))
)
_RECEIPT = bytes.fromhex("1b401b21001b45011b61001b7410") + b"Geleend\n\x1b!\x30\x80\xe9\n\x1bd\x06\x1dV\x00\x1dr\x01"
_ZVT = tuple(one.encode() for one in (zvt.registration(0), zvt.authorisation(350), zvt.DONE, zvt.reversal(0, 1)))
_XWD = struct.pack(
    ">25I", 100, 7, 2, 24, 8, 8, 0, 0, 32, 0, 32, 32, 32, 4, 0xFF0000, 0xFF00, 0xFF, 8, 256, 0, 8, 8, 0, 0, 0
)
_HTTP = (
    b"POST /nexo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    b"GET /api HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n",
    b"POST /nexo HTTP/1.1\r\nContent-Length: " + b"9" * 4400 + b"\r\n\r\n",
)
_ORDERS: tuple[dict[str, object], ...] = ({"do": "status"}, {"do": "unplug"}, {"do": "transcript"}, {"do": "record"})


def _written_down(decode: Callable[[bool, bytes], str]) -> Callable[[bytes], None]:
    """A transcript is text, whatever went over the line."""

    def read(data: bytes) -> None:
        transcript = Transcript(lambda: 0.0, most_bytes=4096)
        transcript.decode = decode
        transcript.record()
        for number, piece in enumerate(in_pieces(data)):
            (transcript.heard if number % 2 else transcript.said)(piece)
        transcript.heard(data)
        text = transcript.text()
        assert len(text.encode("utf-8")) <= 1000 + 120 * len(data)

    return read


def _on_paper(data: bytes) -> list[list[PaperLine]]:
    cut: list[list[PaperLine]] = []
    said = bytearray()
    paper = EscposPaper(cut.append, said.extend, lambda: 0)
    for piece in in_pieces(data):
        paper.feed(piece)
    whole: list[list[PaperLine]] = []
    EscposPaper(whole.append, said.extend, lambda: 0).feed(data)
    assert cut == whole
    assert b"".join(part for what, part in split_real_time(data) if what == "data") in data or b"\x10" in data
    return cut


def _pad_told(data: bytes) -> None:
    chip = FeigChip()
    tag = make_item(TagData("30001234567890"), "iso28560-3", _UID, None, turn=True)
    chip.tags[tag.uid] = tag
    for piece in in_pieces(data):
        for command in chip.receive(piece):
            assert len(chip.answer(command)) <= 255


def _reader_told(data: bytes) -> None:
    chip = Pn532(lambda _: None, tag=make_pass("ntag213", bytes.fromhex("04a1b2c3d4e5f6"), "12345"))
    for piece in in_pieces(data):
        assert sum(map(len, chip.receive(piece, chip.baud))) < 10_000


def _usb_told(data: bytes) -> None:
    usb = Acr122(Pn532(lambda _: None, tag=make_pass("desfire", bytes.fromhex("04a1b2c3d4e5f6"), None)))
    for piece in in_pieces(data):
        assert sum(map(len, usb.receive(piece, 0))) < 10_000


class _Loop:
    transcript = Transcript(lambda: 0.0)


def _ordered(data: bytes) -> None:
    server: Any = ControlServer.__new__(ControlServer)
    server._loop, server._commands = _Loop, {one: plain(lambda: None) for one in ("status", "unplug", "record")}
    answer = server._answer(data)
    assert isinstance(answer["ok"], bool)
    json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _silence() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as one:
        one.setnchannels(2)
        one.setsampwidth(1)
        one.setframerate(8000)
        one.writeframes(bytes(64))
    return written.getvalue()


def _transcript(name: str, corpus: tuple[bytes, ...], decode: Callable[[bool, bytes], str]) -> Decoder:
    return Decoder(f"a transcript of {name} (decoding)", corpus, _written_down(decode), largest=1024)


DECODERS = (
    _transcript("a PN532", _READER, decoding.pn532),
    _transcript("an ACR122U", _CCID, decoding.ccid),
    _transcript("a pad", tuple(map(obid.request, _PAD)), decoding.feig),
    _transcript("a scanner or a light", (b"]C030001234567890\r", b"light ready\n"), decoding.text),
    _transcript("a printer", (_RECEIPT, b"\x10\x04\x04"), decoding.escpos),
    _transcript("ZVT on a network", _ZVT, decoding.zvt_network),
    _transcript("ZVT on a serial line", tuple(map(zvt_serial.encode_block, _ZVT)), decoding.zvt_serial),
    _transcript(
        "the line to the store", _HTTP, lambda heard, data: decoding.http(heard, decoding.without_credentials(data))
    ),
    Decoder("receipts of any kiosk (EscposPaper)", (_RECEIPT, b"\x1dv0\0\x02\0\x02\0abcd\x1dV\x42\x00"), _on_paper),
    Decoder(
        "commands to the pad (FeigChip)",
        tuple(map(obid.request, _PAD)),
        _pad_told,
        mend=lambda data: b"".join(map(obid.request, (data[:60] or b"\x65", data[60:90] or b"\x65"))),
    ),
    Decoder(
        "commands to the reader (Pn532)",
        _READER,
        _reader_told,
        mend=lambda data: command_frame(data[0] if data else 0, data[1:250]) + ACK,
    ),
    Decoder("commands to the reader on USB (Acr122)", _CCID, _usb_told, largest=1024),
    Decoder(
        "orders to a simulator (ControlServer)",
        tuple(json.dumps(one).encode() for one in _ORDERS),
        _ordered,
        mend=json_mended(*_ORDERS),
        words=(b"[" * 1200, b'{"do":' * 600, b"\xff", b'"\\ud800"'),
    ),
    Decoder("a sound (heard_in)", (error_tone(60)[:2000], _silence()), heard_in, words=(b"data", b"fmt ", b"RIFF")),
    Decoder(
        "a frame buffer's header (parse_header)",
        (_XWD,),
        parse_header,
        (NoPicture,),
        largest=200,
    ),
    Decoder("requests to the terminal (nexo_wire)", _HTTP, _body, words=("²".encode(), b"\r\n\r\n"), largest=6000),
)
