"""PyAirbyte with the connector in both of its forms."""

import json
import os
from pathlib import Path
from typing import Any

import duckdb
from airbyte.caches import DuckDBCache
from expected import found_value, type_of
from simulator import ROOT, Simulator

import airbyte as ab

VERSION = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["version"]
IMAGE = os.environ.get("SOURCE_DIXA_IMAGE", f"source-dixa:{VERSION}")
PROGRAM = ROOT / "dist" / "source-dixa.js"
FORMS = ["program", "image"]
#: Those whose truth the simulator tells these suites; the lists and the followed streams are checked elsewhere.
STREAMS = ["conversations", "messages", "activity_logs"]


def source_of(form: str, simulator: Simulator, **more: Any) -> ab.Source:
    # What changes between two syncs must be all that the second one brings.
    config = {**simulator.config, "lookback_minutes": 0, "exports_requests_per_minute": 6000, **more}
    where = (
        {"local_executable": PROGRAM}
        if form == "program"
        else {"docker_image": IMAGE, "use_host_network": True}
    )
    source = ab.get_source("source-dixa", config=config, **where)
    source.select_streams(STREAMS)
    return source


def schemas(source: ab.Source) -> dict[str, dict[str, Any]]:
    return {stream.name: stream.json_schema["properties"] for stream in source.discovered_catalog.streams if stream.name in STREAMS}


def load(source: ab.Source, file: Path, streams: list[str] | None = None) -> int:
    """One sync into a DuckDB file, with what the file knows of earlier ones. Returns how many records came."""
    with DuckDBCache(db_path=file) as cache:
        return source.read(cache=cache, streams=streams).processed_records


def table_of(
    connection: duckdb.DuckDBPyConnection, stream: str, properties: dict[str, Any]
) -> list[dict[str, Any]]:
    """All rows with the names of the stream's fields; PyAirbyte's columns are in lower case."""
    columns = ", ".join(f'"{name.lower()}"' for name in properties)
    rows = connection.execute(f'SELECT {columns} FROM "{stream}"').fetchall()
    return [
        {
            name: found_value(type_of(field), value)
            for (name, field), value in zip(properties.items(), row, strict=True)
        }
        for row in rows
    ]
