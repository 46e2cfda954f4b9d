"""Airbyte's own Python SDK against the simulator: what it refuses, the simulator has wrong.

usage: flow.py '<the line that the simulator prints with --json>'
"""

import json
import sys
import time
import traceback
import urllib.request

import airbyte_api
from airbyte_api import api, errors, models

SIMULATOR = json.loads(sys.argv[1])
CONNECTIONS = SIMULATOR["connectionIds"]
#: A job of the simulator takes a second or two; longer means that it hangs.
PATIENCE_S = 30

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def client(secret=SIMULATOR["clientSecret"]):
    credentials = models.SchemeClientCredentials(
        client_id=SIMULATOR["clientId"],
        client_secret=secret,
        # In full: the SDK would put it below the host, not below the API.
        token_url=SIMULATOR["url"] + "/applications/token",
    )
    return airbyte_api.AirbyteAPI(
        server_url=SIMULATOR["url"], security=models.Security(client_credentials=credentials)
    )


AIRBYTE = client()


def control(path, body):
    request = urllib.request.Request(
        SIMULATOR["control"] + path,
        method="GET" if body is None else "POST",
        data=None if body is None else json.dumps(body).encode(),
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def start(connection_id, job_type=models.JobTypeEnum.SYNC):
    request = models.JobCreateRequest(connection_id=connection_id, job_type=job_type)
    return AIRBYTE.jobs.create_job(request=request).job_response


def get(job_id):
    return AIRBYTE.jobs.get_job(request=api.GetJobRequest(job_id=job_id)).job_response


def follow(job_id):
    """The statuses of a job, in the order in which they were seen, to its end."""
    seen = []
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        status = get(job_id).status.value
        if not seen or seen[-1] != status:
            seen.append(status)
        if status in ("succeeded", "failed", "cancelled"):
            return seen
        time.sleep(0.05)
    raise AssertionError(f"job {job_id} hangs: {seen}")


def refusal(call):
    """Status and body of the answer with which a call fails."""
    try:
        call()
    except errors.SDKError as error:
        return error.status_code, json.loads(error.body)
    raise AssertionError("it did not fail")


def equal(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


@check
def health_answers():
    equal(AIRBYTE.health.get_health_check().status_code, 200)


@check
def sources_are_listed_with_their_secrets_masked():
    sources = AIRBYTE.sources.list_sources(request=api.ListSourcesRequest()).sources_response
    equal(len(sources.data), 1)
    source = sources.data[0]
    equal(source.source_type, "")
    shown = json.dumps(json.loads(source.model_dump_json(by_alias=True))["configuration"])
    raw = AIRBYTE.sources.list_sources(request=api.ListSourcesRequest()).raw_response.json()
    equal(raw["data"][0]["configuration"]["api_token"], "*" * 10)
    assert "sim-token" not in shown, shown


@check
def a_source_is_found_by_its_id():
    listed = AIRBYTE.sources.list_sources(request=api.ListSourcesRequest()).sources_response.data[0]
    found = AIRBYTE.sources.get_source(request=api.GetSourceRequest(source_id=listed.source_id))
    equal(found.source_response.name, listed.name)


@check
def connections_are_listed_page_by_page():
    found, offset = [], 0
    while True:
        request = api.ListConnectionsRequest(limit=10, offset=offset)
        page = AIRBYTE.connections.list_connections(request=request).connections_response
        found += [connection.connection_id for connection in page.data]
        if len(page.data) < 10:
            break
        offset += 10
    equal(found, CONNECTIONS)


@check
def a_page_of_more_than_100_is_refused():
    request = api.ListConnectionsRequest(limit=101)
    status, body = refusal(lambda: AIRBYTE.connections.list_connections(request=request))
    equal((status, list(body)), (400, ["errorId"]))


@check
def a_connection_is_found_by_its_id():
    request = api.GetConnectionRequest(connection_id=CONNECTIONS[0])
    connection = AIRBYTE.connections.get_connection(request=request).connection_response
    equal(connection.status, models.ConnectionStatusEnum.ACTIVE)
    equal([tag.name for tag in connection.tags], ["dixa"])
    equal(
        [stream.name for stream in connection.configurations.streams],
        ["conversations", "messages", "activity_logs"],
    )


@check
def an_unknown_connection_is_a_problem_with_its_id():
    unknown = "00000000-0000-4000-8000-000000000000"
    status, body = refusal(lambda: start(unknown))
    equal((status, body["title"], body["data"]["resourceId"]), (404, "resource-not-found", unknown))


@check
def a_job_is_created_and_followed_until_it_has_succeeded():
    job = start(CONNECTIONS[0])
    equal((job.status.value, job.job_type.value, job.connection_id), ("pending", "sync", CONNECTIONS[0]))
    statuses = follow(job.job_id)
    equal(statuses[-2:], ["running", "succeeded"])
    assert get(job.job_id).last_updated_at is not None


@check
def a_waiting_job_is_joined_and_a_running_one_refuses():
    control("/plans", {"connectionId": CONNECTIONS[1], "queuedMs": 400})
    job = start(CONNECTIONS[1])
    while get(job.job_id).status is not models.JobStatusEnum.QUEUED:
        time.sleep(0.02)
    equal(start(CONNECTIONS[1]).job_id, job.job_id)
    while get(job.job_id).status is not models.JobStatusEnum.RUNNING:
        time.sleep(0.02)
    status, body = refusal(lambda: start(CONNECTIONS[1]))
    equal((status, body["title"]), (409, "try-again-later"))
    equal(follow(job.job_id)[-1], "succeeded")


@check
def a_job_that_waits_may_be_cancelled_by_airbyte():
    control("/plans", {"connectionId": CONNECTIONS[2], "queuedMs": 300, "cancelled": "queued"})
    equal(follow(start(CONNECTIONS[2]).job_id)[-2:], ["queued", "cancelled"])


@check
def jobs_are_listed_newest_first_and_filtered():
    first = start(CONNECTIONS[3]).job_id
    follow(first)
    second = start(CONNECTIONS[3]).job_id
    follow(second)
    request = api.ListJobsRequest(
        connection_id=CONNECTIONS[3],
        order_by="createdAt|DESC",
        job_type=models.JobTypeEnum.SYNC,
        status=models.JobStatusEnum.SUCCEEDED,
    )
    jobs = AIRBYTE.jobs.list_jobs(request=request).jobs_response.data
    equal([job.job_id for job in jobs], [second, first])


@check
def refreshes_are_not_supported():
    status, body = refusal(lambda: start(CONNECTIONS[0], models.JobTypeEnum.REFRESH))
    equal((status, body["title"]), (422, "unprocessable-entity"))


@check
def an_inactive_connection_and_a_stalled_request_answer_the_same():
    control(f"/connections/{CONNECTIONS[4]}", {"status": "inactive"})
    control("/faults", {"route": "start", "kind": "stall", "connectionId": CONNECTIONS[5]})
    inactive = refusal(lambda: start(CONNECTIONS[4]))
    stalled = refusal(lambda: start(CONNECTIONS[5]))
    equal(inactive[1]["title"], "state-conflict")
    equal(stalled, inactive)


@check
def a_revoked_token_is_refused_and_another_one_fetched():
    get_first = lambda: AIRBYTE.jobs.list_jobs(request=api.ListJobsRequest(limit=1))
    get_first()
    control("/tokens/revoke", {})
    status, body = refusal(get_first)
    equal((status, body["title"]), (401, "invalid-api-key"))
    equal(get_first().status_code, 200)


@check
def a_wrong_secret_gets_no_token():
    try:
        client("wrong").jobs.list_jobs(request=api.ListJobsRequest())
    except Exception as error:
        assert "401 from token endpoint" in str(error), error
        return
    raise AssertionError("it did not fail")


@check
def a_cancelled_job_is_held_against_its_client():
    job = start(CONNECTIONS[6])
    cancelled = AIRBYTE.jobs.cancel_job(request=api.CancelJobRequest(job_id=job.job_id)).job_response
    equal(cancelled.status, models.JobStatusEnum.CANCELLED)
    violations = control("/state", None)["violations"]
    equal([(one["kind"], one["jobIds"]) for one in violations], [("cancel", [job.job_id])])


def main():
    failed = 0
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok      {name}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
