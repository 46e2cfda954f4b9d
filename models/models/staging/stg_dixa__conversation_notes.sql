{{ dixa.stage(
    stream='conversation_notes',
    key=['conversationId', 'id'],
    latest='conversationUpdatedAt',
    columns=[
        ['conversationId', 'integer', 'conversation_id'],
        ['id', 'text', 'note_id'],
        ['authorId', 'text', 'author_id'],
        ['createdAt', 'timestamp', 'created_at'],
        ['message', 'text', 'note'],
    ],
) }}
