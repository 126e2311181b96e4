"""`python -m devices.simulators.bench`: serves the workbench page; prints `ready …` once it takes requests."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from devices.simulators.bench.app import Workbench
from devices.simulators.bench.framebuffer import NoPicture
from devices.simulators.bench.screen import Screen
from devices.simulators.drive import Bench

_PR_SET_PDEATHSIG = 1


class Server(uvicorn.Server):
    """uvicorn that says on standard output when it is ready, as every simulator does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        print(f"ready workbench http://{self.config.host}:{self.config.port}", flush=True)


def main() -> int:
    """Serve until SIGTERM; return the exit code."""
    options = _parser().parse_args()
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return 0
    try:
        screen = None if options.screen is None else Screen(options.screen, options.display)
    except NoPicture as problem:
        print(f"workbench: {problem}", file=sys.stderr)
        return 1
    host, port = options.listen
    config = uvicorn.Config(
        Workbench(Bench(options.run_dir), screen, options.kiosk_log).app(),
        host=host,
        port=port,
        log_level="warning",
        # Pages wait on open requests; they are cut off when the workbench ends.
        timeout_graceful_shutdown=1,
    )
    Server(config).run()
    return 0


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS:PORT")
    return host.strip("[]"), int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.simulators.bench", description="The workbench page.")
    add = parser.add_argument
    default_run = os.environ.get("KIOSK_RUN_DIR") or "build/demo"
    add("--run-dir", type=Path, default=Path(default_run), help="the demo's directory; or $KIOSK_RUN_DIR")
    add("--listen", type=_address, default=("127.0.0.1", 8700), metavar="ADDRESS:PORT")
    add("--screen", type=Path, metavar="FILE", help="the frame buffer of the kiosk's screen (Xvfb -fbdir)")
    add("--display", default=os.environ.get("DISPLAY", ":0"), help="the X display of that screen, for touches")
    add("--kiosk-log", type=Path, metavar="FILE", help="the kiosk's log, shown on the page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
