# SPDX-License-Identifier: Apache-2.0
"""A broker as an operator sets it up, by the commands, with devices whose keys are made here; and clients of it.

    with community(tmp_path) as here:
        meter = here.enrol("meter", "meter")
        with here.client(meter) as client: ...

The client is paho's, so that nothing of ours judges what the broker does. Other tests that need a broker with TLS use
`community` too: `here.url`, `device.tls_key`, `device.tls_certificate`, `here.ca`.
"""

import queue
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties

from host.broker.authority import PrivateKey, key_pem, load_key, new_key, point
from host.cli import main
from tests.broker.mosquitto import HOST, Mosquitto, free_port
from wattpact.crypto.hashes import kid as kid_of
from wattpact.wire import topics

NETWORK = bytes.fromhex("00112233445566ff")
OWNER = "aa" * 8
ANSWER_S_MOST = 10
CONNECT = bytes.fromhex("100d00044d5154540402003c000161")  # MQTT 3.1.1, clean session
NOT_AUTHORIZED = 135  # MQTT 5: what the access list refuses
NO_SUBSCRIBER = 16
SILENCE_S = 0.3
"""How long a test listens for what must not come. What comes by mistake comes at once, before what is sent after it."""


@dataclass
class Device:
    """A device with its two keys, and where its TLS files lie: PEM, and in `der` the key as a board takes it."""

    kid: bytes
    trading_key: PrivateKey
    tls_key: Path
    tls_certificate: Path

    @property
    def der(self) -> Path:
        """The TLS key as DER; the certificates as DER lie beside `tls_certificate`, as tls.der and ca.der."""
        return self.tls_key.with_suffix(".der")


class Client:
    """One connection with MQTT 5, whose answers say more than those of 3.1.1; `with` opens and closes it."""

    def __init__(self, client: mqtt.Client, port: int, address: str) -> None:
        self.paho = client
        self.came: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.properties: Properties | None = None
        """What CONNECT asks for: without it the session ends with the connection."""
        self._port = port
        self._address = address
        self._connected: queue.Queue[int] = queue.Queue()
        self._codes: queue.Queue[int] = queue.Queue()
        client.on_connect = lambda c, u, f, code, p: self._connected.put(code.value)
        client.on_publish = lambda c, u, mid, code, p: self._codes.put(code.value)
        client.on_subscribe = lambda c, u, mid, codes, p: self._codes.put(codes[0].value)
        client.on_message = lambda c, u, m: self.came.put((m.topic, bytes(m.payload)))

    def __enter__(self) -> Self:
        start = self.properties is None
        self.paho.connect(self._address, self._port, clean_start=start, properties=self.properties)
        self.paho.loop_start()
        assert self._connected.get(timeout=ANSWER_S_MOST) == 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def die(self) -> None:
        """End the connection without a word."""
        self.paho.loop_stop()
        stream = self.paho.socket()
        assert stream is not None
        stream.close()

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> int:
        """The code in the broker's PUBACK; 0 also if it took the message and nobody subscribed to it."""
        self.paho.publish(topic, payload, qos=1, retain=retain)
        code = self._codes.get(timeout=ANSWER_S_MOST)
        return 0 if code == NO_SUBSCRIBER else code

    def subscribe(self, pattern: str) -> int:
        """The code in the broker's SUBACK."""
        self.paho.subscribe(pattern, qos=1)
        return self._codes.get(timeout=ANSWER_S_MOST)

    def next(self) -> tuple[str, bytes]:
        """(topic, payload) of what came next."""
        return self.came.get(timeout=ANSWER_S_MOST)

    def silent(self) -> bool:
        """Whether nothing came for a while."""
        try:
            self.came.get(timeout=SILENCE_S)
        except queue.Empty:
            return True
        return False


