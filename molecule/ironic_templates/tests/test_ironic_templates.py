import os
from pathlib import Path

TEMPLATE = "/etc/armature/ironic/ipxe.template"
OTHER = "/etc/armature/ironic/other.template"
WRITTEN = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "files/ipxe.template")


def test_a_template_is_ironics_to_fill_in(host):
    assert host.file(TEMPLATE).content_string == WRITTEN.read_text()


def test_the_conductors_user_can_read_it(host):
    assert (host.file(TEMPLATE).user, host.file(TEMPLATE).mode) == ("root", 0o644)
    assert host.check_output(f"runuser --user nobody -- head --lines 1 {TEMPLATE}") == "#!ipxe"


def test_a_changed_file_becomes_what_it_was(host, play):
    host.check_output(f"echo changed > {TEMPLATE}")
    done = play("converge.yml", "--diff")
    assert done.status == 0, done.messages
    assert done.changes == ["mol-1: ironic_templates : Write the conductor's templates"]
    assert host.file(TEMPLATE).content_string == WRITTEN.read_text()


def test_what_is_no_longer_wanted_goes_and_others_files_stay(host, play):
    assert play("remove.yml").status == 0
    assert not host.file(TEMPLATE).exists
    assert host.file(OTHER).content_string == "another's\n"
    assert play("remove.yml").changes == []
    assert play("converge.yml").status == 0
