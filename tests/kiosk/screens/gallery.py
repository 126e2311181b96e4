"""Pictures of every screen, by the real app: `python -m tests.kiosk.screens.gallery [--MODE] OUTDIR [NAME …]`.

MODE is one of `scenes.MODES`: contrast, large, largest, seated.
"""

import os
import sys
from pathlib import Path

from kiosk.access import Access
from tests.kiosk.screens.scenes import LANDSCAPE, LANGUAGES, MODES, PORTRAIT, SCENES, SMALL

NAMES = {PORTRAIT: "portrait", LANDSCAPE: "landscape", SMALL: "small"}


def main(out: Path, names: list[str], access: Access) -> None:
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    from PIL import Image

    from kiosk import app as app_module
    from tests.kiosk.screens.conftest import Kiosk

    app_module.REST_FPS = app_module.PAINTED_FPS = 0
    kiosk = Kiosk()
    from kiosk.screens.look import look

    look.moves = False
    out.mkdir(parents=True, exist_ok=True)
    for size, shape in NAMES.items():
        kiosk.resize(size)
        for name, (screen, over) in SCENES.items():
            if names and name not in names:
                continue
            for language in LANGUAGES:
                kiosk.show(screen, over, language, access)
                if name == "waiting":
                    kiosk.until(lambda: kiosk.stage._page.words)
                kiosk.turn(2)
                picture = Image.frombytes("RGB", size, kiosk.pixels()).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
                picture.save(out / f"{name}-{language}-{shape}.png")


if __name__ == "__main__":
    given = [one for one in sys.argv[1:] if not one.startswith("--")]
    mode = next((MODES[one[2:]] for one in sys.argv[1:] if one.startswith("--")), Access())
    main(Path(given[0]), given[1:], mode)
