"""A patron's loans as the account shows them: each with what became of its renewal (K11, N4, N5). Facts only, as in
`ui`; the memory of one visit is `LoanSheet`, frozen too: a change makes a new one."""

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import OF_AN_ITEM, Refused, Voided
from values import dataclass

if TYPE_CHECKING:
    from circulation.affairs import Account, LoanLine, Renewed, RenewedAll  # late: the first picture need not wait

Answer: TypeAlias = "Renewed | RenewedAll | Refused | Voided"


@dataclass(frozen=True, slots=True)
class Renewing:
    """The library system has not answered yet."""


@dataclass(frozen=True, slots=True)
class Longer:
    """Renewed in this visit, until `due`."""

    due: date


@dataclass(frozen=True, slots=True)
class NotLonger:
    """No, with why and what next; the loan keeps its due date."""

    refused: Refused


@dataclass(frozen=True, slots=True)
class LongerNotKnown:
    """Sent, but the answer was lost."""


@dataclass(frozen=True, slots=True)
class LongerNotAsked:
    """No connection: nothing was done."""


Renewal = Renewing | Longer | NotLonger | LongerNotKnown | LongerNotAsked
_STANDS = Renewing | Longer | LongerNotKnown  # not asked again in this visit: twice a day would cost a renewal more


@dataclass(frozen=True, slots=True)
class OnLoan:
    """One loan. `key` names it for a touch and tells nothing of it; `renewable`: worth a button; `refused`: why it is
    not, where that is of this loan."""

    key: str
    title: str = field(repr=False)
    due: date
    overdue: bool = False
    renewable: bool = True
    renewal: Renewal | None = None
    refused: Refused | None = None

    @property
    def can_renew(self) -> bool:
        """Whether asking for it can do anything new."""
        return self.renewable and not isinstance(self.renewal, Renewing | Longer | NotLonger | LongerNotKnown)


@dataclass(frozen=True, slots=True)
class LoansOfBranch:
    """N4: the loans of one branch, what is due first before the others."""

    code: str
    name: str
    loans: tuple[OnLoan, ...]


@dataclass(frozen=True, slots=True)
class RenewedLoan:
    """What a visit renewed, for its end and its receipt."""

    title: str = field(repr=False)
    due: date


