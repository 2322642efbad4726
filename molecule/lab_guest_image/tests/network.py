"""Boots the guest image as a cloud would, on a tap in this process' own network namespace, and logs in to it.

Run by the test as `unshare --net python network.py IMAGE FOLDER`; prints what the guest said.
"""

import http.server
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

PREFIX = "fd00:9::"
GUEST = "fd00:9::f816:3eff:fe00:1"
MAC = "fa:16:3e:00:00:01"
METADATA = "fe80::a9fe:a9fe"
HOPS = 255  # RFC 4861: an advertisement that crossed a router is ignored.
AUTONOMOUS_ON_LINK = 0xC0
LIFETIME = 1800
TIMEOUT = 240


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def advertise() -> None:
    """Be the router: one advertisement a second (RFC 4861, sections 4.2 and 4.6.2)."""
    link = socket.if_nametoindex("tap0")
    router = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOPS)
    head = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, LIFETIME, 0, 0)
    prefix = struct.pack("!BBBBIII", 3, 4, 64, AUTONOMOUS_ON_LINK, LIFETIME, LIFETIME, 0)
    while True:
        router.sendto(head + prefix + socket.inet_pton(socket.AF_INET6, PREFIX), ("ff02::1", 0, 0, link))
        time.sleep(1)


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


def serve(key: str) -> None:
    """Be the metadata service."""
    answers = {
        "/latest/meta-data/public-keys/0/openssh-key": key,
        "/latest/meta-data/local-hostname": "guest-a",
        "/openstack/latest/user_data": "#!/bin/sh\necho told > /run/peer\n",
    }

    class Metadata(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write((answer or "").encode())

    Server((METADATA, 80, 0, socket.if_nametoindex("tap0")), Metadata).serve_forever()


def boot(image: Path, folder: Path) -> subprocess.Popen[bytes]:
    argv = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-cpu", "max", "-m", "192", "-display", "none"]
    argv += ["-snapshot", "-drive", f"file={image},format=raw,if=virtio", "-serial", f"file:{folder}/console.log"]
    argv += ["-netdev", "tap,id=net,ifname=tap0,script=no,downscript=no"]
    return subprocess.Popen([*argv, "-device", f"virtio-net-pci,netdev=net,mac={MAC},romfile="])


def login(key: Path) -> str:
    options = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=3")
    argv = ["ssh", "-q", "-i", str(key), *(word for option in options for word in ("-o", option)), f"root@{GUEST}"]
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        done = subprocess.run([*argv, "hostname; cat /run/peer"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
        time.sleep(1)
    raise TimeoutError(f"no login within {TIMEOUT} s")


def main() -> None:
    image, folder = map(Path, sys.argv[1:])
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    ip("tuntap", "add", "tap0", "mode", "tap")
    ip("link", "set", "tap0", "up")
    for address in (f"{PREFIX}1/64", f"{METADATA}/64"):
        ip("-6", "address", "add", address, "dev", "tap0", "nodad")
    guest = boot(image, folder)
    threading.Thread(target=advertise, daemon=True).start()
    threading.Thread(target=serve, args=(key.with_suffix(".pub").read_text(),), daemon=True).start()
    try:
        print(login(key), end="")
    finally:
        guest.kill()
        guest.wait()


if __name__ == "__main__":
    main()
