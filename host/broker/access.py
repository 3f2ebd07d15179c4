# SPDX-License-Identifier: Apache-2.0
"""Mosquitto's access list: who may write and read what, device by device.

Each device has its own lines and there is no pattern for all, so that whoever is not on the list may do nothing, and so
that what a device broadcasts can depend on its roles. The sender's level of every topic is its own kid, which mosquitto
takes from the TLS certificate.
"""

from .members import Device, Members

EVERY_ROLE = ("presence", "register")
BROADCASTS = {
    "meter": ("trade_end",),
    "plant": ("generation", "offer"),
    "host": ("checkpoint", "revoke", "shortfall"),
    "bridge": (),
    "terminal": (),
}
"""The kinds that a role may broadcast. A new kind is written here, or the broker drops it without a word."""

HEAD = """\
# Generated from members.json by `python -m host broker-config`, `enrol` and `revoke`; do not edit.
# Whoever does not stand here may do nothing.
"""


def access_list(members: Members, network: str) -> str:
    """The file; `network` is the level of the topics: an id in hex, or + for any."""
    root = "wattpact/1/%s" % network
    lines = [HEAD]
    for kid, device in members.in_force():
        lines += ["# %s" % ", ".join(device.roles), "user %s" % kid]
        if "bridge" in device.roles:
            # Another broker: it carries what its own devices say, and has judged who they are.
            lines += ["topic readwrite %s/+/%s/+" % (root, way) for way in ("in", "out")]
        elif "terminal" in device.roles:
            lines += _terminal(root, device.owner)
        else:
            lines += _node(root, kid, device)
        lines.append("")
    return "\n".join(lines)


def _node(root: str, kid: str, device: Device) -> list[str]:
    lines = ["topic read %s/+/out/+" % root, "topic read %s/%s/in/+" % (root, kid)]
    lines.append("topic write %s/+/in/%s" % (root, kid))
    lines += ["topic write %s/%s/out/%s" % (root, kid, kind) for kind in kinds(device.roles)]
    if "meter" in device.roles:
        home = "%s/home/%s" % (root, device.owner)
        lines.append("topic read %s/status" % home)
        lines += [
            "topic write %s/%s" % (home, own) for own in (f"device/{kid}/config", f"state/{kid}")
        ]
    return lines


def _terminal(root: str, owner: str) -> list[str]:
    """A user's Home Assistant: hears the user's own meters and who is there, and tells of itself."""
    home = "%s/home/%s" % (root, owner)
    return [
        "topic read %s/+/out/presence" % root,
        "topic read %s/#" % home,
        "topic write %s/status" % home,
    ]


def kinds(roles: list[str]) -> list[str]:
    """What a device with these roles may broadcast."""
    return sorted({*EVERY_ROLE, *(kind for role in roles for kind in BROADCASTS[role])})
