# SPDX-License-Identifier: Apache-2.0
"""Judge a discovery payload by Home Assistant's own code: HOME_ASSISTANT_PYTHON with_home_assistant.py < payload.

That interpreter has the packages homeassistant (2024.11 or later) and paho-mqtt. Nothing of this project is imported.
"""

import sys
from importlib import import_module
from typing import Any

COMPONENT = "homeassistant.components.mqtt."


def main() -> int:
    """0 and a line for each sensor, or the traceback of what Home Assistant does not like."""
    discovery: Any = import_module(COMPONENT + "discovery")
    sensor: Any = import_module(COMPONENT + "sensor")
    device: Any = discovery._parse_device_payload(None, sys.stdin.read(), "device", None)
    for name, config in device["components"].items():
        assert config["platform"] == "sensor"
        component = discovery.MQTTDiscoveryPayload(config)
        discovery._merge_common_device_options(component, device)
        component.pop("platform")
        sensor.DISCOVERY_SCHEMA(dict(component))
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
