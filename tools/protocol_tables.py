# SPDX-License-Identifier: Apache-2.0
"""Write the tables and the worked example of docs/protocol.md, or with --check say whether they are stale.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`; the rest is written by hand.
Fields come from wire/messages.py, states from ledger/life.py, bytes from tests/vectors, so that the page cannot say
anything else than they.
"""

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import life_tables
from generated import ROOT, refresh
from vector_cases.form import diagnostic

from wattpact.crypto.hashes import kid, sha256, thumbprint
from wattpact.wire import codec, envelope, kinds, messages, topics

PAGE = ROOT / "docs" / "protocol.md"
VECTORS = ROOT / "tests" / "vectors"

LIMITS = (
    ("envelope, record", envelope.ENVELOPE_MAX, "bytes"),
    ("payload", codec.SIZE_MAX, "bytes"),
    ("arrays and maps inside each other", codec.DEPTH_MAX, "levels"),
    ("array", codec.ITEMS_MAX, "values"),
    ("map", codec.KEYS, "pairs"),
    ("slots of an OFFER or GENERATION", messages.OFFER_SLOTS_MAX, "slots"),
    ("slots of a CONTRACT", messages.CONTRACT_SLOTS_MAX, "slots"),
    ("coin lots of a CONTRACT", messages.COINS_MAX, "lots"),
    ("panels of a plant", messages.PANELS_MAX, "panels"),
    ("low-supply intervals", messages.LOW_MAX, "intervals"),
    ("plants of a TELL", messages.TELL_MAX, "plants"),
    ("rows of an AWARD", messages.AWARDS_MAX, "rows"),
    ("ids of a STORED, each list", messages.IDS_MAX, "ids"),
    ("revocations of a PROOF", messages.REVOKES_MAX, "envelopes"),
)


def cddl(kind: "Any") -> str:
    """A kind of field in the notation of RFC 8610."""
    if isinstance(kind, kinds.UInt):
        return "%d..%d" % (kind.least, kind.most)
    if isinstance(kind, kinds.Raw):
        return " / ".join("bstr .size %d" % length for length in kind.lengths)
    if isinstance(kind, kinds.Point):
        return "bstr .size 65"
    if isinstance(kind, kinds.Blob):
        return "bstr .size (0..%d)" % kind.most
    if isinstance(kind, kinds.Text):
        return "tstr .size (0..%d)" % kind.most
    if isinstance(kind, kinds.Flag):
        return "bool"
    if isinstance(kind, kinds.Array):
        return "[%d*%d %s]" % (kind.least, kind.most, cddl(kind.kind))
    if isinstance(kind, kinds.Row):
        return "[%s]" % ", ".join("%s: %s" % (name, cddl(place)) for name, place in kind.places)
    raise TypeError(kind)


def message_table(cls: "type[messages.Message]") -> "list[str]":
    """The fields of one message."""
    lines = ["| key | field | value |", "|---|---|---|"]
    return lines + [
        "| %d | %s | `%s` |" % (key, name, cddl(kind)) for key, name, kind in cls.FIELDS
    ]


def overview() -> "list[str]":
    """Number, name and first sentence of every message."""
    lines = ["| type | message | |", "|---|---|---|"]
    for cls in messages.MESSAGES:
        about = " ".join((cls.__doc__ or "").split())
        lines.append(
            "| %d | [%s](#%s) | %s |" % (cls.TYPE, cls.__name__, cls.__name__.lower(), about)
        )
    return lines


def limits() -> "list[str]":
    """Everything that has a most."""
    lines = ["| what | at most | |", "|---|---|---|"]
    return lines + ["| %s | %d | %s |" % row for row in LIMITS]


def read_cases(name: str) -> "dict[str, Any]":
    """The cases of a vector file by their names; the first of a name counts."""
    read: dict[str, Any] = json.loads((VECTORS / name).read_text())
    found: dict[str, Any] = {}
    for case in read["cases"]:
        found.setdefault(case["name"], case)
    return found


def wrapped(raw: bytes) -> "list[str]":
    """Hex, 32 bytes a line, as a block."""
    return ["    " + raw[at : at + 32].hex() for at in range(0, len(raw), 32)]


def fields_of(payload: bytes) -> "list[str]":
    """A payload line by line: bytes, field, value in diagnostic notation."""
    value: dict[int, Any] = codec.decode(payload)
    cls: type[messages.Message] = messages.MESSAGES[int(value[1]) - 1]
    names = {0: "version", 1: "type", 2: "network"}
    names.update({key: name for key, name, _kind in cls.FIELDS})
    lines = ["    %-40s map of %d" % (payload[: 1 if len(value) < 24 else 2].hex(), len(value))]
    for key in sorted(value):
        raw = (codec.encode(key) + codec.encode(value[key])).hex()
        text = "%s: %s" % (names[key], diagnostic(value[key]))
        if len(raw) <= 40:
            lines.append("    %-40s %s" % (raw, text))
        else:
            lines += ["    " + raw[at : at + 96] for at in range(0, len(raw), 96)]
            lines.append("    %40s %s" % ("", text if len(text) < 70 else names[key]))
    return lines


