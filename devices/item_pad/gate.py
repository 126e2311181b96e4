"""What the library's gate looks at on a tag: the AFI, NXP's EAS bit, both or nothing; and what a reading means."""

from __future__ import annotations

from devices.ports import TagSecurity
from values import dataclass

WAYS = ("afi", "eas", "both", "none")
AFI_IN_STOCK = 0x07  # ISO 28560-1 and the Danish model
AFI_ON_LOAN = 0xC2


@dataclass(frozen=True, slots=True)
class Gate:
    """`security` is one of WAYS; the AFI values are those of the site."""

    security: str = "afi"
    afi_secured: int = AFI_IN_STOCK
    afi_unsecured: int = AFI_ON_LOAN

    @property
    def afi(self) -> bool:
        """Whether the AFI is switched."""
        return self.security in ("afi", "both")

    @property
    def eas(self) -> bool:
        """Whether the EAS bit is switched."""
        return self.security in ("eas", "both")

    def afi_for(self, wanted: TagSecurity) -> int:
        """The AFI to write."""
        return self.afi_secured if wanted is TagSecurity.SECURED else self.afi_unsecured

    def judge(self, afi: int | None, eas: bool | None) -> TagSecurity:
        """What was read back; None is what was not. Where both count and differ, nobody knows what a gate does."""
        said = set()
        if self.afi:
            by_afi = {self.afi_secured: TagSecurity.SECURED, self.afi_unsecured: TagSecurity.UNSECURED}
            said.add(by_afi.get(-1 if afi is None else afi, TagSecurity.UNKNOWN))
        if self.eas:
            by_eas = {True: TagSecurity.SECURED, False: TagSecurity.UNSECURED, None: TagSecurity.UNKNOWN}
            said.add(by_eas[eas])
        return said.pop() if len(said) == 1 else TagSecurity.UNKNOWN
