"""Where the kiosk's window goes: the display of this session, or a virtual one whose pixels are a file (Xvfb)."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from provisioning.demo.process import Process

PORTRAIT = (1080, 1920)
LANDSCAPE = (1920, 1080)
SMALLEST = 480  # pixels of a side of the kiosk's window, as its configuration demands
_SHARE_OF_THE_SCREEN = 0.85  # leaves room for a panel and a title bar


def real_display_size() -> tuple[int, int] | None:
    """Return the pixels of the X display that this session has, None where there is none that answers.

    A Wayland session counts where it has Xwayland (then DISPLAY is set): the window speaks X11 only.
    """
    if not os.environ.get("DISPLAY") or not shutil.which("xdotool"):
        return None
    try:
        asked = subprocess.run(
            ["xdotool", "getdisplaygeometry"], capture_output=True, text=True, check=False, timeout=10
        )
        width, height = asked.stdout.split()
        return int(width), int(height)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def fitted(screen: tuple[int, int], display: tuple[int, int]) -> tuple[int, int]:
    """Return `screen` made small enough for `display`, in its own proportions; never larger than it is."""
    scale = min(1.0, *(_SHARE_OF_THE_SCREEN * there / wanted for wanted, there in zip(screen, display, strict=True)))
    return round(screen[0] * scale), round(screen[1] * scale)


def too_small(size: tuple[int, int]) -> bool:
    """Tell whether a window of that size could not be read, so that the kiosk refuses it."""
    return min(size) < SMALLEST


class VirtualDisplay(Process):
    """An Xvfb of one screen on a free display number; its frame buffer is `frame_buffer`."""

    def __init__(self, size: tuple[int, int], folder: Path, logs: Path) -> None:
        self.frame_buffer = folder / "Xvfb_screen0"
        self._number = folder / "display"
        self._size = size
        self._folder = folder
        self._logs = logs
        super().__init__("screen", "Screen", self._arguments(0), logs)

    def _arguments(self, report_to: int) -> Sequence[str]:
        width, height = self._size
        return ("Xvfb", "-screen", "0", f"{width}x{height}x24", "-fbdir", str(self._folder),
                "-displayfd", str(report_to), "-nolisten", "tcp", "-noreset", "-s", "0")  # fmt: skip

    def start(self, *, cwd: Path, hand_down: Sequence[int] = ()) -> None:
        """Start Xvfb; it writes its display number into a file of ours once it takes clients."""
        with self._number.open("wb") as file:
            self._command = list(self._arguments(file.fileno()))
            super().start(cwd=cwd, hand_down=(*hand_down, file.fileno()))

    @property
    def display(self) -> str | None:
        """The name to put into DISPLAY, None until the server takes clients."""
        written = self._number.read_text(encoding="ascii") if self._number.exists() else ""
        return f":{written.strip()}" if written.endswith("\n") else None

    def wait_end(self, until: float) -> None:
        """As for any process; an X server that had to be killed leaves a lock and a socket, which go too."""
        display, pid = self.display, self.pid
        super().wait_end(until)
        lock = Path(f"/tmp/.X{display[1:]}-lock") if display else None  # noqa: S108 - where X servers put it
        if lock is None or pid is None:
            return
        with contextlib.suppress(OSError, ValueError):
            if int(lock.read_text(encoding="ascii")) == pid:
                lock.unlink()
                Path(f"/tmp/.X11-unix/X{lock.name[2:-5]}").unlink()  # noqa: S108
