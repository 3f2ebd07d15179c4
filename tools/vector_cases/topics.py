# SPDX-License-Identifier: Apache-2.0
"""Topics and what looks like one."""

from wattpact.wire import topics

from .form import Case

NETWORK = bytes.fromhex("0011223344556677")
ONE = bytes.fromhex("8899aabbccddeeff")
TWO = bytes.fromhex("0123456789abcdef")

_ROOT = "wattpact/1/0011223344556677/"
BAD = {
    "nothing": "",
    "the root": "wattpact/1",
    "another system": "homeassistant/1/0011223344556677/8899aabbccddeeff/out/offer",
    "another version": "wattpact/2/0011223344556677/8899aabbccddeeff/out/offer",
    "a level too few": _ROOT + "8899aabbccddeeff/out",
    "a level too many": _ROOT + "8899aabbccddeeff/out/offer/1",
    "a slash in front": "/" + _ROOT + "8899aabbccddeeff/out/offer",
    "a slash behind": _ROOT + "8899aabbccddeeff/out/offer/",
    "another way": _ROOT + "8899aabbccddeeff/up/offer",
    "capitals in an id": _ROOT + "8899AABBCCDDEEFF/out/offer",
    "a short id": _ROOT + "8899aabbccddeef/out/offer",
    "a long id": _ROOT + "8899aabbccddeeff00/out/offer",
    "an id that is not hex": _ROOT + "8899aabbccddeefg/out/offer",
    "an id with a sign": _ROOT + "+899aabbccddeeff/out/offer",
    "an id of wide digits": _ROOT + "８８９９aabbccddeeff/out/offer",
    "a short network": "wattpact/1/00112233445566/8899aabbccddeeff/out/offer",
    "a wildcard for the sender": _ROOT + "8899aabbccddeeff/in/+",
    "a wildcard for the rest": _ROOT + "8899aabbccddeeff/#",
    "an inbox with a short sender": _ROOT + "8899aabbccddeeff/in/0123",
    "no kind": _ROOT + "8899aabbccddeeff/out/",
    "a kind in capitals": _ROOT + "8899aabbccddeeff/out/OFFER",
    "a kind with a digit": _ROOT + "8899aabbccddeeff/out/offer1",
    "a kind of 17 letters": _ROOT + "8899aabbccddeeff/out/" + "a" * 17,
    "a kind with a zero byte": _ROOT + "8899aabbccddeeff/out/offer\x00",
}


def cases() -> "list[Case]":
    """`topic` parses into `detail` and is built from it again, or is refused."""
    made: list[Case] = []
    for kind in ("offer", "presence", "checkpoint", "trade_end", "a" * 16):
        detail = {"network": NETWORK.hex(), "sender": ONE.hex(), "to": None, "kind": kind}
        topic = topics.broadcast(NETWORK, ONE, kind)
        made.append({"name": "broadcast of " + kind, "topic": topic, "ok": True, "detail": detail})
    detail = {"network": NETWORK.hex(), "sender": TWO.hex(), "to": ONE.hex(), "kind": None}
    topic = topics.inbox(NETWORK, ONE, TWO)
    made.append({"name": "to one node", "topic": topic, "ok": True, "detail": detail})
    return made + [
        {"name": name, "topic": topic, "ok": False, "detail": ""} for name, topic in BAD.items()
    ]
