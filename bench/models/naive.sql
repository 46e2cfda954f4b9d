-- What one writes at first: a subquery a number, from the raw tables, everything again each time.
CREATE SCHEMA IF NOT EXISTS naive;

CREATE OR REPLACE TABLE naive.conversations AS
SELECT
    c.id AS conversation_id,
    (
        SELECT count(*) FROM dixa.activity_logs AS a LEFT JOIN dixa.messages AS m ON m.id = (a.attributes ->> '$.messageId')
        WHERE a.conversationid = c.id AND a._type = 'MessageAddedByAgent' AND NOT coalesce(m.is_automated_message, false)
    ) AS count_agent_replies,
    (
        SELECT min(a.activitytimestamp) FROM dixa.activity_logs AS a LEFT JOIN dixa.messages AS m ON m.id = (a.attributes ->> '$.messageId')
        WHERE a.conversationid = c.id AND a._type = 'MessageAddedByAgent' AND NOT coalesce(m.is_automated_message, false)
    ) AS first_reply_at,
    (
        SELECT count(*) FROM dixa.activity_logs AS a WHERE a.conversationid = c.id AND a._type = 'MessageAddedByCustomer'
    ) AS count_customer_messages,
    (SELECT count(*) FROM dixa.activity_logs AS a WHERE a.conversationid = c.id AND a._type = 'NoteAdded') AS count_internal_notes,
    (
        SELECT count(*) FROM dixa.activity_logs AS a WHERE a.conversationid = c.id AND a._type = 'TransferSuccessful'
    ) AS count_transfers,
    (SELECT count(*) FROM dixa.activity_logs AS a WHERE a.conversationid = c.id AND a._type = 'ConversationOffered') AS count_offers,
    (
        SELECT min(a.activitytimestamp) FROM dixa.activity_logs AS a
        WHERE a.conversationid = c.id AND a._type = 'ConversationAssigned'
    ) AS first_assigned_at,
    (
        SELECT min(a.activitytimestamp) FROM dixa.activity_logs AS a WHERE a.conversationid = c.id AND a._type = 'ConversationClosed'
    ) AS first_resolution_at,
    (
        SELECT count(DISTINCT (a.attributes ->> '$.agentId')) FROM dixa.activity_logs AS a
        WHERE a.conversationid = c.id AND a._type = 'ConversationAssigned'
    ) AS unique_assignees
FROM dixa.conversations AS c;

CREATE OR REPLACE TABLE naive.backlog AS
SELECT
    date_day,
    c.queue_id,
    count(*) AS count_backlog
FROM (SELECT unnest(range(DATE '2025-01-01', DATE '2026-01-01', INTERVAL 1 DAY)) AS date_day) AS days
INNER JOIN dixa.conversations AS c
    ON make_timestamp(c.created_at * 1000) < date_day + INTERVAL 1 DAY
    AND (c.closed_at IS NULL OR make_timestamp(c.closed_at * 1000) >= date_day + INTERVAL 1 DAY)
GROUP BY ALL;

CREATE OR REPLACE TABLE naive.agent_replies AS
SELECT
    (a.author ->> '$.id') AS agent_id,
    CAST(a.activitytimestamp AS DATE) AS date_day,
    count(*) AS count_agent_replies
FROM dixa.activity_logs AS a
LEFT JOIN dixa.messages AS m ON m.id = (a.attributes ->> '$.messageId')
WHERE a._type = 'MessageAddedByAgent' AND NOT coalesce(m.is_automated_message, false)
GROUP BY ALL;