class Community:
    """One broker's folder, the broker on it, and who is enrolled."""

    def __init__(
        self, folder: Path, *hosts: str, autosave_s: int = 1, network: bytes = NETWORK
    ) -> None:
        self.folder = folder / "broker"
        self.enrols_in = self.folder
        """What `enrol` is given: this broker alone, or a host's folder."""
        self.port = free_port()
        options = [part for host in hosts for part in ("--host", host)]
        options += ["--port", str(self.port), "--bind", HOST, "--network", network.hex()]
        run("broker-config", self.folder, *options, "--autosave", str(autosave_s))
        self.ca = self.folder / "ca.crt"
        self.broker = Mosquitto(folder / "run", self.folder / "mosquitto.conf", self.port)
        self.url = self.broker.url
        self._keys = folder / "devices-keys"
        self._keys.mkdir()

    def enrol(self, name: str, roles: str, *more: str) -> Device:
        """A new device under a name of this test; the broker knows it after a reload or a start."""
        device = self.stranger(name)
        self.enrol_again(device, roles, *more)
        return device

    def enrol_again(self, device: Device, roles: str, *more: str) -> None:
        """The same device, the same keys."""
        request = device.tls_key.with_suffix(".csr")
        trading = device.tls_key.with_suffix(".trading")
        arguments = ["--csr", request, "--trading-key", trading, "--roles", roles]
        run("enrol", self.enrols_in, *arguments, "--owner", OWNER, *more)

    def enrol_tls_key(self, device: Device, other: Device, roles: str, *more: str) -> None:
        """The device with the TLS key of another."""
        public = load_key(other.tls_key.read_bytes(), "TLS key").public_key()
        path = other.tls_key.with_suffix(".hex")
        path.write_text(point(public).hex() + "\n")
        arguments = ["--public-key", path, "--kid", device.kid.hex(), "--roles", roles]
        run("enrol", self.enrols_in, *arguments, "--owner", OWNER, *more)

    def revoke(self, device: Device) -> None:
        """By the command; the broker hears of it by a reload."""
        run("revoke", self.enrols_in, device.kid.hex())

    def stranger(self, name: str) -> Device:
        """A device with keys and a request that nobody has enrolled."""
        trading, tls = new_key(), new_key()
        kid = kid_of(point(trading.public_key()))
        key = self._keys / (name + ".key")
        key.write_bytes(key_pem(tls))
        der = tls.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        key.with_suffix(".der").write_bytes(der)
        key.with_suffix(".csr").write_bytes(request_for(kid.hex(), tls))
        public = trading.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        key.with_suffix(".trading").write_bytes(pem)
        return Device(kid, trading, key, self.folder / "devices" / kid.hex() / "tls.crt")

    def client(
        self,
        device: Device | None,
        certificate: Path | None = None,
        address: str = HOST,
        client_id: str = "",
        will: str = "",
    ) -> Client:
        """A connection to be opened; `certificate` takes the place of the device's own."""
        paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        paho.tls_set_context(self.context(device, certificate))  # pyright: ignore[reportUnknownMemberType] paho's own
        if will:
            paho.will_set(will, b"gone", qos=1)
        return Client(paho, self.port, address)

    def refuses(self, device: Device | None, certificate: Path | None = None) -> bool:
        """Whether the broker ends the handshake, or what follows it: in TLS 1.3 the client hears of it late."""
        return bool(refusal(self.context(device, certificate), self.port))

    def context(self, device: Device | None, certificate: Path | None = None) -> ssl.SSLContext:
        """TLS as a device does it: this authority only, the broker's name checked."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if device:
            context.load_cert_chain(certificate or device.tls_certificate, device.tls_key)
        return context


@contextmanager
def community(folder: Path, *hosts: str, autosave_s: int = 1) -> Generator[Community, None, None]:
    """A configured broker that runs."""
    here = Community(folder, *hosts, autosave_s=autosave_s)
    with here.broker:
        yield here


def run(command: str, *arguments: str | Path) -> None:
    """One of the operator's commands, which must succeed."""
    assert main([command, *map(str, arguments)]) == 0


def request_for(name: str, key: PrivateKey) -> bytes:
    """A signing request as a device makes it, PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    request = x509.CertificateSigningRequestBuilder(subject).sign(key, SHA256())
    return request.public_bytes(Encoding.PEM)


def refusal(context: ssl.SSLContext, port: int) -> str:
    """What the broker had against a client with this context, or "" if it accepted its CONNECT."""
    try:
        with (
            socket.create_connection((HOST, port), timeout=ANSWER_S_MOST) as stream,
            context.wrap_socket(stream, server_hostname=HOST) as secured,
        ):
            secured.sendall(CONNECT)
            answer = secured.recv(4)
    except (ssl.SSLError, ConnectionError) as error:
        return str(error)
    return "" if answer == bytes.fromhex("20020000") else "closed: %s" % answer.hex()


def inbox(to: Device, sender: Device) -> str:
    """The topic on which `sender` writes to `to`."""
    return topics.inbox(NETWORK, to.kid, sender.kid)


def broadcast(sender: Device, kind: str) -> str:
    """The topic on which `sender` broadcasts."""
    return topics.broadcast(NETWORK, sender.kid, kind)
