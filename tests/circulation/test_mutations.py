"""The tests of the rules bite: a rule silenced, always refusing, or with one comparison turned fails a named test."""

import ast
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FunctionType, ModuleType

import pytest

from circulation import catalogue, identifiers
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules import (
    facts,
    fees,
    fines,
    guests,
    items,
    notices,
    numbers,
    offers,
    offline,
    passes,
    payments,
    pins,
    region,
    renewals,
    returns,
    staffing,
    subscriptions,
    terms,
    verdict,
    why,
)
from circulation.rules.facts import RULE_IDS
from tests.circulation import (
    test_catalogue,
    test_fees,
    test_fines,
    test_guest_enrolment,
    test_guests,
    test_identifiers,
    test_items,
    test_notices,
    test_numbers,
    test_offers,
    test_offline,
    test_passes,
    test_payments,
    test_pins,
    test_region,
    test_regional_items,
    test_renewals,
    test_returns,
    test_staffing,
    test_subscriptions,
    test_terms,
    test_verdict,
    test_why,
)

Test = Callable[[], None]
RULES = (
    fees,
    fines,
    guests,
    items,
    notices,
    numbers,
    offers,
    passes,
    payments,
    offline,
    pins,
    region,
    renewals,
    returns,
    staffing,
    subscriptions,
    terms,
    verdict,
)
MUTATED = (*RULES, facts, why, catalogue, identifiers)
TESTED = (
    test_catalogue,
    test_fees,
    test_fines,
    test_guest_enrolment,
    test_guests,
    test_identifiers,
    test_items,
    test_notices,
    test_numbers,
    test_offers,
    test_passes,
    test_payments,
    test_offline,
    test_pins,
    test_region,
    test_regional_items,
    test_renewals,
    test_returns,
    test_staffing,
    test_subscriptions,
    test_terms,
    test_verdict,
    test_why,
)
# Turned, these still say the same, and why.
EQUIVALENT = {
    "_has_ended: membership.starts <= membership.ends <= today": "what ends today is in force, which is asked before",
    "credit: one.cents <= 0": "nothing added is nothing",
}


def _bound(function: FunctionType, names: str, values: object) -> Test:
    split = [name.strip() for name in names.split(",")]
    return lambda: function(**dict(zip(split, values if len(split) > 1 else [values], strict=True)))  # type: ignore[call-overload]


def _cases(function: FunctionType) -> Iterator[Test]:
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    if not marks:
        yield function
    elif len(marks) == 1:
        names = marks[0].args[0]
        yield from (
            _bound(function, names if isinstance(names, str) else ",".join(names), row) for row in marks[0].args[1]
        )


def _tests() -> dict[str, list[Test]]:
    """Every test of TESTED that takes nothing or one table of examples, by its name."""
    found: dict[str, list[Test]] = {}
    for module in TESTED:
        for name, function in vars(module).items():
            if name.startswith("test_") and isinstance(function, FunctionType) and not hasattr(function, "hypothesis"):
                found.setdefault(name, []).extend(_cases(function))
    return found


TESTS = _tests()


def _failing(wanted: Callable[[str], bool]) -> str | None:
    """The name of the first wanted test that fails now, or None."""
    for name, cases in TESTS.items():
        if wanted(name):
            for one in cases:
                try:
                    one()
                except (Exception, pytest.fail.Exception):  # a mutant may break in any way
                    return name
    return None


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    found: dict[str, FunctionType] = {}
    for one in vars(module).values():
        if getattr(one, "__module__", None) != module.__name__:
            continue
        if isinstance(one, FunctionType):
            found[one.__qualname__] = one
        elif isinstance(one, type):
            methods = map(_method, vars(one).values())
            found |= {method.__qualname__: method for method in methods if isinstance(method, FunctionType)}
    return found


def _method(member: object) -> object:
    """The function of a property, or of one that is found out once."""
    return getattr(member, "fget", getattr(member, "find", member))


