"""Catalogues are compiled whole or not at all, beside their source, and travel in the wheel."""

from __future__ import annotations

import gettext
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from provisioning.bootstrap.catalogues import compile_all, complaints

ROOT = Path(__file__).resolve().parents[3]
HEADER = (
    'msgid ""\nmsgstr ""\n'
    '"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=n != 1;\\n"\n\n'
)
BOOKS = 'msgid "books"\nmsgid_plural "books"\nmsgstr[0] "één boek"\nmsgstr[1] "{n} boeken"\n'


def catalogue(root: Path, text: str) -> Path:
    folder = root / "kiosk" / "texts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nl.po").write_text(text, "utf-8")
    return folder / "nl.mo"


def test_a_catalogue_is_compiled_beside_its_source_and_can_be_read(tmp_path: Path) -> None:
    compiled = catalogue(tmp_path, HEADER + BOOKS)
    assert compile_all(tmp_path) == [compiled]
    with compiled.open("rb") as file:
        said = gettext.GNUTranslations(file)
    assert [said.ngettext("books", "books", n) for n in (1, 2)] == ["één boek", "{n} boeken"]


def test_what_did_not_change_is_left_alone(tmp_path: Path) -> None:
    catalogue(tmp_path, HEADER + BOOKS)
    compile_all(tmp_path)
    assert compile_all(tmp_path) == []


def test_what_changed_is_compiled_again(tmp_path: Path) -> None:
    compiled = catalogue(tmp_path, HEADER + BOOKS)
    compile_all(tmp_path)
    catalogue(tmp_path, HEADER + BOOKS.replace("één", "1"))
    assert compile_all(tmp_path) == [compiled]
    assert list(compiled.parent.glob("*.mo*")) == [compiled]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('msgid "x\nmsgstr "y"\n', "line 6"),
        ('msgid "x"\nmsgstr fout\n', "line 7"),
        ('msgid "x"\n', "missing msgstr"),
        ('msgid "x"\nmsgstr "y"\n\nmsgid "x"\nmsgstr "z"\n', "twice"),
        ('msgid "x" msgstr "y"\n', "line 6"),
    ],
)
def test_a_broken_catalogue_is_refused_by_name_and_leaves_the_old_one(tmp_path: Path, broken: str, said: str) -> None:
    compiled = catalogue(tmp_path, HEADER + BOOKS)
    compile_all(tmp_path)
    before = compiled.read_bytes()
    catalogue(tmp_path, HEADER + broken)
    with pytest.raises(ValueError, match=rf"kiosk/texts/nl\.po: .*{said}"):
        compile_all(tmp_path)
    assert compiled.read_bytes() == before


def test_the_kiosks_own_catalogues_are_well_formed() -> None:
    catalogues = sorted((ROOT / "kiosk" / "texts").rglob("*.po"))
    assert {path.stem for path in catalogues} >= {"nl", "en"}
    assert [complaints(path.read_text("utf-8")) for path in catalogues] == [[] for _ in catalogues]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project's wheel, built from a copy that has only what git would hand out."""
    tree = tmp_path_factory.mktemp("tree")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in listed:
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
    out = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation",
         "--wheel-dir", str(out), str(tree)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_the_wheel_carries_compiled_texts_screens_schemas_and_the_licence(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert gettext.GNUTranslations(io.BytesIO(wheel.read("kiosk/texts/nl.mo"))).info()["language"].startswith("nl")
    for room, ending in (("kiosk/texts/", ".po"), ("kiosk/", ".kv"), ("offline_cache/", ".sql"), ("kiosk/", ".py")):
        assert any(name.startswith(room) and name.endswith(ending) for name in names), f"no {ending} in {room}"
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_carries_every_file_of_the_rooms_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    rooms = ("circulation", "devices", "kiosk", "membership_store", "offline_cache", "provisioning", "values")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *rooms],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    # What sets a source tree up stays with the source tree.
    expected = {name for name in listed if not name.startswith("provisioning/bootstrap/")}
    compiled = {name.removesuffix(".po") + ".mo" for name in expected if name.endswith(".po")}
    assert {name for name in names if not name.startswith("provisioning/bootstrap/")} == expected | compiled


def test_the_metadata_says_licence_and_pythons(wheel: zipfile.ZipFile) -> None:
    metadata = wheel.read(next(name for name in wheel.namelist() if name.endswith("METADATA"))).decode()
    assert "License-Expression: EUPL-1.2\n" in metadata
    assert "Requires-Python: <3.14,>=3.11\n" in metadata
    assert {f"Provides-Extra: {extra}" for extra in ("kiosk", "store", "provisioning")} <= set(metadata.splitlines())
