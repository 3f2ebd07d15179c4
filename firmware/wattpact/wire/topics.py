# SPDX-License-Identifier: Apache-2.0
"""MQTT topics, built and parsed in one place. The sender is always a level of its own, which the broker's ACL ties
to the certificate; ids are 16 lower-case hex digits, so one topic has one spelling.

    wattpact/1/<network>/<to>/in/<from>     to one node
    wattpact/1/<network>/<from>/out/<kind>  to every member
    wattpact/1/<network>/home/<owner>/...   between a user's meters and the user's own Home Assistant

Broadcasts of the kinds in RETAINED are kept by the broker for whoever comes later, the last one of each sender.
What else is broadcast is said once, or again by its sender: a retained SHORTFALL would show the last plant's only.
"""

from binascii import hexlify, unhexlify

from ..errors import WireError

RETAINED = ("checkpoint", "offer", "presence", "register")

_ROOT = "wattpact/1"
_KIND_MAX = 16


def inbox(network: bytes, to: bytes, sender: bytes) -> str:
    """Where `sender` writes to the node `to`; 8-byte ids."""
    return "/".join((_ROOT, _hex(network), _hex(to), "in", _hex(sender)))


def broadcast(network: bytes, sender: bytes, kind: str) -> str:
    """Where `sender` says `kind` to every member. ValueError unless kind is 1 to 16 of a-z and _."""
    if not _is_kind(kind):
        raise ValueError("not a kind of broadcast")
    return "/".join((_ROOT, _hex(network), _hex(sender), "out", kind))


def home(network: bytes, owner: bytes) -> str:
    """What all topics of one user's home begin with, Home Assistant's discovery prefix."""
    return "/".join((_ROOT, _hex(network), "home", _hex(owner)))


def inboxes(network: bytes, to: bytes) -> str:
    """The filter for whatever is sent to the node `to`."""
    return "/".join((_ROOT, _hex(network), _hex(to), "in", "+"))


def broadcasts(network: bytes, sender: bytes, kind: str) -> str:
    """The filter for what `sender` says, or with b"" what anybody says, of this kind; ValueError as `broadcast`."""
    if not _is_kind(kind):
        raise ValueError("not a kind of broadcast")
    return "/".join((_ROOT, _hex(network), _hex(sender) if sender else "+", "out", kind))


def parse(topic: str) -> "tuple[bytes, bytes, bytes | None, str | None]":
    """(network, sender, to, None) of an inbox topic, (network, sender, None, kind) of a broadcast; else WireError."""
    levels = topic.split("/")
    if len(levels) != 6 or "/".join(levels[:2]) != _ROOT:
        raise WireError("topic")
    network, owner, way, last = levels[2:]
    if way == "in":
        return _id(network), _id(last), _id(owner), None
    if way == "out" and _is_kind(last):
        return _id(network), _id(owner), None, last
    raise WireError("topic")


def _is_kind(kind: str) -> bool:
    if not 1 <= len(kind) <= _KIND_MAX:
        return False
    for char in kind:
        if not ("a" <= char <= "z" or char == "_"):
            return False
    return True


def _hex(node_id: bytes) -> str:
    if len(node_id) != 8:
        raise ValueError("an id has 8 bytes")
    return hexlify(node_id).decode()


def _id(level: str) -> bytes:
    if len(level) != 16:
        raise WireError("topic")
    for char in level:
        if not ("0" <= char <= "9" or "a" <= char <= "f"):
            raise WireError("topic")
    return unhexlify(level)
