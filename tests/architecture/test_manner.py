"""The manner of the house (rules 4 and 5) where a machine can see it: heads of modules, their sizes, their names."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("circulation", "devices", "kiosk", "membership_store", "offline_cache", "provisioning", "values")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
STARTED = ("circulation", "devices", "kiosk", "offline_cache")  # the rooms that a kiosk loads
LONGEST_MODULE = 400
LONGEST_HEAD = 3
NAMES_WHERE_EVERYTHING_LANDS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler"}


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in MODULES if path.read_text("utf-8").strip()], ids=_id)
def test_a_module_opens_with_the_rule_that_it_keeps(path: Path) -> None:
    head = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert head, "no docstring at its head"
    assert len([line for line in head.splitlines() if line]) <= LONGEST_HEAD


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_a_module_is_split_before_it_is_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE


def test_no_module_has_a_name_where_everything_lands() -> None:
    assert [_id(path) for path in MODULES if path.stem in NAMES_WHERE_EVERYTHING_LANDS] == []


def test_no_product_module_reads_whether_it_is_being_tested() -> None:
    telling = ("PYTEST_CURRENT_TEST", '"pytest"', "unittest.mock", "sys.modules")
    found = {f"{_id(path)}: {word}" for path in MODULES for word in telling if word in path.read_text("utf-8")}
    assert found == {"devices/pass_reader/nfcpy.py: sys.modules"}  # which loads a part of a package


def test_no_start_of_a_kiosk_compiles_classes_of_which_it_makes_nothing() -> None:
    """ADR 32: in what a kiosk loads the decorator is that of `values`."""
    started = [path for path in MODULES if path.relative_to(ROOT).parts[0] in STARTED]
    theirs = re.compile(r"from dataclasses import (.*\W)?dataclass\b|dataclasses\.dataclass\b")
    assert [_id(path) for path in started if theirs.search(path.read_text("utf-8"))] == []


def test_the_tree_has_no_python_outside_a_room() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    outside = [name for name in listed if name.split("/")[0] not in (*ROOMS, "tests", "setup.py")]
    assert outside == []
