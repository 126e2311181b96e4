"""The times that a visit keeps, in seconds. Defaults from the persona tests and WCAG 2.2.1 (20 s to extend)."""

from values import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """`idle`: no touch and no scan before "are you still there?"; `warning`: how long that question stands;
    `reading`: how long a refusal stands; `closing`: how long the last screen stands; `choosing`: the same where it asks
    about a receipt; both begin when all was said to whoever listens (`flows.still_there`). `resume`: how long a visit
    that ran out of time can be taken up again; `taken`: how long after pass and books were all taken away it ends."""

    idle: float = 45.0
    warning: int = 20
    reading: float = 20.0
    closing: float = 10.0
    choosing: float = 20.0
    resume: float = 300.0
    taken: float = 10.0
