"""Running kolla-ansible from the controller: its venv, passwords, files, process and what it did.

Everything here runs on the controller. No Ansible is imported; the action plugins of the same names do that.
"""

from __future__ import annotations


class KollaError(Exception):
    """Something in the way of kolla-ansible; the message says what to do about it."""
