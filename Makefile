# Two commands are all most people need: `make lab` and `make test`. The rest is their parts.
SHELL := /bin/bash
VENV := .venv
SITE ?= lab
PYTHON := $(shell command -v python3)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
INVENTORY := inventories/$(SITE)/site.yml
MOLECULE := ANSIBLE_CONFIG=$(CURDIR)/ansible.cfg $(VENV)/bin/molecule
PLAYBOOK := $(VENV)/bin/ansible-playbook -i $(INVENTORY)

.PHONY: help lab lab-hosts lab-stop lab-destroy verify e2e e2e-storage e2e-diskless test lint unit molecule test-network-vm test-lab-machines benchmarks benchmarks-storage benchmarks-diskless clean
help: ## Say what there is to make
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

lab: lab-hosts ## Make a whole site on this machine (SITE=lab) and deploy it
	$(PLAYBOOK) playbooks/deploy.yml

lab-hosts: $(VENV)/.done ## Make the lab's hosts and images, without OpenStack
	$(PLAYBOOK) playbooks/create_lab.yml

lab-stop: $(VENV)/.done ## Shut the lab's hosts down; make lab starts them again
	$(PLAYBOOK) playbooks/stop_lab.yml

lab-destroy: $(VENV)/.done ## Take the lab away again
	$(PLAYBOOK) playbooks/destroy_lab.yml

verify: $(VENV)/.done ## Boot virtual machines on the site and look at it as its users do
	$(PLAYBOOK) playbooks/verify.yml

e2e: $(VENV)/.done ## Disturb the running lab and see it converge
	SITE=$(SITE) $(VENV)/bin/pytest tests/e2e/lab $(E2E)

e2e-storage: $(VENV)/.done ## Volumes on the running lab: made, broken, restored (SITE=lab-three: also hosts that are lost)
	SITE=$(SITE) $(VENV)/bin/pytest tests/e2e/storage $(E2E)

e2e-diskless: SITE = lab-baremetal
e2e-diskless: $(VENV)/.done ## Machines without disks on the running SITE=lab-baremetal: booted, rebooted, left by a gateway
	SITE=$(SITE) $(VENV)/bin/pytest tests/e2e/diskless $(E2E)

test: lint unit molecule ## Lint, unit, golden, negative and role tests

lint: $(VENV)/.done ## ruff, mypy --strict, ansible-lint
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/ansible-lint -q

unit: $(VENV)/.done ## Tests that need no host
	$(VENV)/bin/pytest

molecule: $(VENV)/.done ## Every role on hosts of its own
	$(MOLECULE) test --all --exclude host_network_vm --exclude lab_baremetal --exclude lab_images_extras

test-network-vm: $(VENV)/.done ## VLANs and bonds in a virtual machine with Debian's own kernel
	$(MOLECULE) test --scenario-name host_network_vm

test-lab-machines: $(VENV)/.done ## The lab's virtual machines and bare-metal nodes: made, switched, killed, removed; their images
	$(MOLECULE) test --scenario-name lab_baremetal
	$(MOLECULE) test --scenario-name lab_images_extras

$(VENV)/.done: pyproject.toml
	test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check uv
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[ansible,test]'
	touch $@

benchmarks: $(VENV)/.done ## Print time and memory: the compiler's, and the lab's by stage (takes the lab away first)
	$(VENV)/bin/python benchmarks/compile.py
	$(VENV)/bin/python benchmarks/lab.py

benchmarks-storage: $(VENV)/.done ## Print what the running lab's volumes give and what its Ceph takes (STAGES=bootstrap: destroys Ceph)
	SITE=$(SITE) $(VENV)/bin/python benchmarks/storage.py $(STAGES)

benchmarks-diskless: $(VENV)/.done ## Print how long a machine without disks takes to boot, and what its volume gives (SITE=lab-baremetal)
	$(VENV)/bin/python benchmarks/diskless.py $(STAGES)

clean: ## Remove what was built here; the lab and the cache stay
	rm -rf $(VENV) build
