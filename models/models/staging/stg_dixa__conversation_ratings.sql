{{ dixa.stage(
    stream='conversation_ratings',
    key=['conversationId', 'id', 'ratingType'],
    latest='conversationUpdatedAt',
    columns=[
        ['conversationId', 'integer', 'conversation_id'],
        ['id', 'text', 'rating_id'],
        ['ratingType', 'text', 'rating_type'],
        ['ratingScore', 'integer', 'rating_score'],
        ['ratingComment', 'text', 'rating_comment'],
        ['ratingStatus', 'text', 'rating_status'],
        ['conversationChannel', 'text', 'channel'],
        ['agentId', 'text', 'agent_id'],
        ['userId', 'text', 'end_user_id'],
        ['language', 'text', 'language'],
        ['timestamps', 'json', 'timestamps'],
    ],
) }}
