"""The real pad driver on the wire: stacks, parts, passes, tags that move, lines that fail, gate bits read back."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from devices.item_pad import danish
from devices.item_pad.feig_pad import FORGOTTEN_AFTER_S
from devices.ports import Health, PassFound, PassPresented, PassRemoved, TagSecurity
from tests.devices.item_pad.conftest import Pad
from tests.devices.running import LIMIT_S, eventually

SECURED, UNSECURED, UNKNOWN = TagSecurity.SECURED, TagSecurity.UNSECURED, TagSecurity.UNKNOWN
ONE, TWO = "30001111111111", "30002222222222"
PUBLISHED = "11010131313232333334340000000000000000513e4445373035000000000000"
FIVE = tuple(f"3000555500000{number}" for number in range(5))
LAYOUT = {"length": 12, "mark_at": 0, "mark": "4e4c", "number_at": 4, "number_length": 7, "number_form": "bcd"}


# -- what lies there


def test_an_item_is_told_with_all_that_its_tag_says_and_again_when_it_is_taken(pad: Pad) -> None:
    pad.bench.place_item(ONE, uid="e004010000000001")
    (item,) = pad.numbers(ONE)
    assert (item.uid.hex(), item.number, item.part, item.parts, item.usage, item.model, item.security) == (
        *("e004010000000001", ONE, 1, 1, 1, "iso28560-3"),
        SECURED,
    )
    pad.bench.remove_item(ONE)
    pad.numbers()
    assert [len(one.items) for one in pad.changes] == [1, 0]


@pytest.mark.parametrize("order", ["turned", "straight"])
def test_the_published_tag_is_read_off_the_wire_in_either_order_of_its_bytes(pad: Pad, order: str) -> None:
    pad.bench.place_item("x", memory=PUBLISHED, model="iso28560-3-small", order=order)
    (item,) = pad.numbers("11223344")
    assert item.model == "iso28560-3"


@pytest.mark.parametrize("model", ["iso28560-3", "iso28560-3-small", "iso28560-2"])
def test_every_public_model_is_read_with_its_parts_and_use(pad: Pad, model: str) -> None:
    pad.bench.place_item(ONE, model=model, part=2, parts=5, usage=2)
    (item,) = pad.numbers(ONE)
    assert (item.part, item.parts, item.usage, item.model) == (2, 5, 2, model.removesuffix("-small"))


def test_a_long_number_of_iso_28560_2_is_read_on_to_its_end(pad: Pad) -> None:
    number = "abc" * 17
    pad.bench.place_item(number, model="iso28560-2", parts=3, part=3, usage=1)
    (item,) = pad.numbers(number)
    assert (item.part, item.parts) == (3, 3)


def test_a_tag_of_a_layout_from_the_configuration_is_read(bare: Pad) -> None:
    pad = bare.open(models=["iso28560-3", "dutch"], dutch=LAYOUT)
    pad.bench.place_item("x", memory=(b"NL\x00\x00" + bytes.fromhex(ONE) + b"\x00").hex(), model="foreign")
    (item,) = pad.numbers(ONE)
    assert item.model == "dutch"


def test_a_stack_is_told_at_once_and_whole(pad: Pad) -> None:
    pad.bench.pad_fault("silent", on="inventory")
    pad.bench.stack_items(*FIVE)
    pad.bench.pad_fault("none")
    items = pad.numbers(*FIVE)
    assert [one.number for one in items] == list(FIVE)
    assert len(pad.changes) == 1


def test_a_stack_of_more_tags_than_an_answer_holds_is_told_whole(pad: Pad) -> None:
    many = [f"3000{number:010}" for number in range(30)]
    pad.bench.stack_items(*many)
    pad.numbers(*many)


def test_the_parts_of_an_item_are_told_so_that_a_missing_one_can_be_named(pad: Pad) -> None:
    for part in (1, 2, 4, 5):
        pad.bench.place_item(ONE, part=part, parts=5)
    items = pad.numbers(*[ONE] * 4)
    assert {one.part for one in items} == {1, 2, 4, 5}
    assert {one.parts for one in items} == {5}
    pad.bench.place_item(ONE, part=3, parts=5)
    pad.numbers(*[ONE] * 5)


def test_foreign_and_blank_tags_are_told_as_such_and_hide_nothing(pad: Pad) -> None:
    pad.bench.place_item("x", model="foreign", uid="e007000000000001")
    pad.bench.place_item("y", model="foreign", memory="55" * 24, uid="e016000000000002")
    pad.bench.place_item(ONE)
    items = pad.wait("three", lambda items: len(items) == 3)
    assert [(one.number, one.model) for one in items] == [(None, ""), (None, ""), (ONE, "iso28560-3")]


def test_a_tag_whose_checksum_is_wrong_is_told_without_a_number(pad: Pad) -> None:
    pad.bench.pad_fault("silent", on="inventory")
    pad.bench.place_item(ONE)
    pad.bench.spoil_item(ONE)
    pad.bench.pad_fault("none")
    (item,) = pad.wait("one", lambda items: len(items) == 1)
    assert (item.number, item.model, item.usage) == (None, "iso28560-3", None)


def test_what_lies_still_is_told_once(pad: Pad) -> None:
    pad.bench.stack_items(*FIVE)
    pad.bench.place_item("x", model="foreign")
    pad.wait("all", lambda items: len(items) == 6)
    told = len(pad.changes)
    pad.looks(25)
    assert len(pad.changes) == told


def test_a_pad_that_tells_only_new_tags_makes_nothing_come_and_go(pad: Pad) -> None:
    pad.bench.pad_tells_only_new()
    pad.bench.place_item(ONE)
    pad.numbers(ONE)
    pad.looks(25)
    assert len(pad.changes) == 1
    pad.bench.remove_item(ONE)
    pad.numbers()


# -- passes


def test_a_tag_of_a_patrons_card_is_a_pass_and_no_item(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    pad.numbers(ONE)
    pad.bench.place_item("29999900000035", usage=8, uid="e004010000000008")
    (presented,) = pad.events.wait(PassPresented)
    assert (presented.device, presented.uid.hex(), presented.number) == ("pad", "e004010000000008", "29999900000035")
    assert not presented.random_uid
    assert [one.number for one in pad.items()] == [ONE]
    pad.looks(20)
    pad.bench.remove_item("29999900000035")
    pad.events.wait(PassRemoved)
    assert len(pad.events.of(PassPresented)) == 1
    assert [one.number for one in pad.items()] == [ONE]


def test_of_two_passes_the_first_counts_until_it_is_taken(pad: Pad) -> None:
    pad.bench.place_item("29999900000035", usage=8)
    pad.events.wait(PassPresented)
    pad.bench.place_item("29401000075801", usage=8)
    pad.looks(20)
    assert len(pad.events.of(PassPresented)) == 1
    pad.bench.remove_item("29999900000035")
    second = pad.events.wait(PassPresented, 2)[1]
    assert second.number == "29401000075801"
    assert len(pad.events.of(PassRemoved)) == 1


# -- the gate


@pytest.mark.parametrize("security", ["afi", "eas", "both"])
def test_gate_bits_are_switched_and_read_back(bare: Pad, security: str) -> None:
    pad = bare.open(security=security)
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    assert item.security is SECURED
    assert pad.port.unsecure(item.uid, LIMIT_S) is UNSECURED
    tag = pad.tag(ONE)
    assert (tag["afi"], tag["eas"]) == (0x07 if security == "eas" else 0xC2, security == "afi")
    pad.wait("unsecured", lambda items: items[0].security is UNSECURED)
    assert pad.port.secure(item.uid, LIMIT_S) is SECURED
    assert (pad.tag(ONE)["afi"], pad.tag(ONE)["eas"]) == (0x07, True)
    pad.wait("secured", lambda items: items[0].security is SECURED)


def test_the_sites_own_afi_values_are_written_and_known(bare: Pad) -> None:
    pad = bare.open(afi_secured=0xD7, afi_unsecured=0xDA)
    pad.bench.place_item(ONE, afi=0xD7)
    pad.bench.place_item(TWO, afi=0x07)
    items = {one.number: one for one in pad.numbers(ONE, TWO)}
    assert (items[ONE].security, items[TWO].security) == (SECURED, UNKNOWN)
    assert pad.port.unsecure(items[ONE].uid, LIMIT_S) is UNSECURED
    assert pad.tag(ONE)["afi"] == 0xDA


def test_without_a_gate_nothing_is_written(bare: Pad) -> None:
    pad = bare.open(security="none")
    pad.bench.place_item(ONE, afi=0x55)
    (item,) = pad.numbers(ONE)
    assert pad.port.unsecure(item.uid, LIMIT_S) is UNSECURED
    assert (pad.tag(ONE)["afi"], pad.tag(ONE)["eas"]) == (0x55, True)


def test_a_tag_that_refuses_to_be_switched_is_told_as_it_is(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    pad.bench.lock_item(ONE)
    assert pad.port.unsecure(item.uid, LIMIT_S) is SECURED


def test_both_bits_that_do_not_agree_are_unknown(bare: Pad) -> None:
    pad = bare.open(security="both")
    pad.bench.place_item(ONE, afi=0xC2)
    (item,) = pad.numbers(ONE)
    assert item.security is UNKNOWN


def test_a_chip_whose_eas_commands_are_not_known_is_unknown(bare: Pad) -> None:
    pad = bare.open(security="eas")
    pad.bench.place_item(ONE, uid="e007000000000001")
    (item,) = pad.numbers(ONE)
    assert item.security is UNKNOWN
    assert pad.port.unsecure(item.uid, LIMIT_S) is UNKNOWN


def test_a_tag_that_is_not_there_is_unknown(pad: Pad) -> None:
    assert pad.port.unsecure(bytes.fromhex("e004010099999999"), LIMIT_S) is UNKNOWN


@pytest.mark.parametrize("security", ["afi", "eas", "both"])
@pytest.mark.parametrize("during", ["write", "after-write"])
def test_a_tag_taken_away_while_it_is_switched_is_unknown(bare: Pad, security: str, during: str) -> None:
    pad = bare.open(security=security)
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    pad.bench.move_item(ONE, during)
    assert pad.port.unsecure(item.uid, LIMIT_S) is UNKNOWN
    pad.numbers()


@pytest.mark.parametrize("security", ["afi", "eas", "both"])
@pytest.mark.parametrize("during", ["write", "after-write"])
@pytest.mark.parametrize("back_after", [1, 2, 3])
def test_a_tag_moved_while_it_is_switched_is_switched_when_it_is_back_or_unknown_never_wrong(
    bare: Pad, security: str, during: str, back_after: int
) -> None:
    pad = bare.open(security=security)
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    pad.bench.move_item(ONE, during, back_after)
    answer = pad.port.unsecure(item.uid, LIMIT_S)
    tag = pad.tag(ONE)
    clear = tag["afi"] == 0xC2 if security == "afi" else not tag["eas"]
    assert answer is not SECURED or not clear
    assert answer is not UNSECURED or (clear and (security != "both" or tag["afi"] == 0xC2))
    if security == "afi":
        assert answer is UNSECURED


@pytest.mark.parametrize("kind", ["truncate", "corrupt", "silent", "late"])
@pytest.mark.parametrize("on", ["write", "system"])
def test_one_faulty_answer_while_switching_is_made_good(pad: Pad, kind: str, on: str) -> None:
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    pad.bench.pad_fault(kind, 1, on)
    assert pad.port.unsecure(item.uid, LIMIT_S) is UNSECURED
    assert pad.tag(ONE)["afi"] == 0xC2


def test_a_pad_that_never_reads_back_is_unknown_within_the_deadline(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    pad.bench.pad_fault("silent", on="system")
    began = time.monotonic()
    assert pad.port.unsecure(item.uid, 0.4) is UNKNOWN
    assert time.monotonic() - began < 2.0


def test_a_switching_that_nobody_waits_for_any_more_is_not_begun(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    assert pad.port.unsecure(item.uid, 0.0) is UNKNOWN
    pad.looks()
    assert pad.tag(ONE)["afi"] == 0x07


def test_switching_from_many_threads_gives_each_its_own_answer(pad: Pad) -> None:
    pad.bench.stack_items(*FIVE)
    items = pad.numbers(*FIVE)
    answers: dict[str, TagSecurity] = {}

    def switch(index: int) -> None:
        act = pad.port.unsecure if index % 2 else pad.port.secure
        answers[FIVE[index]] = act(items[index].uid, LIMIT_S)

    threads = [threading.Thread(target=switch, args=(index,)) for index in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(LIMIT_S)
    assert answers == {number: UNSECURED if index % 2 else SECURED for index, number in enumerate(FIVE)}
    assert [pad.tag(number)["afi"] for number in FIVE] == [0x07, 0xC2, 0x07, 0xC2, 0x07]


# -- trouble


def test_a_tag_moved_while_it_is_read_is_read_when_it_lies_still(pad: Pad) -> None:
    pad.bench.pad_fault("silent", on="inventory")
    pad.bench.place_item(ONE)
    pad.bench.move_item(ONE, "read", 4)
    pad.bench.pad_fault("none")
    pad.numbers(ONE)
    assert [len(one.items) for one in pad.changes] == [1]


def test_a_tag_taken_away_while_it_is_read_was_never_there(pad: Pad) -> None:
    pad.bench.pad_fault("silent", on="inventory")
    pad.bench.place_item(ONE)
    pad.bench.move_item(ONE, "read")
    pad.bench.pad_fault("none")
    eventually("it left", lambda: not pad.tag(ONE)["there"])
    pad.looks(12)
    assert pad.changes == []


@pytest.mark.parametrize("kind", ["truncate", "corrupt", "silent", "late"])
@pytest.mark.parametrize("on", ["inventory", "read", "system"])
def test_one_faulty_answer_is_made_good_without_a_word(pad: Pad, kind: str, on: str) -> None:
    pad.bench.pad_fault(kind, 1, on)
    pad.bench.stack_items(ONE, TWO)
    items = pad.numbers(ONE, TWO)
    assert {one.number: one.uid.hex() for one in items} == {number: pad.tag(number)["uid"] for number in (ONE, TWO)}
    assert pad.events.states("pad") == [Health.CONNECTING, Health.READY]


def test_late_answers_never_give_a_tag_the_number_of_another(pad: Pad) -> None:
    pad.bench.pad_fault("late", 2, "read")
    pad.bench.stack_items(*FIVE)
    items = pad.numbers(*FIVE)
    assert {one.number: one.uid.hex() for one in items} == {number: pad.tag(number)["uid"] for number in FIVE}


@pytest.mark.parametrize("kind", ["truncate", "corrupt", "silent"])
def test_a_pad_that_keeps_answering_badly_is_degraded_then_reopened_and_mends(pad: Pad, kind: str) -> None:
    pad.bench.place_item(ONE)
    pad.numbers(ONE)
    pad.bench.pad_fault(kind)
    pad.workbench.wait_for("pad", Health.LOST)
    assert Health.DEGRADED in pad.events.states("pad")
    pad.bench.pad_fault("none")
    pad.workbench.wait_for("pad", Health.READY)
    pad.numbers(ONE)


def test_an_unplugged_pad_is_lost_and_what_lies_there_is_told_anew(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    pad.bench.place_item("29999900000035", usage=8)
    (item,) = pad.numbers(ONE)
    pad.events.wait(PassPresented)
    pad.bench.unplug("pad")
    pad.workbench.wait_for("pad", Health.LOST)
    began = time.monotonic()
    assert pad.port.unsecure(item.uid, 5.0) is UNKNOWN
    assert time.monotonic() - began < 4.0
    pad.bench.clear_pad()
    pad.bench.place_item(TWO)
    pad.bench.plug("pad")
    pad.numbers(TWO)
    pad.events.wait(PassRemoved)
    assert pad.port.unsecure(pad.items()[0].uid, LIMIT_S) is UNSECURED


def test_what_lay_there_while_nobody_looked_is_read_anew(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    pad.bench.unplug("pad")
    began = time.monotonic()
    pad.bench.place_item(ONE, security="unsecured")
    eventually("a while", lambda: time.monotonic() - began > FORGOTTEN_AFTER_S + 0.1)
    pad.bench.plug("pad")
    (again,) = pad.wait("unsecured", lambda items: len(items) == 1 and items[0].security is UNSECURED)
    assert again.uid == item.uid


@pytest.mark.parametrize("away_s", [0, FORGOTTEN_AFTER_S + 0.1])
def test_a_pad_that_was_away_tells_all_that_lies_there_once_it_has_looked_and_never_that_it_is_empty(
    pad: Pad, away_s: float
) -> None:
    pad.bench.stack_items(*FIVE)
    pad.bench.place_item("29999900000035", usage=8)
    pad.numbers(*FIVE)
    pad.events.wait(PassPresented)
    told = len(pad.changes)
    pad.bench.unplug("pad")
    pad.workbench.wait_for("pad", Health.LOST)
    began = time.monotonic()
    eventually("a while", lambda: time.monotonic() - began >= away_s)
    pad.bench.plug("pad")
    eventually("it is told", lambda: len(pad.changes) > told)
    assert sorted(str(one.number) for one in pad.changes[told].items) == sorted(FIVE)
    (found,) = pad.events.wait(PassFound)
    assert found.number == "29999900000035"
    assert (len(pad.events.of(PassPresented)), pad.events.of(PassRemoved)) == (1, [])


def test_a_pad_that_nobody_looked_at_is_told_to_be_empty_only_when_it_is(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    pad.numbers(ONE)
    pad.bench.unplug("pad")
    pad.workbench.wait_for("pad", Health.LOST)
    pad.bench.clear_pad()
    pad.bench.plug("pad")
    pad.numbers()


def test_the_plug_pulled_while_a_tag_is_switched_is_unknown(pad: Pad) -> None:
    pad.bench.place_item(ONE)
    (item,) = pad.numbers(ONE)
    pad.bench.pad_fault("silent", on="write")
    found: list[TagSecurity] = []
    waiting = threading.Thread(target=lambda: found.append(pad.port.unsecure(item.uid, LIMIT_S)))
    waiting.start()
    eventually("it is written", lambda: pad.tag(ONE)["afi"] == 0xC2)
    pad.bench.unplug("pad")
    waiting.join(LIMIT_S)
    assert found == [UNKNOWN]


def test_something_else_on_the_port_is_not_taken_for_a_pad(bare: Pad) -> None:
    bare.bench.pad_fault("silent")
    bare.open(ready=False)
    eventually("it was tried", lambda: bare.workbench.health("pad").tries > 0)
    assert "no pad answers there" in bare.workbench.health("pad").reason
    bare.bench.pad_fault("none")
    bare.workbench.wait_for("pad", Health.READY)


def test_nothing_that_was_read_is_in_a_log_or_a_repr(bare: Pad, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pad = bare.open()
    pad.bench.place_item(ONE)
    pad.bench.place_item("29999900000035", usage=8)
    (item,) = pad.numbers(ONE)
    pad.bench.lock_item(ONE)
    pad.port.unsecure(item.uid, LIMIT_S)
    pad.bench.pad_fault("corrupt")
    pad.workbench.wait_for("pad", Health.LOST)
    said = caplog.text + repr(pad.items()) + repr(pad.events.of(PassPresented))
    for secret in (ONE, "29999900000035", item.uid.hex(), repr(item.uid)):
        assert secret not in said


def test_the_simulators_tags_are_the_published_ones() -> None:
    assert danish.encode(danish.decode(bytes.fromhex(PUBLISHED)), 32).hex() == PUBLISHED