@dataclass(frozen=True, slots=True)
class LoanSheet:
    """The loans of one visit. `renewals`: what became of those that were asked for; `lost`: what waits for a late
    answer."""

    account: "Account | None" = None
    renewals: Mapping[ItemBarcode, Renewal] = field(default_factory=dict)
    lost: Mapping[EventId, frozenset[ItemBarcode]] = field(default_factory=dict)
    renewed_loans: Mapping[ItemBarcode, RenewedLoan] = field(default_factory=dict)

    def of(self, account: "Account") -> "LoanSheet":
        """With what the library system says now; what was asked in this visit and stands is kept."""
        kept = {item: one for item, one in self.renewals.items() if isinstance(one, _STANDS)}
        return replace(self, account=account, renewals=kept)

    @property
    def parked(self) -> "LoanSheet":
        """For a visit that is taken up again: what stands, without the account. What was being asked is not known."""
        asked = {item: one for item, one in self.renewals.items() if isinstance(one, _STANDS)}
        return replace(self, account=None, renewals={item: _ended(one) for item, one in asked.items()})

    def without(self, items: Collection[ItemBarcode]) -> "LoanSheet":
        """Once those were brought back: what became of their renewals is nobody's any more."""
        renewals = {item: one for item, one in self.renewals.items() if item not in items}
        return replace(
            self,
            renewals=renewals,
            renewed_loans={item: one for item, one in self.renewed_loans.items() if item not in items},
        )

    # ---- what is seen

    @property
    def branches(self) -> tuple[LoansOfBranch, ...]:
        """What the screen lists."""
        found, at = [], 0
        for branch in () if self.account is None else self.account.loans:
            loans = tuple(self._row(at + n, one) for n, one in enumerate(branch.loans))
            at += len(loans)
            found.append(LoansOfBranch(branch.branch, branch.name, loans))
        return tuple(found)

    @property
    def renewed(self) -> tuple[RenewedLoan, ...]:
        """What was renewed in this visit, in order."""
        return tuple(self.renewed_loans.values())

    @property
    def unclear(self) -> int:
        """Of how many it is not known, or not known yet."""
        return sum(isinstance(one, Renewing | LongerNotKnown) for one in self.renewals.values())

    @property
    def no_renewals(self) -> Refused | None:
        """Why nothing of theirs can be renewed, whichever loan it is: said once, and not of each."""
        refused = (line.refused for line in self._lines())
        return next((no for no in refused if no is not None and no.reason not in OF_AN_ITEM), None)

    @property
    def untouched(self) -> bool:
        """Whether nothing stands yet of what was asked in this visit."""
        return not any(isinstance(one, _STANDS) for one in self.renewals.values())

    @property
    def all_items(self) -> tuple[ItemBarcode, ...]:
        """Every loan, as listed."""
        return tuple(one.item for one in self._lines())

    @property
    def renewable_items(self) -> tuple[ItemBarcode, ...]:
        """Those worth asking for, as listed."""
        rows = (row for branch in self.branches for row in branch.loans)
        return tuple(item for item, row in zip(self.all_items, rows, strict=True) if row.can_renew)

    def item_of(self, key: str) -> ItemBarcode | None:
        """The item that a touch names, where it can be asked for."""
        rows = (row for branch in self.branches for row in branch.loans)
        found = zip(self.all_items, rows, strict=True)
        return next((item for item, row in found if row.key == key and row.can_renew), None)

    # ---- what happens

    def asking(self, items: Collection[ItemBarcode]) -> "LoanSheet":
        """With their answers awaited."""
        return self._with(dict.fromkeys(items, Renewing()))

    def not_asked(self, items: Collection[ItemBarcode]) -> "LoanSheet":
        """With nothing done for them, for want of a connection."""
        return self._with(dict.fromkeys(items, LongerNotAsked()))

    def taken_back(self, items: Collection[ItemBarcode]) -> "LoanSheet":
        """Without their having been asked for at all."""
        return replace(self, renewals={item: one for item, one in self.renewals.items() if item not in items})

    def not_known(self, items: Collection[ItemBarcode], event: EventId) -> "LoanSheet":
        """With their answer lost under that event."""
        sheet = self._with(dict.fromkeys(items, LongerNotKnown()))
        return replace(sheet, lost={**self.lost, event: frozenset(items)})

    def answered(self, items: Collection[ItemBarcode], answer: Answer) -> "LoanSheet":
        """With the library system's answer to what asked for these."""
        match answer:
            case Refused():
                return self._with(dict.fromkeys(items, NotLonger(answer)))
            case Voided():
                return self.not_asked(items)
        renewed = getattr(answer, "renewed", None)
        if renewed is None:
            return self.with_renewed((answer,))  # type: ignore[arg-type]
        refused = {one.item: NotLonger(one.refused) for one in answer.refused}  # type: ignore[union-attr]
        # What was brought back meanwhile has no answer: it is not theirs any more.
        asked = self.taken_back(items)
        return replace(asked, renewals={**asked.renewals, **refused}).with_renewed(renewed)

    def answered_late(self, event: EventId, answer: Answer) -> "LoanSheet":
        """With a late answer, if this visit asked for it."""
        items = self.lost.get(event)
        if items is None:
            return self
        lost = {one: of for one, of in self.lost.items() if one != event}
        return replace(self, lost=lost).answered(items, answer)

    # ---- inside

    def _lines(self) -> "tuple[LoanLine, ...]":
        branches = () if self.account is None else self.account.loans
        return tuple(one for branch in branches for one in branch.loans)

    def _row(self, at: int, line: "LoanLine") -> OnLoan:
        renewal = self.renewals.get(line.item)
        refused = line.refused if line.refused is not None and line.refused.reason in OF_AN_ITEM else None
        return OnLoan(f"l{at}", line.title, line.due, line.overdue, line.renewable, renewal, refused)

    def with_renewed(self, answers: "Collection[Renewed]") -> "LoanSheet":
        """With these renewed."""
        sheet = self._with({one.item: Longer(one.due) for one in answers})
        longer = {one.item: RenewedLoan(one.title, one.due) for one in answers}
        return replace(sheet, renewed_loans={**self.renewed_loans, **longer})

    def _with(self, renewals: Mapping[ItemBarcode, Renewal]) -> "LoanSheet":
        return replace(self, renewals={**self.renewals, **renewals})


def _ended(one: Renewal) -> Renewal:
    return LongerNotKnown() if isinstance(one, Renewing) else one


NO_LOANS = LoanSheet()
