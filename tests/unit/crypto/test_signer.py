# SPDX-License-Identifier: Apache-2.0
"""The software halves of the two signature seams."""

import hashlib

import pytest

from wattpact.crypto import ecdsa
from wattpact.crypto.signer import SoftwareSigner, SoftwareVerifier

DIGEST = hashlib.sha256(b"digest").digest()
ONE = SoftwareSigner(b"\x01" * 32)
TWO = SoftwareSigner(b"\x02" * 32)


def test_a_signer_signs_as_its_secret_does() -> None:
    """The seam adds nothing and takes nothing away."""
    assert ONE.public_key == ecdsa.public_key(b"\x01" * 32)
    assert ONE.sign(DIGEST) == ecdsa.sign(b"\x01" * 32, DIGEST)


def test_a_signer_without_a_valid_secret_is_not_made() -> None:
    """The mistake shows at the start, not at the first signature."""
    with pytest.raises(ValueError, match="secret"):
        SoftwareSigner(bytes(32))


def test_a_verifier_gives_one_verdict_an_item_in_order() -> None:
    """Good, of another key, empty, good."""
    good = (ONE.public_key, DIGEST, ONE.sign(DIGEST))
    swapped = (TWO.public_key, DIGEST, ONE.sign(DIGEST))
    verdicts = SoftwareVerifier().verify([good, swapped, (b"", b"", b""), good])
    assert verdicts == [True, False, False, True]
    assert SoftwareVerifier().verify([]) == []
