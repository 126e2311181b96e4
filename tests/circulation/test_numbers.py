"""What a scanned number looks like: P1, P2 and P3."""
# ruff: noqa: N802 - a test bears the id of its rule

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.identifiers import IdentifierError, luhn_holds, with_check_digit
from circulation.rules.numbers import NumberKind, kind_of, may_be_misread


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("20000000000014", NumberKind.PASS),
        ("29401000075801", NumberKind.PASS),
        ("29998000000000", NumberKind.PASS),
        ("29999900000035", NumberKind.ADMINISTRATIVE_PASS),
        ("29999940800188", NumberKind.ADMINISTRATIVE_PASS),
        ("30000000000012", NumberKind.ITEM),
        ("39401000075800", NumberKind.ITEM),
        ("1234567890123456", NumberKind.MANDATE),
        ("2000000000001234", NumberKind.MANDATE),
        ("3000000000001234", NumberKind.MANDATE),
        ("10000000000000", NumberKind.OTHER),
        ("864300", NumberKind.OTHER),
        ("2000", NumberKind.OTHER),
        ("200000000000141", NumberKind.OTHER),
        ("9789029578264", NumberKind.OTHER),
        ("2000000000001A", NumberKind.OTHER),
        ("٢٠٠٠٠٠٠٠٠٠٠٠١٤", NumberKind.OTHER),
        ("", NumberKind.OTHER),
    ],
)
def test_P1_the_table_classifies_by_the_longest_prefix(number: str, kind: NumberKind) -> None:
    assert kind_of(number) is kind


@pytest.mark.parametrize("number", ["29401000075801", "29999900000035", "29999940800188"])
def test_P2_numbers_from_the_manuals_satisfy_the_check(number: str) -> None:
    assert luhn_holds(number)
    assert not may_be_misread(number)


@given(st.text("0123456789", min_size=1, max_size=20))
def test_P2_the_check_digit_makes_the_check_hold_and_no_other_does(digits: str) -> None:
    whole = with_check_digit(digits)
    assert whole[:-1] == digits
    assert [last for last in "0123456789" if luhn_holds(digits + last)] == [whole[-1]]


@given(st.text("0123456789", min_size=1, max_size=20), st.data())
def test_P2_every_single_wrong_digit_fails_the_check(digits: str, data: st.DataObject) -> None:
    whole = with_check_digit(digits)
    place = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.sampled_from([one for one in "0123456789" if one != whole[place]]))
    assert not luhn_holds(whole[:place] + wrong + whole[place + 1 :])


@pytest.mark.parametrize("text", ["", "A", "12 34", "²", "٢"])
def test_P2_what_is_not_digits_has_no_check(text: str) -> None:
    assert not luhn_holds(text)


@pytest.mark.parametrize("text", ["", "12A", "²"])
def test_P2_a_check_digit_needs_digits(text: str) -> None:
    with pytest.raises(IdentifierError):
        with_check_digit(text)


@pytest.mark.parametrize("number", ["864301", "1234567890123456", "9789029578265", ""])
def test_P2_only_printed_numbers_of_ours_can_look_misread(number: str) -> None:
    assert not may_be_misread(number)


@pytest.mark.parametrize("number", ["20000000000015", "29999900000036", "30000000000013"])
def test_P2_a_failing_check_digit_is_a_hint(number: str) -> None:
    assert may_be_misread(number)
