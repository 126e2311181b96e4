"""What a network file may say, section by section, and the table that each section stands in (N1, N6, S1, G1, K1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from circulation.model import GroupKind, PatronType
from circulation.rules.facts import Policy
from membership_store.networks.fields import Field, code, day, isil, mail_address, number, one_of, text, yes_no, zone

_POLICY = Policy()
_OFFLINE = _POLICY.offline
LAST_DAY = "9999-12-31"
FIRST_DAY = "2000-01-01"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list within a row that stands in a table of its own: each value a row of owner and value."""

    table: str
    column: str
    default: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """`[[name]]` in the file. `keys` tell its rows apart. `refers`: a field whose value must be a key of that section.

    `whole`: the file says all that there is, and what it does not say is taken away; else it is left and told.
    """

    name: str
    table: str
    keys: Mapping[str, Field]
    fields: Mapping[str, Field] = field(default_factory=dict)
    lists: Mapping[str, Listed] = field(default_factory=dict)
    refers: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


GROUP = Section(
    "group",
    "cooperation",
    {"code": code("cooperation")},
    {"kind": one_of("kind", *(one.value for one in GroupKind))},
)
INSTITUTION = Section(
    "institution",
    "institution",
    {"code": code("institution")},
    {
        "name": text("name"),
        "isil": isil("isil", None),
        "group": code("cooperation", None),
        "province": text("province", ""),
        "uses_eid": yes_no("uses_eid", default=False),
        "unverified_nights": number("unverified_nights", _POLICY.unverified_nights),
        "max_renewals": number("max_renewals", _POLICY.max_renewals),
        "renewal_takes_strip": yes_no("renewal_takes_strip", default=_POLICY.renewal_takes_strip),
        "renews_others": yes_no("renews_others", default=_POLICY.renews_others),
        "pin_tries": number("pin_tries", _POLICY.pin_tries, 1),
        "pin_lock_minutes": number("pin_lock_minutes", _POLICY.pin_lock_minutes, 1),
        "ending_soon_days": number("ending_soon_days", _POLICY.ending_soon_days),
        "self_enrolment": yes_no("self_enrolment", default=_POLICY.self_enrolment),
        "loans_kept_days": number("loans_kept_days", 28),
        "patrons_kept_days": number("patrons_kept_days", 730),
        "fine_days": number("fine_days", 60),
        "mail_from": mail_address("mail_from", ""),
    },
    {
        "accepts": Listed("accepts", "accepted", of="institution"),
        "visit_types": Listed("visit_type", "type", tuple(sorted(one.value for one in _POLICY.visit_types))),
        "visit_subscriptions": Listed(
            "visit_subscription", "subscription", tuple(sorted(_POLICY.special_subscriptions)), "subscription"
        ),
    },
    {"group": "group"},
)
BRANCH = Section(
    "branch",
    "branch",
    {"code": code("branch")},
    {
        "name": text("name"),
        "institution": code("institution"),
        "zone": zone("zone", "Europe/Amsterdam"),
        "open_amount_limit": number("open_amount_limit", 1000),
        "asks_pin": yes_no("asks_pin", default=False),
        "hold_shelf": text("hold_shelf", ""),
        "offline_borrow": yes_no("offline_borrow", default=_OFFLINE.borrow),
        "offline_return": yes_no("offline_return", default=_OFFLINE.take_back),
        "offline_pay": yes_no("offline_pay", default=_OFFLINE.pay),
        "offline_fresh_minutes": number("offline_fresh_minutes", _OFFLINE.fresh_minutes),
        "offline_usable_minutes": number("offline_usable_minutes", _OFFLINE.usable_minutes),
        "offline_usable_items": number("offline_usable_items", _OFFLINE.usable_items),
        "offline_usable_guests": yes_no("offline_usable_guests", default=_OFFLINE.usable_guests),
        "offline_lends_without_pin": yes_no("offline_lends_without_pin", default=_OFFLINE.lends_without_pin),
    },
    refers={"institution": "institution"},
)
SUBSCRIPTION = Section(
    "subscription",
    "subscription",
    {"code": code("subscription"), "valid_from": day("valid_from", FIRST_DAY)},
    {
        "valid_to": day("valid_to", LAST_DAY),
        "name": text("name"),
        "price": number("price", 0),
        "months": number("months", 12, 1),
        "strips": number("strips", None),
        "on_pass": number("on_pass", None),
        "loan_days": number("loan_days", None),
        "fine_per_day": number("fine_per_day", None),
        "fine_maximum": number("fine_maximum", None),
        "youngest": number("youngest", None),
        "oldest": number("oldest", None),
        "digital_only": yes_no("digital_only", default=False),
        "pay_at_once": yes_no("pay_at_once", default=False),
        "for_institutions": yes_no("for_institutions", default=False),
        "selectable": yes_no("selectable", default=True),
        "on_request": yes_no("on_request", default=False),
        "temporary": yes_no("temporary", default=False),
        "online_library": yes_no("online_library", default=False),
        "unlimited_holds": yes_no("unlimited_holds", default=False),
        "renews_itself": yes_no("renews_itself", default=False),
    },
)
LINK = Section(
    "link",
    "product_link",
    {"at": code("institution"), "of": code("of_institution"), "there": code("of_subscription")},
    {"here": code("subscription")},
    refers={"at": "institution", "of": "institution", "there": "subscription", "here": "subscription"},
    whole=True,
)
HOME = Section(
    "home_library",
    "home_library",
    {"isil": isil("isil")},
    {
        "name": text("name"),
        "connector": one_of("connector", "", "store", "sip2", default=""),
        "address": text("address", ""),
        "secret_file": text("secret_file", ""),
        "per_minute": number("per_minute", 600, 1),
        "province": text("province", ""),
    },
)
# In the order in which rows can be written: what is referred to comes first.
SECTIONS = (GROUP, SUBSCRIPTION, INSTITUTION, BRANCH, LINK, HOME)
TYPES = frozenset(one.value for one in PatronType) - {PatronType.UNKNOWN.value}
