# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""What modules that speak with OpenStack's APIs have in common."""

from __future__ import annotations

from typing import Any


def answer(response: Any) -> dict[str, Any]:
    """Return the JSON of an answer, {} of an empty one; raises what openstacksdk has for a failure."""
    from openstack.exceptions import raise_from_response

    raise_from_response(response)
    return response.json() if response.content else {}
