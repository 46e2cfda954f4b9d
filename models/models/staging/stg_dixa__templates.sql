{{ dixa.stage(
    stream='templates',
    key=['id'],
    latest='lastEditedAt',
    columns=[
        ['id', 'text', 'template_id'],
        ['_type', 'text', 'template_type'],
        ['name', 'text', 'template_name'],
        ['content', 'text', 'content'],
        ['subject', 'text', 'subject'],
        ['createdBy', 'text', 'created_by_agent_id'],
        ['createdAt', 'timestamp', 'created_at'],
        ['lastEditedBy', 'text', 'last_edited_by_agent_id'],
        ['lastEditedAt', 'timestamp', 'last_edited_at'],
        ['translations', 'json', 'translations'],
    ],
) }}
