"""Time and memory of the dbt package over a million messages and two million activities, in a DuckDB file.

    npm run bench:models

Everything built, then again after one conversation in a hundred has changed, and the same numbers by the SQL that one
writes at first. Each is a process of its own, so that its memory is its own. Numbers that both know must be the same.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SAME = """
    SELECT count(*) FROM marts.dixa__conversation_metrics AS m INNER JOIN naive.conversations AS n USING (conversation_id)
    WHERE (m.count_agent_replies, m.first_reply_at, m.count_customer_messages, m.count_internal_notes, m.count_transfers,
        m.count_offers, m.first_assigned_at, m.first_resolution_at, m.unique_assignees)
    IS NOT DISTINCT FROM (n.count_agent_replies, n.first_reply_at, n.count_customer_messages, n.count_internal_notes,
        n.count_transfers, n.count_offers, n.first_assigned_at, n.first_resolution_at, n.unique_assignees)
"""


def run_sql(file: str, name: str) -> None:
    with duckdb.connect(file) as connection:
        connection.execute("SET threads = 2")
        connection.execute((HERE / name).read_text(encoding="utf-8"))


def run_dbt(file: str) -> None:
    from dbt.cli.main import dbtRunner

    os.environ["DIXA_DUCKDB"] = file
    target = str(Path(file).parent / "target")
    arguments = ["--no-send-anonymous-usage-stats", "--quiet", "run", "--target", "duckdb"]
    arguments += ["--project-dir", str(ROOT / "models"), "--profiles-dir", str(ROOT / "integration_tests" / "models")]
    result = dbtRunner().invoke([*arguments, "--target-path", target, "--log-path", target])
    if not result.success:
        raise SystemExit(f"dbt failed: {result.exception or 'see above'}")


def measured(*arguments: str) -> tuple[float, float, float]:
    """Seconds by the clock and of CPU, and peak memory (MiB), of one of the steps above."""
    began = time.monotonic()
    step = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    usage = json.loads(step.stdout.splitlines()[-1])
    return time.monotonic() - began, usage["cpu"], usage["peak"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "bench.duckdb")
        measured("data.sql", file)
        rows = [
            ("models: everything", measured("dbt", file)),
            ("the first SQL that comes to mind: everything", measured("naive.sql", file)),
        ]
        measured("changes.sql", file)
        rows += [
            ("models: again, after 1 % has changed", measured("dbt", file)),
            ("the first SQL that comes to mind: again", measured("naive.sql", file)),
        ]
        with duckdb.connect(file) as connection:
            counts = [
                connection.execute(f"SELECT count(*) FROM dixa.{table}").fetchone()[0]
                for table in ("conversations", "messages", "activity_logs")
            ]
            (same,) = connection.execute(SAME).fetchone()
    print(f"{counts[0]:,} conversations, {counts[1]:,} messages, {counts[2]:,} activities; two threads")
    print(f"{same:,} of {counts[0]:,} conversations have the same numbers both ways\n")
    print(f"{'':46} {'seconds':>8} {'CPU s':>8} {'peak MiB':>9}")
    for name, (clock, cpu, peak) in rows:
        print(f"{name:46} {clock:8.1f} {cpu:8.1f} {peak:9.0f}")
    if same != counts[0]:
        raise SystemExit("the numbers differ")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main()
        case [step, file]:
            if step == "dbt":
                run_dbt(file)
            else:
                run_sql(file, step)
            usage = resource.getrusage(resource.RUSAGE_SELF)
            print(json.dumps({"cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024}))
