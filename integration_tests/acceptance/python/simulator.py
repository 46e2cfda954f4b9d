"""The Dixa simulator as a child of this process."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
NODE = ROOT / "node_modules" / ".bin" / "node"


class Simulator:
    """Runs `integration_tests/acceptance/simulator.ts` and speaks its protocol: one line of JSON each way."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        """Starts it with these options, or with the fixed account of `acceptance-test-config.yml` on free ports."""
        argument = "--fixed" if options is None else json.dumps(options)
        self._process = subprocess.Popen(
            [NODE, ROOT / "integration_tests" / "acceptance" / "simulator.ts", argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "EXPORTS_PORT": "0", "API_PORT": "0"},
        )
        self.config: dict[str, Any] = self._answer()

    def truth(self, file: Path) -> dict[str, dict[Any, dict[str, Any]]]:
        """All rows as Dixa sends them, by stream and id."""
        self._ask({"do": "truth", "file": str(file)})
        rows: dict[str, dict[Any, dict[str, Any]]] = {}
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                rows.setdefault(entry["stream"], {})[entry["row"]["id"]] = entry["row"]
        return rows

    def touch(self, count: int, at: int) -> None:
        """Changes so many conversations; their cursors are `at` (ms UTC) and the milliseconds after it."""
        self._ask({"do": "touch", "count": count, "at": at})

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the simulator has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer
