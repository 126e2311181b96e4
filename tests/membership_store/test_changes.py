"""A mirror that took a snapshot and every page since is what a new snapshot says, and holds nobody's name or number."""

from __future__ import annotations

import hashlib
import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from circulation.events import Action, Kind
from circulation.identifiers import ItemBarcode
from circulation.masking import ITEM, PASS, PATRON, masked
from membership_store import changes
from membership_store.credentials import Kiosk, add_kiosk
from membership_store.database import Session
from membership_store.feed import Feed
from membership_store.opening import Spec
from membership_store.register import network_changed
from membership_store.scope import ALL, BadCursor, Gone, Items, Patrons, Scope
from membership_store.spool import Spool
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.running import DRENTHE, Demo, plain_books
from tests.membership_store.snapshots import opened

FLANDERS = "demo-vlaanderen"


@dataclass
class Mirror:
    """What a kiosk keeps of the store, by kind and key."""

    feed: Feed
    kiosk: Kiosk
    rows: dict[tuple[str, str], Any] = field(default_factory=dict)
    cursor: str = ""
    acked: int = 0
    manifest: dict[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    key: bytes = b""
    scope: Scope = ALL
    versions: dict[tuple[str, str], int] = field(default_factory=dict)

    def begin(self) -> Mirror:
        """Takes a snapshot."""
        self.key = bytes.fromhex(json.loads(self.feed.key(self.kiosk))["key"])
        offered = json.loads(self.feed.snapshot(self.kiosk, self.scope))
        with self.feed.file(self.kiosk, offered["manifest"]["snapshot"]) as file:
            found = opened(offered, file.read(), self.key)
        self.manifest, self.raw, self.cursor = found.manifest, found.raw, str(found.manifest["cursor"])
        self.rows = {}
        for row in found.rows:
            self._take(row)
        return self

    def page(self, limit: int = 200) -> dict[str, Any]:
        """Takes one page."""
        page: dict[str, Any] = json.loads(self.feed.changes(self.kiosk, self.cursor, limit, self.scope))
        for row in page["rows"]:
            self._take(row)
        self.cursor = page["next"]
        self.acked = self.acked if page["acked_seq"] is None else page["acked_seq"]
        return page

    def _take(self, row: dict[str, Any]) -> None:
        """A row takes the place of one that is not newer."""
        place = (row["kind"], row["key"])
        version = row.pop("ver")
        assert version >= self.versions.get(place, 0)
        self.versions[place] = version
        self.rows.pop(place, None)
        if not row.get("gone"):
            self.rows[place] = row

    def follow(self, limit: int = 200) -> None:
        """Takes every page that there is."""
        while self.page(limit)["more"]:
            pass

    def of(self, kind: str, text: str) -> Any:
        """The row of a patron or an item in the clear."""
        return self.rows.get((kind, masked(self.key, kind, text)), {}).get(kind)


def feed_of(counter: Counter) -> Feed:
    """The counter's feed; nothing lies in its spool yet."""
    return Feed(counter.database, lambda: counter.now, Spool(Path(counter.folder.name) / token_hex(8)))


def mirror_of(counter: Counter, kiosk: Kiosk | None = None, scope: Scope = ALL) -> Mirror:
    """A mirror with a snapshot of now."""
    return Mirror(feed_of(counter), kiosk or counter.kiosk, scope=scope).begin()


def patron_of(counter: Counter, demo: Demo, name: str) -> str:
    """The reference of whose pass that is."""
    asked = "SELECT patron FROM pass WHERE consortium = ? AND number = ?"
    return str(counter.rows(asked, DRENTHE, demo.passes[name]["number"])[0][0])


def test_a_snapshot_says_how_many_rows_it_has_and_their_digest(counter: Counter) -> None:
    one = mirror_of(counter)
    assert one.manifest["rows"] == len(one.raw.splitlines()) == len(one.rows)
    assert one.cursor == f"{one.manifest['generation']}:{one.manifest['seq']}"
    at = counter.now.isoformat(timespec="microseconds")
    nothing = {"rows": [], "next": one.cursor, "more": False, "acked_seq": 0, "seq": one.manifest["seq"], "at": at}
    assert one.page() == nothing


def test_a_loan_changes_its_patron_and_its_item_in_the_mirror_with_the_number_of_the_event(
    counter: Counter, demo: Demo
) -> None:
    one, item = mirror_of(counter), demo.book("oeroeg")
    ref = patron_of(counter, demo, "anna")
    before = len(one.of(PATRON, ref)["loans"])
    event = counter.event(demo.shown("anna"), item, Kind.REQUEST)
    assert counter.tell(event)["outcome"] == "checked_out"
    one.follow()
    assert len(one.of(PATRON, ref)["loans"]) == before + 1
    assert one.of(ITEM, item)["loan"]["patron"] == masked(one.key, PATRON, ref)
    assert one.acked == event.seq
    numbers = {card["number"] for card in one.of(PATRON, ref)["passes"]}
    assert masked(one.key, PASS, demo.passes["anna"]["number"]) in numbers


def test_a_hold_that_moves_between_the_title_and_a_copy_changes_every_copy_in_the_mirror(
    counter: Counter, demo: Demo
) -> None:
    item = demo.book("on-loan")
    counter.change(
        "INSERT INTO item (consortium, item, title, institution, branch)"
        " SELECT consortium, 'COPY2', title, institution, branch FROM item WHERE item = ?",
        item,
    )
    counter.change(
        "INSERT INTO hold (consortium, hold, patron, title, status, placed_at)"
        " SELECT i.consortium, 'h-1', p.patron, i.title, 'waiting', '' FROM item i, pass p"
        " WHERE i.item = ? AND p.consortium = i.consortium AND p.number = ?",
        item,
        demo.passes["hanna"]["number"],
    )
    one, copy = mirror_of(counter), ItemBarcode("COPY2")
    assert len(one.of(ITEM, copy)["wanted_by"]) == 1

    assert counter.do(Action.CHECK_IN, item=item)["route"] == "hold_shelf"
    one.follow()
    assert "wanted_by" not in one.of(ITEM, copy)
    assert one.rows == mirror_of(counter).rows

    counter.do(Action.CHECK_OUT, demo.shown("anna"), item, kind=Kind.FACT)
    one.follow()
    assert len(one.of(ITEM, copy)["wanted_by"]) == 1
    assert one.rows == mirror_of(counter).rows


def test_nothing_in_a_mirror_names_anybody_or_bears_a_number(counter: Counter, demo: Demo) -> None:
    counter.borrow(demo.shown("anna"), demo.book("oeroeg"))
    one = mirror_of(counter)
    said = one.raw.decode()
    secret = {number for (number,) in counter.rows("SELECT number FROM pass")}
    secret |= {uid for (uid,) in counter.rows("SELECT uid FROM pass_chip")}
    secret |= {item for (item,) in counter.rows("SELECT item FROM item")}
    secret |= {name for (name,) in counter.rows("SELECT first_name FROM patron WHERE LENGTH(first_name) > 2")}
    secret |= {body for (body,) in counter.rows("SELECT body FROM message")}
    secret |= {name for (name,) in counter.rows("SELECT surname FROM person WHERE LENGTH(surname) > 3")}
    assert len(secret) > 500
    assert [one for one in secret if f'"{one}"' in said] == []
    assert "memberships" in said
    assert "first_name" not in said


def test_a_page_has_each_thing_once_as_it_stands_now_and_says_whether_there_is_more(
    counter: Counter, demo: Demo
) -> None:
    one, books = mirror_of(counter), [demo.book(name) for name in ("oeroeg", "eline-vere")]
    for item in books:
        counter.borrow(demo.shown("anna"), item)
    page = one.page(limit=1)
    assert (len(page["rows"]), page["more"], page["acked_seq"]) == (1, True, None)
    page = one.page()
    assert (page["more"], page["acked_seq"]) == (False, 2)
    keys = [(row["kind"], row["key"]) for row in page["rows"]]
    assert len(keys) == len(set(keys))


def test_a_transaction_that_fails_or_refuses_leaves_no_number_behind(counter: Counter, demo: Demo) -> None:
    one = mirror_of(counter)

    def fail(session: Session) -> None:
        changes.touch(session, DRENTHE, changes.PATRON, patron_of(counter, demo, "anna"))
        raise KeyError

    with pytest.raises(KeyError):
        counter.database.write(fail)
    assert counter.borrow(demo.shown("lapsed"), demo.book("oeroeg"))["outcome"] == "refused"
    page = one.page()
    assert (page["rows"], page["next"]) == ([], str(one.manifest["cursor"]))
    assert page["acked_seq"] == 1


def test_a_kiosk_of_another_group_sees_neither_the_patron_nor_the_item_only_that_a_hash_is_gone(
    counter: Counter, demo: Demo
) -> None:
    [(branch,)] = counter.rows(
        "SELECT MIN(b.branch) FROM branch b JOIN institution i USING (consortium, institution)"
        " WHERE consortium = ? AND COALESCE(i.cooperation, '') <> (SELECT COALESCE(j.cooperation, '-') FROM branch c"
        " JOIN institution j USING (consortium, institution) WHERE consortium = ? AND c.branch = ?)",
        DRENTHE,
        DRENTHE,
        counter.kiosk.branch,
    )
    if branch is None:
        pytest.skip("the demo has one group only")
    kiosk = Kiosk(DRENTHE, "stranger-1", branch)
    counter.database.write(lambda session: add_kiosk(session, kiosk))
    theirs, ref, item = mirror_of(counter, kiosk), patron_of(counter, demo, "anna"), demo.book("oeroeg")
    assert theirs.of(PATRON, ref) is None
    assert theirs.of(ITEM, item) is None
    counter.borrow(demo.shown("anna"), item)
    page = theirs.page()
    assert [set(row) for row in page["rows"]] == [{"kind", "key", "gone"}] * 2
    assert mirror_of(counter).manifest["generation"] != theirs.manifest["generation"]


def test_what_a_patron_of_the_group_has_elsewhere_is_not_in_its_mirrors(counter: Counter, demo: Demo) -> None:
    one, ref = mirror_of(counter), patron_of(counter, demo, "anna")
    # Of one outside of the group the mirror has the name, and nothing else.
    group = {row["code"] for row in one.rows["network", ""]["here"]["institutions"] if row.get("group")}
    codes = counter.rows("SELECT institution FROM institution WHERE consortium = ? ORDER BY institution", DRENTHE)
    stranger = next(code for (code,) in codes if code not in group)

    def join(session: Session) -> None:
        session.run(
            "INSERT INTO membership (consortium, membership, patron, institution, subscription, starts, ends)"
            " VALUES (?, 'elsewhere', ?, ?, '0053', '2020-01-01', '2090-12-31')",
            DRENTHE,
            ref,
            stranger,
        )
        session.run(
            "INSERT INTO fee (consortium, fee, patron, institution, cents, status) VALUES (?, 'f', ?, ?, 500, 'open')",
            DRENTHE,
            ref,
            stranger,
        )
        session.run("UPDATE patron SET main_library = ? WHERE consortium = ? AND patron = ?", stranger, DRENTHE, ref)
        changes.touch(session, DRENTHE, changes.PATRON, ref)

    counter.database.write(join)
    one.follow()
    seen = one.of(PATRON, ref)
    assert {row["institution"] for row in seen["memberships"] + seen.get("fees", [])} <= group
    assert seen.get("main_library") in (None, *group)


def test_a_patron_who_leaves_the_group_leaves_its_mirrors(counter: Counter, demo: Demo) -> None:
    one, ref = mirror_of(counter), patron_of(counter, demo, "anna")
    assert one.of(PATRON, ref) is not None

    def leave(session: Session) -> None:
        theirs = "SELECT membership FROM membership WHERE consortium = ? AND patron = ?"
        cards = "SELECT pass FROM pass WHERE consortium = ? AND patron = ?"
        for table, key, owned in (("strips", "membership", theirs), ("pass_institution", "pass", cards)):
            session.run(f"DELETE FROM {table} WHERE consortium = ? AND {key} IN ({owned})", DRENTHE, DRENTHE, ref)
        session.run("DELETE FROM membership WHERE consortium = ? AND patron = ?", DRENTHE, ref)
        changes.touch(session, DRENTHE, changes.PATRON, ref)

    counter.database.write(leave)
    one.follow()
    assert one.of(PATRON, ref) is None


@pytest.mark.parametrize("given", ["", "x", "x:", "x:-1", "x:1.5", "x:٣", ":1", "x:" + "9" * 30])
def test_what_is_no_cursor_is_said_to_be_none(counter: Counter, given: str) -> None:
    with pytest.raises(BadCursor):
        feed_of(counter).changes(counter.kiosk, given, 10)


def test_a_cursor_of_another_generation_or_from_the_future_or_from_too_long_ago_is_gone(
    counter: Counter, demo: Demo
) -> None:
    one = mirror_of(counter)
    generation, seq = one.manifest["generation"], one.manifest["seq"]
    for cursor in (f"other-generation:{seq}", f"{generation}:{seq + 1}"):
        with pytest.raises(Gone):
            one.feed.changes(one.kiosk, cursor, 10)
    counter.borrow(demo.shown("anna"), demo.book("oeroeg"))
    assert counter.database.write(lambda session: changes.prune(session, datetime.now(UTC) + timedelta(days=1))) > 1
    with pytest.raises(Gone):
        one.page()
    assert mirror_of(counter).page()["rows"] == []
    fresh = mirror_of(counter)
    counter.database.write(changes.renew_generation)
    with pytest.raises(Gone):
        fresh.page()


def test_what_was_pruned_is_old_and_what_is_young_stays(counter: Counter, demo: Demo) -> None:
    one = mirror_of(counter)
    counter.borrow(demo.shown("anna"), demo.book("oeroeg"))
    kept = counter.rows("SELECT COUNT(*) FROM feed")
    assert counter.database.write(lambda session: changes.prune(session, datetime.now(UTC) - timedelta(days=1))) == 0
    assert counter.rows("SELECT COUNT(*) FROM feed") == kept
    assert len(one.page()["rows"]) == 2


def test_a_change_of_the_network_reaches_the_mirror_and_other_groups_make_other_cursors(counter: Counter) -> None:
    one = mirror_of(counter)
    here = one.rows["network", ""]["here"]
    assert here["branch"]["code"] == counter.kiosk.branch
    assert "today" not in here

    def close(session: Session) -> None:
        session.run(
            "INSERT INTO closed_day (consortium, branch, day) VALUES (?, ?, '2030-01-01')",
            DRENTHE,
            counter.kiosk.branch,
        )
        session.run("UPDATE network_version SET version = version + 1 WHERE consortium = ?", DRENTHE)
        changes.touch(session, DRENTHE, changes.NETWORK)

    counter.database.write(close)
    one.follow()
    assert one.rows["network", ""]["here"]["closed"] == ["2030-01-01"]


def in_oosterzele(counter: Counter) -> Kiosk:
    """A kiosk of a library whose group has others."""
    kiosk = Kiosk(FLANDERS, "smaller-1", "3560")
    counter.database.write(lambda session: add_kiosk(session, kiosk))
    return kiosk


@pytest.mark.parametrize("items", Items)
@pytest.mark.parametrize("patrons", Patrons)
def test_a_mirror_of_any_scope_that_follows_is_what_a_new_snapshot_of_it_says(
    counter: Counter, patrons: Patrons, items: Items
) -> None:
    scope, kiosk = Scope(patrons, items), in_oosterzele(counter)
    one = mirror_of(counter, kiosk, scope)

    def change_all(session: Session) -> None:
        for kind, table in ((changes.PATRON, "patron"), (changes.ITEM, "item")):
            for (ref,) in session.rows(f"SELECT {table} FROM {table} WHERE consortium = ?", FLANDERS):
                changes.touch(session, FLANDERS, kind, ref)
        network_changed(session, FLANDERS)

    counter.database.write(change_all)
    one.follow(1000)
    whole = mirror_of(counter, kiosk, scope)
    assert one.rows == whole.rows
    kept = [row["item"] for row in one.rows.values() if row["kind"] == "item"]
    if items is Items.NONE:
        assert kept == []
    elif items is Items.BRANCH:
        assert {row["branch"] for row in kept} == {kiosk.branch}
    else:
        owners = {row["institution"] for row in kept}
        assert (len(owners) > 1) is (items is Items.GROUP), owners


def test_who_keeps_the_patrons_of_one_institution_still_sees_what_they_have_in_the_group(counter: Counter) -> None:
    """N2: whether a membership runs is judged over the whole group."""
    kiosk = in_oosterzele(counter)
    whole = mirror_of(counter, kiosk)
    one = mirror_of(counter, kiosk, Scope(Patrons.INSTITUTION, Items.NONE))
    mine = {key: row for key, row in one.rows.items() if row["kind"] == "patron"}
    every = {key: row for key, row in whole.rows.items() if row["kind"] == "patron"}
    assert 0 < len(mine) < len(every)
    assert {key: every[key] for key in mine} == mine
    elsewhere = {m["institution"] for row in mine.values() for m in row["patron"].get("memberships", [])}
    assert len(elsewhere) > 1


def test_a_cursor_from_before_there_were_scopes_goes_on(counter: Counter, demo: Demo) -> None:
    """A kiosk that is a release behind asks without one, and passes over what it does not know."""
    asked = "SELECT i.institution FROM institution i JOIN institution mine ON mine.consortium = i.consortium"
    asked += " AND mine.cooperation = i.cooperation JOIN branch b ON b.consortium = mine.consortium"
    asked += " AND b.institution = mine.institution WHERE b.consortium = ? AND b.branch = ? ORDER BY i.institution"
    group = [code for (code,) in counter.rows(asked, DRENTHE, counter.kiosk.branch)]
    ((generation, head),) = counter.rows("SELECT generation, head FROM feed_head WHERE consortium = ?", DRENTHE)
    named = hashlib.sha256("\n".join([counter.kiosk.branch, *group]).encode()).hexdigest()[:8]
    counter.borrow(demo.shown("anna"), demo.book("oeroeg"))
    page = json.loads(feed_of(counter).changes(counter.kiosk, f"{generation}-{named}:{head}", 200))
    assert sorted(row["kind"] for row in page["rows"]) == ["item", "patron"]
    assert {"rows", "next", "more", "acked_seq"} <= set(page)


@pytest.fixture
def hosts(address: Spec) -> Iterator[tuple[Counter, Counter]]:
    """Two stores over one database."""
    with open_counter(address, "host-1") as one, open_counter(address, "host-2") as two:
        yield one, two


def test_a_mirror_that_follows_while_sixteen_kiosks_work_ends_as_a_new_snapshot(
    hosts: tuple[Counter, Counter], address: Spec, demo: Demo
) -> None:
    kiosks = [hosts[n % 2].another(f"busy-{n}") for n in range(16)]
    one = mirror_of(hosts[0], kiosks[0].kiosk)
    books, names = plain_books(address), ["anna", "bram", "daan", "fatima", "grace", "hanna", "iris", "joris"]
    work = [[(names[(n + k) % 8], next(books)) for k in range(6)] for n in range(16)]
    over = threading.Event()

    def lend(n: int) -> None:
        for name, item in work[n]:
            kiosks[n].borrow(demo.shown(name), item)

    def follow() -> None:
        while not over.is_set():
            one.follow(random.choice([1, 3, 200]))

    with ThreadPoolExecutor(17) as pool:
        following = pool.submit(follow)
        for done in [pool.submit(lend, n) for n in range(16)]:
            done.result(60)
        over.set()
        following.result(60)
    one.follow()
    whole = mirror_of(hosts[1], kiosks[0].kiosk)
    assert one.rows == whole.rows
    assert (one.acked, one.cursor) == (6, whole.cursor)
