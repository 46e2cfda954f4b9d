"""Runs DAGs of the folder of DAGs as `airflow dags test` does, each to its end, its retries among it."""

import os
import runpy

from airflow.sdk import DAG

from session import serve


def run(file):
    path = os.path.join(os.environ["AIRFLOW_HOME"], "dags", file)
    dag = next(value for value in runpy.run_path(path).values() if isinstance(value, DAG))
    dag_run = dag.test()
    tries = {task.task_id: task.try_number for task in dag_run.get_task_instances()}
    return {"success": dag_run.state == "success", "tries": tries}


serve(run)
