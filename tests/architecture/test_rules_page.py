"""The rule book is whole: every id is kept by something that exists, is tested under its id, and stands on the page."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from importlib import import_module

import pytest

from circulation import model
from circulation.outcomes import Reason
from circulation.rules import facts
from circulation.rules.book import DATA, IDS, OPERATIONS, SETTINGS, Kept
from circulation.rules.facts import RULE_IDS, Policy
from tests.architecture import rules_page

rules_page.load_rules()
ALL = rules_page.in_order()
NAMED: list[Kept] = [one for table in (DATA, OPERATIONS) for some in table.values() for one in some]


def test_the_rule_book_has_64_ids() -> None:
    assert len(ALL) == len(IDS) == 64
    assert (ALL[0], ALL[-1]) == ("K1", "A6")


@pytest.mark.parametrize("rule", ALL)
def test_every_id_is_kept_by_a_function_a_piece_of_data_or_an_operation(rule: str) -> None:
    assert rules_page.kept(rule)


@pytest.mark.parametrize("rule", ALL)
def test_every_id_is_borne_by_a_test(rule: str) -> None:
    assert rules_page.tests()[rule]


def test_no_id_is_kept_that_the_rule_book_does_not_have() -> None:
    assert {one for ids in RULE_IDS.values() for one in ids} <= IDS
    assert DATA.keys() | OPERATIONS.keys() | SETTINGS.keys() <= IDS
    assert rules_page.tests().keys() <= IDS


@pytest.mark.parametrize("path", sorted({one.path for one in NAMED}))
def test_what_is_said_to_keep_a_rule_exists(path: str) -> None:
    assert _found(path) is not None


def _found(path: str) -> object:
    try:
        return import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def test_every_rule_function_says_what_it_keeps() -> None:
    short = [path for path in RULE_IDS if len(rules_page.sentence(path)) < 20]
    assert short == []


def test_every_setting_is_a_field_that_carries_it() -> None:
    for one in {name for names in SETTINGS.values() for name in names}:
        owner, _, name = one.partition(".")
        kind = getattr(facts, owner, None) or getattr(model, owner)
        assert is_dataclass(kind)
        assert name in {field.name for field in fields(kind)}, one


def test_every_policy_has_its_rule() -> None:
    set_by_a_library = {one for names in SETTINGS.values() for one in names}
    assert {f"Policy.{one.name}" for one in fields(Policy)} <= set_by_a_library


def test_the_page_is_that_of_the_code() -> None:
    assert rules_page.PAGE.read_text("utf-8") == rules_page.page(), "make docs"


def test_the_page_names_no_refusal_that_is_gone() -> None:
    text = rules_page.page()
    assert all(f"### {rule}\n" in text for rule in IDS)
    assert Reason.OTHER.value not in RULE_IDS
