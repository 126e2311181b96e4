"""The real printer driver on the wire: what it says of a receipt is what became of it on paper, and it never hangs."""

from __future__ import annotations

import threading
import time

import pytest

from devices.ports import Health, HealthChanged, PrintOutcome, Receipt, ReceiptLine, ReceiptPrinter
from tests.devices.running import LIMIT_S, Workbench, eventually, free_port

DUE = "   inleveren vóór 12 december 2026"
RECEIPT = Receipt(
    (
        ReceiptLine("Bibliotheek Annen", bold=True, large=True, centred=True),
        ReceiptLine(""),
        *(line for title in "abcdefgh" for line in (ReceiptLine(f"{title} Ĳs & naïeve élan"), ReceiptLine(DUE))),
        ReceiptLine("Openstaand: € 3,50"),
    )
)


def print_on(workbench: Workbench, job: str, receipt: Receipt = RECEIPT, deadline_s: float = LIMIT_S) -> PrintOutcome:
    """Print and give the outcome."""
    return port_of(workbench).print(receipt, job, deadline_s)


def port_of(workbench: Workbench) -> ReceiptPrinter:
    """The printer as the kiosk sees it."""
    assert workbench.devices is not None
    assert workbench.devices.printer is not None
    return workbench.devices.printer


def texts(workbench: Workbench) -> list[str]:
    """The receipts that were cut."""
    return [one.read_text("utf-8") for one in workbench.bench.receipts()]


def test_a_receipt_is_printed_cut_and_confirmed_with_its_letters_right(printer: Workbench) -> None:
    assert print_on(printer, "one") is PrintOutcome.PRINTED
    (text,) = texts(printer)
    assert "Bibliotheek Annen" in text
    assert "a IJs & naïeve élan\n" + DUE in text
    assert "€ 3,50" in text
    assert printer.bench.receipts()[0].with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_the_same_job_is_never_printed_twice(printer: Workbench) -> None:
    assert [print_on(printer, "one"), print_on(printer, "one")] == [PrintOutcome.PRINTED] * 2
    assert len(texts(printer)) == 1
    assert print_on(printer, "two") is PrintOutcome.PRINTED
    assert len(texts(printer)) == 2


def test_a_printer_without_paper_prints_nothing_until_it_has_some(printer: Workbench) -> None:
    printer.bench.paper_out()
    before = printer.bench.status()["printer"]["taken"]
    assert print_on(printer, "one") is PrintOutcome.OUT_OF_PAPER
    assert printer.bench.status()["printer"]["taken"] == before
    printer.wait_for("printer", Health.DEGRADED)
    assert printer.health("printer").reason == "out of paper"
    printer.bench.paper_in()
    printer.wait_for("printer", Health.READY)
    assert texts(printer) == []
    assert print_on(printer, "one") is PrintOutcome.PRINTED


def test_paper_that_ends_in_the_middle_is_out_of_paper_and_the_rest_never_comes_out(printer: Workbench) -> None:
    printer.bench.paper_out(after=200)
    assert print_on(printer, "one") is PrintOutcome.OUT_OF_PAPER
    printer.bench.paper_in()
    printer.wait_for("printer", Health.READY)
    other = Receipt((ReceiptLine("de volgende"),))
    assert print_on(printer, "two", other) is PrintOutcome.PRINTED
    assert texts(printer)[-1] == "de volgende\n"
    assert not any("3,50" in text for text in texts(printer))


def test_an_open_cover_is_told_and_closing_it_mends(printer: Workbench) -> None:
    printer.bench.cover_open()
    assert print_on(printer, "one") is PrintOutcome.COVER_OPEN
    printer.wait_for("printer", Health.DEGRADED)
    printer.bench.cover_closed()
    printer.wait_for("printer", Health.READY)
    assert print_on(printer, "one") is PrintOutcome.PRINTED


def test_low_paper_is_a_note_and_prints(printer: Workbench) -> None:
    printer.bench.paper_low()
    eventually("the note", lambda: printer.health("printer").reason == "paper is running low")
    assert printer.health("printer").state is Health.READY
    assert print_on(printer, "one") is PrintOutcome.PRINTED


@pytest.mark.parametrize("count", [20, 150, 400])
def test_a_printer_that_dies_in_the_middle_is_unknown_or_not_printed_and_mends(printer: Workbench, count: int) -> None:
    printer.bench.printer_dies_after(count)
    assert print_on(printer, "one") in {PrintOutcome.UNKNOWN, PrintOutcome.NOT_PRINTED}
    printer.wait_for("printer", Health.LOST)
    assert texts(printer) == []
    printer.bench.plug("printer")
    printer.wait_for("printer", Health.READY)
    assert print_on(printer, "one") is PrintOutcome.PRINTED


