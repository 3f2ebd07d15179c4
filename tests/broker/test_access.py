# SPDX-License-Identifier: Apache-2.0
"""What the generated configuration lets a device do, and what not: a real broker, TLS, and an independent client."""

import socket
import ssl
import time
from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from host.broker.authority import Authority, load_certificate, load_key
from host.broker.config import PACKET_SIZE_MAX
from tests.broker.community import (
    ANSWER_S_MOST,
    CONNECT,
    NETWORK,
    NOT_AUTHORIZED,
    OWNER,
    Community,
    Device,
    broadcast,
    community,
    inbox,
    refusal,
    run,
)
from wattpact.wire import topics


@pytest.fixture
def here(tmp_path: Path) -> Generator[Community, None, None]:
    with community(tmp_path) as found:
        yield found


def members(here: Community, *rows: str) -> list[Device]:
    """Devices with these roles, enrolled and known to the broker."""
    found = [here.enrol("%d" % number, roles) for number, roles in enumerate(rows)]
    here.broker.reload()
    return found


def authority(here: Community) -> Authority:
    key = load_key((here.folder / "ca.key").read_bytes(), "ca.key")
    return Authority(key, load_certificate(here.ca.read_bytes(), "ca.crt"))


def certificate(by: Authority, device: Device, begins: datetime, days: int = 30) -> Path:
    """A TLS certificate that the commands would not give."""
    key = load_key(device.tls_key.read_bytes(), "TLS key").public_key()
    path = device.tls_key.with_suffix(".crt")
    path.write_bytes(by.device(device.kid, key, days, begins).public_bytes(Encoding.PEM))
    return path


def shake_hands(*sides: ssl.SSLObject) -> None:
    """A TLS handshake in memory."""
    for _ in range(4):
        for side in sides:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()


def test_an_enrolled_device_gets_in_and_nobody_does_without_a_certificate(here: Community) -> None:
    """The handshake fails before MQTT begins."""
    [meter] = members(here, "meter")
    assert not here.refuses(meter)
    assert here.refuses(None)


def test_an_expired_certificate_is_refused(here: Community) -> None:
    """Also of a device that is on the list."""
    [meter] = members(here, "meter")
    long_ago = datetime.now(UTC) - timedelta(days=3)
    assert here.refuses(meter, certificate(authority(here), meter, long_ago, days=2))
    assert not here.refuses(meter, certificate(authority(here), meter, long_ago, days=4))


def test_a_certificate_of_another_authority_is_refused(here: Community) -> None:
    """The kid in it may be that of a member: who signed it counts."""
    [meter] = members(here, "meter")
    now = datetime.now(UTC)
    assert here.refuses(meter, certificate(Authority.founded(now), meter, now))


def test_a_device_that_is_not_on_the_list_may_do_nothing(here: Community) -> None:
    """Not even with a certificate of this authority, and not while the list is empty."""
    stranger = here.stranger("stranger")
    issued = certificate(authority(here), stranger, datetime.now(UTC))
    with here.client(stranger, issued) as client:
        client.subscribe("#")
        assert client.publish(broadcast(stranger, "presence")) == NOT_AUTHORIZED
        assert client.publish(inbox(stranger, stranger)) == NOT_AUTHORIZED
        assert client.silent()


def test_nobody_publishes_as_another(here: Community) -> None:
    """Neither into an inbox nor as a broadcast, whatever its own roles are."""
    one, other, target = members(here, "meter,plant,host", "meter,plant", "meter")
    with here.client(one) as liar, here.client(target) as listener:
        listener.subscribe("#")
        assert liar.publish(inbox(target, other)) == NOT_AUTHORIZED
        assert liar.publish(broadcast(other, "offer")) == NOT_AUTHORIZED
        assert liar.publish(broadcast(other, "trade_end")) == NOT_AUTHORIZED
        assert liar.publish(inbox(target, one), b"true") == 0
        assert listener.next() == (inbox(target, one), b"true")
        assert listener.silent()


