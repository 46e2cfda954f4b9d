{{ dixa.stage(
    stream='webhooks',
    key=['id'],
    latest='updatedAt',
    columns=[
        ['id', 'text', 'webhook_id'],
        ['name', 'text', 'webhook_name'],
        ['subscribedEvents', 'json', 'subscribed_events'],
        ['url', 'text', 'url'],
        ['headers', 'json', 'headers'],
        ['enabled', 'boolean', 'is_enabled'],
        ['createdAt', 'timestamp', 'created_at'],
        ['createdBy', 'text', 'created_by_agent_id'],
        ['updatedAt', 'timestamp', 'updated_at'],
        ['updatedBy', 'text', 'updated_by_agent_id'],
        ['filters', 'json', 'filters'],
    ],
) }}
