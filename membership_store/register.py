"""Writes facts into the store: networks, patrons, items. The loaders read them back as the same facts."""

from collections.abc import Iterable

from circulation.identifiers import Isil
from circulation.model import (
    Branch,
    Fee,
    FeeKind,
    Group,
    Hold,
    Institution,
    Item,
    Loan,
    Membership,
    Pass,
    Patron,
    ProductLink,
    Subscription,
)
from circulation.rules.facts import OfflinePolicy, Policy
from membership_store.changes import ITEM, NETWORK, PATRON, open_feed, touch
from membership_store.database import Session, insert


def add_consortium(session: Session, consortium: str, name: str, since: str, identity_key: str) -> None:
    """A consortium. `since`: ISO date, `identity_key`: 32 random bytes as hexadecimals."""
    insert(session, "consortium", consortium=consortium, name=name, since=since, identity_key=identity_key)
    insert(session, "network_version", consortium=consortium)
    open_feed(session, consortium)


def add_institutions(session: Session, consortium: str, institutions: Iterable[Institution]) -> None:
    """Institutions with their groups and whom they accept."""
    known = tuple(institutions)
    groups: dict[str, Group] = {one.group.code: one.group for one in known if one.group is not None}
    for group in groups.values():
        insert(session, "cooperation", consortium=consortium, cooperation=group.code, kind=group.kind.value)
    for one in known:
        insert(
            session,
            "institution",
            consortium=consortium,
            institution=one.code,
            name=one.name,
            isil=one.isil,
            cooperation=one.group.code if one.group else None,
            province=one.province,
            uses_eid=int(one.uses_eid),
        )
    for one in known:
        for accepted in sorted(one.accepts):
            insert(session, "accepts", consortium=consortium, institution=one.code, accepted=accepted)
    network_changed(session, consortium)


def set_policy(session: Session, consortium: str, institution: str, policy: Policy) -> None:
    """The † values of an institution: who may visit (K1), G8, K11, S2, N5, P6, N8, G10."""
    owner = {"consortium": consortium, "institution": institution}
    session.run("DELETE FROM visit_type WHERE consortium = ? AND institution = ?", consortium, institution)
    session.run("DELETE FROM visit_subscription WHERE consortium = ? AND institution = ?", consortium, institution)
    for code in sorted(kind.value for kind in policy.visit_types):
        insert(session, "visit_type", type=code, **owner)
    for subscription in sorted(policy.special_subscriptions):
        insert(session, "visit_subscription", subscription=subscription, **owner)
    session.run(
        "UPDATE institution SET unverified_nights = ?, max_renewals = ?, renewal_takes_strip = ?, renews_others = ?,"
        " pin_tries = ?, pin_lock_minutes = ?, ending_soon_days = ?, self_enrolment = ?"
        " WHERE consortium = ? AND institution = ?",
        policy.unverified_nights,
        policy.max_renewals,
        int(policy.renewal_takes_strip),
        int(policy.renews_others),
        policy.pin_tries,
        policy.pin_lock_minutes,
        policy.ending_soon_days,
        int(policy.self_enrolment),
        consortium,
        institution,
    )
    network_changed(session, consortium)


def network_changed(session: Session, consortium: str) -> None:
    """Whoever changes institutions, branches, links, catalogue, policy or calendar says so here, last."""
    session.run("UPDATE network_version SET version = version + 1 WHERE consortium = ?", consortium)
    touch(session, consortium, NETWORK)


def add_branch(session: Session, consortium: str, branch: Branch, zone: str, hold_shelf: str = "") -> None:
    """A branch. `zone`: its time zone, such as Europe/Amsterdam; `hold_shelf`: where holds stand, in words."""
    insert(
        session,
        "branch",
        consortium=consortium,
        branch=branch.code,
        institution=branch.institution,
        name=branch.name,
        zone=zone,
        open_amount_limit=branch.open_amount_limit,
        asks_pin=int(branch.asks_pin),
        hold_shelf=hold_shelf,
    )
    network_changed(session, consortium)


