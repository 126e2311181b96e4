"""The virtual environment .venv: made once, filled from hash-pinned locks only when a lock or the project changed."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from provisioning.bootstrap.progress import Log, StepFailed, run, say

_FOUND = re.compile(r"^(Collecting|Processing|Requirement already satisfied)")
_MILESTONES = {"Installing collected packages": "all fetched and checked; unpacking"}
_PINNED = re.compile(r"^[A-Za-z0-9][\w.\-]*==", re.MULTILINE)
LOCKS = ("requirements/build.txt", "requirements/dev.txt")
METADATA = ("pyproject.toml", "setup.py")


def can_make_environments() -> bool:
    """Tell whether this Python has `ensurepip`; Debian's has it only with python3-venv installed."""
    return importlib.util.find_spec("ensurepip") is not None


class Environment:
    """The virtual environment of the project tree at `root`."""

    def __init__(self, root: Path, log: Log) -> None:
        self.root = root
        self.path = root / ".venv"
        self.python = self.path / "bin" / "python"
        self._log = log

    def works(self) -> bool:
        """Tell whether it is whole: made for this place, its Python starts, fits and has pip."""
        made_for = self.path / "made-for"
        if not made_for.is_file() or made_for.read_text("utf-8") != str(self.root):
            return False
        probe = "import pip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
        try:
            asked = subprocess.run([self.python, "-c", probe], capture_output=True, check=False)
        except OSError:
            return False
        return asked.returncode == 0

    def ensure(self) -> None:
        """Make the environment unless it works. Raises StepFailed."""
        if self.works():
            return
        say(f"virtual environment: making .venv with Python {sys.version.split()[0]}")
        if self.path.exists():
            shutil.rmtree(self.path)
        run([sys.executable, "-m", "venv", str(self.path)], self._log)
        # Written last: an interrupted creation is not taken for a whole one.
        (self.path / "made-for").write_text(str(self.root), "utf-8")

    def install(self) -> None:
        """Install the locked libraries, and the project itself, where the files that decide it changed."""
        # What builds the libraries that come as source only is itself pinned, then used without isolation.
        with self._unless_done("libraries", LOCKS) as due:
            if due:
                self._pip("build tools", "--requirement", LOCKS[0])
                self._pip("libraries", "--no-build-isolation", "--use-pep517", "--requirement", LOCKS[1])
        with self._unless_done("project", METADATA) as due:
            if due:
                say("Python libraries: the project itself, editable")
                self._run_pip("--no-build-isolation", "--no-deps", "--no-index", "--editable", ".")

    @contextmanager
    def _unless_done(self, what: str, deciding: Sequence[str]) -> Iterator[bool]:
        """Yield whether `what` is due, not done yet for these contents of `deciding`; stamp it if it succeeds."""
        stamp = self.path / f"installed-{what}"
        digest = hashlib.sha256(b"".join((self.root / name).read_bytes() for name in deciding)).hexdigest()
        if stamp.is_file() and stamp.read_text("utf-8") == digest:
            yield False
            return
        stamp.unlink(missing_ok=True)
        yield True
        stamp.write_text(digest, "utf-8")

    def _pip(self, what: str, *arguments: str) -> None:
        pinned = len(_PINNED.findall((self.root / arguments[-1]).read_text("utf-8")))
        say(f"Python libraries: {pinned} {what}, checked against their hashes")
        self._run_pip("--require-hashes", *arguments, total=pinned)

    def _run_pip(self, *arguments: str, total: int = 0) -> None:
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", "install", "--no-input",
                   "--progress-bar=off", *arguments]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        try:
            run(command, self._log, counted=_FOUND, total=total, milestones=_MILESTONES, env=environment)
        except StepFailed as problem:
            raise StepFailed(f"the Python libraries could not be installed: {problem}. "
                             "What was fetched is kept; try again.") from problem  # fmt: skip
