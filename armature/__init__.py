"""Armature: sites of arm64 OpenStack and Ceph from one typed file."""
