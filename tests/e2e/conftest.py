"""Scenarios on the running lab. `make lab` comes first; each scenario leaves a lab that works."""

from __future__ import annotations

import os

import pytest
from running_lab import Lab


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab that SITE names."""
    return Lab(os.environ.get("SITE", "lab"))
