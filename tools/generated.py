# SPDX-License-Identifier: Apache-2.0
"""Generated files are committed: a generator writes those that are stale, or with --check names them."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def refresh(about: str | None, script: str, files: Mapping[Path, Callable[[], str]]) -> int:
    """Command line of `script`, whose docstring is `about`: 0 if every file is what it should be, or was written."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 if a file is stale"
    )
    check: bool = parser.parse_args().check
    stale = 0
    for path, make in files.items():
        text = make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            print("%s is stale: run python %s" % (path.relative_to(ROOT), script))
            stale = 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale
