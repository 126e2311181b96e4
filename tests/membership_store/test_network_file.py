"""A consortium is set up from one file: what it says stands, again it changes nothing; a wrong file changes nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from circulation import identifiers as ids
from circulation.catalogue import CATALOGUE
from circulation.model import GroupKind
from circulation.outcomes import Reason
from circulation.presented import Presented, Source
from circulation.rules.facts import OfflinePolicy
from membership_store.credentials import Kiosk, add_kiosk
from membership_store.database import Database
from membership_store.desk import StoreDesk
from membership_store.migrations import migrate
from membership_store.network import load_here
from membership_store.networks import showing
from membership_store.networks.applying import apply
from membership_store.networks.reading import BadNetwork, read
from tests.membership_store.running import DRENTHE, ROOT, run

EXAMPLE = ROOT / "docs" / "network.example.toml"
NOW = datetime(2026, 7, 15, 10, tzinfo=UTC)
HERE = "vlaamse-ardennen"


def changed(text: str, old: str, new: str) -> bytes:
    """The example with one thing written otherwise."""
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.fixture
def example() -> str:
    """The file of the documentation."""
    return EXAMPLE.read_text("utf-8")


@pytest.fixture
def new(empty: Database) -> Database:
    """A database with the schema and nothing in it."""
    migrate(empty)
    return empty


def test_a_new_consortium_serves_its_kiosks_with_what_the_file_says(new: Database, example: str) -> None:
    apply(new, read(example.encode()), NOW)
    here = new.read(lambda session: load_here(session, HERE, "3550", NOW))
    assert here.institution.group is not None
    assert here.institution.group.kind is GroupKind.THREE_B
    assert here.accepts(ids.InstitutionCode("oosterzele"))
    assert (here.branch.open_amount_limit, here.policy.hold_shelf, here.policy.max_renewals) == (
        1000,
        "de blauwe plank",
        2,
    )
    assert set(here.catalogue) == set(CATALOGUE)
    assert [(link.of, link.there) for link in here.links] == [("oosterzele", "0045")]
    kiosk = Kiosk(HERE, "zottegem-1", "3550")
    token = new.write(lambda session: add_kiosk(session, kiosk))
    desk = StoreDesk(new, lambda: NOW)
    assert desk.kiosk_of(token) == kiosk
    said = desk.identify(kiosk, Presented(Source.CHIP, ids.pass_number("20003550000012")))
    assert getattr(said, "reason", None) is Reason.PASS_UNKNOWN


def test_the_same_file_again_changes_nothing_and_what_is_shown_is_the_same_file(new: Database, example: str) -> None:
    assert {one.what for one in apply(new, read(example.encode()), NOW)} == {"new"}
    versions = "SELECT version FROM network_version"
    before = new.read(lambda session: session.rows(versions))
    assert apply(new, read(example.encode()), NOW) == []
    shown = new.read(lambda session: showing.show(session, HERE))
    assert apply(new, read(shown.encode()), NOW) == []
    assert new.read(lambda session: session.rows(versions)) == before


def test_a_change_is_seen_at_once_and_a_dry_run_changes_nothing(new: Database, example: str) -> None:
    apply(new, read(example.encode()), NOW)
    less = changed(example, 'accepts = ["oosterzele"]', "accepts = []")
    for dry_run, accepts in ((True, True), (False, False)):
        said = apply(new, read(less), NOW, dry_run=dry_run)
        assert [(one.section, one.key, one.what) for one in said] == [("institution", "zottegem accepts", "changed")]
        here = new.read(lambda session: load_here(session, HERE, "3550", NOW))
        assert here.accepts(ids.InstitutionCode("oosterzele")) is accepts


def test_what_a_branch_allows_offline_is_as_the_file_says_and_careful_where_it_says_nothing(
    new: Database, example: str
) -> None:
    apply(new, read(example.replace("offline_borrow = true ", "offline_borrow = false").encode()), NOW)
    text = changed(example, "offline_usable_items = 5 ", "offline_usable_items = 2 ").decode()
    for old, other in (
        ("offline_pay = false", "offline_pay = true"),
        ("offline_return = true", "offline_return = false"),
    ):
        text = text.replace(old, other)
    for name, value in (("fresh", 7), ("usable", 70)):
        text = re.sub(rf"offline_{name}_minutes = \d+", f"offline_{name}_minutes = {value}", text)
    text = text.replace("offline_usable_guests = false", "offline_usable_guests = true")
    text = text.replace("offline_lends_without_pin = false", "offline_lends_without_pin = true")
    apply(new, read(text.encode()), NOW)

    def offline(branch: str) -> OfflinePolicy:
        return new.read(lambda session: load_here(session, HERE, branch, NOW)).policy.offline

    assert offline("3550") == OfflinePolicy(True, False, True, 7, 70, 2, True, True)
    assert offline("3560") == OfflinePolicy()


def test_what_loans_hang_on_is_kept_and_named_and_a_link_that_is_gone_is_gone(new: Database, example: str) -> None:
    apply(new, read(example.encode()), NOW)
    less = re.sub(r"\[\[branch\]\]\ncode = \"3560\".*?\n\n", "", example, flags=re.DOTALL)
    less = re.sub(r"\[\[link\]\].*?\n\n", "", less, flags=re.DOTALL)
    said = [(one.section, one.what) for one in apply(new, read(less.encode()), NOW)]
    assert said == [("branch", "kept"), ("link", "taken away")]
    assert load_links(new) == ()
    assert new.read(lambda session: load_here(session, HERE, "3560", NOW)).branch.name == "Oosterzele"


def load_links(database: Database) -> tuple[object, ...]:
    """The links of Zottegem."""
    return database.read(lambda session: load_here(session, HERE, "3550", NOW)).links


def test_a_branch_cannot_move_to_another_institution(new: Database, example: str) -> None:
    apply(new, read(example.encode()), NOW)
    moved = changed(example, 'institution = "oosterzele"\nzone', 'institution = "zottegem"\nzone')
    with pytest.raises(BadNetwork):
        apply(new, read(moved), NOW)
    assert new.read(lambda session: load_here(session, HERE, "3560", NOW)).branch.institution == "oosterzele"


@pytest.mark.parametrize(
    ("old", "wrong", "said"),
    [
        ('kind = "3b"', 'kind = "9"', "[[group]] 1, kind: needs one of 1, 2, 3, 3a, 3b, 3c"),
        ('kind = "3b"', "kind = 3", "[[group]] 1, kind: needs one of 1, 2, 3, 3a, 3b, 3c"),
        ('group = "vlaamse-ardennen"', 'group = "elsewhere"', "institution zottegem, group: there is no group"),
        ('accepts = ["oosterzele"]', 'accepts = ["nowhere"]', "institution zottegem, accepts: 'nowhere'"),
        ('accepts = ["oosterzele"]', 'accepts = ["zottegem"]', "its own patrons"),
        ('accepts = ["oosterzele"]', 'accepts = "oosterzele"', "a list of codes"),
        ('visit_types = ["00", "04"]', 'visit_types = ["77"]', "visit_types: '77' is not known"),
        ("max_renewals = 2", "max_renewals = -1", "max_renewals: needs a whole number, 0 or more"),
        ("max_renewals = 2", "max_renewals = true", "max_renewals: needs a whole number"),
        ("open_amount_limit = 1000", "open_amount_limit = 10.0", "open_amount_limit: needs a whole number"),
        ("asks_pin = false", "asks_pin = 0", "asks_pin: needs true or false"),
        ('zone = "Europe/Brussels"', 'zone = "Mars/Base"', "zone: needs a time zone"),
        ('zone = "Europe/Brussels"', 'zone = "../etc/passwd"', "zone: needs a time zone"),
        ('code = "3550"', "code = 3550", "[[branch]] 1, code: needs a code in quotes"),
        ('code = "3560"', 'code = "3550"', "[[branch]] 2: stands there twice"),
        ('name = "Zottegem"\n', "", "[[branch]] 1, name: missing"),
        ("hold_shelf", "hold_shell", "[[branch]] 1, hold_shell: no such key"),
        ("[[link]]", "[[links]]", "links: no such key or section"),
        ("[[link]]", "[link]", "link: written as [[link]]"),
        ('there = "0045"', 'there = "9999"', "there: there is no subscription of that code"),
        ('isil = "NL-070288"', 'isil = "070288"', "isil: needs an ISIL"),
        ('consortium = "vlaamse-ardennen"', 'consortium = "a b"', "consortium: a code"),
        ('kind = "3b"', "kind = ", "not TOML"),
    ],
)
def test_a_wrong_file_says_where_it_is_wrong(example: str, old: str, wrong: str, said: str) -> None:
    with pytest.raises(BadNetwork) as caught:
        read(changed(example, old, wrong))
    assert any(said in one for one in caught.value.troubles), caught.value.troubles


def test_all_troubles_are_told_together(example: str) -> None:
    with pytest.raises(BadNetwork) as caught:
        read(changed(example, 'kind = "3b"', 'kind = "9"').replace(b"max_renewals = 2", b"max_renewals = -2"))
    assert len(caught.value.troubles) == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("valid_from = 2026-02-01\nvalid_to = 2026-01-31", "ends before it begins"),
        ("fine_per_day = 15", "fine_per_day and fine_maximum go together"),
        ("price = -1", "price: needs a whole number"),
        ('valid_from = "2026-01-01"', "valid_from: needs a date without quotes"),
        ("valid_from = 2026-01-01T00:00:00Z", "valid_from: needs a date"),
    ],
)
def test_s1_a_catalogue_that_cannot_be_is_refused(lines: str, said: str) -> None:
    with pytest.raises(BadNetwork) as caught:
        read(f'consortium = "x"\n[[subscription]]\ncode = "0045"\nname = "Basis"\n{lines}\n'.encode())
    assert any(said in one for one in caught.value.troubles), caught.value.troubles


def test_the_command_takes_a_file_and_shows_it_and_says_no_in_sentences(database: Path, tmp_path: Path) -> None:
    shown = run("network", "show", "--database", database, "--consortium", DRENTHE)
    assert shown.returncode == 0, shown.stderr
    file = tmp_path / "network.toml"
    file.write_text(shown.stdout, "utf-8")
    again = run("network", "apply", "--database", database, file)
    assert (again.returncode, again.stdout) == (0, "nothing to do: the network is as the file says\n")
    file.write_text(shown.stdout.replace('kind = "3a"', 'kind = "3d"'), "utf-8")
    refused = run("network", "apply", "--database", database, file)
    assert refused.returncode == 2
    assert "nothing was changed" in refused.stderr
    assert "[[group]] 1, kind" in refused.stderr
    file.write_text(shown.stdout.replace('kind = "3a"', 'kind = "3b"'), "utf-8")
    done = run("network", "apply", "--database", database, file)
    assert done.returncode == 0
    assert "changed" in done.stdout
    assert "network/apply" in run("audit", "--database", database, "--consortium", DRENTHE).stdout
