"""Proves by downloading that every locked library has a wheel for the 64-bit ARM kiosk, but for listed exceptions."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.markers import Marker, default_environment

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("build", "kiosk", "store", "provisioning", "dev")
EXCEPTIONS = ROOT / "requirements" / "arm64-exceptions.txt"
PYTHONS = ("3.11", "3.12", "3.13")
# The widest builds that run on Debian 12 and Raspberry Pi OS (glibc 2.36 and newer).
PLATFORMS = ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in range(17, 37)))

_PIN = re.compile(
    r"^(?P<name>[\w.\-]+)==(?P<version>\S+)(?: ; (?P<marker>.*?))? \\\n(?P<hashes>(?:    --hash=.*\n?)+)",
    re.MULTILINE,
)


def pins(lock: str, python: str) -> dict[str, str]:
    """Return the pins of a lock's text that hold on 64-bit ARM Linux with `python` ("3.12"), by library name."""
    environment = {name: str(value) for name, value in default_environment().items()}
    environment |= {"platform_machine": "aarch64", "sys_platform": "linux"}
    environment |= {"python_version": python, "python_full_version": f"{python}.0"}
    found = {}
    for pin in _PIN.finditer(lock):
        marker = pin["marker"]
        if marker is None or Marker(marker).evaluate(environment):
            found[pin["name"]] = f"{pin['name']}=={pin['version']} \\\n{pin['hashes']}"
    return found


def exceptions(text: str) -> dict[str, str]:
    """Return the listed exceptions: library name to the reason why none is needed."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name.strip(): reason.strip() for name, _, reason in pairs}


def without_wheel(wanted: Mapping[str, str], python: str, into: Path) -> list[str]:
    """Download `wanted` into `into`; return the names that have no wheel, asking one by one only after a refusal."""
    if _downloads(wanted.values(), python, into):
        return []
    return [name for name, pin in wanted.items() if not _downloads([pin], python, into)]


def builds_for_any_machine(pin: str, into: Path) -> bool:
    """Tell whether the source that `pin` names builds, with the installed build tools, to a pure Python wheel."""
    with tempfile.TemporaryDirectory(dir=into) as fresh:
        built = _pip("wheel", [pin], "--no-build-isolation", "--use-pep517", "--wheel-dir", fresh)
        return built and all(wheel.stem.endswith("-none-any") for wheel in Path(fresh).glob("*.whl"))


def _downloads(lines: Iterable[str], python: str, into: Path) -> bool:
    target = ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}", "--abi=abi3", "--abi=none"]
    target += [f"--abi=cp{python.replace('.', '')}", *(f"--platform={name}" for name in PLATFORMS)]
    return _pip("download", lines, *target, "--dest", str(into))


def _pip(verb: str, lines: Iterable[str], *arguments: str) -> bool:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock:
        lock.writelines(lines)
        lock.flush()
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", verb, "--no-input"]
        command += ["--no-deps", "--require-hashes", *arguments, "--requirement", lock.name]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def check(python: str, listed: Mapping[str, str]) -> int:
    """Print what was found for `python`; return how many libraries are not as they should be."""
    locks = [(ROOT / "requirements" / f"{name}.txt").read_text("utf-8") for name in LOCKS]
    wanted = {name: pin for lock in locks for name, pin in pins(lock, python).items()}
    into = ROOT / "build" / "arm64" / python
    into.mkdir(parents=True, exist_ok=True)
    needed = {name: pin for name, pin in wanted.items() if name not in listed}
    lacking = without_wheel(needed, python, into)
    print(f"Python {python}: {len(needed) - len(lacking)} of {len(wanted)} libraries have a wheel for aarch64")
    findings = [f"{name}: no wheel, and not listed in {EXCEPTIONS.name}" for name in lacking]
    for name in sorted(listed):
        if name not in wanted:
            findings.append(f"{name}: is no longer locked; strike it from {EXCEPTIONS.name}")
        elif _downloads([wanted[name]], python, into):
            findings.append(f"{name}: has a wheel now; strike it from {EXCEPTIONS.name}")
        elif not builds_for_any_machine(wanted[name], into):
            findings.append(f"{name}: its source does not build to a wheel for any machine")
        else:
            print(f"  exception {name}: {listed[name]}")
    for finding in findings:
        print(f"  WRONG {finding}")
    return len(findings)


def main() -> int:
    """Check every Python that this project supports; return 1 where anything is not as it should be."""
    listed = exceptions(EXCEPTIONS.read_text("utf-8"))
    return 1 if sum([check(python, listed) for python in PYTHONS]) else 0


if __name__ == "__main__":
    sys.exit(main())
