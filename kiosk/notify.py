"""Tells systemd that the kiosk is ready and alive (sd_notify(3)): a datagram to $NOTIFY_SOCKET, nothing without it."""

import os
import socket


def notify(message: str) -> None:
    """Sends one message, such as READY=1 or WATCHDOG=1. Never raises: a service manager must not stop a loan."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.connect(address)
            sender.send(message.encode())
    except OSError:
        return