def set_offline(session: Session, consortium: str, branch: str, policy: OfflinePolicy) -> None:
    """What the branch allows while the store is out of reach."""
    session.run(
        "UPDATE branch SET offline_borrow = ?, offline_return = ?, offline_pay = ?, offline_fresh_minutes = ?,"
        " offline_usable_minutes = ?, offline_usable_items = ?, offline_usable_guests = ?,"
        " offline_lends_without_pin = ? WHERE consortium = ? AND branch = ?",
        int(policy.borrow),
        int(policy.take_back),
        int(policy.pay),
        policy.fresh_minutes,
        policy.usable_minutes,
        policy.usable_items,
        int(policy.usable_guests),
        int(policy.lends_without_pin),
        consortium,
        branch,
    )
    network_changed(session, consortium)


def add_catalogue(session: Session, consortium: str, catalogue: Iterable[Subscription]) -> None:
    """Subscriptions with their validity dates (S1)."""
    for one in catalogue:
        insert(
            session,
            "subscription",
            consortium=consortium,
            subscription=one.code,
            valid_from=one.valid_from.isoformat(),
            valid_to=one.valid_to.isoformat(),
            name=one.name,
            price=one.price,
            months=one.months,
            strips=one.strips,
            on_pass=one.on_pass,
            loan_days=one.loan_days,
            fine_per_day=one.fine.per_day if one.fine else None,
            fine_maximum=one.fine.maximum if one.fine else None,
            digital_only=int(one.digital_only),
            pay_at_once=int(one.pay_at_once),
            youngest=one.youngest,
            oldest=one.oldest,
            for_institutions=int(one.for_institutions),
            selectable=int(one.selectable),
            on_request=int(one.on_request),
            temporary=int(one.temporary),
            online_library=int(one.online_library),
            unlimited_holds=int(one.unlimited_holds),
            renews_itself=int(one.renews_itself),
        )
    network_changed(session, consortium)


def add_links(session: Session, consortium: str, links: Iterable[ProductLink]) -> None:
    """Product links (N1)."""
    for one in links:
        insert(
            session,
            "product_link",
            consortium=consortium,
            institution=one.at,
            of_institution=one.of,
            of_subscription=one.there,
            subscription=one.here,
        )
    network_changed(session, consortium)


def add_home_library(session: Session, consortium: str, isil: Isil, name: str) -> None:
    """A library from which guests may come (G1)."""
    insert(session, "home_library", consortium=consortium, isil=isil, name=name)


def add_patron(session: Session, consortium: str, patron: Patron, type_code: str | None = None) -> None:
    """A patron with passes, memberships, fees and messages; loans come with the items. Keys are the patron's own.

    `type_code`: the code as the library system writes it, where it is none that the model knows (K1).
    """
    insert(
        session,
        "patron",
        consortium=consortium,
        patron=patron.ref,
        type=type_code or patron.type.value,
        language=patron.language,
        receipt=patron.receipt.value,
        first_name=patron.first_name,
        home=patron.home,
        main_library=patron.main_library,
        pin_required=int(patron.pin_required),
        keeps_history=int(patron.keeps_history),
        tells_borrowed_before=int(patron.tells_borrowed_before),
    )
    for n, card in enumerate(patron.passes):
        _add_pass(session, consortium, patron, f"{patron.ref}-{n}", card)
    for n, row in enumerate(patron.memberships):
        _add_membership(session, consortium, patron, f"{patron.ref}-{n}", row)
    touch(session, consortium, PATRON, patron.ref)
    owner = {"consortium": consortium, "patron": patron.ref}
    for fee in patron.fees:
        insert(
            session,
            "fee",
            fee=f"{patron.ref}-{fee.ref}",
            institution=fee.institution,
            cents=fee.cents,
            status=fee.status.value,
            kind=fee.kind.value,
            since=fee.since.isoformat() if fee.since else None,
            membership=_contribution_for(patron, fee),
            **owner,
        )
    for n, message in enumerate(patron.messages):
        insert(
            session,
            "message",
            message=f"{patron.ref}-{n}",
            body=message.text,
            for_patron=int(message.for_patron),
            acknowledge=int(message.acknowledge),
            **owner,
        )


