"""A kiosk of a branch for the partition test: `lend` on a line lends an item, `heard` says of what it has heard.

`python -m tests.offline_cache.sharing_node NAME LISTEN PEER…`, each address host:port.
"""

from __future__ import annotations

import sys
import time

from offline_cache.sharing import Sharing, addresses
from tests.offline_cache.test_neighbours import Kiosk


def main() -> int:
    """Serves its standard input until that ends."""
    name, listen, *peers = sys.argv[1:]
    kiosk = Kiosk(name)
    (address,) = addresses((listen,))
    sharing = Sharing(kiosk.neighbours, address, addresses(tuple(peers)), lambda: int(time.monotonic() * 1000))
    sharing.start()
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "lend":
            kiosk.lends()
            print(len(kiosk.did), flush=True)
        else:
            found = sorted((heard.entry.event.kiosk, heard.entry.event.seq) for heard in sharing.heard())
            print(" ".join(f"{who}:{seq}" for who, seq in found), flush=True)
    sharing.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
