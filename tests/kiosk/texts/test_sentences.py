"""From facts to sentences: the values of a refusal, the head of a visit, what to do now."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.affairs import Route
from circulation.outcomes import NextStep, Reason, Refused
from kiosk import sentences
from kiosk.rows import Asking, Back, Gate, Lent, NotAsked, NotKnown, NotLent, PartsMissing, Switching, Undone
from kiosk.sentences import RowWords, Sentence
from kiosk.texts import Texts, available
from kiosk.ui import Borrowing, Finished, MyAccount, Returned, Trouble

TODAY = date(2026, 7, 22)
DUE = date(2026, 8, 12)
NL, EN = Texts("nl"), Texts("en")
VISIT = Borrowing(may_borrow=7)


def _no(reason: Reason, step: NextStep = NextStep.DESK, **values: int | str | date) -> Refused:
    return Refused(reason, "K13", step, values)


@pytest.mark.parametrize(
    ("no", "why"),
    [
        (_no(Reason.OPEN_AMOUNT, cents=1220, limit=1000), "Er staat nog €\N{NO-BREAK SPACE}12,20 open."),
        (_no(Reason.LAPSED, ended=date(2024, 9, 30)), "Je lidmaatschap liep tot ma 30 september 2024."),
        (_no(Reason.ON_PASS_MAXIMUM, count=30, maximum=30), "Je hebt 30 boeken. Dat is het maximum."),
        (_no(Reason.ALREADY_YOURS, due=DUE), "Je hebt dit boek al, tot wo 12 augustus."),
        (_no(Reason.NO_TRANSPORT, place="Bibliotheek Zottegem"), "Dit boek is van Bibliotheek Zottegem."),
        (_no(Reason.NO_TRANSPORT, place=" "), "Dit boek is van een andere bibliotheek."),
        (_no(Reason.NO_TRANSPORT), "Dit boek is van een andere bibliotheek."),
        (_no(Reason.OPEN_AMOUNT, cents="12"), "Er staat nog een bedrag open."),
        (_no(Reason.OPEN_AMOUNT, cents=-1), "Er staat nog een bedrag open."),
        (_no(Reason.LAPSED, ended="2024"), "Je lidmaatschap is afgelopen."),
    ],
)
def test_a_refusal_says_why_with_its_values_and_without_them(no: Refused, why: str) -> None:
    assert sentences.refused(NL, no, TODAY).why == why


@pytest.mark.parametrize(
    ("texts", "reason", "count", "why"),
    [
        (NL, Reason.ON_PASS_MAXIMUM, 1, "Je hebt 1 boek. Dat is het maximum."),
        (EN, Reason.ON_PASS_MAXIMUM, 1, "You have 1 book. That is the maximum."),
        (EN, Reason.ON_PASS_MAXIMUM, 2, "You have 2 books. That is the maximum."),
        (NL, Reason.RENEWED_ENOUGH, 1, "Je hebt dit boek al 1 keer verlengd."),
        (EN, Reason.RENEWED_ENOUGH, 1, "You have already renewed this book 1 time."),
        (EN, Reason.RENEWED_ENOUGH, 2, "You have already renewed this book 2 times."),
    ],
)
def test_a_refusal_that_counts_knows_one_from_many(texts: Texts, reason: Reason, count: int, why: str) -> None:
    assert sentences.refused(texts, _no(reason, count=count, maximum=count), TODAY).why == why


@pytest.mark.parametrize("language", available())
@pytest.mark.parametrize("count", [1, 2, 5, 15, 100])
def test_a_refusal_counts_in_every_language_in_the_form_of_its_number(language: str, count: int) -> None:
    texts = Texts(language)
    counted = [one for one in Reason if "count" in texts.needs(f"refused.{one.value}.why")]
    assert {Reason.PIN_LOCKED, Reason.ON_PASS_MAXIMUM, Reason.RENEWED_ENOUGH} <= {*counted}
    for reason in counted:
        said = sentences.refused(texts, _no(reason, count=count, maximum=count), TODAY).why
        assert said == texts.count(f"refused.{reason.value}.why", count, count=str(count), maximum=str(count))
        assert sentences.refused(texts, _no(reason), TODAY).why == texts.say(f"refused.{reason.value}.why.plain")


def test_what_next_follows_the_step_where_a_reason_has_two() -> None:
    assert sentences.refused(NL, _no(Reason.ITEM_UNKNOWN), TODAY).next == "Geef het aan de balie."
    again = sentences.refused(NL, _no(Reason.ITEM_UNKNOWN, NextStep.SCAN_AGAIN), TODAY)
    assert again.next == "Scan de streepjescode nog eens."
    assert str(again) == "We kennen dit boek niet. Scan de streepjescode nog eens."


_VALUE = st.one_of(st.integers(-(10**9), 10**9), st.text(max_size=12), st.dates())


@given(
    st.sampled_from(Reason),
    st.sampled_from(NextStep),
    st.dictionaries(
        st.sampled_from(["cents", "limit", "ended", "ends", "since", "due", "count", "maximum", "place", "x"]), _VALUE
    ),
)
def test_whatever_values_a_refusal_carries_two_sentences_come_out(
    reason: Reason, step: NextStep, values: dict[str, int | str | date]
) -> None:
    for texts in (NL, EN):
        said = sentences.refused(texts, Refused(reason, "K13", step, values), TODAY)
        assert said.why
        assert said.next
        if "place" not in values:
            assert "{" not in said.why + said.next


@pytest.mark.parametrize("language", available())
def test_k2_a_child_reads_of_no_refusal_an_amount_and_is_sent_with_a_parent_where_there_is_one(language: str) -> None:
    texts = Texts(language)
    for reason in Reason:
        no = _no(reason, cents=123_45, limit=1000)
        (said, usual) = (sentences.refused(texts, no, TODAY, of_child=one) for one in (True, False))
        row = sentences.row(texts, NotLent("1", no), TODAY, of_child=True)
        assert (row.why, row.next) == (said.why, said.next)
        amount = texts.money(123_45) in usual.why
        assert amount is (reason in (Reason.OPEN_AMOUNT, Reason.PAY_FIRST))
        if amount:
            assert not any(one.isdigit() for one in said.why + said.next)
            assert said == Sentence(
                texts.say(f"refused.{reason.value}.why.plain"), texts.say("account.fees.child.next")
            )
        else:
            assert said == usual


def test_each_row_says_how_it_stands() -> None:
    assert sentences.row(NL, Lent("1", "Oeroeg", DUE), TODAY) == RowWords("Oeroeg", "Geleend tot wo 12 augustus")
    assert sentences.row(NL, Asking("1"), TODAY) == RowWords("", "Even kijken…")
    assert sentences.row(NL, NotKnown("1"), TODAY).next == "Leg het op de balie."
    assert sentences.row(NL, NotAsked("1"), TODAY).why == "Geen verbinding. Dit boek is niet geleend."
    held = NotLent("1", _no(Reason.HELD_FOR_ANOTHER, NextStep.HOLD_SHELF), "Oeroeg")
    assert sentences.row(EN, held, TODAY).title == "Oeroeg"


def test_the_head_greets_until_something_was_borrowed() -> None:
    assert sentences.headline(NL, VISIT) == "Welkom"
    assert sentences.headline(NL, replace(VISIT, first_name="Ria")) == "Hallo Ria"
    assert sentences.headline(NL, replace(VISIT, resumed=True, first_name="Ria")) == "Welkom terug"
    assert sentences.headline(NL, replace(VISIT, rows=(Asking("1"),))) == "Welkom"
    assert sentences.headline(NL, replace(VISIT, rows=(Lent("1", "x", DUE),), lent=1)) == "1 geleend"


def test_how_many_more_is_said_only_where_it_means_something() -> None:
    assert sentences.may_borrow(NL, VISIT) == "Je mag nog 7 boeken lenen."
    assert sentences.may_borrow(NL, replace(VISIT, may_borrow=1)) == "Je mag nog 1 boek lenen."
    assert sentences.may_borrow(NL, replace(VISIT, may_borrow=0)) == "Meer lenen kan nu niet."
    assert sentences.may_borrow(NL, replace(VISIT, may_borrow=None)) == ""
    assert sentences.may_borrow(NL, replace(VISIT, may_borrow=0, cannot_borrow=_no(Reason.LAPSED))) == ""


def test_nobody_is_told_to_scan_what_cannot_be_borrowed() -> None:
    assert sentences.what_to_do(NL, VISIT) == "Scan je eerste boek."
    assert sentences.what_to_do(NL, replace(VISIT, rows=(Asking("1"),))) == "Scan je volgende boek."
    for visit in (
        replace(VISIT, may_borrow=0),
        replace(VISIT, cannot_borrow=_no(Reason.LAPSED)),
        replace(VISIT, troubles=frozenset({Trouble.NO_SCANNER})),
        replace(VISIT, troubles=frozenset({Trouble.NO_CONNECTION})),
    ):
        assert sentences.what_to_do(NL, visit) == ""
    assert sentences.what_to_do(NL, replace(VISIT, ending=True)) == "Nog even wachten…"


def test_an_outage_in_which_one_can_borrow_is_one_line_and_patrons_go_on_scanning() -> None:
    visit = replace(VISIT, troubles=frozenset({Trouble.WITHOUT_LINE}))
    assert sentences.aside(NL, visit.troubles) == "De verbinding is even weg. Lenen kan gewoon."
    assert sentences.what_to_do(NL, visit) == "Scan je eerste boek."
    assert sentences.aside(NL, frozenset({Trouble.NO_CONNECTION, Trouble.NO_SCANNER})) == ""


def test_a_provisional_date_is_said_to_be_one() -> None:
    assert sentences.row(NL, Lent("1", "Oeroeg", DUE, provisional=True), TODAY).why.startswith("Voorlopig tot ")


def test_the_end_says_how_many() -> None:
    assert sentences.finished(NL, Finished(3)) == "Klaar! 3 geleend."
    assert sentences.finished(NL, Finished(0)) == "Klaar. Je hebt niets geleend."


def test_a_trouble_says_what_next() -> None:
    expected = Sentence("De scanner doet het even niet.", "Ga met je boeken naar de balie.")
    assert sentences.trouble(NL, Trouble.NO_SCANNER) == expected


def test_a_row_says_what_the_gate_will_make_of_it_and_what_to_do() -> None:
    lent = Lent("1", "Oeroeg", DUE)
    assert sentences.row(NL, lent, TODAY).next == ""
    assert sentences.row(NL, replace(lent, gate=Gate.LAY_DOWN), TODAY).next == "Leg het nog even op de plaat."
    assert "poortje" in sentences.row(NL, replace(lent, gate=Gate.CALLS), TODAY).next
    armed = sentences.row(NL, NotLent("1", _no(Reason.ITEM_DAMAGED), gate=Gate.ARMED), TODAY)
    assert armed.next.endswith("Neem je dit boek mee, dan piept het poortje.")
    yours = NotLent("1", _no(Reason.ALREADY_YOURS, NextStep.KEEP, due=DUE), gate=Gate.CALLS)
    assert sentences.row(NL, yours, TODAY).next.startswith("Het poortje kan piepen.")  # not "you can simply take it"
    assert "geleend" not in sentences.row(NL, Switching("1", Lent("1", "Oeroeg", DUE)), TODAY).why.casefold()
    assert "niet geleend" in sentences.row(NL, Undone("1", "Oeroeg"), TODAY).why


def test_n10_a_code_stands_under_what_belongs_to_its_case_and_nothing_else() -> None:
    no, said = _no(Reason.NO_STRIPS), RowWords("Oeroeg", "Op.", "Ga naar de balie.")
    of = Borrowing(code="KZTP", code_of=Reason.NO_STRIPS)
    coded = replace(said, next="Ga naar de balie.\nNoem code KZTP bij de balie.")
    assert sentences.with_code(NL, said, no, of) == coded
    assert sentences.with_code(NL, said, no, MyAccount(code="KZTP", code_of=Reason.NO_STRIPS)) == coded
    for other in (_no(Reason.ITEM_DAMAGED), _no(Reason.NO_STRIPS, NextStep.OWN_LIBRARY)):
        assert sentences.with_code(NL, said, other, of) == said
    for none in (Borrowing(code_of=Reason.NO_STRIPS), Borrowing(code="KZTP")):
        assert sentences.with_code(NL, said, no, none) == said


def test_k4_of_a_loan_it_is_said_that_it_was_reserved_and_that_it_was_theirs_before() -> None:
    known = Lent("1", "Oeroeg", DUE, borrowed_before=True, hold_filled=True)
    until = "Geleend tot wo 12 augustus"
    both = f"{until}\nJe reservering is opgehaald.\nJe leende dit al eens."
    assert sentences.row(NL, known, TODAY) == RowWords("Oeroeg", both)
    assert sentences.row(NL, replace(known, gate=Gate.CALLS), TODAY).why == until, "then only the gate counts"


def test_a_set_says_how_much_of_it_is_seen() -> None:
    assert sentences.row(NL, PartsMissing("1", 4, 5), TODAY) == RowWords(
        "", "We zien 4 van de 5 delen.", "Leg alle delen op de plaat."
    )


def test_at_a_pad_books_are_laid_down() -> None:
    visit = replace(VISIT, by_pad=True)
    assert sentences.what_to_do(NL, visit) == "Leg je boeken op de plaat."
    assert sentences.how(NL, visit) == "Je mag ze stapelen. Scannen kan ook."
    assert sentences.how(NL, replace(visit, by_scan=False)) == "Je mag ze stapelen."
    assert sentences.what_to_do(NL, replace(visit, troubles=frozenset({Trouble.NO_ITEMS}))) == ""


def test_the_end_says_what_still_needs_care() -> None:
    assert sentences.still_to_do(NL, Finished(3, lying=True)) == ""
    assert sentences.still_to_do(NL, Finished(3, to_check=1)).startswith("Bij 1 boek kan het poortje piepen.")
    assert "geleend" not in sentences.finished(NL, Finished(0, unlocking=True))
    both = sentences.still_to_do(EN, Finished(3, not_known=1, to_check=2))
    assert both.startswith("The gate may beep for 2 books.")
    assert "1 book" in both


def test_k8_k10_a_row_says_that_an_item_was_returned_and_where_it_goes() -> None:
    back = Back("1", "Oeroeg", Route.SHELF)
    assert sentences.row(NL, back, TODAY) == RowWords("Oeroeg", "Ingeleverd.", "Leg het op de kar.")
    waits = sentences.row(NL, replace(back, route=Route.HOLD_SHELF, place="blauw"), TODAY)
    assert (waits.why, waits.next) == ("Ingeleverd. Iemand wacht op dit boek.", "Leg het apart.")
    elsewhere = sentences.row(NL, replace(back, route=Route.OTHER_BRANCH, place="Borger"), TODAY)
    assert (elsewhere.why, elsewhere.next) == ("Ingeleverd. Het gaat naar Borger.", "Leg het apart.")
    assert sentences.row(NL, replace(back, route=Route.OTHER_BRANCH), TODAY).why == "Ingeleverd."
    assert sentences.row(NL, replace(back, route=Route.STAFF), TODAY).next == "Geef het aan de balie."
    assert sentences.row(NL, replace(back, provisional=True), TODAY).why == "Ingeleverd. We verwerken het later."


def test_a_return_whose_bit_is_not_armed_says_only_what_to_do_with_it_now() -> None:
    back = Back("1", "Oeroeg", Route.HOLD_SHELF, "blauw")
    assert sentences.row(NL, replace(back, gate=Gate.LAY_DOWN), TODAY).next == "Leg het nog even op de plaat."
    assert sentences.row(NL, replace(back, gate=Gate.OPEN), TODAY).next == "Geef dit boek aan de balie."
    assert "ngeleverd" not in sentences.row(NL, Switching("1", Back("1", "Oeroeg", Route.SHELF)), TODAY).why


def test_a_list_of_returns_never_speaks_of_borrowing() -> None:
    for one in (NotKnown("1"), NotAsked("1")):
        said = sentences.row_of_returns(NL, one, TODAY)
        assert "ingeleverd" in said.why
        assert "leen" not in f"{said.why} {said.next}"
    assert sentences.row_of_returns(NL, Back("1", "Oeroeg", Route.SHELF), TODAY).why == "Ingeleverd."
    assert "Inleveren kan gewoon." in sentences.aside_of_returns(NL, frozenset({Trouble.WITHOUT_LINE}))
    assert sentences.aside_of_returns(NL, frozenset()) == ""


def test_the_thanks_say_how_many_and_what_needs_care() -> None:
    assert sentences.returned(NL, Returned(3)) == Sentence("Bedankt! 3 ingeleverd.", "Tot ziens!")
    assert "plaat" in sentences.returned(NL, Returned(3, lying=True)).next
    both = sentences.returned(NL, Returned(3, to_check=1, not_known=2))
    assert both.next.startswith("Geef 1 boek aan de balie. Van 2 boeken")
    assert sentences.returned(NL, Returned(0, not_known=1)).why == "Er is niets ingeleverd."
    assert "Bedankt" not in sentences.returned(NL, Returned(1, locking=True)).why


def test_n8_the_end_of_a_membership_is_said_with_what_next_unless_the_desk_is_told_of_anyway() -> None:
    last = date(2026, 8, 31)
    said = sentences.membership_ends(NL, Borrowing(ends=last), TODAY)
    assert str(said) == "Je lidmaatschap loopt op ma 31 augustus af. Verlengen kan bij de balie."
    no = Refused(Reason.OPEN_AMOUNT, "F1", NextStep.DESK)
    assert sentences.membership_ends(NL, Borrowing(ends=last, cannot_borrow=no), TODAY) is None
    assert sentences.membership_ends(NL, Borrowing(), TODAY) is None
