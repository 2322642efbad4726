"""Time and peak memory of load, check and compile for generated sites: ``python benchmarks/compile.py [HOSTS...]``.

Every measurement is a fresh process; the median of five is printed. Goal: 1,000 hosts within 2 s.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
SIZES = (10, 100, 1000)

HEAD = """name: bench
prefix: fd00:be9c::/32
domain: bench.example
dns: [2001:db8::53]
ntp: [time.bench.example]
networks:
  admin: {number: 0x1, purposes: [admin], vlan: 11, mtu: 1500, gateway: 0x1}
  api: {number: 0x2, purposes: [api], vlan: 12}
  tunnel: {number: 0x3, purposes: [tunnel], vlan: 13}
  storage: {number: 0x4, purposes: [storage], vlan: 14}
  external: {number: 0x5, purposes: [provider], vlan: 15, mtu: 1500}
  bmc: {number: 0x6, purposes: [bmc], mtu: 1500}
hardware:
  server:
    nics: [enp1s0f0, enp1s0f1]
    bonds: {bond0: {nics: [enp1s0f0, enp1s0f1]}}
    networks: {admin: bond0, api: bond0, tunnel: bond0, storage: bond0, external: bond0}
vips:
  internal: {number: 0xf000, name: cloud.bench.example}
images:
  registry: registry.bench.example:5000
hosts:
"""


def site_text(hosts: int) -> str:
    """Return the text of a site of ``hosts`` servers, 3 of them controllers. Every host has MACs and a BMC."""
    lines = [HEAD]
    for index in range(hosts):
        roles = "control, network, monitoring" if index < 3 else "compute"
        last = f"{index >> 8:02x}:{index & 255:02x}"
        macs = ", ".join(f'enp1s0f{port}: "02:00:00:{port:02x}:{last}"' for port in (0, 1))
        host = f"number: {index + 16:#x}, hardware: server, roles: [{roles}], macs: {{{macs}}}, bmc: {{}}"
        lines.append(f"  host-{index}: {{{host}}}\n")
    return "".join(lines)


def measure(path: Path) -> dict[str, float]:
    """Return the seconds of each stage in this process, and its peak memory in MiB."""
    start = time.perf_counter()
    from armature.compile import artefacts
    from armature.load import load_site

    imported = time.perf_counter()
    site = load_site(path)
    loaded = time.perf_counter()
    files = artefacts(site)
    compiled = time.perf_counter()
    return {
        "import": imported - start,
        "load and check": loaded - imported,
        "compile": compiled - loaded,
        "all": compiled - start,
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "files": float(len(files)),
    }


def main(sizes: list[int]) -> None:
    """Print a line a size, the columns of :func:`measure`."""
    for hosts in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "site.yml")
            path.write_text(site_text(hosts))
            command = [sys.executable, __file__, "--measure", str(path)]
            runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(RUNS)]
        middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        figures = "  ".join(f"{name} {value:.2f}" for name, value in middle.items() if name != "files")
        sys.stdout.write(f"{hosts:>5} hosts  {middle['files']:>6.0f} files  {figures}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.stdout.write(json.dumps(measure(Path(sys.argv[2]))))
    else:
        main([int(size) for size in sys.argv[1:]] or list(SIZES))
