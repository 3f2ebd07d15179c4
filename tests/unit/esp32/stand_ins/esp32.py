# SPDX-License-Identifier: Apache-2.0
"""`esp32` as far as the adapters use it, for CPython: NVS in memory."""

flash: dict[str, dict[str, bytes]] = {}


class NVS:
    """One namespace. What was set and not committed is gone with `power_cut`."""

    def __init__(self, namespace: str) -> None:
        self._name = namespace
        self._set: dict[str, bytes] = {}

    def set_blob(self, key: str, value: bytes) -> None:
        self._set[key] = bytes(value)

    def get_blob(self, key: str, buffer: bytearray) -> int:
        kept = flash.setdefault(self._name, {})
        value = self._set.get(key, kept.get(key))
        if value is None or len(value) > len(buffer):
            raise OSError("ESP_ERR_NVS_NOT_FOUND")
        buffer[: len(value)] = value
        return len(value)

    def commit(self) -> None:
        flash.setdefault(self._name, {}).update(self._set)
        self._set.clear()
