"""The kiosk without its window: `python -m tests.leak CONFIG KEYS VISITS`, to be killed at any moment.

Reads VISITS (JSON lines: pass, PIN, item, line up or down) and does them as a visit does, on the product's own desks.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from circulation import wire
from circulation.desk import DeskUnreachable
from circulation.identifiers import IdentifierError, KioskId, item_barcode
from circulation.presented import Presented
from kiosk.desks.breaker import Breaker
from kiosk.desks.journalled import JournalledDesk
from kiosk.desks.online_first import OnlineFirst
from kiosk.desks.store import StoreDesk
from kiosk.desks.without_line import WithoutLine
from kiosk.opening import new_id
from offline_cache.age import AsOf, age_of
from offline_cache.clock import KioskClock
from offline_cache.event_line import StoreEvents
from offline_cache.journal import Journal
from offline_cache.journal_keys import fetched_seal
from offline_cache.journal_opening import open_journal
from offline_cache.keys import load_key
from offline_cache.letterbox import Letterbox
from offline_cache.mirror import Mirror
from offline_cache.mirror_settings import read_settings
from offline_cache.offline_desk import OfflineDesk
from offline_cache.replay import Replay
from offline_cache.sealing import Seal, read_key
from offline_cache.store_client import LineDown, StoreClient

LEVEL_A, OFFLINE = "level-a", "offline"  # files that say so, beside the keys
NOBODY_LISTENS = "http://127.0.0.1:9"


def built(config: Path, keys: Path) -> tuple[JournalledDesk, StoreClient, Journal]:
    """What `kiosk.__main__.run` builds, but for devices and window."""
    settings = read_settings(config)
    client = StoreClient(settings.url, settings.token_file.read_text("ascii").strip())
    path, kiosk = config.parent / "var" / "journal.db", KioskId(settings.kiosk)
    offline = keys / OFFLINE
    if offline.exists():
        client._url = NOBODY_LISTENS
    if (keys / LEVEL_A).exists():
        seal: Seal | Letterbox = Seal(read_key(keys / "journal.key"))
    else:
        seal = fetched_seal(path, keys / "journal.key", kiosk, partial(load_key, settings.key_file, client, 2.0))
    journal = open_journal(path, seal, kiosk, new_id, partial(datetime.now, UTC))
    clock = KioskClock(journal.floor)
    mirror = Mirror(settings.path, lambda: load_key(settings.key_file))

    def age(as_of: AsOf, at: datetime) -> timedelta | None:
        journal.saw(as_of.at)
        return age_of(as_of, clock.told(), at, journal.floor())

    without = WithoutLine(lambda: OfflineDesk(mirror, journal.uncontained, age), clock.now)
    desk = OnlineFirst(StoreDesk(client), StoreEvents(client), without, Breaker(time.monotonic), 5.0)
    replay = Replay(desk, journal, clock.told)
    return JournalledDesk(desk, journal, replay, clock, 5.0, lambda *_: None), client, journal


def day(desk: JournalledDesk, client: StoreClient, visits: Iterable[dict[str, Any]]) -> None:
    """One visit after the other; each is told when it is over."""
    good = client._url
    for one in visits:
        client._url = good if one["up"] else NOBODY_LISTENS
        if good == NOBODY_LISTENS:  # booted without a line: returns only
            print("offline", type(desk.check_in(item_barcode(one["item"]))).__name__, flush=True)
            continue
        shown, item = wire.decode(Presented, one["presented"]), item_barcode(one["item"])
        if one["pin"]:
            typed(desk, client, shown, one["pin"])
        with suppress(DeskUnreachable):
            desk.identify(shown)
            answer = desk.check_out(shown, item)
            print(type(answer).__name__, flush=True)
            if one["back"]:
                desk.check_in(item)
        if one["up"]:
            desk.is_reachable()
            desk.redeliver()


def typed(desk: JournalledDesk, client: StoreClient, shown: Presented, pin: str) -> None:
    """A PIN, sent as the store wants it; and by somebody who types it where a book was asked for."""
    with suppress(LineDown):
        answer = client.post("/v1/identify", wire.dumps({"presented": wire.encode(shown), "pin": pin}), 5.0)
        print("pin", wire.loads(answer.body)["outcome"], flush=True)  # type: ignore[index]
    with suppress(DeskUnreachable, IdentifierError):
        desk.check_out(shown, item_barcode(pin))


def main(config: Path, keys: Path, visits: Path) -> None:
    """Runs the day, logging everything."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.basicConfig(level="DEBUG", filename=config.parent / "kiosk.log")
    desk, client, _ = built(config, keys)
    day(desk, client, map(json.loads, visits.read_text("utf-8").splitlines()))
    print("over", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
