# SPDX-License-Identifier: Apache-2.0
"""The broker of the tests is a real one, and does what the tests want of it."""

import socket
from pathlib import Path

import pytest

from tests.broker.mosquitto import HOST, Mosquitto, plain

CONNECT = bytes.fromhex(
    "100d00044d5154540402003c000161"
)  # MQTT 3.1.1, clean session, client id "a"
ACCEPTED = bytes.fromhex("20020000")


def answer(broker: Mosquitto) -> bytes:
    with socket.create_connection((HOST, broker.port), timeout=5) as stream:
        stream.sendall(CONNECT)
        return stream.recv(4)


def test_it_answers_after_every_kind_of_end(tmp_path: Path) -> None:
    """Stopped, killed, reloaded, and started with another memory: it speaks MQTT each time."""
    with plain(tmp_path) as broker:
        assert answer(broker) == ACCEPTED
        broker.stop()
        broker.start()
        assert answer(broker) == ACCEPTED
        broker.kill()
        broker.start(data=tmp_path / "other")
        broker.reload()
        assert answer(broker) == ACCEPTED
        broker.stop()
        assert (tmp_path / "other" / "mosquitto.db").exists()


def test_nobody_listens_when_it_is_over(tmp_path: Path) -> None:
    """Also after a failure inside the block."""
    with pytest.raises(ZeroDivisionError), plain(tmp_path) as broker:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        answer(broker)


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    """What it wrote is in the failure."""
    with pytest.raises(AssertionError, match="Unknown configuration variable"):
        plain(tmp_path, more="no_such_option 1\n").start()
