"""Where in a TOML file (toml.io, v1.0) something stands, told by the real parser and not by a second grammar."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any


def line_of(path: Sequence[str], lines: Sequence[str]) -> int:
    """The first line, from 1, after which the file read so far holds the key at `path`; 0 where it never does."""
    if not path:
        return 0
    for number in range(1, len(lines) + 1):
        try:
            here: Any = tomllib.loads("\n".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        for name in path:
            here = here.get(name) if isinstance(here, Mapping) else None
        if here is not None:
            return number
    return 0


def line_of_fault(fault: tomllib.TOMLDecodeError, text: str) -> int:
    """The line of a parser's complaint: it says "(at line 3, column 7)", or "(at end of document)"."""
    words = str(fault).replace(",", " ").split()
    if "line" in words[:-1]:
        return int(words[words.index("line") + 1])
    return text.rstrip().count("\n") + 1


def nearest(name: str, known: Sequence[str]) -> str:
    """The end of a sentence that offers the name that may have been meant, or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, 1)
    return f"; did you mean {found[0]!r}?" if found else ""
