# SPDX-License-Identifier: Apache-2.0
"""A plant's folder: keys that are made once, and what is missing is told with whom to ask for it."""

import stat
from pathlib import Path

import pytest

from host.broker.authority import point, public_key, request_key
from host.errors import PlantError
from host.plant.folder import GIVEN, load, make
from wattpact.crypto.hashes import kid


def test_new_keys_come_with_the_requests_for_them(tmp_path: Path) -> None:
    named = make(tmp_path / "sun")
    trading = point(public_key((tmp_path / "sun" / "trading.pub").read_bytes()))
    assert kid(trading).hex() == named
    _key, name = request_key((tmp_path / "sun" / "tls.csr").read_bytes())
    assert name == named
    for secret in ("trading.key", "tls.key"):
        assert stat.S_IMODE((tmp_path / "sun" / secret).stat().st_mode) == 0o600


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    make(tmp_path)
    before = (tmp_path / "trading.key").read_bytes()
    with pytest.raises(PlantError, match="never replaced"):
        make(tmp_path)
    assert (tmp_path / "trading.key").read_bytes() == before


def test_what_is_missing_is_told_in_the_order_in_which_it_is_got(tmp_path: Path) -> None:
    with pytest.raises(PlantError, match=r"trading\.key: is missing; make it with --new"):
        load(tmp_path)
    make(tmp_path)
    for name in GIVEN:
        with pytest.raises(PlantError, match="%s: is missing; `enrol` gives it" % name):
            load(tmp_path)
        (tmp_path / name).write_bytes(b"x")
    given = load(tmp_path)
    assert given.genesis == b"x"
    assert len(given.signer.public_key) == 65


def test_a_file_that_cannot_be_is_refused(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "tls.crt").write_bytes(bytes(65_537))
    with pytest.raises(PlantError, match="more than 65536 bytes"):
        load(tmp_path)
