"""Two kiosks of a branch, their cable cut: apart they know nothing of each other, together again they know all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

pytestmark = [pytest.mark.system, pytest.mark.skipif(os.geteuid() != 0, reason="needs root for network namespaces")]
NAMES, PORT = ("one", "two"), 8710


def ip(*arguments: str) -> None:
    """Runs `ip`."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Node:
    """A kiosk in a network namespace of its own."""

    def __init__(self, space: str, name: str, listen: str, peer: str) -> None:
        command = ["ip", "netns", "exec", space, sys.executable, "-m", "tests.offline_cache.sharing_node"]
        self.process = subprocess.Popen(
            [*command, name, listen, peer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._line() == "ready"

    def ask(self, what: str) -> str:
        """The answer to a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self._line()

    def hears(self, *wanted: str) -> None:
        """Waits until it has heard of just these."""
        until = time.monotonic() + 30
        while (found := self.ask("heard").split()) != sorted(wanted):
            assert time.monotonic() < until, found
            time.sleep(0.1)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def spaces() -> Iterator[tuple[str, str]]:
    """Two network namespaces with a cable between them."""
    first, second = (f"kiosk-{name}-{os.getpid()}" for name in NAMES)
    with ExitStack() as undo:
        for space in (first, second):
            ip("netns", "add", space)
            undo.callback(ip, "netns", "delete", space)
        ip("link", "add", "cable", "netns", first, "type", "veth", "peer", "name", "cable", "netns", second)
        for n, space in enumerate((first, second), 1):
            ip("-n", space, "addr", "add", f"10.99.0.{n}/24", "dev", "cable")
            ip("-n", space, "link", "set", "cable", "up")
        yield first, second


def test_a_branch_that_is_cut_in_two_agrees_when_it_is_whole_again(spaces: tuple[str, str]) -> None:
    first, second = spaces
    addresses = [f"10.99.0.{n}:{PORT}" for n in (1, 2)]
    one, two = Node(first, "one", *addresses), Node(second, "two", *reversed(addresses))
    try:
        one.ask("lend")
        two.hears("one:1")
        ip("-n", first, "link", "set", "cable", "down")
        for node in (one, two, one):
            node.ask("lend")
        time.sleep(2.5)  # twice as long as they take to tell: what is not heard by now was cut off
        assert two.ask("heard") == "one:1"
        assert one.ask("heard") == ""
        ip("-n", first, "link", "set", "cable", "up")
        one.hears("two:1")
        two.hears("one:1", "one:2", "one:3")
    finally:
        for node in (one, two):
            node.process.kill()
            node.process.wait(10)
