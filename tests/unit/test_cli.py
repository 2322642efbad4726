from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from armature.cli import main

ARMATURE = [sys.executable, "-m", "armature"]
LAB = "inventories/lab/site.yml"


@pytest.fixture
def broken(repository: Path, tmp_path: Path) -> Path:
    file = tmp_path / "site.yml"
    file.write_text((repository / LAB).read_text().replace("number: 0x2", "number: 0x1"))
    return file


@pytest.mark.parametrize("argument", ["lab", "inventories/lab", "inventories/lab/", LAB, f"./{LAB}"])
def test_a_site_may_be_named_in_several_ways(
    repository: Path, capsys: pytest.CaptureFixture[str], argument: str
) -> None:
    assert main(["check", argument]) == 0
    output = capsys.readouterr()
    assert output.out == f"{LAB}: no problems (1 host, 2 networks, release 2026.1)\n"
    assert output.err == ""


def test_check_prints_the_problems_of_each_site(
    repository: Path, capsys: pytest.CaptureFixture[str], broken: Path
) -> None:
    assert main(["check", str(broken), "lab", "lon2"]) == 1
    assert capsys.readouterr().out.startswith(
        f"{broken}: 1 problem\n"
        "  networks.external.number: 0x1 already belongs to the network api. Choose a free number.\n"
        f"{LAB}: no problems (1 host, 2 networks, release 2026.1)\n"
        "lon2: no file, and no site in inventories/. Did you mean 'lon1'? Use one of "
    )


@pytest.mark.parametrize("command", [["show"], ["compile", "--out", "out"]])
def test_other_commands_refuse_a_broken_site(
    command: list[str], capsys: pytest.CaptureFixture[str], broken: Path
) -> None:
    assert main([command[0], str(broken), *command[1:]]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"{broken}: 1 problem\n  networks.external.number: ")


@pytest.mark.parametrize(
    "arguments", [[], ["chekc"], ["check"], ["show"], ["compile", "lab"], ["schema", "x"], ["--x"]]
)
def test_a_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: armature" in capsys.readouterr().err


def test_show_in_a_pipe(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "lab"]) == 0
    assert capsys.readouterr().out == (
        "machine         network   interface  address                 note\n"
        "cloud.lab.test  api       -          fd00:a12a:1ab:1::100    internal VIP\n"
        "-               api       -          fd00:a12a:1ab:1::1      router\n"
        "-               external  -          fd00:a12a:1ab:2::1      router\n"
        "lab-1           api       eth0       fd00:a12a:1ab:1::10/64  control, network, compute, storage, monitoring\n"
        "lab-1           external  eth1       -                       no address: a port of Open vSwitch\n"
    )


def test_show_of_a_whole_site(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "lon1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    hosts = 3 * (7 + 1) + 6 * (5 + 1) + 4 * (3 + 1) + 2 * (2 + 1)
    assert len(lines) == 1 + 2 + 6 + hosts + 20 * 3
    assert max(map(len, lines)) < 160


@pytest.mark.parametrize(("machine", "rows"), [("ctl-1", 8), ("igw-2", 3), ("node-20", 3)])
def test_show_of_one_machine(repository: Path, capsys: pytest.CaptureFixture[str], machine: str, rows: int) -> None:
    assert main(["show", "lon1", machine]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) == rows
    assert all(line.startswith(machine) for line in lines)


def test_show_of_an_unknown_machine(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "lon1", "ctl-4"]) == 1
    assert capsys.readouterr().err == "ctl-4: no host of the site lon1. Did you mean 'ctl-3'?\n"


def test_show_on_a_narrow_terminal_loses_nothing(repository: Path) -> None:
    controller, terminal = os.openpty()
    environment = os.environ | {"COLUMNS": "70", "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen([*ARMATURE, "show", "lon1", "igw-1"], stdout=terminal, env=environment)
    os.close(terminal)
    output = b""
    try:
        while chunk := os.read(controller, 4096):
            output += chunk
    except OSError:  # Linux ends a pseudo-terminal's output so
        pass
    os.close(controller)
    assert process.wait() == 0
    lines = output.decode().splitlines()
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines[0]) <= 70
    assert "…" not in output.decode()
    assert "iscsi_gateway" in output.decode()


