"""Each edge that house rule 2 forbids is planted in a copy of the tree, and the import linter must name it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("circulation", "devices", "kiosk", "membership_store", "offline_cache", "provisioning", "values")
LEAF = "planted_leaf"


@dataclass(frozen=True)
class Edge:
    """One import: the module that is planted, and what it imports."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}"


def _to_rooms(importer: str, *rooms: str) -> list[Edge]:
    return [Edge(f"{importer}.planted_{room}", f"{room}.{LEAF}") for room in rooms]


FORBIDDEN = [
    # blind to each other
    *_to_rooms("kiosk", "membership_store", "provisioning"),
    *_to_rooms("membership_store", "kiosk", "provisioning"),
    *_to_rooms("provisioning", "kiosk", "membership_store"),
    *_to_rooms("devices", "offline_cache"),
    *_to_rooms("offline_cache", "devices"),
    # upwards
    *_to_rooms("devices", "kiosk", "membership_store", "provisioning"),
    *_to_rooms("offline_cache", "kiosk", "membership_store", "provisioning"),
    *_to_rooms("circulation", "devices", "kiosk", "membership_store", "offline_cache", "provisioning"),
    *_to_rooms("values", *(room for room in ROOMS if room != "values")),
    # strangers to lending
    *_to_rooms("devices", "circulation"),
    *_to_rooms("provisioning", "circulation"),
    # circulation without a clock, a file, a socket or a thread; nor deeper inside it, nor by its one door
    *(
        Edge(f"circulation.planted_{name}", name)
        for name in ("asyncio", "os", "requests", "socket", "sqlite3", "subprocess", "threading", "time")
    ),
    Edge("circulation.rules.planted_os", "os"),
    Edge("circulation.sip2.planted_socket", "socket"),
    Edge("circulation.sip2.connection", "sqlite3"),
    Edge("circulation.sip2.connection", "asyncio"),
    # Kivy behind one door
    *(Edge(f"{room}.planted_kivy", "kivy") for room in ROOMS),
    Edge("kiosk.flows.planted_kivy", "kivy"),
    Edge("kiosk.__main__", "kivy"),
    # asyncio in the kiosk only
    *(Edge(f"{room}.planted_asyncio", "asyncio") for room in ROOMS if room != "kiosk"),
    Edge("devices.simulators.planted_asyncio", "asyncio"),
    # no simulator in the product
    *(Edge(f"{room}.planted_simulator", f"devices.simulators.{LEAF}") for room in ROOMS),
    Edge("devices.pass_reader.planted_simulator", f"devices.simulators.{LEAF}"),
]
ALLOWED = [
    *_to_rooms("kiosk", "devices", "offline_cache", "circulation"),
    *_to_rooms("membership_store", "circulation"),
    *_to_rooms("offline_cache", "circulation"),
    *(Edge(f"{room}.planted_values", f"values.{LEAF}") for room in ROOMS if room != "values"),
    Edge("circulation.sip2.connection", "socket"),
    Edge("kiosk.app", "kivy"),
    Edge("kiosk.screens.planted_kivy", "kivy"),
    Edge("kiosk.planted_asyncio", "asyncio"),
    Edge("membership_store.app", "asyncio"),
    Edge("devices.simulators.bench.planted_asyncio", "asyncio"),
    Edge("devices.simulators.planted_simulator", f"devices.simulators.{LEAF}"),
]


def _copy_of_the_tree(to: Path) -> Path:
    for room in ROOMS:
        for source in (ROOT / room).rglob("*.py"):
            target = to / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    shutil.copyfile(ROOT / "pyproject.toml", to / "pyproject.toml")
    for package in (*ROOMS, "devices.simulators"):
        _module(to, f"{package}.{LEAF}").touch()
    return to


def _module(tree: Path, name: str) -> Path:
    path = tree / Path(*name.split(".")).with_suffix(".py")
    for folder in reversed(path.relative_to(tree).parents[:-1]):
        (tree / folder).mkdir(exist_ok=True)
        (tree / folder / "__init__.py").touch()
    return path


def _lint(tree: Path, edges: list[Edge]) -> tuple[int, str]:
    """Plant `edges` in `tree`; return the import linter's exit code and words, each run of blanks being one."""
    for edge in edges:
        with _module(tree, edge.importer).open("a") as source:
            source.write(f"\nimport {edge.imported}\n")
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", "pyproject.toml"],
        cwd=tree, env={"PYTHONPATH": str(tree), "COLUMNS": "400"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.returncode, re.sub(r"\s+", " ", ran.stdout + ran.stderr)


@pytest.fixture(scope="module")
def verdict_on_all_violations(tmp_path_factory: pytest.TempPathFactory) -> str:
    # All are planted at once, in modules of their own that import leaves, so that none hides another.
    code, said = _lint(_copy_of_the_tree(tmp_path_factory.mktemp("violations")), FORBIDDEN)
    assert code == 1, said
    return said


@pytest.mark.parametrize("edge", FORBIDDEN, ids=str)
def test_a_forbidden_import_is_caught(edge: Edge, verdict_on_all_violations: str) -> None:
    assert f"{edge} (l." in verdict_on_all_violations


def test_what_the_house_allows_is_not_caught(tmp_path: Path) -> None:
    code, said = _lint(_copy_of_the_tree(tmp_path), ALLOWED)
    assert code == 0, said


def test_every_contract_has_a_planted_violation(verdict_on_all_violations: str) -> None:
    assert " kept, 0 broken" not in verdict_on_all_violations
    assert "Contracts: 0 kept, " in verdict_on_all_violations
