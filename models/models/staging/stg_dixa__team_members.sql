{{ dixa.stage(
    stream='team_members',
    key=['teamId', 'id'],
    columns=[
        ['teamId', 'text', 'team_id'],
        ['id', 'text', 'agent_id'],
        ['name', 'text', 'agent_name'],
        ['email', 'text', 'agent_email'],
        ['phoneNumber', 'text', 'phone_number'],
    ],
) }}
