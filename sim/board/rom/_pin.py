# SPDX-License-Identifier: Apache-2.0
"""`machine.Pin`: one object for each GPIO, as on a board."""

from outside import call

_made = {}


class Pin:
    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2
    DRIVE_0, DRIVE_1, DRIVE_2, DRIVE_3 = 0, 1, 2, 3

    def __new__(cls, id, *options, **named):
        if isinstance(id, Pin):
            return id
        pin = _made.get(id)
        if pin is None:
            if not 0 <= id <= 48:
                raise ValueError("invalid pin")
            pin = _made[id] = object.__new__(cls)
            pin._id = id
            pin._mode = cls.IN
            pin._pull = None
        return pin

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, alt=None):
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, alt=None):
        """The level first, so that an output begins with it."""
        if value is not None:
            call("pin_set", self._id, 1 if value else 0)
        if pull != -1:
            self._pull = pull
        if mode != -1:
            self._mode = mode
        if mode != -1 or pull != -1:
            call("pin_init", self._id, 1 if self._mode & 2 else 0, self._pull or 0)

    def value(self, *x):
        if not x:
            return call("pin_get", self._id)
        call("pin_set", self._id, 1 if x[0] else 0)
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(not self.value())

    def mode(self, *mode):
        if not mode:
            return self._mode
        self.init(mode[0])
        return None

    def pull(self, *pull):
        if not pull:
            return self._pull
        self.init(pull=pull[0])
        return None

    def __repr__(self):
        return "Pin(%d)" % self._id


def number(pin):
    """A GPIO's, -1 for none."""
    return -1 if pin is None else Pin(pin)._id
