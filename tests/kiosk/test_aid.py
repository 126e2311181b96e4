"""What a patron hears in a visit, told in virtual time: at once, cut off by whatever somebody does, not too loud."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused
from devices.ports import HeadphonesChanged, Health, Key, KeyPressed
from devices.speaker import Hearers
from kiosk import aid as aid_module
from kiosk.aid import LETTERS_A_SECOND, LOUDNESS, USUAL, Aid
from kiosk.bus import Focused, Stirred, Touched, Untouched
from kiosk.ui import Borrowing, Finished, HelpCard, Intent, NoVisit, Reading, Rest, StillThere, Waiting
from kiosk.utterance import public
from tests.kiosk.virtual_time import VirtualLoop, play
from tests.kiosk.world import ANNA, BERT, HELD, KINDS, UNKNOWN, WITH_PAD, Kiosk, book, lent, tag

TODAY = date(2026, 7, 22)
USUALLY = LOUDNESS[USUAL]


class Listener:
    """Hears what is said, sees where the ring is sent."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.how: list[tuple[str, int, Hearers]] = []
        self.silences = 0
        self.keys: list[Key | None] = []

    def say(self, texts: Sequence[str], language: str, loudness: int, hearers: Hearers) -> None:
        self.heard += texts
        self.how += [(language, loudness, hearers)] * len(texts)

    def stop(self) -> None:
        self.silences += 1
        if self.heard[-1:] != ["--"]:
            self.heard.append("--")  # what stands before it was cut off, or over

    def press(self, key: Key) -> None:
        self.keys.append(key)

    def take_away(self) -> None:
        self.keys.append(None)

    def since(self) -> list[str]:
        """What was said since the last look."""
        found, self.heard = [one for one in self.heard if one != "--"], []
        return found


Tell = Callable[[Kiosk, Listener], Awaitable[None]]


def listening(loudspeaker: bool, kinds: tuple[str, ...] = KINDS) -> Callable[[Tell], Callable[[], None]]:
    """A test that tells what happens at a kiosk that speaks."""

    def of(tell: Tell) -> Callable[[], None]:
        def test() -> None:
            loop, ears = VirtualLoop(), Listener()
            kiosk = Kiosk(loop, kinds)
            kiosk.stage._aid = Aid(ears, ears, ("nl", "en"), lambda: TODAY, loudspeaker=loudspeaker, clock=loop.time)

            async def whole() -> None:
                await kiosk.begin()
                await tell(kiosk, ears)
                kiosk.check()

            play(whole(), loop)

        test.__name__, test.__doc__ = tell.__name__, tell.__doc__
        return test

    return of


async def plug(kiosk: Kiosk, *, plugged: bool = True, device: str = "headphones") -> None:
    await kiosk.put(HeadphonesChanged(device, plugged, 0.0))


async def press(kiosk: Kiosk, key: Key) -> None:
    await kiosk.put(KeyPressed("keypad", key, 0.0))


@listening(loudspeaker=False)
async def test_without_headphones_nothing_is_said(kiosk: Kiosk, ears: Listener) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await press(kiosk, Key.REPEAT)
    assert ears.how == []


@listening(loudspeaker=False)
async def test_a_screen_that_goes_by_itself_waits_until_all_of_it_was_said_but_not_for_ever(
    kiosk: Kiosk, ears: Listener
) -> None:
    await kiosk.tap(UNKNOWN)
    await kiosk.wait(20.1)
    assert isinstance(kiosk.screen(), Rest), "nobody listens"
    await plug(kiosk)
    ears.since()
    await kiosk.tap(UNKNOWN)
    takes_s = sum(len(one) for one in ears.since()) / LETTERS_A_SECOND
    assert takes_s > 3
    await kiosk.wait(20 + takes_s)
    assert isinstance(kiosk.screen(), NoVisit)
    await kiosk.wait(5)
    assert isinstance(kiosk.screen(), Rest)
    await kiosk.tap(UNKNOWN)
    for _ in range(17):
        await kiosk.wait(5)
        kiosk.stage._aid._say([public("x" * 600)])  # type: ignore[union-attr]
    assert isinstance(kiosk.screen(), Rest)


