"""The rule book: every id that there is; what keeps those that no rule function decides alone; what a library may set.

docs/rules.md is made of this and of the functions marked with `rule`.
"""

from collections.abc import Mapping

from values import dataclass

IDS = frozenset(
    f"{letter}{number}"
    for letter, last in (("K", 14), ("P", 8), ("G", 10), ("N", 12), ("S", 9), ("F", 5), ("A", 6))
    for number in range(1, last + 1)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule that is kept by what stands at `path` (dotted), and how."""

    path: str
    how: str


# Data: what a library may replace without a line of code.
DATA: Mapping[str, tuple[Kept, ...]] = {
    "K1": (Kept("circulation.rules.facts.Policy", "which types and which subscriptions may begin a visit"),),
    "P1": (Kept("circulation.rules.numbers.PREFIXES", "the prefixes of printed numbers and what each stands for"),),
    "P5": (Kept("circulation.rules.staffing.UNIQUE_KINDS", "the kinds of pass that are unique in the network"),),
    "S1": (Kept("circulation.catalogue.CATALOGUE", "the subscriptions with their prices and limits, by their dates"),),
    "S9": (Kept("circulation.catalogue.CATALOGUE", "on request only, online library, unlimited holds"),),
    "G5": (Kept("circulation.catalogue.GUEST_STRIPS", "how many strips a guest gets for each home term"),),
    "K14": (Kept("circulation.model.Sex", "what the library asks about a person"),),
}

# Operations: where nothing is decided, or where what was decided is done.
OPERATIONS: Mapping[str, tuple[Kept, ...]] = {
    "K2": (
        Kept("membership_store.situation.greeting", "language, receipt and a child's first name go to the kiosk"),
        Kept("membership_store.staff.persons.faults", "a first name is put on file of youth only"),
        Kept("kiosk.sentences.headline", "greets by that first name, and by no name where there is none"),
    ),
    "K3": (
        Kept("membership_store.situation.greeting", "only messages for the patron go to the kiosk"),
        Kept("membership_store.staff.messages.acknowledge", "staff acknowledge a message"),
        Kept("kiosk.flows.checkout.Checkout", "one for the patron stands until it is read away, at every visit"),
    ),
    "K4": (
        Kept("membership_store.account.look_at_account", "shows the history to who has chosen it"),
        Kept("kiosk.sentences.row", "tells of a loan that its title was theirs before, to who has chosen that"),
    ),
    "K12": (Kept("membership_store.account.look_at_account", "shows ready holds with their shelf"),),
    "K13": (
        Kept("kiosk.sentences.refused", "one sentence of why and one of what next, in the patron's language"),
        Kept("circulation.rules.why.explain", "for staff: every rule, and what it looked at"),
    ),
    "K14": (
        Kept("membership_store.staff.accounts.open_account", "a login account, unless the patron wants none"),
        Kept("membership_store.staff.accounts.drop_stale", "deletes what was not activated in time"),
        Kept("membership_store.staff.persons.lacking", "what must be filled in; a first name of youth only"),
    ),
    "P4": (Kept("membership_store.staff.passes.replace", "replaces a pass that is not unique"),),
    "P6": (Kept("membership_store.proving.count_try", "counts the wrong PINs of a pass at all kiosks together"),),
    "P8": (Kept("membership_store.staff.passes.link_chip", "links a chip to a pass, at the desk only"),),
    "G2": (Kept("membership_store.guests.enrolment", "asks the home library before a guest is enrolled"),),
    "G3": (Kept("membership_store.staff.changing.change_person", "refuses to change what comes from home"),),
    "G5": (Kept("membership_store.guests.enrolment.book_strips", "books the strips once for each home term"),),
    "G9": (Kept("membership_store.staff.accounts.link", "links an account before its first login, by its exact name"),),
    "N3": (Kept("membership_store.staff.searching.different_kinds", "tells staff of valid ones of different kinds"),),
    "N4": (
        Kept("membership_store.account.look_at_account", "the whole group's loans, grouped by branch"),
        Kept("kiosk.account_words.history", "shows under the loans what was brought back, where the patron wants that"),
    ),
    "N5": (Kept("membership_store.renewing.take_renewals", "a batch is answered item by item"),),
    "N10": (
        Kept("membership_store.handing_over.hand_over", "a short code under which the desk finds the case"),
        Kept("kiosk.flows.desk_code.has_code", "which refusals show one: at the door, of a loan, of a renewal"),
    ),
    "N12": (Kept("membership_store.staff.merging.merge", "staff make one patron of two"),),
    "S2": (Kept("membership_store.books.Books", "takes a strip and the loan in one transaction"),),
    "S4": (Kept("membership_store.staff.nightly.come_of_age", "turns youth into Start in the night"),),
    "F2": (Kept("membership_store.paying.take_payment", "a fee is paid once, whatever is sent again"),),
    "F3": (
        Kept("membership_store.paying.take_payment", "a payment is a fact, booked once by the terminal's reference"),
    ),
    "F5": (
        Kept("membership_store.staff.money.waive", "waiving is the desk's"),
        Kept("membership_store.staff.money.add_note", "a note for what was lost or damaged is the desk's"),
        Kept("membership_store.staff.money.record_mandate", "a mandate is recorded at the desk, four digits kept"),
    ),
    "A2": (Kept("membership_store.staff.administrative.make", "makes an administrative pass"),),
    "A6": (Kept("membership_store.staff.administrative.turn", "turns a special patron's pass into one"),),
}

# What a library may set, by the field that carries it.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "K1": ("Policy.visit_types", "Policy.special_subscriptions"),
    "K8": ("Policy.hold_shelf",),
    "K11": ("Policy.max_renewals",),
    "P4": ("Institution.uses_eid",),
    "P6": ("Policy.pin_tries", "Policy.pin_lock_minutes", "Branch.asks_pin", "Patron.pin_required", "Policy.offline"),
    "G4": ("Institution.province",),
    "G8": ("Policy.unverified_nights",),
    "G10": ("Policy.self_enrolment",),
    "N1": ("Institution.accepts", "ProductLink.here"),
    "N5": ("Policy.renews_others",),
    "N6": ("Group.kind",),
    "N8": ("Policy.ending_soon_days", "Subscription.renews_itself"),
    "N11": ("Group.kind",),
    "S1": (
        "Subscription.price",
        "Subscription.valid_from",
        "Subscription.valid_to",
        "Subscription.loan_days",
        "Here.closed",
    ),
    "S2": ("Subscription.strips", "Policy.renewal_takes_strip"),
    "S3": ("Subscription.on_pass",),
    "S4": ("Subscription.youngest", "Subscription.oldest", "Subscription.for_institutions"),
    "S5": ("Subscription.pay_at_once",),
    "S6": ("Subscription.digital_only",),
    "S7": ("Subscription.months", "Subscription.temporary"),
    "S8": ("Subscription.fine",),
    "S9": (
        "Subscription.on_request",
        "Subscription.online_library",
        "Subscription.unlimited_holds",
        "Subscription.selectable",
    ),
    "F4": ("Branch.open_amount_limit",),
}
