{{ dixa.stage(
    stream='conversation_flows',
    key=['id'],
    columns=[
        ['id', 'text', 'flow_id'],
        ['name', 'text', 'flow_name'],
        ['channel', 'text', 'channel'],
        ['contactEndpointId', 'text', 'contact_endpoint_id'],
    ],
) }}
