"""The theme as the screens use it: colours for a canvas, sizes in pixels, typefaces. Chosen once, before any widget."""

from kiosk.access import ACCESS_CHOICES, Access
from kiosk.theme import CONTRAST, NORMAL, Colours, Fonts, find_fonts, rgba, scale_of

Rgba = tuple[float, float, float, float]
SMALLEST = 40  # units; no text is smaller
USUAL = Access()
SHORT, NARROW = 1000, 1700  # units
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
        self.still = False  # the same, by the wish of whoever stands there
        self.text = 1.0  # how many times as large as usual words are, where there is room
        self.enlarges = True  # there is room for larger words than usual
        self.tall = True  # the window is higher than it is wide
        self.low = False  # True: what is touched lies within reach from a wheelchair
        self.painted = False  # True: the processor paints the pixels, so that what moves at rest must move seldom

    def use(self, width: int, height: int, colours: Colours = NORMAL, access: Access = USUAL) -> None:
        """Takes the sizes for a window of this many pixels and the wishes of whoever stands there. Finds typefaces."""
        self.colours = CONTRAST if access.contrast else colours
        self.low, self.still = access.low, access.still
        self.scale, self.tall = scale_of(width, height), height > width
        # on a screen so small, words are larger than its size would make them, and there is room for no more
        short, long = sorted((width, height))
        self.enlarges = short >= self.u(SHORT) and long >= self.u(NARROW)
        self.text = access.text / 100 if self.enlarges else 1.0
        if self.fonts.regular == "Roboto":
            self.fonts = find_fonts()

    @property
    def access_choices(self) -> tuple[str, ...]:
        """What can be chosen of `Access`: larger letters only where there is room for them."""
        return tuple(one for one in ACCESS_CHOICES if self.enlarges or not one.startswith("text:"))

    @property
    def slides(self) -> bool:
        """Whether things move from place to place."""
        return self.moves and not self.still

    @property
    def foot(self) -> int:
        """Units from the lower edge to what a page begins with: above the row of buttons, or two of them."""
        return 312 if self.low else 192

    @property
    def for_stop(self) -> int:
        """Units to leave free for the button that stops and what keeps others apart from it, in any language."""
        return 340 if self.text == 1 else 440

    def words(self, size: float, most: float, part: float = 1.0) -> int:
        """Words in pixels: `size`, enlarged at `most` to that, in units; a `part` of it where room is short."""
        return self.u(max(SMALLEST, min(size * self.text, max(size, most)) * part))

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
