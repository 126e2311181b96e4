"""nfcpy's PN532 driver without the rest of nfcpy: peer to peer (with OpenSSL), tag types and USB are never used here.

They would cost 0.07 s of every start, while the window is being made, and some megabytes at rest.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

# What `nfc.clf` imports and touches in its `connect` or its USB transport only; `driver` uses neither.
_NOT_USED = ("nfc.tag", "nfc.dep", "nfc.llcp", "usb1")


def driver() -> tuple[Any, Any]:
    """The modules `nfc.clf` and `nfc.clf.pn532`. Raises ImportError where nfcpy is not installed."""
    if "nfc" not in sys.modules:
        _load()
    import nfc.clf
    from nfc.clf import pn532

    return nfc.clf, pn532


def _load() -> None:
    found = find_spec("nfc")
    if found is None or found.submodule_search_locations is None:
        raise ImportError("nfcpy is not installed")
    package = ModuleType("nfc")
    package.__path__ = list(found.submodule_search_locations)
    missing = [name for name in _NOT_USED if name not in sys.modules]
    sys.modules["nfc"] = package
    sys.modules.update({name: ModuleType(name) for name in missing})
    try:
        import nfc.clf.pn532  # noqa: F401
    except BaseException:
        for name in [one for one in sys.modules if one == "nfc" or one.startswith("nfc.")]:
            del sys.modules[name]  # the next try begins anew: half a package would fail each time
        raise
    finally:
        for name in missing:  # whoever wants one of them gets the real one
            sys.modules.pop(name, None)