def test_a_last_will_forges_nothing_either(here: Community) -> None:
    """What the broker says in the name of a device that went away stands under the same rule."""
    one, other, target = members(here, "meter", "meter", "meter")
    with here.client(target) as listener:
        listener.subscribe("#")
        for topic in (broadcast(other, "presence"), broadcast(one, "presence")):
            with here.client(one, will=topic) as dying:
                dying.die()
        assert listener.next() == (broadcast(one, "presence"), b"gone")
        assert listener.silent()


@pytest.mark.parametrize(
    "pattern", ["#", "wattpact/1/+/+/in/+", "wattpact/#", "$share/a/#", "exact"]
)
def test_nobody_reads_anothers_inbox(here: Community, pattern: str) -> None:
    """The broker grants the subscription, and what arrives is nothing; not a retained message either."""
    sender, target, curious = members(here, "meter", "plant", "meter,plant,host")
    topic = inbox(target, sender)
    with here.client(sender) as writer, here.client(curious) as spy, here.client(target) as owner:
        assert writer.publish(topic, b"kept", retain=True) == 0
        spy.subscribe(topic if pattern == "exact" else pattern)
        owner.subscribe("wattpact/1/+/%s/in/+" % target.kid.hex())
        assert owner.next() == (topic, b"kept")
        assert writer.publish(topic, b"secret") == 0
        assert owner.next() == (topic, b"secret")
        assert spy.silent()


def test_every_member_reads_broadcasts(here: Community) -> None:
    """Of everybody, and those kept by the broker as well as those of now."""
    devices = members(here, "meter", "plant", "host")
    plant = devices[1]
    with here.client(plant) as speaker:
        assert speaker.publish(broadcast(plant, "offer"), b"kept", retain=True) == 0
    for device in devices:
        with here.client(device) as listener:
            listener.subscribe("wattpact/1/+/+/out/+")
            assert listener.next() == (broadcast(plant, "offer"), b"kept")


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        ("meter", {"trade_end"}),
        ("plant", {"offer", "generation"}),
        ("meter,plant", {"trade_end", "offer", "generation"}),
        ("host", {"checkpoint", "revoke", "shortfall"}),
    ],
)
def test_who_is_no_plant_cannot_publish_offers(here: Community, roles: str, may: set[str]) -> None:
    """Each role broadcasts its own kinds, everybody presence and registration, and nobody anything else."""
    [device] = members(here, roles)
    asked = "offer generation trade_end checkpoint revoke shortfall presence register state other"
    with here.client(device) as client:
        codes = {kind: client.publish(broadcast(device, kind)) for kind in asked.split()}
    allowed = {kind for kind, code in codes.items() if code != NOT_AUTHORIZED}
    assert allowed == may | {"presence", "register"}


def test_a_terminal_hears_its_own_users_meters_and_no_others(here: Community) -> None:
    """And tells them of itself; what a home draws reaches no other member."""
    meter, own, plant = members(here, "meter", "terminal", "plant")
    strange = here.enrol("strange", "terminal", "--owner", "bb" * 8)
    here.broker.reload()
    home = topics.home(NETWORK, bytes.fromhex(OWNER))
    state, config = (
        "%s/%s" % (home, each % meter.kid.hex()) for each in ("state/%s", "device/%s/config")
    )
    status = home + "/status"
    with (
        here.client(meter) as node,
        here.client(own) as user,
        here.client(strange) as other,
        here.client(plant) as member,
    ):
        for listener in (user, other, member):
            listener.subscribe("#")
        node.subscribe(status)
        assert node.publish(config, b"it is me", retain=True) == 0
        assert node.publish(state, b"460 W") == 0
        assert [user.next(), user.next()] == [(config, b"it is me"), (state, b"460 W")]
        assert user.publish(status, b"online") == 0
        assert node.next() == (status, b"online")
        for client, topic in ((other, status), (other, state), (user, state), (member, state)):
            assert client.publish(topic) == NOT_AUTHORIZED
        assert node.publish(state.replace(meter.kid.hex(), plant.kid.hex())) == NOT_AUTHORIZED
        assert user.next() == (status, b"online")
        assert other.silent()
        assert member.silent()


