# SPDX-License-Identifier: Apache-2.0
"""`python -m host serve` as a process: founded, enrolled, killed and started again at a real broker."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host.cli import main
from host.registry import Member as Membership
from host.service import child
from host.service.folder import HostFolder, signer_of
from host.store import ChainReader
from tests.broker.community import Community, Device
from tests.broker.mosquitto import plain, program
from tests.broker.office import Member
from tests.broker.service import Service, founded
from tests.unit.host.town import named, signer
from wattpact.crypto.hashes import kid
from wattpact.wire import topics
from wattpact.wire.envelope import peek_payload, sign1
from wattpact.wire.messages import Offer, Stored, message_id, parse

LOAD = 1_500
ROUNDS = 3
AGAIN_S = 2
PATIENCE_S = 90

PLANT = [
    "--plant-id",
    named("plant").hex(),
    "--service",
    "06:00-20:00",
    "--panel",
    named("panel").hex() + ":8000:100",
]


def registrations(folder: HostFolder, count: int) -> list[bytes]:
    """Transactions that do not depend on each other, signed by the registrar."""
    registrar = folder.registrar()
    return [
        registrar.register(Membership(signer("n%d" % n).public_key, named("owner"), 0), 1)
        for n in range(count)
    ]


def hand_in(
    member: Member, transactions: list[bytes], kill_s: float, kill: Callable[[], None]
) -> None:
    """As an outbox does: again and again until STORED names each; `kill` is called `kill_s` after the first word."""
    waiting = {message_id(peek_payload(each)): each for each in transactions}
    topic = topics.inbox(member.network, member.host, member.kid)
    deadline = time.monotonic() + PATIENCE_S
    kill_at = time.monotonic() + kill_s
    again_at = 0.0
    while waiting or kill_at:
        assert time.monotonic() < deadline, "%d are not stored" % len(waiting)
        if time.monotonic() >= again_at:
            again_at = time.monotonic() + AGAIN_S
            for each in waiting.values():
                member.client.paho.publish(topic, each, qos=1)
        if kill_at and time.monotonic() >= kill_at:
            kill_at = 0.0
            kill()
        while not member.client.came.empty():
            stored = parse(peek_payload(member.client.came.get()[1]))
            assert isinstance(stored, Stored)
            assert stored.refused == []
            for message in stored.ids:
                waiting.pop(message, None)
        time.sleep(0.01)


def test_a_host_that_is_killed_under_load_stores_everything_once(tmp_path: Path) -> None:
    """kill -9 in the middle, three times: every id is answered, and stands once on a chain that verifies."""
    folder = founded(tmp_path / "town")
    transactions = registrations(folder, LOAD)
    with plain(tmp_path / "broker") as broker:
        service = Service(folder.path, "--mqtt", broker.url, "--block-seconds", "0")
        host = kid(folder.signer("sequencer").public_key)
        member = Member("clerk", folder.network, broker.port, host)

        def kill() -> None:
            service.kill()
            service.start()

        with member.client as client, service:
            client.paho.on_publish = None
            client.subscribe(topics.inboxes(folder.network, member.kid))
            for number in range(ROUNDS):
                share = transactions[number::ROUNDS]
                hand_in(member, share, random.uniform(0.02, 0.2), kill)
            assert service.stop() == 0
    reader = ChainReader.open(folder.chain)
    ids = [row[3] for row in reader.transactions()]
    reader.close()
    assert len(ids) == len(set(ids)) == LOAD
    assert main(["verify", str(folder.chain)]) == 0


def community(tmp_path: Path) -> tuple[HostFolder, Community]:
    """A network with a broker's folder of its own; nothing runs yet."""
    program()
    folder = founded(tmp_path / "town")
    here = Community(folder.path, network=folder.network)
    here.enrols_in = folder.path
    return folder, here


