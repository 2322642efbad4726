"""Lets benchmarks import what is beside them: the end-to-end tests' own modules, and those that Ansible modules share.

Imported for that alone, before them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ansible.module_utils

REPOSITORY = Path(__file__).resolve().parents[1]

ansible.module_utils.__path__.append(str(REPOSITORY / "plugins/module_utils"))
sys.path += [str(REPOSITORY / "tests/e2e"), str(REPOSITORY / "tests/e2e/diskless")]
