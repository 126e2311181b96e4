"""ESC/POS printer on the network or a serial line: asks before it prints, and believes only what is confirmed."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from devices.links.link import Link
from devices.ports import DeviceFault, DeviceTimeout, PrintOutcome, Pulse, Receipt, Send
from devices.receipt_printer import status
from devices.receipt_printer.encoding import Encoder
from devices.receipt_printer.job import Job
from devices.receipt_printer.status import PrinterStatus

log = logging.getLogger(__name__)

_ANSWER_S = 0.3
_POLL_S = 1.0
_SETTLE_S = 1.5  # how long a print waits for a printer that is just being (re)opened
_PREPARE_AFTER_S = 10.0  # loading python-escpos keeps clear of the kiosk's start
_SILENCES_UNTIL_LOST = 3
_SILENCES_UNTIL_UNKNOWN = 4
_REMEMBERED_JOBS = 512


class EscposPrinter:
    """A supervised device and a ReceiptPrinter in one; all traffic is on the device's own thread."""

    kind = "receipt_printer"
    beat_s = 5.0  # a look at the paper each second, and between two of them a receipt

    def __init__(
        self,
        name: str,
        connect: Callable[[], Link],
        profile: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`connect` opens the link, raising DeviceGone or DeviceTimeout; `profile` is one of PROFILES."""
        self.name = name
        self._connect = connect
        self._encoder = Encoder(profile)
        self._clock = clock
        self._link: Link | None = None
        self._open = threading.Event()
        self._jobs: deque[Job] = deque()
        self._printed: OrderedDict[str, None] = OrderedDict()
        self._one_at_a_time = threading.Lock()
        self._in_step = True  # each answer is to the last question; they do not say which they answer
        self._clean = True  # no part of another patron's receipt can be on the paper that comes next

    # -- for those who print, from any thread

    def print(self, receipt: Receipt, job_id: str, deadline_s: float) -> PrintOutcome:
        """See `devices.ports.ReceiptPrinter.print`."""
        deadline = self._clock() + deadline_s
        if not self._one_at_a_time.acquire(timeout=max(0.0, deadline_s)):
            return PrintOutcome.NOT_PRINTED
        try:
            return self._print_alone(receipt, job_id, deadline)
        finally:
            self._one_at_a_time.release()

    def can_write(self, receipt: Receipt) -> bool:
        """See `devices.ports.ReceiptPrinter.can_write`."""
        return self._encoder.can_write(receipt)

    def _print_alone(self, receipt: Receipt, job_id: str, deadline: float) -> PrintOutcome:
        if job_id in self._printed:
            return PrintOutcome.PRINTED
        if not self._open.wait(max(0.0, min(_SETTLE_S, deadline - self._clock()))):
            return PrintOutcome.NOT_PRINTED
        if self._clock() >= deadline:
            return PrintOutcome.NOT_PRINTED  # nobody would hear what became of it
        job = Job(receipt, job_id, deadline)
        self._jobs.append(job)
        self.wake()
        outcome = job.wait(max(0.0, deadline - self._clock()))
        log.info("%s: %s", self.name, outcome.value)
        return outcome

    # -- for the supervisor, on the device's thread

    def open(self) -> None:
        """Connect and ask for status; raises DeviceGone, or DeviceTimeout when nothing answers."""
        self._link = self._connect()
        self._link.write(status.NO_AUTOMATIC_STATUS, _ANSWER_S)
        if self._ask(self._link) is None:
            raise DeviceTimeout(f"{self._link.label}: no answer from a printer")
        self._open.set()

    def run(self, send: Send, stop: threading.Event) -> None:
        """Print what is asked and watch the paper; raises DeviceGone or DeviceTimeout."""
        link, opened, silences = self._link, self._clock(), 0
        while link is not None and not stop.is_set():
            while self._jobs:
                self._work_off(link, self._jobs.popleft())
            now = self._ask(link)
            silences = silences + 1 if now is None else 0
            if silences >= _SILENCES_UNTIL_LOST:
                raise DeviceTimeout(f"{link.label}: the printer fell silent")
            send(_pulse(now))
            if self._clock() - opened > _PREPARE_AFTER_S:
                self._encoder.prepare()
            if now is not None and not self._jobs and not stop.is_set():
                link.read(64, _POLL_S)

    def wake(self) -> None:
        """End the pause between two looks at the paper."""
        link = self._link
        if link is not None:
            link.wake()

    def close(self) -> None:
        """Hang up; what was not begun is not printed."""
        self._open.clear()
        link, self._link = self._link, None
        if link is not None:
            link.close()
        while self._jobs:
            self._jobs.popleft().finish(PrintOutcome.NOT_PRINTED)

    def _work_off(self, link: Link, job: Job) -> None:
        if not job.begin():
            return
        outcome = PrintOutcome.NOT_PRINTED
        try:
            outcome = self._print_on(link, job)
        except _LeftUnconfirmed as fault:
            outcome = PrintOutcome.UNKNOWN
            raise DeviceTimeout(str(fault)) from fault
        finally:
            if outcome is PrintOutcome.PRINTED:
                self._remember(job.job_id)
            job.finish(outcome)

    def _remember(self, job_id: str) -> None:
        self._printed[job_id] = None
        if len(self._printed) > _REMEMBERED_JOBS:
            self._printed.popitem(last=False)

    def _print_on(self, link: Link, job: Job) -> PrintOutcome:
        data = self._encoder.encode(job.receipt)
        before = self._ask(link)
        if before is None:
            return PrintOutcome.NOT_PRINTED
        if before.trouble:
            return _refusal(before)
        started_clean, self._clean = self._clean, False
        link.write(data if started_clean else status.CUT_OFF + data, job.deadline - self._clock())
        try:
            outcome = self._confirmed(link, job)
        except DeviceFault as fault:
            raise _LeftUnconfirmed(str(fault)) from fault
        self._clean = outcome is PrintOutcome.PRINTED
        return outcome

    def _confirmed(self, link: Link, job: Job) -> PrintOutcome:
        """Wait for the answer behind the cut; a printer that stops in the middle is made to forget the rest."""
        silences = 0
        while self._clock() < job.deadline and silences < _SILENCES_UNTIL_UNKNOWN:
            answer = link.read(1, min(_ANSWER_S, max(0.0, job.deadline - self._clock())))
            if answer and status.is_confirmation(answer[0]):
                return PrintOutcome.PRINTED
            if answer:
                continue
            now, confirmed = self._ask_while_printing(link)
            if confirmed:
                return PrintOutcome.PRINTED
            silences = silences + 1 if now is None else 0
            if now is not None and now.trouble:
                link.write(status.CLEAR_BUFFERS, _ANSWER_S)
                return _refusal(now)
        if silences:
            raise _LeftUnconfirmed(f"{link.label}: the printer did not confirm")
        return PrintOutcome.UNKNOWN

    def _ask(self, link: Link) -> PrinterStatus | None:
        """The status, None when the printer is silent; a late answer is not taken for one to this question."""
        quiet_since, quiet_s = self._clock(), 0.0 if self._in_step else _ANSWER_S
        while True:  # a wake ends a read early, so that an empty one is no silence yet
            if link.read(64, max(0.0, quiet_since + quiet_s - self._clock())):
                quiet_since = self._clock()
            elif self._clock() - quiet_since >= quiet_s:
                return self._ask_while_printing(link)[0]

    def _ask_while_printing(self, link: Link) -> tuple[PrinterStatus | None, bool]:
        """The status, None when a question stays unanswered; and whether a confirmation came meanwhile."""
        answers: dict[int, int] = {}
        confirmed = False
        for number in status.QUESTIONS:
            link.write(status.question(number), _ANSWER_S)
            until = self._clock() + _ANSWER_S
            while number not in answers:
                left = until - self._clock()
                byte = link.read(1, left) if left > 0 else b""
                if not byte and left <= 0:
                    self._in_step = False
                    return None, confirmed
                if byte and status.is_answer(byte[0]):
                    answers[number] = byte[0]
                elif byte:
                    confirmed = confirmed or status.is_confirmation(byte[0])
        self._in_step = True
        return status.status_of(answers), confirmed


class _LeftUnconfirmed(DeviceFault):
    """All bytes of a receipt left, and nothing came back."""


def _pulse(now: PrinterStatus | None) -> Pulse:
    if now is None:
        return Pulse(trouble="the printer does not answer")
    return Pulse(trouble=now.trouble, note="paper is running low" if now.paper_low else "")


def _refusal(now: PrinterStatus) -> PrintOutcome:
    if now.cover_open:
        return PrintOutcome.COVER_OPEN
    return PrintOutcome.OUT_OF_PAPER if now.paper_out else PrintOutcome.NOT_PRINTED
