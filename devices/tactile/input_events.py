"""Keys and switches of the kernel's input devices (struct input_event): which key of ours went down. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from devices.item_scanner.evdev_events import NATIVE
from devices.ports import Key
from values import dataclass

Told = Key | bool
"""A key that went down; or whether headphones are in."""

SW_HEADPHONE_INSERT = 2
_EV_KEY, _EV_SW = 1, 5
_PRESSED = 1  # 2 is a key that is held (EN 301 549 5.7): it was told already

# linux/input-event-codes.h. What keypads for audio navigation send as plain keys, and what keyboards have for it.
KEYS: Mapping[int, Key] = {
    **dict.fromkeys((105, 103, 104), Key.PREVIOUS),  # left, up, page up
    **dict.fromkeys((106, 108, 109, 15), Key.NEXT),  # right, down, page down, tab
    **dict.fromkeys((28, 96, 57, 0x160, 0x161), Key.OK),  # enter, the keypad's enter, space, OK, select
    **dict.fromkeys((138, 59), Key.REPEAT),  # help, F1
    **dict.fromkeys((115, 78), Key.LOUDER),  # volume up, the keypad's plus
    **dict.fromkeys((114, 74), Key.QUIETER),  # volume down, the keypad's minus
}


@dataclass(slots=True)
class InputDecoder:
    """Events in pieces of any size; holds less than one event."""

    form: struct.Struct = NATIVE
    _rest: bytes = b""

    def feed(self, data: bytes) -> Iterator[Told]:
        """Take what was read; gives what it tells. What is no key of ours is nothing."""
        data = self._rest + data
        whole = len(data) - len(data) % self.form.size
        self._rest = data[whole:]
        for _, _, kind, code, value in self.form.iter_unpack(data[:whole]):
            if kind == _EV_KEY and value == _PRESSED and code in KEYS:
                yield KEYS[code]
            elif kind == _EV_SW and code == SW_HEADPHONE_INSERT:
                yield bool(value)
