from __future__ import annotations

import signal
from pathlib import Path

import pytest

# A shell starts background jobs with SIGINT ignored, which the commands under test would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository as the working directory, where people run the commands."""
    monkeypatch.chdir(REPOSITORY)
    return REPOSITORY
