"""Generations of a mirror, one by one: `python -m tests.crash.swapping FOLDER [MISTAKE]`. What is said was committed.

MISTAKE, which must be found: EARLY, the pointer comes before the file of its generation is synced; PARTED, a page and
its cursor are two transactions.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from circulation.events import ClockState, Told
from circulation.masking import PATRON, masked
from offline_cache.age import AsOf
from offline_cache.generations import Generations
from offline_cache.mirror_file import MirrorFile, Page, Signed
from offline_cache.mirror_rows import Row
from tests.crash.__main__ import BOOT, say
from tests.offline_cache.model_store import KEY, NOW, network, patron

AS_OF = AsOf(NOW, Told(BOOT, 1000, ClockState.SYNCHRONISED))
NUMBER = "20000000000014"
GENERATIONS, PAGES = 4, 3
EARLY, PARTED = "early", "parted"


def row(kind: str, ver: int, **body: object) -> Row:
    """As the pull reads it."""
    key = masked(KEY.key, PATRON, "p") if kind == "patron" else ""
    return msgspec.json.decode(msgspec.json.encode({"kind": kind, "key": key, "ver": ver, **body}), type=Row)


def one_patron(ver: int) -> Row:
    """A patron whose language says which version it is."""
    return row("patron", ver, patron=patron("p", (NUMBER,), language=f"v{ver}"))


def apply(file: MirrorFile, ver: int, mistake: str) -> None:
    """One page."""
    rows = [one_patron(ver)]
    if mistake == PARTED:
        file._put_patrons(file._sealed(rows))
        rows = []
    file.apply(Page(f"g:{ver - 1}", "g", ver, rows, 0, AS_OF))


def main(folder: Path, mistake: str) -> None:
    """Makes each generation, lets it go live, brings it up to date, and drops the one before."""
    generations = Generations(folder)
    for number in range(1, GENERATIONS + 1):
        with closing(MirrorFile(generations.file(number), KEY, new=True)) as file:
            file.fill([row("network", 1, **network()), one_patron(number * 10)])
            manifest = json.dumps({"made_at": NOW.isoformat()}).encode()
            file.finish(Signed(manifest, "00" * 64, "g", number * 10, "", AS_OF))
            if mistake == EARLY:
                generations.go_live(number)
                say(f"{number} {number * 10}")
            file.settle()
        if mistake != EARLY:
            generations.go_live(number)
            say(f"{number} {number * 10}")
        with closing(MirrorFile(generations.file(number), KEY)) as file:
            for ver in range(number * 10 + 1, number * 10 + 1 + PAGES):
                apply(file, ver, mistake)
            file.settle()
            say(f"{number} {number * 10 + PAGES}")
        generations.drop_all_but(number)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True)
    main(Path(sys.argv[1]), "".join(sys.argv[2:]))
