"""How the screen is drawn for whoever stands there (EN 301 549): a few choices, each made by a touch and taken back by
another, gone with the visit, and there again where the same pass takes it up."""

from dataclasses import replace

from values import dataclass

ACCESS_CHOICES = ("contrast", "text:140", "text:200", "low", "still")


@dataclass(frozen=True, slots=True)
class Access:
    """How the screen is drawn for whoever stands there, until the visit ends (EN 301 549). `text`: percent of the usual
    size; `low`: all that is touched within reach from a wheelchair; `still`: nothing moves that need not."""

    contrast: bool = False
    text: int = 100
    low: bool = False
    still: bool = False

    def after(self, choice: str) -> "Access":
        """With this choice (one of `ACCESS_CHOICES`) made, or taken back where it was made; else as it was."""
        name, _, value = choice.partition(":")
        if choice not in ACCESS_CHOICES:
            return self
        if value:
            return replace(self, text=100 if self.text == int(value) else int(value))
        return replace(self, **{name: not getattr(self, name)})

    def has(self, choice: str) -> bool:
        """Whether this choice is made."""
        name, _, value = choice.partition(":")
        return self.text == int(value) if value else bool(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose by hand of how the kiosk is to them. `language`: empty where it is their pass's, or ours."""

    language: str = ""
    access: Access = Access()
