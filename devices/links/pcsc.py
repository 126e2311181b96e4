"""Card readers through the system's PC/SC service (pcscd): the calls of winscard.h, made by ctypes; bounded waits only.

Nothing is built and nothing is bound to a Python: the library comes with pcscd's own package, loaded at the first open.
"""

from __future__ import annotations

import ctypes
import functools
from ctypes import POINTER, byref, c_char_p, c_long, c_ubyte, c_ulong, c_void_p
from dataclasses import field
from typing import Any

from devices.ports import DeviceGone, DeviceUnplugged
from values import dataclass

LIBRARY = "libpcsclite.so.1"
_LONGEST_ATR = 33
_LONGEST_ANSWER = 258
_MOST_NAMES = 4096
_SYSTEM, _SHARED, _LEAVE, _T0, _T1 = 2, 2, 0, 1, 2
_UNAWARE, _CHANGED, _UNKNOWN, _UNAVAILABLE, _PRESENT, _MUTE = 0, 0x2, 0x4, 0x8, 0x20, 0x200
_OK, _CANCELLED, _TIMEOUT = 0, 0x80100002, 0x8010000A
_WORDS = {
    0x80100009: "no such reader",
    0x80100013: "the PC/SC service is gone",
    0x80100017: "the reader is not available",
    0x8010001D: "the PC/SC service does not run, or does not let this user in",
    0x8010001E: "the PC/SC service has stopped",
    0x8010002E: "there is no card reader",
    0x8010006A: "the PC/SC service lets this user in nowhere",
}
_NO_READERS = frozenset({0x80100009, 0x80100017, 0x8010002E})


class _ReaderState(ctypes.Structure):
    _fields_ = (
        ("name", c_char_p),
        ("ours", c_void_p),
        ("known", c_ulong),
        ("now", c_ulong),
        ("length", c_ulong),
        ("atr", c_ubyte * _LONGEST_ATR),
    )


class _Protocol(ctypes.Structure):
    _fields_ = (("number", c_ulong), ("size", c_ulong))


class CardSilent(Exception):
    """The card was taken away, is another process's, or does not answer; the next one may."""


@dataclass(frozen=True, slots=True)
class CardState:
    """What a reader holds. `number` changes with every card; `atr`: None where there is none, empty of a mute one."""

    number: int = _UNAWARE
    atr: bytes | None = field(default=None, repr=False)


@functools.cache
def _library(name: str) -> Any:
    try:
        found = ctypes.CDLL(name)
    except OSError as error:
        raise DeviceGone("the system has no PC/SC (Debian: pcscd)") from error
    states, text, handle = POINTER(_ReaderState), c_char_p, c_long
    for call, takes in {
        "SCardEstablishContext": (c_ulong, c_void_p, c_void_p, POINTER(c_long)),
        "SCardReleaseContext": (c_long,),
        "SCardListReaders": (c_long, text, c_void_p, POINTER(c_ulong)),
        "SCardGetStatusChange": (c_long, c_ulong, states, c_ulong),
        "SCardCancel": (c_long,),
        "SCardConnect": (c_long, text, c_ulong, c_ulong, POINTER(c_long), POINTER(c_ulong)),
        "SCardTransmit": (handle, POINTER(_Protocol), text, c_ulong, c_void_p, c_void_p, POINTER(c_ulong)),
        "SCardDisconnect": (handle, c_ulong),
    }.items():
        function = getattr(found, call)
        function.argtypes, function.restype = takes, c_long
    return found


class PcscLink:
    """One reader; one thread uses it, any thread may `wake` that one."""

    def __init__(self, reader: str, library: str = LIBRARY) -> None:
        """`reader`: how the reader's name begins, empty for the only one there is.

        Raises DeviceGone, or DeviceUnplugged where there is no such reader.
        """
        self._calls = _library(library)
        self.label = "pcsc"
        self._context = c_long()
        self._closed = True
        self._check(self._calls.SCardEstablishContext(_SYSTEM, None, None, byref(self._context)))
        self._closed = False
        try:
            self.label = self._chosen(reader)
        except DeviceGone:
            self.close()
            raise

    def wait(self, known: CardState, timeout_s: float) -> CardState:
        """What the reader holds as soon as that is another than `known`, or after `timeout_s`, or when woken.

        Raises DeviceGone, or DeviceUnplugged when the reader is gone.
        """
        state = _ReaderState(name=self.label.encode(), known=known.number)
        code = self._calls.SCardGetStatusChange(self._context, round(timeout_s * 1000), byref(state), 1) & 0xFFFFFFFF
        if code in {_TIMEOUT, _CANCELLED}:
            return known
        self._check(code)
        if state.now & (_UNKNOWN | _UNAVAILABLE):
            raise DeviceUnplugged(f"{self.label}: the reader is not available")
        atr = None
        if state.now & _PRESENT:
            atr = b"" if state.now & _MUTE else bytes(state.atr[: min(state.length, _LONGEST_ATR)])
        return CardState(state.now & ~_CHANGED, atr)

    def ask(self, command: bytes) -> bytes:
        """The card's answer to one command, its two status bytes at the end; raises CardSilent."""
        card, protocol = c_long(), c_ulong()
        self._must(self._calls.SCardConnect(
            self._context, self.label.encode(), _SHARED, _T0 | _T1, byref(card), byref(protocol)
        ))  # fmt: skip
        try:
            answer, length = ctypes.create_string_buffer(_LONGEST_ANSWER), c_ulong(_LONGEST_ANSWER)
            spoken = _Protocol(protocol.value, ctypes.sizeof(_Protocol))
            self._must(self._calls.SCardTransmit(
                card, byref(spoken), command, len(command), None, answer, byref(length)
            ))  # fmt: skip
            return answer.raw[: length.value]
        finally:
            self._calls.SCardDisconnect(card, _LEAVE)

    def wake(self) -> None:
        """Make a `wait` that waits now return; harmless on a closed link."""
        if not self._closed:
            self._calls.SCardCancel(self._context)

    def close(self) -> None:
        """Let go; never raises."""
        if not self._closed:
            self._closed = True
            self._calls.SCardReleaseContext(self._context)

    def _chosen(self, wanted: str) -> str:
        length = c_ulong(_MOST_NAMES)
        names = ctypes.create_string_buffer(_MOST_NAMES)
        self._check(self._calls.SCardListReaders(self._context, None, names, byref(length)))
        there = [one.decode("utf-8", "replace") for one in names.raw[: length.value].split(b"\0") if one]
        found = [one for one in there if one.startswith(wanted)]
        if not found:
            raise DeviceUnplugged(f"{wanted or 'pcsc'}: no such card reader")
        if len(found) > 1 and wanted not in found:
            raise DeviceGone(f"{wanted or 'pcsc'}: several card readers have such a name; say which")
        return wanted if wanted in found else found[0]

    def _check(self, code: int) -> None:
        number = code & 0xFFFFFFFF
        if number != _OK:
            kind = DeviceUnplugged if number in _NO_READERS else DeviceGone
            raise kind(f"{self.label}: {_WORDS.get(number, f'PC/SC says {number:08X}')}")

    def _must(self, code: int) -> None:
        if code & 0xFFFFFFFF != _OK:
            raise CardSilent(f"PC/SC says {code & 0xFFFFFFFF:08X}")
