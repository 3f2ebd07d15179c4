# SPDX-License-Identifier: Apache-2.0
"""What makes a run over a broker impossible, told to its user in one line."""


class FleetError(Exception):
    """No broker, one that does not let us in, or a part of the fleet that is gone."""
