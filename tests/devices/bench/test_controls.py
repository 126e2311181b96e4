"""Every control of the workbench's page: it orders something real, and is a command and a Python call as well.

The page itself says what it orders (data-do, data-undo, the fields of its forms); nothing is listed here by hand.
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests

from devices.ports import Health
from devices.simulators import __main__ as command_line
from devices.simulators.controls import CONTROLS
from devices.simulators.drive import Bench
from provisioning.demo import store_clock
from provisioning.demo.store_clock import StoreClock
from tests.devices.nexo_stand import Stand, configuration
from tests.devices.running import LIMIT_S, ROOT, Workbench, eventually, free_port

PAGE = ROOT / "devices" / "simulators" / "bench" / "index.html"
NUMBER, UID = "30001234567890", "04a1b2c3d4e5f6"
FILLED = {"number": NUMBER, "which": NUMBER, "text": NUMBER, "uid": UID, "back_after": "2", "part": "1", "parts": "2"}
ONLY_ELSEWHERE = {"stack-items", "pace-pad"}  # several books are laid one after the other; a wire's pace is for tests
LEAVES_TROUBLE = {"unplug", "press", "approve-and-lose-line", "press-by-itself", "terminal-fault", "terminal-busy"}
LEAVES_TROUBLE |= {"delay-terminal", "delay", "lose-answers", "stall-line"}
REFERENCES = itertools.count()
VOID = {"meta", "link", "input", "img", "br", "hr"}


@dataclass
class Form:
    """A form of the page: what it orders, and its fields with the values that they may have."""

    order: dict[str, Any]
    attributes: Mapping[str, str]
    fields: dict[str, list[Any]] = field(default_factory=dict)

    def orders(self) -> Iterator[dict[str, Any]]:
        """One order for each value of each field, the others at their first."""
        first = {name: values[0] for name, values in self.fields.items()}
        for name, values in self.fields.items():
            for value in values:
                yield self.order | {key: one for key, one in (first | {name: value}).items() if one != ""}


class Page(HTMLParser):
    """What is on the page."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[dict[str, str]] = []
        self.forms: list[Form] = []
        self.facts: list[str] = []
        self.ids: list[str] = []
        self.unlabelled: list[str] = []
        self.nameless: list[dict[str, str]] = []
        self._within: list[str] = []
        self._field: tuple[str, bool] | None = None
        self._button_text = ""
        self.feed(PAGE.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        has = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._within.append(tag)
        self.ids += [has["id"]] if "id" in has else []
        self.facts += [has["data-fact"]] if "data-fact" in has else []
        if tag in {"input", "select"} and "label" not in self._within and "aria-label" not in has:
            self.unlabelled.append(str(has))
        if tag == "button":
            self._button_text = has.get("aria-label", "")
            self.buttons.append(has)
        elif tag == "form" and "data-do" in has:
            self.forms.append(Form(json.loads(has["data-do"]), has))
        elif tag == "input" and "form" in self._within and "name" in has:
            value = has.get("value") or FILLED.get(has["name"], "")
            values = [_number(value) if "data-number" in has else value] if value else [""]
            self.forms[-1].fields[has["name"]] = values
        elif tag == "select":
            self._field = has["name"], "data-number" in has
            self.forms[-1].fields[has["name"]] = []
        elif tag == "option" and self._field is not None and "value" in has:
            self._add(has["value"])
            self._within[-1] = "option with a value"

    def handle_data(self, data: str) -> None:
        """The text of a button, or of an option without a value."""
        self._button_text += data.strip()
        if self._field is not None and self._within[-1] == "option":
            self._add(data)

    def handle_endtag(self, tag: str) -> None:
        """Look at what ended."""
        if tag == "button" and not self._button_text:
            self.nameless.append(self.buttons[-1])
        if tag == "select":
            self._field = None
        self._within.pop()

    def _add(self, value: str) -> None:
        assert self._field is not None
        name, is_number = self._field
        self.forms[-1].fields[name].append(_number(value) if is_number and value else value)


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)


PARSED = Page()
ORDERS = [
    *(json.loads(one[name]) for one in PARSED.buttons for name in ("data-do", "data-undo") if name in one),
    *(order for form in PARSED.forms if form.attributes.get("data-only") != "zvt" for order in form.orders()),
]
ZVT_ORDERS = [order for one in PARSED.forms if one.attributes.get("data-only") == "zvt" for order in one.orders()]
SWITCHES = [one for one in PARSED.buttons if "data-undo" in one]


