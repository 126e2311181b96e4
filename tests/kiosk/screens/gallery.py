"""Pictures of every screen, by the real app, into build/gallery: `make gallery`, `make gallery ARGS="ar large rest*"`.

Each word narrows what is taken: languages, modes, shapes, screens (with * and ?). What was taken since the code last
changed is not taken again, so that it may be stopped and go on; `docs` alone takes the pictures of the documentation.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from kiosk.access import Access
from tests.kiosk.screens.scenes import BOTH, LANDSCAPE, LANGUAGES, LOOKS, PORTRAIT, SCENES, SMALL

ROOT = Path(__file__).parents[3]
OUT = ROOT / "build" / "gallery"
DOCS = ROOT / "docs" / "pictures"
SHAPES = {"portrait": PORTRAIT, "landscape": LANDSCAPE, "small": SMALL}
ASKED = {"small", "largest", *BOTH}  # taken where they are asked for
THUMBS = {
    "portrait": ((216, 384), 16),
    "landscape": ((384, 216), 10),
    "small": ((384, 230), 10),
}  # size, how many a row
GROUND, INK, NAME_HEIGHT, GAP = "#D0CCC4", "#1C1B1A", 22, 12
# Those of the README; at most 100 kB each.
SHOWN = {
    "rest-nl": ("rest-account", "nl", "normal", "portrait"),
    "borrowing-nl": ("borrow", "nl", "normal", "portrait"),
    "no_visit-nl": ("no-visit-code", "nl", "normal", "portrait"),
    "account-nl": ("account", "nl", "normal", "portrait"),
    "pin-nl": ("pin-typed", "nl", "normal", "portrait"),
    "borrowing-large-contrast-nl": ("borrow", "nl", "large-contrast", "portrait"),
    "borrowing-ar": ("borrow", "ar", "normal", "portrait"),
    "account-seated-nl": ("account", "nl", "seated", "portrait"),
}
LOOKS_OF_DOCS = {**LOOKS, "large-contrast": Access(contrast=True, text=140)}


class Wanted(NamedTuple):
    """What is to be taken: names of each kind."""

    languages: tuple[str, ...]
    looks: tuple[str, ...]
    shapes: tuple[str, ...]
    scenes: tuple[str, ...]


def wanted(words: Iterable[str]) -> Wanted:
    """What these words ask for; of a kind of which none speaks all are taken. Raises SystemExit for a word unknown."""
    words = tuple(words)
    kinds: tuple[Iterable[str], ...] = (LANGUAGES, LOOKS, SHAPES, SCENES)
    known = [[one for one in kind if any(fnmatchcase(one, word) for word in words)] for kind in kinds]
    for word in words:
        if not any(fnmatchcase(one, word) for kind in kinds for one in kind):
            raise SystemExit(f"{word}: no language, mode ({', '.join(LOOKS)}), shape ({', '.join(SHAPES)}) or screen")
    chosen = (some or [one for one in kind if one not in ASKED] for some, kind in zip(known, kinds, strict=True))
    return Wanted(*map(tuple, chosen))


class Camera:
    """The real app in a window without a screen, and pictures of it."""

    def __init__(self) -> None:
        os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
        from kiosk import app as app_module
        from tests.kiosk.screens.conftest import Kiosk

        app_module.REST_FPS = app_module.PAINTED_FPS = 0
        self._kiosk = Kiosk()
        from kiosk.screens.look import look

        look.moves = False

    def take(self, name: str, language: str, access: Access, size: tuple[int, int]) -> Any:
        """A screen as a picture of Pillow's."""
        from PIL import Image

        kiosk = self._kiosk
        screen, over = SCENES[name]
        kiosk.resize(size)
        kiosk.show(screen, over, language, access)
        if name == "waiting":
            kiosk.until(lambda: kiosk.stage._page.words)
        kiosk.turn(2)
        return Image.frombytes("RGB", size, kiosk.pixels()).transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def keep(picture: Any, path: Path) -> None:
    """Written whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    picture.save(part, "PNG", compress_level=3)
    part.replace(path)


def changed_at() -> float:
    """When something was changed that a picture is made of."""
    made_of = [*(ROOT / "kiosk").rglob("*"), *Path(__file__).parent.glob("*scenes.py")]
    return max(one.stat().st_mtime for one in made_of if one.suffix in {".py", ".kv", ".po"})


def take_all(what: Wanted, out: Path) -> Iterator[str]:
    """Takes what is not there yet; tells each set when its sheet is there."""
    since, camera = changed_at(), None
    for shape in what.shapes:
        for mode in what.looks:
            for language in what.languages:
                folder = out / f"{language}-{mode}-{shape}"
                pictures = {name: folder / f"{name}.png" for name in what.scenes}
                for name, path in pictures.items():
                    if not path.exists() or path.stat().st_mtime < since:
                        camera = camera or Camera()
                        keep(camera.take(name, language, LOOKS[mode], SHAPES[shape]), path)
                whole = {name: folder / f"{name}.png" for name in SCENES if (folder / f"{name}.png").exists()}
                path = folder.with_suffix(".png")
                if not path.exists() or path.stat().st_mtime < max(one.stat().st_mtime for one in whole.values()):
                    keep(sheet(whole, shape), path)
                yield f"{path}: {len(whole)} screens"


def sheet(pictures: dict[str, Path], shape: str) -> Any:
    """One small picture of each, with its name under it."""
    from PIL import Image, ImageDraw, ImageFont

    (width, height), columns = THUMBS[shape]
    columns = min(columns, len(pictures))
    step_x, step_y = width + GAP, height + NAME_HEIGHT + GAP
    whole = Image.new("RGB", (columns * step_x + GAP, -(-len(pictures) // columns) * step_y + GAP), GROUND)
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(14)
    for at, (name, path) in enumerate(pictures.items()):
        x, y = GAP + at % columns * step_x, GAP + at // columns * step_y
        with Image.open(path) as picture:
            whole.paste(picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0), (x, y))
        draw.text((x, y + height + 2), name, fill=INK, font=font)
    return whole


def take_for_docs(out: Path = DOCS) -> Iterator[str]:
    """The pictures of the documentation, a third as wide as the screen."""
    from PIL import Image

    camera = Camera()
    for name, (scene, language, mode, shape) in SHOWN.items():
        picture = camera.take(scene, language, LOOKS_OF_DOCS[mode], SHAPES[shape])
        small = picture.resize((picture.width // 3, picture.height // 3), Image.Resampling.LANCZOS)
        keep(small.quantize(128, dither=Image.Dither.NONE), out / f"{name}.png")
        yield str(out / f"{name}.png")


def main(words: list[str]) -> None:
    """Says what was taken."""
    for line in take_for_docs() if words == ["docs"] else take_all(wanted(words), OUT):
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
