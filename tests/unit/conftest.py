from pathlib import Path

import ansible.module_utils
import ansible.modules

PLUGINS = Path(__file__).parents[2] / "plugins"

ansible.module_utils.__path__.append(str(PLUGINS / "module_utils"))
ansible.modules.__path__.append(str(PLUGINS / "modules"))
