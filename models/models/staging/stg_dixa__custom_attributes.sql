{{ dixa.stage(
    stream='custom_attributes',
    key=['id'],
    latest='updatedAt',
    columns=[
        ['id', 'text', 'attribute_id'],
        ['entityType', 'text', 'entity_type'],
        ['identifier', 'text', 'identifier'],
        ['label', 'text', 'label'],
        ['inputDefinition', 'json', 'input_definition'],
        ['description', 'text', 'description'],
        ['createdAt', 'timestamp', 'created_at'],
        ['updatedAt', 'timestamp', 'updated_at'],
        ['isRequired', 'boolean', 'is_required'],
        ['isArchived', 'boolean', 'is_archived'],
        ['isDeactivated', 'boolean', 'is_deactivated'],
    ],
) }}
