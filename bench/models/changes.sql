-- One conversation in a hundred gets one more reply.
UPDATE dixa.conversations
SET updated_at = updated_at + 86400000, last_message_created_at = updated_at + 86400000, _airbyte_extracted_at = TIMESTAMP '2026-01-02 03:00:00'
WHERE id % 100 = 7;

INSERT INTO dixa.messages BY NAME
SELECT
    'late-' || id AS id,
    id AS csid,
    updated_at AS created_at,
    'outbound' AS direction,
    assignee_email AS author_email,
    'It is on its way.' AS text,
    json_array('customer@example.org') AS to,
    false AS is_automated_message,
    _airbyte_extracted_at
FROM dixa.conversations
WHERE id % 100 = 7;

INSERT INTO dixa.activity_logs BY NAME
SELECT
    'late-' || id AS id,
    id AS conversationid,
    make_timestamp(updated_at * 1000) AS activitytimestamp,
    'MessageAddedByAgent' AS _type,
    json_object('id', assignee_id) AS author,
    json_object('messageId', 'late-' || id) AS attributes,
    _airbyte_extracted_at
FROM dixa.conversations
WHERE id % 100 = 7;
