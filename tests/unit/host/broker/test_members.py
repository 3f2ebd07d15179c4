# SPDX-License-Identifier: Apache-2.0
"""The list of devices: it comes back as it was, and refuses what it cannot be."""

import pytest

from host.broker.members import Device, Issued, Members, check_kid, check_roles
from host.errors import BrokerError

KID = "0123456789abcdef"


def one(*issued: Issued) -> Members:
    members = Members()
    members.devices[KID] = Device(["meter"], "aa" * 8, 3, "bb" * 32, certificates=list(issued))
    return members


def test_the_file_comes_back_as_it_was() -> None:
    """Devices with all that was given out."""
    members = one(Issued("1f", 2000, 1000), Issued("20", 3000))
    assert Members.read(members.text(), "members.json").devices == members.devices


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "devices": {"+": {"certificates": []}}}',
        one().text().replace("meter", "king"),
        one().text().replace("owner", "landlord"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_by_name(text: str) -> None:
    """With one error, whatever is wrong with it."""
    with pytest.raises(BrokerError):
        Members.read(text, "members.json")


def test_revoked_certificates_are_listed_until_they_expire() -> None:
    """An expired one is refused anyway."""
    members = one(Issued("1f", 2000, 1000), Issued("20", 3000, 1000), Issued("21", 3000))
    assert members.revoked(now=1500) == [(0x1F, 1000), (0x20, 1000)]
    assert members.revoked(now=2500) == [(0x20, 1000)]


def test_the_first_revocation_keeps_its_time() -> None:
    """Revoking twice is revoking once."""
    device = one(Issued("1f", 2000)).devices[KID]
    device.revoke(100, for_good=True)
    device.revoke(200, for_good=True)
    assert (device.revoked_at, device.certificates[0].revoked_at) == (100, 100)


@pytest.mark.parametrize("kid", ["", "+", "#", KID.upper(), KID + "0", "0123456789abcde\n"])
def test_a_kid_that_a_topic_could_not_hold_is_refused(kid: str) -> None:
    """Wildcards, line ends and another spelling would change what a line of the access list says."""
    with pytest.raises(BrokerError, match="16 lower-case hex digits"):
        check_kid(kid)


def test_roles_are_known_ones_each_once() -> None:
    """In one order, whatever was typed."""
    assert check_roles(["plant", "meter", "plant"]) == ["meter", "plant"]
    for wrong in ([], ["king"], ["meter", ""]):
        with pytest.raises(BrokerError, match="meter, plant, host"):
            check_roles(wrong)
