"""NXP PN532 behind its serial line (UM0701-02): frames in, frames out, and the RF field over one tag."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from devices.simulators.tags import NAK, Tag
from values import dataclass

ACK = b"\x00\x00\xff\x00\xff\x00"
SYNTAX_ERROR = b"\x00\x00\xff\x01\xff\x7f\x81\x00"
BAUDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
_FIFO_DATA, _RX_MODE = 0x6339, 0x6303
_WUPA = 0x26
_LONGEST = 300
NEWEST, OLDER = b"\x32\x01\x06\x07", b"\x32\x01\x04\x07"  # GetFirmwareVersion: 1.6 and 1.4


@dataclass(slots=True)
class Pn532:
    """The chip; `rf_s` seconds pass for each look for a tag, through `pause`."""

    pause: Callable[[float], None]
    rf_s: float = 0.008
    tag: Tag | None = None
    baud: int = 115200
    firmware: bytes = NEWEST
    _next_baud: int | None = None
    _input: bytearray = field(default_factory=bytearray)
    _registers: dict[int, int] = field(default_factory=dict)

    def power_on(self) -> None:
        """As after plugging in."""
        self.baud, self._next_baud = 115200, None
        self._input.clear()
        self._registers.clear()

    def receive(self, data: bytes, host_baud: int) -> Iterator[bytes]:
        """Take bytes that the host sent at `host_baud`; gives an ACK and then the answer for each command.

        At a wrong speed the chip hears nothing.
        """
        if host_baud not in {self.baud, self._next_baud}:
            self._input.clear()
            return
        self._input += data
        while (body := self._next_frame()) is not None:
            if not body:  # the host's ACK: a new speed counts from here
                self.baud, self._next_baud = self._next_baud or self.baud, None
                continue
            yield ACK
            answer = self.obey(body)
            yield SYNTAX_ERROR if answer is None else _frame(answer)

    def obey(self, body: bytes) -> bytes | None:
        """The answer to one command without its frame, D4h and so on; None where there is no such command."""
        answer = self._command(body[1], body[2:]) if body[0] == 0xD4 and len(body) >= 2 else None
        return None if answer is None else bytes([0xD5, body[1] + 1]) + answer

    def _next_frame(self) -> bytes | None:
        """The body of the next whole frame, empty for an ACK; None when it has not come yet."""
        while True:
            start = self._input.find(b"\x00\xff")
            if start < 0:
                del self._input[:-1]
                return None
            rest = self._input[start + 2 :]
            if len(rest) < 3:
                return None
            if rest[:2] == b"\x00\xff":
                del self._input[: start + 4]
                return b""
            extended = rest[:2] == b"\xff\xff"
            if extended and len(rest) < 5:
                return None
            head, size = (5, rest[2] << 8 | rest[3]) if extended else (2, rest[0])
            if sum(rest[2 if extended else 0 : head]) & 0xFF or size > _LONGEST:
                del self._input[: start + 2]
                continue
            if len(rest) < head + size + 1:
                return None
            body = bytes(rest[head : head + size])
            checksum = rest[head + size]
            del self._input[: start + 2 + head + size + 1]
            if not (sum(body) + checksum) & 0xFF:
                return body

    def _command(self, code: int, data: bytes) -> bytes | None:
        commands: dict[int, Callable[[bytes], bytes]] = {
            0x00: self._diagnose,
            0x02: lambda _: self.firmware,
            0x04: lambda _: b"\x00\x00\x00\x80",
            0x06: self._read_registers,
            0x08: self._write_registers,
            0x10: self._set_baud,
            0x12: lambda _: b"",
            0x14: lambda _: b"",
            0x16: lambda _: b"\x00",
            0x32: self._rf_configuration,
            0x42: self._communicate,
            0x44: lambda _: b"\x00",
            0x4A: self._list_targets,
            0x52: lambda _: b"\x00",
        }
        command = commands.get(code)
        return command(data) if command else None

    def _diagnose(self, data: bytes) -> bytes:
        return data if data[:1] == b"\x00" else b"\x00"

    def _read_registers(self, data: bytes) -> bytes:
        addresses = (int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2))
        return bytes(self._registers.get(address, 0) for address in addresses)

    def _write_registers(self, data: bytes) -> bytes:
        for at in range(0, len(data) - 2, 3):
            self._registers[int.from_bytes(data[at : at + 2], "big")] = data[at + 2]
        return b""

    def _set_baud(self, data: bytes) -> bytes:
        self._next_baud = BAUDS[data[0]] if data and data[0] < len(BAUDS) else self.baud
        return b""

    def _rf_configuration(self, data: bytes) -> bytes:
        if data[:1] == b"\x01" and len(data) > 1 and not data[1] & 0x01 and self.tag is not None:
            self.tag.power_off()
        return b""

    def _list_targets(self, data: bytes) -> bytes:
        self.pause(self.rf_s)
        self._registers[_RX_MODE] = 0x80
        wanted = data[2:].replace(b"\x88", b"")
        tag = self.tag
        if len(data) < 2 or data[1] != 0x00 or tag is None or (wanted and wanted != tag.uid.replace(b"\x88", b"")):
            self._registers[_FIFO_DATA] = _WUPA
            return b"\x00"
        self._registers[_FIFO_DATA] = 0
        return b"\x01\x01" + tag.atqa + bytes([tag.sak, len(tag.uid)]) + tag.uid

    def _communicate(self, data: bytes) -> bytes:
        answer = self.tag.answer(data) if self.tag is not None else None
        if answer is None:
            return b"\x01"
        checked = self._registers.get(_RX_MODE, 0x80) & 0x80
        return b"\x00" + (answer if checked or answer == NAK else answer + _crc_a(answer))


def _frame(body: bytes) -> bytes:
    tail = bytes([-sum(body) & 0xFF, 0])
    if len(body) < 256:
        return b"\x00\x00\xff" + bytes([len(body), -len(body) & 0xFF]) + body + tail
    size = len(body).to_bytes(2, "big")
    return b"\x00\x00\xff\xff\xff" + size + bytes([-sum(size) & 0xFF]) + body + tail


def _crc_a(data: bytes) -> bytes:
    """CRC_A of ISO/IEC 14443-3."""
    crc = 0x6363
    for byte in data:
        low = byte ^ crc & 0xFF
        mixed = (low ^ low << 4) & 0xFF
        crc = crc >> 8 ^ mixed << 8 ^ mixed << 3 ^ mixed >> 4
    return crc.to_bytes(2, "little")
