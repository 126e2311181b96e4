"""The kiosk's configuration file (TOML), read once, checked whole, frozen. Every error names its line.

Relative paths are relative to the file. Secrets are never in it, only the names of files that hold them.
"""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from circulation.identifiers import IdentifierError, code
from devices.settings import KINDS, OPTIONS, DeviceSettings, check_settings, section_settings
from kiosk.library_look import LibraryLook, read_look
from kiosk.toml_lines import line_of, line_of_fault, nearest
from kiosk.typefaces import undrawable
from values import dataclass

LANGUAGES = ("nl", "en", "fr", "de", "fy", "tr", "uk", "ar")
LONGEST_NAME = 80  # letters of a library: two lines on the screen
_FAILED_UNLOCK = ("desk", "undo")
_PATRONS, _ITEMS = ("group", "institution"), ("group", "institution", "branch", "none")


@dataclass(frozen=True, slots=True)
class Kiosk:
    """`id`: as enrolled at the store. `languages`: catalogue codes, the first is spoken at rest. `health_file`: where
    it says how it is; best in memory. Without it beside the journal."""

    id: str
    languages: tuple[str, ...] = LANGUAGES
    health_file: str = ""


@dataclass(frozen=True, slots=True)
class BranchName:
    """The library's name as patrons know it, on the screen and on the receipt."""

    name: str


@dataclass(frozen=True, slots=True)
class Store:
    """`deadline_s`: the most that one question may take in all, in seconds."""

    url: str
    token_file: str
    deadline_s: int = 8


@dataclass(frozen=True, slots=True)
class JournalFiles:
    """Where the journal lies, and the file of its 32-byte key (best outside the disk: house decision 7)."""

    path: str
    key_file: str


@dataclass(frozen=True, slots=True)
class MirrorFiles:
    """The folder of the mirror, from which this kiosk lends while the store is out of reach; without this section it
    does not. `key_file`: the consortium's key, best outside the disk (house decision 7); `store_key_file`: by whose
    signature a mirror is known. `patrons`, `items`: how much of the group is in it. `pull_seconds`: how often it is
    brought up to date."""

    path: str
    key_file: str
    store_key_file: str
    patrons: str = "group"
    items: str = "group"
    pull_seconds: int = 60


@dataclass(frozen=True, slots=True)
class BranchSharing:
    """The other kiosks of the branch, told what this one does while the store is out of reach; without it they are not.
    `listen` and each of `peers`: host:port. Only for a network that is the branch's own."""

    listen: str
    peers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScreenSize:
    """In pixels. `contrast`: the black and yellow theme. `width_mm`: how wide the picture is on the panel, so that
    `--check-config` can tell how large a target is; 0: that is not known."""

    width: int = 1080
    height: int = 1920
    contrast: bool = False
    width_mm: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """Seconds; see `kiosk.settings.Patience`. `warning_s` is never below 20 (WCAG 2.2.1). `returns`: items can be
    brought back at this kiosk (K10). `accounts`: patrons can look at their account and renew here.
    `scrambled_pin_pad`: the digits of the PIN pad change places each time (P6)."""

    idle_s: int = 45
    warning_s: int = 20
    returns: bool = True
    accounts: bool = True
    scrambled_pin_pad: bool = False


@dataclass(frozen=True, slots=True)
class Pad:
    """How this branch works with its item pad. `failed_unlock`: where a tag of a loan cannot be cleared, the loan is
    undone ("undo"), or stands and the desk looks at the item ("desk"). `all_tagged`: no item lacks a tag, so that what
    was scanned must be laid down too. `passes`: patrons' passes are tags that the pad reads."""

    failed_unlock: str = "desk"
    all_tagged: bool = True
    passes: bool = False


@dataclass(frozen=True, slots=True)
class TouchScreen:
    """`device`: its node under /dev/input, watched so that a window which hears no touch any more is started anew."""

    device: str


