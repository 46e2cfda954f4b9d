-- 200,000 conversations of a year with 1,000,000 messages and 2,000,000 activities, as PyAirbyte writes them into DuckDB.
CREATE SCHEMA dixa;
CREATE TEMP MACRO dice(i, sides) AS CAST(hash(i) % sides AS BIGINT);

CREATE TABLE dixa.conversations AS
SELECT
    10000000 + i AS id,
    1735689600000 + i * 157680 AS created_at,
    created_at + 3600000 * (1 + dice(i, 70)) AS updated_at,
    created_at + 3600000 AS last_message_created_at,
    CASE i % 3 WHEN 0 THEN 'email' WHEN 1 THEN 'widgetchat' ELSE 'whatsapp' END AS initial_channel,
    'inbound' AS direction,
    CASE WHEN i % 10 = 9 THEN 'open' ELSE 'closed' END AS status,
    CASE WHEN i % 10 = 9 THEN NULL ELSE updated_at END AS closed_at,
    'customer-' || i % 40000 AS requester_id,
    'queue-' || i % 8 AS queue_id,
    'Queue ' || i % 8 AS queue_name,
    'agent-' || dice(i, 50) AS assignee_id,
    'Agent ' || dice(i, 50) AS assignee_name,
    'agent' || dice(i, 50) || '@example.com' AS assignee_email,
    NULL::BIGINT AS anonymized_at,
    CASE WHEN i % 5 = 0 THEN json_array(json_object(
        'rating_type', 'csat', 'rating_score', 1 + dice(i, 5), 'rating_status', 'rated', 'rating_rated_timestamp', updated_at
    )) ELSE '[]'::JSON END AS ratings,
    json_array('refund') AS tags,
    '[]'::JSON AS conversation_wrapup_notes,
    '[]'::JSON AS custom_fields,
    TIMESTAMP '2026-01-01 03:00:00' AS _airbyte_extracted_at
FROM range(200000) AS numbers (i);

CREATE TABLE dixa.messages AS
SELECT
    'm-' || i || '-' || turn AS id,
    10000000 + i AS csid,
    -- The question, an automatic answer, a reply, another question, another reply.
    1735689600000 + i * 157680 + [0, 2000, 60000 * (5 + dice(i, 90)), 7200000, 9000000 + dice(i, 600000)][turn + 1] AS created_at,
    CASE WHEN turn IN (0, 3) THEN 'inbound' ELSE 'outbound' END AS direction,
    CASE WHEN turn IN (0, 3) THEN NULL ELSE 'agent' || dice(i, 50) || '@example.com' END AS author_email,
    repeat('Where is my refund? ', 8) AS text,
    json_array('support@example.com') AS to,
    turn = 1 AS is_automated_message,
    TIMESTAMP '2026-01-01 03:00:00' AS _airbyte_extracted_at
FROM range(200000) AS numbers (i), range(5) AS turns (turn);

CREATE TABLE dixa.activity_logs AS
WITH steps AS (
    SELECT
        i,
        step,
        1735689600000 + i * 157680 AS created_at,
        [
            'ConversationCreatedByCustomer', 'MessageAddedByCustomer', 'MessageAddedByAgent', 'ConversationOffered',
            'ConversationAssigned', 'MessageAddedByAgent',
            CASE WHEN i % 10 = 3 THEN 'TransferSuccessful' WHEN i % 10 = 4 THEN 'ConversationReopened' ELSE 'NoteAdded' END,
            'MessageAddedByCustomer', 'MessageAddedByAgent',
            CASE WHEN i % 10 = 9 THEN 'TagAdded' ELSE 'ConversationClosed' END
        ][step + 1] AS _type,
        [NULL, 0, 1, NULL, NULL, 2, NULL, 3, 4, NULL][step + 1] AS turn
    FROM range(200000) AS numbers (i), range(10) AS numbered (step)
)
SELECT
    'a-' || i || '-' || step AS id,
    10000000 + i AS conversationid,
    make_timestamp(1000 * (created_at + [
        0, 0, 2000, 60000, 120000, 60000 * (5 + dice(i, 90)), 60000 * (5 + dice(i, 90)) + 1000, 7200000,
        9000000 + dice(i, 600000), 3600000 * (1 + dice(i, 70)) + 10000000
    ][step + 1])) AS activitytimestamp,
    _type,
    CASE WHEN step IN (0, 1, 2, 3, 7) THEN NULL ELSE
        json_object('id', 'agent-' || dice(i, 50), 'name', 'Agent ' || dice(i, 50))
    END AS author,
    CASE
        WHEN turn IS NOT NULL THEN json_object('messageId', 'm-' || i || '-' || turn)
        WHEN _type = 'ConversationAssigned' THEN json_object('agentId', 'agent-' || dice(i, 50))
        WHEN _type = 'TransferSuccessful' THEN json_object('destinationType', 'Queue', 'destinationId', 'queue-1')
        ELSE '{}'::JSON
    END AS attributes,
    TIMESTAMP '2026-01-01 03:00:00' AS _airbyte_extracted_at
FROM steps;
