"""One account for the whole table, and its counts at the end."""

import pytest

from . import states, tally


@pytest.fixture(scope="session")
def world():
    return states.World()


def pytest_terminal_summary(terminalreporter):
    lines = list(tally.lines())
    if lines:
        terminalreporter.section("the table of operations")
    for line in lines:
        terminalreporter.write_line(line)
