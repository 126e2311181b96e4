"""Writes docs/rules.md: every rule in our own words, what keeps it, what a library may set, and what tests it.

`python -m tests.architecture.rules_page` writes the page; a test compares it with the code.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from circulation import model, rules
from circulation.catalogue import CATALOGUE
from circulation.rules import facts, verdict
from circulation.rules.book import DATA, IDS, OPERATIONS, SETTINGS, Kept
from circulation.rules.facts import RULE_IDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "rules.md"
CHAPTERS = {
    "K": "Passes, patrons and what is done at the kiosk",
    "P": "Numbers and passes",
    "G": "Guests",
    "N": "The region",
    "S": "Subscriptions",
    "F": "Fees and payment",
    "A": "Administrative passes",
}
HEAD = """# The lending rules, and where they are kept

Written by `make docs` from the code; a test fails where this page and the code differ. The ids are those that every
refusal, every marked function and every test bears. *Keeps it* names the rule functions (pure, in `circulation`), the
data of the catalogue and the operations that do what was decided; *a library sets* names the facts that carry its own
values, with the default in brackets where there is one.

"""
ORDERS = {
    "A visit begins": verdict.VISIT_ORDER,
    "Borrowing": (*verdict.PATRON_ORDER, *verdict.ITEM_ORDER),
    "Renewing": verdict.RENEW_ORDER,
    "Returning": verdict.RETURN_ORDER,
}


def load_rules() -> None:
    """Imports every module of rules, so that each function is marked."""
    for module in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{module.name}")


def in_order() -> list[str]:
    """The ids, chapter by chapter."""
    return sorted(IDS, key=lambda one: (list(CHAPTERS).index(one[0]), int(one[1:])))


def sentence(path: str) -> str:
    """What the function's own docstring says first, on one line."""
    module, _, name = path.rpartition(".")
    said = inspect.getdoc(getattr(import_module(module), name)) or ""
    return " ".join(said.split("\n\n")[0].split())


def functions(rule: str) -> list[str]:
    """The dotted paths of the functions that bear the id."""
    return sorted(path for path, ids in RULE_IDS.items() if rule in ids)


def kept(rule: str) -> list[Kept]:
    """Functions, data and operations that keep the rule, with how."""
    return [*(Kept(path, sentence(path)) for path in functions(rule)), *DATA.get(rule, ()), *OPERATIONS.get(rule, ())]


@cache
def tests() -> dict[str, list[tuple[str, str]]]:
    """By id: the file and the name of every test that bears it."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _test_names(path):
            for rule in re.findall(r"_([KPGNSFA]\d+)(?=_)", name):
                found[rule].append((str(path.relative_to(ROOT)), name))
    return found


def _test_names(path: Path) -> Iterator[str]:
    for one in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith("test_"):
            yield one.name


def _orders() -> Iterator[str]:
    """What is asked in which order: the first refusal decides, staff see them all."""
    yield "## The order of a verdict\n\nThe first refusal decides, so that the same patron always hears the same"
    yield "sentence; staff see all of them. A refusal to borrow or renew never stops paying, looking at the account or"
    yield "returning.\n"
    for name, order in ORDERS.items():
        yield f"{name}:\n"
        for number, function in enumerate(order, 1):
            path = f"{function.__module__}.{function.__qualname__}"
            yield f"{number}. {'/'.join(RULE_IDS[path])} {function.__name__.replace('_', ' ')}"
        yield ""


def _catalogue() -> Iterator[str]:
    """S1: the catalogue as the code has it."""
    yield "## The catalogue\n"
    yield "Prices in cents; a dash is no maximum, no period or no fine. Fines are cents a day and at most.\n"
    yield "| code | name | from | to | price | months | ages | strips | on pass | days | fine | besides |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for one in CATALOGUE:
        ages = "-" if one.oldest is None else f"{one.youngest}-{one.oldest}"
        fine = "-" if one.fine is None else f"{one.fine.per_day}, {one.fine.maximum}"
        named = (field.name for field in fields(one) if getattr(one, field.name) is True and field.name != "selectable")
        besides = [*(name.replace("_", " ") for name in named), *([] if one.selectable else ["not selectable"])]
        row = (one.code, one.name, one.valid_from, one.valid_to, one.price, one.months, ages, one.strips, one.on_pass)
        cells = (*row, one.loan_days, fine, ", ".join(besides))
        yield "| " + " | ".join("-" if cell is None else str(cell) for cell in cells) + " |"
    yield ""


def _setting(name: str) -> str:
    """The field, with its default; what the catalogue sets stands in the table above."""
    owner, _, field_name = name.partition(".")
    kind = getattr(facts, owner, None) or getattr(model, owner)
    default = next(one.default for one in fields(kind) if one.name == field_name)
    if default is MISSING or owner == "Subscription" or default == frozenset():
        return f"`{name}`"
    if isinstance(default, bool):
        default = "on" if default else "off"
    if isinstance(default, frozenset):
        default = ", ".join(sorted(str(getattr(one, "value", one)) for one in default))
    return f"`{name}` ({default if default != '' else 'empty'})"


def _tested(rule: str) -> Iterator[str]:
    """The names where the rule itself is tested; of tests elsewhere only the room, so that the page seldom changes."""
    here, there = [], set()
    for path, name in tests()[rule]:
        if path.startswith("tests/circulation/"):
            here.append((path, name))
        else:
            there.add("/".join(path.split("/")[:2]))
    yield from (f"  - `{Path(path).name}`: {_words(name)}" for path, name in here)
    yield from (f"  - `{path}`" for path in sorted(there))


def _words(name: str) -> str:
    return re.sub(r"^((?:[KPGNSFA]\d+ )+)", "", name.removeprefix("test_").replace("_", " "))


def entry(rule: str) -> str:
    """The section of one rule."""
    lines = [f"### {rule}", "", "- Keeps it:"]
    lines += [f"  - `{one.path}`: {one.how}" for one in kept(rule)]
    if rule in SETTINGS:
        lines.append("- A library sets: " + ", ".join(map(_setting, SETTINGS[rule])))
    return "\n".join([*lines, "- Tested by:", *_tested(rule), ""])


def page() -> str:
    """The whole page."""
    load_rules()
    parts, chapter = [HEAD, "\n".join(_orders()), "\n", "\n".join(_catalogue()), "\n"], ""
    for rule in in_order():
        if rule[0] != chapter:
            chapter = rule[0]
            parts.append(f"## {chapter}: {CHAPTERS[chapter]}\n\n")
        parts.append(entry(rule) + "\n")
    return "".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
