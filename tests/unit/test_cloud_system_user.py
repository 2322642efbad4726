from __future__ import annotations

from typing import Any

import pytest
from ansible.modules import cloud_system_user as module
from ansible.modules.cloud_system_user import Present

GIVEN = {"name": "asker", "description": "Asks.", "password": "right", "role": "reader"}


class FakeKeystone:
    """What the module calls, on one user."""

    def __init__(self, user: dict[str, Any] | None) -> None:
        self.user = user

    def observe(self) -> Present:
        if self.user is None:
            return Present()
        user = self.user
        return Present(
            "id-1", user["enabled"], "reader" in user["roles"], user["enabled"] and user["password"] == "right"
        )

    def create(self, name: str, description: str, password: str) -> str:
        assert self.user is None
        self.user = {"name": name, "description": description, "password": password, "enabled": True, "roles": set()}
        return "id-1"

    def update(self, user: str, changed: dict[str, Any]) -> None:
        assert user == "id-1"
        self.user |= {"password": changed["password"], "enabled": changed["is_enabled"]}

    def give(self, user: str, role: str) -> None:
        assert user == "id-1"
        self.user["roles"].add(role)


def user(**said: Any) -> dict[str, Any]:
    return {"name": "asker", "description": "", "password": "right", "enabled": True, "roles": {"reader"}} | said


ROLE = "give it the role reader on the system"


@pytest.mark.parametrize(
    ("before", "steps"),
    [
        (None, ["make it", ROLE]),
        (user(), []),
        (user(roles={"member"}), [ROLE]),
        (user(password="wrong"), ["give it its password"]),
        (user(enabled=False), ["enable it with its password"]),
        (user(enabled=False, password="wrong", roles=set()), ["enable it with its password", ROLE]),
    ],
)
def test_what_is_there_becomes_what_is_wanted(before: dict[str, Any] | None, steps: list[str]) -> None:
    keystone = FakeKeystone(before)
    assert module.plan(keystone.observe(), "reader") == steps
    module.apply(keystone, GIVEN, keystone.observe())
    assert module.plan(keystone.observe(), "reader") == []
    assert keystone.user["roles"] >= {"reader"}
