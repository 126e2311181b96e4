"""A simulated terminal of the Terminal API in its own process, and real drivers on it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from devices.payment_terminal.nexo_line import Address
from devices.payment_terminal.nexo_messages import Parties
from devices.payment_terminal.nexo_talk import Access
from devices.payment_terminal.nexo_terminal import NexoTerminal
from devices.ports import Begun, Health, PayResult, PayStep
from devices.simulators.control import ask
from devices.simulators.payment_nexo import KEY_IDENTIFIER, NAME, POI
from devices.supervisor import Supervisor
from tests.devices.running import LIMIT_S, Events, Workbench, eventually, free_port

DEADLINE_S = 20.0


@dataclass
class Stand:
    """The simulator's process, and what a test asks of it and of the terminals that it opens."""

    workbench: Workbench
    port: int
    supervisors: list[Supervisor] = field(default_factory=list)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))
    steps: list[PayStep] = field(default_factory=list)

    @property
    def keys(self) -> Path:
        return self.workbench.run_dir / "nexo"

    def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        """One command on the simulator's control socket."""
        return ask(self.workbench.run_dir / "control" / "payment-nexo.sock", command, **arguments)

    def set_back(self) -> None:
        """A good day: all mended, nothing runs."""
        for command, arguments in (
            ("plug", {}),
            ("auto", {"key": "none", "seconds": 0}),
            ("delay", {"seconds": 0}),
            ("busy", {"count": 0}),
            ("health", {"state": "OK"}),
            ("fault", {"kind": "none", "count": 0}),
        ):
            self.do(command, **arguments)
        if self.do("status")["screen"] == "card":
            self.do("cancel")

    def access(self, **changed: Any) -> Access:
        """What a configuration says of this terminal."""
        address = Address("127.0.0.1", self.port, NAME, str(self.keys / "ca.pem"))
        address = replace(
            address, **{name: changed.pop(name) for name in ("certificate_name", "ca_file", "port") & changed.keys()}
        )
        access = Access(address, Parties("kiosk-1", POI), str(self.keys / "passphrase"), KEY_IDENTIFIER, 1)
        return replace(access, **changed)

    def open(
        self, access: Access | None = None, *, ready: bool = True, beat_s: float = 10.0, watched_s: float = 0.0
    ) -> NexoTerminal:
        """A driver on its own supervised thread."""
        terminal = NexoTerminal("terminal", access or self.access(), beat_s)
        terminal.beat_s = watched_s or terminal.beat_s
        supervisor = Supervisor(terminal, Events(), Random(1))
        supervisor.start()
        self.supervisors.append(supervisor)
        if ready:
            eventually("ready", lambda: supervisor.health.state is Health.READY)
        return terminal

    def pay(
        self, terminal: NexoTerminal, reference: str, cents: int = 350, deadline_s: float = DEADLINE_S
    ) -> PayResult:
        """Pay, with the steps kept."""
        return terminal.pay(cents, reference, self.steps.append, deadline_s)

    def recover(self, terminal: NexoTerminal, reference: str, terminal_ref: str = "", **more: Any) -> PayResult:
        """Ask what became of a payment, as one who has only what was written down."""
        seconds = more.pop("deadline_s", DEADLINE_S)
        begun = Begun(reference, more.pop("cents", 350), datetime.now(UTC))
        return terminal.recover(begun, terminal_ref, seconds)

    def begin(self, terminal: NexoTerminal, reference: str, cents: int = 350, **more: float) -> Future[PayResult]:
        """Begin to pay; returns as soon as the terminal waits for the card."""
        paid = self.pool.submit(self.pay, terminal, reference, cents, **more)
        self.wait_for_card()
        return paid

    def wait_for_card(self) -> None:
        eventually("the terminal asks for a card", lambda: self.do("status")["screen"] == "card")

    def ledger(self, reference: str) -> list[dict[str, Any]]:
        """All that the terminal has of one reference: never more than one, or a patron has paid twice."""
        return [one for one in self.do("status")["ledger"] if one["reference"] == reference]

    def asked(self, category: str) -> int:
        """How many requests of a category have come."""
        return int(self.do("status")["asked"].get(category, 0))

    def stop(self) -> None:
        """Stop all drivers."""
        for supervisor in self.supervisors:
            supervisor.ask_to_stop()
        for supervisor in self.supervisors:
            assert supervisor.join(LIMIT_S)
        self.supervisors.clear()
        self.pool.shutdown()


def configuration(port: int, keys: str) -> str:
    """The section of another kiosk's configuration, `keys` seen from its folder, as the demo writes it."""
    return f"""
[payment_terminal]
driver = "nexo"
host = "127.0.0.1"
port = {port}
poi_id = "{POI}"
sale_id = "kiosk-2"
certificate_name = "{NAME}"
ca_file = "{keys}/ca.pem"
passphrase_file = "{keys}/passphrase"
key_identifier = "{KEY_IDENTIFIER}"
"""


def serve(run_dir: Path) -> Stand:
    """Start the simulator."""
    workbench, port = Workbench.at(run_dir), free_port()
    workbench.serve("payment-nexo", "--listen", f"127.0.0.1:{port}", "--keys", str(run_dir / "nexo"))
    return Stand(workbench, port)
