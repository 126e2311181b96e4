"""The processes of the demonstration and their command lines, each a program that a library could start by hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioning.demo.ports import LOOPBACK, Ports
from provisioning.demo.process import Process

TERMINALS = ("nexo", "zvt", "none")
TERMINAL_KEYS = "secrets/terminal"


@dataclass(frozen=True, slots=True)
class Place:
    """What all parts share: the run directory, the ports, and where the workbench listens."""

    run: Path
    ports: Ports
    listen: str

    @property
    def logs(self) -> Path:
        """Where each process writes its log."""
        return self.run / "log"

    @property
    def sound(self) -> Path:
        """The folder of the simulated sound card's program, first on the kiosk's PATH."""
        return self.run / "sound"

    @property
    def database(self) -> Path:
        """The membership store's database file."""
        return self.run / "store.db"


def demo_data(place: Place, branch: str | None) -> Process:
    """The program that fills an empty store; it ends when it is done. `branch` is where the kiosk stands."""
    arguments = ["demo-data", "--database", str(place.database), "--out", str(place.run)]
    if branch is not None:
        arguments += ["--branch", branch]
    return Process("demo-data", "Demo data", _python("membership_store", *arguments), place.logs)


def store(place: Place, environment: Mapping[str, str]) -> Process:
    """The membership store; `environment` may give it another clock."""
    arguments = ["serve", "--database", str(place.database), "--listen", f"{LOOPBACK}:{place.ports.store}"]
    return Process("store", "Store", _python("membership_store", *arguments), place.logs, environment)


def simulators(place: Place, terminal: str) -> list[Process]:
    """The simulated hardware, with one of TERMINALS, and the line between kiosk and store."""
    ports = place.ports
    programs = {
        "pass-reader": ("Reader", ["--tty", str(place.run / "dev" / "nfc")]),
        "scanner": ("Scanner", ["--tty", str(place.run / "dev" / "scanner")]),
        "item-pad": ("Pad", ["--tty", str(place.run / "dev" / "pad")]),
        "printer": ("Printer", ["--listen", f"{LOOPBACK}:{ports.printer}",
                                        "--receipts", str(place.run / "receipts")]),
        "light": ("Light", ["--tty", str(place.run / "dev" / "light")]),
        "keypad": ("Keypad", ["--tty", str(place.run / "dev" / "keypad")]),
        "sound": ("Sound", ["--bin", str(place.sound)]),
        "line": ("Line", ["--listen", f"{LOOPBACK}:{ports.line}", "--to", f"{LOOPBACK}:{ports.store}"]),
    }  # fmt: skip
    wire = ["--listen", f"{LOOPBACK}:{ports.terminal}"]
    if terminal == "nexo":
        programs["payment-nexo"] = ("Terminal", [*wire, "--keys", str(place.run / TERMINAL_KEYS)])
    elif terminal == "zvt":
        programs["payment-zvt"] = ("Terminal", wire)
    return [
        Process(
            name,
            title,
            _python(
                "devices.simulators", "serve", name, *more, "--control", str(place.run / "control" / f"{name}.sock")
            ),
            place.logs,
        )
        for name, (title, more) in programs.items()
    ]


def kiosk(place: Place, config: Path, display: str | None, notify: Path, *, fullscreen: bool) -> Process:
    """The kiosk's window on `display` (None: this session's); it reports to the socket `notify` (sd_notify(3))."""
    command = _python("kiosk", "--config", str(config), *(["--fullscreen"] if fullscreen else []))
    # Kivy's own folder goes with the run, not into anybody's home.
    environment = {"NOTIFY_SOCKET": str(notify), "KIVY_HOME": str(place.run / "var" / "kivy")}
    environment["PATH"] = f"{place.sound}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if display is not None:
        environment["DISPLAY"] = display
    return Process("kiosk", "Kiosk", command, place.logs, environment)


def mirror(place: Place, config: Path) -> Process:
    """What keeps the kiosk's mirror up to date, over the same line: so that it lends while the network is pulled."""
    command = _python("kiosk", "cache", "pull", "--config", str(config))
    return Process("mirror", "Mirror", command, place.logs)


def workbench(place: Place, frame_buffer: Path | None, display: str | None) -> Process:
    """The workbench page, with the kiosk's picture where there is a frame buffer."""
    host = f"[{place.listen}]" if ":" in place.listen else place.listen
    more = ["--kiosk-log", str(place.logs / "kiosk.log")]
    if frame_buffer is not None and display is not None:
        more += ["--screen", str(frame_buffer), "--display", display]
    arguments = ["--run-dir", str(place.run), "--listen", f"{host}:{place.ports.workbench}", *more]
    return Process("workbench", "Workbench", _python("devices.simulators.bench", *arguments), place.logs)


def _python(module: str, *arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", module, *arguments]
