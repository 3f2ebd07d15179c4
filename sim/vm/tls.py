# SPDX-License-Identifier: Apache-2.0
"""TLS that a guest asked for, with the certificates it has: what modules/ssl.py hands over becomes a context here."""

import errno
import ssl
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization


def context_of(authority: bytes, certificate: bytes, key: bytes) -> ssl.SSLContext:
    """Trusts `authority` alone and shows `certificate`, if there is one; all of them DER, as boards have them.

    OSError if they are not.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=authority)
        if certificate:
            secret = serialization.load_der_private_key(key, None).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            # A file only its owner can read, for a moment: Python takes a chain from nowhere else.
            with tempfile.TemporaryDirectory() as folder:
                chain = Path(folder) / "chain.pem"
                shown = ssl.DER_cert_to_PEM_cert(certificate).encode()
                chain.write_bytes(secret + shown)
                context.load_cert_chain(chain)
    except (ValueError, TypeError, ssl.SSLError) as error:
        raise OSError(errno.EINVAL, "no certificate or no key") from error
    return context
