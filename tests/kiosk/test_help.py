"""The help call: a light tells the desk where there is one, the card says only what is so, and it is counted for IT."""

import json
import logging
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from devices.ports import Health
from kiosk.ui import HelpCard, Intent
from offline_cache.health import Health as HealthFile
from tests.kiosk.world import ANNA, KINDS, Kiosk, book, story
from tests.kiosk.world import story as any_story

with_light = partial(any_story, kinds=(*KINDS, "signals"), light=True)


@story
async def test_without_a_light_the_card_says_where_the_desk_is(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard(called=False)
    assert kiosk.helped == 1


@with_light
async def test_with_a_light_that_works_it_says_that_the_desk_knows(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard(called=True)
    await kiosk.touch(Intent.CLOSE)
    for state in (Health.DEGRADED, Health.LOST):
        await kiosk.health("signals", state)
        await kiosk.touch(Intent.HELP)
        assert kiosk.shown().over == HelpCard(called=False)
        await kiosk.touch(Intent.CLOSE)
    await kiosk.health("signals", Health.READY)
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard(called=True)


@with_light
async def test_it_still_says_so_when_the_screen_below_it_changes(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.HELP)
    await kiosk.scan(book(1))
    assert (kiosk.borrowing().lent, kiosk.shown().over) == (1, HelpCard(called=True))


@story
async def test_each_call_counts_once_however_often_the_button_is_touched_under_its_card(kiosk: Kiosk) -> None:
    for _ in range(3):
        await kiosk.touch(Intent.HELP)
    assert kiosk.helped == 1
    await kiosk.touch(Intent.CLOSE)
    await kiosk.touch(Intent.HELP)
    assert kiosk.helped == 2


def test_the_log_says_that_help_was_called_and_of_nobody(caplog: pytest.LogCaptureFixture) -> None:
    @story
    async def somebody_asks(kiosk: Kiosk) -> None:
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await kiosk.touch(Intent.HELP)

    with caplog.at_level(logging.INFO):
        somebody_asks()
    assert "help is called on Borrowing" in caplog.text
    assert [one for one in (ANNA, book(1), "anna") if one in caplog.text] == []


def test_the_health_file_counts_the_calls_and_says_when_the_last_one_was(tmp_path: Path) -> None:
    hours = iter((8, 9, 10))
    health = HealthFile(tmp_path / "health.json", lambda: datetime(2026, 11, 2, next(hours), tzinfo=UTC))
    health.kiosk("open")
    health.help_called()
    health.help_called()
    said = json.loads((tmp_path / "health.json").read_text("utf-8"))
    assert said["help"] == {"state": "called", "since": "2026-11-02T10:00:00+00:00", "why": "2"}
    assert said["kiosk"]["state"] == "open"
