# SPDX-License-Identifier: Apache-2.0
"""COSE_Sign1 in one layout: two independent libraries read ours, ours reads theirs, and nothing else passes."""

from importlib import import_module
from typing import Any

import pytest

from tests.vectors.reading import cases
from wattpact.crypto.field import N
from wattpact.crypto.hashes import kid, sha256
from wattpact.crypto.signer import SoftwareSigner, SoftwareVerifier
from wattpact.errors import WireError
from wattpact.wire import codec, envelope

headers: Any = import_module("pycose.headers")  # pycose has no types
algorithms: Any = import_module("pycose.algorithms")
Sign1Message: Any = import_module("pycose.messages").Sign1Message
EC2Key: Any = import_module("pycose.keys").EC2Key
cwt: Any = import_module("cwt")  # nor has what it returns

SECRET = sha256(b"meter")
METER = SoftwareSigner(SECRET)
PLANT = SoftwareSigner(sha256(b"plant"))
VERIFIER = SoftwareVerifier()
PAYLOAD = bytes.fromhex("a300010108024800112233445566770a")[:-1]
ENVELOPE = envelope.sign1(PAYLOAD, METER)
ACCEPTANCE = envelope.accept1(PAYLOAD, PLANT)


def pycose_key(signer: SoftwareSigner, secret: bytes = b"") -> "Any":
    """The key in pycose's form."""
    x, y = signer.public_key[1:33], signer.public_key[33:]
    return EC2Key(crv="P_256", x=x, y=y, d=secret)


def cwt_key(signer: SoftwareSigner, secret: bytes = b"") -> "Any":
    """The key in cwt's form."""
    x, y = signer.public_key[1:33], signer.public_key[33:]
    fields = {1: 2, 2: kid(signer.public_key), 3: -7, -1: 1, -2: x, -3: y}
    if secret:
        fields[-4] = secret
    return cwt.COSEKey.new(fields)


def with_low_s(raw: bytes) -> bytes:
    """What a sender of ours does to a signature of another library."""
    s = int.from_bytes(raw[-32:], "big")
    return raw[:-32] + min(s, N - s).to_bytes(32, "big")


def attached(acceptance: bytes, payload: bytes) -> bytes:
    """The acceptance with the payload put back, for libraries that know no detached form."""
    assert len(payload) < 24
    return acceptance[:17] + bytes([0x40 + len(payload)]) + payload + acceptance[18:]


@pytest.mark.parametrize("case", cases("wire/envelopes.json"))
def test_an_envelope_is_accepted_or_refused_as_the_vectors_say(case: "dict[str, Any]") -> None:
    """Junk headers, other lengths, high s, missing tags, other keys: a signature alone proves nothing."""
    raw, detail = bytes.fromhex(case["hex"]), case["detail"]
    key, payload = bytes.fromhex(detail["public_key"]), bytes.fromhex(detail["payload"])

    def open_it() -> "bytes | None":
        if detail["kind"] == "sign1":
            return envelope.open1(raw, key, VERIFIER)
        if detail["kind"] == "acceptance":
            envelope.open_acceptance(raw, payload, key, VERIFIER)
        else:
            assert envelope.join_record(*envelope.split_record(raw)) == raw
        return None

    if not case["ok"]:
        with pytest.raises(WireError):
            open_it()
        return
    opened = open_it()
    if detail["kind"] == "sign1":
        assert opened == payload == envelope.peek_payload(raw)
        assert envelope.peek_kid(raw) == kid(key)


def test_pycose_and_cwt_accept_what_we_sign() -> None:
    """Two libraries that share no code with ours."""
    message = Sign1Message.decode(ENVELOPE)
    message.key = pycose_key(METER)
    assert message.verify_signature()
    assert message.payload == PAYLOAD
    assert cwt.COSE.new().decode(ENVELOPE, cwt_key(METER)) == PAYLOAD


def test_pycose_and_cwt_accept_an_acceptance_with_its_payload_put_back() -> None:
    """The detached form signs the very same structure; cwt also takes it detached."""
    whole = attached(ACCEPTANCE, PAYLOAD)
    message = Sign1Message.decode(whole)
    message.key = pycose_key(PLANT)
    assert message.verify_signature()
    assert cwt.COSE.new().decode(whole, cwt_key(PLANT)) == PAYLOAD
    assert cwt.COSE.new().decode(ACCEPTANCE, cwt_key(PLANT), detached_payload=PAYLOAD) == PAYLOAD