def _contribution_for(patron: Patron, fee: Fee) -> str | None:
    """S5: a contribution is for the patron's first membership there that is not paid; its key."""
    if fee.kind is not FeeKind.CONTRIBUTION:
        return None
    unpaid = (n for n, row in enumerate(patron.memberships) if row.institution == fee.institution and not row.paid)
    first = next(unpaid, None)
    return None if first is None else f"{patron.ref}-{first}"


def _add_pass(session: Session, consortium: str, patron: Patron, key: str, card: Pass) -> None:
    insert(
        session,
        "pass",
        consortium=consortium,
        **{"pass": key},
        patron=patron.ref,
        number=card.number,
        status=card.status.value,
        network_unique=int(card.unique),
        document_number=int(card.document_number),
        eid=int(card.eid),
        kind=card.kind.value,
        follow_on=int(card.follow_on),
    )
    for uid in sorted(card.chips):
        insert(session, "pass_chip", consortium=consortium, uid=uid, **{"pass": key})
    for place in sorted(card.institutions):
        insert(session, "pass_institution", consortium=consortium, institution=place, **{"pass": key})


def _add_membership(session: Session, consortium: str, patron: Patron, key: str, row: Membership) -> None:
    insert(
        session,
        "membership",
        consortium=consortium,
        membership=key,
        patron=patron.ref,
        institution=row.institution,
        subscription=row.subscription,
        starts=row.starts.isoformat(),
        ends=row.ends.isoformat(),
        status=row.status.value,
        confirmed=int(row.confirmed),
        paid=int(row.paid),
        verified=row.verified.isoformat() if row.verified else None,
    )
    if row.strips_left is not None:
        balance, overdrawn = max(0, row.strips_left), max(0, -row.strips_left)
        insert(session, "strips", consortium=consortium, membership=key, balance=balance, overdrawn=overdrawn)


def add_title(session: Session, consortium: str, title: str, name: str, author: str = "", genre: str = "") -> None:
    """A title, under the key `title`."""
    insert(session, "title", consortium=consortium, title=title, name=name, author=author, genre=genre)


def add_item(session: Session, consortium: str, item: Item, title: str) -> None:
    """A copy of the title, with its open loan and the hold on it; their patrons must be there."""
    insert(
        session,
        "item",
        consortium=consortium,
        item=item.barcode,
        title=title,
        institution=item.institution,
        branch=item.branch,
        status=item.status.value,
        interlibrary=int(item.interlibrary),
    )
    touch(session, consortium, ITEM, item.barcode)
    if item.loan is not None:
        lent_at = f"{item.loan.lent.isoformat()}T10:00:00.000000+00:00"
        add_loan(session, consortium, f"item-{item.barcode}", item.loan, lent_at)
    if item.hold is not None:
        _add_hold(session, consortium, item, title, item.hold)


def add_loan(
    session: Session,
    consortium: str,
    key: str,
    loan: Loan,
    lent_at: str,
    returned_at: str | None = None,
    membership: str | None = None,
    returned_kiosk: str | None = None,
) -> None:
    """A loan under that key; open as long as it was not returned. Instants are ISO UTC.

    `membership`: the key of the one that it was lent under, whose terms say what a late return costs (S8).
    `returned_kiosk`: the one that told of its end.
    """
    insert(
        session,
        "loan",
        consortium=consortium,
        loan=key,
        item=loan.item,
        patron=loan.patron,
        branch=loan.branch,
        lent=loan.lent.isoformat(),
        due=loan.due.isoformat(),
        lent_at=lent_at,
        returned_at=returned_at,
        internal=int(loan.internal),
        renewals=loan.renewals,
        membership=membership,
        returned_kiosk=returned_kiosk,
    )


def _add_hold(session: Session, consortium: str, item: Item, title: str, hold: Hold) -> None:
    insert(
        session,
        "hold",
        consortium=consortium,
        hold=f"item-{item.barcode}",
        patron=hold.patron,
        title=title,
        item=item.barcode,
        status="on_shelf" if hold.on_shelf else "waiting",
        branch=hold.branch,
        shelf=hold.shelf,
    )
