"""People at the desk of the demo's library in Annen."""

from __future__ import annotations

import pytest

from membership_store.staff.credentials import Role
from tests.membership_store.running import StoreProcess
from tests.membership_store.staff.desk import Clerk, new_clerk


@pytest.fixture(scope="module")
def clerk(store: StoreProcess) -> Clerk:
    """Somebody at the desk of Aa en Hunze, in Annen."""
    return new_clerk(store.database, store.url)


@pytest.fixture(scope="module")
def boss(store: StoreProcess) -> Clerk:
    """A manager of the whole network, in Annen."""
    return new_clerk(store.database, store.url, Role.MANAGER, None)


@pytest.fixture(scope="module")
def neighbour(store: StoreProcess) -> Clerk:
    """Somebody at the desk of Borger-Odoorn, which is of one group with Aa en Hunze."""
    return new_clerk(store.database, store.url, institution="borger-odoorn", branch="9407")
