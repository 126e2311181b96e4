"""What a scanner types (HID keyboard), as the characters it would send on a serial line: struct input_event. Pure.

Enter stays CR, Tab stays HT, Ctrl with a letter is a control character. What is no character becomes NUL, which no
barcode holds, so that a scan with a lost or unknown key is unreadable and never a shorter number.
"""

from __future__ import annotations

import struct
from dataclasses import field

from devices.item_scanner.key_layouts import LAYOUTS
from values import dataclass

# The two times in front are as wide as a long of the process: 24 bytes an event on 64 bits, 16 on 32.
EVENT_64, EVENT_32 = struct.Struct("=qqHHi"), struct.Struct("=iiHHi")
NATIVE = EVENT_64 if struct.calcsize("@l") == 8 else EVENT_32

_EV_SYN, _EV_KEY, _SYN_REPORT, _SYN_DROPPED = 0, 1, 0, 3
_RELEASED, _PRESSED = 0, 1  # 2: repeated by the kernel because it is held; a scanner holds no key
_SHIFT, _CTRL, _ALT, _ALT_GR, _META = {42, 54}, {29, 97}, {56}, {100}, {125, 126}
_MODIFIERS = frozenset(_SHIFT | _CTRL | _ALT | _ALT_GR | _META)
_CAPS_LOCK, _OTHER_LOCKS = 58, frozenset({69, 70})
_ENDS = {28: b"\r", 96: b"\r", 15: b"\t"}  # Enter, the keypad's Enter, Tab
_FIRST_BUTTON = 0x100  # of a mouse or a game; no key
_NOISE = b"\0"


@dataclass(slots=True)
class KeyDecoder:
    """Events in pieces of any size to bytes; holds less than one event and the modifiers that are down."""

    layout: str = "us"
    form: struct.Struct = NATIVE
    _rest: bytes = b""
    _down: set[int] = field(default_factory=set)
    _caps: bool = False
    _dropped: bool = False  # the kernel's queue ran over: nothing counts until its next report

    def feed(self, data: bytes) -> bytes:
        """Take what was read; returns the characters that it typed."""
        data = self._rest + data
        whole = len(data) - len(data) % self.form.size
        self._rest = data[whole:]
        return b"".join(
            self._take(kind, code, value) for _, _, kind, code, value in self.form.iter_unpack(data[:whole])
        )

    def _take(self, kind: int, code: int, value: int) -> bytes:
        if kind == _EV_SYN:
            return self._synchronise(code)
        if kind != _EV_KEY or self._dropped or code >= _FIRST_BUTTON:
            return b""
        if code in _MODIFIERS:
            (self._down.discard if value == _RELEASED else self._down.add)(code)
            return b""
        return self._press(code) if value == _PRESSED else b""

    def _synchronise(self, code: int) -> bytes:
        if code == _SYN_DROPPED:
            self._dropped = True
            self._down.clear()
            self._caps = False
            return _NOISE
        if code == _SYN_REPORT:
            self._dropped = False
        return b""

    def _press(self, code: int) -> bytes:
        if code == _CAPS_LOCK:
            self._caps = not self._caps
            return b""
        if code in _OTHER_LOCKS:
            return b""
        if self._down & (_ALT | _META):
            return _NOISE
        return _ENDS.get(code) or self._character(code)

    def _character(self, code: int) -> bytes:
        layout = LAYOUTS[self.layout]
        if self._down & _CTRL:
            letter = layout.plain.get(code, "")
            return bytes([ord(letter) & 0x1F]) if "a" <= letter <= "z" else _NOISE
        if self._down & _ALT_GR:
            return layout.third.get(code, "\0").encode()
        plain = layout.plain.get(code, "\0")
        shift = bool(self._down & _SHIFT) != (self._caps and plain.isalpha())
        return (layout.shifted.get(code, "\0") if shift else plain).encode()
