"""FAST: Airbyte's standard tests of a connector image, as its CDK ships them."""

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from airbyte_cdk.test.models.scenario import REMOVED_ENTRY_KEYS
from airbyte_cdk.test.standard_tests.docker_base import DockerConnectorTestSuite
from simulator import ROOT, Simulator

#: Keys of CAT's form that only CAT knows.
CAT_ONLY = {*REMOVED_ENTRY_KEYS, "validate_stream_statuses"}


def connector_folder() -> Path:
    """A folder as the suite wants it: called `source-…`, with configurations that reach a simulator of this process."""
    simulator = Simulator()
    atexit.register(simulator.close)
    folder = Path(tempfile.mkdtemp()) / "source-dixa"
    atexit.register(shutil.rmtree, folder.parent)
    folder.mkdir()
    shutil.copy(ROOT / "metadata.yaml", folder)
    shutil.copytree(ROOT / "integration_tests" / "acceptance" / "configs", folder / "configs")
    for file in (folder / "configs").iterdir():
        config = json.loads(file.read_text(encoding="utf-8"))
        config.update({key: simulator.config[key] for key in ("exports_url", "api_url")})
        file.write_text(json.dumps(config), encoding="utf-8")
    form = yaml.safe_load((ROOT / "acceptance-test-config.yml").read_text(encoding="utf-8"))
    for section in form["acceptance_tests"].values():
        section["tests"] = [derived(entry) for entry in section["tests"]]
    (folder / "acceptance-test-config.yml").write_text(yaml.safe_dump(form), encoding="utf-8")
    return folder


def derived(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without what the suite refuses. Without a catalog it reads all streams that were discovered."""
    kept = {
        key: value for key, value in entry.items() if key not in CAT_ONLY and key != "configured_catalog_path"
    }
    kept["config_path"] = f"configs/{Path(entry['config_path']).name}"
    return kept


class TestSourceDixa(DockerConnectorTestSuite):
    folder = connector_folder()

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return cls.folder
