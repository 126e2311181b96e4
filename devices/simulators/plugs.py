"""What can be plugged, swapped, broken and recorded at the workbench, by the names that people use."""

from __future__ import annotations

from collections.abc import Mapping

# What may be unplugged and plugged, and the simulator and commands behind it.
PLUGS: Mapping[str, tuple[str, str, str]] = {
    "reader": ("pass-reader", "unplug", "plug"),
    "scanner": ("scanner", "unplug", "plug"),
    "pad": ("item-pad", "unplug", "plug"),
    "printer": ("printer", "unplug", "plug"),
    "terminal": ("payment", "unplug", "plug"),
    "network": ("line", "cut", "restore"),
    "light": ("light", "unplug", "plug"),
    "keypad": ("keypad", "unplug", "plug"),
}
SIMULATORS = (
    *("pass-reader", "scanner", "item-pad", "printer", "line"),
    *("payment-nexo", "payment-zvt", "light", "sound", "keypad"),
)
TACTILE_KEYS = ("previous", "next", "ok", "repeat", "louder", "quieter")
TERMINALS = ("payment-nexo", "payment-zvt")  # a kiosk has one of them, called `payment` here

# The makes that may stand behind one port; the first is what the demo's kiosk is configured for.
MODELS: Mapping[str, tuple[str, ...]] = {
    "reader": ("pn532", "pn532-older", "other-make"),
    "scanner": ("plain", "aim-crlf", "stx-etx"),
    "printer": ("epson-80mm", "other-58mm", "without-status"),
}
# How answers can be bad, and when a tag can leave the pad's field.
READER_FAULTS = ("truncate", "corrupt", "silent", "none")
PAD_FAULTS = ("truncate", "corrupt", "silent", "late", "none")
MOMENTS = ("read", "write", "after-write")
# Whose line can be written down.
RECORDED = tuple(PLUGS)

# How a scan may end, by name.
ENDS: Mapping[str, tuple[str, str]] = {
    "cr": ("", "\r"),
    "lf": ("", "\n"),
    "crlf": ("", "\r\n"),
    "tab": ("", "\t"),
    "stx-etx": ("\x02", "\x03"),
    "none": ("", ""),
}
