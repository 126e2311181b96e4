"""A small virtual machine (qemu, in software: the same on every host), its serial line, and its end.

It is booted once and kept as it stood before it first saw its disk, so that each life begins in a second.
"""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.power.disk import Disk
from tests.power.guest import END
from tests.power.root import Missing, archive, arguments, kernel
from tests.power.served import Served

PROGRAMS = {"qemu-system-x86_64": "qemu-system-x86", "mke2fs": "e2fsprogs", "ldd": "libc-bin"}
GUEST = "tests.power.guest"
SILENT_S = 900  # a boot without KVM takes half a minute, and a machine that others use has little time for it
MEBIBYTES = 64


class Machine:
    """The parts of which machines are made; each `Running` is one of them until its power goes."""

    def __init__(self, folder: Path, kernels: Path) -> None:
        """Boots one. Raises Missing where this host cannot."""
        lacking = sorted(package for program, package in PROGRAMS.items() if not shutil.which(program))
        if lacking:
            raise Missing(f"these packages: {' '.join(lacking)}")
        self.folder, self.kernel = folder, kernel(kernels)
        self.archive, self.state = folder / "root.cpio", folder / "state"
        archive(self.kernel, self.archive)
        with closing(Served(Disk(self.empty_disk()), folder / "disk")):
            first = Running(self, folder / "disk", ())
            try:
                first.keep()
            finally:
                first.kill()

    def empty_disk(self) -> bytes:
        """A new ext4."""
        file = self.folder / "empty.ext4"
        made_at_once = "lazy_itable_init=0,lazy_journal_init=0"
        options = ["-q", "-F", "-t", "ext4", "-b", "4096", "-E", made_at_once]
        subprocess.run(["mke2fs", *options, str(file), f"{MEBIBYTES}M"], check=True, stdout=subprocess.DEVNULL)
        return file.read_bytes()


class Running:
    """One machine. `disk`: the socket where its disk is served; `words`: with what the guest goes on."""

    def __init__(self, machine: Machine, disk: Path, words: Sequence[str]) -> None:
        self._console, self._state, self._words = machine.folder / "console.log", machine.state, words
        drive = {"driver": "nbd", "node-name": "disk", "server": {"type": "unix", "path": str(disk)}}
        control = machine.folder / "control"
        command = [
            "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512", "-nodefaults", "-no-user-config",
            "-display", "none", "-kernel", str(machine.kernel), "-initrd", str(machine.archive),
            "-append", arguments(GUEST), "-blockdev", json.dumps(drive),
            "-device", "virtio-blk-pci,drive=disk,write-cache=on",
            "-serial", f"file:{self._console}", "-serial", "stdio", "-qmp", f"unix:{control},server=on,wait=off",
        ]  # fmt: skip
        kept = ["-incoming", f"exec:cat '{self._state}'"] if self._state.exists() else []
        control.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [*command, *kept], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._said: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._lines = _connected(control)
        self._tell()
        self._asked("qmp_capabilities")
        if kept:
            self._until("query-status", "running")
            self._go_on()

    def next(self) -> list[str] | None:
        """The words of the next line that the guest said whole; None after the power went. Raises AssertionError."""
        said = self._heard()
        if said == "loaded":
            self._go_on()
            return self.next()
        return None if said is None else said.split()

    def keep(self) -> None:
        """Waits until the guest is ready for its disk, and keeps the machine as it is then."""
        said = self._heard()
        assert said == "loaded", said
        part = self._state.with_suffix(".part")
        self._asked("migrate", uri=f"exec:cat >'{part}'")
        self._until("query-migrate", "completed")
        part.rename(self._state)

    def reset(self) -> None:
        """As the button does: memory is gone, the disk keeps its power. What was said before is still to be heard."""
        self._asked("system_reset")

    def kill(self) -> None:
        """Power off. What was said before is still to be heard."""
        self._process.kill()
        self._process.wait()

    def _heard(self) -> str | None:
        try:
            return self._said.get(timeout=SILENT_S)
        except queue.Empty:
            console = self._console.read_text("ascii", errors="replace")[-3000:]
            raise AssertionError(f"the machine said nothing for {SILENT_S} s; its console:\n{console}") from None

    def _go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(self._words).encode() + b"\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode("ascii", errors="replace").rstrip("\r\n")
            if text.endswith(END):
                self._said.put(text.removesuffix(END))
        self._said.put(None)

    def _until(self, question: str, status: str) -> None:
        while (told := self._asked(question).get("status")) != status:
            assert told != "failed", (question, told)
            time.sleep(0.02)

    def _asked(self, command: str, **given: Any) -> dict[str, Any]:
        """What qemu answers (QMP); its events are passed over."""
        self._lines.write(json.dumps({"execute": command, "arguments": given}).encode() + b"\n")
        self._lines.flush()
        while "return" not in (answer := self._tell()):
            assert "error" not in answer, answer
        return dict(answer["return"])

    def _tell(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, "qemu is gone"
        return dict(json.loads(line))


def _connected(control: Path) -> Any:
    """A file over qemu's control socket, which it opens as it starts."""
    until = time.monotonic() + SILENT_S
    while True:
        with socket.socket(socket.AF_UNIX) as one:
            try:
                one.connect(str(control))
            except OSError:
                assert time.monotonic() < until, "qemu did not start"
                time.sleep(0.02)
            else:
                return one.makefile("rwb")
