{{ dixa.stage(
    stream='knowledge_collections',
    key=['id'],
    columns=[
        ['id', 'text', 'collection_id'],
        ['title', 'text', 'title'],
        ['description', 'text', 'description'],
        ['internalKbEnabled', 'boolean', 'is_internal_kb_enabled'],
        ['restrictions', 'json', 'restrictions'],
    ],
) }}
