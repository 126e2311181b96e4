"""The bridge between the flow's thread and the window: what is shown, what happens to a fault, who may close it."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any

import pytest

from kiosk import app as app_module
from kiosk.rows import Lent
from kiosk.ui import (
    Borrowing,
    Finished,
    NoAnswer,
    OutOfOrder,
    Over,
    Receipt,
    ReceiptState,
    Rest,
    Returned,
    Screen,
    Shown,
    Waiting,
)
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.scenes import DUE, SCENES

Kind = tuple[Screen, Over | None]


def test_another_thread_shows_and_the_window_draws(kiosk: Kiosk) -> None:
    thread = threading.Thread(target=lambda: kiosk.app.show(Shown(NoAnswer())))
    thread.start()
    thread.join()
    kiosk.until(lambda: kiosk.stage.shown.screen == NoAnswer(), "for the other thread's picture")


def test_of_many_facts_the_newest_is_drawn(kiosk: Kiosk) -> None:
    for at in range(50):
        kiosk.app.show(Shown(Borrowing((Lent(str(at), f"Deel {at}", DUE),), lent=at)))
    kiosk.turn()
    assert kiosk.stage._page.count == "49 geleend"


def test_memory_is_given_back_once_when_somebody_left_and_not_while_somebody_is_there(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    kiosk.show(Rest())
    monkeypatch.setattr(app_module, "give_back", lambda: given.append(time.monotonic()))
    kiosk.show(Borrowing())
    kiosk.show(Finished(lent=1))
    left = time.monotonic()
    kiosk.show(Rest())
    kiosk.show(Rest(), language="en")
    assert given == [], "who comes at once finds it as it was"
    kiosk.until(lambda: given)
    assert given[0] - left >= app_module.NOBODY_S - 0.1
    kiosk.until(lambda: time.monotonic() > given[0] + 0.3)
    assert len(given) == 1


def test_memory_is_not_given_back_before_whoever_came_soon(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    kiosk.show(Rest())
    monkeypatch.setattr(app_module, "give_back", lambda: given.append(True))
    kiosk.show(Borrowing())
    kiosk.show(Rest())
    kiosk.show(Borrowing())
    end = time.monotonic() + app_module.NOBODY_S + 0.3
    kiosk.until(lambda: time.monotonic() > end)
    assert given == []


def _tour(kinds: Sequence[Kind]) -> Iterator[Kind]:
    """A way on which each comes once directly after itself and after each other one."""
    for at, one in enumerate(kinds):
        yield from (one, one)
        for other in kinds[at + 1 :]:
            yield from (other, one)


def test_the_tour_has_every_pair() -> None:
    kinds: list[Kind] = [(Rest(), None), (NoAnswer(), None), (Waiting(), None), (OutOfOrder("screen"), None)]
    assert set(pairwise(_tour(kinds))) >= set(product(kinds, kinds))


def test_every_screen_can_follow_every_other(kiosk: Kiosk) -> None:
    kinds = {(type(screen), type(over)): (screen, over) for screen, over in SCENES.values()}
    for screen, over in _tour([*kinds.values()]):
        kiosk.app.show(Shown(screen, over))
        kiosk.turn(1)
        assert kiosk.stage.shown.screen == screen
        assert len(kiosk.stage.ids.pages.children) == 1
        assert len(kiosk.stage.ids.over.children) == (over is not None)


@pytest.mark.parametrize(
    "screen",
    [Receipt(ReceiptState.PRINTING, 1), Finished(1, can_print=False, unlocking=True), Returned(1, locking=True)],
)
def test_nothing_moves_on_a_screen_that_is_not_shown(kiosk: Kiosk, screen: Screen) -> None:
    from kiosk.screens.parts import Dots

    kiosk.show(screen)
    busy = [one for one in kiosk.stage.walk(restrict=True) if isinstance(one, Dots) and one._clock.is_triggered]
    assert len(busy) == 1
    kiosk.show(Rest())
    assert not busy[0]._clock.is_triggered


def test_words_come_after_dots_while_waiting_and_not_again_for_the_next(kiosk: Kiosk) -> None:
    kiosk.show(Waiting())
    page = kiosk.stage._page
    kiosk.until(lambda: page.dots, "for dots")
    assert not page.words
    kiosk.until(lambda: page.words, "for words")
    kiosk.show(Rest())
    kiosk.show(Waiting())
    assert (page.dots, page.words) == (False, False)


class _Torn:
    """A title that cannot be drawn, and that must not be logged."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def split(self) -> list[str]:
        raise ValueError(self.secret)

    def __bool__(self) -> bool:
        return True


