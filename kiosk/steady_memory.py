"""What was drawn once does not stay: memory goes back to the system when it is not used any more.

The C library keeps what was freed, in ever larger pieces small ones between: 11 % in 1,000 visits (tests/soak).
So large pieces go back at once, and what else is free after each visit.
"""

import ctypes

_M_MMAP_THRESHOLD = -3  # mallopt(3)
_M_ARENA_MAX = -8
_LARGE = 128 * 1024  # bytes; the library's own first value, which it raises by itself unless told
_ARENAS = 2  # heaps that threads share; by itself the library makes eight for each core


def keep_memory_steady() -> None:
    """For the rest of this process; to be called before its threads begin. Another C library than glibc goes on as it
    is."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """What is free goes back now: some milliseconds, so at a moment when nobody waits for a picture."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return
