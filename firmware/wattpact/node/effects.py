# SPDX-License-Identifier: Apache-2.0
"""What a node core wants done. A core returns a list of these, in the order they must be performed.

`Keep` stands before the `Send` or `Publish` whose loss it guards against: the shell performs it, durably, first.
A power cut may fall between any two effects: `Core.restore` makes a whole of what was kept. First byte of a key:

    a alarm               l checkpoint          c + contract id    a purchase      k + trade end id  an award taken
    w wallet              o + message id        outbox             v + kid         a revocation
    m + name of a meter   what metering keeps: no core's, but in the same store
    f the standing offer  p reported so far     s + contract id    a sale          g + panel id      readings to report
    r revocations known up to this leaf
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Effect = Union["Send", "Publish", "Listen", "Keep", "Drop", "Note"]


class Send:
    """To one node's inbox; `to` is its kid."""

    def __init__(self, to: bytes, payload: bytes) -> None:
        self.to = to
        self.payload = payload


class Publish:
    """A broadcast of this node; `kind` is the topic's last level. `topics.RETAINED` says which the broker keeps."""

    def __init__(self, kind: str, payload: bytes) -> None:
        self.kind = kind
        self.payload = payload


class Listen:
    """Hear broadcasts `kind` of `sender` from now on, or of every node if `sender` is empty: `topics.broadcasts`."""

    def __init__(self, kind: str, sender: bytes) -> None:
        self.kind = kind
        self.sender = sender


class Keep:
    """Store durably."""

    def __init__(self, key: bytes, value: bytes) -> None:
        self.key = key
        self.value = value


class Drop:
    """Remove from the store."""

    def __init__(self, key: bytes) -> None:
        self.key = key


class Note:
    """Something the user may want to know: `code` is stable, `text` is for a person."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text
