"""One request after another: lines of JSON in, lines of JSON after RESULT out, or ERROR and why there is no result."""

import json
import sys
import traceback


def serve(carry_out):
    for line in sys.stdin:
        try:
            answer = "RESULT " + json.dumps(carry_out(**json.loads(line)))
        except Exception:
            answer = "ERROR " + json.dumps(traceback.format_exc())
        print(answer, flush=True)
