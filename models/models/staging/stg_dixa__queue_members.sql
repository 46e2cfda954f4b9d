{{ dixa.stage(
    stream='queue_members',
    key=['queueId', 'agentId'],
    columns=[
        ['queueId', 'text', 'queue_id'],
        ['agentId', 'text', 'agent_id'],
        ['priority', 'integer', 'priority'],
    ],
) }}
