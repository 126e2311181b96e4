"""`python -m provisioning.demo`: starts the whole product on this machine and ends it all with Ctrl-C.

Exit codes: 0 ended as asked, 1 a part failed, 2 it could not begin (a port or the directory is in use, a wrong option).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from provisioning.demo import ports
from provisioning.demo.demo import LANGUAGES, ROOT, Demo, Ended, StartFailed, Wishes
from provisioning.demo.parts import TERMINALS, Place
from provisioning.demo.run_dir import RunDir, RunDirRefused


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until it is asked to end; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        chosen = ports.reserved(options.port, options.listen)
        run_dir = RunDir(options.run_dir or default_run_dir(options.port), keep=options.keep)
    except (ports.PortTaken, RunDirRefused) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 2
    say(f"Starting the demo in {_short(run_dir.path)} ({'kept' if options.keep else 'a fresh day'})")
    wishes = Wishes(
        headless=options.headless,
        fullscreen=options.fullscreen,
        landscape=options.landscape,
        with_kiosk=not options.no_kiosk,
        branch=options.branch,
        language=options.language,
        terminal=options.terminal,
    )
    try:
        Demo(run_dir, Place(run_dir.path, chosen, options.listen), wishes, say).run()
    except Ended:
        say("The demo has ended; nothing of it runs any more.")
        return 0
    except (StartFailed, RunDirRefused) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    return 0


def default_run_dir(port: int) -> Path:
    """Return where a demo on `port` lives: $KIOSK_RUN_DIR, build/demo, or beside it for other ports."""
    named = os.environ.get("KIOSK_RUN_DIR")
    if named:
        return Path(named)
    return ROOT / "build" / ("demo" if port == ports.DEFAULT else f"demo-{port or os.getpid()}")


def say(sentence: str) -> None:
    """Print at once; a terminal that has gone is no reason to stop cleaning up."""
    with contextlib.suppress(OSError):
        print(sentence, flush=True)


def _short(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _port(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m provisioning.demo", description="Start the whole demo.")
    add = parser.add_argument
    add(
        "--port",
        type=_port,
        default=os.environ.get("DEMO_PORT") or str(ports.DEFAULT),
        metavar="N",
        help="first of five ports (workbench, store, line, printer, terminal); 0: any free ones; or $DEMO_PORT",
    )
    add(
        "--listen",
        default=os.environ.get("BENCH_LISTEN") or ports.LOOPBACK,
        metavar="ADDRESS",
        help="where the workbench page can be reached, 0.0.0.0 for other machines; or $BENCH_LISTEN",
    )
    add("--run-dir", type=Path, metavar="DIR", help="where logs, receipts and databases go; or $KIOSK_RUN_DIR")
    add("--keep", action="store_true", help="go on with the last run's store and journal instead of a fresh day")
    add(
        "--headless",
        action="store_true",
        help="a virtual screen, shown by the workbench, even where there is a display",
    )
    add("--fullscreen", action="store_true", help="the kiosk fills the screen")
    add("--landscape", action="store_true", help="a kiosk that lies on its side: 1920×1080")
    add("--no-kiosk", action="store_true", help="all but the kiosk, to start that by hand")
    add("--branch", metavar="CODE", help="the library where the kiosk stands: 9401 (Annen), 3550 (Zottegem) …")
    add("--terminal", choices=TERMINALS, default=TERMINALS[0], help="the payment terminal that the kiosk has")
    add("--language", choices=LANGUAGES, default=LANGUAGES[0], help="what the kiosk speaks at rest")
    return parser


if __name__ == "__main__":
    sys.exit(main())
