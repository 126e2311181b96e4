"""Writes a small file whole: after a cut at any moment there is what was there before, or what was to be written.

For its owner alone (mode 0600), in a folder for its owner alone.
"""

import os
from pathlib import Path


def write_whole(file: Path, content: bytes, *, lasting: bool = True) -> None:
    """Puts it in the place of what was there. On the disk when this returns; where not `lasting`, for the other
    processes only: a power cut may leave a file without its content, which is meant for a memory file system.

    Two that write at once do not mix: the later one's stands. Raises OSError, and then nothing was changed.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            if lasting:
                out.flush()
                os.fsync(descriptor)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if lasting:
        sync(file.parent)


def sync(path: Path) -> None:
    """Brings a file, or the names in a folder, to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
