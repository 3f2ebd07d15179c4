# SPDX-License-Identifier: Apache-2.0
"""Errors that say whose fault it is.

    WattpactError
    |-- BusError     the hardware's: a chip or a line did not answer properly; retry later
    |-- LinkError    the network's or the broker's: no answer, or it refuses us; connect again later
    |-- WireError    the peer's: bytes that are not a message of ours; drop and count
    `-- RuleError    the peer's: a message that breaks a ledger rule; `.rule` is its number in docs/ledger.md

A mistake of our own is a ValueError. No text carries key material.
"""


class WattpactError(Exception):
    """Base of everything this package raises on purpose."""


class BusError(WattpactError):
    """The metering hardware or the secure element gave no valid answer."""


class LinkError(WattpactError):
    """Network or broker do not answer or do not let us."""


class WireError(WattpactError):
    """Bytes from outside that are malformed, oversized, unsigned or signed by somebody else."""


class RuleError(WattpactError):
    """A well-formed message that breaks ledger rule number `rule` (docs/ledger.md)."""

    def __init__(self, rule: int, detail: str = "") -> None:
        super().__init__("R%d %s" % (rule, detail))
        self.rule = rule
        self.detail = detail
