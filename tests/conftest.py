# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: what runs by default, how examples are drawn, and the line that replays a failure."""

import pytest
from hypothesis import HealthCheck, settings

SLOW_MARKERS = ("soak", "device")

# The same examples on every run, so that a failure is the change's and not the dice's; `make soak` rolls them.
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile(
    "search",
    max_examples=5000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out soak and device tests unless -m asks for them."""
    if config.getoption("-m"):
        return
    left_out = [item for item in items if any(map(item.get_closest_marker, SLOW_MARKERS))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After a failure, the one line that runs the same tests in the same order."""
    seed = terminalreporter.config.getoption("randomly_seed", None)
    if terminalreporter.stats.get("failed"):
        line = "replay: .venv/bin/python -m pytest -n 0 --randomly-seed=%s"
        terminalreporter.write_line(line % seed)