def test_compile_writes_keeps_and_removes_its_own_files(
    repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "deep/out"
    assert main(["compile", "lab", "--out", str(out)]) == 0
    first = capsys.readouterr().out
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert f"{out}: {len(written) - 1} files ({len(written) - 1} written, 0 unchanged, 0 removed)\n" == first
    assert {"kolla/globals.yml", "kolla/inventory.yml", "hosts/lab-1/etc/hosts", ".armature.json"} <= set(written)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert main(["compile", "lab", "--out", str(out)]) == 0
    assert f"(0 written, {len(written) - 1} unchanged, 0 removed)" in capsys.readouterr().out
    assert times == {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}

    (out / "hosts/lab-1/mine").write_text("mine")
    assert main(["compile", "lon1", "--out", str(out)]) == 0
    assert [path.name for path in (out / "hosts/lab-1").rglob("*")] == ["mine"]
    assert (out / "hosts/ctl-1/etc/hosts").is_file()
    assert (out / "kolla/globals.yml").stat().st_mode & 0o777 == 0o644


def test_compile_touches_nothing_of_others(
    repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years")
    assert main(["compile", "lab", "--out", str(tmp_path)]) == 1
    message = f"{tmp_path}: the folder is not empty, and Armature did not write it. Choose another.\n"
    assert capsys.readouterr().err == message
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    out = tmp_path / "out"
    assert main(["compile", "lab", "--out", str(out)]) == 0
    (out / "hosts/ctl-1/etc").mkdir(parents=True)
    (out / "hosts/ctl-1/etc/hosts").write_text("mine")
    assert main(["compile", "lon1", "--out", str(out)]) == 1
    assert "etc/hosts: not written by Armature. Move it away" in capsys.readouterr().err
    assert (out / "hosts/ctl-1/etc/hosts").read_text() == "mine"
    assert (out / "hosts/lab-1/etc/hosts").is_file()


def test_compile_follows_no_path_out_of_its_folder(
    repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("years")
    out = tmp_path / "out"
    out.mkdir()
    (out / ".armature.json").write_text(json.dumps({"files": ["../precious", str(precious)]}))
    assert main(["compile", "lab", "--out", str(out)]) == 0
    assert precious.read_text() == "years"
    (out / ".armature.json").write_text("[")
    assert main(["compile", "lab", "--out", str(out)]) == 1
    assert ".armature.json: damaged" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["/proc/armature", "/dev/null", "/dev/null/x", "x" * 300])
def test_compile_into_a_folder_that_cannot_be(
    repository: Path, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    assert main(["compile", "lab", "--out", folder]) == 1
    assert capsys.readouterr().err.endswith("Choose a folder that you may write.\n")


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["required"] == [
        "name", "prefix", "domain", "networks", "hardware", "hosts", "vips",
    ]  # fmt: skip


def test_a_reader_that_goes_away_is_no_error(repository: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*ARMATURE, "show", "lon1"], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 1


def test_a_full_disk_is_said(repository: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*ARMATURE, "schema"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b"output: No space left on device. Free the disk or change the path.\n"
    assert done.returncode == 1


def test_a_name_that_is_no_text(repository: Path) -> None:
    done = subprocess.run([*ARMATURE, "check", b"caf\xe9"], capture_output=True, check=False)
    assert done.stdout.startswith(rb"caf\udce9: no file, and no site in inventories/.")
    assert done.stderr == b""
    assert done.returncode == 1


def test_an_interrupt_ends_without_a_traceback(repository: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "site.yml"
    os.mkfifo(pipe)
    with subprocess.Popen([*ARMATURE, "check", str(pipe)], stderr=subprocess.PIPE) as process:
        writer = os.open(pipe, os.O_WRONLY)  # returns once the command reads
        process.send_signal(signal.SIGINT)
        # A signal that came between the open and the read wakes no read; the end of the file does.
        os.close(writer)
        _, errors = process.communicate(timeout=20)
    assert errors == b"interrupted\n"
    assert process.returncode == 130
