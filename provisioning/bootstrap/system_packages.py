"""Debian packages: which are missing, and getting them as root or by sudo, without touching apt when none is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from provisioning.bootstrap.progress import Log, StepFailed, run, say

LISTS = Path(__file__).parent / "packages"
ROLES = {"run": ("run",), "test": ("run", "test"), "system": ("run", "test", "system"), "long": ("run", "test", "long")}
"""What is set up, and the package lists that it takes."""

_MILESTONES = {"Selecting previously": "all fetched; unpacking", "Setting up": "setting up"}
APT_OPTIONS = ("-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0")


def wanted(role: str) -> list[str]:
    """Return the package names that `role` (a key of ROLES) needs, in the order of the lists."""
    lines = (line for name in ROLES[role] for line in (LISTS / f"{name}.txt").read_text("utf-8").splitlines())
    return list(dict.fromkeys(line.strip() for line in lines if line.strip() and not line.startswith("#")))


def provided(dpkg_output: str) -> set[str]:
    """Return every name that the installed packages bear or provide.

    `dpkg_output` has lines of status, name and Provides, tab-separated. Provides counts because Debian 13
    renamed libraries for 64-bit time (libmtdev1 is libmtdev1t64 there).
    """
    names: set[str] = set()
    for line in dpkg_output.splitlines():
        status, name, provides = (*line.split("\t"), "", "")[:3]
        if status.strip() == "ii":
            names.add(name)
            names.update(part.split()[0].split(":")[0] for part in provides.split(",") if part.strip())
    return names


def missing(packages: Iterable[str]) -> list[str] | None:
    """Return those of `packages` that are not installed; None where this is no Debian."""
    if not shutil.which("dpkg-query"):
        return None
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}\t${Package}\t${Provides}\n"]
    have = provided(subprocess.run(query, capture_output=True, text=True, check=False).stdout)
    return [package for package in packages if package not in have]


def ensure(packages: Sequence[str], log: Log) -> None:
    """Install what is missing of `packages`. Raises StepFailed with the command to type where it may not."""
    lacking = missing(packages)
    if lacking is None:
        say("this is not a Debian; going on in the hope that it has: " + " ".join(packages))
        return
    if not lacking:
        say(f"system packages: all {len(packages)} are there")
        return
    say(f"system packages: installing {len(lacking)}: {' '.join(lacking)}")
    root = _as_root(lacking)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    # An earlier try may have been interrupted between unpacking and setting up.
    run([*root, "dpkg", "--configure", "-a"], log, env=environment)
    try:
        run([*root, "apt-get", *APT_OPTIONS, "update"], log, env=environment)
    except StepFailed:
        # A third party's broken source makes `update` fail; Debian's own lists may well be there.
        say("warning: `apt-get update` complained; going on with the lists that there are")
    command = [*root, "apt-get", *APT_OPTIONS, "install", "--yes", "--no-install-recommends", *lacking]
    run(command, log, milestones=_MILESTONES, env=environment)
    still = missing(packages)
    if still:
        raise StepFailed(f"these system packages are still missing: {' '.join(still)}")


def _as_root(lacking: Sequence[str]) -> list[str]:
    """Return what to put before a command that needs root; raises StepFailed where nothing helps."""
    if os.geteuid() == 0:
        return []
    command = f"apt-get install --no-install-recommends {' '.join(lacking)}"
    if shutil.which("sudo"):
        # sudo asks for a password on the terminal itself; without one it must not wait for an answer.
        ask = [] if sys.stdin.isatty() else ["-n"]
        if subprocess.run(["sudo", *ask, "-v"], check=False).returncode == 0:
            return ["sudo", *ask, "env", "DEBIAN_FRONTEND=noninteractive"]
        raise StepFailed(f"sudo was refused. As root, type:\n  {command}\nand then start again.")
    raise StepFailed(f"installing needs root, and there is no sudo. As root, type:\n  {command}\nand then start again.")
