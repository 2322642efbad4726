"""Scenarios on the running lab. `make lab` comes first; each scenario leaves a lab that works."""

from __future__ import annotations

import pytest
from lab import Lab


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab()
