"""What is loaded of nfcpy: its front end and one driver, and nothing else of it stays changed or in the way."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def told(code: str) -> str:
    """What the code prints, run in a process of its own."""
    command = [sys.executable, "-c", "from devices.pass_reader import nfcpy\n" + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def test_the_driver_comes_without_peer_to_peer_tag_types_and_usb() -> None:
    loaded = set(told("import sys\nnfcpy.driver()\nprint(*sys.modules)").split())
    assert {"nfc.clf", "nfc.clf.pn532"} <= loaded
    assert loaded & {"nfc.tag", "nfc.dep", "nfc.llcp", "nfc.snep", "usb1", "ndef", "ctypes"} == set()


def test_whoever_wants_the_rest_of_it_afterwards_gets_the_real_one() -> None:
    assert (
        told("nfcpy.driver()\nimport nfc.tag, nfc.llcp, usb1\nprint(nfc.tag.Tag.__name__, usb1.__name__)") == "Tag usb1"
    )


def test_where_all_of_it_is_there_already_that_is_used() -> None:
    assert told("import nfc\nprint(nfcpy.driver()[0] is nfc.clf, nfc.tag.Tag.__name__)") == "True Tag"


def test_a_load_that_failed_once_is_made_good_by_the_next_try() -> None:
    fails_once = (
        "import sys\n"
        "class Once:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'nfc.clf.pn532' and self in sys.meta_path:\n"
        "            sys.meta_path.remove(self)\n"
        "            raise ImportError('too many open files')\n"
        "sys.meta_path.insert(0, Once())\n"
        "try:\n"
        "    nfcpy.driver()\n"
        "except ImportError as fault:\n"
        "    print(fault)\n"
        "print(nfcpy.driver()[1].__name__)"
    )
    assert told(fails_once).splitlines() == ["too many open files", "nfc.clf.pn532"]
