"""Mends of what is inside images. The texts are upstream's own, of the versions named.

Images are built from stable branches and carry versions such as 28.0.1.dev7, so Cinder's go by the first number.
"""

from __future__ import annotations

from armature.upstream.mend import Mend

_DRIVER = "cinder/volume/drivers/ceph/rbd_iscsi.py"
_CLIENT = "rbd_iscsi_client/client.py"
_CINDERS = ("26", "28")

CINDER = (
    Mend(
        name="rbd-iscsi-all-portals",
        why="An initiator is told of the first gateway alone: every machine hangs on that one, and goes with it.",
        versions=_CINDERS,
        file=_DRIVER,
        replacements=(
            (
                """        target_portal = ips[0]
        if netutils.is_valid_ipv6(target_portal):
            target_portal = "[%s]:3260" % target_portal
        else:
            target_portal = "%s:3260" % target_portal
""",
                """        target_portals = ["[%s]:3260" % ip if netutils.is_valid_ipv6(ip)
                          else "%s:3260" % ip for ip in ips]
        target_portal = target_portals[0]
""",
            ),
            (
                """                'target_lun': lun['id'],
""",
                """                'target_lun': lun['id'],
                'target_iqns': [self.target_iqn] * len(target_portals),
                'target_portals': target_portals,
                'target_luns': [lun['id']] * len(target_portals),
""",
            ),
        ),
    ),
    Mend(
        name="rbd-iscsi-forced-detach",
        why="A volume is taken from all who have it, and then a connector is asked for that was not given: the volume"
        " stays in the state 'detaching'.",
        versions=_CINDERS,
        file=_DRIVER,
        replacements=(
            (
                "            self._terminate_all(volume, iscsi_config)\n",
                "            self._terminate_all(volume, iscsi_config)\n            return\n",
            ),
        ),
    ),
    Mend(
        name="rbd-iscsi-detach-again",
        why="A detachment that was cut off cannot be done again: the LUN or the initiator that is gone is an error, and"
        " the volume stays as it is.",
        versions=_CINDERS,
        file=_DRIVER,
        replacements=(
            (
                """        luns = target_info['clients'][initiator_iqn]['luns']
""",
                """        luns = target_info['clients'].get(initiator_iqn, {}).get('luns', {})
""",
            ),
            (
                """                    client = clients[client_iqn]
""",
                """                    client = clients.get(client_iqn, {'luns': {}})
""",
            ),
            (
                """        initiator_iqn = connector['initiator']
        self._terminate_connection(""",
                """        if self._lun_name(volume.name) not in iscsi_config['disks']:
            return
        initiator_iqn = connector['initiator']
        self._terminate_connection(""",
            ),
        ),
    ),
    Mend(
        name="rbd-iscsi-shared-volume",
        why="When one of two initiators lets go of a volume, the target shall lose it, which the gateway refuses: the"
        " detachment fails.",
        versions=_CINDERS,
        file=_DRIVER,
        replacements=(
            (
                """        # Try to unregister the disk, since nobody is using it.
        self.unregister_disk(self.target_iqn, volume.name)

        config = self._get_config()
""",
                """        config = self._get_config()
        target = config['targets'][self.target_iqn]
        lun_name = self._lun_name(volume.name)
        if lun_name in target['disks'] and not any(
                lun_name in other['luns']
                for other in target['clients'].values()):
            self.unregister_disk(self.target_iqn, volume.name)
            config = self._get_config()
""",
            ),
        ),
    ),
    Mend(
        name="rbd-iscsi-refused-luns",
        why="Whatever the gateway has against a LUN is taken for its being there already, and a volume is attached that"
        " nobody shows.",
        versions=_CINDERS,
        file=_DRIVER,
        replacements=(("            if desc.find(search_str):\n", "            if search_str in (desc or ''):\n"),),
    ),
    Mend(
        name="rbd-iscsi-password-in-log",
        why="With debug logging, the password of every initiator is in Cinder's log.",
        versions=_CINDERS,
        file=_DRIVER,
        replacements=(
            (
                """        LOG.debug("Setting chap creds to %(user)s : %(pass)s",
                  {'user': username, 'pass': password})
""",
                """        LOG.debug("Setting chap creds of %(user)s", {'user': username})
""",
            ),
        ),
    ),
)
"""Of Cinder's driver RBDISCSIDriver."""

CLIENT = (
    Mend(
        name="rbd-iscsi-client-tries-again",
        why="Attempts are counted over all requests: after five without an answer Cinder asks no more until it is"
        " started anew, and before that it waits longer before each.",
        versions=("0.1.8",),
        file=_CLIENT,
        replacements=(
            (
                "        while r is None and self.tries > 0:\n",
                "        self.tries, self.delay = type(self).tries, type(self).delay\n"
                "        while r is None and self.tries > 0:\n",
            ),
        ),
    ),
    Mend(
        name="rbd-iscsi-client-gives-up",
        why="Cinder gives no time after which to give up, and that overrides the client's own: it waits for ever for a"
        " gateway whose host went away.",
        versions=("0.1.8",),
        file=_CLIENT,
        replacements=(("        self.timeout = timeout\n", "        self.timeout = timeout or type(self).timeout\n"),),
    ),
)
"""Of what that driver asks the gateways by."""

PACKAGES: dict[str, tuple[Mend, ...]] = {"cinder": CINDER, "rbd-iscsi-client": CLIENT}
"""Name of a Python package -> its mends."""
