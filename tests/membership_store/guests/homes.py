"""Homes for guests to come from: a real second store, one that accepts and never answers, one that answers nonsense."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import requests

from circulation import identifiers as ids
from membership_store.opening import open_database
from membership_store.staff.credentials import Role, Staff, add_staff
from tests.membership_store.running import DRENTHE, LIMIT_S, Demo, StoreProcess

FLANDERS, ZOTTEGEM = "demo-vlaanderen", "3550"
HOME_ISIL = "NL-0840010"


class Library:
    """A server over its own copy of the demo, with a peer's and a desk's credential."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        folder.mkdir()
        self.store = StoreProcess(Path(shutil.copy(demo.folder / "store.db", folder / "store.db")))
        self.folder = folder
        self.peer = self._staff(DRENTHE, "peer-of-flanders", Role.PEER)
        self.desk = self._staff(FLANDERS, "desk", Role.DESK, "zottegem")
        self.session = requests.Session()

    def _staff(self, consortium: str, name: str, role: Role, institution: str | None = None) -> str:
        database = open_database(self.store.database)
        try:
            place = None if institution is None else ids.InstitutionCode(institution)
            return database.write(lambda session: add_staff(session, Staff(consortium, name, role, place)))
        finally:
            database.close()

    def ask(self, token: str, path: str, body: object, **headers: str) -> tuple[int, Any]:
        """A POST with that credential."""
        answer = self.session.post(
            self.store.url + path,
            json.dumps(body),
            headers={"Authorization": f"Bearer {token}", **headers},
            timeout=LIMIT_S,
        )
        return answer.status_code, answer.json()

    def vouch(self, **question: str) -> dict[str, Any]:
        """What this library says as a home."""
        status, said = self.ask(self.peer, "/v1/home-memberships", {"isil": HOME_ISIL} | question)
        assert status == 200, said
        assert isinstance(said, dict)
        return said

    def enrol(self, number: str, isil: str | None = HOME_ISIL, event: str | None = None, **more: object) -> Any:
        """Staff in Zottegem take somebody in."""
        body = {"branch": ZOTTEGEM, "number": number, "isil": isil, **more}
        status, said = self.ask(self.desk, "/v1/staff/guests/enrol", body, **{"Idempotency-Key": event or new_event()})
        assert status == 200, said
        return said

    def act(self, path: str, **body: object) -> Any:
        """Another act of the desk in Zottegem."""
        sent = {"branch": ZOTTEGEM, **body}
        status, said = self.ask(self.desk, f"/v1/staff/{path}", sent, **{"Idempotency-Key": new_event()})
        assert status == 200, said
        return said

    def lists(self, isil: str, address: str, token: str, connector: str = "store", per_minute: int = 60_000) -> None:
        """The ISIL list of the Flemish network has that home from now on."""
        secret = self.folder / f"{isil}.token"
        secret.write_text(token)
        values = (isil, f"Library {isil}", connector, address, str(secret), per_minute)
        self.store.change("DELETE FROM home_library WHERE consortium = ? AND isil = ?", FLANDERS, isil)
        self.store.change(
            "INSERT INTO home_library (consortium, isil, name, connector, address, secret_file, per_minute)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            FLANDERS,
            *values,
        )

    def add_guest(self, patron: str, isil: str, number: str, starts: date, ends: date) -> None:
        """A guest in Zottegem who enrolled on a day."""
        place = (FLANDERS, patron)
        self.store.change("INSERT INTO patron (consortium, patron, type, home) VALUES (?, ?, '04', ?)", *place, isil)
        self.store.change(
            "INSERT INTO pass (consortium, patron, pass, number, network_unique, kind) VALUES (?, ?, ?, ?, 0, 'home')",
            *place,
            f"{patron}-0",
            number,
        )
        self.store.change(
            "INSERT INTO membership (consortium, patron, membership, institution, subscription, starts, ends,"
            " verified, term_source) VALUES (?, ?, ?, 'zottegem', '0345', ?, ?, ?, 'provisional')",
            *place,
            f"{patron}-m",
            starts.isoformat(),
            ends.isoformat(),
            starts.isoformat(),
        )
        self.store.change("INSERT INTO strips VALUES (?, ?, 17, 0)", FLANDERS, f"{patron}-m")

    def term(self, patron: str) -> tuple[str, str, str]:
        """Last day, day of the last word, and source of the guest's term."""
        rows = self.store.rows("SELECT ends, verified, term_source FROM membership WHERE patron = ?", patron)
        assert len(rows) == 1
        return tuple(rows[0])


def new_event() -> str:
    """A new EventId."""
    return ids.new_event_id(time.time_ns() // 1_000_000, os.urandom(10))


@contextmanager
def silent_home() -> Iterator[str]:
    """The address of a socket that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def talking_home(
    status: int, body: bytes, headers: dict[str, str] | None = None, context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """The address of a server that says the same whatever is asked."""

    class Same(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Same) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@contextmanager
def dripping_home() -> Iterator[str]:
    """The address of a server whose answer comes a byte at a time and never ends."""
    over = threading.Event()

    def serve(listening: socket.socket) -> None:
        line, _ = listening.accept()
        with line:
            line.recv(65536)
            for one in b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + b" " * 4000:
                if over.wait(0.05):
                    return
                line.send(bytes([one]))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        over.set()
        thread.join(LIMIT_S)


def today() -> date:
    """The library's own date, far enough from midnight for a test."""
    from zoneinfo import ZoneInfo

    return datetime.now(UTC).astimezone(ZoneInfo("Europe/Brussels")).date()
