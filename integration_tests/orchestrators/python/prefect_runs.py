"""Runs the flow of a file as its author does, with a server of its own, to its end."""

import runpy

from session import serve


def run(path):
    state = runpy.run_path(path)["dixa"](return_state=True)
    return {"success": state.is_completed()}


serve(run)