def example_keys() -> "list[str]":
    """Two of the example keys and their names."""
    lines: list[str] = []
    for name in ("meter", "plant"):
        secret = sha256(b"wattpact example key: " + name.encode())
        case = read_cases("wire/envelopes.json")["ask" if name == "meter" else "offer"]
        public = bytes.fromhex(case["detail"]["public_key"])
        lines += ["The %s's secret, public key, thumbprint and kid:" % name, ""]
        for part in (secret, public, thumbprint(public), kid(public)):
            lines += wrapped(part)
        lines.append("")
    return lines[:-1]


def example_ask() -> "list[str]":
    """A whole envelope taken apart."""
    case = read_cases("wire/envelopes.json")["ask"]
    raw, payload = bytes.fromhex(case["hex"]), bytes.fromhex(case["detail"]["payload"])
    _payload, digest, signature, _kid = envelope.digest_of(raw)
    signed = b"\x84\x6aSignature1" + raw[2:16] + b"\x40" + raw[17:-66]
    return [
        "The payload:",
        "",
        *fields_of(payload),
        "",
        "What is hashed, the Sig_structure:",
        "",
        *wrapped(signed),
        "",
        "Its SHA-256, and the signature r, s over it:",
        "",
        *wrapped(digest),
        *wrapped(signature),
        "",
        "The envelope, %d bytes, and the message's id, which is the SHA-256 of the payload:"
        % len(raw),
        "",
        *wrapped(raw),
        "",
        *wrapped(messages.message_id(payload)),
    ]


def example_contract() -> "list[str]":
    """One payload, two signatures, one record."""
    found = read_cases("wire/envelopes.json")
    proposal = bytes.fromhex(found["contract"]["hex"])
    payload = bytes.fromhex(found["contract"]["detail"]["payload"])
    accepted = bytes.fromhex(found["the plant accepts"]["hex"])
    record = bytes.fromhex(found["a contract with both signatures"]["hex"])
    return [
        "The payload, %d bytes:" % len(payload),
        "",
        *fields_of(payload),
        "",
        "The contract's id:",
        "",
        *wrapped(messages.message_id(payload)),
        "",
        "The meter's proposal, %d bytes:" % len(proposal),
        "",
        *wrapped(proposal),
        "",
        "The plant's acceptance, %d bytes:" % len(accepted),
        "",
        *wrapped(accepted),
        "",
        "The record is `82`, the proposal and the acceptance, %d bytes." % len(record),
    ]


def example_topics() -> "list[str]":
    """Where the story's offer and contract go."""
    found = read_cases("wire/envelopes.json")
    network = messages.message_id(bytes.fromhex(found["genesis"]["detail"]["payload"]))[:8]
    meter = envelope.peek_kid(bytes.fromhex(found["ask"]["hex"]))
    plant = envelope.peek_kid(bytes.fromhex(found["offer"]["hex"]))
    return [
        "The network's id is `%s`, the first 8 bytes of the genesis' id." % network.hex(),
        "The plant broadcasts its offer, and the meter proposes, on",
        "",
        "    " + topics.broadcast(network, plant, "offer"),
        "    " + topics.inbox(network, plant, meter),
    ]


PARTS: "dict[str, Callable[[], list[str]]]" = {
    "messages": overview,
    "limits": limits,
    "example keys": example_keys,
    "example ask": example_ask,
    "example contract": example_contract,
    "example topics": example_topics,
    **life_tables.PARTS,
}


def part(name: str) -> "list[str]":
    """The lines of a generated part; KeyError if the page names one that nobody makes."""
    for cls in messages.MESSAGES:
        if cls.__name__ == name:
            return message_table(cls)
    return PARTS[name]()


def filled(page: str) -> str:
    """The page with every generated part renewed. ValueError if one is missing or stands there twice."""
    wanted = sorted([*PARTS, *[cls.__name__ for cls in messages.MESSAGES]])
    marked = re.compile(r"<!-- generated: (.+?) -->\n.*?<!-- end of \1 -->", re.DOTALL)
    if sorted(marked.findall(page)) != wanted:
        raise ValueError("docs/protocol.md must have each generated part once: %s" % wanted)

    def renewed(found: "re.Match[str]") -> str:
        name = found.group(1)
        lines = ["<!-- generated: %s -->" % name, "", *part(name), "", "<!-- end of %s -->" % name]
        return "\n".join(lines)

    return marked.sub(renewed, page)


if __name__ == "__main__":
    sys.exit(refresh(__doc__, "tools/protocol_tables.py", {PAGE: lambda: filled(PAGE.read_text())}))
