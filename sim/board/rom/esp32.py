# SPDX-License-Identifier: Apache-2.0
"""`esp32`: of the chip's own things, the non-volatile storage."""

from outside import call

ESP_ERR_NVS_NOT_FOUND = 0x1102


class NVS:
    """One namespace. What is not committed is lost with the supply."""

    def __init__(self, namespace):
        if not 0 < len(namespace) < 16:
            raise OSError("ESP_ERR_NVS_INVALID_NAME")
        self._space = namespace

    def set_i32(self, key, value):
        if not -0x80000000 <= value <= 0x7FFFFFFF:
            raise OverflowError("a signed number of 32 bits")
        call(
            "nvs_set",
            self._space,
            key,
            "i",
            (value & 0xFFFFFFFF).to_bytes(4, "little"),
        )

    def get_i32(self, key):
        told = bytearray(4)
        self._get(key, "i", told)
        value = int.from_bytes(told, "little")
        return value - (1 << 32) if value >> 31 else value

    def set_blob(self, key, value):
        call("nvs_set", self._space, key, "b", value)

    def get_blob(self, key, buffer):
        """How long it is; it stands in `buffer` then."""
        return self._get(key, "b", buffer)

    def erase_key(self, key):
        if call("nvs_erase", self._space, key) < 0:
            raise OSError(-ESP_ERR_NVS_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")

    def commit(self):
        call("nvs_commit", self._space)

    def _get(self, key, kind, told):
        count = call("nvs_get", self._space, key, kind, told)
        if count < 0:
            raise OSError(-ESP_ERR_NVS_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return count
