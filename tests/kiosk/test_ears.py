"""What happens comes one after the other: what was put back first, then what was heard while nobody could take it."""

import asyncio

import pytest

from devices.ports import BarcodeScanned, HeadphonesChanged, Key, KeyPressed
from kiosk.bus import Bus, Happening
from kiosk.ears import Ears
from tests.kiosk.virtual_time import VirtualLoop, play


def _scan(text: str) -> BarcodeScanned:
    return BarcodeScanned("item_scanner", text, None, 0.0)


def test_what_is_heard_meanwhile_comes_and_is_noted_in_its_order_behind_what_is_put_back() -> None:
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
        await ears.until(task, 2)
        assert noted == []
        assert (loop.time() - began, task.done()) == (3, True)
        bus.put(four)
        assert [await ears.next(1) for _ in range(4)] == [one, two, three, four]
        assert await ears.next(1) is None
        assert noted == [two, three, four]

    play(story(), loop)


@pytest.mark.parametrize("told", [HeadphonesChanged("jack", plugged=False, at=0.0), KeyPressed("keys", Key.OK, 0.0)])
def test_headphones_and_keys_are_noted_before_their_turn_and_once(told: Happening) -> None:
    loop, noted = VirtualLoop(), list[Happening]()
    bus = Bus(loop)
    ears = Ears(bus, noted.append)

    async def story() -> None:
        bus.put(scan := _scan("1"))
        bus.put(told)
        await ears.until(asyncio.create_task(asyncio.sleep(1)), 1)
        assert noted == [told]
        assert [await ears.next(1), await ears.next(1)] == [scan, told]
        assert noted == [told, scan]

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
