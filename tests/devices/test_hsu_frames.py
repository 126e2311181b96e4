"""Frames of the PN532's serial line: cut out of any stream, in any pieces, and never out of a broken one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.pass_reader.frames import Cut
from devices.pass_reader.hsu import ACK, LONGEST, NACK, command_frame, cut_frame
from devices.simulators.pn532_chip import Pn532

bodies = st.binary(min_size=0, max_size=250)
commands = st.builds(command_frame, st.integers(0, 255), bodies)


@given(st.lists(st.one_of(commands, st.just(ACK), st.just(NACK)), max_size=5), st.integers(0, 20))
def test_frames_come_out_as_they_went_in_whatever_preamble_is_before_them(frames: list[bytes], preamble: int) -> None:
    buffer = bytearray(b"".join(bytes(preamble) + frame for frame in frames))
    assert [cut_frame(buffer) for _ in frames] == frames
    assert cut_frame(buffer) is Cut.MORE


@given(commands, st.data())
def test_a_frame_that_has_not_come_whole_is_waited_for(frame: bytes, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(frame) - 1))
    buffer = bytearray(frame[:first])
    assert cut_frame(buffer) is Cut.MORE
    buffer += frame[first:]
    assert cut_frame(buffer) == frame


@given(commands, st.data(), st.integers(1, 255))
def test_a_frame_with_a_changed_byte_is_never_taken_for_a_whole_one(
    frame: bytes, data: st.DataObject, change: int
) -> None:
    at = data.draw(st.integers(5, len(frame) - 1))
    broken = frame[:at] + bytes([frame[at] ^ change]) + frame[at + 1 :]
    assert cut_frame(bytearray(broken)) is Cut.BROKEN


@given(st.binary(max_size=2000))
def test_noise_of_any_kind_ends_and_leaves_less_than_a_frame(noise: bytes) -> None:
    buffer = bytearray(noise)
    for _ in range(len(noise) + 1):
        if cut_frame(buffer) is Cut.MORE:
            break
    else:
        raise AssertionError("no end")
    assert len(buffer) <= LONGEST


def test_an_extended_frame_is_cut_by_its_own_length() -> None:
    body = b"\xd5\x01" + bytes(range(256)) + b"\x00\x01\x02"
    size = len(body).to_bytes(2, "big")
    frame = b"\x00\x00\xff\xff\xff" + size + bytes([-sum(size) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])
    assert cut_frame(bytearray(b"\x00\x00" + frame)) == frame


@given(st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=4), st.integers(1, 7))
def test_the_simulated_chip_understands_what_the_driver_sends_in_pieces_of_any_size(
    texts: list[bytes], size: int
) -> None:
    chip = Pn532(lambda _: None)
    stream = b"".join(b"\x55\x55" + bytes(14) + command_frame(0x00, b"\x00" + text) for text in texts)
    heard = bytearray()
    for at in range(0, len(stream), size):
        heard += b"".join(chip.receive(stream[at : at + size], 115200))
    found = [cut_frame(heard) for _ in range(2 * len(texts))]
    assert found[::2] == [ACK] * len(texts)
    assert [bytes(one)[5:-2] for one in found[1::2] if isinstance(one, bytes)] == [
        b"\xd5\x01\x00" + text for text in texts
    ]


@given(st.binary(max_size=600))
def test_the_simulated_chip_survives_noise_and_then_answers(noise: bytes) -> None:
    chip = Pn532(lambda _: None)
    list(chip.receive(noise, 115200))
    heard = b"".join(b"".join(chip.receive(command_frame(0x02) + bytes(300), 115200)) for _ in range(3))
    assert b"\xd5\x03\x32\x01\x06\x07" in heard


def test_the_simulated_chip_is_deaf_at_another_speed_than_its_own() -> None:
    chip = Pn532(lambda _: None)
    assert not list(chip.receive(command_frame(0x02), 921600))
    assert len(list(chip.receive(command_frame(0x02), 115200))) == 2
