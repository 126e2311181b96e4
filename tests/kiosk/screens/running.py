"""The kiosk's window as a process of its own on a display of its own: it says what is touched and that it draws."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 60.0
SIZE = (540, 960)
ROOT = Path(__file__).resolve().parents[3]
# No home; whoever may not make one would otherwise hear from Mesa that its cache has no place.
NOWHERE = {"HOME": "/nonexistent", "MESA_SHADER_CACHE_DISABLE": "true", "MESA_GLSL_CACHE_DISABLE": "true"}


class Running:
    """One process whose window fills `display`."""

    def __init__(self, folder: Path, display: str, start: str) -> None:
        self.said: list[str] = []
        self.log = folder / "log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KIVY_", "SDL_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.kiosk.screens.alone", start, *map(str, SIZE), "--fullscreen"],
            env={**environment, **NOWHERE, "DISPLAY": display},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self.log.open("wb"),
        )
        self.hear("frame 2")

    def hear(self, line: str) -> None:
        """Waits until the process has said this line."""
        end = time.monotonic() + PATIENCE_S
        out = self.process.stdout
        assert out is not None
        while line not in self.said:
            ready, _, _ = select.select([out], [], [], max(0.0, end - time.monotonic()))
            heard = out.readline().decode().strip() if ready else ""
            assert heard, f"never said {line!r}: {self.said} {self.log.read_text()}"
            self.said.append(heard)

    def next_frames(self, count: int = 2) -> None:
        """Waits for the next beats of the drawing loop."""
        last = max(int(one.split()[1]) for one in self.said if one.startswith("frame"))
        for at in range(last + 1, last + count + 1):
            self.hear(f"frame {at}")

    @property
    def touched(self) -> list[str]:
        return [one.removeprefix("touched ") for one in self.said if one.startswith("touched")]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Window(Running):
    """On an Xvfb, whose pixels are a file; touched and typed into by XTest."""

    def __init__(self, folder: Path, start: str) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", str(folder)],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as numbers:
            self._display = f":{numbers.readline().strip()}"
        self._picture = folder / "Xvfb_screen0"
        super().__init__(folder, self._display, start)

    def do(self, *command: object) -> None:
        subprocess.run(
            ["xdotool", *map(str, command)],
            env={**os.environ, "DISPLAY": self._display},
            check=True,
            timeout=PATIENCE_S,
        )

    def tap(self, x: float, y: float) -> None:
        """A click at a part of the width and of the height, from the top left."""
        self.do("mousemove", round(SIZE[0] * x), round(SIZE[1] * y), "click", 1)

    def picture(self) -> bytes:
        return self._picture.read_bytes()

    def close(self) -> None:
        super().close()
        if self._server.poll() is None:
            self._server.kill()
        self._server.wait()
