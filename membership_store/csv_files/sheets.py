"""The kinds of file: their columns, and the tables and rules behind them. Patrons come first, then what they have."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from circulation.model import ItemStatus, MembershipStatus, PassKind, PassStatus, PatronType, Sex
from circulation.presented import ReceiptChoice
from membership_store.csv_files import values
from membership_store.csv_files.values import Column
from membership_store.staff.persons import HEAD, folded

Cells = Mapping[str, str]
Problem = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A table with at most one row a key. `columns`: name in the file to name in the table, where they differ or not.

    Beside the first part of a sheet a row is kept only where it says something else than `absent`. `derived`: columns
    that follow from the cells; not of the first part, which is changed in place.
    """

    table: str
    columns: Mapping[str, str]
    absent: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, Callable[[Cells], str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """A table with any number of rows a key; the file has them in one cell."""

    table: str
    column: str
    cell: str


@dataclass(frozen=True, slots=True)
class Reference:
    """What the cells name (each of them, where there are several) must be there."""

    cell: str
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of file. `key`: the column that says which row it is, alike in file and tables.

    `check`: what is wrong with a row as a whole. `may_become`: what is wrong with such a change of a standing row.
    `touches`: what kiosks are told of: patron, item or network. `shown`: a condition on the first table (alias `t`).
    """

    name: str
    key: str
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]
    lists: tuple[Listed, ...] = ()
    references: tuple[Reference, ...] = ()
    check: Callable[[Cells], Iterable[Problem]] = lambda _: ()
    may_become: Callable[[Cells, Cells], Iterable[Problem]] = lambda _old, _new: ()
    touches: str = "patron"
    shown: str = ""
    versioned: bool = False

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(one for one in self.columns if one.name == name)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _patron_changes(old: Cells, new: Cells) -> Iterable[Problem]:
    administrative, special = PatronType.ADMINISTRATIVE.value, PatronType.SPECIAL.value
    if old["type"] != new["type"] and administrative in (old["type"], new["type"]) and old["type"] != special:
        yield "type", "may only become administrative where the patron is a special one (A6)"
    if old["type"] == new["type"] == PatronType.GUEST.value and any(
        old[name] != new[name] for name in (*_PERSON, "first_name", "home")
    ):
        yield "type", "is a guest, whose data come from the home library and cannot be changed here (G3)"


def _strips(row: Cells) -> Iterable[Problem]:
    if row["overdrawn"] != "0" and row["strips"] != "0":
        yield "overdrawn", "goes with a balance of 0 only"


_PERSON = (
    "sex", "surname", "prefix", "initials", "born", "email", "phone", "street", "house_number", "postcode", "town",
    "selection", "newsletter", "identity_checked",
)  # fmt: skip
_ABSENT_PERSON = dict.fromkeys(_PERSON, "") | {"sex": Sex.UNKNOWN.value, "newsletter": "0", "identity_checked": "0"}
_LIVING = "t.erased_at IS NULL"
_OF_THE_LIVING = (
    "NOT EXISTS (SELECT 1 FROM patron x"
    " WHERE x.consortium = t.consortium AND x.patron = t.patron AND x.erased_at IS NOT NULL)"
)

PATRONS = Sheet(
    "patrons",
    "patron",
    (
        Column("patron", values.code, None),
        Column("type", values.type_code, None),
        Column("language", values.text(20)),
        Column("receipt", values.choice(one.value for one in ReceiptChoice), ReceiptChoice.ASK.value),
        Column("first_name", values.text(100)),
        Column("home", values.optional(values.isil), nullable=True),
        Column("main_library", values.optional(values.code), nullable=True),
        Column("pin_required", values.flag, "0", number=True),
        Column("keeps_history", values.flag, "0", number=True),
        Column("tells_borrowed_before", values.flag, "0", number=True),
        Column("sex", values.choice(one.value for one in Sex), Sex.UNKNOWN.value),
        Column("surname", values.text(200)),
        Column("prefix", values.text(40)),
        Column("initials", values.text(40)),
        Column("born", values.optional(values.day), nullable=True),
        Column("email", values.text(254)),
        Column("phone", values.text(40)),
        Column("street", values.text(200)),
        Column("house_number", values.text(40)),
        Column("postcode", values.text(20)),
        Column("town", values.text(100)),
        Column("selection", values.text(100)),
        Column("newsletter", values.flag, "0", number=True),
        Column("identity_checked", values.flag, "0", number=True),
    ),
    (
        Part(
            "patron",
            _same(
                "type", "language", "receipt", "first_name", "home", "main_library", "pin_required", "keeps_history",
                "tells_borrowed_before",
            ),
        ),
        Part(
            "person",
            _same(*_PERSON),
            _ABSENT_PERSON,
            {
                "search_key": lambda row: folded(row["surname"]),
                "search_head": lambda row: folded(row["surname"])[:HEAD],
            },
        ),
    ),
    references=(Reference("main_library", "institution", "institution"),),
    may_become=_patron_changes,
    shown=_LIVING,
    versioned=True,
)  # fmt: skip

PASSES = Sheet(
    "passes",
    "pass",
    (
        Column("pass", values.key, None),
        Column("patron", values.code, None),
        Column("number", values.number, None),
        Column("status", values.choice(one.value for one in PassStatus), PassStatus.ACTIVE.value),
        Column("network_unique", values.flag, None, number=True),
        Column("document_number", values.flag, "0", number=True),
        Column("eid", values.flag, "0", number=True),
        Column("kind", values.choice(one.value for one in PassKind), PassKind.ORDINARY.value),
        Column("follow_on", values.flag, "0", number=True),
        Column("chips", values.several(values.chip)),
        Column("institutions", values.several(values.code)),
    ),
    (
        Part(
            "pass",
            _same("patron", "number", "status", "network_unique", "document_number", "eid", "kind", "follow_on"),
        ),
    ),
    (Listed("pass_chip", "uid", "chips"), Listed("pass_institution", "institution", "institutions")),
    (Reference("patron", "patron", "patron"), Reference("institutions", "institution", "institution")),
    shown=_OF_THE_LIVING,
)

MEMBERSHIPS = Sheet(
    "memberships",
    "membership",
    (
        Column("membership", values.key, None),
        Column("patron", values.code, None),
        Column("institution", values.code, None),
        Column("subscription", values.code, None),
        Column("starts", values.day, None),
        Column("ends", values.day, None),
        Column("status", values.choice(one.value for one in MembershipStatus), MembershipStatus.NORMAL.value),
        Column("confirmed", values.flag, "1", number=True),
        Column("paid", values.flag, "1", number=True),
        Column("verified", values.optional(values.day), nullable=True),
        Column("term_source", values.choice(("desk", "provisional", "home", "online")), "desk"),
        Column("cancelled_on", values.optional(values.day), nullable=True),
        Column("home_until", values.optional(values.day), nullable=True),
        Column("strips", values.optional(values.integer(0)), number=True, nullable=True),
        Column("overdrawn", values.integer(0), "0", number=True),
    ),
    (
        Part(
            "membership",
            _same(
                "patron", "institution", "subscription", "starts", "ends", "status", "confirmed", "paid", "verified",
                "term_source", "cancelled_on", "home_until",
            ),
        ),
        Part("strips", {"strips": "balance", "overdrawn": "overdrawn"}, {"strips": "", "overdrawn": "0"}),
    ),
    references=(
        Reference("patron", "patron", "patron"),
        Reference("institution", "institution", "institution"),
        Reference("subscription", "subscription", "subscription"),
    ),
    check=_strips,
    shown=_OF_THE_LIVING,
)  # fmt: skip

TITLES = Sheet(
    "titles",
    "title",
    (
        Column("title", values.key, None),
        Column("name", values.text(500, empty=False), None),
        Column("author", values.text(500)),
        Column("genre", values.text(100)),
    ),
    (Part("title", _same("name", "author", "genre")),),
    touches="title",
)

ITEMS = Sheet(
    "items",
    "item",
    (
        Column("item", values.barcode, None),
        Column("title", values.key, None),
        Column("institution", values.code, None),
        Column("branch", values.code, None),
        Column("status", values.choice(one.value for one in ItemStatus), ItemStatus.LENDABLE.value),
        Column("interlibrary", values.flag, "0", number=True),
        Column("in_transit_to", values.optional(values.code), nullable=True),
    ),
    (Part("item", _same("title", "institution", "branch", "status", "interlibrary", "in_transit_to")),),
    references=(
        Reference("title", "title", "title"),
        Reference("institution", "institution", "institution"),
        Reference("branch", "branch", "branch"),
        Reference("in_transit_to", "branch", "branch"),
    ),
    touches="item",
)

HOME_LIBRARIES = Sheet(
    "isil",
    "isil",
    (
        Column("isil", values.isil, None),
        Column("name", values.text(200, empty=False), None),
        Column("province", values.text(100)),
        Column("connector", values.choice(("", "store", "sip2"))),
        Column("address", values.text(500)),
        Column("secret_file", values.text(500)),
        Column("per_minute", values.integer(1), "600", number=True),
    ),
    (Part("home_library", _same("name", "province", "connector", "address", "secret_file", "per_minute")),),
    touches="network",
)

SHEETS: Mapping[str, Sheet] = {one.name: one for one in (HOME_LIBRARIES, PATRONS, PASSES, MEMBERSHIPS, TITLES, ITEMS)}
