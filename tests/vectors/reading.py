# SPDX-License-Identifier: Apache-2.0
"""The vectors as the tests take them: (name, case), so that a failure names its case."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent


def cases(name: str) -> "list[Any]":
    """Parameters of one file, such as wire/codec.json."""
    read: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return [pytest.param(case, id=case["name"]) for case in read["cases"]]
