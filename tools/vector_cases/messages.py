# SPDX-License-Identifier: Apache-2.0
"""Every message of the story, fields at their limits, and payloads that are good CBOR but no messages."""

from typing import Any

from wattpact.wire import codec
from wattpact.wire.messages import MESSAGES, Message

from .form import Case, plain
from .story import story

DROP = object()

# (name, message of the story, key of the field, value put there): accepted
EDGES: "list[tuple[str, str, int, Any]]" = [
    ("offer at the highest price", "offer", 6, 100000000),
    ("offer at the lowest price", "offer", 6, 1),
    (
        "offer with 100 low intervals",
        "offer",
        10,
        [[1772323200 + 1000 * n, 900] for n in range(100)],
    ),
    ("offer without low intervals", "offer", 10, []),
    ("contract without coins", "contract", 13, []),
    ("contract of 8 slots", "contract", 10, [100] * 8),
    ("register of a node with both roles", "register a plant", 4, [1, 2]),
    ("register of a point that is not on the curve", "register a meter", 3, b"\x04" + bytes(64)),
    ("genesis without a witness", "genesis", 6, []),
    ("genesis with the longest name", "genesis", 23, "x" * 32),
    ("tell of nothing", "tell", 4, []),
    ("stored nothing", "stored", 3, []),
    ("trade end with a slot that is not valid", "trade end", 4, [[1772456400, 0, False]]),
    ("proof of nothing", "proof", 4, b""),
    ("prove of a new node", "prove", 3, 0),
    ("checkpoint at the greatest height", "checkpoint", 3, 1 << 40),
    ("award with the greatest lifetime sum", "award", 3, None),  # the value is made below
]

# The same, refused
FAULTS: "list[tuple[str, str, int, Any]]" = [
    ("version 0", "ask", 0, 0),
    ("version 2", "ask", 0, 2),
    ("version true", "ask", 0, True),
    ("no version", "ask", 0, DROP),
    ("type 0", "ask", 1, 0),
    ("type 18", "ask", 1, 18),
    ("type -1", "ask", 1, -1),
    ("type true", "genesis", 1, True),
    ("type in text", "ask", 1, "6"),
    ("no type", "ask", 1, DROP),
    ("type of another message", "ask", 1, 5),
    ("network of 7 bytes", "ask", 2, bytes(7)),
    ("network of 9 bytes", "ask", 2, bytes(9)),
    ("network in text", "ask", 2, "12345678"),
    ("no network", "ask", 2, DROP),
    ("a field is missing", "ask", 4, DROP),
    ("a field nobody knows", "ask", 5, 0),
    ("a field missing and one too many", "offer", 23, 0),
    ("time in a byte string", "ask", 4, b"\x00"),
    ("time after the last", "ask", 4, (1 << 36) + 1),
    ("negative time", "ask", 4, -1),
    ("time is true", "ask", 4, True),
    ("nonce of 4 bytes", "ask", 3, b"1234"),
    ("price 0", "offer", 6, 0),
    ("price above the highest", "offer", 6, 100000001),
    ("currency 1000", "offer", 7, 1000),
    ("no panels", "offer", 8, []),
    ("17 panels", "offer", 8, [[b"panel%3d" % n, [1]] for n in range(17)]),
    ("panel of three values", "offer", 8, [[b"panel 1a", [1], 0]]),
    ("panel without slots", "offer", 8, [[b"panel 1a", []]]),
    ("97 slots", "offer", 8, [[b"panel 1a", [1] * 97]]),
    ("more Wh than any panel yields", "offer", 8, [[b"panel 1a", [10000001]]]),
    ("panels in a map", "offer", 8, {0: [b"panel 1a", [1]]}),
    ("101 low intervals", "offer", 10, [[1772323200 + 1000 * n, 900] for n in range(101)]),
    ("low interval of 0 s", "offer", 10, [[1772323200, 0]]),
    ("low interval of one value", "offer", 10, [[1772323200]]),
    ("low interval of -1 s", "offer", 10, [[1772323200, -1]]),
    ("contract of no slots", "contract", 10, []),
    ("contract of 9 slots", "contract", 10, [100] * 9),
    ("contract of 0 Wh in all", "contract", 11, 0),
    ("coin lot of 0 ug", "contract", 13, [[bytes(32), 0]]),
    ("nine coin lots", "contract", 13, [[bytes(32), 1]] * 9),
    ("offer id of 31 bytes", "contract", 3, bytes(31)),
    ("decline for reason 0", "decline", 4, 0),
    ("decline for reason 5", "decline", 4, 5),
    ("valid is 1", "trade end", 4, [[1772456400, 0, 1]]),
    ("trade end of no slots", "trade end", 4, []),
    ("trade end for reason 2", "trade end", 7, 2),
    ("register of a compressed key", "register a meter", 3, b"\x02" + bytes(32)),
    ("register of a hybrid key", "register a meter", 3, b"\x06" + bytes(64)),
    ("register of a key of 64 bytes", "register a meter", 3, b"\x04" + bytes(63)),
    ("register without roles", "register a meter", 4, []),
    ("register with role 3", "register a meter", 4, [3]),
    ("register with three roles", "register a meter", 4, [1, 1, 2]),
    ("register with a plant id of 4 bytes", "register a plant", 7, b"1234"),
    ("region of 9 letters", "genesis", 19, "CN-SUZHOU"),
    ("slots of 59 s", "genesis", 8, 59),
    ("a grid price at 24:00", "genesis", 10, [[86400, 1]]),
    ("no grid price", "genesis", 10, []),
    ("three timeouts", "genesis", 12, [7200, 86400, 604800]),
    ("no factor", "genesis", 17, []),
    ("factors of the year 1989", "factors", 3, [["CN", 1989, 0, 1, 0, ""]]),
    ("factor of five values", "factors", 3, [["CN", 2023, 0, 1, 0]]),
    ("tell of seven plants", "tell", 4, [[b"", b"", 0]] * 7),
    ("score above one", "tell", 4, [[b"", b"", 1000001]]),
    ("award of nothing", "award", 3, []),
    ("nine revocations", "proof", 5, [b""] * 9),
    ("a tree too large", "prove", 3, (1 << 48) + 1),
    ("checkpoint above the greatest height", "checkpoint", 3, (1 << 40) + 1),
]


