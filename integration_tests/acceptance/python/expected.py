"""What a row of Dixa must look like in DuckDB, told from the row itself and the stream's schema."""

import json
from datetime import UTC, datetime
from typing import Any

#: DuckDB's types for the types of a schema, as PyAirbyte makes its tables.
COLUMN_TYPES = {
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "array": "JSON",
    "object": "JSON",
    "string": "VARCHAR",
    "date-time": "TIMESTAMP",
}


def type_of(schema: dict[str, Any]) -> str:
    """The one type of a field, without null."""
    if schema.get("format") == "date-time":
        return "date-time"
    (kind,) = (name for name in schema["type"] if name != "null")
    return kind


def expected_value(stream: str, field: str, kind: str, raw: Any) -> Any:
    """The value of a column that holds this value of Dixa."""
    if raw is None:
        return None
    if kind == "date-time":
        moment = datetime.fromisoformat(raw.removesuffix("[GMT]").replace("Z", "+00:00"))
        return moment.astimezone(UTC).replace(tzinfo=None)
    # Dixa sends `to` as a list or as a bare string; the connector puts out one of the two.
    if (stream, field) == ("messages", "to") and isinstance(raw, str):
        return [raw]
    if (stream, field) == ("activity_logs", "attributes"):
        return {key: without_zone_name(key, value) for key, value in raw.items()}
    return raw


def without_zone_name(key: str, value: Any) -> Any:
    """Instants leave in one form: UTC, with milliseconds and `Z`."""
    if key not in ("validUntil", "ratingScheduledTime"):
        return value
    moment = datetime.fromisoformat(value.removesuffix("[GMT]").replace("Z", "+00:00"))
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def found_value(kind: str, value: Any) -> Any:
    """A value of DuckDB as Python's; JSON columns come as text."""
    return json.loads(value) if kind in ("array", "object") and value is not None else value
