"""Inside a booted machine: kiosk.service is ready, locked in, reads cards, comes back from crash and standstill.

Standard library only. Writes /proved when all of it held; the last line says what did not.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 120
PYTHON = "/opt/kiosk/current/bin/python"
CARDS = """
from devices.links.pcsc import CardSilent, PcscLink
from devices.ports import DeviceGone
try:
    PcscLink("Virtual PCD 00 00").ask(bytes(5))
except (CardSilent, DeviceGone) as said:
    print("no card lies there" if "8010000C" in str(said) else type(said).__name__)
"""


def say(sentence: str) -> None:
    """Print at once."""
    print(f"prove: {sentence}", flush=True)


def shown(name: str) -> str:
    """Return one property of the unit."""
    command = ["systemctl", "show", "--value", f"--property={name}", "kiosk.service"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def wait(what: str, holds: Callable[[], bool]) -> None:
    """Wait until `holds`, saying how long it took. Raises SystemExit after LIMIT_S."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > LIMIT_S:
            subprocess.run(["journalctl", "--no-pager", "--unit=kiosk.service", "--lines=60"], check=False)
            sys.exit(f"prove: after {LIMIT_S} s still not {what}")
        time.sleep(0.1)
    say(f"{what} after {time.monotonic() - began:.1f} s")


def ready() -> bool:
    """Tell whether the service has said READY=1 and runs (`active`, not `activating`)."""
    return shown("ActiveState") == "active"


def ready_again(restarts: int) -> Callable[[], bool]:
    """Return the question whether it is ready after so many restarts."""
    return lambda: shown("NRestarts") == str(restarts) and ready()


def expect(what: str, seen: object, wanted: object) -> None:
    """Compare. Raises SystemExit where they differ."""
    if seen != wanted:
        sys.exit(f"prove: {what} is {seen!r}, not {wanted!r}")
    say(f"{what}: {seen}")


def locked_in(pid: int) -> None:
    """Look at the process itself: whose it is, and what it may not do any more."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    expect("user", pwd.getpwuid(int(status["Uid"].split()[0])).pw_name, "kiosk")
    expect("capabilities", int(status["CapBnd"], 16) | int(status["CapEff"], 16), 0)
    expect("no new privileges", status["NoNewPrivs"], "1")
    expect("system calls filtered", status["Seccomp"], "2")
    limits = Path(f"/proc/{pid}/limits").read_text()
    expect(
        "core dump", [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")], [["0", "0"]]
    )
    expect("secrets readable by others", Path("/etc/kiosk/secrets").stat().st_mode & 0o077, 0)


def may_read_cards() -> None:
    """Ask pcscd, which asks polkit: as the kiosk's user, who is told about the card, and as others."""
    for user, answer in (("kiosk", "no card lies there"), ("daemon", "DeviceGone"), ("nobody", "DeviceGone")):
        asked = ["runuser", "-u", user, "--", PYTHON, "-I", "-c", CARDS]
        said = subprocess.run(asked, capture_output=True, text=True, check=False)
        expect(f"pcscd's answer to {user}", said.stdout.strip() or said.stderr, answer)


def accepted_by_udev() -> None:
    """Let this machine's own udev and kmod read the rules."""
    verify = ["udevadm", "verify", "--no-summary", "/usr/lib/udev/rules.d/60-kiosk.rules"]
    expect("udev's word on our rules", subprocess.run(verify, check=False).returncode, 0)
    shown = subprocess.run(["modprobe", "--showconfig"], capture_output=True, text=True, check=True).stdout
    expect("the kernel's driver of the reader kept off", "blacklist pn533_usb" in shown.splitlines(), True)


def main() -> None:
    """Prove it step by step."""
    wait("ready", ready)
    first = int(shown("MainPID"))
    locked_in(first)
    accepted_by_udev()
    may_read_cards()
    expect("restarts before anything happened", shown("NRestarts"), "0")
    os.kill(first, signal.SIGKILL)
    wait("ready again after kill -9", ready_again(1))
    os.kill(int(shown("MainPID")), signal.SIGSTOP)
    wait("found standing still by the watchdog and ready again", ready_again(2))
    last = int(shown("MainPID"))
    subprocess.run(["systemctl", "stop", "kiosk.service"], check=True)
    expect("end when asked to", shown("Result"), "success")
    journal = ["journalctl", "--no-pager", "--output=cat", f"_PID={last}"]
    said = subprocess.run(journal, capture_output=True, text=True, check=True).stdout
    for word in ("Traceback", "Operation not permitted", "Permission denied", "Read-only file system"):
        if word in said:
            print(said)
            sys.exit(f"prove: the kiosk's journal says {word!r}")
    Path("/proved").touch()
    say("all of it held")


if __name__ == "__main__":
    main()
