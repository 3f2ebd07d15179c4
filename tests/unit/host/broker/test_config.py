# SPDX-License-Identifier: Apache-2.0
"""mosquitto.conf and the settings behind it."""

from dataclasses import replace
from pathlib import Path

import pytest

from host.broker.config import Settings, configuration
from host.errors import BrokerError

FOLDER = Path("/srv/a broker")


def test_there_is_one_listener_with_tls_and_nobody_is_anonymous() -> None:
    """Both sides show certificates, and the name in the device's is its identity."""
    lines = configuration(FOLDER, Settings(port=8884), "somebody", bridged=False).splitlines()
    assert [line for line in lines if line.startswith("listener")] == ["listener 8884"]
    for line in (
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "crlfile /srv/a broker/crl.pem",
        "user somebody",
    ):
        assert line in lines


def test_an_address_to_listen_on_is_kept() -> None:
    """A broker for one machine listens on the loopback only."""
    text = configuration(FOLDER, Settings(bind="127.0.0.1"), "x", bridged=False)
    assert "\nlistener 8883 127.0.0.1\n" in text


def test_settings_come_back_as_they_were() -> None:
    """A second run without options changes nothing."""
    settings = Settings(["broker.example.org"], 1234, "127.0.0.1", "00" * 8, 60)
    assert Settings.read(settings.text(), "broker.json") == settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": []},
        {"hosts": ["a b"]},
        {"port": 0},
        {"port": 65536},
        {"network": "+"},
        {"bind": "127.0.0.1\nallow_anonymous true"},
        {"autosave_s": 0},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    """Nothing gets into the file that could become a line of its own."""
    with pytest.raises(BrokerError):
        replace(Settings(), **wrong).check()


def test_a_folder_whose_name_would_become_a_line_is_refused() -> None:
    """A line break ends an option."""
    with pytest.raises(BrokerError, match="line break"):
        configuration(Path("/srv/a\nb"), Settings(), "x", bridged=False)


@pytest.mark.parametrize("text", ["", "[]", '{"colour": "red"}', '{"port": 0}'])
def test_a_file_of_settings_that_is_damaged_is_refused(text: str) -> None:
    """With one error."""
    with pytest.raises(BrokerError):
        Settings.read(text, "broker.json")
