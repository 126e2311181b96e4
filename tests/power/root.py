"""What a virtual machine starts from: a kernel, and this Python, its libraries and the product in one archive (cpio).

The kernel is Debian's for clouds, which has ext4 built in. Where none is installed it is unpacked from its package: an
installed one would stand in the boot menu of whoever runs this.
"""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable).resolve()
FOLDERS = ("/dev", "/sys", "/disk", "/modules", "/rehearsal")
_LEFT_OUT = ("site-packages", "dist-packages", "test", "idlelib", "tkinter", "ensurepip", "config-*", "*.opt-*.pyc")
_OURS = (
    "circulation", "membership_store", "offline_cache", "tests/__init__.py", "tests/crash", "tests/offline_cache",
    "tests/power",
)  # fmt: skip
_ASKED = (
    "import sys, msgspec, circulation.wire, tests.power.guest; print(*{name.split('.')[0] for name in sys.modules})"
)
_KERNEL = "linux-image-cloud-amd64"
_BUILT_IN = {"CONFIG_EXT4_FS=y", "CONFIG_SERIAL_8250_CONSOLE=y", "CONFIG_BLK_DEV_INITRD=y"}
_MODULES = (
    "virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_legacy_dev", "virtio/virtio_pci_modern_dev",
    "virtio/virtio_pci", "block/virtio_blk",
)  # fmt: skip


class Missing(Exception):
    """What this machine lacks for a virtual one, in words for whoever may install it."""


def kernel(folder: Path) -> Path:
    """A kernel that reads ext4; `folder` is where one is unpacked. Raises Missing."""
    for boot in (Path("/boot"), folder / "boot"):
        for found in sorted(boot.glob("vmlinuz-*-cloud-amd64"), reverse=True):
            config = (boot / found.name.replace("vmlinuz", "config")).read_text("ascii").splitlines()
            if set(config) >= _BUILT_IN:
                return found
    if folder.exists() or not shutil.which("apt-get"):
        raise Missing(f"a kernel with {' '.join(sorted(_BUILT_IN))}, as Debian 12 has in {_KERNEL}")
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _unpack(part)
    part.rename(folder)
    return kernel(folder)


def _unpack(folder: Path) -> None:
    depends = subprocess.run(["apt-cache", "depends", _KERNEL], capture_output=True, text=True, check=False).stdout
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    for command in (
        ["apt-get", "download", package[1] if package else _KERNEL],
        ["sh", "-c", "dpkg-deb --extract ./linux-image-*.deb . && rm ./*.deb"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Missing(f"the package {_KERNEL}: {done.stderr.strip()[-200:]}")


def archive(linux: Path, made: Path) -> None:
    """Everything that the guest needs, at the path that it has here, and the kernel's modules in their order."""
    files = [PYTHON, *_below(Path(sysconfig.get_path("stdlib")))]
    zones = [Path(path) / "Europe" for path in zoneinfo.TZPATH if Path(path).is_dir()]
    for part in (*zones, *_packages(), *(ROOT / name for name in _OURS)):
        files += _below(part)
    files += _libraries([PYTHON, *(file for file in files if file.suffix == ".so")])
    placed = {str(file): file for file in files}
    drivers = linux.parents[1] / "lib/modules" / linux.name.removeprefix("vmlinuz-") / "kernel/drivers"
    for number, name in enumerate(_MODULES):
        for file in drivers.glob(f"{name}.ko*"):  # none where it is built in
            placed[f"/modules/{number}-{file.name}"] = file
    _write(placed, made)


def arguments(module: str) -> str:
    """What the kernel is told, so that Python begins as the first process with that module."""
    path = f"{ROOT}:{sysconfig.get_path('platlib')}"
    return (
        f"console=ttyS0 panic=-1 mitigations=off cryptomgr.notests rdinit={PYTHON}"
        f" PYTHONPATH={path} PYTHONHOME={sys.base_prefix} -- -m {module}"
    )


def _packages() -> list[Path]:
    """What the guest's program imports of other people's."""
    told = subprocess.run([sys.executable, "-c", _ASKED], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = set(told.stdout.split())
    return [one for one in Path(sysconfig.get_path("platlib")).iterdir() if one.name.split(".")[0] in imported]


def _below(path: Path) -> Iterator[Path]:
    if any(fnmatch(path.name, pattern) for pattern in _LEFT_OUT):
        return
    if path.is_dir():
        for one in path.iterdir():
            yield from _below(one)
    else:
        yield path


def _libraries(binaries: Iterable[Path]) -> list[Path]:
    """The shared libraries that they name, and what loads them."""
    told = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False).stdout
    return [Path(found) for found in sorted(set(re.findall(r"(/\S+) \(0x", told)))]


def _write(files: Mapping[str, Path], made: Path) -> None:
    """The kernel's own form of an archive ("newc"); a folder stands before what is in it."""
    folders = {str(parent) for name in files for parent in Path(name).parents} - {"/"}
    with made.open("wb") as out:
        for number, name in enumerate(sorted({*files, *folders, *FOLDERS}), 1):
            mode, mtime, content = stat.S_IFDIR | 0o755, 0, b""
            if name in files:
                told = files[name].stat()
                mode, mtime, content = told.st_mode, int(told.st_mtime), files[name].read_bytes()
            out.write(_entry(number, name.lstrip("/"), mode, mtime, content))
        out.write(_entry(0, "TRAILER!!!", 0, 0, b""))


def _entry(number: int, name: str, mode: int, mtime: int, content: bytes) -> bytes:
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, mtime, len(content), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
    return _filled(head) + _filled(content)


def _filled(part: bytes) -> bytes:
    return part + bytes(-len(part) % 4)