def test_another_network_is_not_carried(here: Community) -> None:
    """A broker that was configured for one network keeps nothing for others."""
    [plant] = members(here, "plant")
    topic = broadcast(plant, "offer").replace("00112233445566ff", "0" * 16)
    with here.client(plant) as client:
        assert client.publish(topic) == NOT_AUTHORIZED


def test_a_revoked_device_is_refused_after_a_reload(here: Community) -> None:
    """And nobody else is: neither before nor after."""
    revoked, other = members(here, "meter", "meter")
    here.revoke(revoked)
    here.broker.reload()
    assert here.refuses(revoked)
    assert not here.refuses(other)
    here.broker.stop()
    here.broker.start()
    assert here.refuses(revoked)
    assert not here.refuses(other)


def test_two_devices_that_are_revoked_at_once_are_both_refused(here: Community) -> None:
    """Lists made within one second follow each other, also for OpenSSL."""
    first, second, third = members(here, "meter", "meter", "meter")
    for device in (first, second):
        here.revoke(device)
        here.broker.reload()
        assert here.refuses(device)
    assert not here.refuses(third)


def test_a_revoked_device_is_mute_and_deaf_on_the_connection_that_it_has(here: Community) -> None:
    """What it may do is judged again by the next message."""
    revoked, other = members(here, "plant", "meter")
    with here.client(revoked) as gone, here.client(other) as client:
        gone.subscribe("#")
        here.revoke(revoked)
        here.broker.reload()
        assert gone.publish(broadcast(revoked, "offer")) == NOT_AUTHORIZED
        assert client.publish(inbox(revoked, other)) == 0
        assert client.publish(broadcast(other, "trade_end")) == 0
        assert gone.silent()


def test_an_offer_that_a_revoked_plant_left_behind_is_not_told_any_more(here: Community) -> None:
    """The broker looks whether who had it kept may still say it (but not after it was restarted)."""
    revoked, plant, meter = members(here, "plant", "plant", "meter")
    for device in (revoked, plant):
        with here.client(device) as client:
            assert client.publish(broadcast(device, "offer"), b"kept", retain=True) == 0
    here.revoke(revoked)
    here.broker.reload()
    with here.client(meter) as client:
        client.subscribe("wattpact/1/+/+/out/offer")
        assert client.next() == (broadcast(plant, "offer"), b"kept")
        assert client.silent()


def test_a_replaced_tls_key_ends_the_one_before(here: Community) -> None:
    """One device, one trading key, a new TLS key: the old certificate is refused, the new one is not."""
    [meter] = members(here, "meter")
    old = meter.tls_key.with_suffix(".old.crt")
    old.write_bytes(meter.tls_certificate.read_bytes())
    old_key = meter.tls_key.rename(meter.tls_key.with_suffix(".old.key"))
    other = here.stranger("other")
    here.enrol_tls_key(meter, other, "meter", "--replace")
    here.broker.reload()
    assert here.refuses(Device(meter.kid, meter.trading_key, old_key, old))
    assert not here.refuses(
        Device(meter.kid, meter.trading_key, other.tls_key, meter.tls_certificate)
    )


def test_a_device_is_let_in_while_others_stay_connected(here: Community) -> None:
    """A reload disturbs nobody."""
    [meter] = members(here, "meter")
    with here.client(meter) as client:
        client.subscribe("#")
        [plant] = members(here, "plant")
        with here.client(plant) as newcomer:
            assert newcomer.publish(broadcast(plant, "offer"), b"first") == 0
        assert client.next() == (broadcast(plant, "offer"), b"first")