@dataclass(frozen=True, slots=True)
class KioskConfig:
    """All of the file, with the devices as settings for `devices.open_devices`."""

    kiosk: Kiosk
    branch: BranchName
    store: Store
    journal: JournalFiles
    mirror: MirrorFiles | None = None
    sharing: BranchSharing | None = None
    screen: ScreenSize = field(default_factory=ScreenSize)
    visit: Visit = field(default_factory=Visit)
    pad: Pad = field(default_factory=Pad)
    touch: TouchScreen | None = None
    look: LibraryLook = field(default_factory=LibraryLook)
    devices: tuple[DeviceSettings, ...] = ()
    folder: Path = Path()

    def path(self, name: str) -> Path:
        """A path of the file, seen from the file's own folder."""
        return self.folder / name


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the file. `line` counts from 1; 0 is the file as a whole."""

    line: int
    text: str


class ConfigError(Exception):
    """The file cannot be used. `str()` gives every problem on a line of its own, with the file's name and line."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda one: one.line)
        super().__init__("\n".join(f"{name}:{one.line}: {one.text}" for one in self.problems))


def read_config(path: Path, languages: Collection[str] = ()) -> KioskConfig:
    """Reads and checks the file; `languages`: those that there are texts for. Raises ConfigError with all problems."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(str(path), [Problem(0, f"cannot be read: {type(fault).__name__}")]) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(str(path), [Problem(line_of_fault(fault, text), f"not TOML: {fault}")]) from None
    found = Checker(text, path.parent, languages)
    config = found.check(data)
    if config is None:
        raise ConfigError(str(path), found.problems)
    return config


class Checker:
    """Walks the file's data beside the dataclasses above and collects what does not fit."""

    def __init__(self, text: str, folder: Path, languages: Collection[str]) -> None:
        self._lines, self._folder, self._languages = text.split("\n"), folder, languages
        self.problems: list[Problem] = []

    def check(self, data: Mapping[str, Any]) -> KioskConfig | None:
        """The configuration, or None when there are problems."""
        known = {one.name for one in fields(KioskConfig)} - {"devices", "folder", "look"}
        for name in data:
            if name not in known and name not in KINDS and name != "look":
                self._add((name,), f"unknown section [{name}]{nearest(name, [*known, *KINDS])}")
        parts: dict[str, Any] = {}
        for one in fields(KioskConfig):
            if one.name not in known:
                continue
            kind = _section_of(get_type_hints(KioskConfig)[one.name])
            if one.name in data:
                parts[one.name] = self._section((one.name,), kind, data[one.name])
            elif one.default_factory is MISSING and one.default is MISSING:
                self._add((), f"section [{one.name}] is missing")
        if "look" in data:
            spoken = parts["kiosk"].languages if parts.get("kiosk") else self._languages
            parts["look"] = read_look(data["look"], self._folder, spoken, self._add)
            self._check_buttons(data["look"], parts.get("visit") or Visit())
        devices = self._devices(data)
        self._check_sense(parts)
        if "pad" in data and "item_pad" not in data:
            self._add(("pad",), "[pad] needs an [item_pad]: without one nothing can be laid down")
        pad = parts.get("pad")
        if "item_pad" in data and not {"pass_reader", "item_scanner"} & set(data) and not (pad and pad.passes):
            nothing = "nothing reads passes: a [pass_reader], an [item_scanner], or passes = true in [pad]"
            self._add(("item_pad",), nothing)
        if not self.problems:
            self._check_hearers(devices)
        if self.problems:
            return None
        return KioskConfig(**parts, devices=devices, folder=self._folder)

    def _section(self, path: tuple[str, ...], kind: Any, data: object) -> Any:
        if not isinstance(data, Mapping) or not is_dataclass(kind):
            self._add(path, f"[{path[0]}] must be a section")
            return None
        hints, values, before = get_type_hints(kind), {}, len(self.problems)
        names = [one.name for one in fields(kind)]
        for name in (one for one in data if one not in names):
            self._add((*path, name), f"unknown key {name!r} in [{path[0]}]{nearest(name, names)}")
        for one in fields(kind):
            if one.name not in data:
                if one.default is MISSING:
                    self._add(path, f"key {one.name!r} is missing in [{path[0]}]")
                continue
            values[one.name] = self._value((*path, one.name), hints[one.name], data[one.name])
        make: Any = kind
        return make(**values) if len(self.problems) == before else None

    def _value(self, path: tuple[str, ...], kind: Any, value: object) -> object:
        if get_origin(kind) is tuple:
            wanted = get_args(kind)[0]
            if isinstance(value, list) and value and all(type(one) is wanted for one in value):
                return tuple(value)
            self._add(path, f"{path[-1]!r} must be a list of texts, not empty")
        elif type(value) is not kind:
            self._add(path, f"{path[-1]!r} must be {_said(kind)}")
        elif isinstance(value, str) and not (value.strip() and value.isprintable()):
            self._add(path, f"{path[-1]!r} must be one line of text, not empty")
        return value

    def _devices(self, data: Mapping[str, Any]) -> tuple[DeviceSettings, ...]:
        """The device sections; what an option means is known to `devices` alone."""
        found = []
        for kind in KINDS:
            section = data.get(kind)
            if section is None:
                continue
            if not isinstance(section, Mapping) or not isinstance(section.get("driver"), str):
                self._add((kind,), f"[{kind}] must be a section with a driver")
                continue
            found.append(section_settings(kind, section, self._folder))
        for fault in check_settings(found):
            path = self._device_path(fault.name, fault.message, data)
            self._add(path, f"[{fault.name}] {fault.message}{_nearest_option(path, found)}")
        return tuple(found)

    def _check_hearers(self, devices: tuple[DeviceSettings, ...]) -> None:
        """Speech begins with headphones, or by a touch where there is a loudspeaker."""
        by_kind = {one.kind: one for one in devices}
        speech, keypad = by_kind.get("speech"), by_kind.get("keypad")
        knows_headphones = "headphones" in by_kind or (keypad is not None and keypad.driver == "serial")
        if speech is not None and not knows_headphones and "loudspeaker" not in speech.options:
            self._add(("speech",), "[speech] is heard by nobody: it needs [headphones], or a loudspeaker")

    def _device_path(self, section: str, text: str, data: Mapping[str, Any]) -> tuple[str, ...]:
        """The option that a device's complaint names first, and the one within that, so that its line can be told."""
        words = text.replace("'", " ").replace(";", " ").split()
        path: tuple[str, ...] = (section,)
        here = data.get(section)
        while isinstance(here, Mapping) and (named := [word for word in words if word in here]):
            path, here = (*path, named[0]), here[named[0]]
        return path

    def _check_sense(self, parts: Mapping[str, Any]) -> None:
        """What no type can say, of every section that is whole."""
        checks: Mapping[str, Callable[[Any], None]] = {
            "kiosk": self._check_kiosk,
            "branch": self._check_branch,
            "store": self._check_store,
            "mirror": self._check_mirror,
            "sharing": self._check_sharing,
            "screen": self._check_screen,
            "visit": self._check_visit,
            "pad": self._check_pad,
        }
        for name, check in checks.items():
            if parts.get(name) is not None:
                check(parts[name])
        if parts.get("sharing") is not None and parts.get("mirror") is None:
            self._add(("sharing",), "[sharing] needs a [mirror]: without one nothing is decided here")

    def _check_kiosk(self, kiosk: Kiosk) -> None:
        try:
            code(kiosk.id)
        except IdentifierError:
            self._add(("kiosk", "id"), "'id' must be a short code of letters, digits, '-' and '_'")
        unknown = [one for one in kiosk.languages if self._languages and one not in self._languages]
        if unknown:
            known = ", ".join(self._languages)
            self._add(("kiosk", "languages"), f"no texts for {', '.join(unknown)}; there are texts for {known}")
        if len(set(kiosk.languages)) != len(kiosk.languages):
            self._add(("kiosk", "languages"), "'languages' names one of them twice")

    def _check_branch(self, branch: BranchName) -> None:
        if len(branch.name) > LONGEST_NAME:
            self._add(("branch", "name"), f"'name' must be at most {LONGEST_NAME} letters")
        if lacking := undrawable(branch.name):
            self._add(("branch", "name"), f"'name' has what no typeface of this kiosk can draw: {lacking}")

    def _check_store(self, store: Store) -> None:
        try:
            url = urlsplit(store.url)
            usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        except ValueError:
            self._add(("store", "url"), "'url' is no address")
            return
        if not usable:
            self._add(("store", "url"), "'url' must begin with http:// or https:// and name a host")
        if url.username is not None or url.query or url.fragment:
            self._add(
                ("store", "url"), "'url' must hold no password and no question: the credential is in 'token_file'"
            )
        if not 1 <= store.deadline_s <= 60:
            self._add(("store", "deadline_s"), "'deadline_s' must be from 1 to 60 seconds")

    def _check_mirror(self, mirror: MirrorFiles) -> None:
        for name, value, known in (("patrons", mirror.patrons, _PATRONS), ("items", mirror.items, _ITEMS)):
            if value not in known:
                self._add(("mirror", name), f"{name!r} must be one of {', '.join(known)}")
        if not 5 <= mirror.pull_seconds <= 3600:
            self._add(("mirror", "pull_seconds"), "'pull_seconds' must be from 5 to 3600 seconds")

    def _check_sharing(self, sharing: BranchSharing) -> None:
        for name, texts in (("listen", (sharing.listen,)), ("peers", sharing.peers)):
            if not all(is_address(one) for one in texts):
                self._add(("sharing", name), f"{name!r} must be host:port, or [host]:port")
        if sharing.listen in sharing.peers:
            self._add(("sharing", "peers"), "'peers' names this kiosk itself")

    def _check_screen(self, screen: ScreenSize) -> None:
        for name, pixels in (("width", screen.width), ("height", screen.height)):
            if not 480 <= pixels <= 7680:
                self._add(("screen", name), f"{name!r} must be from 480 to 7680 pixels")
        if min(screen.width, screen.height) >= 480 and max(screen.width, screen.height) < 800:
            self._add(("screen",), "the screen must be at least 800 by 480 pixels, or 480 by 800")
        if screen.width_mm and not 50 <= screen.width_mm <= 3000:
            self._add(("screen", "width_mm"), "'width_mm' must be from 50 to 3000 millimetres, or left out")

    def _check_visit(self, visit: Visit) -> None:
        if not 10 <= visit.idle_s <= 600:
            self._add(("visit", "idle_s"), "'idle_s' must be from 10 to 600 seconds")
        if not 20 <= visit.warning_s <= 600:
            self._add(("visit", "warning_s"), "'warning_s' must be from 20 (WCAG 2.2.1) to 600 seconds")

    def _check_buttons(self, look: object, visit: Visit) -> None:
        """A button that was asked for and can never be there."""
        asked = look.get("buttons") if isinstance(look, Mapping) else None
        for one, key, on in (("return", "returns", visit.returns), ("account", "accounts", visit.accounts)):
            if isinstance(asked, list) and one in asked and not on:
                self._add(("look", "buttons"), f"'buttons' has {one!r}, which {key} = false in [visit] takes away")

    def _check_pad(self, pad: Pad) -> None:
        if pad.failed_unlock not in _FAILED_UNLOCK:
            self._add(("pad", "failed_unlock"), f"'failed_unlock' must be one of {', '.join(_FAILED_UNLOCK)}")

    def _add(self, path: tuple[str, ...], text: str) -> None:
        self.problems.append(Problem(line_of(path, self._lines), text))


def is_address(text: str) -> bool:
    """Whether it is host:port, or [host]:port for IPv6."""
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65536


def _section_of(kind: Any) -> Any:
    """The dataclass of a section that may be left out."""
    return next((one for one in get_args(kind) if is_dataclass(one)), kind)


def _nearest_option(path: tuple[str, ...], found: list[DeviceSettings]) -> str:
    """The option that may have been meant by one that the driver does not have."""
    if len(path) == 1:
        return ""
    known = next((OPTIONS.get((one.kind, one.driver), {}) for one in found if one.name == path[0]), {})
    return "" if path[1] in (*known, "driver") else nearest(path[1], list(known))


def _said(kind: type) -> str:
    return {str: "a text", int: "a whole number", bool: "true or false"}[kind]
