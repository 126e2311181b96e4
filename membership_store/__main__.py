"""The command line of the membership store; its subjects stand in membership_store/cli/."""

import sys

from membership_store.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
