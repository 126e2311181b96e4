"""`python -m offline_cache`: the pull, and what can be asked of a kiosk's memory."""

import sys

from offline_cache.cli import main

sys.exit(main())
