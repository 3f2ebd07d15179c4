# SPDX-License-Identifier: Apache-2.0
"""Pictures of the documents say what the code says, and can be read anywhere."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "pictures"
DRAWN = sorted(FOLDER.glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
LETTER = 7.6  # mean width of a letter, wide letters and bold ones included


def test_what_is_committed_is_what_the_code_draws() -> None:
    """Layers, states and seconds come from the code; a picture of something else is stale."""
    command = [sys.executable, str(ROOT / "tools" / "pictures.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_a_picture_is_well_formed_loads_nothing_and_says_what_it_shows(path: Path) -> None:
    """It brings its own style for light and dark, and words for those who do not see it."""
    drawing = ET.fromstring(path.read_text(encoding="utf-8"))
    assert drawing.tag == SVG + "svg"
    assert drawing.get("aria-label")
    text = path.read_text(encoding="utf-8")
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"href|url\(|<script|@import", text)


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_no_word_and_no_line_leaves_the_picture(path: Path) -> None:
    """What hangs over the edge is cut off."""
    drawing = ET.fromstring(path.read_text(encoding="utf-8"))
    width, height = int(drawing.get("width", "")), int(drawing.get("height", ""))
    for words in drawing.iter(SVG + "text"):
        x, y, kind = int(words.get("x", "")), int(words.get("y", "")), words.get("class", "")
        length = LETTER * len(words.text or "")
        left = x - (length if "end" in kind else length / 2 if "middle" in kind else 0)
        assert left >= 0, words.text
        assert left + length <= width, words.text
        assert 0 < y < height, words.text
    for line in drawing.iter(SVG + "path"):
        steps = [float(each) for each in re.findall(r"[\d.]+", line.get("d", ""))]
        assert max(steps[::2]) <= width
        assert max(steps[1::2]) <= height


def test_the_reports_picture_is_small() -> None:
    """A README opens at once."""
    assert (FOLDER / "report.png").stat().st_size < 250_000