def _detail(message: Message) -> "Case":
    fields = {name: plain(getattr(message, name)) for _key, name, _kind in message.FIELDS}
    return {"type": type(message).__name__, "network": message.network.hex(), "fields": fields}


def cases() -> "list[Case]":
    """`hex` is a payload: parsed it gives `detail` and written again `hex`; or it is refused."""
    payloads = {step.name: step.payload for step in story()}
    made: list[Case] = [
        {"name": step.name, "hex": step.payload.hex(), "ok": True, "detail": _detail(step.message)}
        for step in story()
    ]
    for name, base, key, value in EDGES:
        fields: dict[int, Any] = codec.decode(payloads[base])
        if value is None:
            fields[3][0][4][9] = 1 << 62
        else:
            fields[key] = value
        cls: type[Message] = MESSAGES[int(fields[1]) - 1]
        values = {field: fields[number] for number, field, _kind in cls.FIELDS}
        detail = _detail(cls(network=fields[2], **values))
        made.append({"name": name, "hex": codec.encode(fields).hex(), "ok": True, "detail": detail})
    for name, base, key, value in FAULTS:
        fields = codec.decode(payloads[base])
        if value is DROP:
            del fields[key]
        else:
            fields[key] = value
        if name == "a field missing and one too many":
            del fields[3]
        made.append({"name": name, "hex": codec.encode(fields).hex(), "ok": False, "detail": ""})
    for name, hexed in (
        ("not a map", "80"),
        ("an empty map", "a0"),
        ("an integer", "00"),
        ("an envelope instead of a payload", "d28440a040"),
    ):
        made.append({"name": name, "hex": hexed, "ok": False, "detail": ""})
    return made
