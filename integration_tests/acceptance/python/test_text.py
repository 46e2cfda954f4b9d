"""Values that are legal JSON and that no column holds: each row arrives, or its record says what was changed."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from client import FORMS, PROGRAM, load, schemas, source_of, table_of
from simulator import Simulator

SPAN = {"lo": 1767225600000, "hi": 1775001600000}
INT64_MAX = 2**63 - 1
#: Longest text that is left of one that makes its record larger than 15 MB.
CUT = range(10_000_000, 15_000_000)


def changes_of(source_config: dict[str, Any], tmp_path: Path) -> dict[Any, list[dict[str, str]]]:
    """`meta.changes` by id, of all records that have any, as the program itself puts them out."""
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(source_config), encoding="utf-8")
    discovered = json.loads(subprocess.check_output([PROGRAM, "discover", "--config", config]))["catalog"][
        "streams"
    ]
    streams = [{"stream": stream, "sync_mode": "full_refresh"} for stream in discovered]
    catalog.write_text(json.dumps({"streams": streams}), encoding="utf-8")
    lines = subprocess.check_output([PROGRAM, "read", "--config", config, "--catalog", catalog]).splitlines()
    records = [message["record"] for message in map(json.loads, lines) if message["type"] == "RECORD"]
    return {record["data"]["id"]: record["meta"]["changes"] for record in records if "meta" in record}


def change(field: str, kind: str, reason: str) -> dict[str, str]:
    return {"field": field, "change": kind, "reason": reason}


@pytest.mark.parametrize("form", FORMS)
def test_rows_with_odd_values_arrive(form: str, simulate: Callable[..., Simulator], tmp_path: Path) -> None:
    simulator = simulate(span=SPAN, conversations=20, oddities=True)
    source = source_of(form, simulator)
    file = tmp_path / "dixa.duckdb"
    load(source, file)
    truth = simulator.truth(tmp_path / "truth.jsonl")
    with duckdb.connect(str(file)) as connection:
        tables = {
            stream: {row["id"]: row for row in table_of(connection, stream, properties)}
            for stream, properties in schemas(source).items()
        }
    for stream, rows in truth.items():
        assert sorted(tables[stream]) == sorted(rows)

    conversations = tables["conversations"]
    assert conversations[99_999_901]["subject"] == "lone \ufffd surrogate"
    assert conversations[99_999_902]["total_duration"] is None
    assert conversations[99_999_903]["handling_duration"] is None
    assert conversations[99_999_904]["total_duration"] == INT64_MAX
    assert conversations[99_999_904]["subject"] == "as large as fits"
    assert conversations[99_999_905]["subject"] == "spaced\n"
    assert len(conversations[99_999_906]["subject"]) in CUT
    # An offset instead of Z: PyAirbyte would drop it without a sound, so the connector puts out UTC.
    odd = "dddddddd-0000-4000-8000-000000000001"
    moment = tables["activity_logs"][odd]["activityTimestamp"]
    assert (
        f"{moment.isoformat(timespec='milliseconds')}+00:00"
        == truth["activity_logs"][odd]["activityTimestamp"]
    )


def test_what_was_changed_is_in_meta_changes(simulate: Callable[..., Simulator], tmp_path: Path) -> None:
    simulator = simulate(span=SPAN, conversations=20, oddities=True)
    config = {**simulator.config, "exports_requests_per_minute": 6000}
    assert changes_of(config, tmp_path) == {
        99_999_901: [change("subject", "TRUNCATED", "SOURCE_SERIALIZATION_ERROR")],
        99_999_902: [change("total_duration", "NULLED", "SOURCE_SERIALIZATION_ERROR")],
        99_999_903: [change("handling_duration", "NULLED", "SOURCE_SERIALIZATION_ERROR")],
        99_999_906: [change("subject", "TRUNCATED", "SOURCE_RECORD_SIZE_LIMITATION")],
    }
