"""`python -m devices list`: which ports there are and under which lasting name to configure each. Opens none."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from devices.discovery import FoundPort, found_ports


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m devices", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the ports of this machine")
    listing.add_argument("--dev", type=Path, default=Path("/dev"), help="of another system's tree")
    listing.add_argument("--sys", type=Path, default=Path("/sys"), help="the same")
    given = parser.parse_args(arguments)
    ports = found_ports(given.dev, given.sys)
    for one in ports:
        print(_said(one))
    if not ports:
        print("no serial port, no keyboard and no USB device")
    return 0


def _said(one: FoundPort) -> str:
    names = [name for name in (one.by_id, one.by_path, one.path) if name and name != one.lasting]
    lines = [f"{one.use:8}{one.lasting}", *(f"        also {name}" for name in names)]
    about = "  ".join(filter(None, (one.ids, one.words)))
    lines += [f"        is   {about}"] if about else []
    lines += [f"        note {one.remark}"] if one.remark else []
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
