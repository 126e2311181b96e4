"""The subscription catalogue (S1) as data with validity dates. Prices in cents; None means no maximum.

Loan days of three weeks and youth without limits are defaults that a library may replace (docs/rules.md).
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from circulation.identifiers import SubscriptionCode
from circulation.model import Fine, Subscription


def _one(code: str, name: str, **facts: Any) -> Subscription:
    return Subscription(SubscriptionCode(code), name, **facts)


YOUTH = SubscriptionCode("JEUGD")
GUEST = SubscriptionCode("0345")
ADMINISTRATIVE = SubscriptionCode("0089")
HOMES = (SubscriptionCode("0082"), SubscriptionCode("0083"))
START, SCHOOL, SUPPLEMENT = SubscriptionCode("0021"), SubscriptionCode("0082"), SubscriptionCode("0086")
# One for each person (0001) and one for each school (0086).
ONE_EACH = frozenset({SubscriptionCode("0001"), SUPPLEMENT})
GUEST_STRIPS = 125

# Instalments of the same products (0049, 0052) give the same: only how they are paid differs (S9).
_ADULT: dict[str, Any] = {"youngest": 19, "oldest": 99, "online_library": True}
_ADULT_OR_OLD: dict[str, Any] = {"youngest": 19, "oldest": 110, "online_library": True}
_BY_THE_MONTH: dict[str, Any] = {"months": 1, "on_request": True, "renews_itself": True}
_INSTITUTION: dict[str, Any] = {"for_institutions": True, "unlimited_holds": True}
_ONE_MONTH: dict[str, Any] = {"months": 1, "strips": 20, "pay_at_once": True, "temporary": True}

CATALOGUE: tuple[Subscription, ...] = (
    _one("JEUGD", "Jeugd", youngest=0, oldest=18),
    _one("0001", "gratis"),
    _one("0002", "Instelling", loan_days=None, for_institutions=True, selectable=False),  # not in use
    _one("0021", "Start", youngest=19, oldest=30, strips=12),
    _one("0045", "Basis", price=5200, valid_to=date(2024, 12, 31), **_ADULT, strips=125),
    _one("0045", "Basis", price=5600, valid_from=date(2025, 1, 1), **_ADULT, strips=125),
    _one("0049", "Basis (maand-incasso)", price=500, **_ADULT, strips=125, **_BY_THE_MONTH),
    _one("0052", "Compleet (maand-incasso)", price=550, **_ADULT_OR_OLD, **_BY_THE_MONTH),
    _one("0053", "Compleet", price=6500, **_ADULT_OR_OLD),
    _one(
        "0082", "school / instelling betalend", price=6350, strips=400, loan_days=42, fine=Fine(5, 25), **_INSTITUTION
    ),
    _one("0083", "Tehuizen", price=6350, on_pass=30, loan_days=126, fine=Fine(15, 450), **_INSTITUTION),
    _one("0086", "dBos supplement", loan_days=None, for_institutions=True),
    _one("0089", "Administratieve Pas", loan_days=0, selectable=False),  # given with the pass, never chosen (A2)
    _one("0090", "proefabonnement", months=1, loan_days=None, temporary=True),
    _one("0091", "Maandabonnement", price=1000, valid_to=date(2024, 12, 31), **_ONE_MONTH),
    _one("0091", "Maandabonnement", price=1100, valid_from=date(2025, 1, 1), **_ONE_MONTH),
    _one("0141", "Digital only", price=4200, strips=0, loan_days=None, digital_only=True, online_library=True),
    _one("0345", "gastleen", strips=0, months=3, temporary=True),
)


def on_day(code: SubscriptionCode, day: date, catalogue: Iterable[Subscription] = CATALOGUE) -> Subscription | None:
    """The subscription of that code as it is valid on the day, or None where the catalogue has none (S1).

    Where two rows overlap, the one that began last counts, whatever their order.
    """
    valid = [one for one in catalogue if one.code == code and one.valid_from <= day <= one.valid_to]
    return max(valid, key=lambda one: one.valid_from, default=None)
