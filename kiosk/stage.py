"""What a flow stands on: shows facts, awaits what happens next, keeps language, help and troubles out of its way."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from circulation.identifiers import EventId
from devices import ports
from kiosk.access import ACCESS_CHOICES, Access, Chosen
from kiosk.bus import Answered, Bus, Focused, Happening, Late, Reached, Stirred, Touched, Untouched
from kiosk.ears import Ears
from kiosk.lying_passes import LyingPasses
from kiosk.offered import offered_of
from kiosk.opened import OPENED, code_of, kept_over
from kiosk.presence import Presence, Sign
from kiosk.stack import Stack
from kiosk.ui import (
    AccessCard,
    HelpCard,
    Intent,
    LanguageCard,
    Notice,
    Over,
    Reading,
    Rest,
    Screen,
    Shown,
    StillThere,
    Trouble,
    Ui,
)
from kiosk.veil import VEIL_AFTER_S, veiled

if TYPE_CHECKING:
    from kiosk.aid import Aid  # most kiosks start without

log = logging.getLogger(__name__)
_WORKING = (ports.Health.READY, ports.Health.DEGRADED)
LATE_ANSWERS = 64
_WITHOUT = {True: Trouble.WITHOUT_LINE, False: Trouble.NO_CONNECTION}


class Stage:
    """One kiosk's screen and ears. Touches that the screen does not offer (stale or doubled) never reach a flow."""

    def __init__(
        self,
        ui: Ui,
        bus: Bus,
        languages: tuple[str, ...],
        kinds: Iterable[str],
        *,
        passes_on_pad: bool = False,
        returns: bool = False,
        accounts: bool = False,
        buttons: Collection[Intent] = (Intent.BRING_BACK, Intent.ACCOUNT),
        aid: "Aid | None" = None,
        light: bool = False,
        on_help: Callable[[], None] = lambda: None,
        access_choices: tuple[str, ...] = ACCESS_CHOICES,
    ) -> None:
        """`passes_on_pad`: this library's passes are tags that the pad reads, so that it is a way in. `returns`: items
        may be brought back here. `accounts`: patrons may look at their account here. `buttons`: those that stand on the
        screen at rest. `aid`: for whoever does not see the screen or cannot touch it. `light`: staff see one.
        `on_help`: is told each time that somebody asks for help. `access_choices`: those that the screen has room for.
        """
        self._aid = aid
        self._ui, self._ears, self._languages = ui, Ears(bus, self._note), languages
        self._shown = Shown(Rest(), language=languages[0], translated=len(languages) > 1)
        self._access_choices = access_choices
        self._kinds = frozenset(kinds)
        self._broken = set(self._kinds)
        self._pad_opened = False
        self._unwell: set[str] = set()
        self._read_passes = self._kinds & ({"pass_reader", "item_scanner"} | ({"item_pad"} if passes_on_pad else set()))
        self._read_items = self._kinds & {"item_scanner", "item_pad"}
        self._returns, self._accounts, self._buttons = returns, accounts, frozenset(buttons)
        self._light, self._lit, self._on_help = light, False, on_help
        self._line = Reached(online=True)
        self._language_by_hand = False
        self._late: dict[EventId, Late] = {}
        self._quiet_since = self._unveiled_since = 0.0
        self.passes = LyingPasses()
        self.presence = Presence()  # which of what happens was somebody of this visit
        self.pad = Stack()
        """What lies on the item pad, as last told: while a pad does not work, as it lay before."""
        self.left_there: frozenset[bytes] = frozenset()
        """Tags of what somebody left there: nothing is done with them for whoever comes next, until they are lifted."""
        self.dealt_with: frozenset[bytes] = frozenset()  # those of them that were lent, or brought back, as they should

    @property
    def pass_on_reader(self) -> bool:
        """Whether a pass lies on the reader, or on the pad."""
        return bool(self.passes)

    @property
    def by_pad(self) -> bool:
        """Whether books can be laid on a pad now: it works, and has told since it was opened what lies there."""
        return "item_pad" in self._kinds - self._broken

    @property
    def pad_sees(self) -> bool:
        """Whether what lies on the pad is surely seen: a pad whose answers are faulty may miss it."""
        return self.by_pad and "item_pad" not in self._unwell

    @property
    def strange(self) -> bool:
        """Whether something lies on the pad that cannot be read; of a pad that does not work nothing is said."""
        return self.by_pad and self.pad.strange > 0

    @property
    def by_scan(self) -> bool:
        """Whether barcodes can be scanned now; a kiosk without a pad is taken to have a scanner."""
        return not self.by_pad or "item_scanner" in self._kinds - self._broken

    @property
    def lay_pass(self) -> bool:
        """Whether the pad alone reads passes now."""
        return self._read_passes - self._broken == {"item_pad"}

    @property
    def takes_back(self) -> bool:
        """Whether items can be brought back now: something reads them, and the library system lets this kiosk act."""
        nothing_goes = self.troubles & {Trouble.NOT_ADMITTED, Trouble.NO_CONNECTION}
        return self._returns and not nothing_goes and not self._read_items <= self._broken

    @property
    def sees_account(self) -> bool:
        """Whether patrons can look at their account now, which only the library system knows."""
        nothing_goes = self.troubles & {*_WITHOUT.values(), Trouble.NOT_ADMITTED, Trouble.NO_WAY_IN}
        return self._accounts and not nothing_goes

    def at_rest(self, notice: Notice | None) -> Rest:
        """The screen on which nobody is served, with the buttons that this library has chosen for it."""
        takes_back = self.takes_back and Intent.BRING_BACK in self._buttons
        sees_account = self.sees_account and Intent.ACCOUNT in self._buttons
        return Rest(self.troubles, notice, self.lay_pass, takes_back, sees_account)

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What is wrong on our side now."""
        found = set() if self._line.online else {_WITHOUT[self._line.lends]}
        if not self._line.admitted:
            found = {Trouble.NOT_ADMITTED}
        return frozenset(found) | self._broken_ways()

    def _broken_ways(self) -> frozenset[Trouble]:
        """What does not read, as far as it changes what a patron must do."""
        ways = self._read_passes | self._read_items
        if (ways and ways <= self._broken) or (self._read_passes and self._read_passes <= self._broken):
            return frozenset({Trouble.NO_WAY_IN})
        found = {Trouble.NO_PAD} if "item_pad" in self._broken else set()
        if self._read_items and self._read_items <= self._broken:
            found = {Trouble.NO_ITEMS if "item_pad" in self._read_items else Trouble.NO_SCANNER}
        if "pass_reader" in self._broken and not self.lay_pass:
            found |= {Trouble.NO_PASS_READER}
        return frozenset(found)

    @property
    def language(self) -> str:
        """The language of the moment."""
        return self._shown.language

    @property
    def first_language(self) -> str:
        """The language that the kiosk speaks at rest."""
        return self._languages[0]

    @property
    def chosen(self) -> Chosen:
        """What was chosen by hand, and ends with the visit."""
        return Chosen(self.language if self._language_by_hand else "", self._shown.access)

    @property
    def is_changed(self) -> bool:
        """Whether somebody chose by hand how they read or hear the kiosk."""
        return self.chosen != Chosen() or (self._aid is not None and self._aid.is_changed)

    @property
    def quiet_s(self) -> float:
        """For how many seconds nobody of this visit did anything (`kiosk.presence`); a new screen begins anew."""
        return asyncio.get_running_loop().time() - self._quiet_since

    @property
    def silent_s(self) -> float | None:
        """As `Aid.silent_s`; None where nobody listens."""
        return self._aid.silent_s if self._aid is not None else None

    def stir(self) -> None:
        """Begins to count anew: there is something new to read."""
        self._quiet_since = self._unveiled_since = asyncio.get_running_loop().time()

    def late_answer(self, event: EventId) -> "Late | None":
        """What was answered late to that event, where it came before anybody could know whose it is."""
        return self._late.get(event)

    def shows(self, kind: type[Screen]) -> bool:
        """Whether a screen of that kind is drawn now."""
        return isinstance(self._shown.screen, kind)

    def show(self, screen: Screen, over: Over | None = None) -> None:
        """Draws it, unless it is what stands there. A card that was opened stays, as far as that makes sense."""
        self._draw(replace(self._shown, screen=screen, over=over or kept_over(screen, self._shown)))

    def speak(self, language: str) -> None:
        """The patron's own language (K2), unless another was chosen by hand or it is not one of the kiosk's.

        Of "nl-BE" or "NL", as library systems write it too, the language counts (BCP 47).
        """
        language = language.partition("-")[0].casefold()
        if language in self._languages and not self._language_by_hand:
            self._draw(replace(self._shown, language=language))

    def choose(self, before: Chosen) -> None:
        """What was chosen in the visit that goes on now, but for what was chosen anew since."""
        if before.language and not self._language_by_hand:
            self._choose_language(before.language)
        if self._shown.access == Access():
            is_open, access = isinstance(self._shown.over, AccessCard), before.access
            over = AccessCard(access, self._access_choices) if is_open else self._shown.over
            self._draw(replace(self._shown, over=over, access=access))

    def wipe(self, screen: Screen) -> None:
        """Draws it for whoever comes next: nothing over it, in the kiosk's first language, as it is drawn for all."""
        self._language_by_hand = False
        self.presence.begin(None)
        if self._aid is not None:
            self._aid.forget()
        self._draw(Shown(screen, None, self._languages[0], translated=self._shown.translated))

    async def next(
        self, timeout_s: float | None, *tasks: asyncio.Task[object]
    ) -> Happening | asyncio.Task[object] | None:
        """What happens next, a task that ended, or None when nobody did anything for `timeout_s` seconds.

        Only a person of this visit restarts that time, and a new screen: neither a device that flickers nor a pass that
        comes and goes keeps a visit open (`kiosk.presence`).
        """
        while True:
            left = None if timeout_s is None else max(0.0, timeout_s - self.quiet_s)
            veil = self._veil_in_s if self._can_be_veiled else None
            if veil is not None and (left is None or veil < left):
                if (found := await self._ears.next(veil, tasks)) is None:
                    self._draw(replace(self._shown, masked=True))
                    continue
            else:
                found = await self._ears.next(left, tasks)
            if found is None or isinstance(found, asyncio.Task):
                return found
            if not self._kept_out_of_the_way(found):
                return found

    async def ignore(self, seconds: float) -> None:
        """Serves nobody for so long. What is touched, scanned or shown meanwhile, or was put back, is gone."""
        self._ears.forget()
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while (left := ends - loop.time()) > 0:
            found = await self._ears.next(left)
            if found is not None and not isinstance(found, asyncio.Task):
                self._kept_out_of_the_way(found)

    def put_back(self, happening: Happening) -> None:
        """Gives a happening to whoever awaits the next one: it belongs to what comes after this flow."""
        self._ears.put_back(happening)

    async def hear_until(self, task: asyncio.Task[object], timeout_s: float) -> None:
        """Awaits it, for so many seconds at most, and takes nothing that happens meanwhile: it is heard (whoever pulls
        their headphones out is not read to any more) and comes next, after what is put back."""
        await self._ears.until(task, timeout_s)

    def _draw(self, shown: Shown) -> None:
        if shown != self._shown:
            if (type(shown.screen), type(shown.over)) != (type(self._shown.screen), type(self._shown.over)):
                since = self._unveiled_since
                self.stir()
                if isinstance(shown.over, StillThere):
                    self._unveiled_since = since  # it is asked because nobody stirs
                over = f" under {type(shown.over).__name__}" if shown.over else ""
                log.info("screen %s%s", type(shown.screen).__name__, over)
            self._shown = shown
            drawn = replace(shown, screen=veiled(shown.screen)) if shown.masked else shown
            self._ui.show(drawn)
            if self._aid is not None:
                self._aid.show(drawn)

    @property
    def _veil_in_s(self) -> float:
        """In how many seconds it is veiled, unless somebody stirs or there is something new to read."""
        return max(0.0, VEIL_AFTER_S - (asyncio.get_running_loop().time() - self._unveiled_since))

    @property
    def _can_be_veiled(self) -> bool:
        """Whether something is drawn that only whoever stands there should read."""
        return not self._shown.masked and veiled(self._shown.screen) is not self._shown.screen

    def _kept_out_of_the_way(self, happening: Happening) -> bool:
        """Handles what no flow needs to see. Returns False for what the flow must see."""
        if isinstance(happening, Stirred):
            return True
        if isinstance(happening, Touched):
            return self._is_kept_touch(happening)
        if isinstance(happening, Reached | ports.HealthChanged):
            return not self._notes_trouble(happening)
        return isinstance(happening, ports.KeyPressed | ports.HeadphonesChanged | Focused | Untouched)

    def _note(self, happening: Happening) -> None:
        """What is remembered of it, once, at the moment when it arrives."""
        sign = self.presence.sign_of(happening)
        if sign is not Sign.NONE:
            self.stir()
        if sign is Sign.READS:
            self._draw(replace(self._shown, masked=False))
        if self._aid is not None and not self._is_stale(happening):
            self._aid.hear(happening)
            over = self._shown.over
            if isinstance(over, HelpCard):
                self._draw(replace(self._shown, over=replace(over, reading=self._aid.reading)))
        if isinstance(happening, ports.PassPresented | ports.PassFound | ports.PassRemoved):
            self.passes.note(happening)
        elif isinstance(happening, ports.ItemsChanged):
            self.pad = Stack.of(happening.items)
            self.left_there &= self.pad.seen
            self.dealt_with &= self.pad.seen
            if self._pad_opened:
                self._broken.discard("item_pad")
        elif isinstance(happening, Answered):
            self._late[happening.event] = happening.answer
            if len(self._late) > LATE_ANSWERS:
                del self._late[next(iter(self._late))]

    def _is_stale(self, happening: Happening) -> bool:
        """A touch of what is not there any more: whatever came instead is still to be heard."""
        shown = self._shown
        return isinstance(happening, Touched) and happening.intent not in offered_of(shown)

    def _is_kept_touch(self, touched: Touched) -> bool:
        shown = self._shown
        if self._is_stale(touched):
            return True
        if touched.intent is Intent.LANGUAGE:
            self._choose_language(touched.what)
            return True
        if touched.intent is Intent.ACCESS:
            access = shown.access.after(touched.what)
            self._draw(replace(shown, over=AccessCard(access, self._access_choices), access=access))
            return True
        if touched.intent is Intent.HELP:
            log.info("help is called on %s", type(shown.screen).__name__)
            reading = self._aid.reading if self._aid is not None else Reading.NONE
            card = HelpCard(code_of(shown.screen), called=self._light and self._lit, reading=reading)
            self._draw(replace(shown, over=card))
            self._on_help()
            return not isinstance(shown.over, StillThere)  # to the flow it is an answer: somebody is there
        if touched.intent is Intent.READ_ALOUD and self._aid is not None:
            self._draw(replace(shown, over=None))
            self._aid.read_aloud()
            return True
        if isinstance(shown.over, OPENED) and touched.intent is Intent.CLOSE:
            self._draw(replace(shown, over=None))
            return True
        return False

    def _choose_language(self, language: str) -> None:
        """Speaks that one from now on; without a choice all of them are shown, but not over what counts down."""
        shown = self._shown
        if language in self._languages:
            self._language_by_hand = True
            over = None if isinstance(shown.over, LanguageCard) else shown.over
            self._draw(replace(shown, over=over, language=language))
        elif not language and not isinstance(shown.over, StillThere):
            self._draw(replace(shown, over=LanguageCard(self._languages)))

    def _notes_trouble(self, happening: Reached | ports.HealthChanged) -> bool:
        """Whether the troubles changed, or what can be used."""
        before = self._ways()
        if isinstance(happening, ports.HealthChanged):
            log.info("device %s: %s", happening.device, happening.health.state.value)
            if happening.kind == "signals":
                self._lit = happening.health.state is ports.Health.READY  # degraded, the light may be missing
        if isinstance(happening, Reached):
            self._line = happening
            return self._ways() != before
        (self._unwell.discard if happening.health.state is ports.Health.READY else self._unwell.add)(happening.kind)
        works = happening.health.state in _WORKING
        if happening.kind == "item_pad":
            self._pad_opened = works  # before it has looked it counts as broken: what lay there may have gone
        if not works:
            self._broken.add(happening.kind)
            self.passes.lose(happening.device)
        elif happening.kind != "item_pad":
            self._broken.discard(happening.kind)
        return self._ways() != before

    def _ways(self) -> tuple[object, ...]:
        reading = self.by_pad, self.pad_sees, self.by_scan, self.lay_pass
        return self.troubles, reading, self.takes_back, self.sees_account
