"""What is left for others to add is added in one place each: a payment protocol, and a maker's way to write on tags."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devices import open_devices as models
from devices import settings
from devices.item_pad import tag_models
from devices.item_pad.tag_data import TagData, TagError
from devices.open_devices import open_devices
from devices.ports import Begun, Health, PayOutcome, PayResult, PayStep, Pulse, Send
from devices.settings import Option
from devices.trying import devices_of, pay
from tests.devices.item_pad.conftest import Pad, bare, simulated
from tests.devices.running import Events, eventually

__all__ = ["bare", "simulated"]


class OpiTerminal:
    """As little as a driver of another protocol can be."""

    kind = "payment_terminal"

    def __init__(self, name: str, host: str) -> None:
        self.name = name
        self.host = host

    def open(self) -> None:
        """Nothing is there to be opened."""

    def run(self, send: Send, stop: threading.Event) -> None:
        send(Pulse())
        stop.wait()

    def wake(self) -> None:
        """The end of the wait is `stop` itself."""

    def close(self) -> None:
        """Nothing is open."""

    def mark(self, deadline_s: float) -> str:
        return ""

    def pay(self, cents: int, reference: str, tell: Callable[[PayStep], None], deadline_s: float) -> PayResult:
        tell(PayStep.CARD)
        return PayResult(PayOutcome.UNKNOWN)

    def settle(self, reference: str, *, booked: bool, deadline_s: float) -> PayResult:
        return PayResult(PayOutcome.APPROVED if booked else PayOutcome.ABORTED)

    def abort(self) -> None:
        """Nothing runs."""

    def recover(self, begun: Begun, terminal_ref: str, deadline_s: float) -> PayResult:
        return PayResult(PayOutcome.APPROVED, begun.cents)

    def reverse(self, reference: str, terminal_ref: str, cents: int, deadline_s: float) -> PayResult:
        return PayResult(PayOutcome.ABORTED)


def test_a_third_payment_protocol_is_two_entries_and_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ("payment_terminal", "opi")
    monkeypatch.setitem(settings.OPTIONS, key, {"host": Option(lambda _: None, required=True)})
    monkeypatch.setitem(models._MODELS, key, OpiTerminal)
    (tmp_path / "kiosk.toml").write_text('[payment_terminal]\ndriver = "opi"\nhost = "192.0.2.12"\n')
    devices = open_devices(devices_of(tmp_path / "kiosk.toml"), Events())
    devices.start()
    try:
        eventually("ready", lambda: devices.health()["payment_terminal"].state is Health.READY)
        assert devices.terminal is not None
        said: list[str] = []
        assert pay(devices.terminal, 350, 5.0, said.append) == PayResult(PayOutcome.APPROVED, 350)
        assert "waits for: card" in said
    finally:
        devices.stop()


class MakersModel:
    """Another maker's way to write: its mark, and the number behind it."""

    name, checked = "maker", False

    def read(self, memory: bytes, dsfid: int, *, whole: bool) -> TagData:
        if not memory.startswith(b"MAKR"):
            raise TagError("not marked as of this model")
        return TagData(memory[4:18].decode("ascii"))


def test_a_makers_own_way_to_write_on_tags_is_one_entry_and_a_class(bare: Pad, monkeypatch: pytest.MonkeyPatch) -> None:
    make: Any = lambda _: MakersModel()  # noqa: E731 - as the other entries are
    monkeypatch.setitem(tag_models.MODELS, "maker", make)
    pad = bare.open(models=["maker", "iso28560-3"])
    memory = b"MAKR30005555000001"
    pad.bench.place_item("-", model="foreign", memory=memory.hex())
    pad.bench.place_item("30005555000002")
    items = pad.numbers("30005555000001", "30005555000002")
    assert {one.model for one in items} == {"maker", "iso28560-3"}
