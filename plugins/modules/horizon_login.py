#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a login into Horizon with a browser."""

from __future__ import annotations

DOCUMENTATION = r"""
module: horizon_login
short_description: Log in to Horizon with a browser
description:
  - Starts Chromium without a window, types the user's name and password of clouds.yaml into Horizon's form, opens the
    project's overview and keeps a picture of it, or of the page where that failed.
  - The cloud's CA is put into the browser's own certificate database, and no certificate error is passed over.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
  url: {description: Horizon's URL., type: str, required: true}
  screenshot: {description: PNG file to write. Its folder must exist., type: path, required: true}
  timeout: {description: Seconds to wait for a page., type: int, default: 120}
requirements: [openstacksdk, selenium, Debian's chromium, chromium-driver and libnss3-tools]
"""

EXAMPLES = r"""
- name: Log in to Horizon
  horizon_login:
    cloud: kolla-admin
    url: https://cloud.example.org/
    screenshot: build/horizon.png
"""

RETURN = r"""
title: {description: Title of the overview., type: str, returned: success}
user: {description: The user whom the page greets., type: str, returned: success}
seconds: {description: Time from the first page to the overview., type: float, returned: success}
browser: {description: Name and version of the browser., type: str, returned: success}
"""

import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from ansible.module_utils.basic import AnsibleModule

TOOLS = {"chromium": "chromium", "chromedriver": "chromium-driver", "certutil": "libnss3-tools"}
"""Command -> Debian package that has it."""

WINDOW = "1400,1000"
"""Size of the picture in pixels."""

OVERVIEW = "project/"

USER = ".user-menu .user-name"
BROWSER_ERROR = "#main-message"
"""Chromium's own page, for example about a certificate that it does not trust."""
REFUSAL = "#splash .alert-danger"
COMPLAINT = ".messages .alert-danger"
CHART = ".quota-dynamic svg"
"""Drawn by a script of the page, so it tells that the static files are there too."""

PEM = "-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n"


class HorizonError(Exception):
    """Nobody could log in; the message says what the browser showed."""


def trust(run: Any, home: Path, certificates: str) -> None:
    """Make the browser whose home is ``home`` trust every CA in a PEM text.

    Source: certutil(1), which reads one certificate a file; Chromium, docs/linux/cert_management.md.
    """
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    store = f"sql:{database}"
    commands = [["certutil", "-d", store, "-N", "--empty-password"]]
    for number, text in enumerate(re.findall(PEM, certificates, re.DOTALL)):
        file = home / f"{number}.pem"
        file.write_text(text)
        commands.append(["certutil", "-d", store, "-A", "-t", "C,,", "-n", f"cloud-{number}", "-i", str(file)])
    for argv in commands:
        status, out, err = run(argv)
        if status != 0:
            raise HorizonError(f"{' '.join(argv)} ended with status {status}: {(err or out).strip()}")


def open_browser(home: Path) -> Any:
    """A Chromium without a window that keeps everything below ``home``."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    arguments = ["--headless=new", f"--window-size={WINDOW}", f"--user-data-dir={home}/profile", "--disable-gpu"]
    # Chromium refuses to run as root in its sandbox, and /dev/shm is small in containers.
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    for argument in [*arguments, "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"]:
        options.add_argument(argument)
    service = Service(shutil.which("chromedriver"), env={**os.environ, "HOME": str(home)})
    return webdriver.Chrome(options=options, service=service)


def login(browser: Any, url: str, auth: dict[str, str], timeout: float) -> dict[str, Any]:
    """Log in and open the overview; return its title, the user and the time. Raises HorizonError.

    Source: horizon, openstack_auth/forms.py and horizon/templates/auth/_login_page.html (the form),
    openstack_dashboard/templates/header/_user_menu.html (the user), horizon/common/_limit_summary.html (the charts).
    """
    from selenium.common.exceptions import TimeoutException, WebDriverException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    def texts(selector: str) -> list[str]:
        return [element.text.strip() for element in browser.find_elements(By.CSS_SELECTOR, selector)]

    def wait_for(selector: str) -> None:
        WebDriverWait(browser, timeout).until(lambda page: page.find_elements(By.CSS_SELECTOR, selector))

    values = {
        "domain": auth.get("user_domain_name") or "Default",
        **{name: auth[name] for name in ("username", "password")},
    }
    browser.set_page_load_timeout(timeout)
    start = time.monotonic()
    try:
        browser.get(url)
        wait_for(f"#loginBtn, {BROWSER_ERROR}")
        if errors := texts(BROWSER_ERROR):
            raise HorizonError(f"{url}: {' '.join(errors[0].split())}")
        for name, value in values.items():
            for field in browser.find_elements(By.NAME, name):
                if field.is_displayed():
                    field.send_keys(value)
        browser.find_element(By.ID, "loginBtn").click()
        wait_for(f"{USER}, {REFUSAL}")
        if refusals := texts(REFUSAL):
            raise HorizonError(f"{url}: {'; '.join(refusals)}")
        browser.get(urljoin(url, OVERVIEW))
        wait_for(CHART)
        if complaints := list(filter(None, texts(COMPLAINT))):
            raise HorizonError(f"{browser.current_url}: {'; '.join(complaints)}")
        return {"title": browser.title, "user": texts(USER)[0], "seconds": round(time.monotonic() - start, 1)}
    except TimeoutException as error:
        page = f"{browser.current_url} ({browser.title or 'no title'})"
        raise HorizonError(f"{page}: not complete within {timeout} s.") from error
    except WebDriverException as error:
        raise HorizonError(f"{url}: {error.msg}") from error


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "url": {"type": "str", "required": True},
            "screenshot": {"type": "path", "required": True},
            "timeout": {"type": "int", "default": 120},
        }
    )
    try:
        from openstack.config import OpenStackConfig
        from openstack.exceptions import ConfigException
        from selenium.common.exceptions import WebDriverException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    if missing := sorted(package for tool, package in TOOLS.items() if shutil.which(tool) is None):
        module.fail_json(msg=f"missing tools. Install them: apt-get install {' '.join(missing)}")
    wanted = module.params
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            cloud = OpenStackConfig().get_one(cloud=wanted["cloud"]).config
            if cloud.get("cacert"):
                trust(module.run_command, home, Path(cloud["cacert"]).read_text())
            browser = open_browser(home)
            try:
                name = f"{browser.capabilities['browserName']} {browser.capabilities['browserVersion']}"
                seen = login(browser, wanted["url"], cloud["auth"], wanted["timeout"])
            finally:
                browser.save_screenshot(wanted["screenshot"])
                browser.quit()
        except HorizonError as error:
            module.fail_json(msg=f"{error} See {wanted['screenshot']}")
        except (ConfigException, WebDriverException, OSError) as error:
            module.fail_json(msg=str(error))
    module.exit_json(changed=True, browser=name, **seen)


if __name__ == "__main__":
    main()
