"""A ZVT terminal in a process of its own, and the real driver on it under its supervisor."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.open_devices import Devices, DeviceSettings, open_devices
from devices.payment_terminal.zvt_terminal import ZvtTerminal
from devices.ports import Begun, Health, PayResult, PayStep
from devices.simulators.control import ask
from tests.devices.running import LIMIT_S, Events, Workbench, eventually, free_port


class Paying:
    """One call of `pay` on a thread of its own."""

    def __init__(self, terminal: ZvtTerminal, cents: int, reference: str, deadline_s: float) -> None:
        self.steps: list[PayStep] = []
        self._result: PayResult | None = None

        def pay() -> None:
            self._result = terminal.pay(cents, reference, self.steps.append, deadline_s)

        self._thread = threading.Thread(target=pay)
        self._thread.start()

    def result(self) -> PayResult:
        """What `pay` gave."""
        self._thread.join(LIMIT_S)
        assert self._result is not None, "pay did not come back"
        return self._result


class Till:
    """A simulated terminal and a driver; `wire` is tcp or serial."""

    def __init__(self, workbench: Workbench, wire: str) -> None:
        self.events = Events()
        self.bench = workbench.bench
        self.devices: Devices
        self._control = workbench.run_dir / "control" / "payment-zvt.sock"
        if wire == "tcp":
            self.port = free_port()
            workbench.serve("payment-zvt", "--listen", f"127.0.0.1:{self.port}")
        else:
            self.tty = workbench.tty("payment")
            workbench.serve("payment-zvt", "--tty", self.tty)
        self.settings = (
            DeviceSettings("terminal", "payment_terminal", "zvt-network", {"host": "127.0.0.1", "port": self.port})
            if wire == "tcp"
            else DeviceSettings("terminal", "payment_terminal", "zvt-serial", {"port": self.tty})
        )
        self.start()

    def start(self) -> None:
        """A new driver, as after a start of the kiosk."""
        self.devices = open_devices([self.settings], self.events)
        assert isinstance(self.devices.terminal, ZvtTerminal)
        self.terminal = self.devices.terminal
        self.devices.start()
        self.ready()

    def ready(self) -> None:
        """Wait until the driver is."""
        eventually("a terminal that is ready", lambda: self.state() is Health.READY)

    def state(self) -> Health:
        """The device's state."""
        return self.devices.health()["terminal"].state

    def stop(self) -> None:
        """Stop the driver; the terminal goes on."""
        self.devices.stop()

    def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Press a key of the terminal, or do something to it."""
        return ask(Path(self._control), command, **arguments)

    @property
    def status(self) -> dict[str, Any]:
        """What the terminal says of itself."""
        return self.do("status")

    def paying(self, cents: int = 1610, reference: str = "one", deadline_s: float = LIMIT_S) -> Paying:
        """Begin a payment, and wait until the terminal asks for a card."""
        paying = Paying(self.terminal, cents, reference, deadline_s)
        eventually("a payment at the keypad", lambda: bool(self.status["waiting"]))
        return paying

    def recover(
        self, reference: str = "one", cents: int = 1610, *, mark: str = "", terminal_ref: str = "", **more: float
    ) -> PayResult:
        """Ask what became of a payment, as one who has only what was written down, a moment ago."""
        begun = Begun(reference, cents, datetime.now(UTC), mark)
        return self.terminal.recover(begun, terminal_ref, more.get("deadline_s", LIMIT_S))

    def paid(self, cents: int = 1610, reference: str = "one", *, booked: bool = True) -> PayResult:
        """A payment that goes well and is settled."""
        paying = self.paying(cents, reference)
        self.do("approve")
        paying.result()
        return self.terminal.settle(reference, booked=booked, deadline_s=LIMIT_S)
