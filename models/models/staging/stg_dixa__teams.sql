{{ dixa.stage(
    stream='teams',
    key=['id'],
    columns=[
        ['id', 'text', 'team_id'],
        ['name', 'text', 'team_name'],
    ],
) }}
