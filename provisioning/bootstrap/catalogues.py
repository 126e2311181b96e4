"""Text catalogues: every .po of the tree to a .mo beside it (GNU gettext's format), by Babel."""

from __future__ import annotations

import io
import os
from pathlib import Path

CATALOGUES = "kiosk/texts/**/*.po"


def compile_all(root: Path) -> list[Path]:
    """Compile the catalogues under `root`; return those .mo files that became different.

    Fuzzy entries are left out. Raises ValueError naming the file and line of a catalogue that is not well-formed.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    changed = []
    for source in sorted(root.glob(CATALOGUES)):
        compiled = io.BytesIO()
        with source.open("rb") as text:
            try:
                write_mo(compiled, read_po(text, locale=source.stem, abort_invalid=True))
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


if __name__ == "__main__":
    compile_all(Path.cwd())
