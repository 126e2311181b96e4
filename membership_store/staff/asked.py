"""What most acts are asked with: the branch, and the patron, membership or amount that the act is about."""

from dataclasses import dataclass

from circulation.identifiers import BranchCode, PatronRef


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBranch:
    """Where the member of staff stands."""

    branch: BranchCode


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPatron(AtBranch):
    """Something of a patron, by the store's own reference."""

    patron: PatronRef


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMembership(OfPatron):
    """Something of one of a patron's memberships, by its key."""

    membership: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Since(AtBranch):
    """A list that goes on where the last one stopped: `after` is the last key of it, `limit` at most 500 rows."""

    after: str = ""
    limit: int = 100

    @property
    def most(self) -> int:
        """The rows to give at most."""
        return max(1, min(self.limit, 500))
