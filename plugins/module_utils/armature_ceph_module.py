# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The frame of modules that ask a Ceph cluster and change it, on a host that has a monitor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.armature_ceph import Ceph, CephError, runner
from ansible.module_utils.basic import AnsibleModule

Params = dict[str, Any]

CLUSTER = {"fsid": {"type": "str", "required": True}, "image": {"type": "str", "required": True}}
"""Documented in plugins/doc_fragments/ceph_cluster.py."""


def run(
    arguments: dict[str, Any],
    work: Callable[[Any, Params, bool], dict[str, Any]],
    problems: Callable[[Params], list[str]] = lambda _params: [],
    cluster: type[Ceph] = Ceph,
) -> None:
    """Run a module with ``arguments`` beside those of the cluster, and end.

    ``problems`` returns what is wrong with the parameters, in house form. ``work`` gets a ``cluster``, the parameters
    and whether it is check mode, returns the module's result, and raises CephError.
    """
    module = AnsibleModule(argument_spec={**CLUSTER, **arguments}, supports_check_mode=True)
    found = problems(module.params)
    if found:
        module.fail_json(msg="\n".join(found))
    try:
        ceph = cluster(runner(module.run_command), module.params["fsid"], module.params["image"])
        result = work(ceph, module.params, module.check_mode)
    except CephError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)
