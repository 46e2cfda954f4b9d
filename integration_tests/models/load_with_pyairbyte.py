"""One sync of the built connector through PyAirbyte, as JSON on stdin describes it.

{"program": …, "config": {…}, "cache": "duckdb" or "postgres", "options": {…}}; the options are those of PyAirbyte's cache.
"""

import functools
import json
import os
import sys
from pathlib import Path

# Before PyAirbyte is imported: without it, it asks a registry for metadata, and fails where there is no network.
os.environ["AIRBYTE_OFFLINE_MODE"] = "1"
os.environ["DO_NOT_TRACK"] = "1"

import pandas as pd  # noqa: E402
from airbyte.caches import DuckDBCache, PostgresCache  # noqa: E402

import airbyte as ab  # noqa: E402

CACHES = {"duckdb": DuckDBCache, "postgres": PostgresCache}

wanted = json.load(sys.stdin)
if wanted["cache"] == "postgres":
    # Into PostgreSQL, PyAirbyte 0.71 reads its own files with what pandas guesses: numbers in `created_at` become instants,
    # which the column refuses, and telephone numbers become integers. Without the guesses the rest is as it is.
    pd.read_json = functools.partial(pd.read_json, dtype=False, convert_dates=False)
source = ab.get_source("source-dixa", config=wanted["config"], local_executable=Path(wanted["program"]))
source.select_all_streams()
with CACHES[wanted["cache"]](**wanted["options"]) as cache:
    print(source.read(cache=cache).processed_records)
