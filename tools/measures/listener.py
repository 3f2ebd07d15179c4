# SPDX-License-Identifier: Apache-2.0
"""A subscriber in a process of its own, for the broker's own rate: says "ready", then when it had heard enough.

Usage: python listener.py PORT FILTER COUNT. Times are of the machine's monotonic clock, which all processes share.
"""

import sys
import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def main(number: int, topic_filter: str, count: int) -> None:
    """Until `count` messages came."""
    heard = 0

    def on_message(client: mqtt.Client, context: Any, message: mqtt.MQTTMessage) -> None:
        nonlocal heard
        heard += 1
        if heard == count:
            client.disconnect()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "listener")
    client.on_message = on_message
    client.on_subscribe = lambda c, u, m, r, p: print("ready", flush=True)
    client.connect("127.0.0.1", number)
    client.subscribe(topic_filter, 1)
    client.loop_forever()
    print(time.monotonic(), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
