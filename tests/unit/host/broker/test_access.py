# SPDX-License-Identifier: Apache-2.0
"""The access list as text; what mosquitto makes of it is shown in tests/broker."""

import ast
from pathlib import Path

import pytest

from host.broker.access import BROADCASTS, EVERY_ROLE, access_list, kinds
from host.broker.members import Device, Members, check_roles
from host.errors import BrokerError

ROOT = Path(__file__).resolve().parents[4]
KID = "0123456789abcdef"


def listed(roles: list[str], revoked_at: int = 0) -> str:
    members = Members()
    members.devices[KID] = Device(roles, "aa" * 8, 0, "", revoked_at=revoked_at)
    return access_list(members, "00" * 8)


def test_a_device_writes_only_below_its_own_level() -> None:
    """Each line to write ends in its kid, or goes on from it."""
    lines = [line for line in listed(["meter", "plant"]).splitlines() if "write" in line]
    assert lines
    for line in lines:
        assert line.endswith(("/+/in/" + KID, "/state/" + KID)) or "/%s/" % KID in line


def test_a_device_reads_its_inbox_and_broadcasts_and_nothing_else() -> None:
    """Two lines, and no wildcard that crosses levels."""
    text = listed(["host"])
    reads = [line.split("/", 3)[3] for line in text.splitlines() if "topic read" in line]
    assert reads == ["+/out/+", KID + "/in/+"]
    assert "#" not in "".join(line for line in text.splitlines() if line.startswith("topic"))


def test_there_is_no_line_for_everybody() -> None:
    """A pattern would let in whoever has a certificate, also when it is off the list."""
    text = listed(["meter"])
    assert "pattern" not in text
    assert text.index("user ") < text.index("topic ")


def test_a_bridge_carries_for_all_and_is_nothing_else() -> None:
    """Inboxes and broadcasts both ways; what belongs to a user's home does not leave its broker."""
    topics = [line for line in listed(["bridge"]).splitlines() if line.startswith("topic")]
    root = "topic readwrite wattpact/1/" + "00" * 8
    assert topics == [root + "/+/in/+", root + "/+/out/+"]
    with pytest.raises(BrokerError, match="a bridge is nothing else"):
        check_roles(["bridge", "meter"])


def test_a_meter_and_its_users_terminal_meet_below_the_users_own_level() -> None:
    """And nobody else's meter or terminal is there."""
    home = "wattpact/1/%s/home/%s" % ("00" * 8, "aa" * 8)
    meter = [line for line in listed(["meter"]).splitlines() if "/home/" in line]
    assert meter == [
        "topic read %s/status" % home,
        "topic write %s/device/%s/config" % (home, KID),
        "topic write %s/state/%s" % (home, KID),
    ]
    terminal = [line for line in listed(["terminal"]).splitlines() if line.startswith("topic")]
    assert terminal == [
        "topic read wattpact/1/%s/+/out/presence" % ("00" * 8),
        "topic read %s/#" % home,
        "topic write %s/status" % home,
    ]
    assert "/home/" not in listed(["plant"])
    with pytest.raises(BrokerError, match="a terminal is nothing else"):
        check_roles(["terminal", "meter"])


def test_a_revoked_device_is_not_on_it() -> None:
    """And an empty list names nobody."""
    assert KID not in listed(["meter"], revoked_at=1)


def test_only_a_plant_may_broadcast_offers() -> None:
    """By the table that the list is made from."""
    assert [role for role in BROADCASTS if "offer" in kinds([role])] == ["plant"]


def test_every_kind_that_the_code_broadcasts_is_some_roles() -> None:
    """A kind that is missing in the table would be dropped by the broker without a word."""
    said: set[str] = set()
    for path in [*(ROOT / "firmware/wattpact/node").glob("*.py"), ROOT / "host/desk.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                kind = node.args[{"Publish": 0, "publish": 1}.get(name, 0)]
                if name in {"Publish", "publish"} and isinstance(kind, ast.Constant):
                    said.add(str(kind.value))
    known = {*EVERY_ROLE, *(kind for row in BROADCASTS.values() for kind in row)}
    assert {"offer", "trade_end", "generation", "checkpoint"} <= said <= known
