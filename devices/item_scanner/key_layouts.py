"""Which character a key stands for, by the layout that a scanner types in. Key codes: linux/input-event-codes.h. Pure.

`us` is also what Dutch computers have; `be` is Belgian AZERTY; `nl` the rare Dutch one. `·`: no ASCII, or a dead key.
"""

from __future__ import annotations

from collections.abc import Mapping

from values import dataclass

# Rows of a keyboard from the key left of 1, then the key left of Enter and the one between Shift and Z.
_CODES = (41, *range(2, 14), *range(16, 28), *range(30, 41), *range(44, 54), 43, 86)
_NONE = "·"
_SPACE = 57
_KEYPAD = dict(zip((71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 55, 98), "789-456+1230.*/", strict=True))


@dataclass(frozen=True, slots=True)
class Layout:
    """Characters by key code: alone, with Shift, with AltGr."""

    plain: Mapping[int, str]
    shifted: Mapping[int, str]
    third: Mapping[int, str]


def _keys(rows: str) -> dict[int, str]:
    return {code: one for code, one in zip(_CODES, rows, strict=True) if one != _NONE}


def _layout(plain: str, shifted: str, third: str = _NONE * len(_CODES)) -> Layout:
    always = {_SPACE: " ", **_KEYPAD}
    return Layout({**_keys(plain), **always}, {**_keys(shifted), **always}, {**_keys(third), **always})


LAYOUTS: Mapping[str, Layout] = {
    "us": _layout(
        "`1234567890-=" + "qwertyuiop[]" + "asdfghjkl;'" + "zxcvbnm,./" + "\\<",
        "~!@#$%^&*()_+" + "QWERTYUIOP{}" + 'ASDFGHJKL:"' + "ZXCVBNM<>?" + "|>",
    ),
    "be": _layout(
        "·&·\"'(··!··)-" + "azertyuiop·$" + "qsdfghjklm·" + "wxcvbn,;:=" + "·<",
        "·1234567890·_" + "AZERTYUIOP·*" + "QSDFGHJKLM%" + "WXCVBN?./+" + "·>",
        "·|@#··^··{}··" + "··········[]" + "···········" + "··········" + "·\\",
    ),
    "nl": _layout(
        "@1234567890/·" + "qwertyuiop·*" + "asdfghjkl+·" + "zxcvbnm,.-" + "<]",
        "·!\"#$%&_()'?·" + "QWERTYUIOP·|" + "ASDFGHJKL··" + "ZXCVBNM;:=" + ">[",
        "········{}·\\·" + "··········~·" + "···········" + "··········" + "·|",
    ),
}
