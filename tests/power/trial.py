"""Lives of a kiosk on one disk, each ended by a cut, and whether what was promised in one stands there in the next."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum

from tests.power.disk import Disk
from tests.power.machine import Machine, Running
from tests.power.served import Served
from tests.power.works import TOGETHER

MOST_PROMISES = 250
SOON_S, SOON_REQUESTS = 0.5, 20


class Kind(Enum):
    """How a life ends: the button takes the memory; without power the disk's cache is gone too."""

    RESET = "reset"
    POWER = "power"


@dataclass
class Found:
    """What all cuts did. `cached`, `dropped`: writes that only the disk's cache had when its power went, and of those
    the lost and torn ones. `unpromised`: what stands there without that the guest had come to say so."""

    cuts: int = 0
    promises: int = 0
    lost: int = 0
    unpromised: int = 0
    cached: int = 0
    dropped: int = 0
    unusable: Counter[str] = field(default_factory=Counter)


class Plugged:
    """A disk and the machine that runs on it, one after the other where the power was cut."""

    def __init__(self, machine: Machine, words: Sequence[str], disk: Disk) -> None:
        self._machine, self._words, self._disk = machine, words, disk
        self._socket = machine.folder / "disk"
        self._served = Served(disk, self._socket)
        self._running = Running(machine, self._socket, words)
        self._is_up = False

    def close(self) -> None:
        """Ends the machine."""
        self._disk.off()
        self._running.kill()
        self._served.close()

    def booted(self) -> None:
        """Waits for the guest's first word, and sees that it knows of the disk's cache."""
        while not self._is_up:
            self._is_up = self._said()[0] == "up"

    def hear(self) -> list[str]:
        """The next thing that the guest says once it is up."""
        self.booted()
        return self._said()

    def cut(self, kind: Kind, chance: random.Random, found: Found) -> list[list[str]]:
        """Ends this life soon and begins the next; returns what was said in this one and is not heard yet."""
        found.cuts += 1
        self._is_up = False
        unheard = []
        if kind is Kind.RESET:
            time.sleep(chance.uniform(0, SOON_S))
            self._running.reset()
            while (said := self._said())[0] != "up":
                unheard.append(said)
            self._is_up = True
            return unheard
        self._disk.off(chance.randint(1, SOON_REQUESTS))
        self._disk.dark.wait(SOON_S)
        self._disk.off()
        self._running.kill()
        while (last := self._running.next()) is not None:
            unheard.append(last)
        left = self._disk.on_again(chance)
        found.cached += left.pending
        found.dropped += left.lost
        self._running = Running(self._machine, self._socket, self._words)
        return unheard

    def _said(self) -> list[str]:
        said = self._running.next()
        assert said is not None, "the machine ended by itself"
        assert said[0] != "up" or said[1] == "write-back", f"the guest takes the disk for one that is {said[1]}"
        return said


class Promises:
    """All that was said of each event since the last look at the disk, the last word last; and how many cuts ago."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}
        self.count = self.cuts = 0

    def adopt(self, stands: Sequence[str]) -> None:
        """What stands there now was promised in earlier lives, or not at all, and is there for good."""
        self._said = {_event(mark): [mark] for mark in stands}

    def take(self, line: list[str]) -> None:
        """One line of the guest's; each of its marks is a promise."""
        assert line[0] == "did", line
        self.count += 1
        for mark in line[1:]:
            said = self._said.setdefault(_event(mark), [])
            if mark not in said[-1:]:
                said.append(mark)

    def missing(self, stands: Sequence[str]) -> list[str]:
        """Events that are not there any more, or as they were before what was said of them last."""
        there = {_event(mark): mark for mark in stands}
        return [said[-1] for event, said in self._said.items() if there.get(event, "gone") in ("gone", *said[:-1])]

    def unsaid(self, stands: Sequence[str]) -> list[str]:
        """What stands there and was never said: the act that was under way."""
        return [mark for mark in stands if mark not in self._said.get(_event(mark), [])]


def _event(mark: str) -> str:
    """Its number and its id, without what it is and what became of it."""
    return mark.partition("=")[0] + mark.rpartition("/")[2]


@dataclass
class Trial:
    """Cuts of one kind. `words`: which work, and whether weakened. `chance` decides when, and what the disk keeps."""

    machine: Machine
    kind: Kind
    words: Sequence[str]
    chance: random.Random
    found: Found = field(default_factory=Found)

    def on_a_new_disk(self, lives: int, *, lies: bool = False) -> None:
        """So many lives, fewer where the journal is not what it was promised to be."""
        disk = Disk(self.machine.empty_disk(), lies=lies)
        with closing(Plugged(self.machine, self.words, disk)) as kiosk:
            promises = Promises()
            for life in range(lives + 1):
                stands = self._stands(kiosk, promises)
                self.found.promises += promises.count
                if stands is None or not self._kept(promises, stands):
                    return
                if life < lives:
                    promises = self._lived(kiosk, stands)

    def _stands(self, kiosk: Plugged, promises: Promises) -> list[str] | None:
        """What stands in the journal, or None where it is of no use. Some starts do not come to their end, or hardly
        further."""
        while self.chance.random() < 0.25:
            kiosk.booted()
            self._cut(kiosk, promises)
        stands = []
        while (said := kiosk.hear())[0] != "ready":
            if said[0] == "fault":
                self.found.unusable[" ".join(said[1:])] += 1
                return None
            stands += said[1:]
        return stands

    def _kept(self, promises: Promises, stands: list[str]) -> bool:
        missing, unsaid = promises.missing(stands), promises.unsaid(stands)
        dense = [mark.partition("=")[0] for mark in stands] == [str(seq) for seq in range(1, len(stands) + 1)]
        self.found.lost += bool(missing) or not dense
        self.found.unpromised += bool(unsaid)
        assert len(unsaid) <= TOGETHER * promises.cuts, unsaid
        return dense and not missing

    def _lived(self, kiosk: Plugged, stands: list[str]) -> Promises:
        """One life: some promises, many or hardly any, and a cut in the middle of an act."""
        promises = Promises()
        promises.adopt(stands)
        most = self.chance.choice((3, MOST_PROMISES, MOST_PROMISES))
        for _ in range(self.chance.randint(0, most)):
            promises.take(kiosk.hear())
        self._cut(kiosk, promises)
        return promises

    def _cut(self, kiosk: Plugged, promises: Promises) -> None:
        promises.cuts += 1
        for line in kiosk.cut(self.kind, self.chance, self.found):
            if line[0] == "did":
                promises.take(line)
