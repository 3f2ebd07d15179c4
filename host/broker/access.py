# SPDX-License-Identifier: Apache-2.0
"""Mosquitto's access list: who may write and read what, device by device.

Each device has its own lines and there is no pattern for all, so that whoever is not on the list may do nothing, and so
that what a device broadcasts can depend on its roles. The sender's level of every topic is its own kid, which mosquitto
takes from the TLS certificate.
"""

from .members import Members

EVERY_ROLE = ("presence", "register", "state")
BROADCASTS = {
    "meter": ("trade_end",),
    "plant": ("generation", "offer"),
    "host": ("checkpoint", "revoke", "shortfall"),
    "bridge": (),
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
            lines.append("")
            continue
        lines.append("topic read %s/+/out/+" % root)
        lines.append("topic read %s/%s/in/+" % (root, kid))
        lines.append("topic write %s/+/in/%s" % (root, kid))
        lines += ["topic write %s/%s/out/%s" % (root, kid, kind) for kind in kinds(device.roles)]
        lines.append("")
    return "\n".join(lines)


def kinds(roles: list[str]) -> list[str]:
    """What a device with these roles may broadcast."""
    return sorted({*EVERY_ROLE, *(kind for role in roles for kind in BROADCASTS[role])})