def test_the_client_id_of_another_gives_no_session_of_another(here: Community) -> None:
    """The broker takes the id from the certificate: who asks for another's neither ends nor inherits its session."""
    owner, thief, sender = members(here, "meter", "meter", "meter")
    with here.client(owner) as connected:
        connected.subscribe("#")
        with here.client(thief, client_id=owner.kid.hex()), here.client(sender) as writer:
            assert writer.publish(inbox(owner, sender), b"letter") == 0
        assert connected.next() == (inbox(owner, sender), b"letter")
        assert connected.paho.is_connected()


def test_a_packet_larger_than_any_message_ends_the_connection(here: Community) -> None:
    """The largest message passes."""
    sender, target = members(here, "meter", "plant")
    with here.client(target) as listener, here.client(sender) as writer:
        listener.subscribe("#")
        largest = bytes(PACKET_SIZE_MAX - 256)
        assert writer.publish(inbox(target, sender), largest) == 0
        assert listener.next() == (inbox(target, sender), largest)
    beyond = b"\x32\xff\xff\x7f"  # the head of a PUBLISH of 2 MiB
    with (
        socket.create_connection(("127.0.0.1", here.port), timeout=ANSWER_S_MOST) as stream,
        here.context(sender).wrap_socket(stream, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(CONNECT + beyond)
        with suppress(ConnectionError, ssl.SSLError):
            while secured.recv(64):
                pass


def test_a_client_refuses_a_broker_of_another_name(tmp_path: Path) -> None:
    """The certificate says under which names the broker is reached; ours is reached under another one."""
    with community(tmp_path, "broker.example.org") as here:
        [meter] = members(here, "meter")
        assert "IP address mismatch" in refusal(here.context(meter), here.port)


def test_a_reload_takes_up_the_brokers_own_new_certificate(tmp_path: Path) -> None:
    """A renewal, or another name, needs no restart."""
    with community(tmp_path, "broker.example.org") as here:
        [meter] = members(here, "meter")
        assert here.refuses(meter)
        run("broker-config", here.folder, "--host", "127.0.0.1")
        here.broker.reload()
        assert not here.refuses(meter)


def test_a_client_refuses_a_device_that_plays_the_broker(here: Community) -> None:
    """A device's certificate is good for a client only, so that no member can listen in by standing in between."""
    [meter] = members(here, "meter")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(meter.tls_certificate, meter.tls_key)
    client = ssl.create_default_context(cafile=str(here.ca))
    client.check_hostname = False
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    ours = client.wrap_bio(to_client, to_server)
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        shake_hands(ours, theirs)


def test_a_kept_offer_survives_a_crash_once_the_broker_wrote_it(here: Community) -> None:
    """It writes every `--autosave` seconds; from then on it outlives kill -9."""
    plant, meter = members(here, "plant", "meter")
    memory = here.folder / "memory" / "mosquitto.db"
    with here.client(plant) as client:
        assert client.publish(broadcast(plant, "offer"), b"the offer", retain=True) == 0
        deadline = time.monotonic() + ANSWER_S_MOST
        while not (memory.exists() and b"the offer" in memory.read_bytes()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        here.broker.kill()
    here.broker.start()
    with here.client(meter) as client:
        client.subscribe("wattpact/1/+/+/out/offer")
        assert client.next() == (broadcast(plant, "offer"), b"the offer")


def test_what_the_broker_acknowledged_and_did_not_write_is_lost_in_a_crash(tmp_path: Path) -> None:
    """A PUBACK promises nothing about the disk: that is why there are outboxes and STORED."""
    with community(tmp_path, autosave_s=3600) as here:
        plant, meter = members(here, "plant", "meter")
        with here.client(plant) as client:
            assert client.publish(broadcast(plant, "offer"), retain=True) == 0
            here.broker.kill()
        here.broker.start()
        with here.client(meter) as client:
            client.subscribe("wattpact/1/+/+/out/offer")
            assert client.silent()
