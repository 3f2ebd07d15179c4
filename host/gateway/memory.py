# SPDX-License-Identifier: Apache-2.0
"""What the gateway must know after a kill and the chain does not say: a small file beside it.

`handed` may be behind what is true, never ahead: then something is said twice, which nobody minds.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import HostError


@dataclass
class Memory:
    """`boot_count` grows with every start; all that blocks up to `handed` owe has arrived at the broker."""

    boot_count: int
    handed: int

    @classmethod
    def load(cls, path: Path, head: int) -> "Memory":
        """For another start, kept already. Without a file nothing is owed up to `head`: those who wait ask again."""
        try:
            before = cls(**json.loads(path.read_text()))
            memory = cls(before.boot_count + 1, min(before.handed, head))
        except FileNotFoundError:
            memory = cls(1, head)
        except (OSError, ValueError, TypeError) as error:
            raise HostError("%s: cannot be read: delete it; %s" % (path, error)) from error
        memory.keep(path)
        return memory

    def keep(self, path: Path) -> None:
        """Whole and on the disk when this returns."""
        part = path.with_name(path.name + ".part")
        try:
            with part.open("w") as stream:
                json.dump(asdict(self), stream)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        except OSError as error:
            raise HostError("%s: %s" % (path, error.strerror)) from error