@listening(loudspeaker=False)
async def test_whoever_only_listens_to_a_list_is_asked_whether_they_are_there_when_all_was_said_but_not_for_ever(
    kiosk: Kiosk, ears: Listener
) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    for at in range(1, 11):
        kiosk.desk.replies[book(at)] = [lent(book(at), f"De geschiedenis van de bibliotheek, deel {at}")]
        await kiosk.scan(book(at))
    ears.heard.clear()
    await press(kiosk, Key.REPEAT)
    said, takes_s = list(ears.heard), -(kiosk.stage.silent_s or 0)
    assert takes_s > kiosk.patience.idle
    await kiosk.wait(takes_s + kiosk.patience.idle - 1)
    assert (ears.heard, kiosk.shown().over) == (said, None)
    await kiosk.wait(2)
    assert isinstance(kiosk.shown().over, StillThere)
    await press(kiosk, Key.REPEAT)
    await kiosk.touch(Intent.MORE_TIME)
    for _ in range(56):
        await kiosk.wait(5)
        kiosk.stage._aid._say([public("x" * 600)])  # type: ignore[union-attr]
    assert kiosk.shown().over is None
    await kiosk.wait(10)
    assert isinstance(kiosk.shown().over, StillThere)


@listening(loudspeaker=False)
async def test_headphones_in_and_everything_is_said_to_one_pair_of_ears(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    assert ears.since() == [
        "Voorlezen is aan. Kies met de toetsen.",
        "Welkom.",
        "Houd je pas voor de lezer. Of scan de streepjescode op je pas.",
        "Je hebt 3 keuzes.",
    ]
    kiosk.desk.replies[book(1)] = [lent(book(1), "Oeroeg")]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert "Oeroeg. Geleend tot woensdag 5 augustus." in ears.since()
    assert {how[2] for how in ears.how} == {Hearers.ONE}


@listening(loudspeaker=False)
async def test_at_rest_nothing_that_is_said_is_cut_off_because_nobody_does_anything(
    kiosk: Kiosk, ears: Listener
) -> None:
    await kiosk.wait(19.9)  # for one who has just left
    await plug(kiosk)
    said = len(ears.heard)
    await kiosk.wait(60)
    assert ears.heard[said:] == []
    assert ears.heard[said - 1] == "Je hebt 3 keuzes."


@listening(loudspeaker=False)
async def test_headphones_that_are_put_in_are_somebody_who_is_there(kiosk: Kiosk, ears: Listener) -> None:
    await kiosk.tap(ANNA)
    await kiosk.wait(15)
    await plug(kiosk)
    assert kiosk.stage.quiet_s < 1


@listening(loudspeaker=True)
async def test_read_to_everybody_ends_with_the_one_who_asked_for_it(kiosk: Kiosk, ears: Listener) -> None:
    await press(kiosk, Key.REPEAT)
    await kiosk.wait(60)
    assert isinstance(kiosk.shown().over, StillThere), "it is asked before that ends"
    before = ears.silences
    await kiosk.wait(60)
    assert kiosk.shown().over is None
    assert ears.silences > before
    ears.since()
    await kiosk.tap(ANNA)
    assert ears.since() == []


@listening(loudspeaker=True)
async def test_headphones_out_is_silence_at_once_and_nothing_is_read_to_everybody(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    before = ears.silences
    ears.since()
    await plug(kiosk, plugged=False)
    assert ears.silences > before
    await kiosk.scan(book(1))
    assert ears.since() == []


@listening(loudspeaker=False, kinds=WITH_PAD)
async def test_also_while_the_gate_still_switches_for_whoever_has_left(kiosk: Kiosk, ears: Listener) -> None:
    kiosk.pad.delay_s = 4
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    silences = ears.silences
    await plug(kiosk, plugged=False)
    await kiosk.tap(BERT)
    assert isinstance(kiosk.screen(), Finished), "it still switches"
    assert ears.silences > silences
    await kiosk.wait(6)
    assert isinstance(kiosk.screen(), Borrowing), "whoever came meanwhile is next"
    assert kiosk.desk.asked == [(ANNA, book(1))]


@listening(loudspeaker=False)
async def test_a_keypad_that_is_gone_counts_as_headphones_out(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk, device="keypad")
    ears.since()
    await kiosk.health("keypad", Health.LOST)
    await kiosk.tap(ANNA)
    assert ears.since() == []


@listening(loudspeaker=False)
async def test_whatever_a_patron_does_silences_what_is_being_said(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    acts: tuple[Callable[[], Awaitable[None]], ...] = (
        lambda: kiosk.scan(book(1)),
        kiosk.noise,
        lambda: kiosk.touch(Intent.HELP),
        lambda: kiosk.touch(Intent.CLOSE),
        lambda: press(kiosk, Key.NEXT),
        lambda: kiosk.tap(BERT),
    )
    for act in acts:
        ears.heard.clear()
        await act()
        assert ears.heard[0] == "--"


@listening(loudspeaker=False)
async def test_two_books_at_once_are_both_said(kiosk: Kiosk, ears: Listener) -> None:
    kiosk.desk.replies |= {book(1): [lent(book(1), "Oeroeg")], book(2): [HELD]}
    await plug(kiosk)
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 0.5
    ears.since()
    await kiosk.scan(book(1))
    await kiosk.scan(book(2))
    await kiosk.wait(3)
    last = ears.heard[-2:] if "--" not in ears.heard[-2:] else [one for one in ears.heard if one != "--"][-2:]
    assert "Oeroeg" in last[0] + last[1]
    assert "gereserveerd" in last[1]


@listening(loudspeaker=False)
async def test_the_answer_cuts_off_the_words_that_bridged_the_time(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    kiosk.desk.delay_s = 2.0
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert isinstance(kiosk.screen(), Waiting)
    assert ears.heard[-1] == "Even kijken."
    await kiosk.wait(2)
    at = ears.heard.index("Even kijken.")
    assert ears.heard[at + 1 : at + 3] == ["--", "Welkom."]


@listening(loudspeaker=False)
async def test_so_does_the_answer_about_a_book(kiosk: Kiosk, ears: Listener) -> None:
    kiosk.desk.replies[book(1)] = [lent(book(1), "Oeroeg")]
    await plug(kiosk)
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 2.0
    ears.heard.clear()
    await kiosk.scan(book(1))
    await kiosk.wait(3)
    assert ears.heard == ["--", "Even kijken.", "--", "Oeroeg. Geleend tot woensdag 5 augustus."]


@listening(loudspeaker=False)
async def test_who_is_silent_hears_how_long_it_still_is(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    ears.since()
    await kiosk.wait(-(kiosk.stage.silent_s or 0) + kiosk.patience.idle + kiosk.patience.warning - 1)
    assert ears.since() == [
        "Ben je er nog? Nog 20 seconden.",
        "Je hebt 4 keuzes.",
        "Nog 10 seconden.",
        "Nog 5 seconden.",
    ]
    await press(kiosk, Key.NEXT)
    await kiosk.wait(2)
    assert not isinstance(kiosk.screen(), Rest), "a key is a sign of life"


@listening(loudspeaker=False)
async def test_repeat_says_all_that_is_drawn_now(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    ears.since()
    await press(kiosk, Key.REPEAT)
    assert ears.since() == [
        "Welkom.",
        "Je mag nog 10 boeken lenen.",
        "Scan je eerste boek. Houd de streepjescode onder de scanner.",
        "Je hebt 5 keuzes.",
    ]


@listening(loudspeaker=False)
async def test_louder_says_the_same_louder_and_begins_again_at_the_softest(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    for level in (*LOUDNESS[USUAL + 1 :], *LOUDNESS):
        ears.since()
        await press(kiosk, Key.LOUDER)
        assert ears.how[-1] == ("nl", level, Hearers.ONE)
        assert "Welkom." in ears.since()
    await press(kiosk, Key.QUIETER)
    assert ears.how[-1][1] == LOUDNESS[-2]


@listening(loudspeaker=True)
async def test_loudness_language_and_the_ring_are_as_before_for_the_next_one(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await press(kiosk, Key.LOUDER)
    await kiosk.touch(Intent.LANGUAGE, "en")
    assert ears.how[-1] == ("en", LOUDNESS[USUAL + 1], Hearers.ONE)
    await kiosk.tap(ANNA)
    await press(kiosk, Key.NEXT)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)
    assert ears.keys[-1] is None
    await press(kiosk, Key.REPEAT)
    assert ears.how[-1] == ("nl", USUALLY, Hearers.ONE)


@listening(loudspeaker=False)
async def test_keys_go_to_the_ring_and_what_it_stands_around_is_said(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    for key in (Key.NEXT, Key.PREVIOUS, Key.OK):
        await press(kiosk, key)
    assert ears.keys[-3:] == [Key.NEXT, Key.PREVIOUS, Key.OK]
    ears.since()
    await kiosk.put(Focused("Hulp van de balie", 1, 2))
    assert ears.since() == ["Hulp van de balie. Keuze 1 van 2."]


# ---- nothing is lost that nobody can have heard


NEXT_BUTTON = "Klaar met lenen. Keuze 1 van 4."


async def ring_is_at(kiosk: Kiosk, name: str = "Klaar met lenen") -> None:
    """As the screen answers a key, of the picture that stands there."""
    await kiosk.put(Focused(name, 1, 4, kiosk.shown().kind))


@listening(loudspeaker=False)
async def test_news_that_had_only_begun_when_a_key_cut_it_off_is_said_after_the_button(
    kiosk: Kiosk, ears: Listener
) -> None:
    kiosk.desk.replies[book(1)] = [HELD]
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.wait(9)
    await kiosk.scan(book(1))
    refusal = next(one for one in ears.heard if "gereserveerd" in one)
    ears.heard.clear()
    for _ in range(2):  # as often as that happens
        await press(kiosk, Key.NEXT)
        await ring_is_at(kiosk)
    assert ears.heard == ["--", NEXT_BUTTON, refusal] * 2
    await kiosk.wait(3)
    ears.heard.clear()
    await press(kiosk, Key.NEXT)
    await ring_is_at(kiosk)
    assert ears.heard == ["--", NEXT_BUTTON], "it was heard by then, and somebody wants to hear no more of it"


@listening(loudspeaker=False)
async def test_who_scans_on_at_once_hears_of_every_book(kiosk: Kiosk, ears: Listener) -> None:
    kiosk.desk.replies |= {book(1): [HELD], book(2): [lent(book(2), "Oeroeg")]}
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.wait(9)
    await kiosk.scan(book(1))
    ears.heard.clear()
    kiosk.desk.delay_s = 2.0
    await kiosk.scan(book(2))
    await kiosk.wait(3)
    assert len(ears.heard) == 3
    assert "gereserveerd" in ears.heard[1], "in place of words that only bridge the time"
    assert ears.heard[2] == "Oeroeg. Geleend tot woensdag 5 augustus."


@listening(loudspeaker=False)
async def test_an_answer_does_not_cut_off_the_button_that_was_named_before_the_bridging_words(
    kiosk: Kiosk, ears: Listener
) -> None:
    kiosk.desk.replies[book(1)] = [lent(book(1), "Oeroeg")]
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.wait(9)
    kiosk.desk.delay_s = 4.0
    await kiosk.scan(book(1))
    await press(kiosk, Key.NEXT)
    await ring_is_at(kiosk)
    ears.heard.clear()
    await kiosk.wait(5)
    assert ears.heard == ["Oeroeg. Geleend tot woensdag 5 augustus."]


@listening(loudspeaker=False)
async def test_an_answer_does_not_cut_off_what_was_said_of_another_book(kiosk: Kiosk, ears: Listener) -> None:
    texts = [f"Boek {at}" for at in (1, 2)]
    kiosk.desk.replies |= {book(at): [lent(book(at), texts[at - 1])] for at in (1, 2)}
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.wait(9)
    kiosk.desk.delay_s = 2.0
    await kiosk.scan(book(1))
    await kiosk.scan(book(2))
    ears.heard.clear()
    await kiosk.wait(6)
    said = [one for one in ears.heard if one != "Even kijken."]
    after_first = said[next(at for at, one in enumerate(said) if texts[0] in one) :]
    assert "--" not in after_first
    assert texts[1] in after_first[-1]


@listening(loudspeaker=False)
async def test_a_button_of_a_picture_that_is_gone_is_not_named(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    of_rest = kiosk.shown().kind
    await press(kiosk, Key.NEXT)
    await kiosk.tap(ANNA)
    ears.heard.clear()
    await kiosk.put(Focused("Mijn bieb", 1, 3, of_rest))
    assert ears.heard == []
    await kiosk.put(Focused("Klaar met lenen", 1, 4, kiosk.shown().kind))
    assert ears.heard == [NEXT_BUTTON]


@listening(loudspeaker=False)
async def test_a_touch_of_what_is_gone_silences_nothing(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    ears.heard.clear()
    await kiosk.touch(Intent.PRINT)
    assert ears.heard == []


@listening(loudspeaker=False)
async def test_a_key_that_does_nothing_is_answered_with_all_that_is_drawn(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    ears.heard.clear()
    await press(kiosk, Key.OK)
    await kiosk.put(Untouched())
    assert ears.since()[0] == "Welkom."
    assert ears.since() == []


@listening(loudspeaker=False)
async def test_a_key_that_nothing_comes_of_is_answered_in_the_end_and_a_late_button_does_not_wait(
    kiosk: Kiosk, ears: Listener
) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.wait(9)
    ears.heard.clear()
    await press(kiosk, Key.NEXT)  # and the screen does not draw
    await kiosk.wait(2)
    assert ears.heard[:2] == ["--", "Welkom."]
    ears.heard.clear()
    await ring_is_at(kiosk)
    assert ears.heard == ["--", NEXT_BUTTON]


@listening(loudspeaker=False)
async def test_a_veil_does_not_cut_off_what_answers_a_key_that_nothing_came_of(kiosk: Kiosk, ears: Listener) -> None:
    kiosk.desk.replies[book(1)] = [lent(book(1), "Oeroeg")]
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(9)
    ears.heard.clear()
    await press(kiosk, Key.NEXT)  # and the screen does not draw
    await kiosk.wait(21)
    assert kiosk.shown().masked
    assert ears.heard[0] == "--"
    assert ears.heard[-1] == "Je hebt 5 keuzes."
    assert "--" not in ears.heard[1:]


@listening(loudspeaker=False)
async def test_a_scan_or_ones_own_pass_that_changes_nothing_is_answered_with_all_that_is_drawn(
    kiosk: Kiosk, ears: Listener
) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    acts: tuple[Callable[[], Awaitable[None]], ...] = (lambda: kiosk.scan(book(1)), lambda: kiosk.tap(ANNA))
    for again in acts:
        await kiosk.wait(9)
        before = kiosk.shown()
        ears.heard.clear()
        await again()
        await kiosk.wait(2)
        assert kiosk.shown() == before
        assert ears.heard[:2] == ["--", "1 geleend."]
        assert ears.heard[-1] == "Je hebt 5 keuzes."


@listening(loudspeaker=False)
async def test_a_touch_that_changes_nothing_is_seen_and_not_answered(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.wait(9)
    ears.heard.clear()
    kiosk.stage._aid.hear(Touched(Intent.RENEW, "l0"))  # type: ignore[union-attr]
    await kiosk.wait(3)
    assert ears.heard == ["--"]


@listening(loudspeaker=False)
async def test_what_a_scan_cut_off_is_said_soon_where_nothing_comes_of_the_scan(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(9)
    await press(kiosk, Key.NEXT)
    await ring_is_at(kiosk)
    ears.heard.clear()
    await kiosk.scan(book(1))
    await kiosk.wait(1)
    assert ears.heard == ["--", NEXT_BUTTON]


@listening(loudspeaker=False)
async def test_a_voice_that_comes_back_says_what_is_drawn_for_nobody_heard_it(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    ears.heard.clear()
    await kiosk.health("speech", Health.DEGRADED)
    assert ears.heard == [], "it speaks"
    await kiosk.health("speech", Health.LOST)
    await kiosk.health("speech", Health.READY)
    said = ears.since()
    assert said[0] == "Voorlezen is aan. Kies met de toetsen."
    assert "Je mag nog 10 boeken lenen." in said


# ---- over the loudspeaker


@listening(loudspeaker=True)
async def test_the_help_card_reads_aloud_and_ends_it(kiosk: Kiosk, ears: Listener) -> None:
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard(reading=Reading.OFF)
    await kiosk.touch(Intent.READ_ALOUD)
    assert kiosk.shown().over is None
    assert ears.since()[:2] == ["Voorlezen is aan. Met een koptelefoon hoor je ook titels.", "Welkom."]
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard(reading=Reading.ON)
    ears.since()
    await kiosk.touch(Intent.READ_ALOUD)
    assert ears.heard[-1] == "--"
    ears.since()
    await kiosk.tap(ANNA)
    assert ears.since() == []


@listening(loudspeaker=True)
async def test_whoever_cannot_find_the_button_presses_repeat(kiosk: Kiosk, ears: Listener) -> None:
    await press(kiosk, Key.REPEAT)
    assert ears.how[-1] == ("nl", USUALLY, Hearers.ALL)


@listening(loudspeaker=False)
async def test_without_a_loudspeaker_nothing_is_offered_and_a_stale_touch_does_nothing(
    kiosk: Kiosk, ears: Listener
) -> None:
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard()
    await kiosk.touch(Intent.READ_ALOUD)
    assert ears.how == []


@listening(loudspeaker=True)
async def test_a_voice_that_is_broken_is_not_offered(kiosk: Kiosk, ears: Listener) -> None:
    await kiosk.touch(Intent.HELP)
    await kiosk.health("speech", Health.LOST)
    assert kiosk.shown().over == HelpCard(reading=Reading.NONE)
    await press(kiosk, Key.REPEAT)
    assert ears.how == []
    await kiosk.health("speech", Health.READY)
    assert kiosk.shown().over == HelpCard(reading=Reading.OFF)


@listening(loudspeaker=True)
async def test_nothing_private_is_said_to_everybody_in_a_whole_visit(kiosk: Kiosk, ears: Listener) -> None:
    secrets = ("Oeroeg", "Ria", "Bel je moeder", "6 euro 20")
    kiosk.desk.patrons[ANNA] = Identified(
        PatronRef("anna"), may_borrow=10, first_name="Ria", messages=("Bel je moeder.",)
    )
    owes = Refused(Reason.OPEN_AMOUNT, "K6", NextStep.DESK, {"cents": 620})
    kiosk.desk.replies |= {book(1): [lent(book(1), "Oeroeg")], book(2): [owes]}
    kiosk.desk.patrons[BERT] = owes
    await press(kiosk, Key.REPEAT)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2))
    await press(kiosk, Key.REPEAT)
    await kiosk.put(Focused("Oeroeg verlengen", 1, 5))
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    await press(kiosk, Key.REPEAT)
    await kiosk.tap(BERT)
    said = " ".join(ears.since())
    assert not [one for one in secrets if one in said]
    assert "Geleend tot woensdag 5 augustus." in said
    assert "Je hebt een bericht." in said
    assert "Dit hoor je met een koptelefoon." in said
    assert {how[2] for how in ears.how} == {Hearers.ALL}


@listening(loudspeaker=True)
async def test_headphones_take_it_away_from_everybody(kiosk: Kiosk, ears: Listener) -> None:
    await press(kiosk, Key.REPEAT)
    await kiosk.touch(Intent.HELP)
    await plug(kiosk)
    assert kiosk.shown().over == HelpCard(reading=Reading.NONE)
    assert ears.how[-1][2] is Hearers.ONE
    await plug(kiosk, plugged=False)
    before = len(ears.how)
    await kiosk.touch(Intent.CLOSE)
    assert len(ears.how) == before


@listening(loudspeaker=True)
async def test_reading_aloud_ends_with_the_visit(kiosk: Kiosk, ears: Listener) -> None:
    await press(kiosk, Key.REPEAT)
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.STOP)
    ears.since()
    await kiosk.tap(BERT)
    assert ears.since() == []


def test_a_picture_that_cannot_be_said_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(aid_module, "news", fails)
    monkeypatch.setattr(aid_module, "everything", fails)

    @listening(loudspeaker=True)
    async def story(kiosk: Kiosk, ears: Listener) -> None:
        await plug(kiosk)
        await press(kiosk, Key.REPEAT)
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        assert kiosk.borrowing().lent == 1

    story()


def test_keys_without_speech_move_the_ring() -> None:
    ears = Listener()
    one = Aid(None, ears, ("nl",), lambda: TODAY, loudspeaker=True)
    one.hear(KeyPressed("keypad", Key.NEXT, 0.0))
    one.hear(KeyPressed("keypad", Key.LOUDER, 0.0))
    one.forget()
    assert (ears.keys, ears.heard, one.reading) == ([Key.NEXT, None], [], Reading.NONE)


def test_a_name_is_in_no_repr_of_what_has_the_ring() -> None:
    assert repr(Focused("7", 7, 12)) == "Focused(maximum=12)"
    assert replace(Focused("7", 7, 12), number=1) != Focused("7", 7, 12)


@listening(loudspeaker=False)
async def test_who_comes_back_from_behind_the_mask_does_not_hear_all_of_it_again(kiosk: Kiosk, ears: Listener) -> None:
    await plug(kiosk)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    ears.since()
    await kiosk.wait(21)
    assert kiosk.shown().masked
    await kiosk.put(Stirred())
    assert not kiosk.shown().masked
    assert ears.since() == []
    await kiosk.wait(21)
    assert kiosk.shown().masked
    kiosk.desk.replies[book(2)] = [lent(book(2), "Oeroeg")]
    await kiosk.scan(book(2))
    assert [one for one in ears.since() if "Geleend tot" in one] == ["Oeroeg. Geleend tot woensdag 5 augustus."]


@listening(loudspeaker=False)
async def test_the_next_ones_headphones_hear_no_title_of_whoever_left_until_a_key(kiosk: Kiosk, ears: Listener) -> None:
    kiosk.desk.replies[book(1)] = [lent(book(1), "Oeroeg")]
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), first_name="Ria", messages=("Bel je moeder.",))
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(25)
    await plug(kiosk)
    said = " ".join(ears.since())
    assert [one for one in ("Oeroeg", "Ria", "moeder") if one in said] == []
    assert "Geleend tot woensdag 5 augustus." in said
    await press(kiosk, Key.REPEAT)
    said = " ".join(ears.since())
    assert [one for one in ("Oeroeg", "moeder") if one not in said] == []


@listening(loudspeaker=False)
async def test_a_choice_of_how_the_screen_is_drawn_is_said_when_made_and_when_taken_back(
    kiosk: Kiosk, ears: Listener
) -> None:
    await plug(kiosk)
    await kiosk.touch(Intent.ACCESS)
    assert ears.since()[-2:] == ["Scherm aanpassen.", "Je hebt 9 keuzes."]
    said = []
    for choice in ("contrast", "text:140", "text:200", "contrast"):
        await kiosk.touch(Intent.ACCESS, choice)
        await kiosk.wait(1)  # who is heard so long is not said again
        said += ears.since()
    assert said == ["Meer contrast: aan.", "Grote letters: aan.", "Grotere letters: aan.", "Meer contrast: uit."]


@listening(loudspeaker=True)
async def test_the_librarys_own_welcome_is_said_in_its_language_and_the_usual_one_in_others(
    kiosk: Kiosk, ears: Listener
) -> None:
    own = {"nl": "Fijn dat je er bent"}
    kiosk.stage._aid = Aid(ears, ears, ("nl", "en"), lambda: TODAY, welcome=own)
    kiosk.stage._aid.show(kiosk.shown())
    await plug(kiosk)
    assert "Fijn dat je er bent." in ears.since()
    await kiosk.touch(Intent.LANGUAGE, "en")
    assert "Welcome." in ears.since()
