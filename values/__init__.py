"""Value classes: `dataclass`, whose methods are not compiled before they are needed (ADR 32).

Knows nothing of lending or of devices, so every room may use it; it uses the standard library alone.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # what is said of it by type is the same
else:
    from values.lazily import dataclass

__all__ = ["dataclass"]
