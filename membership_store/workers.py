"""Several processes answer on one address, each with a database of its own; who dies is replaced, who is left ends.

For PostgreSQL only: a SQLite file has one writer. Each worker has a socket of its own (SO_REUSEPORT), among which the
kernel deals out the connections; the parent holds them all, so that no caller is turned away while one is replaced.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from starlette.applications import Starlette

from membership_store import server
from membership_store.certificates import Tls

log = logging.getLogger(__name__)
Build = Callable[[], AbstractContextManager[Starlette]]
PAUSE_S = 1.0
_WATCHED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker does: it opens the application and answers, over TLS or not."""

    build: Build
    tls: Tls | None = None


def serve(build: Build, sockets: Sequence[socket.socket], tls: Tls | None = None) -> None:
    """Answers with a worker for each socket until SIGTERM or SIGINT, then lets all finish what was begun.

    `build` opens the application within the worker. Call it before any thread was started. Raises CannotListen.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    alive, held = os.pipe()
    work = Work(build, tls)
    running = {}
    try:
        ready = []
        for one in sockets:
            pid, told = _start(work, one, alive, held)
            running[pid] = one
            ready.append(told)
        began = [_is_ready(one) for one in ready]
        if not all(began):
            raise server.CannotListen("a worker did not begin; what it says stands above")
        server.announce(sockets[0], work.tls)
        _replace_until_told(work, running, alive, held)
    finally:
        for pid in running:
            os.kill(pid, signal.SIGTERM)
        for pid in running:
            os.waitpid(pid, 0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)


def _replace_until_told(work: Work, running: dict[int, socket.socket], alive: int, held: int) -> None:
    while signal.sigwait(_WATCHED) == signal.SIGCHLD:
        for pid in [one for one in running if os.waitpid(one, os.WNOHANG)[0]]:
            log.error("a worker ended by itself; another one takes its place")
            time.sleep(PAUSE_S)
            listening = running.pop(pid)
            again, told = _start(work, listening, alive, held)
            running[again] = listening
            os.close(told)


def _start(work: Work, listening: socket.socket, alive: int, held: int) -> tuple[int, int]:
    """The worker's process, and where it says that it is ready."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        return pid, told
    code = 1
    try:
        os.close(held)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
        threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
        with work.build() as app:
            server.serve(app, listening, lambda: _tell(tell), work.tls)
        code = 0
    except BaseException as fault:  # noqa: BLE001 - nothing of the parent may run on in the child
        log.error("a worker could not go on: %s", type(fault).__name__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent(alive: int) -> None:
    """The parent alone holds the other end: it is gone when there is nothing more to read."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _tell(tell: int) -> None:
    with suppress(BrokenPipeError):  # one that takes another's place is not waited for
        os.write(tell, b"1")
    os.close(tell)


def _is_ready(told: int) -> bool:
    try:
        return bool(os.read(told, 1))
    finally:
        os.close(told)
