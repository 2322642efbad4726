from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository as the working directory, where people run the commands."""
    monkeypatch.chdir(REPOSITORY)
    return REPOSITORY
