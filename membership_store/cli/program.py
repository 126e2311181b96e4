"""Puts the subjects together and runs what was asked: 0 done, 2 not done with a sentence on standard error."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from circulation.identifiers import IdentifierError
from membership_store import server
from membership_store.certificates import NoCertificate
from membership_store.cli import (
    backup_commands,
    csv_commands,
    desk_commands,
    explaining,
    guest_commands,
    kiosks,
    mail_commands,
    making,
    network_commands,
    nightly_commands,
    serving,
    staff_commands,
)
from membership_store.cli.command import Commands, Trouble
from membership_store.database import StoreUnavailable
from membership_store.demo.writer import NotADemo
from membership_store.migrations import SchemaError
from membership_store.network import NoSuchBranch

DONE, REFUSED = 0, 2
NAMES = ("library-store", "membership-store")
# In the order of the help. A subject adds its own commands; nothing else knows them.
SUBJECTS: tuple[Callable[[Commands], None], ...] = (
    serving.register,
    making.register,
    network_commands.register,
    explaining.register,
    kiosks.register,
    staff_commands.register,
    desk_commands.register,
    nightly_commands.register,
    mail_commands.register,
    csv_commands.register,
    guest_commands.register,
    backup_commands.register,
)


def parser(name: str = NAMES[0]) -> argparse.ArgumentParser:
    """The whole command line under that program name."""
    whole = argparse.ArgumentParser(prog=name, description="The central membership store and its desk.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for register in SUBJECTS:
        register(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; 0 done, 2 not done, with a sentence on standard error."""
    called = Path(sys.argv[0]).name
    name = called if called in NAMES else NAMES[0]
    given = parser(name).parse_args(arguments)
    try:
        given.do(given)
    except (Trouble, SchemaError, StoreUnavailable, server.CannotListen, NoCertificate, NotADemo) as trouble:
        return _refuse(name, str(trouble))
    except NoSuchBranch:
        return _refuse(name, "there is no such branch, or it needs --consortium")
    except IdentifierError as fault:
        return _refuse(name, str(fault))
    except BrokenPipeError:
        sys.stderr.close()  # who read our output went away; nobody is there to be told
        return REFUSED
    except OSError as fault:
        return _refuse(name, f"{fault.filename or 'the file system'}: {fault.strerror}")
    return DONE


def _refuse(name: str, sentence: str) -> int:
    print(f"{name}: {sentence}", file=sys.stderr)
    return REFUSED
