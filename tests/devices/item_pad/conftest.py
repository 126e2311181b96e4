"""A pad in a process of its own, on a pty, and the real driver on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from devices.open_devices import DeviceSettings
from devices.ports import ItemPad, ItemsChanged, PadItem
from tests.devices.running import Workbench, eventually


class Pad:
    """The simulated pad, what is done to it, and what its driver says."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.bench = workbench.bench
        self.events = workbench.events

    def open(self, *, ready: bool = True, **options: object) -> Pad:
        """Open the driver and wait until the pad is ready and has looked."""
        path = self.workbench.tty("pad")
        settings = DeviceSettings("pad", "item_pad", "feig", {"port": path, "poll_ms": 30, **options})
        self.workbench.open(settings, ready=ready)
        if ready:
            self.events.wait(ItemsChanged)
        return self

    @property
    def port(self) -> ItemPad:
        """The pad as flows see it."""
        assert self.workbench.devices is not None
        assert self.workbench.devices.item_pad is not None
        return self.workbench.devices.item_pad

    def items(self) -> tuple[PadItem, ...]:
        """What lies there, by the last word of the driver."""
        told = self.events.of(ItemsChanged)
        return told[-1].items if told else ()

    @property
    def changes(self) -> list[ItemsChanged]:
        """What the driver said after its first look."""
        return self.events.of(ItemsChanged)[1:]

    def wait(self, what: str, true: Callable[[tuple[PadItem, ...]], bool]) -> tuple[PadItem, ...]:
        """Wait until what lies there is as said."""
        eventually(what, lambda: true(self.items()))
        return self.items()

    def numbers(self, *numbers: str) -> tuple[PadItem, ...]:
        """Wait until these items lie there, and no others."""
        return self.wait(f"{numbers}", lambda items: sorted(str(one.number) for one in items) == sorted(numbers))

    def tag(self, number: str) -> dict[str, object]:
        """The tag itself, as the simulator shows it."""
        return next(one for one in self.bench.status()["item-pad"]["tags"] if one["number"] == number)

    def looks(self, count: int = 6) -> None:
        """Wait for so many more answers of the pad."""
        before = int(self.bench.status()["item-pad"]["answers"])
        eventually("looks", lambda: int(self.bench.status()["item-pad"]["answers"]) >= before + count)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A pad's simulator that a module's tests share."""
    one = Workbench.at(tmp_path_factory.mktemp("pad"))
    one.serve("item-pad", "--tty", one.tty("pad"))
    yield one
    one.close()


@pytest.fixture
def bare(simulated: Workbench) -> Iterator[Pad]:
    """The pad, empty and well, with no driver on it yet."""
    bench = simulated.bench
    bench.clear_pad()
    bench.pad_fault("none")
    bench.pace_pad(0)
    bench.pad_tells_only_new("no")
    bench.unplug("pad")
    bench.plug("pad")
    one = Workbench.at(simulated.run_dir)
    yield Pad(one)
    one.close()


@pytest.fixture
def pad(bare: Pad) -> Pad:
    """A pad that is ready, with a gate that looks at the AFI."""
    return bare.open()