@pytest.mark.parametrize("signer", ["meter", "plant"])
def test_we_refuse_what_pycose_and_cwt_refuse(signer: str) -> None:
    """A changed payload under either signature, in all three."""
    signed = ENVELOPE if signer == "meter" else attached(ACCEPTANCE, PAYLOAD)
    key = METER if signer == "meter" else PLANT
    changed = signed[:20] + bytes([signed[20] ^ 1]) + signed[21:]
    message = Sign1Message.decode(changed)
    message.key = pycose_key(key)
    assert not message.verify_signature()
    with pytest.raises(cwt.VerifyError):
        cwt.COSE.new().decode(changed, cwt_key(key))
    with pytest.raises(WireError):
        envelope.open1(changed, key.public_key, VERIFIER)


@pytest.mark.parametrize("number", range(4))
def test_we_accept_what_pycose_and_cwt_sign_once_s_is_low(number: int) -> None:
    """Their layout is ours to the byte; half of their signatures need the other s."""
    payload = PAYLOAD + bytes([number])
    protected = {headers.Algorithm: algorithms.Es256, headers.KID: kid(METER.public_key)}
    message = Sign1Message(phdr=protected, uhdr={}, payload=payload, key=pycose_key(METER, SECRET))
    theirs = [
        message.encode(),
        cwt.COSE.new().encode_and_sign(
            payload, cwt_key(METER, SECRET), protected={1: -7, 4: kid(METER.public_key)}
        ),
    ]
    for raw in theirs:
        assert envelope.open1(with_low_s(raw), METER.public_key, VERIFIER) == payload


def test_an_envelope_is_one_of_a_kind() -> None:
    """Signing again gives the same bytes, and the parts a ledger verifies in batches are those of the envelope."""
    assert envelope.sign1(PAYLOAD, METER) == ENVELOPE
    payload, digest, signature, name = envelope.digest_of(ENVELOPE)
    assert (payload, name) == (PAYLOAD, kid(METER.public_key))
    assert VERIFIER.verify([(METER.public_key, digest, signature)]) == [True]
    digest, signature, name = envelope.digest_of_acceptance(ACCEPTANCE, PAYLOAD)
    assert name == kid(PLANT.public_key) == envelope.peek_kid(ACCEPTANCE)
    assert VERIFIER.verify([(PLANT.public_key, digest, signature)]) == [True]


def test_a_record_holds_both_envelopes_and_says_what_it_is() -> None:
    """Its first two bytes tell it from an envelope and from any other pair."""
    record = envelope.join_record(ENVELOPE, ACCEPTANCE)
    assert envelope.split_record(record) == (ENVELOPE, ACCEPTANCE)
    assert envelope.is_record(record)
    assert not envelope.is_record(ENVELOPE)
    assert not envelope.is_record(b"")
    assert not envelope.is_record(codec.encode([ENVELOPE, ACCEPTANCE]))
    with pytest.raises(WireError):
        envelope.join_record(ACCEPTANCE, ENVELOPE)


@pytest.mark.parametrize("at", range(len(ENVELOPE)))
def test_no_byte_of_an_envelope_can_be_changed(at: int) -> None:
    """Every byte is either fixed by the layout or covered by the signature."""
    changed = ENVELOPE[:at] + bytes([ENVELOPE[at] ^ 0x01]) + ENVELOPE[at + 1 :]
    with pytest.raises(WireError):
        envelope.open1(changed, METER.public_key, VERIFIER)


@pytest.mark.parametrize("size", range(len(ENVELOPE)))
def test_no_part_of_an_envelope_is_one(size: int) -> None:
    """Cut anywhere, at either end."""
    for part in (ENVELOPE[:size], ENVELOPE[len(ENVELOPE) - size :]):
        with pytest.raises(WireError):
            envelope.digest_of(part)
        with pytest.raises(WireError):
            envelope.peek_kid(part)


def test_a_payload_that_makes_the_envelope_too_long_is_our_own_mistake() -> None:
    """4096 bytes with everything around it: 4010 are left for the payload."""
    assert len(envelope.sign1(bytes(4010), METER)) == envelope.ENVELOPE_MAX
    with pytest.raises(ValueError, match="too long"):
        envelope.sign1(bytes(4011), METER)


class HighSigner:
    """A signer such as some secure elements are: it does not bring s below n/2."""

    public_key = METER.public_key

    def sign(self, digest: bytes) -> bytes:
        """The other one of the two valid signatures."""
        signature = METER.sign(digest)
        return signature[:32] + (N - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def test_a_signer_that_leaves_s_high_is_our_own_mistake() -> None:
    """It shows where the signer is built in, not as silence of every peer."""
    with pytest.raises(ValueError, match="low s"):
        envelope.sign1(PAYLOAD, HighSigner())
    with pytest.raises(ValueError, match="low s"):
        envelope.accept1(PAYLOAD, HighSigner())
