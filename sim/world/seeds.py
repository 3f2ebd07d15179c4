# SPDX-License-Identifier: Apache-2.0
"""Every random number of a run descends from its seed by name, never by order of construction.

A generator's seed is the SHA-256 of its path, so adding a home or a draw elsewhere changes nobody else's numbers, and
neither the machine, nor the Python version, nor PYTHONHASHSEED has a say. Draw integers only (`randrange`,
`getrandbits`): `gauss` and its kind go through the C library's logarithm, which differs between machines.
"""

from hashlib import sha256
from random import Random


def child(seed: int, *names: str | int) -> Random:
    """The generator of one named thing, for example `child(7, "load", "home-3")`.

    Parts are typed and length-prefixed, so ("a", "b"), ("ab",) and the number 1 and the text "1" are different paths.
    """
    path = sha256()
    for part in (seed, *names):
        kind = b"i" if isinstance(part, int) else b"s"
        text = str(part).encode()
        path.update(kind + len(text).to_bytes(4, "big") + text)
    return Random(int.from_bytes(path.digest(), "big"))
