"""Five books, seen, read, switched and read back, against what the line at 38,400 baud and the field take."""

from __future__ import annotations

import pytest

from tests.benchmark.device_measures import five_books
from tests.devices.item_pad.conftest import Pad

MOST = 1.3


@pytest.mark.long(minutes=1)
def test_five_books_take_hardly_longer_than_their_bytes(bare: Pad) -> None:
    took, wire = five_books(bare.workbench)
    assert took / wire <= MOST
