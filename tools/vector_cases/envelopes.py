# SPDX-License-Identifier: Apache-2.0
"""Envelopes, acceptances, records; what an adversary makes of them without the key, or a careless library with it."""

from wattpact.crypto.field import N
from wattpact.crypto.hashes import kid, sha256
from wattpact.wire import envelope
from wattpact.wire.codec import encode

from .form import Case
from .story import SIGNERS, acceptance, story

OPEN = b"\xd2\x84"
PROTECTED = b"\xa2\x01\x26\x04\x48"
TAIL = b"\x58\x40"


def _high(signature: bytes) -> bytes:
    return signature[:32] + (N - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def _signed(protected: bytes, payload: bytes, field: "bytes | None" = None) -> bytes:
    """A correct signature of the example meter under another protected header or around another payload field."""
    covered = b"\x84\x6aSignature1" + encode(protected) + b"\x40" + encode(payload)
    signature = SIGNERS["meter"].sign(sha256(covered))
    carried = encode(payload) if field is None else field
    return OPEN + encode(protected) + b"\xa0" + carried + TAIL + signature


def _flipped(envelope_bytes: bytes, at: int) -> bytes:
    changed = bytearray(envelope_bytes)
    changed[at] ^= 1
    return bytes(changed)


def _sign1_faults(good: bytes, payload: bytes) -> "list[tuple[str, bytes]]":
    key = kid(SIGNERS["meter"].public_key)
    start, body, signature = good[:16], good[17:-66], good[-64:]
    der = b"\x30\x44\x02\x20" + signature[:32] + b"\x02\x20" + signature[32:]
    zero_r, zero_s = bytes(32) + signature[32:], signature[:32] + bytes(32)
    order_r = N.to_bytes(32, "big") + signature[32:]
    return [
        ("nothing", b""),
        ("the tag alone", good[:1]),
        ("the last byte missing", good[:-1]),
        ("a byte after it", good + b"\x00"),
        ("s above n/2", good[:-64] + _high(signature)),
        ("r is 0", good[:-64] + zero_r),
        ("s is 0", good[:-64] + zero_s),
        ("r is n", good[:-64] + order_r),
        ("a bit of the signature flipped", _flipped(good, len(good) - 40)),
        ("a bit of the payload flipped", _flipped(good, 40)),
        ("a bit of the kid flipped", _flipped(good, 9)),
        ("signature of 63 bytes", good[:-66] + b"\x58\x3f" + signature[:63]),
        ("signature of 65 bytes", good[:-66] + b"\x58\x41" + signature + b"\x00"),
        ("signature in DER", good[:-66] + b"\x58\x46" + der),
        ("signature with a long length", good[:-66] + b"\x59\x00\x40" + signature),
        ("junk in the unprotected header", start + b"\xa1\x18\x63\x01" + good[17:]),
        ("kid in the unprotected header too", start + b"\xa1\x04\x48" + key + good[17:]),
        ("unprotected header of indefinite length", start + b"\xbf\xff" + good[17:]),
        ("payload length in too many bytes", start + b"\xa0\x59" + b"\x00" + body[1:2] + good[19:]),
        ("payload of indefinite length", start + b"\xa0\x5f" + body + b"\xff" + good[-66:]),
        ("payload nil", start + b"\xa0\xf6" + good[-66:]),
        ("payload in text", start + b"\xa0\x78" + good[18:]),
        ("no tag", good[1:]),
        ("tag 17", b"\xd1" + good[1:]),
        ("tag 98, COSE_Sign", b"\xd8\x62" + good[1:]),
        ("tag 18 in two bytes", b"\xd8\x12" + good[1:]),
        ("tagged twice", b"\xd9\xd9\xf7" + good),
        ("array of indefinite length", b"\xd2\x9f" + good[2:] + b"\xff"),
        ("array of five", b"\xd2\x85" + good[2:] + b"\x00"),
        ("protected header with a long length", OPEN + b"\x58\x0d" + good[3:]),
        ("algorithm ESP256", _signed(b"\xa2\x01\x28\x04\x48" + key, payload)),
        ("algorithm ES384", _signed(b"\xa2\x01\x38\x22\x04\x48" + key, payload)),
        ("no algorithm", _signed(b"\xa1\x04\x48" + key, payload)),
        ("no kid", _signed(b"\xa1\x01\x26", payload)),
        ("kid of 32 bytes", _signed(b"\xa2\x01\x26\x04\x58\x20" + key * 4, payload)),
        ("kid before the algorithm", _signed(b"\xa2\x04\x48" + key + b"\x01\x26", payload)),
        ("a critical header", _signed(b"\xa3\x01\x26\x02\x81\x04\x04\x48" + key, payload)),
        ("the kid of another key", _signed(PROTECTED + kid(SIGNERS["plant"].public_key), payload)),
        ("4097 bytes", _signed(PROTECTED + key, bytes(4011))),
    ]


def cases() -> "list[Case]":
    """A `sign1` opens under `public_key` into `payload`; an `acceptance` holds over `payload`; a `record` splits."""
    steps = {step.name: step for step in story()}
    contract = steps["contract"]
    meter, plant = SIGNERS["meter"].public_key, SIGNERS["plant"].public_key
    good, accepted = contract.envelope, acceptance(contract)
    made: list[Case] = []

    def add(
        kind: str, name: str, raw: bytes, ok: bool, key: bytes = b"", payload: bytes = b""
    ) -> None:
        detail = {"kind": kind, "public_key": key.hex(), "payload": payload.hex()}
        made.append({"name": name, "hex": raw.hex(), "ok": ok, "detail": detail})

    for step in steps.values():
        add("sign1", step.name, step.envelope, True, SIGNERS[step.signer].public_key, step.payload)
    for size in (0, 23, 24, 255, 256, 4010):
        payload = bytes(size)
        sealed = envelope.sign1(payload, SIGNERS["meter"])
        add("sign1", "a payload of %d bytes" % size, sealed, True, meter, payload)
    for name, raw in _sign1_faults(good, contract.payload):
        add("sign1", name, raw, False, meter, contract.payload)
    add("sign1", "signed by another key", good, False, plant, contract.payload)

    add("acceptance", "the plant accepts", accepted, True, plant, contract.payload)
    witnessed = envelope.accept1(steps["checkpoint"].payload, SIGNERS["witness 1"])
    witness = SIGNERS["witness 1"].public_key
    add("acceptance", "a witness agrees", witnessed, True, witness, steps["checkpoint"].payload)
    for name, raw in (
        ("an attached Sign1 as acceptance", envelope.sign1(contract.payload, SIGNERS["plant"])),
        ("an acceptance by another key", envelope.accept1(contract.payload, SIGNERS["meter"])),
        ("an acceptance of another payload", envelope.accept1(b"\xa0", SIGNERS["plant"])),
        ("an acceptance with s above n/2", accepted[:-64] + _high(accepted[-64:])),
        ("an acceptance of an empty string", accepted[:17] + b"\x40" + accepted[18:]),
        ("an acceptance with undefined for nil", accepted[:17] + b"\xf7" + accepted[18:]),
        ("an acceptance and a byte", accepted + b"\x00"),
        ("half an acceptance", accepted[:42]),
    ):
        add("acceptance", name, raw, False, plant, contract.payload)

    add("record", "a contract with both signatures", b"\x82" + good + accepted, True)
    for name, raw in (
        ("a record of one", b"\x81" + good),
        ("a record of three", b"\x83" + good + accepted + accepted),
        ("a record in disorder", b"\x82" + accepted + good),
        ("a record of two proposals", b"\x82" + good + good),
        ("a record of two acceptances", b"\x82" + accepted + accepted),
        ("a record of indefinite length", b"\x9f" + good + accepted + b"\xff"),
        ("a record and a byte", b"\x82" + good + accepted + b"\x00"),
        ("an envelope as record", good),
        ("a parcel as record", encode([good, accepted])),
        ("an empty record", b"\x80"),
        ("no record", b""),
    ):
        add("record", name, raw, False)
    return made
