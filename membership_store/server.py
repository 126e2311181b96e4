"""Serves the store: listens first, says so on standard output, and ends cleanly on SIGTERM or SIGINT."""

import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from membership_store.certificates import Tls

# A page of changes makes ten thousand objects and keeps none: looking for circles every 700 takes time.
MADE_BEFORE_A_LOOK = 20_000
# Longer than a kiosk's pauses within a visit: no new connection for every book.
KEEP_ALIVE_S = 75


class CannotListen(Exception):
    """The address cannot be listened on; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class _Announced(uvicorn.Server):
    """A server that calls `ready` once it can be asked."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def announce(listening: socket.socket, tls: Tls | None = None) -> None:
    """Prints `ready http://…`, or https."""
    host, port = listening.getsockname()[:2]
    sys.stdout.write(f"ready http{'' if tls is None else 's'}://{Address(host, port)}\n")
    sys.stdout.flush()


def listen(address: Address, *, shared: bool = False) -> socket.socket:
    """A socket on that address; port 0 takes a free one. `shared`: others may listen there too. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # asyncio switches Nagle's delay off only for a socket that says it is TCP; else each answer waits for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((address.host, address.port))
        listening.listen(128)
    except (OSError, OverflowError) as fault:
        listening.close()
        taken = isinstance(fault, OSError) and fault.errno == errno.EADDRINUSE
        why = "another program listens there" if taken else (getattr(fault, "strerror", None) or str(fault))
        raise CannotListen(f"cannot listen on {address}: {why}") from fault
    return listening


def listen_together(address: Address, count: int) -> list[socket.socket]:
    """So many sockets on one address, among which the kernel deals out the connections. Raises CannotListen."""
    first = listen(address, shared=True)
    rest = Address(address.host, first.getsockname()[1])
    return [first, *(listen(rest, shared=True) for _ in range(count - 1))]


def serve(
    app: Starlette, listening: socket.socket, ready: Callable[[], None] | None = None, tls: Tls | None = None
) -> None:
    """Answers until SIGTERM or SIGINT, then finishes what was begun and returns. `ready`: else it announces itself.

    Raises NoCertificate.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more after its own shutdown; then there is nothing left to do.
        signal.signal(number, lambda *_: None)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    gc.freeze()  # what is there now stays until the end
    gc.set_threshold(MADE_BEFORE_A_LOOK, 20, 20)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
        **({} if tls is None else tls.settings()),
    )
    _Announced(config, ready or (lambda: announce(listening, tls))).run(sockets=[listening])
