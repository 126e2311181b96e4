"""What the pull reads of the kiosk's configuration: the store, and the section [mirror]. Other sections are not judged.

The kiosk checks the whole file; this reader is tolerant of what it does not know, strict about what it uses.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from values import dataclass

_CREDENTIALS = Path("/run/credentials")
PATRONS, ITEMS = ("group", "institution"), ("group", "institution", "branch", "none")
SHORTEST_S, LONGEST_S = 5, 3600


class BadSettings(Exception):
    """The file cannot be used; says which key, never what is in a secret."""


@dataclass(frozen=True, slots=True)
class MirrorSettings:
    """Where the mirror lies and what is in it. `pull_seconds`: how often changes are asked for."""

    kiosk: str
    url: str
    token_file: Path
    path: Path
    key_file: Path
    store_key_file: Path
    patrons: str = "group"
    items: str = "group"
    pull_seconds: int = 60

    @property
    def scope(self) -> str:
        """What the store is asked for, as a query."""
        return urlencode({"patrons": self.patrons, "items": self.items})


def read_settings(file: Path) -> MirrorSettings:
    """The settings in a kiosk's configuration file. Raises BadSettings."""
    data = _read(file)
    mirror = _section(data, "mirror")
    settings = MirrorSettings(
        kiosk=_text(_section(data, "kiosk"), "kiosk", "id"),
        url=_text(_section(data, "store"), "store", "url"),
        token_file=_path(file, _section(data, "store"), "store", "token_file"),
        path=_path(file, mirror, "mirror", "path"),
        key_file=_path(file, mirror, "mirror", "key_file"),
        store_key_file=_path(file, mirror, "mirror", "store_key_file"),
        patrons=_choice(mirror, "patrons", PATRONS),
        items=_choice(mirror, "items", ITEMS),
        pull_seconds=mirror.get("pull_seconds", 60),
    )
    if type(settings.pull_seconds) is not int or not SHORTEST_S <= settings.pull_seconds <= LONGEST_S:
        raise BadSettings(f"[mirror] pull_seconds: from {SHORTEST_S} to {LONGEST_S} seconds")
    return settings


def has_mirror(file: Path) -> bool:
    """Whether that configuration has a section [mirror]. Raises BadSettings."""
    return "mirror" in _read(file)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadSettings(f"{file}: cannot be read: {type(fault).__name__}") from None


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    if not isinstance(found, dict):
        raise BadSettings(f"section [{name}] is missing")
    return found


def _text(section: Mapping[str, Any], name: str, key: str) -> str:
    found = section.get(key)
    if not isinstance(found, str) or not found.strip():
        raise BadSettings(f"[{name}] {key}: a text, not empty")
    return found


def _choice(section: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    found = section.get(key, choices[0])
    if found not in choices:
        raise BadSettings(f"[mirror] {key}: one of {', '.join(choices)}")
    return str(found)


def _path(file: Path, section: Mapping[str, Any], name: str, key: str) -> Path:
    """As seen from the file's folder. A credential of the kiosk's unit is this unit's own, where given."""
    found = file.parent / _text(section, name, key)
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if given and found.parent.parent == _CREDENTIALS:
        return Path(given) / found.name
    return found
