"""Whatever happens in whatever order: nobody hears what is not for them, and nothing that is said harms a visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused
from devices.ports import HeadphonesChanged, Health, Key, KeyPressed
from devices.speaker import Hearers
from kiosk.aid import LOUDNESS, USUAL, Aid
from kiosk.bus import Focused
from kiosk.ui import Intent, OutOfOrder
from tests.kiosk.virtual_time import VirtualLoop, play
from tests.kiosk.world import ANNA, BERT, HELD, KINDS, UNKNOWN, Kiosk, book, lent

SECRETS = ("Oeroeg", "Ria", "Bel je moeder", "6 euro 20", "6 euros 20")
OWES = Refused(Reason.OPEN_AMOUNT, "K6", NextStep.DESK, {"cents": 620})

Step = tuple[str, object]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("key"), st.sampled_from(Key)),
        st.tuples(st.just("plug"), st.booleans()),
        st.tuples(st.just("touch"), st.sampled_from(Intent)),
        st.tuples(st.just("language"), st.sampled_from(["nl", "en", ""])),
        st.tuples(st.just("tap"), st.sampled_from([ANNA, BERT, UNKNOWN])),
        st.tuples(st.just("scan"), st.integers(1, 4)),
        st.tuples(st.just("focus"), st.sampled_from(["Stoppen", "Oeroeg verlengen", "7"])),
        st.tuples(st.just("voice"), st.sampled_from([Health.READY, Health.LOST])),
        st.tuples(st.just("keypad"), st.sampled_from([Health.READY, Health.LOST])),
        st.tuples(st.just("wait"), st.sampled_from([0.05, 1.0, 10.0, 60.0])),
    ),
    max_size=25,
)


BEGINNINGS: list[list[Step]] = [
    [],
    [("key", Key.REPEAT), ("tap", ANNA), ("scan", 1)],
    [("key", Key.REPEAT), ("tap", BERT)],
    [("plug", True), ("tap", ANNA), ("scan", 1)],
]


class Judge:
    """Listens, and knows who may."""

    def __init__(self) -> None:
        self.plugged = False
        self.told: list[tuple[tuple[str, ...], Hearers, int]] = []
        self.faults: list[str] = []  # a visit would survive what is raised here

    def say(self, texts: Sequence[str], language: str, loudness: int, hearers: Hearers) -> None:
        said = " ".join(texts)
        right = {
            "a language of the kiosk": language in ("nl", "en"),
            "a loudness that there is": loudness in LOUDNESS,
            "whole sentences": all(texts),
            "through headphones where they are in": (hearers is Hearers.ONE) == self.plugged,
            "nothing private to all": hearers is Hearers.ONE or not [one for one in SECRETS if one in said],
            "no key of a PIN to all": hearers is Hearers.ONE or "7" not in said,
        }
        self.faults += [f"not {what}: {said}" for what, holds in right.items() if not holds]
        self.told.append((tuple(texts), hearers, loudness))

    def stop(self) -> None:
        pass

    def press(self, key: Key) -> None:
        self.faults += [] if key in (Key.PREVIOUS, Key.NEXT, Key.OK) else ["not a key of the ring"]

    def take_away(self) -> None:
        pass


async def act(kiosk: Kiosk, judge: Judge, what: str, how: object) -> None:
    """Does one of the steps."""
    match what, how:
        case "key", Key():
            await kiosk.put(KeyPressed("keypad", how, 0.0))
        case "plug", bool():
            judge.plugged = how
            await kiosk.put(HeadphonesChanged("keypad", how, 0.0))
        case "touch", Intent():
            await kiosk.touch(how)
        case "language", str():
            await kiosk.touch(Intent.LANGUAGE, how)
        case "tap", str():
            await kiosk.tap(how)
            await kiosk.take_away()
        case "scan", int():
            await kiosk.scan(book(how))
        case "focus", str():
            await kiosk.put(Focused(how, 1, 9))
        case (("voice" | "keypad"), Health()):
            judge.plugged = judge.plugged and not (what == "keypad" and how is Health.LOST)
            await kiosk.health({"voice": "speech"}.get(what, what), how)
        case "wait", float():
            await kiosk.wait(how)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(BEGINNINGS), STEPS, st.booleans())
def test_whatever_happens_nobody_hears_what_is_not_for_them(
    first: list[Step], steps: list[Step], loudspeaker: bool
) -> None:
    loop, judge = VirtualLoop(), Judge()
    kiosk = Kiosk(loop, (*KINDS, "speech", "keypad"), returns=True)
    aid = kiosk.stage._aid = Aid(
        judge, judge, ("nl", "en"), lambda: date(2026, 7, 22), loudspeaker=loudspeaker, clock=loop.time
    )
    kiosk.desk.patrons |= {
        ANNA: Identified(PatronRef("anna"), may_borrow=None, first_name="Ria", messages=("Bel je moeder.",)),
        BERT: OWES,
    }
    kiosk.desk.replies |= {book(1): [lent(book(1), "Oeroeg", None)], book(2): [HELD], book(3): [OWES]}

    async def whole() -> None:
        await kiosk.begin()
        for what, how in [*first, *steps]:
            await act(kiosk, judge, what, how)
            kiosk.check()
            assert not kiosk.stage.shows(OutOfOrder)
        if not loudspeaker:
            assert all(hearers is Hearers.ONE for _, hearers, _ in judge.told)
        await kiosk.wait(400)  # everybody is gone
        assert aid._level == USUAL
        assert not aid._aloud
        judge.plugged = True
        await kiosk.put(HeadphonesChanged("keypad", True, 0.0))
        await kiosk.put(KeyPressed("keypad", Key.REPEAT, 0.0))
        assert judge.faults == []
        assert judge.told[-1][0][0] in ("Welkom.", "Welcome.")
        kiosk.check()

    play(whole(), loop)
