"""The one way in: in order, from any thread, and with an end."""

import asyncio
import threading

from circulation.outcomes import Voided
from devices.ports import BarcodeScanned, PassRemoved
from kiosk.bus import Answered, Bus, Happening, Reached, Touched
from kiosk.ui import Intent
from tests.kiosk.virtual_time import VirtualLoop, play
from tests.kiosk.world import an_event


def scan(number: int) -> BarcodeScanned:
    return BarcodeScanned("item_scanner", str(number), None, 0.0)


async def drained(bus: Bus) -> list[Happening]:
    """Everything that is in it now."""
    found: list[Happening] = []
    while True:
        try:
            found.append(await asyncio.wait_for(bus.get(), 0.01))
        except TimeoutError:
            return found


def test_happenings_come_out_in_the_order_of_their_arrival() -> None:
    loop = VirtualLoop()
    bus = Bus(loop)

    async def tell() -> None:
        put: list[Happening] = [scan(1), Touched(Intent.DONE), scan(2), Reached(False)]
        for one in put:
            bus.put(one)
        await asyncio.sleep(0.01)
        assert await drained(bus) == put

    play(tell(), loop)


def test_a_scanner_gone_mad_fills_no_memory_and_pushes_out_no_news_of_how_things_stand() -> None:
    loop = VirtualLoop()
    bus = Bus(loop)
    event = an_event()
    news: list[Happening] = [PassRemoved("pass_reader", 0.0), Answered(event, Voided(event)), Reached(True)]

    async def tell() -> None:
        for number in range(10_000):
            bus.put(scan(number))
        for one in news:
            bus.put(one)
        await asyncio.sleep(0.01)
        found = await drained(bus)
        assert found[: Bus.LIMIT] == [scan(number) for number in range(Bus.LIMIT)]
        assert found[Bus.LIMIT :] == news

    play(tell(), loop)


def test_every_thread_may_put_and_each_one_s_order_is_kept() -> None:
    loop = asyncio.new_event_loop()
    bus = Bus(loop)

    def put(low: int) -> None:
        for number in range(50):
            bus.put(scan(low + number))

    async def tell() -> list[str]:
        threads = [threading.Thread(target=put, args=(low,)) for low in (1000, 2000, 3000, 4000)]
        for thread in threads:
            thread.start()
        found = [await bus.get() for _ in range(200)]
        return [one.text for one in found if isinstance(one, BarcodeScanned)]

    texts = loop.run_until_complete(tell())
    loop.close()
    for thousand in "1234":
        assert [one for one in texts if one[0] == thousand] == sorted(one for one in texts if one[0] == thousand)


def test_a_device_that_speaks_after_the_end_does_no_harm() -> None:
    loop = asyncio.new_event_loop()
    bus = Bus(loop)
    loop.close()
    bus.put(scan(1))
