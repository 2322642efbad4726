# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The frame of modules that ask the API of Ceph's iSCSI gateways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.armature_iscsi import Api, IscsiError, sender
from ansible.module_utils.basic import AnsibleModule

Params = dict[str, Any]

API: dict[str, Any] = {
    "gateways": {"type": "list", "elements": "dict", "required": True},
    "port": {"type": "int", "required": True},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "certificate": {"type": "str", "required": True},
}
"""Documented in plugins/doc_fragments/iscsi_api.py."""


def run(arguments: dict[str, Any], work: Callable[[Api, Params, bool], dict[str, Any]]) -> None:
    """Run a module with ``arguments`` beside those of the API, and end.

    ``work`` gets the API, the parameters and whether it is check mode, returns the module's result, and raises
    IscsiError. In check mode there may be no certificate yet: then no gateway answers.
    """
    module = AnsibleModule(argument_spec={**API, **arguments}, supports_check_mode=True)
    params = module.params
    try:
        send = sender(params["port"], params["user"], params["password"], params["certificate"])
        result = work(Api(send, params["port"]), params, module.check_mode)
    except IscsiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)
