"""What pieces of each protocol mean, in a few words, for transcripts; half a message may mean nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from devices.payment_terminal.zvt_apdu import Apdu, ApduReader
from devices.payment_terminal.zvt_serial import Block, BlockReader
from devices.simulators.escpos import split_real_time

_PN532: Mapping[int, str] = {
    0x00: "Diagnose", 0x02: "GetFirmwareVersion", 0x06: "ReadRegister", 0x08: "WriteRegister",
    0x10: "SetSerialBaudRate", 0x12: "SetParameters", 0x14: "SAMConfiguration", 0x16: "PowerDown",
    0x32: "RFConfiguration", 0x40: "InDataExchange", 0x42: "InCommunicateThru", 0x44: "InDeselect",
    0x4A: "InListPassiveTarget", 0x52: "InRelease",
}  # fmt: skip
_CCID: Mapping[int, str] = {0x62: "power on", 0x6F: "to the reader itself", 0x80: "answer of the reader itself"}
_FEIG: Mapping[int, str] = {0x65: "version", 0x66: "reader info", 0x69: "field off and on", 0xB0: "tags", 0xB1: "tags"}
_STATUS: Mapping[int, str] = {0x00: "done", 0x01: "no tag", 0x03: "could not write", 0x95: "the tag refuses"}
_TAGS: Mapping[int, str] = {
    0x01: "inventory", 0x23: "read blocks", 0x24: "write blocks", 0x27: "write AFI", 0x2B: "system information",
    0xA2: "set EAS", 0xA3: "reset EAS", 0xA5: "EAS alarm",
}  # fmt: skip
_ZVT: Mapping[int, str] = {
    0x0600: "registration", 0x0601: "authorisation", 0x06B0: "abort", 0x0620: "repeat receipt", 0x0630: "reversal",
    0x0501: "status enquiry", 0x04FF: "intermediate status", 0x040F: "status information (result)",
    0x060F: "completion", 0x061E: "aborted", 0x06D1: "print line", 0x06D3: "print block", 0x8000: "yes, done",
    0x8466: "goods not issued", 0x849C: "more time", 0x8483: "not possible",
}  # fmt: skip
_QUESTIONS = {1: "printer", 2: "cause of being offline", 3: "errors", 4: "paper"}
_MOST_WORDS = 600
_CREDENTIAL = re.compile(rb"(?im)^((?:authorization|cookie):[ \t]*)[^\r\n]*")


def pn532(heard: bool, data: bytes) -> str:
    """NXP UM0701-02: frames 00 FF, length, checksum, direction, command."""
    return ", ".join(_pn532_frames(data))


def _pn532_frames(data: bytes) -> Iterator[str]:
    at = 0
    while (at := data.find(b"\x00\xff", at)) >= 0 and at + 4 <= len(data):
        if data[at + 2 : at + 4] == b"\x00\xff":
            yield "ACK"
            at += 4
        elif data[at + 2 : at + 4] == b"\xff\xff":  # an extended frame: two bytes of length
            yield _pn532_body(data[at + 7 :])
            at += 7
        else:
            yield _pn532_body(data[at + 4 : at + 4 + data[at + 2]])
            at += 4 + data[at + 2]


def _pn532_body(body: bytes) -> str:
    if len(body) < 2:
        return "an error frame"
    code = body[1] - (body[0] == 0xD5)
    return f"{'answer to ' if body[0] == 0xD5 else ''}{_PN532.get(code, f'command {code:02X}')}"


def ccid(heard: bool, data: bytes) -> str:
    """USB's CCID 1.1: type, length, the rest of a head of ten bytes; the chip's commands lie within, as PC/SC's."""
    return ", ".join(_ccid_messages(data))


def _ccid_messages(data: bytes) -> Iterator[str]:
    at = 0
    while at + 10 <= len(data):
        end = at + 10 + int.from_bytes(data[at + 1 : at + 5], "little")
        within = data[at + 10 : end]
        chip = within[5:] if within.startswith(b"\xff\x00\x00\x00") else within[:-2]
        if chip[:1] in (b"\xd4", b"\xd5"):
            yield _pn532_body(chip)
        else:
            yield _CCID.get(data[at], f"message {data[at]:02X}")
        at = end


def feig(heard: bool, data: bytes) -> str:
    """OBID ISO-host: length, address, control, then a command or a status."""
    name = _FEIG.get(data[2], f"control {data[2]:02X}")
    if heard:
        return _TAGS.get(data[3], name) if data[2] in (0xB0, 0xB1) else name
    return f"answer to {name}: {_STATUS.get(data[3], f'status {data[3]:02X}')}"


def text(heard: bool, data: bytes) -> str:
    """Characters, those that do not print escaped."""
    return data.decode("ascii", "backslashreplace").encode("unicode_escape").decode("ascii")


def escpos(heard: bool, data: bytes) -> str:
    """Questions of status, the text to print, and cuts."""
    if not heard:
        return "answers " + " ".join(f"{byte:08b}" for byte in data[:4])
    return "; ".join(filter(None, (_escpos(what, part) for what, part in split_real_time(data))))


def _escpos(what: str, part: bytes) -> str:
    if what == "status":
        return f"how is the {_QUESTIONS.get(part[0], 'printer')}?"
    if what == "clear":
        return "forget what waits"
    words = [run.decode("ascii").strip() for run in re.findall(rb"[ -~]{4,}", part)]
    cut = " [cut]" if re.search(rb"\x1dV", part) else ""
    return " | ".join(filter(None, words))[:400] + cut


def zvt_network(heard: bool, data: bytes) -> str:
    """ZVT 13: messages one after the other."""
    return ", ".join(_zvt(one) for one in ApduReader().feed(data))


def zvt_serial(heard: bool, data: bytes) -> str:
    """The same in blocks, with ACK and NAK."""
    found = []
    for one in BlockReader().feed(data):
        messages = ApduReader().feed(one.content) if isinstance(one, Block) else ()
        found += [_zvt(message) for message in messages] or [getattr(one, "name", "a broken block")]
    return ", ".join(found)


def _zvt(one: Apdu) -> str:
    return _ZVT.get(one.control, f"{one.control >> 8:02X} {one.control & 0xFF:02X}")


def http(heard: bool, data: bytes) -> str:
    """The first line of a request or an answer, and what it says, where that is text."""
    head, _, body = data.partition(b"\r\n\r\n") if b"HTTP/" in data[:2048] else (b"goes on", b"", data)
    words = body.decode("utf-8")[:_MOST_WORDS]
    return head.split(b"\r\n", 1)[0].decode("ascii") + (f"\n{words}" if words.isprintable() and words else "")


def without_credentials(data: bytes) -> bytes:
    """The same without what lets its bearer in."""
    return _CREDENTIAL.sub(rb"\1(left out)", data)
