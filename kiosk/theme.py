"""Tokens of the look: colours that keep WCAG 2.2 AAA contrast (1.4.6, 7:1), sizes, typefaces. Knows no Kivy."""

import logging
from collections.abc import Iterable
from math import ceil, hypot
from pathlib import Path

from values import dataclass

log = logging.getLogger(__name__)

TEXT_CONTRAST = 7.0
SMALL = 0.5  # pixels a unit; with less, words are too small to read
TARGET = 96  # units; nothing that is touched is lower
TARGET_MM = 20.0  # what an untrained or unsteady hand surely hits
MM_AN_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Colours:
    """What each colour is for, as #rrggbb. `on_x` is the text and icon colour upon `x`."""

    ground: str
    ink: str
    quiet: str  # text that matters less, on ground and card
    line: str
    card: str
    touch: str  # what can be touched, filled
    on_touch: str
    touch_held: str  # the same under a finger
    plain: str  # what can be touched and matters less: its fill
    on_plain: str
    plain_held: str
    care: str
    on_care: str
    good: str
    on_good: str
    broken: str
    on_broken: str
    scrim: str  # over the screen, behind a question; `scrim_opacity` of it

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Each (text, ground) pair that is drawn, by token name."""
        return (
            ("ink", "ground"),
            ("ink", "card"),
            ("quiet", "ground"),
            ("quiet", "card"),
            ("touch", "ground"),
            ("touch", "card"),
            ("on_touch", "touch"),
            ("on_touch", "touch_held"),
            ("on_plain", "plain"),
            ("on_plain", "plain_held"),
            ("quiet", "plain"),
            ("on_care", "care"),
            ("on_good", "good"),
            ("on_good", "card"),
            ("on_good", "ground"),
            ("on_broken", "broken"),
        )


NORMAL = Colours(
    ground="#FBF8F3",
    ink="#1C1B1A",
    quiet="#4B4843",
    line="#D9D3C7",
    card="#FFFFFF",
    touch="#0B5D57",
    on_touch="#FFFFFF",
    touch_held="#073F3B",
    plain="#FFFFFF",
    on_plain="#0B5D57",
    plain_held="#EFF7F5",
    care="#FFF1DC",
    on_care="#784100",
    good="#E7F4EA",
    on_good="#175430",
    broken="#FDECEC",
    on_broken="#9B1C1C",
    scrim="#1C1B1A",
)
CONTRAST = Colours(
    ground="#000000",
    ink="#FFFFFF",
    quiet="#FFFFFF",
    line="#FFFFFF",
    card="#000000",
    touch="#FFD600",
    on_touch="#000000",
    touch_held="#FFF3A0",
    plain="#000000",
    on_plain="#FFD600",
    plain_held="#3A3100",
    care="#000000",
    on_care="#FFD600",
    good="#000000",
    on_good="#FFFFFF",
    broken="#000000",
    on_broken="#FFFFFF",
    scrim="#000000",
)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def rgba(colour: str, opacity: float = 1.0) -> tuple[float, float, float, float]:
    """A colour as four numbers from 0 to 1."""
    return (*_channels(colour), opacity)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour)
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(colour: str, other: str, part: float) -> str:
    """A colour with so great a part (0 to 1) of another in it."""
    both = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(255 * (one * (1 - part) + more * part)):02X}" for one, more in both)


def too_faint(colours: Colours) -> list[tuple[str, str, float]]:
    """The pairs below 7:1, as (text token, ground token, ratio). Empty is good."""
    ratios = [(text, on, contrast(getattr(colours, text), getattr(colours, on))) for text, on in colours.pairs()]
    return [one for one in ratios if one[2] < TEXT_CONTRAST]


def scale_of(width: int, height: int) -> float:
    """Pixels a unit: all sizes are in units of a screen of 1080 by 1920, and a screen of another shape has no less of
    them. On a small screen words stay readable: it has less."""
    short, long = sorted((width, height))
    usual = min(short / 1080, long / 1920)
    if usual >= SMALL:
        return usual
    return max(usual, min(SMALL, short / 960) if height > width else min(0.55, short / 870))


def target_mm(width: int, height: int, width_mm: float) -> float:
    """How high the lowest target is, in millimetres, where so many pixels lie on a panel so wide."""
    return round(TARGET * scale_of(width, height)) * width_mm / width


def least_diagonal(width: int, height: int) -> float:
    """Of a panel with so many pixels, in inches up to a tenth: no target is lower than 20 mm on it."""
    width_mm = TARGET_MM / target_mm(width, height, 1.0)
    return ceil(10 * hypot(width_mm, width_mm * height / width) / MM_AN_INCH) / 10


@dataclass(frozen=True, slots=True)
class Fonts:
    """Paths of the typefaces; where one is not installed Kivy's own name, and for pictograms nothing. `others`: for the
    letters of titles that these have not."""

    regular: str
    bold: str
    icons: str
    arabic: str = ""
    arabic_bold: str = ""
    others: tuple[str, ...] = ()


FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_WANTED = (
    ("regular", ("Inter-Regular.otf", "Inter-Regular.ttf", "NotoSans-Regular.ttf"), "Roboto"),
    ("bold", ("Inter-SemiBold.otf", "Inter-SemiBold.ttf", "NotoSans-Bold.ttf"), "Roboto"),
    ("icons", ("MaterialIcons-Regular.ttf",), ""),
    ("arabic", ("NotoSansArabicUI-Regular.ttf", "NotoSansArabic-Regular.ttf"), ""),
    ("arabic_bold", ("NotoSansArabicUI-Bold.ttf", "NotoSansArabic-Bold.ttf"), ""),
)
# Of fonts-noto-core: scripts of languages that are borrowed here, and signs. In this order a letter is looked for.
_OTHERS = (
    *("Hebrew", "ThaiUI", "Ethiopic", "Armenian", "Georgian", "DevanagariUI", "BengaliUI", "GurmukhiUI", "GujaratiUI"),
    *("TamilUI", "TeluguUI", "KannadaUI", "MalayalamUI", "SinhalaUI", "KhmerUI", "LaoUI", "MyanmarUI", "Tibetan"),
    *("Mongolian", "Syriac", "Thaana", "Tifinagh", "NKo", "Cherokee", "Math", "Symbols", "Symbols2"),
)
_USUAL = ("opentype/inter", "truetype/inter", "truetype/noto", "truetype/material-design-icons-iconfont")


def find_fonts(folders: Iterable[Path] = FONT_FOLDERS) -> Fonts:
    """Inter and Material Icons of the Debian packages, else Noto, else Kivy's own (with a line in the log)."""
    folders = tuple(folders)
    found = {}
    for use, names, fallback in _WANTED:
        path = next((path for name in names if (path := _find(name, folders))), None)
        if path is None:
            log.warning(
                "no typeface for %s (%s); install fonts-inter, fonts-noto-ui-core, icons", use, ", ".join(names)
            )
        found[use] = str(path) if path else fallback
    others = (_find(f"NotoSans{one}-Regular.ttf", folders) for one in ("", *_OTHERS))
    return Fonts(**found, others=tuple(str(one) for one in others if one))


def _find(name: str, folders: Iterable[Path]) -> Path | None:
    for folder in folders:
        for usual in _USUAL:
            if (folder / usual / name).is_file():
                return folder / usual / name
    for folder in folders:
        for path in sorted(folder.rglob(name)):
            return path
    return None
