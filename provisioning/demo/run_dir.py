"""The demonstration's directory: one demo at a time, made anew at every start unless it is to be kept."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from provisioning.demo.ports import Ports

MARK = ".kiosk-demo"
_LONGEST_SOCKET = "control/pass-reader.sock"
_SOCKET_PATH_BYTES = 107  # sun_path of unix(7), less its final zero
_FOLDERS = ("control", "dev", "log", "receipts", "screen", "secrets", "var")
# Sockets, links to devices and the frame buffer: nothing of a run that ended.
_VANISHING = ("control", "dev", "screen", "sound")


class RunDirRefused(Exception):
    """The directory cannot be used; the message is a sentence that says what to do."""


class RunDir:
    """A directory held by this demo until `let_go`."""

    def __init__(self, path: Path, *, keep: bool) -> None:
        """Take the directory and empty it unless `keep`; raises RunDirRefused."""
        self.path = path.absolute()
        if len(os.fsencode(self.path / _LONGEST_SOCKET)) > _SOCKET_PATH_BYTES:
            raise RunDirRefused(f"{self.path} is too long a path for sockets; choose a shorter one with --run-dir.")
        self._take()
        if not keep:
            self._empty()
        for name in _FOLDERS:
            (self.path / name).mkdir(exist_ok=True)
        (self.path / "secrets").chmod(0o700)

    def _take(self) -> None:
        try:
            new = not self.path.exists()
            self.path.mkdir(parents=True, exist_ok=True)
            if new or not any(self.path.iterdir()):
                (self.path / MARK).touch()
            self._held = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as problem:
            raise RunDirRefused(
                f"{self.path} cannot be used ({problem.strerror}); choose another with --run-dir."
            ) from (problem)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._held)
            raise RunDirRefused(
                f"Another demo is running in {self.path}; end it with Ctrl-C, or start this one with --run-dir (and "
                "other ports: make demo PORT=8800)."
            ) from None
        if not (self.path / MARK).exists():
            os.close(self._held)
            raise RunDirRefused(f"{self.path} holds something that no demo made; choose an empty place with --run-dir.")

    def _empty(self) -> None:
        for entry in self.path.iterdir():
            if entry.name == MARK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def write_kiosk(
        self, ports: Ports, size: tuple[int, int], languages: Sequence[str], terminal: str = "none"
    ) -> Path:
        """Write the kiosk's configuration and its journal key; return the configuration's path.

        `size` is in pixels, `terminal` one of TERMINALS. Who the kiosk is and where it stands comes from branch.json,
        which the store's demo data leave; raises RunDirRefused without it.
        """
        try:
            branch = json.loads((self.path / "branch.json").read_text(encoding="utf-8"))
            kiosk_id, branch_name = str(branch["kiosk"]), str(branch["name"])
        except (OSError, ValueError, KeyError) as problem:
            raise RunDirRefused(f"{self.path}/branch.json is missing or damaged; start without --keep.") from problem
        key = self.path / "secrets" / "journal.key"
        if not key.exists():
            key.touch(0o600, exist_ok=False)
            key.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        target = self.path / "kiosk.toml"
        # What JSON writes as a string or a list of strings, TOML reads as the same.
        text = _KIOSK.format(
            kiosk=json.dumps(kiosk_id, ensure_ascii=False),
            branch=json.dumps(branch_name, ensure_ascii=False),
            languages=json.dumps(list(languages)),
            line=ports.line,
            printer=ports.printer,
            width=size[0],
            height=size[1],
        ) + _TERMINAL.get(terminal, "").format(port=ports.terminal)
        target.write_text(text, encoding="utf-8")
        return target

    def tidy(self) -> None:
        """Remove what only has a meaning while the demo runs; logs, receipts and databases stay to be looked at."""
        for name in _VANISHING:
            shutil.rmtree(self.path / name, ignore_errors=True)

    def let_go(self) -> None:
        """Leave the directory to the next demo."""
        os.close(self._held)


_KIOSK = """\
# Written by the demo at every start.
[kiosk]
id = {kiosk}
languages = {languages}

[branch]
name = {branch}

[store]
# The line, not the store itself: so that the network can be pulled.
url = "http://127.0.0.1:{line}"
token_file = "secrets/kiosk.token"
deadline_s = 8

[journal]
path = "var/journal.db"
key_file = "secrets/journal.key"

[mirror]
path = "var/mirror"
key_file = "secrets/mirror.key"
store_key_file = "secrets/store.pub"
pull_seconds = 5

[screen]
width = {width}
height = {height}

[pass_reader]
driver = "pn532"
port = "dev/nfc"

[item_scanner]
driver = "serial"
port = "dev/scanner"

[item_pad]
driver = "feig"
port = "dev/pad"

[pad]
failed_unlock = "desk"
# Here a book may be scanned alone; where every book has a tag, it must be laid down too.
all_tagged = false

[receipt_printer]
driver = "network"
host = "127.0.0.1"
port = {printer}

[signals]
driver = "aplay"
port = "dev/light"

[speech]
driver = "espeak-ng"
headphones = "headphones"
loudspeaker = "loudspeaker"

[keypad]
driver = "serial"
port = "dev/keypad"
"""

# Names as the simulated terminals have them (devices/simulators/payment_nexo.py).
_TERMINAL = {
    "nexo": """
[payment_terminal]
driver = "nexo"
host = "127.0.0.1"
port = {port}
poi_id = "P400Plus-000000001"
sale_id = "demo-kiosk"
certificate_name = "P400Plus-000000001.test.terminal.adyen.com"
ca_file = "secrets/terminal/ca.pem"
passphrase_file = "secrets/terminal/passphrase"
key_identifier = "kiosk"
""",
    "zvt": """
[payment_terminal]
driver = "zvt-network"
host = "127.0.0.1"
port = {port}
password = 0
""",
}
