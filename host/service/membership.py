# SPDX-License-Identifier: Apache-2.0
"""A device on the chain: what the registrar signs of it, where that goes, and what is written on the device."""

import argparse
import re
import time
from pathlib import Path

from wattpact.errors import WireError
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Register, parse_as

from ..errors import ServiceError
from ..registry import Member, PanelRow, Plant, Window
from . import spool
from .folder import HostFolder, write

MONTHS = 12
DAY_S = 86_400


def sign(folder: HostFolder, member: Member) -> bytes:
    """The registrar's REGISTER; ServiceError if a field is out of its limits."""
    try:
        return folder.registrar().register(member, int(time.time()))
    except (WireError, ValueError) as error:
        raise ServiceError("the chain would not take it: %s" % error) from error


def register(folder: HostFolder, signed: bytes, given: Path) -> bool:
    """Whether a REGISTER is now under way to the chain; an unchanged membership is not put there twice.

    `given` is the folder of what the device is given: the registration, and the genesis that it trusts.
    """
    path = given / "register.cbor"
    try:
        if path.exists() and _same(path.read_bytes(), signed):
            return False
        write(given / "genesis.cbor", folder.genesis)
        write(path, signed)
        spool.put(folder.spool, signed)
    except OSError as error:
        raise ServiceError("%s: %s" % (error.filename, error.strerror)) from error
    return True


def revoke(folder: HostFolder, member: bytes) -> None:
    """A REVOKE of the kid is under way to the chain."""
    signed = folder.registrar().revoke(member, int(time.time()))
    try:
        spool.put(folder.spool, signed)
    except OSError as error:
        raise ServiceError("%s: %s" % (error.filename, error.strerror)) from error


def member_of(options: argparse.Namespace, public_key: bytes, roles: list[str]) -> Member:
    """What the options of `enrol` say of a key; ServiceError if they do not say enough, or too much."""
    owner = _id(options.owner, "--owner")
    described = options.plant_id or options.panel or options.service
    if "plant" not in roles and described:
        raise ServiceError("--plant-id, --panel and --service are for the role plant")
    plant = _plant_of(options) if "plant" in roles else None
    return Member(public_key, owner, options.neighbourhood, "meter" in roles, plant)


def _plant_of(options: argparse.Namespace) -> Plant:
    if not (options.plant_id and options.panel and options.service):
        raise ServiceError("a plant needs --plant-id, --panel and --service")
    panels = [_panel(text) for text in options.panel]
    windows = [_window(text) for text in options.service.split(",")]
    if len(windows) not in (1, MONTHS):
        raise ServiceError("--service: one window, or one for each of twelve months")
    return Plant(_id(options.plant_id, "--plant-id"), panels, windows * (MONTHS // len(windows)))


def _panel(text: str) -> PanelRow:
    found = re.fullmatch(r"([0-9a-f]{16}):(\d{1,9}):(\d{1,9})", text)
    if not found:
        raise ServiceError("--panel: %r is not ID:RATED_W:PRESET_WH, ID 16 hex digits" % text)
    return bytes.fromhex(found[1]), int(found[2]), int(found[3])


def _window(text: str) -> Window:
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text.strip())
    if not found:
        raise ServiceError("--service: %r is not HH:MM-HH:MM" % text)
    hours = [int(part) for part in found.groups()]
    begins, ends = hours[0] * 3600 + hours[1] * 60, hours[2] * 3600 + hours[3] * 60
    if not 0 <= begins <= ends <= DAY_S:
        raise ServiceError("--service: %r is no part of a day" % text)
    return begins, ends


def _id(text: str, option: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{16}", text):
        raise ServiceError("%s: %r is not 16 lower-case hex digits" % (option, text))
    return bytes.fromhex(text)


def _same(before: bytes, now: bytes) -> bool:
    """Whether two registrations say the same of a key, whenever they were signed."""
    try:
        old, new = (parse_as(Register, peek_payload(each)) for each in (before, now))
    except WireError:
        return False
    old.issued_at = new.issued_at
    return old.payload() == new.payload()
