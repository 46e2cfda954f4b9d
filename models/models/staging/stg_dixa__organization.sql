{{ dixa.stage(
    stream='organization',
    key=['id'],
    columns=[
        ['id', 'text', 'organization_id'],
        ['name', 'text', 'organization_name'],
        ['subdomain', 'text', 'subdomain'],
        ['status', 'text', 'status'],
        ['avatarUrl', 'text', 'avatar_url'],
    ],
) }}
