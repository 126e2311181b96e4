"""One product for the personas of a module; everybody leaves a kiosk that invites the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.whole_app import WholeApp, started
from tests.personas.person import come_to_rest


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    """One product with everything that a library has; a patron who walks away is asked after ten seconds."""
    with started(tmp_path_factory.mktemp("personas") / "run", "item_pad", idle_s="10") as one:
        yield one


@pytest.fixture(autouse=True)
def at_rest(app: WholeApp) -> Iterator[None]:
    """Everybody leaves a kiosk that invites the next one."""
    yield
    app.bench.clear_pad()
    app.put_right()
    come_to_rest(app)
