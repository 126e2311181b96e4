"""A kiosk that only writes: `python -m tests.offline_cache JOURNAL`, to be killed at any moment.

Each line that it prints is a promise: what it says was committed before.
"""

import os
import random
import sys
from pathlib import Path

from circulation.outcomes import Voided
from offline_cache.journal import JournalFault
from tests.offline_cache.journals import REFUSED, append, lent, open_journal


def main(path: Path) -> int:
    """Writes for ever."""
    try:
        journal = open_journal(path)
    except JournalFault as fault:
        print(f"fault {fault}", flush=True)
        return 3
    say("ready")
    while True:
        event = append(journal)
        say(f"asked {event.seq} {event.id}")
        turn = random.randrange(5)
        if turn == 0:
            journal.answered(event, lent())
            say(f"answered {event.seq} lent")
        elif turn == 1:
            journal.answered(event, REFUSED)
            say(f"answered {event.seq} refused")
        elif turn == 2:
            journal.give_up(event)
            say(f"given_up {event.seq}")
            journal.answered(event, Voided(event.id))
            say(f"voided {event.seq}")


def say(line: str) -> None:
    """At once and whole."""
    os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
