# SPDX-License-Identifier: Apache-2.0
"""Every folder of boards/ is whole: data that fits the schema, a page that is honest, a manifest for a frozen image."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

ROOT = Path(__file__).resolve().parents[3]
BOARDS = ROOT / "boards"
SCHEMA: dict[str, Any] = json.loads((BOARDS / "schema.json").read_text())
FOLDERS = sorted(path.parent for path in BOARDS.glob("*/board.json"))
CHECKER = Draft202012Validator(SCHEMA)

every_board = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def described(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "board.json").read_text())


def check(description: object) -> None:
    CHECKER.validate(description)  # pyright: ignore[reportUnknownMemberType] - its types are open


def test_the_schema_is_one() -> None:
    """By the rules of JSON Schema 2020-12 itself."""
    Draft202012Validator.check_schema(SCHEMA)
    assert len(FOLDERS) >= 7


@every_board
def test_a_board_fits_the_schema_and_has_the_name_of_its_folder(folder: Path) -> None:
    """What tools and firmware read."""
    check(described(folder))
    assert described(folder)["board"] == folder.name


@every_board
def test_a_folder_holds_three_files_and_nothing_else(folder: Path) -> None:
    """Data, a page, a manifest: no code of its own."""
    names = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
    assert names == {"board.json", "board.md", "manifest.py"}


@every_board
def test_a_page_names_its_dangers_its_wiring_and_what_was_never_tried(folder: Path) -> None:
    """Mains can kill, and nobody has run any of this on hardware."""
    page = (folder / "board.md").read_text()
    for heading in ("## Danger", "## Wiring", "## Status"):
        assert heading in page
    assert "- [ ] " in page
    if folder.name != "virtual":
        assert "Nothing here has been run on hardware." in page
        assert "qualified electrician" in page


@every_board
def test_the_wiring_on_the_page_is_that_of_the_data(folder: Path) -> None:
    """Each pin of board.json stands in the page's text."""
    if folder.name == "virtual":
        return
    page = (folder / "board.md").read_text()
    pins = {
        value
        for part in (*described(folder)["buses"].values(), described(folder)["access"])
        for name, value in part.items()
        if name
        in {
            "sck",
            "miso",
            "mosi",
            "scl",
            "sda",
            "tx",
            "rx",
            "de",
            "mdc",
            "mdio",
            "power",
            "power_key",
        }
    }
    pins |= {meter["cs"] for meter in described(folder)["meters"] if "cs" in meter}
    for pin in pins - {None}:
        assert re.search(r"\b%d\b" % pin, page), pin


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in described(FOLDERS[0]).items() if name != key}


@pytest.mark.parametrize(
    "wrong",
    [
        *[without(key) for key in SCHEMA["required"]],
        {**described(FOLDERS[0]), "colour": "green"},
        {**described(FOLDERS[0]), "line_hz": 16},
        {**described(FOLDERS[0]), "meters": []},
        {**described(FOLDERS[0]), "access": {"kind": "pigeon"}},
        {**described(FOLDERS[0]), "buses": {"b": {"kind": "spi"}}},
    ],
)
def test_a_board_that_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    """Something missing, something unknown, something impossible."""
    with pytest.raises(ValidationError):
        check(wrong)
