"""FEIG's commands for tags of ISO 15693 (B0h), NXP's own for EAS (B1h), and their answers, as pure functions.

A UID is given as it is printed: E0h, the maker's code, and so on.
"""

from __future__ import annotations

from dataclasses import field

from devices.item_pad.obid import Answer, FrameError
from values import dataclass

SOFTWARE_VERSION = b"\x65"
RF_RESET = b"\x69"
UID_LENGTH = 8
NXP = 0x04

_ISO, _CUSTOM = 0xB0, 0xB1
_ADDRESSED = 0x01
_INVENTORY, _READ, _WRITE_AFI, _SYSTEM = 0x01, 0x23, 0x27, 0x2B
_SET_EAS, _RESET_EAS, _EAS_ALARM = 0xA2, 0xA3, 0xA5
_ISO_15693 = 0x03
_SIGHTING = 2 + UID_LENGTH


@dataclass(frozen=True, slots=True)
class Sighting:
    """A tag that answered the inventory; `dsfid` tells the format of what is written on it."""

    uid: bytes = field(repr=False)
    dsfid: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of a tag's memory as the pad delivered them."""

    size: int
    data: bytes = field(repr=False)


def inventory(*, more: bool = False) -> bytes:
    """Asks which tags lie there; `more` for those that did not fit into the last answer."""
    return bytes([_ISO, _INVENTORY, 0x80 if more else 0x00])


def sightings(answer: Answer) -> tuple[Sighting, ...]:
    """The tags of an inventory's answer, up to the first that is not of ISO 15693; raises FrameError."""
    data, found = answer.data, []
    if not data:
        return ()
    for number in range(data[0]):
        one = data[1 + number * _SIGHTING :][:_SIGHTING]
        if one and one[0] != _ISO_15693:
            break
        if len(one) < _SIGHTING:
            raise FrameError("an inventory that breaks off")
        found.append(Sighting(one[2:], one[1]))
    return tuple(found)


def read_blocks(uid: bytes, first: int, count: int) -> bytes:
    """Asks for `count` blocks of one tag from block `first` on."""
    return bytes([_ISO, _READ, _ADDRESSED]) + uid + bytes([first, count])


def blocks(answer: Answer, count: int) -> Blocks:
    """The `count` blocks that were asked for, without their security bytes; raises FrameError."""
    data = answer.data
    if len(data) < 2 or data[0] != count or data[1] == 0 or len(data) != 2 + count * (1 + data[1]):
        raise FrameError("other blocks than were asked for")
    step = 1 + data[1]
    return Blocks(data[1], b"".join(data[2 + at * step + 1 : 2 + (at + 1) * step] for at in range(count)))


def system_information(uid: bytes) -> bytes:
    """Asks for the AFI and more of one tag."""
    return bytes([_ISO, _SYSTEM, _ADDRESSED]) + uid


def afi_of(answer: Answer, uid: bytes) -> int:
    """The AFI in the system information of the tag `uid`; raises FrameError when it is another tag's.

    Some pads send only the last four bytes of the UID and zeros before them.
    """
    data = answer.data
    if len(data) < 2 + UID_LENGTH or data[1 + UID_LENGTH - 4 : 1 + UID_LENGTH] != uid[-4:]:
        raise FrameError("the system information of another tag")
    return data[1 + UID_LENGTH]


def write_afi(uid: bytes, afi: int) -> bytes:
    """Writes the AFI of one tag."""
    return bytes([_ISO, _WRITE_AFI, _ADDRESSED]) + uid + bytes([afi])


def write_eas(uid: bytes, *, on: bool) -> bytes:
    """Sets or clears the EAS bit of one tag of NXP's."""
    return bytes([_CUSTOM, NXP, _SET_EAS if on else _RESET_EAS, _ADDRESSED]) + uid


def eas_alarm(uid: bytes) -> bytes:
    """Asks one tag of NXP's to call if its EAS bit is set: OK when it does, NO_TAG when not or not there."""
    return bytes([_CUSTOM, NXP, _EAS_ALARM, _ADDRESSED]) + uid


def has_eas(uid: bytes) -> bool:
    """Whether the chip's maker is one whose EAS commands are known here."""
    return len(uid) == UID_LENGTH and uid[1] == NXP
