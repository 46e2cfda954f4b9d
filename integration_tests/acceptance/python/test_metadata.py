"""The metadata under the schema that Airbyte's registry uses."""

import pytest
import yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import (
    ConnectorMetadataDefinitionV0,
)
from pydantic import ValidationError
from simulator import ROOT


def metadata() -> dict:
    return yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))


def test_the_typed_model_accepts_it() -> None:
    model = ConnectorMetadataDefinitionV0.model_validate(metadata())
    assert model.data.connector_type.value == "source"


def test_and_the_model_refuses_what_it_does_not_know() -> None:
    wrong = metadata()
    wrong["data"]["dockerImagTag"] = "0.1.0"
    with pytest.raises(ValidationError):
        ConnectorMetadataDefinitionV0.model_validate(wrong)
