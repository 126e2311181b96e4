"""The pad's simulator by its verbs, as from a shell."""

from __future__ import annotations

import json

import pytest

from devices.ports import TagSecurity
from devices.simulators.__main__ import main
from tests.devices.item_pad.conftest import Pad
from tests.devices.running import LIMIT_S

ONE, TWO = "30001111111111", "30002222222222"


@pytest.fixture
def shell(pad: Pad, monkeypatch: pytest.MonkeyPatch) -> Pad:
    monkeypatch.setenv("KIOSK_RUN_DIR", str(pad.workbench.run_dir))
    return pad


def test_items_are_placed_stacked_and_taken_away(shell: Pad) -> None:
    assert main(["place-item", ONE, "--part", "1", "--parts", "2", "--afi", "0xC2"]) == 0
    (item,) = shell.numbers(ONE)
    assert (item.parts, item.security) == (2, TagSecurity.UNSECURED)
    assert main(["stack-items", TWO, "7"]) == 0
    shell.numbers(ONE, TWO, "7")
    assert main(["remove-item", item.uid.hex()]) == 0
    shell.numbers(TWO, "7")
    assert main(["clear-pad"]) == 0
    shell.numbers()


def test_a_book_of_the_pile_is_placed_by_its_name(shell: Pad) -> None:
    pile = [{"name": "oeroeg", "title": "Oeroeg", "barcode": ONE, "expect": "lent"}]
    (shell.workbench.run_dir / "pile.json").write_text(json.dumps(pile), "utf-8")
    assert main(["place-book", "oeroeg"]) == 0
    shell.numbers(ONE)


def test_troubles_are_made_and_the_status_shows_each_tag(shell: Pad, capsys: pytest.CaptureFixture[str]) -> None:
    main(["place-item", ONE])
    (item,) = shell.numbers(ONE)
    assert main(["move-item", ONE, "--during", "write", "--back-after", "2"]) == 0
    assert main(["pace-pad", "0.001"]) == 0
    assert main(["pad-fault", "silent", "1", "--on", "system"]) == 0
    assert shell.port.unsecure(item.uid, LIMIT_S) is TagSecurity.UNSECURED
    assert main(["lock-item", ONE]) == 0
    assert shell.port.secure(item.uid, LIMIT_S) is TagSecurity.UNSECURED
    assert main(["status"]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("item-pad"))
    (tag,) = json.loads(line.split(None, 1)[1])["tags"]
    assert (tag["uid"], tag["number"], tag["afi"], tag["eas"]) == (item.uid.hex(), ONE, 0xC2, True)
    assert main(["spoil-item", ONE]) == 0
    assert main(["unplug", "pad"]) == 0
    assert main(["plug", "pad"]) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["remove-item", "nothing"], "no such tag lies on the pad"),
        (["place-item", "x" * 17], "too long for this model"),
        (["place-item", "1", "--uid", "04"], "the UID has 8 bytes"),
        (["place-item", "1", "--uid", "zz"], "written in hexadecimal"),
        (["place-item", "1", "--model", "3m"], "there is no model '3m'; choose from iso28560-3"),
        (["place-item", "1", "--memory", "00" * 200], "a tag of this model has 112 bytes"),
        (["place-item", "1", "--security", "perhaps"], "secured or unsecured"),
        (["place-item", "1", "--part", "3", "--parts", "2"], "beyond this model"),
        (["pad-fault", "silent", "--on", "tuesdays"], "there is no 'tuesdays'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    shell: Pad, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(words) == 1
    assert sentence in capsys.readouterr().err
