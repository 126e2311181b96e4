"""Text catalogues: every .po of the tree to a .mo beside it (GNU gettext's formats), by Babel."""

from __future__ import annotations

import io
import os
import re
import sys
from collections import Counter
from pathlib import Path

CATALOGUES = "kiosk/texts/**/*.po"

# Babel skips a line that it does not understand, and with it a text; so every line is looked at first.
_LINE = re.compile(r'\s*(#.*|((msgctxt|msgid|msgid_plural|msgstr(\[\d\])?)\s+)?"([^"\\]|\\.)*"\s*|)')
_KEY = re.compile(r'(?m)^msgid\s+"(.+)"')


def complaints(text: str) -> list[str]:
    """Return what is wrong with a catalogue's text: lines that are not the format's, keys that stand twice."""
    lines = enumerate(text.splitlines(), 1)
    odd = [f"line {number} is not a catalogue's: {line}" for number, line in lines if not _LINE.fullmatch(line)]
    twice = [f"stands twice: {key}" for key, times in Counter(_KEY.findall(text)).items() if times > 1]
    return odd + twice


def compile_all(root: Path) -> list[Path]:
    """Compile the catalogues under `root`; return those .mo files that became different.

    Fuzzy entries are left out. Raises ValueError naming the file and line of a catalogue that is not well-formed.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    changed = []
    for source in sorted(root.glob(CATALOGUES)):
        text = source.read_text("utf-8")
        if wrong := complaints(text):
            raise ValueError(f"{source.relative_to(root)}: {wrong[0]}")
        compiled = io.BytesIO()
        try:
            write_mo(compiled, read_po(io.StringIO(text), locale=source.stem, abort_invalid=True))
        except PoFileError as problem:
            raise ValueError(f"{source.relative_to(root)}: {problem}") from problem
        target = source.with_suffix(".mo")
        if target.is_file() and target.read_bytes() == compiled.getvalue():
            continue
        beside = target.with_suffix(f".mo.{os.getpid()}")
        beside.write_bytes(compiled.getvalue())
        beside.replace(target)
        changed.append(target)
    return changed


def main() -> int:
    """Compile the catalogues of the folder that this is started in; return the exit code."""
    try:
        changed = compile_all(Path.cwd())
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    for path in changed:
        print(f"compiled {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
