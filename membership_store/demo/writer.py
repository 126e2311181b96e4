"""Writes the demo: the database, the drawer of passes, the pile of books, and credentials for kiosks and staff."""

import json
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from circulation.identifiers import InstitutionCode
from membership_store import credentials, pins
from membership_store.changes import renew_generation
from membership_store.credentials import Kiosk
from membership_store.database import Session, one
from membership_store.demo.casting import DEMO_PIN
from membership_store.demo.networks import NETWORKS, PREFIX, Network, Place, add_network
from membership_store.demo.showing import drawer_of, pile_of
from membership_store.demo.world import World, populate, worlds
from membership_store.desk import Clock
from membership_store.migrations import migrate
from membership_store.network import local_date
from membership_store.opening import Spec, make_room, open_database
from membership_store.signing import public_half, signing_key
from membership_store.staff.credentials import Role, Staff, add_staff, renew_credential, staff_of

DEFAULT_BRANCH = "9401"
# Everybody and everything, children first; kiosks and their answers are never thrown away.
PERISHABLE = (
    "staff_flag",
    "handover",
    "receipt_mail",
    "guest_check",
    "pin_proof",
    "pin_try",
    "pin",
    "login_account",
    "mandate",
    "payment_fee",
    "payment",
    "strips_entry",
    "hold",
    "loan",
    "item",
    "title",
    "message",
    "fee",
    "strips",
    "membership",
    "pass_institution",
    "pass_chip",
    "pass",
    "person",
    "patron",
)


class NotADemo(Exception):
    """The database holds something else than demo data, which is never overwritten; or the branch is not in it."""


def write(address: Spec, out: Path, branch: str, clock: Clock) -> str:
    """Fills the database, writes the files for a kiosk at that branch, and says what was done. Raises NotADemo.

    Demo data of an earlier day are made anew, counted from today; those of today are left as they have become.
    """
    network, place = _find(branch)
    make_room(address)
    today = local_date(clock(), network.zone)
    everything = tuple(worlds(today))
    database = open_database(address, patient=True)
    try:
        migrate(database)
        pin_hash, moment = pins.hashed(DEMO_PIN), clock()
        database.write(lambda session: _bring_to(session, everything, today, pin_hash, moment))
        tokens = database.write(lambda session: _tokens(session, out / "secrets"))
        database.write(lambda session: _staff_tokens(session, network, place, out / "secrets"))
        drawer = database.read(lambda session: drawer_of(session, everything, network, place, clock()))
        pile = database.read(lambda session: pile_of(session, everything, network, place, clock()))
        vouching = public_half(signing_key(database, network.code))
        database.take_stock()
    finally:
        database.close()
    credentials.write_token(out / "secrets" / "kiosk.token", tokens[branch])
    credentials.write_token(out / "secrets" / "store.pub", vouching)
    institution = network.library(place.institution).name
    stand = {"code": place.code, "name": place.name, "institution": institution, "kiosk": f"{place.slug}-1"}
    for name, data in (("drawer", drawer), ("pile", pile), ("branch", stand)):
        _write_json(out / f"{name}.json", data)
    return f"demo data for {place.name}: {len(drawer)} passes in the drawer, {len(pile)} books in the pile, in {out}"


def _find(branch: str) -> tuple[Network, Place]:
    for network in NETWORKS:
        for place in network.places:
            if place.code == branch:
                return network, place
    known = ", ".join(f"{place.code} {place.slug}" for network in NETWORKS for place in network.places)
    raise NotADemo(f"the demo has no branch {branch}; it has {known}")


def _bring_to(session: Session, everything: Iterable[World], today: date, pin_hash: str, moment: datetime) -> None:
    rows = session.rows("SELECT consortium, since FROM consortium")
    known = {code for code, _ in rows}
    if any(not code.startswith(PREFIX) for code in known):
        raise NotADemo("this database holds a library's own data; demo data go into a database of their own")
    if known and {since for _, since in rows} == {today.isoformat()}:
        return
    for table in PERISHABLE:
        session.run(f"DELETE FROM {table}")  # noqa: S608 - a word of this module
    session.run("UPDATE consortium SET since = ?", today.isoformat())
    for world in everything:
        if world.network.code not in known:
            add_network(session, world.network, today.isoformat(), secrets.token_hex(32))
        populate(session, world, pin_hash, moment)
    renew_generation(session)


def _tokens(session: Session, folder: Path) -> dict[str, str]:
    """The credential of each branch's kiosk, kept in a file; a lost or foreign file is replaced by a new one."""
    return {
        place.code: _token(session, Kiosk(network.code, f"{place.slug}-1", place.code), folder)
        for network in NETWORKS
        for place in network.places
    }


def _token(session: Session, kiosk: Kiosk, folder: Path) -> str:
    file = folder / f"kiosk-{kiosk.branch}.token"
    token = file.read_text("utf-8").strip() if file.exists() else ""
    if credentials.kiosk_of(session, token) == kiosk:
        return token
    known = "SELECT 1 FROM kiosk WHERE consortium = ? AND kiosk = ?"
    there = one(session.rows(known, kiosk.consortium, kiosk.id)) is not None
    token = (credentials.renew_credential if there else credentials.add_kiosk)(session, kiosk)
    credentials.write_token(file, token)
    return token


def _staff_tokens(session: Session, network: Network, place: Place, folder: Path) -> None:
    """Somebody at the desk of the branch's library, and a manager of the whole network."""
    for staff in (
        Staff(network.code, f"desk-{place.institution}", Role.DESK, InstitutionCode(place.institution)),
        Staff(network.code, "manager", Role.MANAGER),
    ):
        file = folder / f"staff-{staff.role.value}.token"
        token = file.read_text("utf-8").strip() if file.exists() else ""
        if staff_of(session, token) == staff:
            continue
        known = "SELECT 1 FROM staff WHERE consortium = ? AND staff = ?"
        there = one(session.rows(known, staff.consortium, staff.id)) is not None
        credentials.write_token(file, (renew_credential if there else add_staff)(session, staff))


def _write_json(file: Path, data: object) -> None:
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")
    draft.replace(file)
