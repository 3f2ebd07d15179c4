# SPDX-License-Identifier: Apache-2.0
"""The list of enrolled devices, `members.json`: what access list and revocation list are derived from.

A device stays on it after it was revoked: a kid that was revoked is never enrolled again, as on the chain.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import BrokerError

FORMAT = 1
ROLES = ("meter", "plant", "host", "bridge", "terminal")


@dataclass
class Issued:
    """One TLS certificate that was given out. Times are Unix seconds; `revoked_at` is 0 while it holds."""

    serial: str
    not_after: int
    revoked_at: int = 0


@dataclass
class Device:
    """What is known of one device. Ids are hex; `trading_key` is "" if only its kid was given."""

    roles: list[str]
    owner: str
    neighbourhood: int
    tls_key: str
    trading_key: str = ""
    revoked_at: int = 0
    certificates: list[Issued] = field(default_factory=list[Issued])

    def revoke(self, now: int, *, for_good: bool) -> None:
        """No certificate given out so far holds any more; for good: nor any later one."""
        if for_good:
            self.revoked_at = self.revoked_at or now
        for each in self.certificates:
            each.revoked_at = each.revoked_at or now


class Members:
    """All devices by kid (hex)."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}

    def in_force(self) -> list[tuple[str, Device]]:
        """Those that may do anything, by kid."""
        return [(kid, each) for kid, each in sorted(self.devices.items()) if not each.revoked_at]

    def revoked(self, now: int) -> list[tuple[int, int]]:
        """(serial, when) of every certificate that was revoked and has not expired anyway."""
        return [
            (int(issued.serial, 16), issued.revoked_at)
            for _, device in sorted(self.devices.items())
            for issued in device.certificates
            if issued.revoked_at and issued.not_after > now
        ]

    def text(self) -> str:
        """The file."""
        devices = {kid: asdict(device) for kid, device in sorted(self.devices.items())}
        return json.dumps({"format": FORMAT, "devices": devices}, indent=1) + "\n"

    @classmethod
    def read(cls, text: str, name: str) -> "Members":
        """BrokerError, with `name`, if the file is not one of this program."""
        try:
            whole: dict[str, Any] = json.loads(text)
            if whole["format"] != FORMAT:
                raise BrokerError("%s: has another format than %d" % (name, FORMAT))
            members = cls()
            for kid, row in whole["devices"].items():
                issued = [Issued(**each) for each in row.pop("certificates")]
                members.devices[check_kid(kid)] = Device(**row, certificates=issued)
                check_roles(members.devices[kid].roles)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BrokerError("%s: is damaged: %s" % (name, error)) from error
        return members


def check_kid(text: str) -> str:
    """16 lower-case hex digits, as a topic has them; else BrokerError. Anything else could be a wildcard."""
    return check_hex(text, 16, "a kid")


def check_hex(text: str, digits: int, what: str) -> str:
    """`text` if it is so many lower-case hex digits, else BrokerError."""
    if len(text) != digits or not set(text) <= set("0123456789abcdef"):
        raise BrokerError("%r: %s is %d lower-case hex digits" % (text, what, digits))
    return text


def check_roles(roles: list[str]) -> list[str]:
    """One or more of ROLES, each once, in their order; else BrokerError."""
    if not roles or not set(roles) <= set(ROLES):
        raise BrokerError("roles are one or more of %s" % ", ".join(ROLES))
    for alone in ("bridge", "terminal"):
        if alone in roles and set(roles) != {alone}:
            raise BrokerError("a %s is nothing else" % alone)
    return [role for role in ROLES if role in roles]
