"""Records what a process asks of the files of one folder, by strace, and what it says on its output meanwhile.

No root and no special file system is needed: the calls themselves say what was written, and what was synced when.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITES = ("pwrite64", "write", "ftruncate", "fsync", "fdatasync", "unlink", "unlinkat", "rename", "mkdir")
_CALLS = (*WRITES, "openat", "lseek", "fallocate", "renameat", "renameat2", "truncate", "writev", "pwritev", "linkat")
_LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+)")
_FILE = re.compile(r"^(\d+)<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One call that changes a file of the folder, or a line of output (`what` is "said", `data` the line)."""

    what: str
    path: str
    data: bytes = b""
    at: int = 0
    to: str = ""


@dataclass
class _Reader:
    """Turns strace's lines into calls; knows where each descriptor stands, which `write` does not say."""

    folder: str
    calls: list[Call] = field(default_factory=list)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    synced: set[tuple[str, str]] = field(default_factory=set)  # descriptors whose writes are on the disk when they end

    def read(self, line: str) -> None:
        found = _LINE.match(line)
        if found is None or found[4].startswith("-"):
            return
        pid, name, given, result = found[1], found[2], found[3], int(found[4], 0)
        if name in ("openat", "rename", "unlink", "unlinkat", "mkdir"):
            self._named(pid, name, given, result)
            return
        file = _FILE.match(given)
        if file is None:
            return
        descriptor, path = file[1], file[2]
        if descriptor == "1" and name == "write":
            self.calls.append(Call("said", "", _bytes(given)))
        elif path == self.folder or path.startswith(self.folder + "/"):
            self._on_file(pid, name, given, result, descriptor, path)

    def _named(self, pid: str, name: str, given: str, result: int) -> None:
        paths = [_bytes(f'"{one}"').decode() for one in _TEXT.findall(given)]
        if not paths or not paths[0].startswith(self.folder):
            return
        if name == "openat":
            opened = re.search(r"<([^>]*)>$", given)
            self.places[(pid, str(result))] = 0
            (self.synced.add if "O_DSYNC" in given else self.synced.discard)((pid, str(result)))
            assert opened is None or "O_APPEND" not in given
            if "O_CREAT" in given and paths[0] not in self.known:
                self.known.add(paths[0])
                self.calls.append(Call("create", paths[0]))
            if "O_TRUNC" in given:
                self.calls.append(Call("truncate", paths[0]))
        elif name == "mkdir":
            self.calls.append(Call("mkdir", paths[0]))
        elif name == "rename":
            self.known.add(paths[1])
            self.calls.append(Call("rename", paths[0], to=paths[1]))
        else:
            self.known.discard(paths[0])
            self.calls.append(Call("unlink", paths[0]))

    def _on_file(self, pid: str, name: str, given: str, result: int, descriptor: str, path: str) -> None:
        place = (pid, descriptor)
        if name in ("pwrite64", "write"):
            at = int(given.rsplit(",", 1)[1]) if name == "pwrite64" else self.places.get(place, 0)
            self.calls.append(Call("write", path, _bytes(given)[:result], at))
            if name == "write":
                self.places[place] = at + result
            if place in self.synced:
                self.calls.append(Call("sync", path))
        elif name == "lseek":
            self.places[place] = result
        elif name == "ftruncate":
            self.calls.append(Call("truncate", path, at=int(given.rsplit(",", 1)[1])))
        elif name in ("fsync", "fdatasync"):
            self.calls.append(Call("sync", path))
        else:
            raise AssertionError(f"{name} is not understood yet")


def _bytes(given: str) -> bytes:
    found = _TEXT.search(given)
    return b"" if found is None else bytes.fromhex(found[1].replace("\\x", ""))


def recorded(folder: Path, arguments: Sequence[str]) -> list[Call]:
    """What `python arguments` did to the files of `folder`, in order. Raises AssertionError where it fails."""
    assert shutil.which("strace"), "strace is missing: provisioning/bootstrap/start system installs it"
    log = folder.with_name(folder.name + ".strace")
    traced = ["strace", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={','.join(_CALLS)}", "-o", str(log)]
    done = subprocess.run(
        [*traced, sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    reader = _Reader(str(folder))
    with log.open("r", encoding="ascii", errors="replace") as lines:
        for line in lines:
            assert "<unfinished" not in line or str(folder).encode().hex() not in line.replace("\\x", "")
            reader.read(_readable_paths(line))
    return reader.calls


def _readable_paths(line: str) -> str:
    """`-xx` writes the paths of descriptors in hexadecimal too."""
    return re.sub(
        r"<((?:\\x[0-9a-f]{2})+)>",
        lambda found: f"<{bytes.fromhex(found[1].replace(chr(92) + 'x', '')).decode(errors='replace')}>",
        line,
    )
