"""Writes the large store: each network by the register, its patrons and items by COPY, always the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

import psycopg

from circulation import identifiers as ids
from circulation.catalogue import CATALOGUE
from circulation.model import Branch, Group, GroupKind, Institution, ProductLink
from circulation.rules.facts import Policy
from membership_store import register
from membership_store.database import Session
from tests.benchmark import numbered
from tests.benchmark.numbered import CONSORTIA, FEED_BEGINS, FIRST, INSTITUTIONS, Size

SUBSCRIPTIONS = ("0045", "0045", "0053", "0045", "JEUGD")
TOGETHER = 20_000
MORNING = "T09:00:00.000000+00:00"


def write_networks(session: Session, since: date) -> None:
    """Twelve consortia, each a region of twenty libraries with transport that accept and link each other's patrons."""
    for consortium in range(CONSORTIA):
        code = numbered.consortium_code(consortium)
        register.add_consortium(session, code, code, since.isoformat(), f"{consortium:064x}")
        codes = [ids.InstitutionCode(numbered.institution_code(i)) for i in range(INSTITUTIONS)]
        group = Group("region", GroupKind.THREE_B)
        register.add_institutions(
            session,
            code,
            [Institution(one, f"Library {one}", None, group, frozenset(codes) - {one}) for one in codes],
        )
        for i, one in enumerate(codes):
            register.set_policy(session, code, one, Policy())
            branch = Branch(ids.BranchCode(numbered.branch_code(i)), f"Branch {i}", one)
            register.add_branch(session, code, branch, "Europe/Amsterdam")
        register.add_catalogue(session, code, CATALOGUE)
        linked = sorted({ids.SubscriptionCode(one) for one in SUBSCRIPTIONS})
        links = [ProductLink(at, one, of, one) for at in codes for of in codes if of != at for one in linked]
        register.add_links(session, code, links)


def copy_rows(connection: psycopg.Connection, size: Size, today: date) -> None:
    """Patrons, items and kiosks. Foreign keys are not looked at meanwhile: the rows are right by their making."""
    connection.execute("SET session_replication_role = replica")
    connection.execute("DELETE FROM feed")
    for table, columns, rows in _tables(size, today):
        with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            while part := list(islice(rows, TOGETHER)):
                copy.write("".join(part))
    connection.execute("SET session_replication_role = DEFAULT")


def restore(connection: psycopg.Connection, size: Size) -> None:
    """Takes away what measurements added, so that each begins with the same rows."""
    free = [f"'{numbered.barcode(FIRST)}'"]
    connection.execute("DELETE FROM event_answer")
    connection.execute(f"DELETE FROM loan WHERE loan NOT LIKE 'made-%' AND item >= {free[0]}".encode())
    connection.execute("DELETE FROM staff_flag")
    connection.execute(f"DELETE FROM feed WHERE seq > {size.feed_ends}".encode())
    connection.execute(f"UPDATE feed_head SET head = {size.feed_ends}".encode())
    connection.execute("UPDATE kiosk SET last_seq = 0 WHERE last_seq > 0")
    connection.execute("UPDATE strips SET balance = 125 WHERE balance <> 125")
    for table in ("event_answer", "loan", "feed", "feed_head", "kiosk", "strips"):
        connection.execute(f"VACUUM ANALYZE {table}".encode())


def _tables(size: Size, today: date) -> Iterator[tuple[str, str, Iterator[str]]]:
    """Each table with its columns and its rows as COPY wants them."""
    patrons = [
        (numbered.consortium_code(c), FIRST + c * size.patrons_each + i)
        for c in range(CONSORTIA)
        for i in range(size.patrons_each)
    ]
    items = [
        (numbered.consortium_code(c), c, i, FIRST + c * size.items_each + i)
        for c in range(CONSORTIA)
        for i in range(size.items_each)
    ]
    starts, ends = today - timedelta(days=100), today + timedelta(days=200)
    yield "patron", "consortium, patron, type, language", (f"{c}\tP{n}\t00\tnl\n" for c, n in patrons)
    yield (
        "pass",
        "consortium, pass, patron, number, network_unique, kind",
        (f"{c}\tP{n}-0\tP{n}\t{numbered.pass_number(n)}\t1\tregional\n" for c, n in patrons),
    )
    yield "pass_chip", "consortium, uid, pass", (f"{c}\t{numbered.chip(n)}\tP{n}-0\n" for c, n in patrons)
    yield (
        "person",
        "consortium, patron, surname, born",
        (f"{c}\tP{n}\tNaam {n % 50_000}\t19{50 + n % 50}-0{1 + n % 9}-1{n % 9}\n" for c, n in patrons),
    )
    yield (
        "membership",
        "consortium, membership, patron, institution, subscription, starts, ends",
        (
            f"{c}\tP{n}-0\tP{n}\t{numbered.institution_code(n)}\t{_subscription(n)}\t{starts}\t{ends}\n"
            for c, n in patrons
        ),
    )
    yield (
        "strips",
        "consortium, membership, balance",
        (f"{c}\tP{n}-0\t125\n" for c, n in patrons if _subscription(n) == "0045"),
    )
    yield (
        "fee",
        "consortium, fee, patron, institution, cents, status",
        (f"{c}\tF{n}\tP{n}\t{numbered.institution_code(n)}\t250\topen\n" for c, n in patrons if n % 10 == 0),
    )
    yield "title", "consortium, title, name", (f"{c}\tT{m}\tTitel {m}\n" for c, _, i, m in items if i % 5 == 0)
    yield (
        "item",
        "consortium, item, title, institution, branch",
        (
            f"{c}\t{numbered.barcode(m)}\tT{m - i % 5}\t{numbered.institution_code(m)}\t{numbered.branch_code(m)}\n"
            for c, _, i, m in items
        ),
    )
    yield (
        "loan",
        "consortium, loan, item, patron, branch, lent, due, lent_at",
        (
            f"{c}\tmade-{m}\t{numbered.barcode(m)}\tP{size.patron_of(k, i // 4)}\t{numbered.branch_code(m)}"
            f"\t{today - timedelta(days=i % 20)}\t{today + timedelta(days=21 - i % 20)}\t{today}{MORNING}\n"
            for c, k, i, m in items
            if i >= size.free_each and i % 4 == 0
        ),
    )
    yield "kiosk", "consortium, kiosk, branch, salt, credential", _kiosks(size)
    yield (
        "feed",
        "consortium, seq, kind, ref, at",
        (
            f"{numbered.consortium_code(c)}\t{seq}\tpatron\tP{size.patron_of(c, seq * 7)}\t{today}{MORNING}\n"
            for c in range(CONSORTIA)
            for seq in range(FEED_BEGINS + 1, size.feed_ends + 1)
        ),
    )


def _subscription(n: int) -> str:
    return SUBSCRIPTIONS[n % len(SUBSCRIPTIONS)]


def _kiosks(size: Size) -> Iterator[str]:
    for k in range(size.kiosks):
        salt, credential = numbered.salt_and_credential(k)
        consortium = numbered.consortium_code(numbered.consortium_of_kiosk(k))
        yield f"{consortium}\t{numbered.kiosk_code(k)}\t{numbered.branch_code(k)}\t{salt}\t{credential}\n"


def rows_written(connection: psycopg.Connection, tables: Iterable[str]) -> dict[str, int]:
    """How many rows each table has."""
    found = {}
    for table in tables:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        found[table] = int(row[0]) if row else 0
    return found
