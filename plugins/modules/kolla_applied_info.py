"""Documentation of the action plugin kolla_applied_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_applied_info
short_description: Say whether kolla-ansible has to run
description:
  - Compares the inputs and what runs on the hosts with the record of the last successful run.
  - Reads only; the same in check mode.
options:
  record:
    description: File with C(inputs) and C(hosts) of the last successful run. Need not be there.
    type: path
    required: true
  inputs:
    description: Hash of everything that a run reads.
    type: str
    required: true
  observed:
    description: Host -> what M(kolla_observed_info) returned.
    type: dict
    required: true
  products:
    description: Files that a run writes; one that is missing is a reason to run.
    type: list
    elements: path
    default: []
  full:
    description: Give a reason to run in any case.
    type: bool
    default: false
author: [Armature]
"""

RETURN = r"""
reasons:
  description: Why kolla-ansible has to run; empty when nothing changed.
  returned: always
  type: list
  elements: str
"""
