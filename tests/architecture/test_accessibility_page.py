"""docs/accessibility.md is whole: a line a criterion, its test or its reason in each, and every test is there."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
# WCAG 2.2 without 4.1.1, which was taken out of it.
A_AND_AA = """
1.1.1 1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.3.3 1.3.4 1.3.5 1.4.1 1.4.2 1.4.3 1.4.4 1.4.5
1.4.10 1.4.11 1.4.12 1.4.13
2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1 2.4.2 2.4.3 2.4.4 2.4.5 2.4.6 2.4.7 2.4.11 2.5.1 2.5.2
2.5.3 2.5.4 2.5.7 2.5.8
3.1.1 3.1.2 3.2.1 3.2.2 3.2.3 3.2.4 3.2.6 3.3.1 3.3.2 3.3.3 3.3.4 3.3.7 3.3.8
4.1.2 4.1.3
"""
# EN 301 549 V3.2.1, as far as a terminal with a screen, keys and speech can come under it.
CLAUSES = (
    "5.1.2 5.1.3 5.1.4 5.1.5 5.1.6 5.2 5.3 5.4 5.5 5.6 5.7 5.8 5.9 6 7 8.1 8.2 8.3 8.4 8.5 9 10 11.7 11.8 12.1 12.2 13"
)
PAGE = (TESTS.parent / "docs" / "accessibility.md").read_text("utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    file, named = "", 0
    for word in re.findall(r"`([^`]*\.py(?:::\w+)?|…::\w+)`", PAGE):
        path, _, test = word.partition("::")
        file = file if path == "…" else path
        named += 1
        assert (TESTS / file).is_file(), file
        assert not test or f"def {test}(" in (TESTS / file).read_text("utf-8"), word
    assert named > 40


def test_every_criterion_of_levels_a_and_aa_has_its_line() -> None:
    begin, _, rest = PAGE.partition("## WCAG 2.2 AA (11)")
    told = {one for line in _lines(rest.partition("\n## ")[0]) for one in re.findall(r"\b\d\.\d\.\d+\b", line[0])}
    assert begin
    assert set(A_AND_AA.split()) - told == set()


def test_every_clause_for_closed_functionality_and_of_what_surrounds_it_has_its_line() -> None:
    told = {one for line in _lines(PAGE) for one in re.findall(r"\d+(?:\.\d+)*", line[0])}
    missing = [one for one in CLAUSES.split() if not any(f"{line}.".startswith(f"{one}.") for line in told)]
    assert missing == []


def test_every_line_ends_with_its_test_or_its_reason() -> None:
    for line in _lines(PAGE):
        assert re.match(r"none: \w|as there$|`|\*\*hardware\*\*", line[-1]), line
        assert all(line), line


def _lines(text: str) -> list[list[str]]:
    """The cells of each line of its checklists, but for their heads."""
    rows = [[cell.strip() for cell in one[1:-1].split("|")] for one in text.splitlines() if one[:1] == "|"]
    lists = [one for one in rows if not re.fullmatch(r"pixels|\d+ × \d+|-+", one[0])]
    return [one for one in lists if one[0] not in ("clause", "criterion")]


def test_what_no_program_can_keep_says_so() -> None:
    assert PAGE.count("**hardware**") >= 6
