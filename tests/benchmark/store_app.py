"""The store's own server and one more route: a single SELECT by primary key, to compare with. For benchmarks only.

`python -m tests.benchmark.store_app DATABASE WORKERS`; prints `ready http://…` as the store does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from circulation import wire
from membership_store import server, workers
from membership_store.app import app_of, operations
from membership_store.cli.command import now
from membership_store.database import Database, Session, one
from membership_store.opening import open_database
from membership_store.web.body import answer
from membership_store.web.operation import Asker, Operation


def one_row(database: Database) -> Operation:
    """GET /bench/row/{patron}: the language of a patron of the first consortium."""

    async def ask(request: Request) -> Response:
        patron = request.path_params["patron"]

        def look(session: Session) -> str:
            sql = "SELECT language FROM patron WHERE consortium = ? AND patron = ?"
            row = one(session.rows(sql, "net-0", patron))
            return str(row[0]) if row else ""

        return answer(wire.dumps({"language": await run_in_threadpool(database.read, look)}))

    return Operation("GET", "/bench/row/{patron}", ask, "row", "One row by its key", Asker.ANYBODY)


def main() -> int:
    """Serves until SIGTERM."""
    address, count = sys.argv[1], int(sys.argv[2])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")

    @contextmanager
    def build() -> Iterator[Starlette]:
        database = open_database(address)
        try:
            yield app_of((*operations(database, now), one_row(database)))
        finally:
            database.close()

    workers.serve(build, server.listen_together(server.Address("127.0.0.1", 0), count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
