"""An X server with a touch screen: Xorg with its dummy video driver and its own `inputtest` driver (inputtestdrv(4)).

The driver's socket takes messages of native byte order: length and kind (32 bits each), then what the kind says.
"""

import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

SERVER = "Xorg"
CLIENT_VERSION, WAIT_FOR_SYNC, TOUCH = 0, 1, 6  # kinds of messages
BEGIN, UPDATE, END = 18, 19, 20  # kinds of touches, as XInput 2.2 numbers them
PROTOCOL = (1, 1)
AXES = 64  # of which a message always has room; the first two are x and y, 0 to 65535
WIDEST = 0xFFFF
PATIENCE_S = 30

CONFIGURATION = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoAddGPU" "false"
EndSection
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 32768
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 1-2000
  VertRefresh 1-2000
  Modeline "kiosk" 100 {width} {width1} {width2} {width3} {height} {height1} {height2} {height3}
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Virtual {width} {height}
    Modes "kiosk"
  EndSubSection
EndSection
Section "InputDevice"
  Identifier "touch"
  Driver "inputtest"
  Option "SocketPath" "{socket}"
  Option "DeviceType" "Touch"
EndSection
Section "ServerLayout"
  Identifier "layout"
  Screen "screen"
  InputDevice "touch"
EndSection
"""


def lacking() -> list[str]:
    """What is not installed of what this needs."""
    return [] if shutil.which(SERVER) else [SERVER]


class TouchScreen:
    """A display of its own with a touch screen of ten fingers. Places are parts of the screen from the upper left."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        where = folder / "touch.sock"
        sides: dict[str, int] = {}
        for name, side in zip(("width", "height"), size, strict=True):
            sides |= {name: side} | {f"{name}{at}": side + 8 * at for at in (1, 2, 3)}
        configuration = folder / "xorg.conf"
        configuration.write_text(CONFIGURATION.format(socket=where, **sides))
        read, write = os.pipe()
        self.log = folder / "xorg.log"
        command = [SERVER, "-displayfd", str(write), "-config", str(configuration), "-logfile", str(self.log)]
        command += ["-noreset", "-nolisten", "tcp", "-novtswitch", "-sharevts", "-s", "0"]
        self._server = subprocess.Popen(
            command, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=(folder / "xorg.err").open("wb")
        )
        os.close(write)
        with os.fdopen(read) as numbers:
            number = numbers.readline().strip()
        assert number, (folder / "xorg.err").read_text()
        self.display = f":{number}"
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(PATIENCE_S)
        self._line.connect(str(where))
        self._send(CLIENT_VERSION, struct.pack("=HH", *PROTOCOL))
        self._hear()

    def down(self, finger: int, x: float, y: float) -> None:
        self._touch(BEGIN, finger, x, y)

    def move(self, finger: int, x: float, y: float) -> None:
        self._touch(UPDATE, finger, x, y)

    def up(self, finger: int, x: float, y: float) -> None:
        self._touch(END, finger, x, y)

    def tap(self, x: float, y: float, finger: int = 0) -> None:
        self.down(finger, x, y)
        self.up(finger, x, y)

    def close(self) -> None:
        self._line.close()
        self._server.terminate()
        try:
            self._server.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _touch(self, kind: int, finger: int, x: float, y: float) -> None:
        """One step of a finger, and waits until the server has passed it on."""
        places = [round(x * WIDEST), round(y * WIDEST), *[0] * (AXES - 2)]
        valuators = struct.pack(f"=I8s4x{AXES}d{AXES}d", 0, bytes([0b11]), *places, *[0.0] * AXES)
        self._send(TOUCH, struct.pack("=II", finger, kind) + valuators)
        self._send(WAIT_FOR_SYNC, b"")
        self._hear()

    def _send(self, kind: int, body: bytes) -> None:
        self._line.sendall(struct.pack("=II", 8 + len(body), kind) + body)

    def _hear(self) -> None:
        """One answer, of which only that it came is worth knowing."""
        (length,) = struct.unpack("=I", self._exactly(4))
        self._exactly(length - 4)

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self._line.recv(count - len(found))
            assert more, "the X server closed the line"
            found += more
        return found
