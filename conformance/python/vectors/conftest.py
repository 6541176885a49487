"""Prints how many vectors went through the service."""

import known


def pytest_terminal_summary(terminalreporter):
    for line in known.summary():
        terminalreporter.write_line(line)
