# SPDX-License-Identifier: Apache-2.0
"""Print the peers' multiplications and reductions as JSON: python peer_counts.py FOLDER..., where modules stand.

The peers are those that MicroPython runs, but on CPython.
"""

import json
import sys
from importlib import import_module
from statistics import mean

import_module("warnings")  # CPython's own, before a folder hides it
sys.path[0:1] = sys.argv[1:]

from tools.measures.counted import Counting  # noqa: E402  (the path must stand first)
from tools.measures.peers import CONTENDERS  # noqa: E402

PEERS = {
    "starkbank-ecdsa": (
        ("sign", "verify"),
        "ellipticcurve",
        ("curve", "math", "point", "ecdsa", "utils.integer", "utils.binary"),
    ),
    "ecdsa": (
        ("sign", "verify", "verify_known"),
        "ecdsa",
        ("ecdsa", "ellipticcurve", "numbertheory", "rfc6979", "util"),
    ),
    "embit": (("sign", "verify"), "embit.util", ("key",)),
}
"""What each does, and the modules in which it computes."""


def main() -> int:
    """For each operation the mean of all messages, and what the first signature costs."""
    contest = import_module("contest")
    found: dict[str, tuple[float, float]] = {}
    for peer, (operations, package, parts) in PEERS.items():
        module = import_module(CONTENDERS[peer])
        inner = [import_module("%s.%s" % (package, part)) for part in parts]
        with Counting(module, *inner) as count:
            found[peer + ".first_sign"] = count.of(lambda m=module: contest.action(m, "sign")(0))
            for operation in operations:
                act = contest.action(module, operation)
                act(0)
                of_message = [
                    count.of(lambda a=act, n=n: a(n)) for n in range(len(contest.MESSAGES))
                ]
                found["%s.%s" % (peer, operation)] = (
                    mean(one for one, _two in of_message),
                    mean(two for _one, two in of_message),
                )
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
