"""Runs a job of a file of definitions in this process, to its end, its retries among it."""

import runpy

import dagster as dg

from session import serve

ALL_ASSETS = "__ASSET_JOB"


def run(path, job=ALL_ASSETS):
    defs = runpy.run_path(path)["defs"]
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)
    retries = [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
    return {"success": result.success, "retries": len(retries)}


serve(run)
