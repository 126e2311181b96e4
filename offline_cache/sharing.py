"""Carries what `neighbours` says over UDP, on threads of its own: each second, and at once to a kiosk just met.

Each datagram is sealed under a key of the consortium; whatever else arrives is passed over without a word.
"""

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from offline_cache.neighbours import Heard, Neighbours

log = logging.getLogger(__name__)
Address = tuple[str, int]
EVERY_S = 1.0
LONGEST = 65_507


class Sharing:
    """Tells the other kiosks of the branch. `peers`: where each of them listens. Raises OSError where it cannot listen.

    `now_ms`: milliseconds since boot.
    """

    def __init__(
        self, neighbours: Neighbours, listen: Address, peers: tuple[Address, ...], now_ms: Callable[[], int]
    ) -> None:
        self._neighbours, self._peers, self._now_ms = neighbours, peers, now_ms
        self._lock, self._stop, self._soon = threading.Lock(), threading.Event(), threading.Event()
        self._names: dict[Address, str] = {}
        self._heard: tuple[Heard, ...] = ()
        self._faults: dict[str, str] = {}
        family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind(listen)
        except BaseException:
            self._socket.close()
            raise
        self._threads = [
            threading.Thread(target=work, name=f"sharing-{name}", daemon=True)
            for name, work in (("tells", self._tell_all), ("hears", self._hear_all))
        ]

    @property
    def address(self) -> Address:
        """Where it listens."""
        host, port, *_ = self._socket.getsockname()
        return str(host), int(port)

    def start(self) -> None:
        """Begins to tell and to hear."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends both; raises nothing."""
        self._stop.set()
        self._soon.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2 * EVERY_S)

    def heard(self) -> Sequence[Heard]:
        """See Neighbours.heard, as it was a second ago at most. Waits for nothing: who decides holds the mirror, and
        whoever hears asks it."""
        return self._heard

    def _tell_all(self) -> None:
        while not self._stop.is_set():
            self._soon.clear()
            with self._goes_on("told"):
                for peer in self._peers:
                    with self._lock:
                        message = self._neighbours.message(self._names.get(peer, ""))
                    if message is not None and len(message) <= LONGEST:
                        with suppress(OSError):  # nobody there now: it is told again
                            self._socket.sendto(message, peer)
            with self._goes_on("forgotten"):
                self._look()
            self._soon.wait(EVERY_S)

    def _hear_all(self) -> None:
        while not self._stop.is_set():
            try:
                datagram, sender = self._socket.recvfrom(LONGEST)
            except OSError:
                if self._stop.wait(EVERY_S):
                    return
                continue
            with self._goes_on("heard"):
                self._hear(datagram, sender)

    def _hear(self, datagram: bytes, sender: Sequence[Any] | None) -> None:
        """`sender`: as the socket names it; nobody, where it was closed meanwhile."""
        with self._lock:
            teller = self._neighbours.hear(datagram, self._now_ms())
        self._look()
        if teller is None or sender is None:
            return
        address = sender[0], sender[1]
        if self._names.get(address) != teller:
            self._names[address] = teller
            log.info("kiosk %s of this branch is heard", teller)
            self._soon.set()

    def _look(self) -> None:
        """What counts now; of what the mirror holds by now, too, when nobody tells anything any more."""
        with self._lock:
            self._heard = tuple(self._neighbours.heard())

    @contextmanager
    def _goes_on(self, what: str) -> Iterator[None]:
        """A journal or a mirror that cannot be read now ends no thread: it may be read the next time. Said once."""
        try:
            yield
        except Exception as fault:  # noqa: BLE001  whatever it is, kiosks without a word are worse
            why = type(fault).__name__
            if self._faults.get(what) != why:
                log.error("of the kiosks of this branch nothing is %s: %s", what, why)
            self._faults[what] = why
        else:
            self._faults.pop(what, None)


def addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    """Addresses of the form host:port, or [host]:port for IPv6. Raises ValueError."""
    found = []
    for text in texts:
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError("an address is host:port")
        found.append((host.strip("[]"), int(port)))
    return tuple(found)
