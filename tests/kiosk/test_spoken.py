"""Everything that is drawn can be said, in every language; and what is private is not said where everybody hears it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass, replace
from datetime import date
from typing import Any, get_args, get_type_hints

import pytest
from babel.dates import get_day_names
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation import affairs
from circulation.affairs import Route
from circulation.mail_address import masked
from circulation.outcomes import NextStep, Reason, Refused
from kiosk import loans, rows, sentences, spoken
from kiosk.loans import LoansOfBranch, NotLonger, OnLoan
from kiosk.spoken import everything, is_choice, news
from kiosk.texts import available, name_of
from kiosk.texts.aloud import AloudTexts, sayable
from kiosk.ui import (
    Borrowing,
    Finished,
    HelpCard,
    Intent,
    LanguageCard,
    MyAccount,
    NoAccount,
    Notice,
    NoVisit,
    OutOfOrder,
    Rest,
    Returning,
    Screen,
    Shown,
    StillThere,
    Trouble,
    Waiting,
)
from kiosk.utterance import Utterance
from kiosk.veil import veiled
from tests.kiosk.screens.scenes import ALL_REFUSALS, SCENES

TODAY, DUE = date(2026, 7, 22), date(2026, 8, 12)
ALL = {language: AloudTexts(language) for language in available()}
NL, EN = ALL["nl"], ALL["en"]
OEROEG = rows.Lent("1", "Oeroeg", DUE)
OWES = Refused(Reason.OPEN_AMOUNT, "K6", NextStep.DESK, {"cents": 620})
HELD = Refused(Reason.HELD_FOR_ANOTHER, "K8", NextStep.HOLD_SHELF)
UNSAYABLE = re.compile(r"[€{}…\u200e\u200f\u2066-\u2069\u00a0\u202f]")


def said(*utterances: Utterance) -> list[str]:
    return [one.text for one in utterances]


def told(before: Screen, after: Screen) -> list[str]:
    """What is said when one picture follows the other."""
    return said(*news(Shown(before), Shown(after), NL, TODAY))


@pytest.mark.parametrize("language", ALL)
def test_every_screen_says_its_title_what_to_do_and_how_many_choices_there_are(language: str) -> None:
    texts = ALL[language]
    for name, (screen, over) in SCENES.items():
        utterances = everything(Shown(screen, over, language), texts, TODAY)
        assert utterances, name
        choices = texts.count("speech.choices", spoken.choices_of(Shown(screen, over)))
        assert (utterances[-1].text == choices) != (isinstance(screen, Waiting) and over is None), name
        for one in utterances:
            assert one.text, name
            assert not UNSAYABLE.search(one.text + one.aloud), (name, one.text)


@pytest.mark.parametrize("language", ALL)
def test_every_row_notice_trouble_and_refusal_is_said_when_it_comes(language: str) -> None:
    texts = ALL[language]
    routes = [rows.Back("1", "Oeroeg", route, "Oosterzele", gate=gate) for route in Route for gate in rows.Gate]
    kinds: list[rows.Row] = [
        *(replace(OEROEG, gate=gate, provisional=provisional) for gate in rows.Gate for provisional in (True, False)),
        *(
            rows.NotLent("1", one, title, gate)
            for one in ALL_REFUSALS
            for title in ("", "Oeroeg")
            for gate in rows.Gate
        ),
        *(rows.NotTaken("1", one) for one in ALL_REFUSALS),
        *routes,
        rows.Asking("1"),
        rows.NotKnown("1"),
        rows.NotAsked("1"),
        rows.PartsMissing("1", 4, 5),
        rows.Undone("1", "Oeroeg"),
        rows.Switching("1", OEROEG),
        rows.Switching("1", routes[0]),
    ]
    assert {type(one) for one in kinds} == set(get_args(rows.Row))
    kinds_of_news = [(Borrowing(), Borrowing((one,))) for one in kinds] + [
        (Returning(), Returning((one,))) for one in kinds
    ]
    pictures: list[tuple[Screen, Screen]] = [
        *kinds_of_news,
        *((screen, replace(screen, notice=one)) for one in Notice for screen in (Rest(), Borrowing(), Returning())),
        *((Rest(), Rest(frozenset({one}))) for one in Trouble if one is not Trouble.NO_PAD),
        *((Borrowing(), Borrowing(cannot_borrow=one)) for one in ALL_REFUSALS),
        *((Waiting(), NoVisit(one)) for one in ALL_REFUSALS),
    ]
    for before, after in pictures:
        utterances = news(Shown(before, language=language), Shown(after, language=language), texts, TODAY)
        assert utterances, after
        for one in utterances:
            assert one.text, after
            assert one.aloud, after
            assert not UNSAYABLE.search(one.text + one.aloud), one.text


def test_a_new_row_is_its_sentence() -> None:
    assert told(Borrowing((rows.Asking("1"),)), Borrowing((OEROEG,), lent=1)) == [
        "Oeroeg. Geleend tot woensdag 12 augustus."
    ]
    assert told(Borrowing(), Borrowing((rows.NotLent("2", HELD, "Max Havelaar"),))) == [
        "Max Havelaar. Dit boek is gereserveerd voor iemand anders. Leg het op de plank hiernaast."
    ]


def test_two_rows_are_said_in_the_order_in_which_they_came() -> None:
    both = (rows.Lent("2", "Max Havelaar", DUE), OEROEG)
    assert [one.partition(".")[0] for one in told(Borrowing(), Borrowing(both))] == ["Oeroeg", "Max Havelaar"]


def test_what_stood_there_is_not_said_again() -> None:
    one = Borrowing((OEROEG,), lent=1, may_borrow=9)
    assert told(one, one) == []
    assert told(one, replace(one, may_borrow=8)) == []
    assert told(one, replace(one, may_borrow=1)) == ["Je mag nog 1 boek lenen."]


def test_a_visit_begins_with_a_greeting_what_to_do_and_how() -> None:
    assert told(Waiting(), Borrowing(may_borrow=10)) == [
        "Welkom.",
        "Je mag nog 10 boeken lenen.",
        "Scan je eerste boek. Houd de streepjescode onder de scanner.",
        "Je hebt 5 keuzes.",
    ]


def test_a_list_says_what_to_do_before_its_rows_and_the_newest_of_them_first() -> None:
    rows_of_two = (rows.Lent("2", "Max Havelaar", DUE), OEROEG)
    heard = said(*everything(Shown(Borrowing(rows_of_two, lent=2, may_borrow=8)), NL, TODAY))
    assert [one.partition(".")[0] for one in heard] == [
        "2 geleend",
        "Je mag nog 8 boeken lenen",
        "Scan je volgende boek",
        "Max Havelaar",
        "Oeroeg",
        "Je hebt 5 keuzes",
    ]


def test_another_language_says_all_of_it_anew() -> None:
    dutch, english = Shown(Finished(2)), Shown(Finished(2), language="en")
    assert said(*news(dutch, english, EN, TODAY)) == [
        "Done! 2 borrowed. Would you like a receipt?",
        "You have 5 choices.",
    ]


def test_the_last_seconds_are_told_now_and_then() -> None:
    heard = []
    before = Shown(Borrowing())
    for left in range(20, 0, -1):
        after = Shown(Borrowing(), StillThere(left))
        heard += said(*news(before, after, NL, TODAY))
        before = after
    assert heard == ["Ben je er nog? Nog 20 seconden.", "Je hebt 4 keuzes.", "Nog 10 seconden.", "Nog 5 seconden."]


def test_a_screen_that_changes_under_a_card_is_said_when_the_card_is_gone() -> None:
    under, card = Shown(Borrowing(), HelpCard()), Shown(Borrowing((OEROEG,), lent=1), HelpCard())
    assert news(under, card, NL, TODAY) == ()
    assert "Oeroeg. Geleend tot woensdag 12 augustus." in said(*news(card, Shown(card.screen), NL, TODAY))


def test_a_day_is_said_with_its_whole_name_wherever_that_stands() -> None:
    assert NL.day(DUE, TODAY) == "woensdag 12 augustus"
    assert ALL["tr"].day(DUE, TODAY) == "12 Ağustos Çarşamba"
    # beside the day, so that it stands in the nominative; "пн" is in "серпня" too
    assert ALL["uk"].day(date(2026, 8, 10), TODAY) == "10 серпня (понеділок)"
    assert ALL["fr"].day(date(2026, 8, 1), TODAY) == "samedi 1er août"


def test_amounts_and_days_are_written_as_they_are_spoken() -> None:
    assert [NL.money(cents) for cents in (620, 5, 1100, 123_45)] == ["6 euro 20", "0 euro 5", "11 euro", "123 euro 45"]
    assert (EN.money(100), EN.money(250)) == ("1 euro", "2 euros 50")
    assert NL.day(DUE, TODAY) == "woensdag 12 augustus"
    assert NL.day(date(2024, 9, 30), TODAY) == "maandag 30 september 2024"


def test_of_a_hidden_address_it_is_said_how_it_begins_and_ends() -> None:
    heard = everything(Shown(Finished(1, mail_to=masked("ria@bieb.example.nl"))), NL, TODAY)[1]
    assert heard.text == "Mailen kan naar je eigen adres. Dat begint met r en eindigt op punt nl."
    assert heard.aloud == "Bon mailen."


@pytest.mark.parametrize("language", ALL)
@given(address=st.emails())
def test_of_no_hidden_address_another_one_is_heard(language: str, address: str) -> None:
    texts, hidden = ALL[language], masked(address)
    said = texts.mail_to(hidden)
    assert bool(said) is bool(hidden)
    assert "•" not in said
    assert "…" not in said
    assert not said or address.rpartition(".")[2] in said


@pytest.mark.parametrize("language", ALL)
def test_where_the_address_is_veiled_it_is_not_spoken_of(language: str) -> None:
    heard = everything(veiled(Shown(Finished(1, mail_to="r•••@b…nl"), language=language)), ALL[language], TODAY)
    assert len(heard) == len(everything(Shown(Finished(1), language=language), ALL[language], TODAY))


@pytest.mark.parametrize("language", ALL)
def test_every_day_of_the_week_has_its_whole_name(language: str) -> None:
    names = get_day_names("wide", locale=language)
    for day in range(7):
        assert names[day] in ALL[language].day(date(2026, 7, 20 + day))


def test_what_cannot_be_said_is_left_out() -> None:
    assert sayable("\u2068Oeroeg\u2069", "", "Even\nkijken…") == "Oeroeg. Even kijken."
    assert sayable("€\u00a06,20", "Wat nu?") == "€ 6,20. Wat nu?"


@pytest.mark.parametrize("language", ALL)
def test_k2_no_amount_is_said_to_a_child(language: str) -> None:
    texts = ALL[language]
    owes = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 123_45})
    row = (rows.NotLent("1", owes, "Oeroeg"),)
    pictures: list[tuple[Screen, Screen]] = [
        (Borrowing(first_name="Marieke"), Borrowing(first_name="Marieke", cannot_borrow=owes)),
        (Borrowing(first_name="Marieke"), Borrowing(row, first_name="Marieke")),
        (Waiting(), Borrowing(row, first_name="Marieke", cannot_borrow=owes)),
        (replace(renewed(None), first_name="Marieke"), replace(renewed(owes), first_name="Marieke")),
        (Waiting(), replace(renewed(owes), first_name="Marieke")),
    ]
    for before, after in pictures:
        utterances = news(Shown(before, language=language), Shown(after, language=language), texts, TODAY)
        assert any(sayable(texts.say("account.fees.child.next")) in one.text for one in utterances), after
        assert not any("123" in one.text for one in utterances), after


# ---- where everybody hears it

SECRET = st.text("qxzvwj", min_size=6, max_size=12).map(str.capitalize)
CENTS = st.integers(123_401, 999_999)


@pytest.mark.parametrize("language", ALL)
@settings(max_examples=8)  # in each of eight languages
@given(title=SECRET, name=SECRET, message=SECRET, cents=CENTS, route=st.sampled_from(Route))
def test_no_title_name_message_or_amount_is_said_to_everybody(
    language: str, title: str, name: str, message: str, cents: int, route: Route
) -> None:
    texts = ALL[language]
    owes = [Refused(reason, "K6", NextStep.DESK, {"cents": cents}) for reason in (Reason.OPEN_AMOUNT, Reason.PAY_FIRST)]
    lent = rows.Lent("1", title, DUE)
    all_rows: tuple[Any, ...] = (
        lent,
        *(rows.NotLent(str(at), one, title) for at, one in enumerate(ALL_REFUSALS)),
        *(rows.NotLent("n", one, title) for one in owes),
        rows.Undone("2", title),
        rows.Back("3", title, route),
        rows.Switching("4", lent),
    )
    screens: list[Screen] = [
        Borrowing(first_name=name, messages=(message,), cannot_borrow=owes[0]),
        Borrowing(all_rows, lent=1, first_name=name, messages=(message,)),
        Returning(all_rows),
        *(NoVisit(one) for one in owes),
    ]
    for before in (None, Shown(Borrowing()), Shown(Returning())):
        for screen in screens:
            for one in news(before, Shown(screen, language=language), texts, TODAY):
                for secret in (title, name, message, str(cents // 100)):
                    assert secret not in one.aloud
                if any(secret in one.text for secret in (title, name, message, str(cents // 100))):
                    assert one.private
                    assert repr(one) == f"Utterance(passing={one.passing})"


FOR_ALL = {
    *(Reason.PASS_UNKNOWN, Reason.PASS_UNREADABLE, Reason.ITEM_SHOWN_AS_PASS, Reason.PASS_SHOWN_AS_ITEM),
    *(Reason.MANDATE_SHOWN, Reason.CHIP_RANDOM, Reason.ITEM_UNKNOWN, Reason.ITEM_REFERENCE, Reason.ITEM_DAMAGED),
    *(Reason.ITEM_MISSING, Reason.ITEM_INTERNAL, Reason.ITEM_ON_LOAN, Reason.ALREADY_YOURS, Reason.HELD_FOR_ANOTHER),
    *(Reason.WANTED_BY_ANOTHER, Reason.NO_TRANSPORT, Reason.RETURN_ELSEWHERE, Reason.NOT_RENEWED_HERE),
    *(Reason.INTERLIBRARY, Reason.OFFLINE_RETURNS_ONLY, Reason.OFFLINE_NOT_ALLOWED, Reason.OFFLINE_ITEM_UNKNOWN),
    *(Reason.KIOSK_NOT_ADMITTED, Reason.OTHER),
}
"""Reasons that tell nothing of the patron, whoever hears them: of an item, of what was shown, or of the kiosk."""
LOAN = OnLoan("l0", "Oeroeg", TODAY, overdue=True)


def renewed(no: Refused | None, due: date = TODAY, *, overdue: bool = False) -> MyAccount:
    """An account of one loan, whose renewal was refused."""
    answer = None if no is None else NotLonger(no)
    one = replace(LOAN, due=due, overdue=overdue, renewal=answer)
    return MyAccount(loans=(LoansOfBranch("1", "Annen", (one,)),))


HOLDERS: dict[type, Callable[[Refused], Iterable[tuple[Screen, Screen]]]] = {
    NoVisit: lambda no: [(Waiting(), NoVisit(no))],
    NoAccount: lambda no: [(Waiting(), NoAccount(no)), (NoAccount(), NoAccount(no))],
    Borrowing: lambda no: [(Borrowing(), Borrowing(cannot_borrow=no)), (Waiting(), Borrowing(cannot_borrow=no))],
    rows.NotLent: lambda no: [
        (before, screen((rows.NotLent("1", no, title, gate),)))
        for title in ("", "Oeroeg")
        for gate in rows.Gate
        for screen in (Borrowing, Returning)
        for before in (screen(), Waiting())
    ],
    rows.NotTaken: lambda no: [(before, Returning((rows.NotTaken("1", no),))) for before in (Returning(), Rest())],
    NotLonger: lambda no: [
        (renewed(None, due, overdue=overdue), renewed(no, due, overdue=overdue))
        for due in (TODAY, DUE)
        for overdue in (False, True)
    ],
}
"""Every fact of a screen that can hold a refusal, and the pictures in which one comes."""


def held(hint: Any, seen: set[type]) -> set[type]:
    """The dataclasses within a type, each with those of its fields."""
    found = set().union(*(held(one, seen) for one in get_args(hint)))
    if is_dataclass(hint) and isinstance(hint, type) and hint not in seen:
        seen.add(hint)
        late = {**vars(affairs), **vars(loans)}
        found |= {hint}.union(*(held(one, seen) for one in get_type_hints(hint, localns=late).values()))
    return found


def test_5_1_3_9_every_fact_of_a_screen_that_can_hold_a_refusal_is_known_here() -> None:
    facts = held(Screen, set())
    late = {**vars(affairs), **vars(loans)}
    hints = {one: get_type_hints(one, localns=late).values() for one in facts}
    found = {one for one, of in hints.items() if any(Refused in (it, *get_args(it)) for it in of)}
    assert found == set(HOLDERS) | {MyAccount, OnLoan}


@pytest.mark.parametrize("language", ALL)
def test_5_1_3_9_why_a_loan_cannot_be_renewed_is_read_out_to_its_patron_and_to_nobody_else(language: str) -> None:
    texts = ALL[language]
    for no in ALL_REFUSALS:
        why = sayable(sentences.refused(texts, no, TODAY).why)
        (branch,) = renewed(None).loans
        loan = replace(branch, loans=(replace(LOAN, renewable=False, refused=no),))
        nothing = replace(branch, loans=(replace(LOAN, renewable=False),))
        for screen in (MyAccount(loans=(loan,)), MyAccount(loans=(nothing,), no_renewals=no)):
            whole = everything(Shown(screen, language=language), texts, TODAY)
            assert [one.text for one in whole if why in one.text], no
            assert not [one.aloud for one in whole if why in one.aloud], no


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda one: one.__name__)
def test_5_1_3_9_of_a_refusal_everybody_hears_what_is_of_the_item_and_else_who_helps(
    holder: type, language: str
) -> None:
    texts = ALL[language]
    helps = sayable(texts.say("refused.other.why"), texts.say("refused.other.next"))
    for no in ALL_REFUSALS:
        words = sentences.refused(texts, no, TODAY)
        for before, after in HOLDERS[holder](no):
            told = [
                one.aloud
                for one in news(Shown(before, language=language), Shown(after, language=language), texts, TODAY)
            ]
            whole = [one.aloud for one in everything(Shown(after, language=language), texts, TODAY)]
            assert any(sayable(words.why) in one if no.reason in FOR_ALL else one == helps for one in told), (no, told)
            for one in (*told, *whole):
                assert no.reason in FOR_ALL or sayable(words.why) not in one, (after, one)


@pytest.mark.parametrize("language", ALL)
def test_5_1_3_9_that_a_loan_is_late_is_said_to_nobody_else_whatever_came_of_its_renewal(language: str) -> None:
    texts = ALL[language]
    owes = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 1250})
    answers: list[loans.Renewal] = [loans.Renewing(), loans.Longer(DUE), NotLonger(owes), NotLonger(HELD)]
    answers += [loans.LongerNotKnown(), loans.LongerNotAsked()]
    assert {type(one) for one in answers} == set(get_args(loans.Renewal))
    for answer in answers:
        for name in ("", "Marieke"):
            before = replace(renewed(None, overdue=True), first_name=name)
            late = replace(LOAN, renewal=answer)
            after = replace(before, loans=(LoansOfBranch("1", "Annen", (late,)),))
            (heard,) = news(Shown(before, language=language), Shown(after, language=language), texts, TODAY)
            assert heard.aloud
            assert texts.day(TODAY, TODAY) not in heard.aloud
            assert sayable(texts.say("account.loan.overdue_child")) not in heard.aloud


def test_of_a_refused_renewal_everybody_hears_only_who_helps() -> None:
    no = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 1250})
    (heard,) = news(Shown(renewed(None)), Shown(renewed(no)), NL, TODAY)
    assert heard.text.startswith("Oeroeg. Bijna terug: woensdag 22 juli. Er staat nog 12 euro 50 open.")
    assert heard.aloud == "Dat lukt hier nu niet. Ga naar de balie. Daar helpen we je."
    enough = Refused(Reason.WANTED_BY_ANOTHER, "K11", NextStep.RETURN_SOMETHING)
    (heard,) = news(Shown(renewed(None)), Shown(renewed(enough)), NL, TODAY)
    assert heard.aloud == "Iemand anders wacht op dit boek. Lever het in als je het uit hebt."


def test_whoever_cannot_see_the_account_hears_without_headphones_where_to_go() -> None:
    lapsed = Refused(Reason.LAPSED, "S7", NextStep.DESK, {"ended": date(2024, 9, 30)})
    said, choices = everything(Shown(NoAccount(lapsed)), NL, TODAY)
    assert said.text.startswith("Je lidmaatschap liep tot maandag 30 september 2024.")
    assert said.aloud == "Dat lukt hier nu niet. Ga naar de balie. Daar helpen we je."
    assert not choices.private


def test_whoever_owes_something_is_sent_to_the_desk_without_a_word_of_it() -> None:
    heard = news(Shown(Waiting()), Shown(NoVisit(OWES)), NL, TODAY)
    assert heard[0].text == "Er staat nog 6 euro 20 open. Betaal bij de balie. Daarna kun je lenen."
    assert heard[0].aloud == "Dat lukt hier nu niet. Ga naar de balie. Daar helpen we je."


def test_k3_a_message_that_was_read_away_is_said_to_be_gone_and_the_rest_is_not_said_again() -> None:
    two, one = (Borrowing((OEROEG,), lent=1, messages=said, cannot_borrow=OWES) for said in (("a", "b"), ("b",)))
    assert [(said.text, said.aloud) for said in news(Shown(two), Shown(one), NL, TODAY)] == [
        ("Het bericht is nu weg.", "Het bericht is nu weg.")
    ]


def test_of_a_loan_everybody_hears_that_it_is_one() -> None:
    (heard,) = news(Shown(Borrowing()), Shown(Borrowing((OEROEG,))), NL, TODAY)
    assert (heard.private, heard.aloud) == (True, "Geleend tot woensdag 12 augustus.")


def test_n10_a_code_that_comes_is_said_alone_and_only_to_one_pair_of_ears() -> None:
    no = Refused(Reason.NO_STRIPS, "S2", NextStep.DESK)
    refused, loan = rows.NotLent("1", no, "Oeroeg"), OnLoan("l0", "Oeroeg", DUE, renewal=NotLonger(no))
    listed = (LoansOfBranch("3540", "Annen", (loan,)),)
    of = Reason.NO_STRIPS
    for before, after in (
        (Borrowing((refused,), code_of=of), Borrowing((refused,), code="KZTP", code_of=of)),
        (MyAccount(loans=listed, code_of=of), MyAccount(loans=listed, code="KZTP", code_of=of)),
        (NoAccount(no), NoAccount(no, "KZTP")),
    ):
        coming = news(Shown(before), Shown(after), NL, TODAY)
        assert [(one.text, one.aloud) for one in coming] == [("Noem code KZTP bij de balie. K Z T P.", "")]
        assert coming[0] in news(None, Shown(after), NL, TODAY)
        assert not news(Shown(after), Shown(before), NL, TODAY)


def test_n10_a_code_that_comes_while_the_help_card_is_open_is_said_for_it_stands_on_the_card() -> None:
    no = Refused(Reason.NO_STRIPS, "S2", NextStep.DESK)
    before, after = (Shown(NoAccount(no, code), HelpCard(code)) for code in ("", "KZTP"))
    coming = news(before, after, NL, TODAY)
    assert [(one.text, one.aloud) for one in coming] == [("Noem code KZTP bij de balie. K Z T P.", "")]
    assert not news(after, before, NL, TODAY)
    assert not news(after, replace(after, over=HelpCard("KZTP", called=True)), NL, TODAY)


def test_k4_that_a_book_was_theirs_before_or_reserved_nobody_else_hears() -> None:
    row = replace(OEROEG, borrowed_before=True, hold_filled=True)
    (heard,) = news(Shown(Borrowing()), Shown(Borrowing((row,))), NL, TODAY)
    assert heard.aloud == "Geleend tot woensdag 12 augustus."
    assert heard.text == f"Oeroeg. {heard.aloud} Je reservering is opgehaald. Je leende dit al eens."


def test_the_names_of_the_usual_buttons_are_for_everybody_and_others_are_not() -> None:
    names = [name_of(one) for one in available()]
    assert all(is_choice(NL, NL.say(f"access.{one.value}")) for one in Intent if one is not Intent.LANGUAGE)
    assert is_choice(NL, NL.say("access.language", language="English"), names)
    assert not is_choice(NL, "Oeroeg", names)
    assert not is_choice(NL, "7", names)


def test_a_choice_says_its_name_and_which_one_it_is() -> None:
    usual, own = spoken.choice(NL, "Stoppen", 2, 4), spoken.choice(NL, "Oeroeg verlengen", 1, 4)
    assert (usual.text, usual.private) == ("Stoppen. Keuze 2 van 4.", False)
    assert (own.text, own.aloud) == ("Oeroeg verlengen. Keuze 1 van 4.", "Dit hoor je met een koptelefoon.")


def test_who_begins_to_listen_hears_that_it_is_on() -> None:
    assert spoken.opening(NL, for_everybody=False).text == "Voorlezen is aan. Kies met de toetsen."
    assert "koptelefoon" in spoken.opening(NL, for_everybody=True).aloud


def test_a_code_for_staff_is_said_too() -> None:
    assert "no_way_in" in everything(Shown(OutOfOrder("no_way_in")), NL, TODAY)[0].text


def test_languages_are_counted_as_choices() -> None:
    card = Shown(Rest(), LanguageCard(available()))
    assert spoken.choices_of(card) == len(available()) + 4
