"""The callback that runs inside kolla-ansible: events of a real playbook, folded by the core."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from armature.kolla.events import Run

REPO = Path(__file__).parents[2]
ANSIBLE = os.environ.get("ARMATURE_TEST_ANSIBLE_PLAYBOOK", str(Path(sys.executable).with_name("ansible-playbook")))
"""Another ansible-playbook may be tried, for another version of ansible-core."""

PLAYBOOK = """
- name: Apply role keystone
  hosts: all
  gather_facts: false
  tasks:
    - name: Copy configuration
      ansible.builtin.debug: {msg: a}
    - name: Change something
      ansible.builtin.debug: {msg: b}
      changed_when: true
      notify: Restart keystone
    - name: Skip this
      ansible.builtin.debug: {msg: c}
      when: false
    - name: Look for what may be missing
      ansible.builtin.assert: {that: false}
      ignore_errors: true
  handlers:
    - name: Restart keystone
      ansible.builtin.debug: {msg: d}
- name: Prepare
  hosts: all
  gather_facts: false
  tasks:
    - name: Use the outer role
      ansible.builtin.include_role: {name: outer}
    - name: Rescued
      block:
        - name: Fail and be rescued
          ansible.builtin.fail: {msg: rescued}
      rescue:
        - name: Rescue
          ansible.builtin.debug: {msg: e}
- name: Apply role nova
  hosts: all
  gather_facts: false
  tasks:
    - name: Hide this
      ansible.builtin.fail: {msg: secret-word}
      no_log: true
      when: inventory_hostname == "b"
    - name: Fail on some items
      ansible.builtin.fail: {msg: "no {{ item.key }}"}
      when: item.key == "two"
      loop: [{key: one}, {key: two}]
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("run")
    (folder / "play.yml").write_text(PLAYBOOK)
    (folder / "hosts.yml").write_text(
        "all: {hosts: {a: {ansible_connection: local}, b: {ansible_connection: local}}}\n"
    )
    for role, task in {"outer": "include_role: {name: inner}", "inner": "debug: {msg: inside}"}.items():
        (folder / "roles" / role / "tasks").mkdir(parents=True)
        (folder / "roles" / role / "tasks/main.yml").write_text(f"- name: In {role}\n  ansible.builtin.{task}\n")
    done = subprocess.run(
        [ANSIBLE, "-i", "hosts.yml", "play.yml"],
        cwd=folder,
        env={
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CALLBACK_PLUGINS": str(REPO / "plugins/callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "kolla_events",
            "ARMATURE_KOLLA_EVENTS": str(folder / "events"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "kolla_events" not in done.stderr
    return [json.loads(line) for line in (folder / "events").read_text().splitlines()]


def results(events: list[dict[str, Any]], host: str) -> list[tuple[str, str, str]]:
    return [
        (event["service"], event["task"], event["status"])
        for event in events
        if event["event"] == "result" and event["host"] == host
    ]


def test_results(events: list[dict[str, Any]]):
    assert results(events, "a") == [
        ("keystone", "Copy configuration", "ok"),
        ("keystone", "Change something", "changed"),
        ("keystone", "Skip this", "skipped"),
        ("keystone", "Look for what may be missing", "ignored"),
        ("keystone", "Restart keystone", "ok"),
        ("Prepare", "Use the outer role", "ok"),
        ("outer", "In outer", "ok"),
        ("outer", "In inner", "ok"),
        ("Prepare", "Fail and be rescued", "failed"),
        ("Prepare", "Rescue", "ok"),
        ("nova", "Hide this", "skipped"),
        ("nova", "Fail on some items", "failed"),
    ]


def test_the_run_as_a_whole(events: list[dict[str, Any]]):
    run = Run()
    for event in events:
        run.feed(event)
    assert run.changed == 2
    assert [(f.service, f.host, f.task) for f in run.failures] == [
        ("nova", "a", "Fail on some items"),
        ("nova", "b", "Hide this"),
    ]
    assert run.failures[0].reason == "two: no two"
    assert "no_log" in run.failures[1].reason


def test_what_is_hidden_stays_hidden(events: list[dict[str, Any]]):
    assert "secret-word" not in json.dumps(events)
