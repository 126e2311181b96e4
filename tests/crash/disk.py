"""The disks that a power cut may leave: what was not synced is there, or not, or in part, or without what came before.

By file: all writes up to one of them; that one torn at a sector; all but one of them. Names (create, rename, unlink)
are kept in their order, any number of the last of them lost, unless a sync of the folder came after.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.recorder import Call

SECTOR = 512
Content = bytes


@dataclass
class _File:
    """One file: what is certain, and what was asked since."""

    durable: bytes = b""
    pending: list[Call] = field(default_factory=list)

    def variants(self) -> list[Content]:
        """Every content that it may have after a cut, each once; the first has nothing of what is pending."""
        found = dict.fromkeys([self.durable])
        for upto in range(len(self.pending) + 1):
            whole = _applied(self.durable, self.pending[:upto])
            found[whole] = None
            if upto < len(self.pending) and self.pending[upto].what == "write":
                found[_applied(whole, [_torn(self.pending[upto])])] = None
        for missing in range(len(self.pending)):
            found[_applied(self.durable, self.pending[:missing] + self.pending[missing + 1 :])] = None
        return list(found)

    def now(self) -> Content:
        return _applied(self.durable, self.pending)


def _applied(content: bytes, calls: Iterable[Call]) -> bytes:
    made = bytearray(content)
    for one in calls:
        if one.what == "truncate":
            del made[one.at :]
            made.extend(bytes(one.at - len(made)))
            continue
        made.extend(bytes(max(0, one.at - len(made))))
        made[one.at : one.at + len(one.data)] = one.data
    return bytes(made)


def _torn(write: Call) -> Call:
    half = max(SECTOR, len(write.data) // 2 // SECTOR * SECTOR) if len(write.data) > SECTOR else len(write.data) // 2
    return Call("write", write.path, write.data[:half], write.at)


@dataclass
class Disk:
    """Follows the calls. A name stands for a file; the file stays the same one when it is renamed."""

    folder: str
    files: dict[int, _File] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    durable_names: dict[str, int] = field(default_factory=dict)
    pending_names: list[Call] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def take(self, call: Call) -> None:
        """Lets the call happen, as a process sees it."""
        if call.what == "sync" and call.path not in self.names:
            self.durable_names = dict(self.names)
            self.pending_names.clear()
        elif call.what == "sync":
            file = self.files[self.names[call.path]]
            file.durable, file.pending = file.now(), []
        elif call.what in ("write", "truncate"):
            self.files[self._number(call.path)].pending.append(call)
        elif call.what in ("create", "rename", "unlink"):
            self._name(self.names, call)
            self.pending_names.append(call)

    def _number(self, path: str) -> int:
        if path not in self.names:
            self._name(self.names, Call("create", path))
            self.pending_names.append(Call("create", path))
        return self.names[path]

    def _name(self, names: dict[str, int], call: Call) -> None:
        if call.what == "create":
            if call.path not in names:
                number = next(self._numbers)
                self.files[number] = _File()
                names[call.path] = number
        elif call.what == "rename":
            names[call.to] = names.pop(call.path)
        else:
            names.pop(call.path, None)

    def after_a_cut(self) -> Iterator[dict[str, Content]]:
        """Every content of the folder that a cut at this moment may leave."""
        for names in self._names_after_a_cut():
            numbers = [number for name, number in names.items() if not name.endswith("-shm")]
            choices = {number: self.files[number].variants() for number in numbers}
            open_ones = [number for number in numbers if len(choices[number]) > 1]
            plain = {number: choices[number][0] for number in numbers}
            for picked in _picked(open_ones, choices, {number: self.files[number].now() for number in open_ones}):
                content = plain | picked
                yield {name: content[number] for name, number in names.items() if number in content}

    def _names_after_a_cut(self) -> list[dict[str, int]]:
        """The names that are certain, then those after one more change, and so on."""
        found = [dict(self.durable_names)]
        for upto in range(len(self.pending_names)):
            names = dict(found[-1])
            call = self.pending_names[upto]
            if call.what == "create":
                if call.path in self.names:
                    names[call.path] = self.names[call.path]
            elif call.what == "rename" and call.path in names:
                names[call.to] = names.pop(call.path)
            elif call.what == "rename":
                names[call.to] = self.names.get(call.to, -1)
            else:
                names.pop(call.path, None)
            found.append({name: number for name, number in names.items() if number >= 0})
        unique: list[dict[str, int]] = []
        for one in found:
            if one not in unique:
                unique.append(one)
        return unique


def _picked(
    open_ones: Sequence[int], choices: dict[int, list[Content]], now: dict[int, Content]
) -> Iterator[dict[int, Content]]:
    """One file in each of its states, while each of the others has nothing of what is pending, or all of it."""
    if not open_ones:
        yield {}
        return
    for one in open_ones:
        others = [number for number in open_ones if number != one]
        for ends in itertools.product((False, True), repeat=len(others)):
            rest = {n: now[n] if whole else choices[n][0] for n, whole in zip(others, ends, strict=True)}
            for variant in choices[one]:
                yield {one: variant, **rest}


def cuts(calls: Iterable[Call], folder: Path) -> Iterator[tuple[list[str], dict[str, Content]]]:
    """Each disk that a cut may leave, once for what had been said by then: the lines said, and the folder's files."""
    disk, said = Disk(str(folder)), list[str]()
    seen: set[int] = set()
    fresh = True
    for call in calls:
        if call.what == "said":
            said.extend(call.data.decode().splitlines())
            fresh = True
        # What may be left before a sync contains all that may be left since the last one, but for promises between.
        if fresh or call.what in ("sync", "unlink", "rename", "truncate"):
            for files in disk.after_a_cut():
                mark = hash((len(said), tuple(sorted(files.items()))))
                if mark not in seen:
                    seen.add(mark)
                    yield list(said), files
            fresh = False
        if call.what != "said":
            disk.take(call)
            fresh = fresh or call.what in ("sync", "unlink", "rename", "truncate")


def laid_out(files: dict[str, Content], folder: Path, elsewhere: Path) -> None:
    """Writes that disk into another folder."""
    for name, content in files.items():
        path = elsewhere / Path(name).relative_to(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
