{{ dixa.stage(
    stream='agent_presence',
    key=['userId', 'requestTime'],
    columns=[
        ['userId', 'text', 'agent_id'],
        ['requestTime', 'timestamp', 'requested_at'],
        ['lastSeen', 'timestamp', 'last_seen_at'],
        ['presenceStatus', 'text', 'presence_status'],
        ['connectionStatus', 'text', 'connection_status'],
        ['activeChannels', 'json', 'active_channels'],
    ],
) }}
