"""An ACR122U around a PN532: CCID's bulk messages in and out, over whatever stands in the place of USB."""

from __future__ import annotations

from collections.abc import Iterator

from devices.simulators.pn532_chip import Pn532

_HEAD = 10
_POWER_ON, _EXCHANGE, _DATA_BLOCK = 0x62, 0x6F, 0x80
_VERSION, _DIRECT = bytes.fromhex("ff00480000"), bytes.fromhex("ff000000")
_DONE, _FAILED = b"\x90\x00", b"\x63\x00"


class Acr122:
    """The reader's own processor, which hands commands on to the chip."""

    def __init__(self, chip: Pn532) -> None:
        self._chip = chip
        self._came = bytearray()

    def receive(self, data: bytes, _: int) -> Iterator[bytes]:
        """Take bytes of the bulk pipe; gives one message for each."""
        self._came += data
        while len(self._came) >= _HEAD and len(self._came) >= (
            end := _HEAD + int.from_bytes(self._came[1:5], "little")
        ):
            message = bytes(self._came[:end])
            del self._came[:end]
            answer = self._answer(message[0], message[_HEAD:])
            yield bytes([_DATA_BLOCK]) + len(answer).to_bytes(4, "little") + message[5:7] + bytes(3) + answer

    def _answer(self, kind: int, data: bytes) -> bytes:
        if kind == _POWER_ON:
            return b"\x3b\x00"
        if data == _VERSION:
            return b"ACR122U207"
        if kind == _EXCHANGE and data.startswith(_DIRECT) and len(data) > 6 and data[5] == 0xD4:
            told = self._chip.obey(data[5:])
            return _FAILED if told is None else told + _DONE
        return _DONE if kind == _EXCHANGE and data[:2] == b"\xff\x00" else _FAILED
