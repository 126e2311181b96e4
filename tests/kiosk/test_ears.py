"""What happens comes one after the other: what was put back first, then what was heard while nobody could take it."""

import asyncio

from devices.ports import BarcodeScanned
from kiosk.bus import Bus, Happening
from kiosk.ears import Ears
from tests.kiosk.virtual_time import VirtualLoop, play


def _scan(text: str) -> BarcodeScanned:
    return BarcodeScanned("item_scanner", text, None, 0.0)


def test_what_is_heard_meanwhile_is_noted_at_once_and_comes_in_its_order_behind_what_is_put_back() -> None:
    loop, noted = VirtualLoop(), list[Happening]()
    bus = Bus(loop)
    ears = Ears(bus, noted.append)
    one, two, three, four = (_scan(text) for text in "1234")

    async def story() -> None:
        task: asyncio.Task[object] = asyncio.create_task(asyncio.sleep(3))
        ears.put_back(one)
        bus.put(two)
        loop.call_later(1, bus.put, three)
        began = loop.time()
        await ears.until(task, 2)
        assert (loop.time() - began, task.done()) == (2, False)
        assert noted == [two, three]
        await ears.until(task, 2)
        assert (loop.time() - began, task.done()) == (3, True)
        bus.put(four)
        assert [await ears.next(1) for _ in range(4)] == [one, two, three, four]
        assert await ears.next(1) is None
        assert noted == [two, three, four]

    play(story(), loop)


def test_what_was_put_back_can_be_forgotten_and_what_was_heard_cannot() -> None:
    loop = VirtualLoop()
    bus = Bus(loop)
    ears = Ears(bus, lambda _: None)

    async def story() -> None:
        ears.put_back(_scan("1"))
        bus.put(heard := _scan("2"))
        await ears.until(asyncio.create_task(asyncio.sleep(1)), 1)
        ears.forget()
        assert await ears.next(1) == heard

    play(story(), loop)
