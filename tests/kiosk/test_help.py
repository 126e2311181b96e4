"""The help call: a light tells the desk where there is one, the card says only what is so, and it is counted for IT."""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from circulation.affairs import GuestHomes, HomeChoice
from circulation.identifiers import Isil
from devices.ports import Health
from kiosk.ui import HelpCard, Intent, Rest, StillThere
from offline_cache.health import Health as HealthFile
from tests.kiosk.test_guest_offer import OFFERED
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


async def lend(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)


async def give_back(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.BRING_BACK)


async def look_at_the_account(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)


async def type_the_pin(kiosk: Kiosk) -> None:
    kiosk.desk.pins[ANNA] = "1234"
    await kiosk.tap(ANNA)


async def scan_first(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1))


async def become_a_guest(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = OFFERED
    await kiosk.tap(ANNA)


async def choose_a_home(kiosk: Kiosk) -> None:
    names = ("Bibliotheek Annen", "Bibliotheek Berg")
    kiosk.desk.homes = GuestHomes(tuple(HomeChoice(Isil(f"NL-07028{at}"), one) for at, one in enumerate(names)))
    await become_a_guest(kiosk)
    await kiosk.touch(Intent.ENROL)


WAYS = (lend, give_back, look_at_the_account, type_the_pin, scan_first, become_a_guest, choose_a_home)


@pytest.mark.parametrize("begin", WAYS, ids=lambda one: one.__name__)
def test_who_asks_for_help_is_still_there_and_is_asked_again_when_nobody_comes(
    begin: Callable[[Kiosk], Awaitable[None]],
) -> None:
    @partial(any_story, returns=True, accounts=True)
    async def somebody_needs_help(kiosk: Kiosk) -> None:
        await begin(kiosk)
        where = type(kiosk.screen())
        while kiosk.shown().over != StillThere(1):
            await kiosk.wait(0.5)
        await kiosk.touch(Intent.HELP)
        assert (kiosk.helped, type(kiosk.screen()), kiosk.shown().over) == (1, where, HelpCard())
        await kiosk.wait(19)  # of these screens none is left sooner
        assert (type(kiosk.screen()), kiosk.shown().over) == (where, HelpCard())
        while kiosk.shown().over == HelpCard():
            await kiosk.wait(0.5)
        assert (type(kiosk.screen()), type(kiosk.shown().over)) == (where, StillThere)
        await kiosk.wait(20)
        assert isinstance(kiosk.screen(), Rest)

    somebody_needs_help()


@story
async def test_the_cards_of_languages_and_of_the_screen_offer_it_too(kiosk: Kiosk) -> None:
    for called, opens in enumerate((Intent.LANGUAGE, Intent.ACCESS), start=1):
        await kiosk.touch(opens)
        await kiosk.touch(Intent.HELP)
        assert (kiosk.shown().over, kiosk.helped) == (HelpCard(), called)
        await kiosk.touch(Intent.CLOSE)


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
