from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from armature.model import Site
from armature.shape import PATTERNS

REPOSITORY = Path(__file__).parents[2]
SITES = sorted(REPOSITORY.glob("inventories/*/site.yml"))


@pytest.mark.parametrize("path", SITES, ids=[path.parent.name for path in SITES])
def test_the_schema_accepts_shipped_sites(path: Path) -> None:
    schema = Site.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(path.read_text()), schema)


def test_the_schema_refuses_an_unknown_key() -> None:
    site = yaml.safe_load((REPOSITORY / "inventories/lab/site.yml").read_text())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(site | {"tennant_mtu": 1500}, Site.model_json_schema())


def patterns(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
        own |= set(schema.get("patternProperties", ()))
        return own.union(*map(patterns, schema.values()))
    return set().union(*map(patterns, schema)) if isinstance(schema, list) else set()


def test_every_pattern_is_put_into_words() -> None:
    assert patterns(Site.model_json_schema()) <= PATTERNS.keys()


def test_a_dumped_site_is_the_same_site() -> None:
    from armature.load import load_site

    for path in SITES:
        site = load_site(path)
        assert Site.model_validate_json(json.dumps(site.model_dump(mode="json")), strict=True) == site