def _torn() -> Borrowing:
    title: Any = _Torn("Een titel die niemand mag zien")
    return Borrowing((Lent("1", title, DUE),), lent=1)


def _run(kiosk: Kiosk) -> None:
    """One turn of the loop as Kivy runs it: a fault goes to the exception manager."""
    from kivy.base import ExceptionManager

    try:
        kiosk.turn(1)
    except Exception as fault:
        if ExceptionManager.handle_exception(fault) == ExceptionManager.RAISE:
            raise


@pytest.fixture
def with_faults(kiosk: Kiosk) -> Any:
    from kivy.base import ExceptionManager

    ExceptionManager.add_handler(kiosk.app._faults)
    kiosk.app._faults._times.clear()
    yield kiosk
    ExceptionManager.remove_handler(kiosk.app._faults)
    kiosk.app._clock.unschedule(kiosk.app._show_again)


def test_a_fault_while_drawing_shows_out_of_order_and_logs_no_title(
    with_faults: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    with_faults.app.show(Shown(_torn()))
    with caplog.at_level(logging.DEBUG):
        for _ in range(6):
            _run(with_faults)
    assert with_faults.stage.shown.screen == OutOfOrder("screen")
    assert "ValueError" in caplog.text
    assert "cards.py" in caplog.text
    assert "titel" not in caplog.text


def test_after_a_fault_the_next_fact_is_drawn(with_faults: Kiosk) -> None:
    with_faults.app.show(Shown(_torn()))
    for _ in range(6):
        _run(with_faults)
    with_faults.show(Rest())
    assert with_faults.stage._page.title == "Welkom"
    assert len(with_faults.stage.ids.pages.children) == 1


def test_after_a_fault_the_same_fact_is_tried_again(with_faults: Kiosk) -> None:
    with_faults.show(Rest())
    with_faults.app._out_of_order()
    with_faults.turn()
    assert with_faults.stage.shown.screen == OutOfOrder("screen")
    with_faults.app._show_again(0)
    with_faults.turn()
    assert isinstance(with_faults.stage.shown.screen, Rest)


def test_a_screen_that_fails_again_and_again_ends_the_process(
    with_faults: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []
    monkeypatch.setattr(with_faults.app, "stop", lambda: ended.append(True))
    for _ in range(5):
        assert with_faults.app._faults.handle_exception(ValueError()) == 1
    assert ended == [True]
    assert with_faults.app._failed
    monkeypatch.setattr(with_faults.app, "_failed", False)


def test_a_wish_to_end_is_no_fault(with_faults: Kiosk) -> None:
    assert with_faults.app._faults.handle_exception(SystemExit()) == 0


def test_a_patron_cannot_close_a_full_screen_and_a_developer_can_close_a_window(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not kiosk.window.dispatch("on_request_close")
    monkeypatch.setattr(kiosk.app, "_fullscreen", True)
    assert kiosk.window.dispatch("on_request_close")


def test_the_frames_are_few_at_rest_and_many_in_a_visit(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk import app as app_module
    from kiosk.screens.look import look

    monkeypatch.setattr(app_module, "REST_FPS", 30)
    kiosk.app._show(Shown(Rest()))
    assert kiosk.app._clock._max_fps == 30
    monkeypatch.setattr(look, "painted", False)
    kiosk.app._show(Shown(Waiting()))
    assert kiosk.app._clock._max_fps == 60
    kiosk.app._clock._max_fps = 0


def test_pages_are_built_one_at_a_time_in_idle_moments(kiosk: Kiosk) -> None:
    from kiosk.screens.stage import PAGES, SELDOM

    kiosk.app._build()
    assert len(kiosk.stage._pages) == 1
    left = 0
    while kiosk.stage.prepare():
        left += 1
    assert left == len(PAGES) - 1 - len(SELDOM)
    assert not SELDOM & kiosk.stage._pages.keys()
    assert {Waiting, Borrowing, Finished} <= kiosk.stage._pages.keys()


def test_what_was_rehearsed_fits_the_window_all_the_same(kiosk: Kiosk) -> None:
    kiosk.show(Rest())
    built = kiosk.stage._pages.pop(Borrowing, None)
    try:
        while kiosk.stage.prepare():
            kiosk.turn(2)
        kiosk.show(Borrowing(may_borrow=3))
        cards = kiosk.stage._pages[Borrowing].ids.cards
        assert cards.right < kiosk.stage.width, "the cards would run out of the picture"
    finally:
        kiosk.show(Rest())
        if built is not None:
            kiosk.stage._pages[Borrowing] = built
