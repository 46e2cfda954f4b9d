{{ dixa.stage(
    stream='conversation_messages',
    key=['conversationId', 'id'],
    latest='conversationUpdatedAt',
    columns=[
        ['conversationId', 'integer', 'conversation_id'],
        ['id', 'text', 'message_id'],
        ['authorId', 'text', 'author_id'],
        ['externalId', 'text', 'external_id'],
        ['createdAt', 'timestamp', 'created_at'],
        ['attributes', 'json', 'attributes'],
    ],
) }}
