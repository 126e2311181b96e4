"""circulation is pure (house rule 2): its imports, its calls; a clock or a file is found even if no import tells."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOOR = ROOT / "circulation" / "sip2" / "connection.py"
PURE = sorted(path for path in (ROOT / "circulation").rglob("*.py") if path != DOOR)
OURS = {"circulation", "values"}
IMPURE_MODULES = {
    "asyncio", "concurrent", "io", "multiprocessing", "os", "pathlib", "secrets", "select", "selectors", "shutil",
    "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
IMPURE_CALLS = {"open", "input", "print", "eval", "exec", "__import__", "import_module"}
CLOCK_CALLS = {"now", "today", "utcnow"}


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def impurities(source: str) -> list[str]:
    """Return what in `source` reaches out of pure code."""
    tree = ast.parse(source)
    found = []
    for name in _imports(tree):
        top = name.partition(".")[0]
        if top in IMPURE_MODULES or (top not in OURS and top not in sys.stdlib_module_names):
            found.append(f"imports {name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in IMPURE_CALLS:
                found.append(f"calls {called.id} (line {node.lineno})")
            if isinstance(called, ast.Attribute) and called.attr in IMPURE_CALLS | CLOCK_CALLS:
                found.append(f"calls {called.attr} (line {node.lineno})")
    return found


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_circulation_reaches_nothing_outside(path: Path) -> None:
    assert impurities(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import time",
        "from os import path",
        "import requests",
        "def f():\n    import socket",
        "from devices import ports",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.date.today()",
        "open('x')",
        "import importlib\nimportlib.import_module('os')",
    ],
)
def test_an_impurity_is_found(planted: str) -> None:
    assert impurities(planted)
