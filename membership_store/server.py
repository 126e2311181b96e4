"""Serves the store: listens first, says so on standard output, and ends cleanly on SIGTERM or SIGINT."""

import errno
import logging
import signal
import socket
import sys
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

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
    """A server that prints `ready http://…` once it can be asked."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for one in sockets or []:
            host, port = one.getsockname()[:2]
            sys.stdout.write(f"ready http://{Address(host, port)}\n")
        sys.stdout.flush()


def listen(address: Address) -> socket.socket:
    """A socket on that address; port 0 takes a free one. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # asyncio switches Nagle's delay off only for a socket that says it is TCP; else each answer waits for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
        listening.listen(128)
    except (OSError, OverflowError) as fault:
        listening.close()
        taken = isinstance(fault, OSError) and fault.errno == errno.EADDRINUSE
        why = "another program listens there" if taken else (getattr(fault, "strerror", None) or str(fault))
        raise CannotListen(f"cannot listen on {address}: {why}") from fault
    return listening


def serve(app: Starlette, listening: socket.socket) -> None:
    """Answers until SIGTERM or SIGINT, then finishes what was begun and returns."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more after its own shutdown; then there is nothing left to do.
        signal.signal(number, lambda *_: None)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
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
    )
    _Announced(config).run(sockets=[listening])
