"""What a process knows of patrons stays in its memory: no dump of it on a disk, no look into it by a debugger."""

import ctypes
import resource

_PR_SET_DUMPABLE = 4  # prctl(2)


def keep_memory_private() -> None:
    """For the rest of this process. A system that cannot (no Linux) goes on without."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        return
