"""Wheel build: compiles the text catalogues (.po to .mo), which are not committed."""

from pathlib import Path
from runpy import run_path
from typing import Any

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithCatalogues(build_py):
    """`build_py` that also writes the compiled catalogues into the tree that becomes the wheel."""

    def run(self) -> None:
        super().run()
        compile_catalogues: Any = run_path(str(ROOT / "provisioning/bootstrap/catalogues.py"))["compile_all"]
        compile_catalogues(ROOT if self.editable_mode else Path(self.build_lib))


setup(cmdclass={"build_py": BuildWithCatalogues})
