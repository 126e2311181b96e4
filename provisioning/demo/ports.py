"""The demonstration's neighbouring TCP ports: workbench, store, line (the proxy between), printer and terminal."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass

DEFAULT = 8700
HOW_MANY = 5
LOOPBACK = "127.0.0.1"
_CHOSEN_FROM = range(20000, 32000)  # below Linux's ephemeral ports (32768 and up)


class PortTaken(Exception):
    """A port is in use or may not be used; the message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`first` and the ports after it."""

    first: int

    @property
    def workbench(self) -> int:
        """Where the workbench page is."""
        return self.first

    @property
    def store(self) -> int:
        """Where the membership store listens."""
        return self.first + 1

    @property
    def line(self) -> int:
        """Where the kiosk believes the store to be; the proxy that can be cut."""
        return self.first + 2

    @property
    def printer(self) -> int:
        """Where the receipt printer listens."""
        return self.first + 3

    @property
    def terminal(self) -> int:
        """Where the payment terminal listens."""
        return self.first + 4


def reserved(first: int, listen: str = LOOPBACK) -> Ports:
    """Return the ports from `first` on (0: any free ones) if all can be had; raises PortTaken otherwise.

    `listen` is the address of the workbench; the others listen on loopback only.
    """
    if first == 0:
        return _any_free(listen)
    if not 1 <= first <= 65536 - HOW_MANY:
        raise PortTaken(f"{first} is no port for the demo: it needs {HOW_MANY} in a row, from 1 to {65536 - HOW_MANY}.")
    for port in range(first, first + HOW_MANY):
        why = _why_not(listen if port == first else LOOPBACK, port)
        if why:
            raise PortTaken(f"Port {port} {why}. Choose other ports: make demo PORT={_elsewhere(first)} "
                            f"(or --port, or DEMO_PORT); the demo takes {HOW_MANY} in a row.")  # fmt: skip
    return Ports(first)


def _any_free(listen: str) -> Ports:
    for _ in range(200):
        first = random.choice(_CHOSEN_FROM)
        if not any(_why_not(listen if port == first else LOOPBACK, port) for port in range(first, first + HOW_MANY)):
            return Ports(first)
    raise PortTaken("Enough free ports in a row could not be found; name them: make demo PORT=8800.")


def _elsewhere(first: int) -> int:
    return first + 100 if first + 100 + HOW_MANY <= 65536 else DEFAULT


def _why_not(address: str, port: int) -> str:
    try:
        family, kind, proto, _, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            # As the servers do: the closed connections of the last demo are no hindrance, a listener is.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            probe.listen()
    except socket.gaierror:
        return f"cannot be opened: {address} is not an address of this machine"
    except PermissionError:
        return "may be opened by root only"
    except OSError as problem:
        in_use = "is already in use (by another demo?)"
        return in_use if problem.errno == 98 else f"cannot be opened on {address}: {problem.strerror}"
    return ""