def test_a_printer_that_is_unplugged_prints_nothing_and_prints_when_it_is_back(printer: Workbench) -> None:
    printer.bench.unplug("printer")
    printer.wait_for("printer", Health.LOST)
    assert print_on(printer, "one") is PrintOutcome.NOT_PRINTED
    printer.bench.plug("printer")
    printer.wait_for("printer", Health.READY)
    assert print_on(printer, "one") is PrintOutcome.PRINTED


def test_a_printer_that_does_not_answer_is_never_taken_for_one_with_paper(printer: Workbench) -> None:
    printer.bench.stall_printer()
    assert print_on(printer, "one") is PrintOutcome.NOT_PRINTED
    printer.wait_for("printer", Health.LOST)
    printer.bench.resume_printer()
    printer.wait_for("printer", Health.READY)
    assert texts(printer) == []
    assert print_on(printer, "one") is PrintOutcome.PRINTED


def test_late_answers_are_not_taken_for_answers_to_the_next_question(printer: Workbench) -> None:
    for job in "abc":
        printer.bench.stall_printer()
        assert print_on(printer, job) is PrintOutcome.NOT_PRINTED
        printer.bench.resume_printer()
        assert print_on(printer, job) is PrintOutcome.PRINTED
    assert {one.health.reason for one in printer.events.of(HealthChanged)} <= {
        "being opened",
        "",
        "the printer does not answer",
    }


def test_a_narrower_printer_in_its_place_breaks_the_lines_that_its_paper_does_not_hold(printer: Workbench) -> None:
    printer.bench.swap("printer", "other-58mm")
    try:
        eventually("it is noticed", lambda: Health.LOST in printer.events.states("printer"))
        printer.wait_for("printer", Health.READY)
        assert print_on(printer, "one", Receipt((ReceiptLine("x" * 48),))) is PrintOutcome.PRINTED
        assert [row for row in texts(printer)[0].split() if set(row) == {"x"}] == ["x" * 32, "x" * 16]
    finally:
        printer.bench.swap("printer", "epson-80mm")


def test_a_printer_that_was_never_there_is_absent_and_does_not_keep_the_caller(workbench: Workbench) -> None:
    workbench.printer_port = free_port()
    workbench.open(workbench.printer(), ready=False)
    workbench.wait_for("printer", Health.ABSENT)
    assert print_on(workbench, "one") is PrintOutcome.NOT_PRINTED


def test_printing_is_not_printed_before_the_start_and_after_the_stop(printer: Workbench) -> None:
    assert printer.devices is not None
    printer.devices.stop()
    assert print_on(printer, "one") is PrintOutcome.NOT_PRINTED


def test_callers_on_many_threads_each_get_their_own_receipt(printer: Workbench) -> None:
    outcomes: dict[str, PrintOutcome] = {}

    def call(job: str) -> None:
        outcomes[job] = print_on(printer, job, Receipt((ReceiptLine(f"bon {job}"),)))

    callers = [threading.Thread(target=call, args=(job,)) for job in "abcde"]
    for one in callers:
        one.start()
    for one in callers:
        one.join(LIMIT_S)
    assert set(outcomes.values()) == {PrintOutcome.PRINTED}
    assert sorted(texts(printer)) == [f"bon {job}\n" for job in "abcde"]


def test_a_deadline_that_is_over_prints_nothing(printer: Workbench) -> None:
    assert print_on(printer, "one", deadline_s=0.0) is PrintOutcome.NOT_PRINTED
    assert texts(printer) == []


def test_a_printer_on_a_serial_line_prints_and_may_be_pulled_out(workbench: Workbench) -> None:
    arguments = ("--tty", workbench.tty("printer"), "--receipts", str(workbench.run_dir / "receipts"))
    workbench.serve("printer", *arguments)
    workbench.open(workbench.printer_on_serial())
    assert print_on(workbench, "one") is PrintOutcome.PRINTED
    workbench.bench.unplug("printer")
    workbench.wait_for("printer", Health.LOST)
    workbench.bench.plug("printer")
    workbench.wait_for("printer", Health.READY)
    assert print_on(workbench, "two") is PrintOutcome.PRINTED


def test_a_serial_printer_that_stops_taking_bytes_does_not_hang(workbench: Workbench) -> None:
    arguments = ("--tty", workbench.tty("printer"), "--receipts", str(workbench.run_dir / "receipts"))
    workbench.serve("printer", *arguments)
    workbench.open(workbench.printer_on_serial())
    workbench.bench.stall_printer_after(100)
    long = Receipt(tuple(ReceiptLine("x" * 48) for _ in range(4000)))
    began = time.monotonic()
    assert print_on(workbench, "one", long, deadline_s=3) in {PrintOutcome.NOT_PRINTED, PrintOutcome.UNKNOWN}
    assert time.monotonic() - began < LIMIT_S
    workbench.wait_for("printer", Health.LOST)
