"""Runs all models on a Snowflake and on a BigQuery that only listen, and judges every statement that they are sent.

    python listen.py snowflake|bigquery FOLDER     both runs; dbt keeps its files in the folder
    python listen.py snowflake|bigquery --judge    only whether it takes each statement of a JSON list on stdin

Nothing leaves this machine: where dbt's adapter would ask its warehouse, it is told of the raw tables as Airbyte's
destination makes them there, and of the tables that it has made before. The first run makes everything, the second one
is incremental. Each statement must be one in the warehouse's dialect, and read only columns that are there. What the
warehouse makes of it this does not show. Ends with one line of JSON: how many statements of which kind there were, and the columns of each model.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
RAW_SCHEMA = "dixa"
#: Column types of Airbyte's destinations, by the type in a stream's schema.
TYPES = {
    "snowflake": {
        "integer": "NUMBER",
        "number": "FLOAT",
        "boolean": "BOOLEAN",
        "string": "TEXT",
        "date-time": "TIMESTAMP_TZ",
        "json": "VARIANT",
    },
    "bigquery": {
        "integer": "INT64",
        "number": "NUMERIC",
        "boolean": "BOOL",
        "string": "STRING",
        "date-time": "TIMESTAMP",
        "json": "JSON",
    },
}


def name_of(dialect: str, name: str) -> str:
    """A column as the warehouse has it when nobody quoted its name."""
    return name.upper() if dialect == "snowflake" else name


def raw_tables(dialect: str) -> dict[str, dict[str, str]]:
    """Columns and their types by table, as Airbyte's destination names and makes them."""
    catalog = json.loads((ROOT / "spec" / "golden" / "catalog.json").read_text(encoding="utf-8"))["catalog"]
    tables = {}
    for stream in catalog["streams"]:
        fields = {**stream["json_schema"]["properties"], "_airbyte_extracted_at": {"format": "date-time"}}
        tables[stream["name"]] = {
            name_of(dialect, name): TYPES[dialect][kind_of(field)] for name, field in fields.items()
        }
    return tables


def kind_of(field: dict[str, Any]) -> str:
    if field.get("format") == "date-time":
        return "date-time"
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    (kind,) = (kind for kind in kinds if kind != "null")
    return kind if kind in TYPES["bigquery"] else "json"


class Listener:
    """A warehouse that takes every statement for done, and knows what tables there are by then."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.statements: list[str] = []
        self.raw = raw_tables(dialect)
        #: Columns of what was made, in the order of their statement.
        self.made: dict[str, list[str]] = {}
        self.views: set[str] = set()
        self.counts: Counter[str] = Counter()

    def take(self, sql: str) -> None:
        """Judges what may be several statements."""
        for statement in parse(sql, dialect=self.dialect):
            if statement is None:
                continue
            if isinstance(statement, exp.Command):
                raise ValueError(f"no statement that the parser knows: {sql[:200]}")
            self.counts[statement.key] += 1
            for query in [statement] if isinstance(statement, exp.Query) else statement.find_all(exp.Query):
                if query.find_ancestor(exp.Query) is None:
                    self.judge(query)
            if isinstance(statement, exp.Create) and isinstance(statement.expression, exp.Query):
                name = statement.find(exp.Table).name.lower()
                self.made[name] = [
                    name_of(self.dialect, column) for column in statement.expression.named_selects
                ]
                if statement.args["kind"] == "VIEW":
                    self.views.add(name)

    def takes(self, sql: str) -> bool:
        try:
            self.take(sql)
        except (SqlglotError, ValueError):
            return False
        return True

    def judge(self, query: exp.Query) -> None:
        """Raises an error of sqlglot's when a column is read that no table has, or ValueError at an unknown table."""
        schema = MappingSchema(dialect=self.dialect)
        known = {name: dict(columns) for name, columns in self.raw.items()}
        known.update({name: dict.fromkeys(columns, "UNKNOWN") for name, columns in self.made.items()})
        for table in query.find_all(exp.Table):
            if not table.db:
                continue
            if (columns := known.get(table.name.lower())) is None:
                raise ValueError(f"there is no table {table.sql(self.dialect)}")
            schema.add_table(table.copy(), columns, dialect=self.dialect)
        qualify(query.copy(), schema=schema, dialect=self.dialect, quote_identifiers=False)


def deafen(listener: Listener) -> None:
    """Puts the listener in the place of the adapter's connection."""
    import agate
    from dbt.adapters.contracts.connection import AdapterResponse, ConnectionState

    if listener.dialect == "snowflake":
        from dbt.adapters.snowflake.impl import SnowflakeAdapter as Adapter
    else:
        from dbt.adapters.bigquery.impl import BigQueryAdapter as Adapter

    def open_connection(_: Any, connection: Any) -> Any:
        connection.state = ConnectionState.OPEN
        connection.handle = SimpleNamespace(close=lambda: None, session_id="none")
        return connection

    def execute(_: Any, sql: str, *__: Any, **___: Any) -> tuple[AdapterResponse, agate.Table]:
        listener.take(sql)
        return AdapterResponse("OK"), agate.Table([], [], [])

    def relation(adapter: Any, database: str, schema: str, identifier: str) -> Any:
        name = identifier.lower()
        if not (schema.lower() == RAW_SCHEMA and name in listener.raw) and name not in listener.made:
            return None
        kind = "view" if name in listener.views else "table"
        return adapter.Relation.create(database=database, schema=schema, identifier=identifier, type=kind)

    def columns(adapter: Any, table: Any) -> list[Any]:
        name = table.identifier.lower()
        if table.schema.lower() == RAW_SCHEMA:
            return [adapter.Column(column=column, dtype=kind) for column, kind in listener.raw[name].items()]
        return [adapter.Column(column=column, dtype="STRING") for column in listener.made[name]]

    Adapter.ConnectionManager.open = classmethod(open_connection)
    Adapter.execute = execute
    Adapter.get_relation = relation
    Adapter.get_columns_in_relation = columns
    Adapter.list_schemas = lambda *_: [RAW_SCHEMA, "marts"]
    Adapter.check_schema_exists = lambda *_: True
    Adapter.list_relations_without_caching = lambda *_: []
    Adapter.is_replaceable = lambda *_: True
    for name in ("create_schema", "drop_relation", "rename_relation", "expand_target_column_types"):
        setattr(Adapter, name, lambda *_, **__: None)


def main(dialect: str, target: str) -> None:
    listener = Listener(dialect)
    if target == "--judge":
        print(json.dumps([listener.takes(statement) for statement in json.load(sys.stdin)]))
        return
    # Slow to load, and not needed to judge.
    from dbt.cli.main import dbtRunner

    deafen(listener)
    counts = []
    for _ in ("full", "incremental"):
        listener.counts = Counter()
        result = dbtRunner().invoke(
            [
                *("--no-send-anonymous-usage-stats", "--no-use-colors", "--quiet", "run", "--target", dialect),
                *("--project-dir", str(ROOT / "models"), "--profiles-dir", str(HERE)),
                *("--target-path", target, "--log-path", target),
            ]
        )
        if not result.success:
            raise SystemExit(f"dbt run on {dialect} failed: {result.exception or 'see above'}")
        counts.append(dict(listener.counts))
    print(json.dumps({"full": counts[0], "incremental": counts[1], "columns": listener.made}))


if __name__ == "__main__":
    main(*sys.argv[1:])
