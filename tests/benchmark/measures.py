"""The measurements of the first goals: start, pass to frame, frames while the store is silent, idle cost."""

import math
import statistics
import time

from tests.benchmark.rig import Rig, Window, window

TAPS = 40
STARTS = 7
IDLE_S = 20.0
SILENT_S = 7.0
FRAMES = 50  # fewer in those seconds say nothing


def p95(values: list[float]) -> float:
    """The 95th percentile (nearest rank)."""
    ordered = sorted(values)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def start(rig: Rig) -> tuple[float, float]:
    """Medians of alternating starts, so that both see the same machine. Ours has begun when its picture stands, the
    reader is open and the flow listens: a touch changes the picture and a pass begins a visit."""
    ours, theirs = [], []
    for _ in range(STARTS):
        with window("empty", rig) as empty:
            theirs.append(empty.wait_for(30, "first frame")["at"] - empty.began)
        with window("kiosk", rig) as kiosk:
            drawn = ready = serves = 0.0
            while not (drawn and ready and serves):
                line = kiosk.wait_for(30, "first frame", "health", "serves")
                if line["what"] == "first frame":
                    drawn = line["at"]
                elif line["what"] == "serves":
                    serves = line["at"]
                elif line["kind"] == "pass_reader" and line["state"] == "ready":
                    ready = line["at"]
            ours.append(max(drawn, ready, serves) - kiosk.began)
    return statistics.median(ours), statistics.median(theirs)


def pass_to_frame(rig: Rig) -> tuple[float, float]:
    """The same pass, laid on the reader and taken away, before the kiosk and before a window with a constant label."""
    with window("label", rig) as label:
        label.wait_for(30, "ready")
        theirs = [_tap(rig, label)["seconds"] for _ in range(TAPS)]
    ours = []
    with window("kiosk", rig) as kiosk:
        kiosk.wait_for(30, "health", kind="pass_reader", state="ready")
        for _ in range(TAPS):
            frame = _tap(rig, kiosk)
            ours.append(frame["seconds"] - frame["asked"])
            _leave(rig, kiosk)
    return p95(ours), p95(theirs)


def _tap(rig: Rig, at: Window) -> dict[str, float]:
    rig.bench.place_pass(rig.patron)
    try:
        return at.wait_for(30, "frame")
    finally:
        rig.bench.remove_pass()
        time.sleep(0.6)  # three missed looks of the reader


def _leave(rig: Rig, kiosk: Window) -> None:
    """Stops the visit by its button and waits for the rest screen."""
    rig.touch_stop()
    kiosk.wait_for(30, "flip", screen="Rest")


def frames_while_silent(rig: Rig) -> tuple[float, float]:
    """Gaps between frames of the waiting screen, painted at every turn of the drawing loop: while a question is
    pending for seconds, and while nothing is."""
    with window("redrawn", rig) as kiosk:
        kiosk.wait_for(30, "health", kind="pass_reader", state="ready")
        rig.bench.delay(SILENT_S)
        try:
            rig.bench.place_pass(rig.patron)
            kiosk.wait_for(30, "flip", screen="Waiting")
            time.sleep(SILENT_S - 2)
            ours = [one["gap"] for one in kiosk.lines() if one["what"] == "flip" and one["screen"] == "Waiting"]
        finally:
            rig.bench.delay(0)
            rig.bench.remove_pass()
    with window("waiting", rig) as waiting:
        waiting.wait_for(30, "flip")
        time.sleep(SILENT_S - 2)
        theirs = [one["gap"] for one in waiting.lines() if one["what"] == "flip"]
    for gaps in (ours, theirs):
        if len(gaps) < FRAMES:
            raise RuntimeError(f"{len(gaps)} frames in {SILENT_S - 2} s: nothing was painted")
    return p95(ours[5:]), p95(theirs[5:])


def idle_cpu(rig: Rig) -> tuple[float, float]:
    """Cores used at rest, after the first seconds."""
    with window("kiosk", rig) as kiosk:
        kiosk.wait_for(30, "health", kind="pass_reader", state="ready")
        ours = _cores(kiosk)
    with window("sense", rig) as sense:
        sense.wait_for(30, "ready")
        bare = _cores(sense)
    with window("empty", rig) as empty:
        empty.wait_for(30, "first frame")
        return ours, _cores(empty) + bare


def _cores(process: Window) -> float:
    time.sleep(6)
    before, began = process.cpu_s(), time.monotonic()
    time.sleep(IDLE_S)
    return (process.cpu_s() - before) / (time.monotonic() - began)


def idle_memory(rig: Rig) -> tuple[float, float]:
    """Proportional set size at rest, in MB."""
    with window("kiosk", rig) as kiosk:
        kiosk.wait_for(30, "health", kind="pass_reader", state="ready")
        time.sleep(8)
        ours = kiosk.memory_mb()
    with window("empty", rig) as empty:
        empty.wait_for(30, "first frame")
        time.sleep(3)
        return ours, empty.memory_mb() + 60
