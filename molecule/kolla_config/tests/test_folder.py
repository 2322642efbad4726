"""The folder that kolla-ansible reads."""

import os
import stat
import subprocess
from pathlib import Path

FOLDER = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "kolla_config"
WRITTEN = FOLDER / "build/kolla"
KEPT = FOLDER / "site/secrets/certificates"


def test_it_holds_what_is_wanted_and_nothing_else():
    assert (WRITTEN / "globals.yml").is_file()
    assert (WRITTEN / "inventory.yml").is_file()
    assert (WRITTEN / "config/heat/heat.conf").read_text() == "[DEFAULT]\n"
    assert not (WRITTEN / "config/nova/former.conf").exists()


def test_nobody_else_can_read_it():
    files = [path for path in WRITTEN.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(WRITTEN.stat().st_mode) == 0o700


def test_passwords_stay_encrypted():
    assert (WRITTEN / "passwords.yml").read_bytes().startswith(b"$ANSIBLE_VAULT;")


def test_private_keys_are_kept_encrypted():
    kept = [path for path in KEPT.rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if b"PRIVATE KEY" in path.read_bytes()] == []
    assert b"PRIVATE KEY" in (WRITTEN / "certificates/haproxy.pem").read_bytes()


def test_the_certificate_is_for_the_name_and_the_vip():
    line = ["openssl", "x509", "-noout", "-text", "-in", str(WRITTEN / "certificates/haproxy.pem")]
    text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "DNS:cloud.molecule.test, IP Address:FD00:A12A:1AC:1:0:0:0:100" in text
    line = ["openssl", "verify", "-CAfile", str(WRITTEN / "certificates/ca/root.crt")]
    subprocess.run([*line, str(WRITTEN / "certificates/haproxy.pem")], check=True, capture_output=True)


def test_a_lost_build_folder_comes_back_with_the_same_certificate(play):
    before = (WRITTEN / "certificates/haproxy.pem").read_bytes()
    for path in sorted(WRITTEN.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    done = play("converge.yml")
    assert done.status == 0, done.messages
    assert (WRITTEN / "certificates/haproxy.pem").read_bytes() == before


def test_a_missing_certificate_is_named(play):
    done = play("provided.yml")
    assert done.status == 2
    assert "site/kolla/certificates: haproxy-internal.pem, haproxy.pem missing." in done.messages[0]


def test_a_file_of_two_sources_is_refused(play):
    ours = [path for path in (WRITTEN / "config").rglob("*") if path.is_file() and "heat" not in path.parts]
    artefact = ours[0].relative_to(WRITTEN / "config")
    theirs = FOLDER / "site/kolla/config" / artefact
    theirs.parent.mkdir(parents=True, exist_ok=True)
    theirs.write_text("x\n")
    try:
        done = play("converge.yml")
    finally:
        theirs.unlink()
    assert done.status == 2
    assert f"site/kolla/config/{artefact}: Armature writes this file too, from site.yml." in done.messages[0]
