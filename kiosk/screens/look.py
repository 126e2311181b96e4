"""The theme as the screens use it: colours for a canvas, sizes in pixels, typefaces. Chosen once, before any widget."""

from kiosk.theme import NORMAL, Colours, Fonts, find_fonts, rgba, scale_of

Rgba = tuple[float, float, float, float]
SMALLEST = 40  # units; no text is smaller
TARGET = 96  # units; nothing that is touched is lower
# Corners enough that no eye sees one (a seventh of a pixel); Kivy's own numbers are three times the work to paint.
ROUND = 72  # of a circle, up to 280 units wide
ARC = 20  # of half a circle, up to 48 units of radius


class Look:
    """What all widgets share. `use` it before they are built; a change means building them anew."""

    def __init__(self) -> None:
        self.colours: Colours = NORMAL
        self.fonts = Fonts("Roboto", "Roboto", "Roboto")
        self.scale = 1.0
        self.moves = True  # False: reduced motion, nothing slides
        self.painted = False  # True: the processor paints the pixels, so that what moves at rest must move seldom

    def use(self, width: int, height: int, colours: Colours = NORMAL) -> None:
        """Takes the sizes for a window of this many pixels, and finds the typefaces."""
        self.colours = colours
        self.scale = scale_of(width, height)
        if self.fonts.regular == "Roboto":
            self.fonts = find_fonts()

    @property
    def outlined(self) -> bool:
        """Whether a field is told from the ground by a line around it, having the same colour."""
        return self.colours.good == self.colours.ground

    def u(self, units: float) -> int:
        """Units (of a screen 1080 wide) in pixels."""
        return round(units * self.scale)

    def c(self, token: str, opacity: float = 1.0) -> Rgba:
        """A colour token as Kivy wants it."""
        return rgba(getattr(self.colours, token), opacity)


look = Look()
