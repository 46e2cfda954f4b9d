{{ dixa.stage(
    stream='tags',
    key=['id'],
    columns=[
        ['id', 'text', 'tag_id'],
        ['name', 'text', 'tag_name'],
        ['color', 'text', 'color'],
        ['state', 'text', 'state'],
    ],
) }}
