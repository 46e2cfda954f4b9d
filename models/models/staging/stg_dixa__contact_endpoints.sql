{{ dixa.stage(
    stream='contact_endpoints',
    key=['endpoint'],
    columns=[
        ['endpoint', 'text', 'endpoint'],
        ['_type', 'text', 'endpoint_type'],
        ['address', 'text', 'address'],
        ['senderOverride', 'text', 'sender_override'],
        ['number', 'text', 'phone_number'],
        ['functionality', 'json', 'functionality'],
        ['name', 'text', 'endpoint_name'],
    ],
) }}
