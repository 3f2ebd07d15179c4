# SPDX-License-Identifier: Apache-2.0
"""What the registrar signed, on its way to the chain: a file each, until the chain has it or refuses it.

`enrol` and `revoke` put files there whether a host serves the chain or not; whoever serves takes them up. A file goes
when its block is on the disk, so a kill in between submits it once more, which changes nothing.
"""

import time
from collections.abc import Callable
from pathlib import Path

from wattpact.errors import RuleError

from ..engine import BlockResult
from ..mempool import id_of
from .folder import write

AGAIN_S = 60


def put(spool: Path, transaction: bytes) -> Path:
    """For whoever serves the chain; OSError if it cannot be written."""
    target = spool / ("%020d-%s.cbor" % (time.time_ns(), id_of(transaction).hex()))
    write(target, transaction)
    return target


class Spool:
    """The folder's reader, in the thread of the gateway that it hands everything to."""

    def __init__(
        self, folder: Path, submit: Callable[[bytes], None], say: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._submit = submit
        self._say = say
        self._tried: dict[
            str, tuple[Path, float]
        ] = {}  # by id: where it lies, and when to try again

    def look(self) -> None:
        """Submit what is new, in the order in which it was put there, and now and then again what has no answer."""
        now = time.monotonic()
        for path in sorted(self._folder.glob("*.cbor")):
            message_id = path.stem.rsplit("-", 1)[-1]
            if message_id in self._tried and now < self._tried[message_id][1]:
                continue
            try:
                transaction = path.read_bytes()
                if id_of(transaction).hex() != message_id:
                    raise RuleError(10, "its name is not its id")
            except (OSError, RuleError) as error:
                _set_aside(path, "unreadable")
                self._say("spool: %s: %s" % (path.name, error))
                continue
            self._tried[message_id] = (path, now + AGAIN_S)
            self._submit(transaction)

    def on_block(self, result: BlockResult) -> None:
        """What is recorded goes; what is refused is kept under another name, for whoever put it there."""
        for stored in result.stored:
            path, _at = self._tried.pop(stored.id.hex(), (None, 0))
            if path:
                path.unlink(missing_ok=True)
                self._say("spool: %s is on the chain" % stored.id.hex())
        for refused in result.refused:
            path, _at = self._tried.pop(refused.id.hex(), (None, 0))
            if path:
                _set_aside(path, "R%d" % refused.rule)
                self._say("spool: %s: refused by R%d" % (refused.id.hex(), refused.rule))


def _set_aside(path: Path, why: str) -> None:
    if path.exists():
        path.replace(path.with_suffix(".%s" % why))
