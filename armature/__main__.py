"""``python -m armature``: the same as the command ``armature``."""

import sys

from armature.cli import main

sys.exit(main())
