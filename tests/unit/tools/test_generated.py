# SPDX-License-Identifier: Apache-2.0
"""A generated file that is stale is named, or written anew."""

from pathlib import Path

import pytest

from tools import generated


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In a checkout of its own."""
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    return tmp_path / "docs" / "page.md"


def refresh(monkeypatch: pytest.MonkeyPatch, page: Path, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["tools/pages.py", *arguments])
    return generated.refresh("Pages.", "tools/pages.py", {page: lambda: "new\n"})


def test_a_stale_file_is_named_and_left_alone(
    monkeypatch: pytest.MonkeyPatch, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --check; missing is stale, too."""
    assert refresh(monkeypatch, page, "--check") == 1
    assert capsys.readouterr().out == "docs/page.md is stale: run python tools/pages.py\n"
    assert not page.exists()


def test_a_stale_file_is_written_and_then_passes(
    monkeypatch: pytest.MonkeyPatch, page: Path
) -> None:
    """Its folder as well."""
    assert refresh(monkeypatch, page) == 0
    assert page.read_text(encoding="utf-8") == "new\n"
    assert refresh(monkeypatch, page, "--check") == 0
