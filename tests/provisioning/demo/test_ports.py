"""The demo's ports: all can be had, or a sentence says which cannot and what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from provisioning.demo.ports import HOW_MANY, Ports, PortTaken, reserved


@pytest.fixture
def first() -> int:
    """The first of as many free ports in a row as a demo takes."""
    return reserved(0).first


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket to take a port with."""
    with socket.socket() as one:
        yield one


def test_neighbours_are_given_in_a_fixed_order(first: int) -> None:
    ports = reserved(first)
    given = [ports.workbench, ports.store, ports.line, ports.printer, ports.terminal]
    assert given == list(range(first, first + HOW_MANY))


@pytest.mark.parametrize("which", range(HOW_MANY))
def test_a_port_in_use_is_named_with_how_to_choose_others(first: int, which: int, listener: socket.socket) -> None:
    listener.bind(("127.0.0.1", first + which))
    listener.listen()
    with pytest.raises(PortTaken) as told:
        reserved(first)
    assert f"Port {first + which} is already in use" in str(told.value)
    assert f"make demo PORT={first + 100}" in str(told.value)


def test_ports_of_a_demo_that_has_just_ended_are_free_at_once(first: int, listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
    listener.bind(("127.0.0.1", first))
    listener.listen()
    with socket.create_connection(("127.0.0.1", first)) as caller:
        answered, _ = listener.accept()
        answered.close()  # this end closes first: its address stays in TIME_WAIT
        assert caller.recv(1) == b""
    listener.close()
    assert reserved(first) == Ports(first)


@pytest.mark.parametrize("first", [-1, 65532, 70000])
def test_a_number_that_leaves_no_room_for_all_of_them_is_refused(first: int) -> None:
    with pytest.raises(PortTaken, match="5 in a row"):
        reserved(first)


def test_an_address_that_is_not_of_this_machine_is_said_so(first: int) -> None:
    with pytest.raises(PortTaken, match="cannot be opened"):
        reserved(first, "192.0.2.1")