@dataclass
class Hardware:
    """All simulators, the workbench's process, and a driver that asks the terminal for money."""

    workbench: Workbench
    stand: Stand
    url: str
    terminal: Any
    paid: Future[Any] | None = None
    parser: argparse.ArgumentParser = field(default_factory=command_line._parser)

    def post(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What the page posts."""
        answer = requests.post(f"{self.url}/api/do", json=dict(order), timeout=LIMIT_S)
        return dict(answer.json())

    def state(self) -> dict[str, Any]:
        """What the page shows."""
        return dict(requests.get(f"{self.url}/api/state", timeout=LIMIT_S).json())

    def command(self, order: Mapping[str, Any]) -> None:
        """The same on the command line (whose parser takes longer to be made than to be used)."""
        words = []
        for word in CONTROLS[order["do"]].words:
            if word.name in order:
                words += [word.flag] if word.flag else []
                words.append(str(order[word.name]))
        given = self.parser.parse_args([str(order["do"]), *words])
        command_line._carry_out(self.workbench.bench, given)

    def prepare(self, order: Mapping[str, Any]) -> None:
        """What must be there for it: an item on the pad, a payment that waits for a card."""
        if order.get("which"):
            self.workbench.bench.clear_pad()
            self.workbench.bench.place_item(order["which"])
        if order["do"] in {"press", "approve-and-lose-line"}:
            eventually("ready", lambda: self.stand.supervisors[0].health.state is Health.READY)
            self.paid = self.stand.begin(self.terminal, f"page-{next(REFERENCES)}")

    def tidy(self, order: Mapping[str, Any]) -> None:
        """A good day again."""
        if order["do"] not in LEAVES_TROUBLE:
            return
        self.stand.set_back()
        for what in ("reader", "scanner", "pad", "printer", "light", "keypad", "network"):
            self.workbench.bench.plug(what)
        paid, self.paid = self.paid, None
        if paid is not None:
            paid.result(LIMIT_S)


def _answers_the_clock(run_dir: Path, stop: threading.Event) -> None:
    """As the demo does, without a store to start again."""
    clock = StoreClock(run_dir)
    clock.say()
    while not stop.wait(0.02):
        clock.was_moved()
        clock.say()


@pytest.fixture(scope="module")
def hardware(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardware]:
    """All of it: as the demo has it, in processes."""
    patch = pytest.MonkeyPatch()
    patch.setattr(store_clock, "library", lambda: Path("/lib/faketime.so"))
    run_dir = tmp_path_factory.mktemp("all")
    drawer = [{"name": "anna", "number": "20001234567890", "uid": UID, "ndef": None, "kind": "ntag213"}]
    (run_dir / "drawer.json").write_text(json.dumps(drawer), "utf-8")
    pile = [{"name": "oeroeg", "title": "Oeroeg", "barcode": NUMBER, "expect": "lent"}]
    (run_dir / "pile.json").write_text(json.dumps(pile), "utf-8")
    one, terminal, page, line = Workbench.at(run_dir), free_port(), free_port(), free_port()
    (run_dir / "kiosk.toml").write_text(configuration(terminal, "nexo"), "utf-8")
    one.serve_reader()
    one.serve_scanner()
    one.serve_printer()
    for name in ("item-pad", "light", "keypad"):
        one.serve(name, "--tty", one.tty(name))
    one.serve("sound", "--bin", str(run_dir / "sound"))
    one.serve("line", "--listen", f"127.0.0.1:{line}", "--to", "127.0.0.1:1")
    one.serve("payment-nexo", "--listen", f"127.0.0.1:{terminal}", "--keys", str(run_dir / "nexo"))
    command = [sys.executable, "-m", "devices.simulators.bench", "--run-dir", str(run_dir)]
    bench = subprocess.Popen([*command, "--listen", f"127.0.0.1:{page}"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert bench.stdout is not None
    assert bench.stdout.readline().startswith("ready workbench")
    stop = threading.Event()
    clock = threading.Thread(target=_answers_the_clock, args=(run_dir, stop))
    clock.start()
    stand = Stand(one, terminal)
    yield Hardware(one, stand, f"http://127.0.0.1:{page}", stand.open())
    stand.stop()
    stop.set()
    clock.join()
    patch.undo()
    bench.terminate()
    bench.wait(LIMIT_S)
    bench.stdout.close()
    one.close()


def test_nearly_all_that_can_be_done_is_on_the_page() -> None:
    assert {order["do"] for order in [*ORDERS, *ZVT_ORDERS]} == set(CONTROLS) - ONLY_ELSEWHERE
    assert len(ORDERS) > 100


def test_each_order_of_the_page_is_a_call_of_the_same_arguments() -> None:
    for order in [*ORDERS, *ZVT_ORDERS]:
        control = CONTROLS[order["do"]]
        values = {name: value for name, value in order.items() if name != "do"}
        inspect.signature(getattr(Bench, control.method)).bind(None, **values)
        assert set(values) <= control.names, order


def test_each_order_of_the_page_is_carried_out_and_so_is_its_command(hardware: Hardware) -> None:
    for order in ORDERS:
        hardware.prepare(order)
        answer = hardware.post(order)
        assert answer.get("ok"), (order, answer)
        assert "{" not in answer["said"]
        hardware.tidy(order)
        if order["do"] == "charge":  # a process of its own, which finds the terminal free
            eventually("it asks", lambda: hardware.state()["terminal"]["screen"] == "card")
            assert hardware.state()["terminal"]["amount"] == order["cents"]
            assert hardware.state()["terminal"]["state"] == "asks for a card"
            hardware.workbench.bench.press("decline")
            eventually("told", lambda: "declined" in hardware.state()["charged"][-1])
            continue
        hardware.prepare(order)
        hardware.command(order)
        hardware.tidy(order)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda one: f"{one['data-fact']}-{one['data-do']}")
def test_each_switch_is_on_when_it_was_turned_on_and_off_when_it_was_turned_off(
    hardware: Hardware, switch: dict[str, str]
) -> None:
    assert not is_on(hardware.state(), switch)
    assert hardware.post(json.loads(switch["data-do"]))["ok"]
    assert is_on(hardware.state(), switch)
    assert hardware.post(json.loads(switch["data-undo"]))["ok"]
    assert not is_on(hardware.state(), switch)


def is_on(state: Any, switch: Mapping[str, str]) -> bool:
    """As devices.js decides it."""
    value = shown(state, switch["data-fact"])
    text = value if isinstance(value, str) else json.dumps(value).removesuffix(".0")
    return text == switch["data-is"] if "data-is" in switch else text != switch["data-is-not"]


def shown(state: Any, path: str) -> Any:
    for name in path.split("."):
        assert name in state, path
        state = state[name]
    return state


def test_every_fact_that_the_page_shows_is_told(hardware: Hardware) -> None:
    state = hardware.state()
    for path in PARSED.facts:
        shown(state, path)


def test_a_transcript_is_downloaded_and_what_has_none_is_said(hardware: Hardware) -> None:
    hardware.post({"do": "record", "what": "scanner"})
    hardware.post({"do": "scan", "text": "7", "aim": "E0", "prefix": "x", "end": "stx-etx"})
    hardware.post({"do": "stop-recording", "what": "scanner"})
    answer = requests.get(f"{hardware.url}/api/transcript?of=scanner", timeout=LIMIT_S)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="transcript-scanner.txt"'
    assert "<- 02 78 5d 45 30 37 03" in answer.text
    refused = requests.get(f"{hardware.url}/api/transcript?of=moon", timeout=LIMIT_S)
    assert refused.status_code == 409
    assert "choose from" in refused.json()["error"]


def test_the_orders_for_a_zvt_terminal_are_carried_out(workbench: Workbench) -> None:
    workbench.serve("payment-zvt", "--listen", f"127.0.0.1:{free_port()}")
    for order in ZVT_ORDERS:
        control = CONTROLS[order["do"]]
        control.carry_out(workbench.bench, {name: value for name, value in order.items() if name != "do"})
    assert workbench.bench.status()["payment-zvt"]["state"] == "waits"


def test_every_field_has_a_label_every_button_a_name_and_every_id_is_one() -> None:
    assert PARSED.unlabelled == []
    assert PARSED.nameless == []
    assert len(PARSED.ids) == len(set(PARSED.ids))
