"""Memory that is not used any more goes back to the system, in a process that says so when it starts."""

import subprocess
import sys

PIECES = 200
PIECE = 512 * 1024
DRAWN = f"""
import re, sys
from pathlib import Path
from kiosk.steady_memory import keep_memory_steady

def held():
    return int(re.findall(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[0])

if sys.argv[1] == "steady":
    keep_memory_steady()
_ = b"x" * (30 * 1024 * 1024)  # a large picture: after it the library keeps all smaller ones for itself
del _
before = held()
pieces, stays = [], []
for _ in range({PIECES}):
    pieces.append(b"x" * {PIECE})
    stays.append(bytearray(2000))  # lies behind each
pieces.clear()
print(held() - before)
"""


def kept(how: str) -> int:
    """KiB that a process still holds of 100 MiB that were drawn and are not used any more."""
    told = subprocess.run([sys.executable, "-c", DRAWN, how], capture_output=True, text=True, check=True)
    return int(told.stdout)


def test_what_was_drawn_goes_back_to_the_system() -> None:
    assert kept("steady") < PIECES * PIECE / 1024 / 10


def test_without_it_the_c_library_keeps_most_of_it() -> None:
    """That the test above sees what it says; where a library gives it back by itself, ours is not needed."""
    assert kept("as it is") > PIECES * PIECE / 1024 / 2


SMALL = """
import re
from pathlib import Path
from kiosk.steady_memory import give_back

def held():
    return int(re.findall(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[0])

pieces = [b"x" * 20_000 for _ in range(5000)]
stays = [piece for piece in pieces[::50]]
before = held()
pieces.clear()
give_back()
print(before - held())
"""


def test_after_a_visit_the_small_pieces_go_back_too_though_some_stay_between_them() -> None:
    told = subprocess.run([sys.executable, "-c", SMALL], capture_output=True, text=True, check=True)
    assert int(told.stdout) > 5000 * 20_000 / 1024 / 2
