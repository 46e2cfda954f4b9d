"""PyAirbyte, Airbyte's own client for Python, loads all streams into DuckDB; its tables are compared with the truth."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airbyte.exceptions import AirbyteConnectorFailedError
from client import FORMS, IMAGE, PROGRAM, STREAMS, load, schemas, source_of, table_of
from expected import COLUMN_TYPES, expected_value, type_of
from simulator import Simulator

import airbyte as ab

SPAN = {"lo": 1767225600000, "hi": 1775001600000}


def assert_same_as_truth(file: Path, source: ab.Source, truth: dict[str, dict[Any, dict[str, Any]]]) -> None:
    """Every row of every stream, every declared field: counts, types and values."""
    with duckdb.connect(str(file)) as connection:
        for stream, properties in schemas(source).items():
            described = connection.execute(f'DESCRIBE "{stream}"').fetchall()
            types = {
                name: column_type for name, column_type, *_ in described if not name.startswith("_airbyte")
            }
            assert types == {name.lower(): COLUMN_TYPES[type_of(field)] for name, field in properties.items()}
            rows = table_of(connection, stream, properties)
            assert sorted(row["id"] for row in rows) == sorted(truth[stream])
            for row in rows:
                raw = truth[stream][row["id"]]
                for name, field in properties.items():
                    wanted = expected_value(stream, name, type_of(field), raw.get(name))
                    assert row[name] == wanted, (stream, raw["id"], name)


@pytest.mark.parametrize("form", FORMS)
def test_two_syncs_into_duckdb_hold_what_dixa_holds(
    form: str, simulate: Callable[..., Simulator], tmp_path: Path
) -> None:
    simulator = simulate(span=SPAN, conversations=400)
    source = source_of(form, simulator)
    source.check()
    file = tmp_path / "dixa.duckdb"
    read_records = load(source, file)
    truth = simulator.truth(tmp_path / "truth.jsonl")
    assert read_records == sum(len(rows) for rows in truth.values()) == 400 * 8
    assert_same_as_truth(file, source, truth)

    # After the cursor of the first sync, which is its beginning, and before the beginning of the second.
    touched_at = int(time.time() * 1000) + 1000
    simulator.touch(7, touched_at)
    time.sleep(3)
    # A new source and cache: what the second sync knows, it knows from the file.
    assert load(source_of(form, simulator), file) == 7
    assert_same_as_truth(file, source, simulator.truth(tmp_path / "truth.jsonl"))


def test_a_source_that_is_killed_in_the_middle_costs_nothing(
    simulate: Callable[..., Simulator], tmp_path: Path
) -> None:
    # So slow that every stream is in the middle of a body when the kill comes.
    simulator = simulate(span=SPAN, conversations=2000, bytesPerSecond=400_000)
    file = tmp_path / "dixa.duckdb"
    killed = threading.Event()

    def kill() -> None:
        while not killed.is_set():
            for pid in children_running("read"):
                time.sleep(1.5)
                os.kill(pid, signal.SIGKILL)
                killed.set()
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with pytest.raises(AirbyteConnectorFailedError):
        load(source_of("program", simulator), file)
    assert killed.is_set()

    source = source_of("program", simulator)
    load(source, file)
    assert_same_as_truth(file, source, simulator.truth(tmp_path / "truth.jsonl"))


def children_running(command: str) -> list[int]:
    """Children of this process that run the connector with this command."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if (
            int(parent) == os.getpid()
            and command.encode() in arguments
            and str(PROGRAM).encode() in arguments
        ):
            found.append(int(entry.name))
    return found


def test_sql_tells_the_conversations_a_queue_and_day(
    simulate: Callable[..., Simulator], tmp_path: Path
) -> None:
    simulator = simulate(span=SPAN, conversations=400)
    file = tmp_path / "dixa.duckdb"
    load(source_of("program", simulator), file, streams=["conversations"])
    with duckdb.connect(str(file)) as connection:
        answer = connection.execute("""
            SELECT
                CAST(make_timestamp(created_at * 1000) AS DATE) AS day,
                coalesce(queue_name, 'no queue') AS queue,
                count(*) AS conversations
            FROM conversations
            GROUP BY day, queue
            ORDER BY day, queue
        """).fetchall()
    rows = simulator.truth(tmp_path / "truth.jsonl")["conversations"].values()
    counted = Counter(
        (
            datetime.fromtimestamp(row["created_at"] / 1000, UTC).date(),
            row["queue_name"] or "no queue",
        )
        for row in rows
    )
    assert answer == [(day, queue, count) for (day, queue), count in sorted(counted.items())]
    assert len({queue for _, queue, _ in answer}) >= 4


@pytest.mark.parametrize("form", FORMS)
def test_pyab_benchmark_runs(form: str, simulate: Callable[..., Simulator], tmp_path: Path) -> None:
    simulator = simulate(span=SPAN, conversations=1000)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**simulator.config, "exports_requests_per_minute": 6000}), encoding="utf-8")
    pyab = Path(sys.executable).parent / "pyab"
    source = f"--source={PROGRAM if form == 'program' else IMAGE}"
    command = [pyab, "benchmark", source, f"--config={config}", f"--streams={','.join(STREAMS)}"]
    # Where it takes itself to be in CI, it prints no figures.
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "8,000 records" in run.stdout + run.stderr
