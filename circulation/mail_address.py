"""What may be shown of an address (K2): enough for its owner, too little for whoever looks on."""

from circulation.rules.staffing import usable_address

HIDDEN = "•••"


def masked(address: str) -> str:
    """ "r•••@b…nl" of an address that mail can go to; empty for every other text."""
    if not usable_address(address) or not address.strip().isprintable():
        return ""
    name, _, domain = address.strip().partition("@")
    return f"{name[0]}{HIDDEN}@{domain[0]}…{domain.rpartition('.')[2]}"
