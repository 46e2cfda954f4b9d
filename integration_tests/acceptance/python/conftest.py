"""What all suites share: simulators that end with their test."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Before PyAirbyte is imported: without it, it asks a registry for metadata, and fails where there is no network.
os.environ["AIRBYTE_OFFLINE_MODE"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

from simulator import Simulator  # noqa: E402


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulator]]:
    """Starts simulators with the given options."""
    started: list[Simulator] = []

    def start(**options: Any) -> Simulator:
        started.append(Simulator({"limits": False, **options}))
        return started[-1]

    yield start
    for simulator in started:
        simulator.close()
