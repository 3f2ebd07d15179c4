# SPDX-License-Identifier: Apache-2.0
"""Sans-io node cores: events in, effects out. Nothing here waits, reads a clock or opens anything."""
