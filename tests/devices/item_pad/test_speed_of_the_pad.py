"""Five books, seen, read, switched and read back, against what the line at 38,400 baud and the field take."""

from __future__ import annotations

import statistics
import time

import pytest

from devices.item_pad.feig_line import FeigLine
from devices.item_pad.feig_tags import FeigTags
from devices.item_pad.gate import Gate
from devices.item_pad.tag_models import MODELS, STANDARD
from devices.links.serial import SerialLink
from devices.ports import TagSecurity
from tests.devices.item_pad.conftest import Pad

MOST = 1.3
RF_S = 0.005  # for each command to a tag, as modelled
FIVE = tuple(f"3000555500000{number}" for number in range(5))


@pytest.mark.long(minutes=1)
def test_five_books_take_hardly_longer_than_their_bytes(bare: Pad) -> None:
    link = SerialLink(bare.workbench.tty("pad"), 38400, "E")
    tags = FeigTags(FeigLine(link), [MODELS[one]({}) for one in STANDARD], Gate())
    tags.wake_all()
    bare.bench.pace_pad(RF_S)
    ratios = []
    for _ in range(10):
        bare.bench.clear_pad()
        bare.bench.stack_items(*FIVE)
        before, began = bare.bench.status()["item-pad"]["wire_s"], time.monotonic()
        items = [tags.read(one) for one in tags.look()]
        for item in items:
            assert item is not None
            assert tags.switch(item.uid, TagSecurity.UNSECURED, began + 60) is TagSecurity.UNSECURED
        took = time.monotonic() - began
        assert len(items) == len(FIVE)
        ratios.append(took / (bare.bench.status()["item-pad"]["wire_s"] - before))
    link.close()
    assert statistics.median(ratios) <= MOST
