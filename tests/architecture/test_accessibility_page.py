"""What docs/accessibility.md says of tests is so: every one that it names is there."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
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


def test_what_no_program_can_keep_says_so() -> None:
    assert PAGE.count("**hardware**") >= 6
