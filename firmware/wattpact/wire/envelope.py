# SPDX-License-Identifier: Apache-2.0
"""COSE_Sign1 (RFC 9052, tag 18) with ES256 in one fixed layout: for one payload and one signature, one envelope.

    d2 84                         tag 18, array of 4
    4d a2 01 26 04 48 <kid 8 B>   protected: {1: -7, 4: kid}
    a0                            unprotected: {}
    <payload as bstr> or f6       attached, or detached (an acceptance)
    58 40 <r 32 B> <s 32 B>       s <= n/2

Everything else is a WireError, so nobody without the key can make a second envelope of a message. The payload's
own strictness is the codec's. Ids are hashes of payloads, never of envelopes.
"""

from ..compat import const
from ..crypto.field import HALF_N
from ..crypto.hashes import kid as kid_of
from ..crypto.hashes import sha256
from ..errors import WireError
from .codec import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interfaces import Signer, Verifier

ENVELOPE_MAX = const(4096)

_OPEN = b"\xd2\x84\x4d\xa2\x01\x26\x04\x48"
_KID_AT = const(8)
_UNPROTECTED_AT = const(16)
_PAYLOAD_AT = const(17)
_TAIL = const(66)  # 58 40 and the signature
_TAIL_HEAD = b"\x58\x40"
_NIL = b"\xf6"
_ACCEPTANCE_SIZE = const(84)  # 17 + 1 + 66
_RECORD = b"\x82"
_HALF_N = HALF_N.to_bytes(32, "big")
_SIGNED = b"\x84\x6aSignature1\x4d\xa2\x01\x26\x04\x48"  # Sig_structure up to the kid


def digest_of(envelope: bytes) -> "tuple[bytes, bytes, bytes, bytes]":
    """(payload, digest that is signed, signature, kid) of an attached Sign1 whose signature nobody checked yet."""
    kid, body, signature = _parts(envelope)
    at = _payload_at(body)
    return body[at:], _digest(kid, body), signature, kid


def digest_of_acceptance(acceptance: bytes, payload: bytes) -> "tuple[bytes, bytes, bytes]":
    """(digest that is signed, signature, kid) of a detached Sign1 over `payload`, unchecked."""
    kid, body, signature = _parts(acceptance)
    if body != _NIL:
        raise WireError("not detached")
    return _digest(kid, encode(payload)), signature, kid


def peek_kid(envelope: bytes) -> bytes:
    """Who claims to have signed, attached or detached; the signature is not checked."""
    kid, body, _signature = _parts(envelope)
    if body != _NIL:
        _payload_at(body)
    return kid


def peek_payload(envelope: bytes) -> bytes:
    """What an attached Sign1 claims; the signature is not checked."""
    return digest_of(envelope)[0]


def sign1(payload: bytes, signer: "Signer") -> bytes:
    """An attached Sign1. ValueError if it would be longer than ENVELOPE_MAX: then no message may be that long."""
    body = encode(payload)
    envelope = _seal(body, body, signer)
    if len(envelope) > ENVELOPE_MAX:
        raise ValueError("payload too long")
    return envelope


def accept1(payload: bytes, signer: "Signer") -> bytes:
    """A detached Sign1 over somebody else's payload: a plant's acceptance, a witness's agreement."""
    return _seal(encode(payload), _NIL, signer)


def open1(envelope: bytes, public_key: bytes, verifier: "Verifier") -> bytes:
    """The payload, if `public_key` (65 B) signed it and the envelope names that key; else WireError."""
    payload, digest, signature, kid = digest_of(envelope)
    _check(public_key, kid, digest, signature, verifier)
    return payload


def open_acceptance(
    acceptance: bytes, payload: bytes, public_key: bytes, verifier: "Verifier"
) -> None:
    """WireError unless `acceptance` is that key's detached Sign1 over `payload`."""
    digest, signature, kid = digest_of_acceptance(acceptance, payload)
    _check(public_key, kid, digest, signature, verifier)


def join_record(envelope: bytes, acceptance: bytes) -> bytes:
    """A recorded contract: the CBOR array [meter's Sign1, plant's detached Sign1]. WireError if one is not that."""
    record = _RECORD + envelope + acceptance
    split_record(record)
    return record


def split_record(record: bytes) -> "tuple[bytes, bytes]":
    """(attached Sign1, detached Sign1) of a record, both of the one layout; signatures are not checked."""
    if not is_record(record) or len(record) > ENVELOPE_MAX:
        raise WireError("not a record")
    envelope, acceptance = record[1:-_ACCEPTANCE_SIZE], record[-_ACCEPTANCE_SIZE:]
    _payload_at(_parts(envelope)[1])
    if _parts(acceptance)[1] != _NIL:
        raise WireError("not detached")
    return envelope, acceptance


def is_record(stored: bytes) -> bool:
    """Whether these bytes begin as a record does: an array of two, an envelope first. A parcel holds byte strings."""
    return stored[:2] == _RECORD + _OPEN[:1]


def _parts(envelope: bytes) -> "tuple[bytes, bytes, bytes]":
    """(kid, payload field as it lies there, signature); everything around them is checked."""
    size = len(envelope)
    if not _ACCEPTANCE_SIZE <= size <= ENVELOPE_MAX:
        raise WireError("envelope size")
    if (
        envelope[:_KID_AT] != _OPEN
        or envelope[_UNPROTECTED_AT] != 0xA0
        or envelope[size - _TAIL : size - 64] != _TAIL_HEAD
    ):
        raise WireError("envelope layout")
    signature = envelope[size - 64 :]
    if signature[32:] > _HALF_N:
        raise WireError("high s")
    return envelope[_KID_AT:_UNPROTECTED_AT], envelope[_PAYLOAD_AT : size - _TAIL], signature


def _payload_at(body: bytes) -> int:
    """Where the content of a byte string begins that fills `body` exactly and has the shortest head."""
    head, size = body[0], len(body)
    if 0x40 <= head <= 0x57 and size == 1 + (head & 31):
        return 1
    if head == 0x58 and 26 <= size == 2 + body[1]:
        return 2
    if head == 0x59 and 259 <= size == 3 + int.from_bytes(body[1:3], "big"):
        return 3
    raise WireError("payload field")


def _digest(kid: bytes, body: bytes) -> bytes:
    """SHA-256 of the Sig_structure: ["Signature1", protected, h'' (no external data), payload]."""
    return sha256(_SIGNED + kid + b"\x40" + body)


def _seal(signed_body: bytes, carried_body: bytes, signer: "Signer") -> bytes:
    kid = kid_of(signer.public_key)
    signature = signer.sign(_digest(kid, signed_body))
    if len(signature) != 64 or signature[32:] > _HALF_N:
        raise ValueError("the signer must give 64 bytes with low s")
    return _OPEN + kid + b"\xa0" + carried_body + _TAIL_HEAD + signature


def _check(
    public_key: bytes, kid: bytes, digest: bytes, signature: bytes, verifier: "Verifier"
) -> None:
    if kid_of(public_key) != kid:
        raise WireError("another key's")
    if not verifier.verify([(public_key, digest, signature)])[0]:
        raise WireError("signature")
