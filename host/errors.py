# SPDX-License-Identifier: Apache-2.0
"""Errors of the host; each text is one line that tells an operator what is wrong and with what.

    HostError
    |-- ChainFileError   the file is missing, unreadable, or not the chain this program can continue
    |-- OutputFailed     a result cannot be written; nothing is said of the chain
    |-- BrokerError      the broker's folder, a key or a request is not as it must be; nothing was changed
    |-- ServiceError     the host's folder, or what it was told to serve, is not as it must be
    |-- GatewayError     the host cannot talk to a broker as it was told to
    |-- PlantError       a file or setting of a plant's node is not as it must be
    |-- BlockStopped     too few witnesses agreed; nothing was committed
    `-- MempoolFull      no room now; the sender's outbox tries again later

A transaction that breaks a rule is a `wattpact.errors.RuleError`, as everywhere.
"""


class HostError(Exception):
    """Base of everything the host raises on purpose."""


class ChainFileError(HostError):
    """A file that is no chain, is another network's, or cannot be read or written."""


class OutputFailed(HostError):
    """A result that cannot be written, or must not be written there."""


class BrokerError(HostError):
    """Something of the broker's that cannot be done as asked."""


class ServiceError(HostError):
    """Something of the host's own folder, keys or children."""


class GatewayError(HostError):
    """An address, a TLS file or a setting with which no broker can be reached."""


class PlantError(HostError):
    """A plant's node cannot run with what its folder holds."""


class BlockStopped(HostError):
    """Fewer witnesses than the quorum agreed to a block; `rule` is the first one they named."""

    def __init__(self, height: int, rule: int, detail: str) -> None:
        super().__init__("height %d: R%d %s; nothing was committed" % (height, rule, detail))
        self.height = height
        self.rule = rule
        self.detail = detail


class MempoolFull(HostError):
    """The host holds as many waiting transactions as it is willing to."""
