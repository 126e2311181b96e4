"""A library's own look: its colours, logo, welcome and buttons at rest; checked when the configuration is read.

All text keeps 7:1 (WCAG 2.2, 1.4.6): a colour that cannot is refused with the ratio that it has.
"""

import re
import struct
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from pathlib import Path

from kiosk.theme import NORMAL, TEXT_CONTRAST, Colours, contrast, mixed, too_faint
from kiosk.typefaces import undrawable
from values import dataclass

LONGEST_WELCOME = 60  # letters
LARGEST_LOGO = 2048  # pixels of a side
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
BUTTONS = ("account", "return")  # at rest; help, languages and "Aa" are on every screen, whatever is chosen
_COLOURS = ("touch", "ground", "ink")
_OF_TOUCH = {"touch", "on_touch", "touch_held", "on_plain", "plain_held"}
_PNG = b"\x89PNG\r\n\x1a\n"
# Is told the key that something is wrong with, and what.
Complain = Callable[[tuple[str, ...], str], None]


@dataclass(frozen=True, slots=True)
class LibraryLook:
    """`welcome`: the first words at rest by language, where they are not the usual ones. `logo`: a PNG, or nothing.
    `buttons`: those of BUTTONS that stand on the screen at rest."""

    colours: Colours = NORMAL
    welcome: Mapping[str, str] = field(default_factory=dict)
    logo: Path | None = None
    buttons: tuple[str, ...] = BUTTONS


def library_colours(touch: str, ground: str, ink: str) -> Colours:
    """The usual look in a library's colours: `touch` is what can be touched; what goes with it follows from it."""
    return replace(
        NORMAL,
        ground=ground,
        ink=ink,
        touch=touch,
        on_touch=max(("#FFFFFF", "#000000"), key=lambda one: contrast(one, touch)),
        touch_held=mixed(touch, "#000000", 0.3),
        on_plain=touch,
        plain_held=mixed(touch, "#FFFFFF", 0.95),
    )


def read_look(data: object, folder: Path, languages: Collection[str], complain: Complain) -> LibraryLook:
    """The section [look] of a configuration; each fault is told to `complain`, with its key.

    `languages`: those of this kiosk."""
    if not isinstance(data, Mapping):
        complain(("look",), "[look] must be a section")
        return LibraryLook()
    known = (*_COLOURS, "logo", "welcome", "buttons")
    for name in data:
        if name not in known:
            complain(("look", name), f"unknown key {name!r} in [look]; there are {', '.join(known)}")
    return LibraryLook(
        _colours(data, complain),
        _welcome(data.get("welcome", {}), languages, complain),
        _logo(data["logo"], folder, complain) if "logo" in data else None,
        _buttons(data["buttons"], complain) if "buttons" in data else BUTTONS,
    )


def _colours(data: Mapping[str, object], complain: Complain) -> Colours:
    given = {name: data.get(name, getattr(NORMAL, name)) for name in _COLOURS}
    chosen = {name: one for name, one in given.items() if isinstance(one, str) and _COLOUR.fullmatch(one)}
    for name in given.keys() - chosen.keys():
        complain(("look", name), f"{name!r} must be a colour as '#0B5D57'")
    if len(chosen) < len(given):
        return NORMAL
    colours = library_colours(**chosen)
    told = set()
    for text, ground, ratio in sorted(too_faint(colours), key=lambda one: one[2]):
        meant = {"touch"} & {*data} if {text, ground} & _OF_TOUCH else {"ink"} & {*data} if text == "ink" else set()
        name = next(iter(meant), "ground" if "ground" in data else "touch")
        if name not in told:  # the faintest pair of each colour is enough to know
            told.add(name)
            upon = f"{getattr(colours, text)} on {getattr(colours, ground)}"
            complain(
                ("look", name), f"{name!r} is too faint: {upon} has {ratio:.1f}:1, it must have {TEXT_CONTRAST:.0f}:1"
            )
    return colours


def _welcome(data: object, languages: Collection[str], complain: Complain) -> Mapping[str, str]:
    if not isinstance(data, Mapping):
        complain(("look", "welcome"), "[look.welcome] must be a section with a text for each language")
        return {}
    for language, text in data.items():
        path = ("look", "welcome", str(language))
        if languages and language not in languages:
            complain(path, f"this kiosk has no language {language!r}")
        elif not isinstance(text, str) or not text.strip() or not text.isprintable() or len(text) > LONGEST_WELCOME:
            complain(path, f"{language!r} must be one line of at most {LONGEST_WELCOME} letters, not empty")
        elif lacking := undrawable(text):
            complain(path, f"{language!r} has what no typeface of this kiosk can draw: {lacking}")
    return {str(language): str(text) for language, text in data.items()}


def _buttons(given: object, complain: Complain) -> tuple[str, ...]:
    """Which ones; none is a choice too, of a library whose patrons only lend here."""
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        complain(("look", "buttons"), f"'buttons' must be a list of some of {', '.join(BUTTONS)}; [] for none")
        return BUTTONS
    for at, one in enumerate(given):
        if one not in BUTTONS:
            complain(("look", "buttons"), f"'buttons' has no {one!r}; there are {', '.join(BUTTONS)}")
        elif one in given[:at]:
            complain(("look", "buttons"), f"'buttons' names {one!r} twice")
    return tuple(given)


def _logo(name: object, folder: Path, complain: Complain) -> Path | None:
    path = folder / name if isinstance(name, str) and name.strip() else None
    try:
        data = path.read_bytes() if path is not None else b""
    except OSError as fault:
        complain(("look", "logo"), f"'logo' cannot be read: {type(fault).__name__}")
        return None
    if len(data) < 24 or not data.startswith(_PNG):
        complain(("look", "logo"), "'logo' must be the name of a PNG file")
        return None
    if not all(0 < side <= LARGEST_LOGO for side in struct.unpack(">II", data[16:24])):
        complain(("look", "logo"), f"'logo' must be at most {LARGEST_LOGO} pixels wide and high")
        return None
    if not _whole(data):
        complain(("look", "logo"), "'logo' is damaged or cut off: it must be a whole PNG file")
        return None
    return path


def _whole(png: bytes) -> bool:
    """Whether every chunk up to IEND is there and keeps its sum (PNG, W3C 2003, 5.3), and one of them holds pixels."""
    at, kinds = len(_PNG), set[bytes]()
    while at + 12 <= len(png) and b"IEND" not in kinds:
        (length,) = struct.unpack_from(">I", png, at)
        end = at + 8 + length
        if png[end : end + 4] != zlib.crc32(png[at + 4 : end]).to_bytes(4, "big"):
            return False
        kinds.add(png[at + 4 : at + 8])
        at = end + 4
    return {b"IDAT", b"IEND"} <= kinds
