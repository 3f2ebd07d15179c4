# SPDX-License-Identifier: Apache-2.0
"""TLS as MicroPython has it for a client, spoken outside of the VM with the guest's own certificates, all of them DER.

Only what checks the other side is here: there is no context without an authority.
"""

from outside import call

PROTOCOL_TLS_CLIENT = 0
CERT_REQUIRED = 2


class SSLContext:
    def __init__(self, protocol):
        if protocol != PROTOCOL_TLS_CLIENT:
            raise ValueError("a client only")
        self.verify_mode = CERT_REQUIRED
        self._authority = self._certificate = self._key = b""

    def load_verify_locations(self, cafile=None, cadata=b""):
        self._authority = cadata

    def load_cert_chain(self, certificate, key):
        self._certificate = certificate
        self._key = key

    def wrap_socket(self, sock, server_hostname=None):
        """The same socket; the handshake is over when it can be written to."""
        if self.verify_mode != CERT_REQUIRED or not self._authority or not server_hostname:
            raise ValueError("nobody could be checked")
        call(
            "net.tls",
            sock.fileno(),
            server_hostname,
            self._authority,
            self._certificate,
            self._key,
        )
        return sock