def hand_in_offer(folder: HostFolder, here: Community, device: Device) -> Stored:
    """The plant's first offer, over TLS; the host's answer."""
    now = int(time.time())
    offer = Offer(
        network=folder.network,
        plant_id=named("plant"),
        seq=1,
        start=now - now % 900 + 900,
        price=200_000,
        currency=978,
        panels=[(named("panel"), [100])],
        remaining_wh=100,
        low=[],
        issued_at=now,
    )
    data = sign1(offer.payload(), signer_of(device.trading_key))
    with here.client(device, address="localhost") as client:
        client.subscribe(topics.inboxes(folder.network, device.kid))
        client.publish(topics.broadcast(folder.network, device.kid, "offer"), data)
        stored = parse(peek_payload(client.next()[1]))
    assert isinstance(stored, Stored)
    return stored


def test_a_device_is_enrolled_while_the_host_runs_its_broker(tmp_path: Path) -> None:
    """One command: the broker lets it in, the chain knows it, and what it signs is stored. One more, and it is out."""
    folder, here = community(tmp_path)
    with Service(folder.path, "--broker") as service:
        roof = here.enrol("roof", "plant", *PLANT)
        service.until_said("is on the chain")
        service.until_said("reads its lists again")
        given = roof.tls_certificate.parent
        assert (given / "genesis.cbor").read_bytes() == folder.genesis
        register = (given / "register.cbor").read_bytes()
        stored = hand_in_offer(folder, here, roof)
        assert (len(stored.ids), stored.refused) == (1, [])
        here.enrol_again(roof, "plant", *PLANT)
        assert (given / "register.cbor").read_bytes() == register
        seen = len(service.log())
        here.revoke(roof)
        service.until_said("is on the chain", seen)
        service.until_said("reads its lists again", seen)
        assert here.refuses(roof)
        assert service.stop() == 0
    assert list(folder.spool.iterdir()) == []
    assert main(["verify", str(folder.chain)]) == 0


def test_what_was_enrolled_before_is_registered_at_the_next_start(tmp_path: Path) -> None:
    """And what the chain refuses is set aside, with the rule in its name."""
    folder, here = community(tmp_path)
    roof = here.enrol("roof", "plant", *PLANT)  # the first one, whatever its name is
    again = here.stranger("again")
    here.enrol_again(again, "plant", *PLANT)  # R23: the plant's first key is not revoked
    assert len(list(folder.spool.iterdir())) == 2
    with Service(folder.path, "--broker") as service:
        service.until_said("is on the chain")
        service.until_said("refused by R23")
        assert hand_in_offer(folder, here, roof).refused == []
    (aside,) = folder.spool.iterdir()
    assert aside.suffix == ".R23"


def test_the_broker_is_started_again_and_ends_with_the_host(tmp_path: Path) -> None:
    """Whoever kills it; and one that a killed host left behind does not keep the next host from its own."""
    folder, here = community(tmp_path)
    roof = here.enrol("roof", "plant", *PLANT)
    with Service(folder.path, "--broker") as service:
        seen = len(service.log())
        os.kill(broker_process(folder), signal.SIGKILL)
        service.until_said("mosquitto ended", seen)
        service.until_said("connected to the broker", seen)
        service.kill()
        service.start()
        assert hand_in_offer(folder, here, roof).refused == []
        left = broker_process(folder)
        assert service.stop() == 0
        assert not Path("/proc/%d" % left).exists()


def broker_process(folder: HostFolder) -> int:
    return int((folder.broker / "mosquitto.pid").read_text())


def test_two_hosts_do_not_serve_one_chain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second says so and ends."""
    folder = founded(tmp_path / "town")
    with folder.served():
        assert main(["serve", str(folder.path), "--mqtt", "mqtt://localhost:1"]) == 2
    assert "another process serves it" in capsys.readouterr().err


def test_without_mosquitto_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine where no program of that name is found."""
    folder = founded(tmp_path / "town")
    assert main(["broker-config", str(folder.broker)]) == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(child, "PLACES", ())
    assert main(["serve", str(folder.path), "--broker"]) == 2
    assert "apt-get install mosquitto" in capsys.readouterr().err
