"""The window of a kiosk without anything behind it: prints what is touched, answers HELP and LANGUAGE. For tests."""

import logging
import sys
from datetime import date

from kiosk.app import KioskApp
from kiosk.bus import Stirred, Touched
from kiosk.rows import Lent
from kiosk.ui import Borrowing, HelpCard, Intent, Rest, Screen, Shown

STARTS: dict[str, Screen] = {
    "rest": Rest(),
    "borrow": Borrowing((Lent("1", "Oeroeg", date(2026, 8, 12)),), lent=1, may_borrow=9),
}


class Alone:
    def __init__(self, start: str, width: int, height: int, fullscreen: bool) -> None:
        self.shown = Shown(STARTS[start])
        self.frames = 0
        self.app = KioskApp(
            title="Kiosk",
            languages=("nl", "en"),
            on_touch=self.touched,
            size=(width, height),
            fullscreen=fullscreen,
            on_frame=self.frame,
            library_name="Bibliotheek Annen",
            today=lambda: date(2026, 7, 22),
        )
        self.app.show(self.shown)

    def frame(self) -> None:
        self.frames += 1
        print(f"frame {self.frames}", flush=True)

    def touched(self, touched: Touched | Stirred) -> None:
        if isinstance(touched, Stirred):
            return
        print(f"touched {touched.intent.value} {touched.what}".strip(), flush=True)
        if touched.intent is Intent.LANGUAGE:
            self.shown = Shown(self.shown.screen, self.shown.over, touched.what)
        elif touched.intent is Intent.HELP:
            self.shown = Shown(self.shown.screen, HelpCard(), self.shown.language)
        elif touched.intent is Intent.CLOSE:
            self.shown = Shown(self.shown.screen, None, self.shown.language)
        self.app.show(self.shown)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    Alone(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), "--fullscreen" in sys.argv).app.run()
    print("ended", flush=True)