def _rules() -> list[FunctionType]:
    found = [one for module in RULES for one in _functions(module).values()]
    return [one for one in found if f"{one.__module__}.{one.__qualname__}" in RULE_IDS]


def _bears(function: FunctionType) -> Callable[[str], bool]:
    ids = RULE_IDS[f"{function.__module__}.{function.__qualname__}"]
    return lambda name: any(f"_{one}_" in name for one in ids)


def _saying(answer: object) -> CodeType:
    """The code of a function that gives this answer whatever it is asked."""
    code = (lambda *_, **__: "answer").__code__
    return code.replace(co_consts=tuple(answer if one == "answer" else one for one in code.co_consts))


@contextmanager
def _recompiled(function: FunctionType, code: CodeType) -> Iterator[None]:
    before = function.__code__
    try:
        function.__code__ = code
        yield
    finally:
        function.__code__ = before


def test_without_a_mutant_every_test_passes() -> None:
    assert _failing(lambda _: True) is None
    assert len(TESTS) > 150
    assert len(_rules()) == len(RULE_IDS)


@pytest.mark.parametrize("function", _rules(), ids=lambda one: one.__qualname__)
def test_a_rule_that_says_nothing_fails_a_test_of_its_id(function: FunctionType) -> None:
    with _recompiled(function, _saying(None)):
        assert _failing(_bears(function)) is not None


@pytest.mark.parametrize("function", _rules(), ids=lambda one: one.__qualname__)
def test_a_rule_that_always_refuses_fails_a_test_of_its_id(function: FunctionType) -> None:
    rule = RULE_IDS[f"{function.__module__}.{function.__qualname__}"][0]
    with _recompiled(function, _saying(Refused(Reason.TYPE_TO_DESK, rule, NextStep.DESK))):
        assert _failing(_bears(function)) is not None


# One thing in the source turned at a time.

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def _sites(tree: ast.AST) -> list[ast.AST]:
    return [one for one in ast.walk(tree) if isinstance(one, ast.Compare | ast.BoolOp)] + [
        one for one in ast.walk(tree) if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not)
    ]


def _turn(site: ast.AST, which: int) -> None:
    if isinstance(site, ast.Compare):
        site.ops[which] = COMPARISONS[type(site.ops[which])]()
    elif isinstance(site, ast.BoolOp):
        site.op = ast.Or() if isinstance(site.op, ast.And) else ast.And()
    elif isinstance(site, ast.UnaryOp):
        site.op, site.operand = ast.Not(), ast.UnaryOp(ast.Not(), site.operand)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            if one.co_flags & inspect.CO_OPTIMIZED == 0:  # a class: its methods
                yield from _codes(one)


@cache
def _mutants(module: ModuleType) -> tuple[tuple[str, FunctionType, CodeType], ...]:
    """The expression as it was turned, the function that holds it, and that function's code with the turn in it."""
    source, functions, found = inspect.getsource(module), _functions(module), []
    for number, site in enumerate(_sites(ast.parse(source))):
        for which in range(len(site.ops) if isinstance(site, ast.Compare) else 1):
            tree = ast.parse(source)
            turned = _sites(tree)[number]
            _turn(turned, which)
            code = compile(ast.fix_missing_locations(tree), inspect.getfile(module), "exec", dont_inherit=True)
            for one in _codes(code):
                if one.co_qualname in functions and functions[one.co_qualname].__code__ != one:
                    found.append((f"{one.co_qualname}: {ast.unparse(turned)}", functions[one.co_qualname], one))
    return tuple(found)


@pytest.mark.parametrize("module", MUTATED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_turned_comparison_fails_a_test(module: ModuleType) -> None:
    survived = []
    for turned, function, code in _mutants(module):
        with _recompiled(function, code):
            if turned not in EQUIVALENT and _failing(lambda _: True) is None:
                survived.append(turned)
    assert survived == []


def test_enough_is_turned_to_prove_something() -> None:
    turned = [one for module in MUTATED for one, _, _ in _mutants(module)]
    assert len(turned) > 120
    assert set(EQUIVALENT) <= set(turned)
